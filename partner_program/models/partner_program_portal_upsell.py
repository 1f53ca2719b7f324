from odoo import api, models

from .partner_program_portal import SHOWN


class PartnerProgramPortal(models.AbstractModel):
    """The clients that a partner engages towards the next package (P5, P14, P15)."""

    _inherit = "partner.program.portal"

    @api.model
    def _get_dashboard(self, partner) -> dict:
        values = super()._get_dashboard(partner)
        upsells = self.env["partner.program.upsell"]._get_portal_upsells(partner, limit=SHOWN + 1)
        return {**values, "upsells": upsells[:SHOWN], "has_more_upsells": len(upsells) > SHOWN}
