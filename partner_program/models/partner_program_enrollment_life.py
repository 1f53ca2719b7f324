from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .partner_program_enrollment import LIVE_STATES
from .partner_program_manager_rule import LOOKED_AFTER

NO_MAIL = "partner_program_no_mail"  # context key: whoever brings in existing partners does not write to them
# What a partner is told when its status changes: from, to, template.
STATE_MAILS = [
    (("onboarding", "active", "suspended", "ended", "rejected"), "applied", "mail_template_application_reopened"),
    (("applied", "rejected"), "onboarding", "mail_template_application_approved"),
    (("active", "suspended", "ended"), "onboarding", "mail_template_onboarding_again"),
    (("applied", "onboarding", "rejected"), "active", "mail_template_welcome"),
    (("suspended", "ended"), "active", "mail_template_resumed"),
    (("applied", "onboarding", "active", "ended", "rejected"), "suspended", "mail_template_suspended"),
    ((*LIVE_STATES, "rejected"), "ended", "mail_template_ended"),
    ((*LIVE_STATES, "ended"), "rejected", "mail_template_application_rejected"),
]


class PartnerProgramEnrollment(models.Model):
    """The life of an enrollment: each step, its reason, and the mail that tells the partner (D14)."""

    _inherit = "partner.program.enrollment"

    decision_reason = fields.Text(
        "Reason",
        tracking=True,
        copy=False,
        help="Why the application was rejected, or the partner suspended. The partner reads it in the email.",
    )
    previous_enrollment_id = fields.Many2one(
        "partner.program.enrollment",
        "Changed From",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The enrollment that this one took over from when the partner changed the program.",
    )
    next_enrollment_ids = fields.One2many("partner.program.enrollment", "previous_enrollment_id", "Changed To")
    was_partner = fields.Boolean(
        compute="_compute_was_partner",
        help="Active before, on this program or the former one: suspended or ended, and not rejected as an applicant.",
    )
    is_program_new = fields.Boolean(
        readonly=True, copy=False, help="Moved to this program, which asks for more, and not active on it yet."
    )
    current_enrollment_id = fields.Many2one(
        "partner.program.enrollment",
        compute="_compute_current_enrollment_id",
        store=True,
        recursive=True,
        help="This enrollment, or after a change of program the one that runs now: what is decided there, such as a "
        "suspension, holds for the clients and commissions of before too.",
    )

    @api.depends("next_enrollment_ids.current_enrollment_id")
    def _compute_current_enrollment_id(self):
        for enrollment in self:
            enrollment.current_enrollment_id = enrollment.next_enrollment_ids[:1].current_enrollment_id or enrollment

    @api.depends("previous_enrollment_id", "date_start")
    def _compute_was_partner(self):
        for enrollment in self:
            # Who types a start, also in onboarding, brings in a partner of before: it is ended, not rejected.
            enrollment.was_partner = bool(enrollment.previous_enrollment_id or enrollment.date_start)

    # ------------------------------------------------------------
    # MAILS
    # ------------------------------------------------------------

    def write(self, vals):
        if vals.get("state") == "active":
            vals = {"is_program_new": False, **vals}
        before = {}
        if {"state", "program_id"} & vals.keys() and not self.env.context.get(NO_MAIL):
            before = {enrollment: (enrollment.state, enrollment.program_id) for enrollment in self}
        result = super().write(vals)
        self._mail_changes(before)
        return result

    def _mail_changes(self, before):
        """Tell the partners what changed, the same mail to all at once.

        :param dict before: the state and the program that each enrollment had
        """
        templates = self.env["mail.template"]
        for origins, state, xmlid in STATE_MAILS:
            changed = self.browse(
                enrollment.id
                for enrollment, (previous, _program) in before.items()
                if enrollment.state == state and previous in origins
            )
            if state == "onboarding":
                # Nothing is left to do: the welcome follows in the same moment, and says that it is approved.
                changed = changed.filtered(lambda enrollment: not enrollment.checklist_done)
            templates._partner_program_send(f"partner_program.{xmlid}", changed)
        moved = [one.id for one, (_state, program) in before.items() if one.program_id != program]
        self.browse(moved).filtered(lambda enrollment: enrollment.state in LOOKED_AFTER)._mail_program_change()

    def _mail_program_change(self):
        self.env["mail.template"]._partner_program_send("partner_program.mail_template_program_changed", self)

    # ------------------------------------------------------------
    # STEPS
    # ------------------------------------------------------------

    def _step(self, states, state):
        """Set the state of those that are in one of these states."""
        enrollments = self.filtered(lambda enrollment: enrollment.state in states)
        enrollments.state = state
        return enrollments

    def action_activate(self):
        """Make the partner active: it can refer clients from now on.

        Who changed the program and was not active on the new one yet goes on with what that asks for.
        """
        begun = self._filter_begun()._step(("suspended",), "onboarding")
        (self - begun)._step(("applied", "onboarding", "suspended"), "active")

    def _filter_begun(self):
        """Those who changed the program, were not active on the new one yet, and lack what that asks for."""
        return self.filtered(
            lambda one: (
                (one.is_program_new or (one.previous_enrollment_id and not one.date_start)) and not one.checklist_done
            )
        )

    def _filter_possible(self, kind):
        """Those that can be rejected, suspended or ended now.

        A partner whose new contract is missing is suspended or ended, not rejected.

        :param str kind: ``reject``, ``suspend`` or ``end``
        """
        if kind == "reject":
            return self.filtered(
                lambda one: one.state == "applied" or (one.state == "onboarding" and not one.was_partner)
            )
        if kind == "suspend":
            return self.filtered(lambda one: one.state == "active" or (one.state == "onboarding" and one.was_partner))
        return self.filtered(lambda one: one.state in LIVE_STATES)

    def action_suspend(self):
        """Hold payouts and refuse new referrals for a while."""
        self._filter_possible("suspend").state = "suspended"

    def action_end(self):
        """End the enrollment: acquired clients keep earning on their frozen terms (D14)."""
        self._filter_possible("end").state = "ended"

    def action_reopen(self):
        """Take an ended enrollment up again, or look at a rejected application once more.

        Who ended before the list of a new program was done goes on with that list.
        """
        if replaced := self.filtered(lambda one: one.state == "ended" and one.next_enrollment_ids):
            raise UserError(
                self.env._(
                    "%(partner)s changed to %(program)s. Change the program there instead.",
                    partner=replaced[0].partner_id.name,
                    program=replaced[0].next_enrollment_ids[0].program_id.name,
                )
            )
        begun = self._filter_begun()._step(("ended",), "onboarding")
        (self - begun)._step(("ended",), "active")
        reopened = self._step(("rejected",), "applied")
        reopened.decision_reason = False
        reopened._tell_of_application()

    def action_reject(self):
        """Reject an application."""
        self._filter_possible("reject").state = "rejected"

    def action_decide(self):
        """Open the wizard that asks for the reason of the step named in the context."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change Status"),
            "res_model": "partner.program.enrollment.decision",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_enrollment_id": self.id,
                "default_kind": self.env.context.get("decision_kind", "suspend"),
            },
        }

    # ------------------------------------------------------------
    # CHANGE OF PROGRAM
    # ------------------------------------------------------------

    def _with_previous(self):
        """These enrollments and those they took over from: what was promised there goes on."""
        history = self
        while previous := history.previous_enrollment_id - history:
            history |= previous
        return history

    def _with_changes(self):
        """These enrollments, and all that they took over from or that took over from them: one partnership."""
        partnership = self._with_previous()
        while following := partnership.next_enrollment_ids - partnership:
            partnership |= following
        return partnership

    def _change_program(self, program):
        """Go on with the partner on another program.

        Before the first referral the enrollment itself moves. After it, clients and commissions stay where they were
        promised (D14): this enrollment ends, and a new one takes over.

        :return: the enrollment on the new program
        """
        self.ensure_one()
        self._check_program_change(program)
        if not self.has_referrals:
            self.program_id = program
            self.is_program_new = self.state != "applied" and not self.checklist_done
            if self.state == "active" and not self.checklist_done:
                self.with_context(**{NO_MAIL: True}).state = "onboarding"
            return self
        successor = self.create([self._prepare_successor_vals(program)])
        if self.account_manager_id and not successor.account_manager_id:
            successor._ask_for_account_manager()
        self._hand_meetings_to(successor)
        self.with_context(**{NO_MAIL: True}).write(
            {"state": "ended", "end_reason": self.env._("Changed to %(program)s", program=program.name)}
        )
        successor.with_context(**{NO_MAIL: True})._activate_when_complete()  # one mail tells it all
        successor.message_subscribe(self.message_partner_ids.ids)
        successor._mail_program_change()
        return successor

    def _check_program_change(self, program):
        if program == self.program_id:
            raise UserError(
                self.env._(
                    "%(partner)s is on %(program)s already. Choose another program.",
                    partner=self.partner_id.name,
                    program=program.name,
                )
            )
        if program.company_id != self.company_id:
            raise UserError(self.env._("A partner changes between programs of one company only."))
        if self.state not in LIVE_STATES:
            raise UserError(self.env._("Reopen the enrollment before you change its program."))

    def _prepare_successor_vals(self, program) -> dict:
        """Values of the enrollment that takes over: what the partner has signed counts if it is the same contract."""
        manager = self._get_account_manager()
        vals = {
            "partner_id": self.partner_id.id,
            "program_id": program.id,
            "state": "suspended" if self.state == "suspended" else "onboarding",
            "account_manager_id": manager.id,
            "former_manager_id": not manager and (self.account_manager_id or self.former_manager_id).id,
            "applicant_id": self.applicant_id.id,
            "applicant_email": self.applicant_email,
            "company_kind": self.company_kind,
            "team_manager_ids": [Command.set(self.team_manager_ids.ids)],
            "meeting_contact_id": self.meeting_contact_id.id,
            "previous_enrollment_id": self.id,
        }
        if signed := self._get_signed_version(program.agreement_id):
            signed_by, signed_on = self._get_signing(signed)
            vals.update(agreement_id=signed.id, signed_on=signed_on, signed_by=signed_by)
        return vals

    @api.ondelete(at_uninstall=False)
    def _unlink_except_successor(self):
        if used := self.filtered("next_enrollment_ids"):
            raise UserError(
                self.env._(
                    "%(partner)s changed the program: this enrollment is the history of the one that runs.",
                    partner=used[0].display_name,
                )
            )
