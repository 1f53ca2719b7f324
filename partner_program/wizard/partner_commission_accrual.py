from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

BATCH = 5000


class PartnerCommissionAccrual(models.TransientModel):
    """What commissions were worth on a past day, as far as accounting dates can tell.

    One row for each commission line that was worth something on that day: the
    pivot groups them by partner, program and currency. Facts that carry no
    accounting date (holds, a payment that was undone later) are those of today.
    """

    _name = "partner.commission.accrual"
    _description = "Commission Accrual"
    _order = "partner_id, client_id, id"

    date = fields.Date(required=True, readonly=True)
    commission_line_id = fields.Many2one("partner.commission.line", readonly=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True)
    program_id = fields.Many2one("partner.program", readonly=True)
    move_id = fields.Many2one("account.move", "Customer Invoice", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    expected_amount = fields.Monetary("Expected", readonly=True, help="Invoiced, and not fully paid on that day.")
    earned_amount = fields.Monetary("Earned", readonly=True, help="Earned until that day.")
    billed_amount = fields.Monetary("Billed", readonly=True, help="On posted bills dated until that day.")
    open_amount = fields.Monetary(
        "Earned, Not Billed", readonly=True, help="Earned and not on a posted bill on that day: the accrual."
    )

    @api.model
    def _fill(self, date):
        """Make the rows of the current user for that day, and return them."""
        self.search([("create_uid", "=", self.env.uid)]).unlink()
        Line = self.env["partner.commission.line"]
        rows, last_id = self, 0
        while lines := Line.search([("id", ">", last_id), ("invoice_date", "<=", date)], order="id", limit=BATCH):
            rows |= self.create(self._prepare_rows(lines, date))
            last_id = lines[-1].id
        return rows

    @api.model
    def _prepare_rows(self, lines, date) -> list[dict]:
        billed = self._get_billed(lines, date)
        rows = []
        for line, target in lines._get_targets(on_date=date).items():
            billed_amount = billed.get(line.id, 0.0)
            open_amount = line.currency_id.round(target["earned_amount"] - billed_amount)
            expected_amount = 0.0 if target["fully_paid_on"] else target["amount"]
            if expected_amount or open_amount or billed_amount:
                rows.append(
                    {
                        "date": date,
                        "commission_line_id": line.id,
                        "partner_id": line.partner_id.id,
                        "client_id": line.client_id.id,
                        "program_id": line.program_id.id,
                        "move_id": line.move_id.id,
                        "company_id": line.company_id.id,
                        "currency_id": line.currency_id.id,
                        "expected_amount": expected_amount,
                        "earned_amount": target["earned_amount"],
                        "billed_amount": billed_amount,
                        "open_amount": open_amount,
                    }
                )
        return rows

    @api.model
    def _get_billed(self, lines, date) -> dict:
        """What posted bills carried of these lines on that day, by id; one that was reversed, until the reversal."""
        self.env["partner.commission.billing"].flush_model()
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.move"].flush_model(["state", "payment_state", "date"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT billing.commission_line_id, SUM(billing.amount)
                  FROM partner_commission_billing billing
                  JOIN account_move bill ON bill.id = billing.bill_id
                 WHERE billing.commission_line_id = ANY(%(ids)s)
                   AND bill.state = 'posted'
                   AND bill.date <= %(date)s
                   AND (bill.payment_state IS DISTINCT FROM 'reversed' OR %(date)s < (
                        SELECT MAX(partial.max_date)
                          FROM account_move_line payable
                          JOIN account_partial_reconcile partial ON partial.credit_move_id = payable.id
                         WHERE payable.move_id = bill.id))
                 GROUP BY billing.commission_line_id
                """,
                ids=lines.ids,
                date=date,
            )
        )
        return {line_id: float(amount) for line_id, amount in rows}


class PartnerCommissionAccrualDate(models.TransientModel):
    """Asks for the day of the accrual."""

    _name = "partner.commission.accrual.date"
    _description = "Commission Accrual Date"

    date = fields.Date(required=True, default=lambda self: fields.Date.end_of(self._last_month(), "month"))

    @api.model
    def _last_month(self):
        return fields.Date.subtract(self.env.company._partner_program_today(), months=1)

    def action_open(self):
        """Compute the accrual of the day and show it as a pivot."""
        self.ensure_one()
        if self.date > self.env.company._partner_program_today():
            raise UserError(self.env._("The accrual looks back: choose today or a past day."))
        self.env["partner.commission.accrual"]._fill(self.date)
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_commission_accrual_action")
        action["domain"] = [("create_uid", "=", self.env.uid), ("date", "=", self.date)]
        action["display_name"] = self.env._("Commission Accrual on %(day)s", day=format_date(self.env, self.date))
        return action
