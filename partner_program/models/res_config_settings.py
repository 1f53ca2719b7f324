from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    partner_program_alert_factor = fields.Float(related="company_id.partner_program_alert_factor", readonly=False)
    partner_program_accountant_id = fields.Many2one(related="company_id.partner_program_accountant_id", readonly=False)

    def action_partner_program_mails(self):
        """Open the mails that partners get, each with its switch."""
        return self.env["mail.template"]._partner_program_action()
