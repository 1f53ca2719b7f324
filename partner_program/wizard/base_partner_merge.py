from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # EXTENDS base: two claims that meet on one client would break the rule that the database keeps
        referrals_sudo = self.env["partner.referral"].sudo()  # sudo: whoever merges contacts need not see claims
        met = referrals_sudo._before_clients_merge(src_partners | dst_partner)
        statements_sudo = self.env["partner.commission.statement"].sudo()  # sudo: as above
        statements_sudo._before_partners_merge(src_partners, dst_partner)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        referrals_sudo._after_clients_merge(dst_partner, met)
        return result
