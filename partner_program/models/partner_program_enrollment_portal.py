from odoo import api, fields, models
from odoo.exceptions import AccessError


class PartnerProgramEnrollment(models.Model):
    """The partner's pages, seen from the back office."""

    _inherit = "partner.program.enrollment"

    is_of_own_company = fields.Boolean(
        compute="_compute_is_of_own_company",
        help="Branches share the programs of their parent company, not its figures: "
        "pages and statements of a partner are for people of the company itself.",
    )

    @api.depends("company_id")
    @api.depends_context("allowed_company_ids", "uid")
    def _compute_is_of_own_company(self):
        for enrollment in self:
            enrollment.is_of_own_company = enrollment.company_id in self.env.companies

    def action_see_as_partner(self):
        """Open the dashboard as the partner sees it; looking is noted on the enrollment."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/my/partner/as/{self.id}", "target": "new"}

    def _get_portal_companies(self):
        """The companies that the people of the partner see, as far as the reader works for them."""
        self.ensure_one()
        users_sudo = self.partner_id._get_portal_users_sudo()  # their companies only
        seen = self.env.companies.filtered(lambda company: company.id in users_sudo.company_ids.ids)
        return seen or self.company_id  # nobody has access yet

    def _note_seen_as_partner(self):
        """Say on the enrollment, once a day, who looks at the partner's page.

        :raise AccessError: for anybody but a manager who may read the enrollment
        """
        self.ensure_one()
        if not self.env.user.has_group("partner_program.group_manager"):
            raise AccessError(self.env._("Only a partner manager sees the page of a partner."))
        self.check_access("read")
        log_sudo = self.env["partner.program.portal.log"].sudo()  # whether it was noted today
        looked = [("action", "=", "preview"), ("user_id", "=", self.env.uid), ("partner_id", "=", self.partner_id.id)]
        if log_sudo.search_count([*looked, ("create_date", ">=", fields.Date.today())], limit=1):
            return
        self.message_post(body=self.env._("Looked at the portal as the partner sees it."))
        self.env["partner.program.portal.log"]._log("preview", partner=self.partner_id)
