import json

from odoo import http
from odoo.http import request
from odoo.tools import format_amount, format_date

from .portal import PartnerProgramPortal, once_a_day


class PartnerProgramPortalDashboard(PartnerProgramPortal):
    """The overview of a partner: what is paid when, what is coming, who helps."""

    @http.route("/my/partner", type="http", auth="user", website=True, readonly=once_a_day("partner_dashboard"))
    def portal_my_partner(self, **kw):
        """The dashboard of the partner company of the reader."""
        values = self._prepare_partner_program_values("partner_dashboard")
        values.update(self._prepare_dashboard_values(request.env.user.commercial_partner_id))
        return request.render("partner_program.portal_my_partner", values)

    # Not read-only: that somebody looked is written down. No form, and no link, leads on from there.
    @http.route(
        "/my/partner/as/<int:enrollment_id>", type="http", auth="user", website=True, methods=["GET"], sitemap=False
    )
    def portal_see_as_partner(self, enrollment_id, **kw):
        """The dashboard of a partner, for a manager; every figure is asked for by the name of that partner."""
        if not request.env.user.has_group("partner_program.group_manager"):
            return request.not_found()
        # A search, not a browse: the rules of the manager's companies apply.
        enrollment = request.env["partner.program.enrollment"].search([("id", "=", enrollment_id)])
        if not enrollment.is_of_own_company:
            return request.not_found()
        enrollment._note_seen_as_partner()
        values = self._prepare_portal_layout_values()
        shown = {"allowed_company_ids": enrollment._get_portal_companies().ids}
        values.update(self._prepare_dashboard_values(enrollment.partner_id, **shown))
        values.update(page_name="partner_dashboard", preview=True, enrollment=enrollment)
        return request.render("partner_program.portal_my_partner", values)

    def _prepare_dashboard_values(self, partner, **context):
        values = request.env["partner.program.portal"].with_context(**context)._get_dashboard(partner)
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
