"""Statements of random stories: they add up, hand over their balance, and never change what they told."""

import os
import sys
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from odoo.fields import Command, Date

from .test_statement import FIGURES, StatementCommon

EXAMPLES = int(os.environ.get("STATEMENT_EXAMPLES", "40"))  # of the long run
# Stories of these take two steps at random and one that leads on, so that there are bills to undo.
STORIES = (
    *("invoice", "invoice", "pay", "pay", "pay_late", "pay", "credit", "credit", "bill", "bill", "bill"),
    *("pay_bill", "pay_bill", "pay_bill_part", "pay_bill_late", "set_off"),
    *("win", "undo", "reset_payment", "reverse", "cancel", "write_off", "hold", "question", "change_rate"),
    *("draft", "post", "delete_draft", "reset_bill", "reverse_bill", "undo_bill_payment"),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(STORIES),
        st.integers(0, 10**6),  # which one
        st.decimals("1", "3000", places=2),
        st.integers(0, 25),  # days until then
    ),
    min_size=6,
    max_size=16,
)
# What was found to go wrong when statements were worked out from the facts of the day.
KNOWN = (
    (("credit", 0, 200, 40), ("credit", 0, 100, 30)),  # two credit notes after the bill
    (("credit", 0, 200, 12), ("credit", 0, 100, 25)),  # one before it, one after it
    (("credit", 0, 200, 40), ("undo", 0, 0, 30)),
    (("undo", 0, 0, 40), ("hold", 0, 0, 30), ("hold", 0, 0, 1), ("pay", 0, 0, 20)),
    (("reset_payment", 0, 0, 40), ("reset_payment", 0, 0, 30)),
    (("reverse", 0, 0, 40), ("bill", 0, 0, 5), ("invoice", 0, 500, 1), ("pay", 0, 0, 20)),
    (("pay_bill", 0, 0, 40), ("undo_bill_payment", 0, 0, 30), ("set_off", 0, 0, 31)),
    (("reset_bill", 0, 0, 40), ("post", 0, 0, 33), ("reverse_bill", 0, 0, 31)),
    (("invoice", 0, 900, 0), ("pay", 0, 0, 0), ("draft", 0, 0, 31), ("delete_draft", 0, 0, 1), ("draft", 0, 0, 5)),
)


