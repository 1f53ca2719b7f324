from collections import namedtuple
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_amount

from ..engine.amounts import decimal_of

# What closed an invoice, in its currency; ``settled_on`` is the latest accounting date (D4, D5).
SettlementFacts = namedtuple("SettlementFacts", "money credited_gross written_off settled_on credited")


# Clients and partners read their invoices and bills in the portal: nothing of the ledger belongs there.
ACCOUNTING = "account.group_account_invoice,account.group_account_readonly"


class AccountMove(models.Model):
    _inherit = "account.move"

    commission_line_ids = fields.One2many(
        "partner.commission.line", "move_id", "Partner Commissions", readonly=True, groups=ACCOUNTING
    )
    commission_billing_ids = fields.One2many(
        "partner.commission.billing", "bill_id", "Commission Billings", readonly=True, groups=ACCOUNTING
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
    # THE BILL AS A DOCUMENT OF THE PARTNER
    # ------------------------------------------------------------

    def _is_commission_bill(self) -> bool:
        """Whether this is a self-billed vendor bill that carries commissions."""
        self.ensure_one()
        return bool(
            self.move_type == "in_invoice"
            and self.journal_id.is_self_billing
            and self.sudo().commission_billing_ids  # whoever sends it need not see the ledger
        )

    def _compute_display_send_button(self):
        # EXTENDS account: commission bills are sent to the partner
        super()._compute_display_send_button()
        for move in self:
            if move.state == "posted" and not move.display_send_button:
                move.display_send_button = move._is_commission_bill()

    def _get_invoice_pdf_proforma(self):
        # EXTENDS account: what the portal offers before the bill was sent carries the final name
        values = super()._get_invoice_pdf_proforma()
        if self._is_commission_bill():
            values["filename"] = self._get_invoice_report_filename()
        return values

    # ------------------------------------------------------------
    # FACTS FOR THE ENGINE
    # ------------------------------------------------------------

    def _get_settlement_facts(self) -> dict[int, SettlementFacts]:
        """What closed each of these customer invoices, in its own currency, read in two queries.

        Looks at the reconciliations of the receivable lines, like
        ``account.move._compute_payment_state`` does. Exchange differences close
        nothing in the currency of the invoice and are left out. ``credited`` is
        the untaxed amount of linked credit notes: those that name the invoice as
        the entry they reverse, and, by their share, those without such a link
        that were reconciled with it.
        """
        zero = SettlementFacts(Decimal(0), Decimal(0), Decimal(0), None, Decimal(0))
        facts = dict.fromkeys(self.ids, zero)
        if not self.ids:
            return facts
        for row in self.env.execute_query_dict(self._get_settlement_query()):
            facts[row["move_id"]] = SettlementFacts(
                money=decimal_of(row["money"]),
                credited_gross=decimal_of(row["credited_gross"]),
                written_off=decimal_of(row["written_off"]),
                settled_on=row["settled_on"],
                credited=decimal_of(row["credited_unlinked"]),
            )
        for origin, amount in self._get_linked_credit_notes():
            fact = facts[origin.id]
            facts[origin.id] = fact._replace(credited=fact.credited + decimal_of(amount))
        return facts

    def _get_settlement_query(self) -> SQL:
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.move"].flush_model(
            ["move_type", "reversed_entry_id", "origin_payment_id", "statement_line_id"]
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
                   AND NOT EXISTS (
                       SELECT 1 FROM account_partial_reconcile origin WHERE origin.exchange_move_id = counterpart.id
                   )
            )
            SELECT move_id,
                   COALESCE(SUM(amount) FILTER (WHERE is_money), 0) AS money,
                   COALESCE(SUM(amount) FILTER (WHERE is_credit_note), 0) AS credited_gross,
                   COALESCE(SUM(amount) FILTER (WHERE NOT is_money AND NOT is_credit_note), 0) AS written_off,
                   COALESCE(SUM(amount * untaxed_share), 0) AS credited_unlinked,
                   MAX(max_date) AS settled_on
              FROM classified
             GROUP BY move_id
            """,
            ids=tuple(self.ids),
        )

    def _get_linked_credit_notes(self):
        """``(invoice, untaxed amount)`` of the posted credit notes that name the invoice they reverse."""
        credit_notes = self.env["account.move"].search_fetch(
            [("reversed_entry_id", "in", self.ids), ("move_type", "=", "out_refund"), ("state", "=", "posted")],
            ["reversed_entry_id", "currency_id", "amount_untaxed", "invoice_date"],
        )
        for credit_note in credit_notes:
            origin = credit_note.reversed_entry_id
            amount = credit_note.amount_untaxed
            if credit_note.currency_id != origin.currency_id:
                amount = credit_note.currency_id._convert(
                    amount, origin.currency_id, origin.company_id, credit_note.invoice_date, round=False
                )
            yield origin, amount

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
        # EXTENDS account: bills keep in balance with the ledger; invoices of referred clients get their rows
        self._check_commission_balance()
        posted = super()._post(soft)
        self.env["partner.referral"]._sync_for_invoices(
            posted.filtered(lambda m: m.move_type in ("out_invoice", "out_refund"))
        )
        return posted

    def button_draft(self):
        # EXTENDS account: a cancelled bill does not come back beside the one that took its place
        cancelled = self.filtered(lambda m: m.state == "cancel" and m._is_commission_bill())
        if cancelled:
            lines_sudo = cancelled.sudo().commission_billing_ids.commission_line_id  # a check reads all there is
            successors = lines_sudo.billing_ids.bill_id.filtered(lambda bill: bill.state != "cancel")
            if successors:
                raise UserError(
                    self.env._(
                        "The commissions of %(bill)s have been billed again on %(successor)s since it was cancelled. "
                        "Leave it cancelled, or cancel that bill first.",
                        bill=cancelled[0].display_name,
                        successor=", ".join(successors.mapped("display_name")),
                    )
                )
        return super().button_draft()

    def _invoice_paid_hook(self):
        # EXTENDS account: the first payment of the entry package acquires the client (P9)
        result = super()._invoice_paid_hook()
        self.env["partner.referral"]._sync_for_invoices(
            self.filtered(lambda m: m.move_type == "out_invoice"), watch=("payments",)
        )
        return result

    def _check_commission_balance(self):
        """Refuse to post a bill whose commission lines no longer equal their billings (invariant 2)."""
        bills = self.filtered(lambda m: m.move_type == "in_invoice" and m.journal_id.is_self_billing)
        if not bills:
            return
        billed = (
            self.env["partner.commission.billing"]
            .sudo()
            ._read_group(  # sudo: a check reads all there is
                [("bill_id", "in", bills.ids)], ["bill_line_id"], ["amount:sum"]
            )
        )
        for line_sudo, amount in billed:
            bill = line_sudo.move_id
            if bill.currency_id.compare_amounts(line_sudo.price_subtotal, amount):
                raise UserError(
                    self.env._(
                        "The line “%(line)s” says %(on_bill)s, but its commissions add up to %(billed)s. "
                        "Set it back to that amount, or delete the line to bill it later; "
                        "for anything else add a line of your own.",
                        line=(line_sudo.name or "").split("\n")[0],
                        on_bill=format_amount(self.env, line_sudo.price_subtotal, bill.currency_id),
                        billed=format_amount(self.env, amount, bill.currency_id),
                    )
                )

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
                    invoice=(lines_sudo.billing_ids.invoice_id or acquired_sudo.acquisition_move_id)[:1].display_name,
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
