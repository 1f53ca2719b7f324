from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerCommissionStatementPeriod(models.TransientModel):
    """A statement of a partner for managers and accountants: what the partner sees, for any period."""

    _name = "partner.commission.statement.period"
    _description = "Statement of a Partner"

    enrollment_id = fields.Many2one("partner.program.enrollment", required=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one(related="enrollment_id.partner_id")
    company_id = fields.Many2one(related="enrollment_id.company_id")
    date_from = fields.Date("First Day", required=True, default=lambda self: self._last_month().replace(day=1))
    date_to = fields.Date(
        "Last Day", required=True, default=lambda self: fields.Date.end_of(self._last_month(), "month")
    )
    balances = fields.Html(compute="_compute_balances", sanitize=False)

    @api.model
    def _last_month(self):
        return fields.Date.subtract(self.env.company._partner_program_today(), months=1)

    @api.depends("enrollment_id", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_balances(self):
        Movement = self.env["partner.commission.movement"]
        for wizard in self:
            rows = []
            if wizard.date_from and wizard.date_to and wizard.enrollment_id:
                rows = Movement._get_statement(wizard.partner_id, wizard.company_id, wizard.date_from, wizard.date_to)
            wizard.balances = self.env["ir.qweb"]._render(
                "partner_program.statement_balances", {"balances": rows, "many_companies": False}
            )

    def action_pdf(self):
        """Download the PDF."""
        return self._download("pdf")

    def action_xlsx(self):
        """Download the spreadsheet."""
        return self._download("xlsx")

    def action_csv(self):
        """Download the comma-separated values."""
        return self._download("csv")

    def action_movements(self):
        """Open what the statement consists of."""
        self._check_period()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_commission_movement_action")
        action["domain"] = [
            ("partner_id", "=", self.partner_id.id),
            ("company_id", "=", self.company_id.id),
            ("date", ">=", self.date_from),
            ("date", "<=", self.date_to),
        ]
        action["display_name"] = self.env._("Statement of %(partner)s", partner=self.partner_id.name)
        return action

    def _download(self, extension):
        self._check_period()
        url = f"/partner_program/statement/{self.enrollment_id.id}/{extension}"
        return {
            "type": "ir.actions.act_url",
            "url": f"{url}?date_from={self.date_from}&date_to={self.date_to}",
            "target": "download",
        }

    def _check_period(self):
        self.ensure_one()
        if self.date_from > self.date_to:
            raise UserError(self.env._("The first day has to come before the last day."))