class TestStatementProperty(StatementCommon):
    def setUp(self):
        super().setUp()
        euro = self.setup_other_currency("EUR", rates=[("2025-01-01", 2.0)])
        self.company.partner_program_alert_factor = 0
        self.currencies = self.company.currency_id + euro
        self.referral = self.acquired()

    def play(self, story):
        self.env.flush_all()
        savepoint = self.cr.savepoint(flush=False)
        try:
            self.go_to("2026-01-05")
            self.tell(story)
        finally:
            self.env.flush_all()
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.transaction.clear()
            self.env.registry.clear_cache()

    def check(self, number, examples):
        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(steps)
        def check(story):
            self.play(story)

        check()

    def test_statements_add_up_hand_over_and_stay(self):
        self.check(0, 2)

    def test_what_was_found_wrong_stays_right(self):
        for story in KNOWN:
            with self.subTest(story=story):
                self.play((("invoice", 0, 1000, 0), ("pay", 0, 0, 3), ("bill", 0, 0, 30), *story))

    def test_an_acquisition_that_is_undone_and_made_again_stays_right(self):
        paid = (("invoice", 0, 1000, 0), ("invoice", 1, 300, 0), ("pay", 0, 0, 3))
        for again in (20, 40):
            with self.subTest(again=again):
                self.play((*paid, ("win", 0, 0, 26), ("pay", 0, 0, 3), ("win", 0, 0, again), ("bill", 0, 0, 5)))

    @pytest.mark.long
    def test_many_statements_add_up_hand_over_and_stay(self):
        self.check(1, EXAMPLES)
        sys.stdout.write(f"{EXAMPLES} stories\n")

    def tell(self, story):
        self.invoices, self.bills, self.told = self.env["account.move"], self.env["account.move"], {}
        for what, which, amount, days in story:
            self.pass_days(days)
            getattr(self, f"do_{what}")(which, float(amount))
        for _month in range(2):  # what is due then is billed and paid
            self.pass_days(31)
            self.do_bill(0, 0)
            for at in range(len(self.bills)):
                self.do_pay_bill(at, 0)
        self.pass_days(31)

    def pass_days(self, days):
        """At the end of each month look at its statement, and once more at all that was told before."""
        until = Date.today() + timedelta(days=days)
        while (last := Date.end_of(Date.today(), "month")) < until:
            self.go_to(last.isoformat())
            self.look(last)
            self.go_to((last + timedelta(days=1)).isoformat())
        self.go_to(until.isoformat())

    def rows(self, month):
        """The figures of each currency in that month, by its name; those of which nothing is told are left out."""
        first = Date.to_date(f"{month}-01")
        rows = self.env["partner.commission.movement"]._get_statement(
            self.ada, self.company, first, Date.end_of(first, "month")
        )
        figures = {row["currency"].name: {name: row[name] for name in FIGURES} for row in rows}
        return {currency: told for currency, told in figures.items() if any(told.values())}

    def look(self, day):
        self.assertAddsUp()
        self.told[day.isoformat()[:7]] = self.rows(day.isoformat()[:7])
        closing = {}
        for month, told in self.told.items():
            now = self.rows(month)
            self.assertEqual(now, told, f"{month} was told otherwise")
            for currency, row in now.items():
                moved = row["earned"] + row["correction"] - row["paid"] - row["set_off"]
                self.assertEqual(row["closing"], round(row["opening"] + moved, 2))
                self.assertEqual(row["closing"], round(row["on_bills"] + row["not_billed"], 2))
                self.assertEqual(row["opening"], closing.get(currency, 0.0), f"{currency} is handed over to {month}")
            for currency in closing.keys() - now.keys():
                self.assertEqual(closing[currency], 0.0)
            closing = {currency: row["closing"] for currency, row in now.items()}
        for row in self.env["partner.commission.movement"]._get_months(self.ada, self.company):
            told = self.told.get(row["month"].isoformat()[:7])
            if told is not None:
                zeros = dict.fromkeys(FIGURES, 0.0)
                self.assertEqual({name: row[name] for name in FIGURES}, told.get(row["currency"].name, zeros))

    # ------------------------------------------------------------
    # WHAT HAPPENS
    # ------------------------------------------------------------

    def pick(self, records, which):
        return records[which % len(records)] if records else records

    def standing(self):
        """Invoices that are posted."""
        return self.invoices.filtered(lambda move: move.state == "posted")

    def bills_in(self, state):
        self.bills = self.bills.exists()
        return self.bills.filtered(lambda bill: bill.state == state and bill.payment_state != "reversed")

    def do_invoice(self, which, amount):
        self.invoices += self.invoice(amount, currency_id=self.pick(self.currencies, which).id)

    def do_pay(self, which, _amount, on=None):
        if move := self.pick(self.standing().filtered("amount_residual"), which):
            self.pay(move, on=on, currency_id=move.currency_id.id)

    def do_pay_late(self, which, amount):
        """Paid some days ago, perhaps in the month before; told now."""
        self.do_pay(which, amount, on=Date.today() - timedelta(days=10))

    def do_credit(self, which, amount):
        def left(move):
            return move.amount_total - sum(move.reversal_move_ids.mapped("amount_total"))

        if move := self.pick(self.standing().filtered(lambda move: left(move) > 0), which):
            self.credit(move, min(amount, round(left(move), 2)))

    def do_reverse(self, which, _amount):
        """The whole invoice is taken back, its payment freed."""
        if move := self.pick(self.standing().filtered(lambda move: not move.reversal_move_ids), which):
            move._reverse_moves([{"invoice_date": Date.today(), "date": Date.today()}], cancel=True)

    def do_cancel(self, which, _amount):
        if move := self.pick(self.standing(), which):
            move.button_draft()
            move.button_cancel()

    def do_win(self, _which, _amount):
        """The lead leaves Won, or comes back."""
        lead = self.referral.lead_id
        if lead.won_status == "won":
            lead.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        else:
            lead.action_set_won()

    def do_undo(self, which, _amount):
        if move := self.pick(self.standing().filtered(lambda move: move.payment_state == "paid"), which):
            move.line_ids.remove_move_reconcile()

    def do_reset_payment(self, which, _amount):
        """Reset to draft, or posted again."""
        payments = self.env["account.payment"].search([("partner_id", "=", self.client.id)], order="id")
        if payment := self.pick(payments, which):
            payment.action_post() if payment.state == "draft" else payment.action_draft()

    def do_write_off(self, which, _amount):
        local = self.standing().filtered(lambda move: move.amount_residual and move.currency_id == self.currencies[0])
        if move := self.pick(local, which):
            self.reconcile(move, self.journal_entry(move.amount_residual))

    def lines(self):
        return self.env["partner.commission.line"].search([("partner_id", "=", self.ada.id)], order="id")

    def do_hold(self, which, _amount):
        if line := self.pick(self.lines(), which):
            line.write({"held_by_hand": not line.held_by_hand, "manual_hold_reason": "Checking"})

    def do_question(self, which, _amount):
        Question = self.env["partner.commission.question"]
        if open_question := Question.search([("state", "=", "open")], limit=1):
            open_question.write({"answer": "Looked at", "outcome": "confirmed"})
            open_question.action_answer()
        elif line := self.pick(self.lines().filtered(lambda line: line.state == "earned"), which):
            Question.create({"commission_line_id": line.id, "question": "Why?", "asked_by_id": self.ada.id})

    def do_change_rate(self, which, _amount):
        self.referral.commission_rate = self.pick([5.0, 7.5, 20.0], which)

    def do_bill(self, which, amount):
        self.do_draft(which, amount)
        self.do_post(which, amount)

    def do_draft(self, _which, _amount):
        self.bills = self.bills.exists() | self.run_bills()

    def do_post(self, _which, _amount):
        self.bills_in("draft").action_post()

    def do_delete_draft(self, which, _amount):
        if bill := self.pick(self.bills_in("draft").filtered(lambda bill: not bill.posted_before), which):
            bill.unlink()

    def do_reset_bill(self, which, _amount):
        if bill := self.pick(self.bills_in("posted"), which):
            bill.button_draft()

    def do_reverse_bill(self, which, _amount):
        if bill := self.pick(self.bills_in("posted"), which):
            bill._reverse_moves([{"invoice_date": Date.today(), "date": Date.today()}], cancel=True)

    def open_bill(self, which):
        return self.pick(self.bills_in("posted").filtered("amount_residual"), which)

    def do_pay_bill(self, which, _amount, **vals):
        if bill := self.open_bill(which):
            self.pay(bill, currency_id=bill.currency_id.id, **vals)

    def do_pay_bill_late(self, which, amount):
        self.do_pay_bill(which, amount, on=Date.today() - timedelta(days=10))

    def do_pay_bill_part(self, which, amount):
        if bill := self.open_bill(which):
            self.pay(bill, min(amount, bill.amount_residual), currency_id=bill.currency_id.id)

    def do_undo_bill_payment(self, which, _amount):
        if bill := self.pick(self.bills_in("posted").filtered(lambda bill: bill.payment_state == "paid"), which):
            bill.line_ids.remove_move_reconcile()

    def do_set_off(self, which, _amount):
        """A refund of the partner for something else pays the bill, or a part of it."""
        if bill := self.open_bill(which):
            refund = self.env["account.move"].create(
                {
                    "move_type": "in_refund",
                    "partner_id": self.ada.id,
                    "invoice_date": Date.today(),
                    "currency_id": bill.currency_id.id,
                    "invoice_line_ids": [
                        Command.create({"name": "Overpaid rent", "price_unit": 10.0, "tax_ids": [Command.clear()]})
                    ],
                }
            )
            refund.action_post()
            payable = (bill + refund).line_ids.filtered(
                lambda line: line.account_type == "liability_payable" and not line.reconciled
            )
            payable.reconcile()
