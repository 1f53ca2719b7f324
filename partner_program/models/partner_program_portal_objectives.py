from odoo import api, models


class PartnerProgramPortal(models.AbstractModel):
    """Objectives of the quarter on the dashboard of the partner (P23)."""

    _inherit = "partner.program.portal"

    @api.model
    def _get_dashboard(self, partner) -> dict:
        values = super()._get_dashboard(partner)
        objectives_sudo = self.env["partner.program.objective"].sudo()  # partners read chosen figures only
        objective, figures = objectives_sudo._get_shown(values["enrollments_sudo"], values["today"])
        return {**values, "objective_sudo": objective, "objective_figures": figures}
