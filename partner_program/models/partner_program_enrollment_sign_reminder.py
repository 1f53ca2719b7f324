from odoo import api, fields, models
from odoo.fields import Domain

from ..tools.one_by_one import try_each

# Days before the "sign by" day of a new version on which partners are reminded.
SIGN_REMINDER_DAYS = (14, 3)
REMINDER_BATCH = 100  # enrollments for each commit of the nightly job
REMINDER_MAIL = "partner_program.mail_template_agreement_reminder"


class PartnerProgramEnrollment(models.Model):
    """A new version of the contract is asked for by a day: whoever signed the last one is reminded of it (P25, D15)."""

    _inherit = "partner.program.enrollment"

    sign_reminded_for = fields.Date(
        readonly=True, copy=False, help="Technical: the day to sign by that the partner was last reminded of."
    )
    sign_reminded_days = fields.Integer(
        readonly=True, copy=False, help="Technical: which reminder it was, in days before that day."
    )

    def _get_sign_reminder_due(self, today) -> int:
        """Which reminder has to go out today: 14 or 3, the days before the day to sign by; 0: none.

        A day on which the job did not run is caught up with; a version that is asked for late gets the reminder
        that fits, not both.
        """
        self.ensure_one()
        sign_by = self._get_sign_by()
        if not sign_by or not self._has_to_sign():
            return 0
        level = self._get_sign_reminder_level(sign_by, today)
        already = self.sign_reminded_days if self.sign_reminded_for == sign_by else 0
        return level if level and (not already or level < already) else 0

    @api.model
    def _get_sign_reminder_level(self, sign_by, today) -> int:
        """Whether the day is at most 14 or at most 3 days off; 0: neither, or it has passed."""
        if not sign_by or sign_by < today:
            return 0
        return min((days for days in SIGN_REMINDER_DAYS if (sign_by - today).days <= days), default=0)

    @api.model
    def _get_sign_reminder_domain(self) -> Domain:
        """Enrollments with the signature of an earlier version, whose day to sign the new one is near."""
        programs = self.env["partner.program"].with_context(active_test=False)  # an archived one keeps its partners
        asking = programs.search([("agreement_id.sign_by", "!=", False)])
        near = Domain.FALSE
        for program in asking:
            today = program.company_id._partner_program_today()
            days = {one.sign_by for one in program.asked_agreement_ids | program.agreement_id}
            for sign_by in days:
                if not (level := self._get_sign_reminder_level(sign_by, today)):
                    continue
                unsigned = Domain("program_id", "=", program.id) & Domain("agreement_id", "!=", program.agreement_id.id)
                near |= unsigned & (
                    Domain("sign_reminded_for", "!=", sign_by) | Domain("sign_reminded_days", ">", level)
                )
        return near & self._get_payout_domain() & Domain("signed_on", "!=", False)

    def _remind_to_sign(self):
        """Remind the partners; each of them once for each of the days.

        The marker is written in the transaction that makes the mails, on rows that are locked.

        :return: the enrollments that were reminded
        """
        today = {company: company._partner_program_today() for company in self.company_id}
        due = {one: one._get_sign_reminder_due(today[one.company_id]) for one in self.try_lock_for_update()}
        reminded = self.filtered(due.get)
        for days in SIGN_REMINDER_DAYS:
            of_days = reminded.filtered(lambda one, days=days: due[one] == days)
            for sign_by, enrollments in of_days.grouped(lambda one: one._get_sign_by()).items():
                enrollments.write({"sign_reminded_days": days, "sign_reminded_for": sign_by})
        self.env["mail.template"]._partner_program_send(REMINDER_MAIL, reminded._filter_once_per_contract())
        return reminded

    def _get_signatory(self):
        """Who is reminded: the person who signed last in the portal, while still with the partner; else as usual."""
        self.ensure_one()
        online = self.sudo().signature_ids.filtered(lambda one: one.method == "portal")  # sudo: called by a template
        signer = online.sorted("signed_at").user_id[-1:].partner_id
        if signer.active and signer.email and signer.commercial_partner_id == self.partner_id:
            return signer
        return self._get_mail_contact()

    @api.model
    def _cron_remind_to_sign(self):
        """Scheduled action: the reminders 14 and 3 days before a new version of the contract has to be signed."""
        ids = self.search(self._get_sign_reminder_domain(), order="id").ids
        commit = self.env["partner.commission.line"]._commit_in_cron
        commit(remaining=len(ids))
        for start in range(0, len(ids), REMINDER_BATCH):
            batch = self.browse(ids[start : start + REMINDER_BATCH]).exists()
            try_each(batch, lambda some: some._remind_to_sign())
            if not commit(processed=len(batch)):
                break
