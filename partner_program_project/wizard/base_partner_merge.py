from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # EXTENDS base, which drops all votes of a contact where one of them was given twice, and counts none again
        self.env["partner.program.idea.vote"]._follow_sudo(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)
