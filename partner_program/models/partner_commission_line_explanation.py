from odoo import api, fields, models
from odoo.tools import SQL, float_repr, format_amount, format_date

from ..engine import amounts, windows


class PartnerCommissionLine(models.Model):
    """Every figure explains itself, in the same words wherever it is shown (DESIGN, invariant 8)."""

    _inherit = "partner.commission.line"

    explanation = fields.Text(compute="_compute_explanation", help="How this figure came about, in one sentence.")
    closed_by = fields.Selection(
        [("money", "Paid"), ("set_off", "Set off"), ("both", "Paid, in part set off")],
        compute="_compute_closed_by",
        help="What closed the bills of a paid commission. Not stored: a payment can take the place of another entry.",
    )

    @api.depends("manual_hold_reason")  # not on figures, see _compute_reasons
    def _compute_closed_by(self):
        """By the bills of these lines, in one query."""
        self.closed_by = False
        paid = self.filtered(lambda line: line.state == "paid")
        if not paid.ids:
            return
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.move"].flush_model(["state", "origin_payment_id", "statement_line_id"])
        self.env["partner.commission.billing"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                WITH carried AS (
                    SELECT DISTINCT commission_line_id, bill_id
                      FROM partner_commission_billing
                     WHERE commission_line_id = ANY(%s)
                ), closing AS (
                    SELECT bill.id, closed.paid_on IS NOT NULL AS is_paid, closed.set_off_on IS NOT NULL AS is_set_off
                      FROM account_move bill
                     CROSS JOIN LATERAL (%s) closed
                     WHERE bill.id IN (SELECT bill_id FROM carried) AND bill.state = 'posted'
                )
                SELECT commission_line_id, BOOL_OR(is_paid), BOOL_OR(is_set_off)
                  FROM carried JOIN closing ON closing.id = carried.bill_id
                 GROUP BY commission_line_id
                """,
                paid.ids,
                self.env["partner.commission.change"]._get_closed_query(),
            )
        )
        for line_id, is_paid, is_set_off in rows:
            closed_by = "money" if not is_set_off else "both" if is_paid else "set_off"
            self.browse(line_id).closed_by = closed_by

    @api.depends("manual_hold_reason")
    @api.depends_context("lang")
    def _compute_explanation(self):
        for line in self:
            line.explanation = line._explain()

    def _explain(self) -> str:
        """One sentence: invoice, base, credit notes, rate, month of the window, payment, and what follows."""
        self.ensure_one()
        return self.env._("%(how)s: %(outcome)s.", how=self._explain_origin(), outcome=self._explain_outcome())

    def _explain_origin(self) -> str:
        """How the amount comes about: invoice, base, credit notes, rate, month of the window."""
        self.ensure_one()
        line_sudo = self.sudo()  # the sentence is the part of the invoice that partners may read
        move, referral = line_sudo.move_id, line_sudo.referral_id
        values = {
            "rate": float_repr(line_sudo.rate, 3).rstrip("0").rstrip("."),
            "base": self._format(line_sudo.base_amount),
            "invoice": move.name or self.env._("draft invoice"),
            "date": format_date(self.env, move.invoice_date) if move.invoice_date else "",
            "credited": self._format(line_sudo.credited_amount),
            "amount": self._format(line_sudo.amount),
        }
        # What was taken back starts no window (D1), and may be from before it.
        if windows.in_window(move.invoice_date, referral.window_start, referral.window_end):
            values["month"] = windows.month_in_window(move.invoice_date, referral.window_start)
            values["months"] = referral.commission_months
        else:
            values["month"] = values["months"] = "–"
        if line_sudo.credited_amount:
            origin = self.env._(
                "%(rate)s %% of %(base)s less credit notes of %(credited)s "
                "on invoice %(invoice)s of %(date)s (month %(month)s of %(months)s)",
                **values,
            )
        else:
            origin = self.env._(
                "%(rate)s %% of %(base)s on invoice %(invoice)s of %(date)s (month %(month)s of %(months)s)", **values
            )
        if line_sudo._is_partly_written_off():
            return self.env._("%(origin)s, less the share that was written off", origin=origin)
        return origin

    def _is_partly_written_off(self) -> bool:
        """Whether the commission is less than the rate says, as a part of the invoice was written off (D4)."""
        self.ensure_one()
        if not self.amount:
            return False
        base, credited, rate, rounding = map(
            amounts.decimal_of, (self.base_amount, self.credited_amount, self.rate, self.currency_id.rounding)
        )
        return amounts.decimal_of(self.amount) < amounts.round_currency((base - credited) * rate / 100, rounding)

    def _explain_loss(self) -> str:
        """Why nothing is earned any more of what was; empty where something is, and its origin says how much."""
        self.ensure_one()
        if self.void_code:
            return dict(self._fields["void_code"]._description_selection(self.env))[self.void_code]
        return "" if self.fully_paid_on else self.env._("The invoice is not paid in full any more")

    def _explain_outcome(self) -> str:
        """What became of the commission, in words that a partner understands."""
        self.ensure_one()
        amount = self._format(self.amount)
        paid_on = format_date(self.env, self.fully_paid_on) if self.fully_paid_on else ""
        due_on = format_date(self.env, self.due_on) if self.due_on else ""
        if self.state == "void":
            return self.void_reason or self.env._("nothing is due")
        if self.state == "expected":
            return self.env._("%(amount)s, waiting until the client has paid in full", amount=amount)
        if self.open_amount and self.billed_amount:
            return self._explain_difference()
        if self.state == "held":
            return self.env._(
                "%(amount)s, paid in full on %(paid_on)s, held: %(reason)s",
                amount=amount,
                paid_on=paid_on,
                reason=self.hold_reason,
            )
        if self.state == "earned":
            return self.env._(
                "%(amount)s, paid in full on %(paid_on)s, to be paid to the partner by %(due_on)s",
                amount=amount,
                paid_on=paid_on,
                due_on=due_on,
            )
        if self.state == "billed":
            return self.env._(
                "%(amount)s, paid in full on %(paid_on)s, billed, to be paid to the partner by %(due_on)s",
                amount=amount,
                paid_on=paid_on,
                due_on=due_on,
            )
        if self.closed_by == "set_off":
            return self.env._(
                "%(amount)s, paid in full on %(paid_on)s, set off against what the partner owed",
                amount=amount,
                paid_on=paid_on,
            )
        if self.closed_by == "both":
            return self.env._(
                "%(amount)s, paid in full on %(paid_on)s, paid to the partner, in part set off against what it owed",
                amount=amount,
                paid_on=paid_on,
            )
        return self.env._(
            "%(amount)s, paid in full on %(paid_on)s, paid to the partner", amount=amount, paid_on=paid_on
        )

    def _explain_difference(self) -> str:
        """What was billed and is earned no more, or less or more of it: how much, why, and what becomes of it."""
        values = {
            "earned": self._format(self.earned_amount),
            "billed": self._format(self.billed_amount),
            "open": self._format(self.open_amount),
        }
        if loss := self._explain_loss():
            values["earned"] = self.env._("%(earned)s earned (%(reason)s)", earned=values["earned"], reason=loss)
        else:
            values["earned"] = self.env._("%(earned)s earned", earned=values["earned"])
        if self.state == "held":
            return self.env._(
                "%(earned)s, %(billed)s billed so far, the difference of %(open)s is held: %(reason)s",
                reason=self.hold_reason,
                **values,
            )
        if not self._is_billable(self.company_id._partner_program_today()):
            return self.env._(
                "%(earned)s, %(billed)s billed so far, the difference of %(open)s is to be paid to the partner by "
                "%(due_on)s",
                due_on=format_date(self.env, self.due_on),
                **values,
            )
        return self.env._(
            "%(earned)s, %(billed)s billed so far, the next bill carries the difference of %(open)s", **values
        )

    def _format(self, amount) -> str:
        return format_amount(self.env, amount, self.currency_id)
