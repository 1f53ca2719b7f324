from odoo import http
from odoo.http import request

from odoo.addons.partner_program.controllers.portal import form_of, once_a_day

from .portal_tickets import PartnerTickets


class PartnerIdeas(PartnerTickets):
    """Affiliates propose features, and vote on those of others (P5)."""

    @http.route("/my/ideas", type="http", auth="user", website=True, readonly=once_a_day("ideas"), methods=["GET"])
    def portal_my_ideas(self, **kw):
        """All ideas, those with the most votes first, and the form for a new one."""
        return self._render_ideas()

    @http.route("/my/ideas/new", type="http", auth="user", website=True, methods=["GET", "POST"])
    @form_of("/my/ideas")
    def portal_new_idea(self, name="", description="", enrollment_id="", **kw):
        """Propose a feature; whoever proposes it is for it."""
        enrollment_sudo = self._choose_affiliate_sudo(enrollment_id)
        form = self._read_form(name, description, enrollment_sudo)
        if form["problem"]:
            return self._render_ideas(form)
        if sent_sudo := self._find_sent_sudo("ideas", enrollment_sudo, form):
            return request.redirect(f"/my/ideas#idea_{sent_sudo.id}")
        person = request.env.user.partner_id
        idea_sudo = request.env["project.task"]._create_partner_task_sudo(
            "ideas", enrollment_sudo, person, self._prepare_task(form)
        )
        request.env["partner.program.idea.vote"]._vote_sudo(idea_sudo, person)
        request.env["partner.program.portal.log"]._log("idea", idea_sudo.name)
        return request.redirect(f"/my/ideas#idea_{idea_sudo.id}")

    @http.route("/my/ideas/<int:idea_id>/vote", type="http", auth="user", website=True, methods=["GET", "POST"])
    @form_of("/my/ideas")
    def portal_vote(self, idea_id, vote="1", **kw):
        """Give the vote of the reader's company, or take it back (``vote`` is 0)."""
        self._get_affiliates_sudo(must_be_active=True)
        idea_sudo = self._find_task_sudo("ideas", idea_id)
        request.env["partner.program.idea.vote"]._vote_sudo(idea_sudo, request.env.user.partner_id, vote != "0")
        request.env["partner.program.portal.log"]._log("vote", idea_sudo.name)
        return request.redirect(f"/my/ideas#idea_{idea_sudo.id}")

    def _render_ideas(self, form=None):
        affiliates_sudo = self._get_affiliates_sudo()
        ideas_sudo = request.env["project.task"]._search_partner_tasks_sudo(
            "ideas", affiliates_sudo, order="partner_vote_count desc, create_date desc", limit=200
        )
        own = request.env.user.commercial_partner_id
        values = {
            **self._prepare_partner_program_values("ideas"),
            "ideas_sudo": ideas_sudo,
            "voted_sudo": ideas_sudo.partner_vote_ids.filtered(lambda vote: vote.partner_id == own).task_id,
            "own_sudo": ideas_sudo.filtered(lambda idea: idea.partner_enrollment_id.partner_id == own),
            "affiliates_sudo": affiliates_sudo,
            "may_send": affiliates_sudo[0].state == "active",
            "form": form or {},
        }
        return request.render("partner_program_project.portal_my_ideas", values)
