from odoo import models


class PortalWizardUser(models.TransientModel):
    _inherit = "portal.wizard.user"

    def action_grant_access(self):
        # EXTENDS portal: the new log-in gets the one company that was worked in
        result = super().action_grant_access()
        self.partner_id._open_program_companies_sudo()
        return result
