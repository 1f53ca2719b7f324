from odoo import fields, models
from odoo.exceptions import UserError


class PartnerCommissionHold(models.TransientModel):
    """Asks why commission lines are held by hand."""

    _name = "partner.commission.hold"
    _description = "Hold Commissions"

    line_ids = fields.Many2many("partner.commission.line", required=True)
    reason = fields.Char(required=True, help="The partner reads this reason.")

    def action_confirm(self):
        """Hold the lines until they are released."""
        self.ensure_one()
        if not self.reason.strip():
            raise UserError(self.env._("Say why the commissions are held: the partner reads it."))
        self.line_ids.write({"held_by_hand": True, "manual_hold_reason": self.reason.strip()})
