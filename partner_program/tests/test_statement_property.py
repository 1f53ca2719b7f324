"""Statements of random stories: they add up, hand over their balance, and never change what they told."""

import os
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.fields import Date

from .test_statement import FIGURES, StatementCommon

EXAMPLES = int(os.environ.get("STATEMENT_EXAMPLES", "3"))
steps = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "pay", "credit", "bill", "pay_bill", "pay_bill_part"]),
        st.integers(0, 10**6),  # which one
        st.decimals("1", "3000", places=2),
        st.integers(0, 25),  # days until then
    ),
    min_size=4,
    max_size=12,
)


class TestStatementProperty(StatementCommon):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < 20,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(steps)
    def check(self, story):
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

    def test_statements_add_up_hand_over_and_stay(self):
        self.acquired()
        self.check()

    def tell(self, story):
        self.invoices, self.bills, self.told = self.env["account.move"], self.env["account.move"], {}
        for what, which, amount, days in story:
            self.pass_days(days)
            getattr(self, f"do_{what}")(which, float(amount))
        for _month in range(3):  # what is due then is billed and paid
            self.pass_days(31)
            self.do_bill(0, 0)
            for at in range(len(self.bills)):
                self.do_pay_bill(at, 0)

    def pass_days(self, days):
        """At the end of each month look at its statement, and once more at all that was told before."""
        until = Date.today() + timedelta(days=days)
        while (last := Date.end_of(Date.today(), "month")) < until:
            self.go_to(last.isoformat())
            self.look(last)
            self.go_to((last + timedelta(days=1)).isoformat())
        self.go_to(until.isoformat())

    def look(self, day):
        self.assertAddsUp()
        month = day.isoformat()[:7]
        self.told[month] = self.statement(month)
        earlier = None
        for month, told in self.told.items():
            now = self.statement(month)
            self.assertEqual(now, told, f"{month} was told otherwise")
            self.assertEqual(now["closing"], round(now["opening"] + now["earned"] + now["correction"] - now["paid"], 2))
            self.assertEqual(now["closing"], round(now["on_bills"] + now["not_billed"], 2))
            if earlier:
                self.assertEqual(now["opening"], earlier["closing"])
            earlier = now
        months = self.env["partner.commission.movement"]._get_months(self.ada, self.company)
        for row in months:
            told = self.told.get(row["month"].isoformat()[:7])
            if told:
                self.assertEqual({name: row[name] for name in FIGURES}, told)

    # ------------------------------------------------------------
    # WHAT HAPPENS
    # ------------------------------------------------------------

    def pick(self, records, which):
        return records[which % len(records)] if records else records

    def do_invoice(self, _which, amount):
        self.invoices += self.invoice(amount)

    def do_pay(self, which, _amount):
        if move := self.pick(self.invoices.filtered("amount_residual"), which):
            self.pay(move)

    def do_credit(self, which, amount):
        def left(move):
            return move.amount_total - sum(move.reversal_move_ids.mapped("amount_total"))

        if move := self.pick(self.invoices.filtered(lambda move: left(move) > 0), which):
            self.credit(move, min(amount, round(left(move), 2)))

    def do_bill(self, _which, _amount):
        bills = self.run_bills().filtered(lambda bill: bill.state == "draft")
        bills.action_post()
        self.bills |= bills

    def do_pay_bill(self, which, _amount):
        if bill := self.pick(self.bills.filtered("amount_residual"), which):
            self.pay(bill)

    def do_pay_bill_part(self, which, amount):
        if bill := self.pick(self.bills.filtered("amount_residual"), which):
            self.pay(bill, min(amount, bill.amount_residual))
