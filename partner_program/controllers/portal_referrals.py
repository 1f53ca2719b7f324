from odoo import http
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request

from ..models.partner_referral import EARNING_STATES, EXIT_STATES, OPEN_STATES
from .portal import PartnerProgramPortal, form_of, once_a_day, typed_text


class PartnerProgramPortalReferrals(PartnerProgramPortal):
    """Referrals of a partner: the list, each one with its clock and messages, withdrawing it."""

    @http.route(
        ["/my/referrals", "/my/referrals/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=once_a_day("referrals"),
    )
    def portal_my_referrals(self, page=1, sortby=None, filterby=None, search=None, **kw):
        """Referrals of the partner company of the reader."""
        search = typed_text(search)
        values = self._prepare_partner_program_values("referrals")
        values |= self._prepare_list_values(
            request.env["partner.referral"],
            "/my/referrals",
            self._get_own_domain() & self._get_referral_search(search),
            self._get_referral_sortings(),
            self._get_referral_filters(),
            page=page,
            sortby=sortby,
            filterby=filterby,
            search=search,
        )
        values["referrals"] = referrals = values.pop("records")
        values.update(
            packages_sudo=request.env["partner.program.portal"]._get_packages_sudo(referrals),
            may_refer=self._get_open_enrollments_sudo(),
        )
        return request.render("partner_program.portal_my_referrals", values)

    @http.route(
        "/my/referrals/<int:referral_id>", type="http", auth="user", website=True, readonly=once_a_day("referral")
    )
    def portal_my_referral(self, referral_id, sent=None, **kw):
        """One referral: its steps, its clock, the decision, and the messages with the sales team."""
        referral = self._get_own_referral(referral_id)
        if not referral:
            return request.not_found()
        return self._render_referral(referral, sent=bool(sent))

    @http.route(
        "/my/referrals/<int:referral_id>/withdraw",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    @form_of("/my/referrals/{referral_id}")
    def portal_withdraw_referral(self, referral_id, reason="", **kw):
        """The partner takes its claim back."""
        referral = self._get_own_referral(referral_id)
        if not referral:
            return request.not_found()
        if referral.state == "withdrawn":  # a double click
            return request.redirect(f"/my/referrals/{referral.id}")
        reason = typed_text(reason, self._MAX_TEXT)
        try:
            with request.env.cr.savepoint():
                referral._withdraw_by_partner(reason)
                request.env["partner.program.portal.log"]._log("withdraw", referral.name)
        except UserError as error:
            return self._render_referral(referral, withdraw_error=str(error), withdraw_reason=reason)
        return request.redirect(f"/my/referrals/{referral.id}")

    def _render_referral(self, referral, **extra):
        values = self._prepare_partner_program_values("referral", referral)
        values.update(
            referral=referral,
            object=referral,
            client_name=referral.client_name or referral.prospect_name,
            told_sudo=referral._get_told_sudo(),
            milestones=referral._get_milestones(),
            package_sudo=request.env["partner.program.portal"]._get_packages_sudo(referral).get(referral),
            may_withdraw=referral.state in OPEN_STATES,
            **extra,
        )
        response = request.render("partner_program.portal_my_referral", values)
        if extra.get("withdraw_error"):
            response.status_code = 422
        return response

    def _get_own_referral(self, referral_id):
        """The referral with this id if it belongs to the reader's company, under the reader's rights."""
        return request.env["partner.referral"].search(self._get_own_domain() & Domain("id", "=", referral_id))

    def _get_open_enrollments_sudo(self):
        """The programs on which the reader's company may refer clients now."""
        return self._get_own_enrollments_sudo().filtered(lambda enrollment: enrollment.state == "active")

    def _get_referral_search(self, search) -> Domain:
        """Number, and name of the client; nothing else of the client can be searched for."""
        if not search:
            return Domain.TRUE
        names = ["name", "prospect_name", "client_name"]
        return request.env["partner.program.portal"]._told_sudo(request.env["partner.referral"], names, search)

    def _get_referral_sortings(self):
        return {
            "newest": {"label": request.env._("Newest"), "order": "referred_on desc, id desc"},
            "clock": {"label": request.env._("Last Day"), "order": "expires_on, id", "filter": "open"},
            "status": {"label": request.env._("Status"), "order": "state, id desc"},
        }

    def _get_referral_filters(self):
        states = {
            "all": (request.env._("All"), None),
            "open": (request.env._("Open"), OPEN_STATES),
            "clients": (request.env._("Clients"), EARNING_STATES),
            "closed": (request.env._("Closed"), EXIT_STATES),
        }
        return {
            key: {"label": label, "domain": Domain("state", "in", wanted) if wanted else Domain.TRUE}
            for key, (label, wanted) in states.items()
        }
