from odoo import api, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _get_partner_program_threads(self):
        # EXTENDS partner_program: tickets and ideas
        return {**super()._get_partner_program_threads(), "project.task": "partner_enrollment_id.partner_id"}
