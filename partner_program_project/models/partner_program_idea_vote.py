from odoo import api, fields, models


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
        task_sudo.lock_for_update()  # two clicks at once: one after the other
        vote_sudo = votes_sudo.search([("task_id", "=", task_sudo.id), ("partner_id", "=", company.id)])
        if not is_for:
            vote_sudo.unlink()
        elif not vote_sudo:
            votes_sudo.create({"task_id": task_sudo.id, "partner_id": company.id, "voted_by_id": person.id})
