from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    partner_support_project_id = fields.Many2one(related="company_id.partner_support_project_id", readonly=False)
    partner_ideas_project_id = fields.Many2one(related="company_id.partner_ideas_project_id", readonly=False)
