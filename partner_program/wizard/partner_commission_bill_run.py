from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

IN_BACKGROUND_ABOVE = 2000  # commission lines: more than that would keep the user waiting


class PartnerCommissionBillRun(models.TransientModel):
    """ "Create bills due until …": shows what a run would bill, then runs it."""

    _name = "partner.commission.bill.run"
    _description = "Create Commission Bills"

    date_until = fields.Date(
        "Due Until",
        required=True,
        default=lambda self: self.env.company._partner_program_today(),
        help="Bills what has its pay-by date until this day and may be billed today: "
        "nothing is billed before its pay-by date less the lead days of the program.",
    )
    line_count = fields.Integer("Commission Lines", compute="_compute_preview")
    partner_count = fields.Integer("Partners", compute="_compute_preview")
    amounts = fields.Char(compute="_compute_preview")
    explanation = fields.Text(compute="_compute_preview")

    def _get_lines(self):
        self.ensure_one()
        Line = self.env["partner.commission.line"]
        return Line.search(
            [
                ("is_due", "=", True),
                "|",
                ("due_on", "<=", self.date_until),
                ("open_amount", "<", 0),
            ]
        )

    @api.depends("date_until")
    def _compute_preview(self):
        for run in self:
            lines = run._get_lines() if run.date_until else self.env["partner.commission.line"]
            run.line_count = len(lines)
            run.partner_count = len(lines.partner_id)
            run.amounts = ", ".join(
                format_amount(self.env, sum(group.mapped("open_amount")), currency)
                for currency, group in lines.grouped("currency_id").items()
            )
            run.explanation = False if lines else lines._explain_nothing_due()

    def action_run(self):
        """Bill the lines now, or hand them to the scheduled action when there are very many."""
        self.ensure_one()
        self.env["account.move"].check_access("create")
        lines = self._get_lines()
        if not lines:
            raise UserError(lines._explain_nothing_due())
        if len(lines) <= IN_BACKGROUND_ABOVE:
            return lines.action_create_vendor_bills()
        cron_sudo = self.env.ref("partner_program.ir_cron_create_vendor_bills").sudo()  # only to start it
        cron_sudo._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "%(count)s commission lines are being billed in the background, partner by partner. "
                    "The bills appear in the list of commission bills within minutes.",
                    count=len(lines),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
