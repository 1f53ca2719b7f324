from odoo import api, fields, models


class PartnerProgramEnrollment(models.Model):
    """Since when an enrollment is where it is."""

    _inherit = "partner.program.enrollment"

    state_since = fields.Date("Since", compute="_compute_state_since", store=True, copy=False)

    @api.depends("state")
    def _compute_state_since(self):
        for enrollment in self:
            company = enrollment.company_id or self.env.company
            enrollment.state_since = company._partner_program_today()
