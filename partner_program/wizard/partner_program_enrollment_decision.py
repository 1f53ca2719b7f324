from odoo import fields, models
from odoo.exceptions import UserError


class PartnerProgramEnrollmentDecision(models.TransientModel):
    """Asks for what a step in the life of an enrollment needs: the reason, the cause, the new program."""

    _name = "partner.program.enrollment.decision"
    _description = "Decision on an Enrollment"

    enrollment_id = fields.Many2one("partner.program.enrollment", required=True, ondelete="cascade", readonly=True)
    kind = fields.Selection(
        [
            ("reject", "Reject the Application"),
            ("suspend", "Suspend"),
            ("end", "End"),
            ("change", "Change Program"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Text(help="The partner reads it in the email.")
    for_cause = fields.Boolean(
        help="Invoices that are fully paid after the end earn nothing. Otherwise clients already acquired keep earning."
    )
    company_id = fields.Many2one(related="enrollment_id.company_id")
    current_program_id = fields.Many2one(related="enrollment_id.program_id")
    program_id = fields.Many2one(
        "partner.program",
        "New Program",
        domain="[('company_id', '=', company_id), ('id', '!=', current_program_id)]",
    )
    has_referrals = fields.Boolean(related="enrollment_id.has_referrals")

    def action_confirm(self):
        """Do the step, with its reason."""
        self.ensure_one()
        enrollment, reason = self.enrollment_id, (self.reason or "").strip()
        if self.kind == "change":
            if not self.program_id:
                raise UserError(self.env._("Choose the program to which the partner changes."))
            return enrollment._change_program(self.program_id).get_formview_action()
        if not reason:
            raise UserError(self.env._("Say why: the partner reads the reason in the email."))
        self._check_possible()
        if self.kind == "end":
            enrollment.write({"end_reason": reason, "for_cause": self.for_cause})
            enrollment.action_end()
        else:
            enrollment.decision_reason = reason
            if self.kind == "reject":
                enrollment.action_reject()
            else:
                enrollment.action_suspend()
        return {"type": "ir.actions.act_window_close"}

    def _check_possible(self):
        """Somebody else may have decided since the dialog was opened, maybe the same: that decision stays as it is."""
        enrollment = self.enrollment_id
        if not enrollment._filter_possible(self.kind):
            states = dict(enrollment._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(partner)s is by now: %(state)s. Close this dialog, reload the page, and look again.",
                    partner=enrollment.partner_id.name,
                    state=states[enrollment.state],
                )
            )
