from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import content_disposition, request

from odoo.addons.account.controllers.portal import PortalAccount
from odoo.addons.portal.controllers.portal import pager as portal_pager

from .portal import PartnerProgramPortal, once_a_day


class PartnerProgramPortalPayouts(PartnerProgramPortal):
    """The bills that we write in the name of the partner, with what became of them."""

    @http.route(
        ["/my/payouts", "/my/payouts/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=once_a_day("payouts"),
    )
    def portal_my_payouts(self, page=1, filterby=None, **kw):
        """The posted commission bills of the reader's company, newest first."""
        Move = request.env["account.move"]
        filters = self._get_payout_filters()
        filterby = filterby if filterby in filters else "all"
        domain = Move._get_payouts_domain() & filters[filterby]["domain"]
        pager = portal_pager(
            url="/my/payouts",
            url_args={"filterby": filterby},
            total=Move.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        bills = Move.search(
            domain, order="invoice_date desc, id desc", limit=self._items_per_page, offset=pager["offset"]
        )
        values = self._prepare_partner_program_values("payouts")
        values.update(
            bills=bills,
            today=request.env.company._partner_program_today(),
            closings=bills._get_closings(),
            held_bills=bills._filter_held(),
            pager=pager,
            default_url="/my/payouts",
            searchbar_filters=filters,
            filterby=filterby,
        )
        return request.render("partner_program.portal_my_payouts", values)

    @http.route("/my/payouts/<int:bill_id>/pdf", type="http", auth="user", website=True)
    def portal_my_payout_pdf(self, bill_id, **kw):
        """The PDF of one bill; who took it is in the log."""
        try:
            bill_sudo = self._document_check_access("account.move", bill_id)
        except (AccessError, MissingError):
            return request.redirect("/my/payouts")
        if not request.env["account.move"].search_count(
            [("id", "=", bill_id), *request.env["account.move"]._get_payouts_domain()]
        ):
            return request.redirect("/my/payouts")
        request.env["partner.program.portal.log"]._log("bill", bill_sudo.name)
        report_sudo = request.env["ir.actions.report"].sudo()  # renders the bill that was checked
        content, _type = report_sudo.with_company(bill_sudo.company_id)._render_qweb_pdf(
            "account.account_invoices", bill_sudo.ids
        )
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(bill_sudo._get_invoice_report_filename())),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    def _get_payout_filters(self):
        paid = request.env["account.move"]._get_paid_domain()
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "to_pay": {
                "label": request.env._("To Be Paid"),
                "domain": ~paid & Domain("payment_state", "!=", "reversed"),
            },
            "paid": {"label": request.env._("Paid"), "domain": paid},
        }


class PartnerProgramBillPage(PortalAccount):
    """Odoo's own page of a commission bill, for partners who come by it: that somebody opened it is noted there too."""

    @http.route()
    def portal_my_invoice_detail(self, invoice_id, access_token=None, report_type=None, download=False, **kw):
        """EXTENDS account: not each part of the page is noted, the bill is in a frame of it."""
        response = super().portal_my_invoice_detail(invoice_id, access_token, report_type, download, **kw)
        if report_type != "html" and request.env.user._is_portal():
            Move = request.env["account.move"]
            bill = Move.search(Domain("id", "=", invoice_id) & Move._get_payouts_domain())
            if bill:
                request.env["partner.program.portal.log"]._log("bill", bill.name)
        return response
