from odoo import api, models


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        # Whoever made the log-in knew one company; the partner may deal with more.
        users.filtered("share").partner_id._open_program_companies_sudo()
        return users

    def write(self, vals):
        archived = self.filtered(lambda user: not user.active) if vals.get("active") else self.browse()
        result = super().write(vals)
        if vals.get("active") is False:
            self.filtered("share").partner_id._stop_following(is_removed=True)
        # An import writes it of everybody: only who had lost the access gets it back.
        archived.filtered("share").partner_id._follow_again()
        return result
