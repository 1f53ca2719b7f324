from psycopg2 import IntegrityError

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .portal import PartnerProgramPortal, form_of, once_a_day, typed_text

SHOWN_ROWS = 30  # of the log


class PartnerProgramPortalTeam(PartnerProgramPortal):
    """Colleagues with access to the portal; who may, invites and removes them."""

    @http.route("/my/team", type="http", auth="user", website=True, readonly=once_a_day("team"))
    def portal_my_team(self, **kw):
        """Who of the reader's company has access."""
        return self._render_team()

    @http.route("/my/team/invite", type="http", auth="user", website=True, methods=["GET", "POST"])
    @form_of("/my/team")
    def portal_my_team_invite(self, name=None, email=None, **kw):
        """Give a colleague access."""
        name, email = typed_text(name), typed_text(email)
        try:
            with request.env.cr.savepoint():
                request.env["partner.program.enrollment"]._invite_colleague(name, email)
        except UserError as error:
            return self._render_team(error=error.args[0], name=name, email=email)
        except IntegrityError as error:  # a second click at the same time has invited this colleague
            if error.diag.constraint_name != "res_users_login_key":
                raise
        return request.redirect("/my/team")

    @http.route("/my/team/<int:user_id>/remove", type="http", auth="user", website=True, methods=["GET", "POST"])
    @form_of("/my/team")
    def portal_my_team_remove(self, user_id, **kw):
        """Take the access of a colleague away."""
        try:
            with request.env.cr.savepoint():
                request.env["partner.program.enrollment"]._remove_colleague(user_id)
        except UserError as error:
            return self._render_team(error=error.args[0])
        return request.redirect("/my/team")

    def _render_team(self, **values):
        Enrollment = request.env["partner.program.enrollment"]
        values = {
            **self._prepare_partner_program_values("team"),
            "team_sudo": Enrollment._get_team_sudo(),
            "managers_sudo": Enrollment._get_team_managers_sudo(),
            "may_manage": Enrollment._may_manage_team(),
            **values,
        }
        if values["may_manage"]:
            values["log_sudo"] = request.env["partner.program.portal.log"]._get_own_rows_sudo(limit=SHOWN_ROWS)
        response = request.render("partner_program.portal_my_team", values)
        if values.get("error"):
            response.status_code = 422
        return response
