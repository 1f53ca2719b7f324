from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    partner_program_alert_factor = fields.Float(related="company_id.partner_program_alert_factor", readonly=False)
    partner_program_accountant_id = fields.Many2one(related="company_id.partner_program_accountant_id", readonly=False)
    partner_program_referral_limit = fields.Integer(related="company_id.partner_program_referral_limit", readonly=False)
    partner_program_decision_days = fields.Integer(related="company_id.partner_program_decision_days", readonly=False)

    partner_program_alias_name = fields.Char(related="company_id.partner_program_alias_name", readonly=False)
    partner_program_alias_domain = fields.Char(related="company_id.alias_domain_id.name", string="Alias Domain Name")
    partner_program_apply_limit = fields.Integer(related="company_id.partner_program_apply_limit", readonly=False)
    partner_program_attachment_mb = fields.Integer(related="company_id.partner_program_attachment_mb", readonly=False)

    def action_partner_program_mails(self):
        """Open the mails that partners get, each with its switch."""
        return self.env["mail.template"]._partner_program_action()
