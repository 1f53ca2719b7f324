from odoo import models
from odoo.exceptions import UserError

from .partner_referral import OPEN_STATES


class PartnerReferral(models.Model):
    """What becomes of claims when the partnership is suspended or ends (D14)."""

    _inherit = "partner.referral"

    def _check_partnership(self):
        """A claim is taken up again for an active partner only; after a change of program, on the latest one."""
        for referral in self:
            enrollment = referral.enrollment_id.current_enrollment_id
            if enrollment.state != "active":
                raise UserError(
                    self.env._(
                        "%(partner)s is not an active partner now (%(state)s): make the enrollment active first, then "
                        "accept %(referral)s.",
                        partner=enrollment.display_name,
                        state=dict(enrollment._fields["state"]._description_selection(self.env))[enrollment.state],
                        referral=referral.name,
                    )
                )

    def _leave_with_partner(self):
        """Whoever is no partner any more cannot bring a client: only acquired ones go on earning."""
        if not self:
            return
        for referrals in self.grouped("partner_id").values():
            reason = referrals._in_partner_language().env._("The partnership has ended.")
            referrals.write({"state": "withdrawn", "decision_reason": reason})


class PartnerProgramEnrollment(models.Model):
    _inherit = "partner.program.enrollment"

    def write(self, vals):
        # EXTENDS partner_program: after a change of program the partner stays, and so do its claims; until it leaves
        over = ("ended", "rejected")
        ending = self.filtered(lambda one: one.state not in over) if vals.get("state") in over else self.browse()
        result = super().write(vals)
        ending_sudo = ending.filtered(lambda one: not one.next_enrollment_ids).sudo()  # claims of all salespeople
        ending_sudo._with_previous().referral_ids.filtered(
            lambda referral: referral.state in OPEN_STATES
        )._leave_with_partner()
        return result
