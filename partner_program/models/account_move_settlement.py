from collections import namedtuple
from datetime import date
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..engine.amounts import decimal_of

# What closed an invoice, in its currency; ``settled_on`` is the latest accounting date (D4, D5); ``unposted`` is what
# only a draft still closes. Then what the invoice says itself: a run reads thousands of invoices, and of their hundred
# columns only these.
SettlementFacts = namedtuple(
    "SettlementFacts",
    "money credited_gross written_off unposted settled_on credited "
    "state payment_state residual untaxed total invoice_date client_id currency_id row_count",
)
NOTHING = SettlementFacts(*[Decimal(0)] * 4, None, Decimal(0), None, None, 0.0, 0.0, 0.0, None, None, None, 0)
# Where nothing is left to pay either; what is blocked stays so whatever pays it, see _unblock_settled.
SETTLED = ("paid", "in_payment", "reversed", "blocked")


class AccountMove(models.Model):
    """What the books say of a customer invoice: the facts that the engine is asked about."""

    _inherit = "account.move"

    def _is_settled(self) -> bool:
        """Whether nothing is left to pay on this customer invoice (D4), and no draft is what closes it."""
        self.ensure_one()
        move_sudo = self.sudo()  # salespeople read the invoice, but not what was reconciled with it
        return (
            self.payment_state in SETTLED
            and self.currency_id.is_zero(self.amount_residual)
            and all(
                partial.credit_move_id.parent_state == "posted" for partial in move_sudo.line_ids.matched_credit_ids
            )
        )

    def _note_reset_payments(self):
        """Tell the ledger of payments, credit notes and entries that went to draft, or came back, still reconciled.

        Odoo keeps the reconciliations of what is reset to draft, so that the invoices stay "paid": for what depends
        on their payment state it has changed all the same.
        """
        closing = self.filtered("posted_before")
        if closing:
            # sudo: a payment may have paid what its user cannot read; only figures are computed again
            closed_sudo = closing.sudo()._get_reconciled_invoices()
            closed_sudo.modified(["payment_state"])
            bills_sudo = closed_sudo.filtered(lambda move: move.move_type == "in_invoice")
            # Of a bill it has: one that its credit note took back, see _set_paid_unless_taken_back.
            bills_sudo.env.add_to_compute(bills_sudo._fields["payment_state"], bills_sudo)
            bills_sudo.env["partner.commission.change"]._note_bills_later(bills_sudo.ids)

    def _get_settlement_facts(self, on_date=None) -> dict[int, SettlementFacts]:
        """What closed each of these customer invoices, in its own currency, read in one query.

        Looks at the reconciliations of the receivable lines, like
        ``account.move._compute_payment_state`` does. Exchange differences close
        nothing in the currency of the invoice and are left out, and so does what
        is not posted: Odoo keeps the reconciliations of a payment that is reset
        to draft. ``credited`` is
        the untaxed amount of linked credit notes: those that name the invoice as
        the entry they reverse, and, by their share, those without such a link
        that were reconciled with it.

        :param date on_date: look only at accounting dates until that day
        """
        facts = dict.fromkeys(self.ids, NOTHING)
        if not self.ids:
            return facts
        for row in self.env.execute_query(self._get_settlement_query(on_date)):
            move_id, money, gross, written_off, unposted, settled_on, unlinked, linked, foreign_ids, *of_invoice = row
            credited = decimal_of(unlinked) + decimal_of(linked)
            if foreign_ids:
                credited += self._convert_credit_notes(foreign_ids)
            facts[move_id] = SettlementFacts(
                *map(decimal_of, (money, gross, written_off, unposted)), settled_on, credited, *of_invoice
            )
        return facts

    def _convert_credit_notes(self, credit_note_ids) -> Decimal:
        """Untaxed amount of credit notes in another currency than the invoice that they reverse."""
        return sum(
            (note._to_currency_of_origin(note.amount_untaxed) for note in self.browse(credit_note_ids)), Decimal(0)
        )

    def _to_currency_of_origin(self, amount) -> Decimal:
        """An amount of this credit note in the currency of the invoice that it names, by the rate of its date."""
        self.ensure_one()
        origin = self.reversed_entry_id
        return decimal_of(
            self.currency_id._convert(
                amount, origin.currency_id, origin.company_id, self.invoice_date or self.date, round=False
            )
        )

    def _get_credit_notes(self, on_date=None) -> list:
        """The credit notes that ``credited`` of ``_get_settlement_facts`` counts, each with its share.

        :return: ``[(id of the invoice, credit note, share)]``: all of a credit note that names the invoice, as much
            of another one as was reconciled with it
        """
        if not self.ids:
            return []
        self._flush_settlement()
        rows = self.env.execute_query(
            SQL(
                """
                WITH %(settled)s
                SELECT move_id, counterpart_move_id, SUM(credit_share)
                  FROM classified
                 WHERE is_posted AND credit_share IS NOT NULL
                 GROUP BY move_id, counterpart_move_id
                 UNION ALL
                SELECT reversed_entry_id, id, 1
                  FROM account_move
                 WHERE reversed_entry_id IN %(ids)s
                   AND move_type = 'out_refund'
                   AND state = 'posted'
                   AND date <= %(until)s
                """,
                settled=self._get_settled_query(tuple(self.ids), on_date or date.max),
                ids=tuple(self.ids),
                until=on_date or date.max,
            )
        )
        return [(move_id, self.browse(credit_note_id), decimal_of(share)) for move_id, credit_note_id, share in rows]

    def _get_exchanged_amounts(self, on_date) -> dict[int, Decimal]:
        """What exchange differences closed of these invoices until that day, in their currency, by id.

        Where a credit note in another currency leaves a rest, Odoo closes that so. What is paid is closed without.
        """
        if not self.ids:
            return {}
        self._flush_settlement()
        rows = self.env.execute_query(
            SQL(
                """
                WITH %(parts)s
                SELECT part.move_id, SUM(part.amount)
                  FROM part
                  JOIN account_move_line other ON other.id = part.counterpart_id
                 WHERE part.max_date <= %(until)s
                   AND EXISTS (
                       SELECT FROM account_partial_reconcile origin WHERE origin.exchange_move_id = other.move_id)
                 GROUP BY part.move_id
                """,
                parts=self._get_parts_query(self.ids),
                until=on_date,
            )
        )
        return {move_id: decimal_of(amount) for move_id, amount in rows}

    @api.model
    def _flush_settlement(self):
        """Write what the queries of this file read."""
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.move"].flush_model(
            [
                *("move_type", "state", "date", "currency_id", "amount_untaxed", "amount_total"),
                *("reversed_entry_id", "origin_payment_id", "statement_line_id"),
                *("payment_state", "amount_residual", "invoice_date", "commercial_partner_id"),
            ]
        )

    def _get_settlement_query(self, on_date=None) -> SQL:
        """What ``_get_settlement_facts`` reads, in its order: one row for each of these invoices."""
        self._flush_settlement()
        ids, until = tuple(self.ids), on_date or date.max
        return SQL(
            """
            WITH %(settled)s, %(linked)s
            SELECT move.id, money, credited_gross, written_off, unposted, settled_on,
                   credited_unlinked, credited_linked, foreign_credit_note_ids,
                   move.state, move.payment_state, move.amount_residual, move.amount_untaxed, move.amount_total,
                   move.invoice_date, move.commercial_partner_id, move.currency_id,
                   (SELECT COUNT(*) FROM partner_commission_line line WHERE line.move_id = move.id)
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
            %(parts)s, classified AS (
                SELECT part.*, counterpart.id AS counterpart_move_id,
                       counterpart.state = 'posted' AS is_posted,
                       counterpart.move_type = 'out_refund'
                           AND COALESCE(counterpart.reversed_entry_id, part.move_id) = part.move_id AS is_credit_note,
                       -- what was given back for another invoice, and pays this one, is money of the client
                       counterpart.origin_payment_id IS NOT NULL
                           OR counterpart.statement_line_id IS NOT NULL
                           OR (counterpart.move_type = 'out_refund'
                               AND COALESCE(counterpart.reversed_entry_id, part.move_id) <> part.move_id) AS is_money,
                       CASE WHEN counterpart.move_type = 'out_refund' AND counterpart.reversed_entry_id IS NULL
                            THEN part.amount / NULLIF(counterpart.amount_total, 0)
                       END AS credit_share,
                       counterpart.amount_untaxed AS counterpart_untaxed
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
                       SUM(amount) FILTER (WHERE is_posted AND is_money) AS money,
                       SUM(amount) FILTER (WHERE is_posted AND is_credit_note) AS credited_gross,
                       SUM(amount) FILTER (WHERE is_posted AND NOT is_money AND NOT is_credit_note) AS written_off,
                       SUM(amount) FILTER (WHERE NOT is_posted) AS unposted,
                       SUM(credit_share * counterpart_untaxed) FILTER (WHERE is_posted) AS credited_unlinked,
                       MAX(max_date) FILTER (WHERE is_posted) AS settled_on
                  FROM classified
                 GROUP BY move_id
            )
            """,
            parts=self._get_parts_query(ids),
            until=until,
        )

    @api.model
    def _get_parts_query(self, ids) -> SQL:
        """Named query ``part``: all that is reconciled with the lines of these invoices, in their currency."""
        return SQL(
            """
            part AS (
                SELECT invoice.id AS move_id, closing.*
                  FROM unnest(%(ids)s) AS invoice (id)
                 CROSS JOIN LATERAL (  -- by index, whatever else there is: planned as one join it read all lines
                    SELECT id FROM account_move_line WHERE move_id = invoice.id OFFSET 0
                 ) line
                 CROSS JOIN LATERAL (
                    SELECT debit_amount_currency AS amount, credit_move_id AS counterpart_id, max_date
                      FROM account_partial_reconcile
                     WHERE debit_move_id = line.id
                     UNION ALL
                    SELECT -credit_amount_currency, debit_move_id, max_date
                      FROM account_partial_reconcile
                     WHERE credit_move_id = line.id
                    OFFSET 0
                 ) closing
            )
            """,
            ids=list(ids),
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
        notes = self.reversal_move_ids.filtered(lambda m: m.state == "posted")
        same = notes.filtered(lambda m: m.currency_id == self.currency_id)
        credited = sum(same.mapped("amount_total"))
        credited += float(sum(note._to_currency_of_origin(note.amount_total) for note in notes - same))
        if self.payment_state == "reversed":
            # Odoo calls it so too when a write-off closed what credit notes left, or what was given back for another
            # invoice paid this one; and credit notes may name no invoice.
            closing = self.line_ids.matched_credit_ids.filtered(
                lambda partial: (
                    (note := partial.credit_move_id.move_id).move_type == "out_refund"
                    and note.reversed_entry_id in (self, self.browse())
                )
            )
            credited = max(credited, sum(closing.mapped("debit_amount_currency")))
        return bool(credited) and self.currency_id.compare_amounts(credited, self.amount_total) >= 0
