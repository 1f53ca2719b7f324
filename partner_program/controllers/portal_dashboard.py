import json

from odoo import http
from odoo.http import request
from odoo.tools import format_amount, format_date

from .portal import PartnerProgramPortal


class PartnerProgramPortalDashboard(PartnerProgramPortal):
    """The overview of a partner: what is paid when, what is coming, who helps."""

    @http.route("/my/partner", type="http", auth="user", website=True, readonly=True)
    def portal_my_partner(self, **kw):
        """The dashboard of the partner company of the reader."""
        values = self._prepare_partner_program_values("partner_dashboard")
        values.update(self._prepare_dashboard_values(request.env.user.commercial_partner_id))
        return request.render("partner_program.portal_my_partner", values)

    def _prepare_dashboard_values(self, partner):
        values = request.env["partner.program.portal"]._get_dashboard(partner)
        for total in values["totals"]:
            total["chart_json"] = json.dumps(self._prepare_chart(total))
        return values

    def _prepare_chart(self, total) -> dict:
        """The chart of one currency, with texts in the reader's language."""
        env, rows = request.env, total["chart"]
        labels = {"paid": env._("Paid"), "to_come": env._("To come")}
        return {
            "months": [format_date(env, row["month"], date_format="MMM yyyy") for row in rows],
            "series": [
                {
                    "key": key,
                    "label": label,
                    "values": [row[key] for row in rows],
                    "texts": [format_amount(env, row[key], total["currency"]) for row in rows],
                }
                for key, label in labels.items()
            ],
        }
