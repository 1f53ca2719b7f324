from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import windows


class PartnerReferralDecision(models.TransientModel):
    """Asks for the reason of a decision on referrals; the partner reads it."""

    _name = "partner.referral.decision"
    _description = "Decision on a Referral"

    referral_ids = fields.Many2many("partner.referral", required=True)
    decision = fields.Selection(
        [
            ("rejected", "Reject"),
            ("withdrawn", "Withdraw"),
            ("override", "Accept Anyway"),
            ("reopen", "Accept Again"),
        ],
        required=True,
        default="rejected",
    )
    reason = fields.Text(required=True, help="The partner reads this reason. Do not name other partners in it.")

    expires_on = fields.Date(
        "Close By",
        compute="_compute_expires_on",
        store=True,
        readonly=False,
        help="The last day to close a claim that is taken up again: the months of the program from today, unless it "
        "has longer. Empty: no limit.",
    )

    @api.depends("referral_ids", "decision")
    def _compute_expires_on(self):
        for wizard in self:
            days = []
            for referral in wizard.referral_ids if wizard.decision == "reopen" else ():
                today = referral.company_id._partner_program_today()
                again = windows.claim_expiry(today, referral.program_id.claim_months)
                days += [day for day in (again, referral.expires_on) if day and day >= today]
            wizard.expires_on = max(days, default=False)

    def action_confirm(self):
        """Write the reason down and carry out the decision."""
        self.ensure_one()
        if not self.reason.strip():
            raise UserError(self.env._("Give a reason: the partner reads it."))
        referrals = self.referral_ids
        if self.decision in ("override", "reopen") and not self.env.user.has_group("partner_program.group_manager"):
            raise AccessError(self.env._("Only a partner manager overrides a refusal."))
        if self.decision == "reopen":
            return referrals._reopen(self.reason.strip(), self.expires_on)
        referrals.write({"decision_reason": self.reason.strip()})
        if self.decision in ("rejected", "withdrawn"):
            # What was just typed is a reason to leave, also where it is that of the acceptance.
            referrals.sudo().accepted_reason = False  # sudo: for the machine
        if self.decision == "rejected":
            return referrals.action_reject()
        if self.decision == "withdrawn":
            return referrals.action_withdraw()
        result = referrals.action_accept()
        refused = referrals.filtered(lambda referral: referral.state == "submitted")
        refused.decision_reason = False  # for what was found just now: it was no reason for anything yet
        for referral in referrals - refused:
            referral.message_post(body=self.env._("Refusal overridden: %(reason)s", reason=self.reason.strip()))
        return result
