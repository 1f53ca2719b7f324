from odoo import api, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _get_partner_program_threads(self):
        # EXTENDS partner_program: tickets and ideas
        return {**super()._get_partner_program_threads(), "project.task": "partner_enrollment_id.partner_id"}

    def _move_partner_history(self, company):
        # EXTENDS partner_program: votes go along, unless the company has voted for the idea itself
        self.env["partner.program.idea.vote"]._follow_sudo(self, company)
        return super()._move_partner_history(company)

    def unlink(self):
        # EXTENDS base: the database would take the votes along, and the ideas would keep their number
        votes_sudo = self.env["partner.program.idea.vote"].sudo()  # who deletes contacts need not see them
        votes_sudo.search([("partner_id", "in", self.ids)]).unlink()
        return super().unlink()
