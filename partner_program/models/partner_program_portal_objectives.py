from odoo import api, models


class PartnerProgramPortal(models.AbstractModel):
    """Objectives of the quarter on the dashboard of the partner (P23)."""

    _inherit = "partner.program.portal"

    @api.model
    def _get_dashboard(self, partner) -> dict:
        values = super()._get_dashboard(partner)
        objectives_sudo = self.env["partner.program.objective"].sudo()  # partners read chosen figures only
        shown_sudo = objectives_sudo._get_shown_each(values["enrollments_sudo"], values["today"])
        shown = [(objective_sudo, objective_sudo._get_figures()) for objective_sudo in shown_sudo]
        return {**values, "objectives": [(objective_sudo, figures) for objective_sudo, figures in shown if figures]}
