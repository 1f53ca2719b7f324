from odoo import api, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _get_partner_program_threads(self):
        # EXTENDS partner_program: tickets and ideas
        return {**super()._get_partner_program_threads(), "project.task": "partner_enrollment_id.partner_id"}

    def _move_partner_history(self, company):
        # EXTENDS partner_program: votes go along, unless the company has voted for the idea itself
        votes_sudo = self.env["partner.program.idea.vote"].sudo()  # who keeps contacts need not see them
        theirs_sudo = votes_sudo.search([("partner_id", "in", (self.id, company.id))])
        known_sudo = theirs_sudo.filtered(lambda vote: vote.partner_id == company).task_id
        moved_sudo = theirs_sudo.filtered(lambda vote: vote.partner_id != company)
        twice_sudo = moved_sudo.filtered(lambda vote: vote.task_id in known_sudo)
        twice_sudo.unlink()
        (moved_sudo - twice_sudo).partner_id = company
        return super()._move_partner_history(company)
