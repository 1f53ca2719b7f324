from odoo import api, fields, models


class CrmLead(models.Model):
    """Opportunities to up-sell a client of a partner: they show that partner, but are no claim (P14, P15)."""

    _inherit = "crm.lead"

    upsell_referral_id = fields.Many2one(
        "partner.referral", "Up-Sell of", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    upsell_package_id = fields.Many2one(
        "partner.program.package", "Up-Sell To", readonly=True, copy=False, ondelete="restrict"
    )

    _one_open_upsell = models.UniqueIndex(
        "(upsell_referral_id, upsell_package_id) "
        "WHERE upsell_referral_id IS NOT NULL AND active AND won_status = 'pending'",
        "There is an open opportunity for this up-sell already: open it from the list Up-Sell.",
    )

    @api.depends("upsell_referral_id")
    def _compute_referral_id(self):
        # EXTENDS partner_program: an up-sell carries no claim, it goes by the one that the client came with
        result = super()._compute_referral_id()
        for lead in self:
            lead.referral_id = lead.referral_id or lead.upsell_referral_id
        return result
