from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import pager as portal_pager

from .portal import PartnerProgramPortal


class PartnerProgramPortalCommissions(PartnerProgramPortal):
    """Commissions of a partner: the list, each line, and the question on a line."""

    @http.route(
        ["/my/commissions", "/my/commissions/page/<int:page>"], type="http", auth="user", website=True, readonly=True
    )
    def portal_my_commissions(self, page=1, sortby=None, filterby=None, **kw):
        """Commission lines and bills of the partner company of the reader."""
        Line = request.env["partner.commission.line"]
        sortings = self._get_commission_sortings()
        filters = self._get_commission_filters()
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "all"
        domain = [("partner_id", "=", request.env.user.commercial_partner_id.id), *filters[filterby]["domain"]]
        pager = portal_pager(
            url="/my/commissions",
            url_args={"sortby": sortby, "filterby": filterby},
            total=Line.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        values = self._prepare_partner_program_values("commissions")
        values.update(
            lines=Line.search(
                domain, order=sortings[sortby]["order"], limit=self._items_per_page, offset=pager["offset"]
            ),
            bills=Line._get_portal_bills(),
            totals=Line._get_portal_totals(),
            default_url="/my/commissions",
            pager=pager,
            searchbar_sortings=sortings,
            sortby=sortby,
            searchbar_filters=filters,
            filterby=filterby,
        )
        return request.render("partner_program.portal_my_commissions", values)

    def _get_commission_sortings(self):
        return {
            "date": {"label": request.env._("Invoice Date"), "order": "invoice_date desc, id desc"},
            "due": {"label": request.env._("Pay-by Date"), "order": "due_on, id"},
            "client": {"label": request.env._("Client"), "order": "client_id, id"},
        }

    def _get_commission_filters(self):
        states = {
            "all": (request.env._("All"), None),
            "expected": (request.env._("Waiting for the Client"), ("expected",)),
            "to_pay": (request.env._("To Be Paid"), ("earned", "held", "billed")),
            "paid": (request.env._("Paid"), ("paid",)),
        }
        return {
            key: {"label": label, "domain": [("state", "in", wanted)] if wanted else []}
            for key, (label, wanted) in states.items()
        }
