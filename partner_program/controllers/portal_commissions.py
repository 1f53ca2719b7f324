from psycopg2 import IntegrityError

from odoo import http
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request

from .portal import PartnerProgramPortal, form_of, once_a_day, typed_text

FILTERS = {
    "all": Domain.TRUE,
    "expected": Domain("state", "=", "expected"),
    "to_pay": Domain("state", "in", ("earned", "held", "billed")),
    "held": Domain("state", "=", "held"),
    "paid": Domain("state", "=", "paid"),
}


class PartnerProgramPortalCommissions(PartnerProgramPortal):
    """Commissions of a partner: the list, each line, and the question on a line."""

    @http.route(
        ["/my/commissions", "/my/commissions/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=once_a_day("commissions"),
    )
    def portal_my_commissions(self, page=1, sortby=None, filterby=None, search=None, **kw):
        """Commission lines and bills of the partner company of the reader."""
        Line = request.env["partner.commission.line"]
        search = typed_text(search)
        values = self._prepare_partner_program_values("commissions")
        values |= self._prepare_list_values(
            Line,
            "/my/commissions",
            self._get_own_domain() & self._get_commission_search(search),
            self._get_commission_sortings(),
            self._get_commission_filters(),
            page=page,
            sortby=sortby,
            filterby=filterby,
            search=search,
        )
        portal, partner = request.env["partner.program.portal"], request.env.user.commercial_partner_id
        rows = portal._get_bills(partner)  # once, they are in the totals too
        bills = Line._get_portal_bills(rows)
        by_id = {row["id"]: row for row in rows}
        values.update(
            lines=values.pop("records"),
            bills=bills,
            closings={id_: (row["paid_on"], row["set_off_on"]) for id_, row in by_id.items() if not row["open"]},
            held_bills=bills.filtered(lambda bill: by_id[bill.id]["was_held"]),
            today=request.env.company._partner_program_today(),
            totals=portal._get_totals(partner, rows),
        )
        return request.render("partner_program.portal_my_commissions", values)

    @http.route(
        "/my/commissions/<int:line_id>", type="http", auth="user", website=True, readonly=once_a_day("commission")
    )
    def portal_my_commission(self, line_id, asked=None, **kw):
        """One commission: how it came about, what happened to it, and the questions on it."""
        line = self._get_own_line(line_id)
        if not line:
            return request.not_found()
        return self._render_commission(line, asked=bool(asked))

    @http.route(
        "/my/commissions/<int:line_id>/question",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    @form_of("/my/commissions/{line_id}")
    def portal_question_commission(self, line_id, question="", **kw):
        """The partner doubts the figure: what is not billed yet is held until somebody has answered."""
        line = self._get_own_line(line_id)
        if not line:
            return request.not_found()
        question = typed_text(question, self._MAX_TEXT)
        try:
            with request.env.cr.savepoint():
                line._ask_from_portal(question)
                request.env["partner.program.portal.log"]._log("question", line.display_name)
        except UserError as error:
            return self._render_commission(line, question_error=str(error), question=question)
        except IntegrityError as error:
            if "one_open_per_line" not in (error.diag.constraint_name or ""):
                raise
        return request.redirect(f"/my/commissions/{line.id}?asked=1")

    def _render_commission(self, line, **extra):
        values = self._prepare_partner_program_values("commission", line)
        values.update(
            line=line,
            history=line._get_portal_history(),
            questions_sudo=line._get_portal_questions_sudo(),
            may_ask=line._may_be_questioned(),
            max_text=self._MAX_TEXT,
            **extra,
        )
        response = request.render("partner_program.portal_my_commission", values)
        if extra.get("question_error"):
            response.status_code = 422
        return response

    def _get_own_line(self, line_id):
        """The line with this id if it belongs to the reader's company, under the reader's rights."""
        return request.env["partner.commission.line"].search(self._get_own_domain() & Domain("id", "=", line_id))

    def _get_commission_search(self, search) -> Domain:
        """Number of the invoice or of the referral, name of the client; nothing else of them can be searched for."""
        if not search:
            return Domain.TRUE
        names = ["invoice_number", "client_name", "referral_id.name"]
        return request.env["partner.program.portal"]._told_sudo(request.env["partner.commission.line"], names, search)

    def _get_commission_sortings(self):
        return {
            "date": {"label": request.env._("Invoice Date"), "order": "invoice_date desc, id desc"},
            "due": {"label": request.env._("Pay-by Date"), "order": "due_on, id", "filter": "to_pay"},
            "client": {"label": request.env._("Client"), "order": "client_name, id"},
        }

    def _get_commission_filters(self):
        labels = {
            "all": request.env._("All"),
            "expected": request.env._("Waiting for the Client"),
            "to_pay": request.env._("To Be Paid"),
            "held": request.env._("Held"),
            "paid": request.env._("Paid"),
        }
        return {key: {"label": label, "domain": FILTERS[key]} for key, label in labels.items()}
