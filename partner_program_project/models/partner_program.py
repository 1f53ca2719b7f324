from odoo import api, models


class PartnerProgram(models.Model):
    _inherit = "partner.program"

    @api.model_create_multi
    def create(self, vals_list):
        # The company of the first program may be younger than the add-on.
        programs = super().create(vals_list)
        programs.company_id._make_partner_projects()
        return programs
