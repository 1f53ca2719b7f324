from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active") is False:
            self.filtered("share").partner_id._stop_following(is_removed=True)
        elif vals.get("active"):
            self.filtered("share").partner_id._follow_again()
        return result
