from collections import namedtuple
from datetime import date
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..engine.amounts import decimal_of

# What closed an invoice, in its currency; ``settled_on`` is the latest accounting date (D4, D5). Then what the invoice
# says itself: a run reads thousands of invoices, and of their hundred columns only these.
SettlementFacts = namedtuple(
    "SettlementFacts",
    "money credited_gross written_off settled_on credited "
    "state payment_state residual untaxed total invoice_date client_id",
)
NOTHING = SettlementFacts(*[Decimal(0)] * 3, None, Decimal(0), None, None, 0.0, 0.0, 0.0, None, None)
SETTLED = ("paid", "in_payment", "reversed")  # where nothing is left to pay either

# Clients and partners read their invoices and bills in the portal: nothing of the ledger belongs there.
ACCOUNTING = "account.group_account_invoice,account.group_account_readonly"


class One2manyOfType(fields.One2many):
    """Rows that only journal entries of some types can have: the others have none, without asking the database.

    Odoo looks for the rows of every entry that is posted or paid, to tell them of it.
    """

    move_types = ()

    def read(self, records):
        possible = records.filtered(lambda move: move.move_type in self.move_types)
        self._insert_cache(records - possible, [()] * (len(records) - len(possible)))
        return super().read(possible) if possible else None


class AccountMove(models.Model):
    _inherit = "account.move"

    commission_line_ids = One2manyOfType(
        "partner.commission.line",
        "move_id",
        "Partner Commissions",
        move_types=("out_invoice",),
        readonly=True,
        groups=ACCOUNTING,
    )
    commission_billing_ids = One2manyOfType(
        "partner.commission.billing",
        "bill_id",
        "Commission Billings",
        move_types=("in_invoice", "in_refund", "in_receipt"),
        readonly=True,
        groups=ACCOUNTING,
    )
    commission_line_count = fields.Integer(compute="_compute_commission_counts", groups=ACCOUNTING)
    commission_billing_count = fields.Integer(compute="_compute_commission_counts", groups=ACCOUNTING)
    commission_explanation = fields.Text(
        "Partner Commission", compute="_compute_commission_explanation", groups=ACCOUNTING
    )

    def _compute_commission_counts(self):
        Line, Billing = self.env["partner.commission.line"], self.env["partner.commission.billing"]
        lines = dict(Line._read_group([("move_id", "in", self.ids)], ["move_id"], ["__count"]))
        billed = dict(
            Billing._read_group([("bill_id", "in", self.ids)], ["bill_id"], ["commission_line_id:count_distinct"])
        )
        for move in self:
            move.commission_line_count = lines.get(move, 0)
            move.commission_billing_count = billed.get(move, 0)

    @api.depends_context("lang")
    def _compute_commission_explanation(self):
        """Why this invoice of a referred client earns a commission, or why not (DESIGN, invariant 8)."""
        sale_moves = self.filtered(lambda m: m.move_type == "out_invoice")
        (self - sale_moves).commission_explanation = False
        clients = sale_moves.commercial_partner_id.filtered("referral_watch")
        referrals = self.env["partner.referral"].search(
            [("client_id", "in", clients.ids), ("state", "in", ("accepted", "acquired", "completed"))]
        )
        for move in sale_moves:
            if move.commission_line_ids:
                move.commission_explanation = "\n".join(
                    f"{line.partner_id.name}: {line.explanation}" for line in move.commission_line_ids
                )
                continue
            move.commission_explanation = "\n".join(
                f"{referral.partner_id.name}: {referral._explain_no_commission(move)}"
                for referral in referrals
                if (referral.client_id, referral.company_id) == (move.commercial_partner_id, move.company_id)
            )

    # ------------------------------------------------------------
    # FACTS FOR THE ENGINE
    # ------------------------------------------------------------

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
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.move"].flush_model(
            [
                *("move_type", "state", "date", "currency_id", "amount_untaxed", "amount_total"),
                *("reversed_entry_id", "origin_payment_id", "statement_line_id"),
                *("payment_state", "amount_residual", "invoice_date", "commercial_partner_id"),
            ]
        )
        return SQL(
            """
            WITH part AS (
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
            ), linked AS (
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
            SELECT move.id, money, credited_gross, written_off, settled_on,
                   credited_unlinked, credited_linked, foreign_credit_note_ids,
                   move.state, move.payment_state, move.amount_residual, move.amount_untaxed, move.amount_total,
                   move.invoice_date, move.commercial_partner_id
              FROM account_move move
              LEFT JOIN settled ON settled.move_id = move.id
              LEFT JOIN linked ON linked.move_id = move.id
             WHERE move.id IN %(ids)s
            """,
            ids=tuple(self.ids),
            until=on_date or date.max,
        )

    def _is_fully_credited(self) -> bool:
        """Whether credit notes took the whole invoice back (D1: such an invoice starts no window)."""
        self.ensure_one()
        if self.payment_state == "reversed":
            return True
        credited = sum(self.reversal_move_ids.filtered(lambda m: m.state == "posted").mapped("amount_total"))
        return bool(credited) and self.currency_id.compare_amounts(credited, self.amount_total) >= 0

    # ------------------------------------------------------------
    # HOOKS
    # ------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS account: invoices of referred clients get their ledger rows
        posted = super()._post(soft)
        self.env["partner.referral"]._sync_for_invoices(
            posted.filtered(lambda m: m.move_type in ("out_invoice", "out_refund"))
        )
        return posted

    def _invoice_paid_hook(self):
        # EXTENDS account: the first payment of the entry package acquires the client (P9)
        result = super()._invoice_paid_hook()
        self.env["partner.referral"]._sync_for_invoices(
            self.filtered(lambda m: m.move_type == "out_invoice"), watch=("payments",)
        )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_commissioned(self):
        """Ledger rows go with a deleted invoice, unless money was billed or a client acquired on it."""
        invoices_sudo = self.sudo()  # whoever may delete the invoice need not see the ledger
        lines_sudo = invoices_sudo.commission_line_ids
        acquired_sudo = self.env["partner.referral"].sudo().search([("acquisition_move_id", "in", self.ids)], limit=1)
        if lines_sudo.billing_ids or acquired_sudo:
            raise UserError(
                self.env._(
                    "A commission of %(partner)s rests on %(invoice)s. Cancel the invoice instead of deleting it: "
                    "what was billed to the partner is then corrected on the next bill.",
                    partner=(lines_sudo.partner_id or acquired_sudo.partner_id)[:1].name,
                    invoice=(lines_sudo.billing_ids.invoice_id or acquired_sudo.acquisition_move_id)[:1].name,
                )
            )
        lines_sudo.unlink()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_view_commission_lines(self):
        """Open the commission lines of an invoice, or those billed on a bill."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_commission_line_action")
        action["domain"] = ["|", ("move_id", "=", self.id), ("billing_ids.bill_id", "=", self.id)]
        action["context"] = {}
        return action


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    commission_billing_ids = fields.One2many(
        "partner.commission.billing", "bill_line_id", "Commission Billings", readonly=True, groups=ACCOUNTING
    )
