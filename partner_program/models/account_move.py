from odoo import api, fields, models
from odoo.exceptions import UserError

# Clients and partners read their invoices and bills in the portal: nothing of the ledger belongs there.
ACCOUNTING = "account.group_account_invoice,account.group_account_readonly"


class One2manyOfType(fields.One2many):
    """Rows that only journal entries of some types can have: the others have none, without asking the database.

    Odoo looks for the rows of every entry that is posted, paid or deleted, to tell them of it.
    """

    move_types = ()
    entry_field = None  # of the journal item: its entry
    posted_only = False  # such rows are made when the entry is posted, never before

    def read(self, records):
        entries = records[self.entry_field] if self.entry_field else records
        entries = entries.filtered(
            lambda move: move.move_type in self.move_types and (move.posted_before or not self.posted_only)
        )
        possible = records.filtered(lambda line: line[self.entry_field] in entries) if self.entry_field else entries
        self._insert_cache(records - possible, [()] * (len(records) - len(possible)))
        return super().read(possible) if possible else None


class AccountMove(models.Model):
    _inherit = "account.move"

    commission_line_ids = One2manyOfType(
        "partner.commission.line",
        "move_id",
        "Partner Commissions",
        move_types=("out_invoice",),
        posted_only=True,
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
        states = ("accepted", "acquired", "completed")
        referrals = self.env["partner.referral"].search(
            [("client_id", "in", sale_moves.commercial_partner_id.ids), ("state", "in", states)]
        )
        for move in sale_moves:
            lines = move.commission_line_ids
            sentences = [f"{line.partner_id.name}: {line.explanation}" for line in lines]
            for referral in referrals - lines.referral_id:
                of_client = (referral.client_id, referral.company_id) == (move.commercial_partner_id, move.company_id)
                # Beside the line of another referral only who earns on the client now has something to explain.
                if of_client and not (lines and referral.state == "completed"):
                    sentences.append(f"{referral.partner_id.name}: {referral._explain_no_commission(move)}")
            move.commission_explanation = "\n".join(sentences)

    # ------------------------------------------------------------
    # HOOKS
    # ------------------------------------------------------------

    def write(self, vals):
        # EXTENDS account: what was billed in one currency cannot be compared with what is earned in another, nor what
        # statements told
        if "currency_id" in vals:
            invoices_sudo = self.filtered("posted_before").sudo()  # whoever edits the invoice need not see the ledger
            lines_sudo = invoices_sudo.commission_line_ids
            told_sudo = lines_sudo.filtered(lambda line: line.billing_ids or line.first_earned_on).move_id
            if changed := told_sudo.filtered(lambda move: move.currency_id.id != vals["currency_id"]):
                raise UserError(
                    self.env._(
                        "A commission on %(invoice)s was earned or billed in %(currency)s, so its currency cannot "
                        "change. Cancel the invoice and make a new one in the other currency: the commission then "
                        "follows by itself.",
                        invoice=changed[0].name,
                        currency=changed[0].currency_id.name,
                    )
                )
        return super().write(vals)

    def _post(self, soft=True):
        # EXTENDS account: invoices of referred clients get their ledger rows
        again = self.filtered("posted_before")  # may still be reconciled from then
        posted = super()._post(soft)
        (again & posted)._note_reset_payments()
        self.env["partner.referral"]._sync_for_invoices(
            posted.filtered(lambda m: m.move_type in ("out_invoice", "out_refund"))
        )
        return posted

    def button_draft(self):
        # EXTENDS account: a payment that is reset to draft stays reconciled, and pays nothing any more
        result = super().button_draft()
        self._note_reset_payments()
        return result

    def _invoice_paid_hook(self):
        # EXTENDS account: the first payment of the entry package acquires the client (P9)
        result = super()._invoice_paid_hook()
        self.env["partner.referral"]._sync_for_invoices(
            self.filtered(lambda m: m.move_type == "out_invoice"), watch=("payments",)
        )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_commissioned(self):
        """Ledger rows go with a deleted invoice, unless money was billed, told of, or a client acquired on it."""
        # What was never posted has none: where that is wrong, the foreign keys say so.
        invoices_sudo = self.filtered("posted_before").sudo()  # whoever may delete the invoice need not see the ledger
        if not invoices_sudo:
            return
        lines_sudo = invoices_sudo.commission_line_ids
        referrals_sudo = invoices_sudo.env["partner.referral"]
        acquired_sudo = referrals_sudo.search([("acquisition_move_id", "in", invoices_sudo.ids)], limit=1)
        is_asked = lines_sudo.question_ids  # about it; they would go with the line
        if lines_sudo.billing_ids or is_asked or acquired_sudo or any(line._was_told() for line in lines_sudo):
            raise UserError(
                self.env._(
                    "A commission of %(partner)s rests on %(invoice)s. Cancel the invoice instead of deleting it: "
                    "what was billed to the partner is then corrected on the next bill.",
                    partner=(lines_sudo.partner_id or acquired_sudo.partner_id)[:1].name,
                    invoice=(lines_sudo.move_id or acquired_sudo.acquisition_move_id)[:1].name,
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

    commission_billing_ids = One2manyOfType(
        "partner.commission.billing",
        "bill_line_id",
        "Commission Billings",
        move_types=("in_invoice", "in_refund", "in_receipt"),
        entry_field="move_id",
        readonly=True,
        groups=ACCOUNTING,
    )
