from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    partner_program_alert_factor = fields.Float(related="company_id.partner_program_alert_factor", readonly=False)
    partner_program_accountant_id = fields.Many2one(related="company_id.partner_program_accountant_id", readonly=False)
