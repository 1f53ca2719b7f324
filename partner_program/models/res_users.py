from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        archived = self.filtered(lambda user: not user.active) if vals.get("active") else self.browse()
        result = super().write(vals)
        if vals.get("active") is False:
            self.filtered("share").partner_id._stop_following(is_removed=True)
        # An import writes it of everybody: only who had lost the access gets it back.
        archived.filtered("share").partner_id._follow_again()
        return result
