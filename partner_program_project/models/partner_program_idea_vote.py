from odoo import api, fields, models
from odoo.tools import SQL


class PartnerProgramIdeaVote(models.Model):
    """A partner company is for an idea (P5): one vote each, whoever of its people gives it."""

    _name = "partner.program.idea.vote"
    _description = "Vote on a Feature Idea"
    _order = "id desc"
    _rec_name = "partner_id"

    task_id = fields.Many2one("project.task", "Idea", required=True, index=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", required=True, index=True, ondelete="cascade")
    voted_by_id = fields.Many2one("res.partner", ondelete="set null")

    _partner_uniq = models.Constraint("UNIQUE (task_id, partner_id)", "This partner has voted for the idea already.")

    @api.model
    def _vote_sudo(self, task_sudo, person, is_for=True):
        """Give the vote of a person's company, or take it back; doing the same twice changes nothing."""
        company = person.commercial_partner_id
        votes_sudo = self.sudo()  # partners have no right on votes; the task was found for them
        # Two votes at once: one after the other. Odoo's own lock does not wait, it refuses. Whoever waited for a vote
        # gets a serialization failure, and the web server tries again, with that vote in view.
        query = SQL("SELECT FROM project_task WHERE id = %s FOR NO KEY UPDATE", task_sudo.id)
        self.env.cr.execute(query, log_exceptions=False)
        vote_sudo = votes_sudo.search([("task_id", "=", task_sudo.id), ("partner_id", "=", company.id)])
        if not is_for:
            vote_sudo.unlink()
        elif not vote_sudo:
            votes_sudo.create({"task_id": task_sudo.id, "partner_id": company.id, "voted_by_id": person.id})

    @api.model
    def _follow_sudo(self, sources, company):
        """Votes of companies or people that become one: it has one on each idea."""
        votes_sudo = self.sudo()  # who keeps contacts need not see votes
        theirs_sudo = votes_sudo.search([("partner_id", "in", (sources | company).ids)], order="id")
        known_sudo = theirs_sudo.filtered(lambda vote: vote.partner_id == company)
        for votes in (theirs_sudo - known_sudo).grouped("task_id").values():
            if votes.task_id not in known_sudo.task_id:
                known_sudo |= votes[0]
        (theirs_sudo - known_sudo).unlink()
        known_sudo.partner_id = company
