from collections import defaultdict, namedtuple
from datetime import date

from odoo import api, fields, models

from ..engine import eligibility
from .partner_referral import EARNING_STATES

# An invoice of a client with products of the package ladder, and what it says about the client's first payment:
# ``kind`` is ``paid_entry``, or the case that a manager has to decide.
PackagePayment = namedtuple("PackagePayment", "paid_on invoice kind")


class PartnerReferral(models.Model):
    """The first payment of the entry package (P9, P13), and the cases that the rule does not settle."""

    _inherit = "partner.referral"

    acquisition_payment = fields.Text(
        "First Payment",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="The payments that closed the acquiring invoice: number, day and amount, as they were then.",
    )

    def _describe_payments(self, invoice) -> str | bool:
        """The payments that closed this invoice, one a line, the earliest first: kept as proof of the acquisition."""
        partials = invoice.line_ids.matched_credit_ids.filtered(
            lambda partial: (
                partial.credit_move_id.move_id.origin_payment_id or partial.credit_move_id.move_id.statement_line_id
            )
        )
        lines = [
            " · ".join(
                (
                    partial.credit_move_id.move_id.name or "",
                    self._format_day(partial.credit_move_id.date),
                    invoice.currency_id.format(partial.debit_amount_currency),
                )
            )
            for partial in partials.sorted(lambda partial: (partial.credit_move_id.date, partial.id))
        ]
        return "\n".join(lines) or False

    def _acquire_by_entry_payment(self):
        """P9: the first full payment of an invoice with a product of the entry package.

        A client that skips the entry package, gets it at no charge, or was a client before, is a manager's decision
        (``partner.referral.review``): asked once, and followed once it is taken.
        """
        payments = self.filtered("client_id")._find_package_payments()
        if not payments:
            return
        Review = self.env["partner.referral.review"]
        reviews = Review.search([("referral_id", "in", [referral.id for referral in payments])])
        accepted = {(r.referral_id.id, r.kind) for r in reviews if r.state == "accepted"}
        to_ask = []
        for referral, found in payments.items():
            clear = [one for one in found if one.kind == "paid_entry" or (referral.id, one.kind) in accepted]
            if clear:
                first = min(clear, key=lambda one: (one.paid_on, one.invoice.id))
                referral._acquire(first.paid_on, first.invoice.id)
            else:
                to_ask += [
                    {"referral_id": referral.id, "kind": one.kind, "move_id": one.invoice.id}
                    for one in sorted(found, key=lambda one: (one.paid_on, one.invoice.id))
                ]
        Review._ask(to_ask)

    def _find_package_payments(self) -> dict:
        """What the clients of these referrals paid in time for packages, by referral; those without are left out."""
        if not self:
            return {}
        invoices = self.env["account.move"].search(
            [
                *self._get_package_invoice_domain(),
                ("commercial_partner_id", "in", self.client_id.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        if not invoices:
            return {}
        facts = invoices._get_settlement_facts()
        entry_amounts = self._get_entry_amounts(invoices)
        were_clients = self._get_former_clients()
        by_client = defaultdict(list)
        for invoice in invoices:
            by_client[invoice.commercial_partner_id, invoice.company_id].append(invoice)
        found = defaultdict(list)
        for referral in self:
            referred_on = referral.company_id._partner_program_local_date(referral.referred_on)
            for invoice in by_client[referral.client_id, referral.company_id]:
                fact = facts[invoice.id]
                kind = self._classify_payment(invoice, fact, entry_amounts.get(invoice.id))
                paid_on = fact.settled_on or invoice.invoice_date
                is_dated_before = invoice.invoice_date < referred_on
                if not kind or (is_dated_before and (kind != "paid_entry" or paid_on < referred_on)):
                    continue
                if not eligibility.closed_in_time(paid_on, referral.expires_on):
                    continue
                if kind == "paid_entry" and (is_dated_before or were_clients.get(referral)):
                    kind = "returning_client"
                found[referral].append(PackagePayment(paid_on, invoice, kind))
        return found

    @api.model
    def _classify_payment(self, invoice, fact, entry_amount):
        """``paid_entry``, a case for a manager, or nothing: not paid with money, or credited.

        :param entry_amount: untaxed amount of the invoice's lines of the entry package; None without such lines
        """
        is_paid = fact.money > 0 and fact.settled_on and not fact.unposted and not invoice._is_fully_credited()
        if entry_amount is None:
            return "skipped_entry" if is_paid else False
        if entry_amount <= 0:
            return "free_entry" if is_paid or invoice.currency_id.is_zero(invoice.amount_total) else False
        return "paid_entry" if is_paid else False

    @api.model
    def _get_entry_amounts(self, invoices) -> dict:
        """Untaxed amount of the entry package on each invoice that holds it, by id."""
        amounts = defaultdict(float)
        for move, product, amount in self.env["account.move.line"]._read_group(
            [
                ("move_id", "in", invoices.ids),
                ("display_type", "=", "product"),
                ("product_id.product_tmpl_id.package_id.is_entry", "=", True),
            ],
            ["move_id", "product_id"],
            ["price_subtotal:sum"],
        ):
            if product:
                amounts[move.id] += amount
        return amounts

    def _get_former_clients(self) -> dict:
        """For each referral whether its client had invoices that stand before it was received."""
        domain = [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("amount_total", ">", 0),
            ("commercial_partner_id", "in", self.client_id.ids),
            ("company_id", "in", self.company_id.ids),
        ]
        rows = self.env["account.move"]._read_group(
            [*domain, ("payment_state", "!=", "reversed")],
            ["commercial_partner_id", "company_id"],
            ["invoice_date:min"],
        )
        # Reversed, for Odoo, is also what the client's credit for another invoice paid.
        reversed_ones = self.env["account.move"].search([*domain, ("payment_state", "=", "reversed")])
        rows += [
            (invoice.commercial_partner_id, invoice.company_id, invoice.invoice_date)
            for invoice in reversed_ones
            if not invoice._is_fully_credited()
        ]
        first = {}
        for client, company, day in rows:
            first[client, company] = min(day, first.get((client, company), day))
        return {
            referral: bool(
                (day := first.get((referral.client_id, referral.company_id)))
                and day < referral.company_id._partner_program_local_date(referral.referred_on)
            )
            for referral in self
        }

    @api.model
    def _get_package_invoice_domain(self) -> list:
        """Customer invoices with a product of a package that are fully paid, or that ask for nothing."""
        return [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            # Reversed, for Odoo, is also what the client's credit for another invoice paid.
            ("payment_state", "in", ("paid", "in_payment", "reversed")),
            ("invoice_line_ids.product_id.product_tmpl_id.package_id", "!=", False),
        ]

    def _is_first_payment_undone(self) -> bool:
        """Whether the invoice that acquired the client is not paid any more, and no manager kept the client."""
        self.ensure_one()
        move = self.acquisition_move_id
        if not move:
            return False
        stands = move.state == "posted" and move._is_settled() and not move._is_fully_credited()
        if stands or (move.currency_id.is_zero(move.amount_total) and move.state == "posted"):
            return False
        return not any(
            review.kind == "entry_undone" and review.state == "accepted" and review.move_id == move
            for review in self.review_ids
        )

    def _get_day_not_acquired(self):
        """From which day on the client does not count as won any more, although there are commissions on it.

        What was paid until a manager said so stays; a claim that was released earns nothing until it acquires again.
        """
        self.ensure_one()
        if self.state in EARNING_STATES:
            return None
        if not self.acquired_on:
            return None if self.window_start else date.min
        # Also one that was put aside when the claim was accepted again; what the facts settled has nobody who decided.
        refused = self.review_ids.filtered(
            lambda review: (
                review.kind == "entry_undone" and review.state in ("refused", "obsolete") and review.decided_by_id
            )
        )
        decided_on = max(refused.mapped("decided_on"), default=None)
        return self.company_id._partner_program_local_date(decided_on) if decided_on else None

    def _ask_about_undone_payments(self):
        """A first payment that bounced is never a silent loss of the client: a manager says what becomes of it."""
        self.env["partner.referral.review"]._ask(
            [
                {"referral_id": referral.id, "kind": "entry_undone", "move_id": referral.acquisition_move_id.id}
                for referral in self
            ]
        )

    def _drop_undone_payments(self):
        """Paid again: there is nothing to decide any more."""
        if self:
            self.env["partner.referral.review"].sudo().search(  # sudo: settled by whoever pays
                [("referral_id", "in", self.ids), ("kind", "=", "entry_undone"), ("state", "=", "open")]
            )._drop()
