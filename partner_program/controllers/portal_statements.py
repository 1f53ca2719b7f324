from odoo import fields, http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import pager as portal_pager

from .portal import PartnerProgramPortal, form_of, once_a_day

ENTRIES_PER_PAGE = 50
MONTHS_PER_PAGE = 24
FILES = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class PartnerProgramPortalStatements(PartnerProgramPortal):
    """Statements of a partner: month by month and for any period, on screen and as files."""

    @http.route(
        ["/my/statements", "/my/statements/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=once_a_day("statements"),
    )
    def portal_my_statements(self, page=1, date_from=None, date_to=None, **kw):
        """Balances month by month, newest first; the form for any other period."""
        return self._render_statements(page, date_from, date_to)

    def _render_statements(self, page=1, date_from=None, date_to=None, period_error=None):
        months = request.env["partner.commission.movement"]._get_months(*self._statement_of())
        pager = portal_pager(url="/my/statements", total=len(months), page=page, step=MONTHS_PER_PAGE)
        values = self._prepare_partner_program_values("statements")
        today = request.env.company._partner_program_today()
        values.update(
            months=months[pager["offset"] : pager["offset"] + MONTHS_PER_PAGE],
            pager=pager,
            many_companies=len({row["company"] for row in months}) > 1,
            statement_by_mail=request.env["partner.commission.statement"]._is_mailed(*self._statement_of()),
            date_from=date_from or today.replace(day=1),
            date_to=date_to or today,
            period_error=period_error,
        )
        return request.render("partner_program.portal_my_statements", values)

    @http.route(
        ["/my/statements/period", "/my/statements/period/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=once_a_day("statement"),
    )
    def portal_my_statement(self, page=1, date_from=None, date_to=None, **kw):
        """The statement of a period, with what it consists of."""
        period, problem = self._parse_period(date_from, date_to)
        if problem:
            return self._render_statements(date_from=date_from, date_to=date_to, period_error=problem)
        Movement = request.env["partner.commission.movement"]
        partner, companies = self._statement_of()
        balances = Movement._get_statement(partner, companies, *period)
        pager = portal_pager(
            url="/my/statements/period",
            url_args={"date_from": date_from, "date_to": date_to},
            total=sum(row["commissions"] for row in balances),
            page=page,
            step=ENTRIES_PER_PAGE,
        )
        values = self._prepare_partner_program_values("statement")
        values.update(
            date_from=period[0],
            date_to=period[1],
            balances=balances,
            many_companies=len({row["company"] for row in balances}) > 1,
            entries=Movement._get_commission_entries(
                partner, companies, *period, limit=ENTRIES_PER_PAGE, offset=pager["offset"]
            ),
            bill_entries=Movement._get_bill_entries(partner, companies, *period),
            pager=pager,
        )
        return request.render("partner_program.portal_my_statement", values)

    @http.route("/my/statements/file/<string:extension>", type="http", auth="user", website=True)
    def portal_my_statement_file(self, extension, date_from=None, date_to=None, **kw):
        """The statement of a period as PDF, CSV or spreadsheet; who took it is in the log."""
        period, problem = self._parse_period(date_from, date_to)
        if problem or extension not in FILES:
            return request.redirect("/my/statements")
        partner, companies = self._statement_of()
        request.env["partner.commission.movement"].check_access("read")
        try:
            response = self._make_statement_file(partner, companies, period, extension)
        except (AccessError, MissingError):  # user errors, too, for Python
            raise
        except UserError as too_long:
            return self._render_statements(date_from=date_from, date_to=date_to, period_error=str(too_long))
        request.env["partner.program.portal.log"]._log("statement", f"{period[0]} – {period[1]}, {extension}")
        return response

    @http.route("/my/statements/mail", type="http", auth="user", website=True, methods=["GET", "POST"])
    @form_of("/my/statements")
    def portal_my_statements_mail(self, wanted=None, **kw):
        """Switch the monthly statement by e-mail on or off, for the whole partner company."""
        partner, companies = self._statement_of()
        request.env["partner.commission.statement"]._set_mailed(partner, companies, bool(wanted))
        return request.redirect("/my/statements")

    @http.route(
        "/partner_program/statement/<int:enrollment_id>/<string:extension>", type="http", auth="user", readonly=True
    )
    def statement_of_enrollment(self, enrollment_id, extension, date_from=None, date_to=None, **kw):
        """The same file for managers and accountants, who are asked for it from the enrollment."""
        enrollment = request.env["partner.program.enrollment"].browse(enrollment_id).exists()
        period, problem = self._parse_period(date_from, date_to)
        if not request.env.user._is_internal() or not enrollment or problem or extension not in FILES:
            raise request.not_found()
        try:
            enrollment.check_access("read")
            request.env["partner.commission.movement"].check_access("read")
        except AccessError:
            raise request.not_found() from None
        if not enrollment.is_of_own_company:
            raise request.not_found()
        return self._make_statement_file(enrollment.partner_id, enrollment.company_id, period, extension)

    # ------------------------------------------------------------
    # HELPERS
    # ------------------------------------------------------------

    def _statement_of(self):
        """Whose statement the reader may see: its own company's, with the companies it deals with."""
        return request.env.user.commercial_partner_id, request.env.companies

    def _parse_period(self, date_from, date_to):
        """``((first, last), None)``, or ``(None, sentence)`` for what is no period."""
        try:
            first, last = fields.Date.to_date(date_from), fields.Date.to_date(date_to)
        except (ValueError, TypeError):
            first = last = None
        if not first or not last:
            return None, request.env._("Choose the first and the last day of the statement.")
        if first > last:
            return None, request.env._("The first day has to come before the last day.")
        return (first, last), None

    def _make_statement_file(self, partner, companies, period, extension):
        content = request.env["partner.commission.statement"]._render_file(partner, companies, *period, extension)
        name = "{}_{}_{}.{}".format(request.env._("Statement"), *period, extension)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", FILES[extension]),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
