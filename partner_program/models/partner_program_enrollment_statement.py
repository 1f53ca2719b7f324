from odoo import api, fields, models
from odoo.fields import Domain

from .partner_commission_statement import CHOICE_STATES


class PartnerProgramEnrollment(models.Model):
    _inherit = "partner.program.enrollment"

    statement_by_mail = fields.Boolean(
        "Monthly Statement by E-mail",
        compute="_compute_statement_by_mail",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="The statement of each month is mailed to the partner, who can switch it off in the portal.",
    )

    @api.depends("partner_id", "program_id")
    def _compute_statement_by_mail(self):
        """The partner chooses for all its enrollments with a company, so also for one that begins later."""
        others = Domain("id", "not in", self._origin.ids) & Domain("state", "in", CHOICE_STATES)
        rows = self._read_group(
            others & Domain("partner_id", "in", self.partner_id.commercial_partner_id.ids),
            ["partner_id", "company_id"],
            ["statement_by_mail:bool_or"],
        )
        chosen = {(partner, company): wanted for partner, company, wanted in rows}
        for enrollment in self:
            key = enrollment.partner_id.commercial_partner_id, enrollment.program_id.company_id
            own = enrollment.statement_by_mail or not enrollment._origin.id
            enrollment.statement_by_mail = chosen.get(key, own)

    def action_open_statement(self):
        """Ask for the period of a statement of this partner."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "partner_program.partner_commission_statement_period_action"
            ),
            "context": {"default_enrollment_id": self.id},
        }
