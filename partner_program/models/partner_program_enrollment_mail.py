from odoo import models
from odoo.fields import Domain


class PartnerProgramEnrollment(models.Model):
    """Who writes to whom in the mails about an enrollment; called by the templates."""

    _inherit = "partner.program.enrollment"

    def _filter_own_people(self, contacts):
        """Those of these contacts who are with the partner today: neither gone, nor of a company of its group."""
        self.ensure_one()
        return contacts.filtered(lambda one: one.active and one.commercial_partner_id == self.partner_id)

    def _get_mail_contact(self):
        """The person whom mails go to, else the company; whoever of the partner wrote a mail that is answered."""
        self.ensure_one()
        writer = self.env["res.partner"].browse(self.env.context.get("partner_program_writer") or ())
        people = self._filter_own_people(writer | self.applicant_id | self._get_portal_contact())
        return people.filtered("email")[:1] or self.partner_id

    def _get_mail_recipients(self) -> str:
        """For ``partner_to`` of a template."""
        return ",".join(map(str, self._get_mail_contact().ids))

    def _get_mail_sender(self) -> str:
        """The account manager, else the company: never a portal user who happens to trigger a mail."""
        self.ensure_one()
        manager, company = self._get_account_manager(), self.company_id
        root = self.env.ref("base.user_root")
        return manager.email_formatted or company.email_formatted or root.email_formatted

    def _get_mail_copy(self) -> str:
        """The company's own copy of what both sides get."""
        self.ensure_one()
        return self._get_account_manager().email_formatted or self.company_id.email_formatted or ""

    def _partner_program_get_enrollment(self):
        # EXTENDS mail.thread of this add-on
        return self

    def _get_portal_access(self) -> str:
        """For the mail of approval: ``invited`` to the portal just now, ``known`` there already, or not yet there."""
        users_sudo = self._get_portal_contact().sudo().user_ids  # sudo: whether there is a log-in is no secret
        if not users_sudo:
            return ""
        return "known" if any(user.login_date for user in users_sudo) else "invited"

    def _get_greeting_name(self) -> str:
        return self._get_mail_contact().name or ""

    def _get_resources(self):
        """What helps the partner to sell, for the welcome mail."""
        self.ensure_one()
        return self.env["partner.program.resource"].search(
            Domain("program_ids", "=", False) | Domain("program_ids", "in", self.program_id.ids), limit=12
        )
