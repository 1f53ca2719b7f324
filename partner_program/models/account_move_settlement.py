from collections import namedtuple
from datetime import date
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..engine.amounts import decimal_of

# What closed an invoice, in its currency; ``settled_on`` is the latest accounting date (D4, D5). Then what the invoice
# says itself: a run reads thousands of invoices, and of their hundred columns only these.
SettlementFacts = namedtuple(
    "SettlementFacts",
    "money credited_gross written_off settled_on credited "
    "state payment_state residual untaxed total invoice_date client_id currency_id",
)
NOTHING = SettlementFacts(*[Decimal(0)] * 3, None, Decimal(0), None, None, 0.0, 0.0, 0.0, None, None, None)
SETTLED = ("paid", "in_payment", "reversed")  # where nothing is left to pay either


class AccountMove(models.Model):
    """What the books say of a customer invoice: the facts that the engine is asked about."""

    _inherit = "account.move"

    def _is_settled(self) -> bool:
        """Whether nothing is left to pay on this customer invoice (D4)."""
        self.ensure_one()
        return self.payment_state in SETTLED and self.currency_id.is_zero(self.amount_residual)

    def _get_settlement_facts(self, on_date=None) -> dict[int, SettlementFacts]:
        """What closed each of these customer invoices, in its own currency, read in one query.

        Looks at the reconciliations of the receivable lines, like
        ``account.move._compute_payment_state`` does. Exchange differences close
        nothing in the currency of the invoice and are left out. ``credited`` is
        the untaxed amount of linked credit notes: those that name the invoice as
        the entry they reverse, and, by their share, those without such a link
        that were reconciled with it.

        :param date on_date: look only at accounting dates until that day
        """
        facts = dict.fromkeys(self.ids, NOTHING)
        if not self.ids:
            return facts
        for row in self.env.execute_query(self._get_settlement_query(on_date)):
            move_id, money, gross, written_off, settled_on, unlinked, linked, foreign_ids, *of_invoice = row
            credited = decimal_of(unlinked) + decimal_of(linked)
            if foreign_ids:
                credited += self._convert_credit_notes(foreign_ids)
            facts[move_id] = SettlementFacts(
                decimal_of(money), decimal_of(gross), decimal_of(written_off), settled_on, credited, *of_invoice
            )
        return facts

    def _convert_credit_notes(self, credit_note_ids) -> Decimal:
        """Untaxed amount of credit notes in another currency than the invoice that they reverse."""
        credited = Decimal(0)
        for credit_note in self.browse(credit_note_ids):
            origin = credit_note.reversed_entry_id
            credited += decimal_of(
                credit_note.currency_id._convert(
                    credit_note.amount_untaxed,
                    origin.currency_id,
                    origin.company_id,
                    credit_note.invoice_date,
                    round=False,
                )
            )
        return credited

    def _get_settlement_query(self, on_date=None) -> SQL:
        """What ``_get_settlement_facts`` reads, in its order: one row for each of these invoices."""
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.move"].flush_model(
            [
                *("move_type", "state", "date", "currency_id", "amount_untaxed", "amount_total"),
                *("reversed_entry_id", "origin_payment_id", "statement_line_id"),
                *("payment_state", "amount_residual", "invoice_date", "commercial_partner_id"),
            ]
        )
        ids, until = tuple(self.ids), on_date or date.max
        return SQL(
            """
            WITH %(settled)s, %(linked)s
            SELECT move.id, money, credited_gross, written_off, settled_on,
                   credited_unlinked, credited_linked, foreign_credit_note_ids,
                   move.state, move.payment_state, move.amount_residual, move.amount_untaxed, move.amount_total,
                   move.invoice_date, move.commercial_partner_id, move.currency_id
              FROM account_move move
              LEFT JOIN settled ON settled.move_id = move.id
              LEFT JOIN linked ON linked.move_id = move.id
             WHERE move.id IN %(ids)s
            """,
            settled=self._get_settled_query(ids, until),
            linked=self._get_linked_credit_notes_query(ids, until),
            ids=ids,
        )

    @api.model
    def _get_settled_query(self, ids, until) -> SQL:
        """Named query ``settled``: what closed each of these invoices, by what it was (money, credit note, else)."""
        return SQL(
            """
            part AS (
                SELECT line.move_id, partial.debit_amount_currency AS amount, partial.credit_move_id AS counterpart_id,
                       partial.max_date
                  FROM account_move_line line
                  JOIN account_partial_reconcile partial ON partial.debit_move_id = line.id
                 WHERE line.move_id IN %(ids)s
                 UNION ALL
                SELECT line.move_id, -partial.credit_amount_currency, partial.debit_move_id, partial.max_date
                  FROM account_move_line line
                  JOIN account_partial_reconcile partial ON partial.credit_move_id = line.id
                 WHERE line.move_id IN %(ids)s
            ), classified AS (
                SELECT part.*,
                       counterpart.move_type = 'out_refund' AS is_credit_note,
                       counterpart.origin_payment_id IS NOT NULL
                           OR counterpart.statement_line_id IS NOT NULL AS is_money,
                       CASE WHEN counterpart.move_type = 'out_refund' AND counterpart.reversed_entry_id IS NULL
                            THEN counterpart.amount_untaxed / NULLIF(counterpart.amount_total, 0)
                       END AS untaxed_share
                  FROM part
                  JOIN account_move_line counterpart_line ON counterpart_line.id = part.counterpart_id
                  JOIN account_account account ON account.id = counterpart_line.account_id
                  JOIN account_move counterpart ON counterpart.id = counterpart_line.move_id
                 WHERE account.account_type IN ('asset_receivable', 'liability_payable')
                   AND counterpart.id <> part.move_id
                   AND part.max_date <= %(until)s
                   AND NOT EXISTS (
                       SELECT 1 FROM account_partial_reconcile origin WHERE origin.exchange_move_id = counterpart.id
                   )
            ), settled AS (
                SELECT move_id,
                       SUM(amount) FILTER (WHERE is_money) AS money,
                       SUM(amount) FILTER (WHERE is_credit_note) AS credited_gross,
                       SUM(amount) FILTER (WHERE NOT is_money AND NOT is_credit_note) AS written_off,
                       SUM(amount * untaxed_share) AS credited_unlinked,
                       MAX(max_date) AS settled_on
                  FROM classified
                 GROUP BY move_id
            )
            """,
            ids=ids,
            until=until,
        )

    @api.model
    def _get_linked_credit_notes_query(self, ids, until) -> SQL:
        """Named query ``linked``: the untaxed amounts of the credit notes that name each of these invoices."""
        return SQL(
            """
            linked AS (
                SELECT origin.id AS move_id,
                       SUM(credit_note.amount_untaxed)
                           FILTER (WHERE credit_note.currency_id = origin.currency_id) AS credited_linked,
                       ARRAY_AGG(credit_note.id ORDER BY credit_note.id)
                           FILTER (WHERE credit_note.currency_id <> origin.currency_id) AS foreign_credit_note_ids
                  FROM account_move origin
                  JOIN account_move credit_note ON credit_note.reversed_entry_id = origin.id
                 WHERE origin.id IN %(ids)s
                   AND credit_note.move_type = 'out_refund'
                   AND credit_note.state = 'posted'
                   AND credit_note.date <= %(until)s
                 GROUP BY origin.id
            )
            """,
            ids=ids,
            until=until,
        )

    def _is_fully_credited(self) -> bool:
        """Whether credit notes took the whole invoice back (D1: such an invoice starts no window)."""
        self.ensure_one()
        credited = sum(self.reversal_move_ids.filtered(lambda m: m.state == "posted").mapped("amount_total"))
        if self.payment_state == "reversed":
            # Odoo calls it so too when a write-off closed what credit notes left; and they may name no invoice.
            closing = self.line_ids.matched_credit_ids.filtered(
                lambda partial: partial.credit_move_id.move_id.move_type == "out_refund"
            )
            credited = max(credited, sum(closing.mapped("debit_amount_currency")))
        return bool(credited) and self.currency_id.compare_amounts(credited, self.amount_total) >= 0
