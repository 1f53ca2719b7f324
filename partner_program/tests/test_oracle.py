"""The ledger against the oracle: what hypothesis thinks of, done in Odoo and in plain Python; equal to the cent."""

import logging
import os
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from odoo.fields import Date

from .common import START, PartnerProgramCommon
from .oracle import Bill, Books, Invoice

_logger = logging.getLogger(__name__)

SEEDS = range(1, 41)  # of the long run: each replays its operations exactly
STEPS = 50
EXAMPLES = 5  # 40 seeds × 5 examples × 50 steps = 10,000 operations

operations = Counter()
amounts = st.decimals("1", "2000", places=2)
shares = st.sampled_from([Decimal("0.25"), Decimal("0.5"), Decimal("0.75")])
picks = st.integers(0, 10**6)


class LedgerMachine(RuleBasedStateMachine):
    """Each rule does the same in Odoo and in the oracle's books."""

    case = None  # the test case that lends its database

    def __init__(self):
        super().__init__()
        case = self.case
        case.go_to(START)
        case.env.flush_all()
        self.savepoint = case.cr.savepoint(flush=False)
        self.clients = {"cobalt": case.client, "delta": case.other_client}
        self.books = Books({"cobalt": "ada", "delta": "ada"}, {"cobalt": Decimal(5), "delta": Decimal(5)})
        self.moves, self.bills = [], []

    def teardown(self):
        self.case.env.flush_all()
        self.savepoint.rollback()
        self.savepoint.close(rollback=False)
        self.case.env.transaction.clear()
        self.case.env.registry.clear_cache()

    # ------------------------------------------------------------
    # HELPERS
    # ------------------------------------------------------------

    @property
    def today(self) -> date:
        return Date.today()

    def pick(self, number, candidates):
        return candidates[number % len(candidates)]

    def open_invoices(self):
        return [n for n, i in enumerate(self.books.invoices) if i.residual > 0 and not i.cancelled and not i.draft]

    def bills_in(self, *states):
        return [n for n, bill in enumerate(self.books.bills) if bill.state in states]

    # ------------------------------------------------------------
    # INVOICES
    # ------------------------------------------------------------

    @rule(client=st.sampled_from(["cobalt", "delta"]), amount=amounts, foreign=st.booleans(), contact=st.booleans())
    def invoice(self, client, amount, foreign, contact):
        operations["invoice"] += 1
        currency = self.case.other_currency if foreign else self.case.company.currency_id
        partner = self.case.client_contact if contact and client == "cobalt" else self.clients[client]
        self.moves.append(self.case.invoice(float(amount), client=partner, currency_id=currency.id))
        self.books.invoices.append(Invoice(client, currency.name, self.today, amount))

    @precondition(lambda self: self.open_invoices())
    @rule(number=picks, share=shares)
    def pay_part(self, number, share):
        operations["pay part"] += 1
        self._pay(number, share)

    @precondition(lambda self: self.open_invoices())
    @rule(number=picks)
    def pay_full(self, number):
        operations["pay in full"] += 1
        self._pay(number, Decimal(1))

    @precondition(lambda self: self.open_invoices())
    @rule(number=picks)
    def pay_too_much(self, number):
        operations["pay too much"] += 1
        self._pay(number, Decimal("1.5"))

    def _pay(self, number, share):
        number = self.pick(number, self.open_invoices())
        invoice = self.books.invoices[number]
        amount = max((invoice.residual * share).quantize(Decimal("0.01")), Decimal("0.01"))
        self.case.pay(self.moves[number], float(amount), currency_id=self.moves[number].currency_id.id)
        invoice.payments.append((min(amount, invoice.residual), self.today))

    @precondition(lambda self: [n for n in self.open_invoices() if not self.case_foreign(n)])
    @rule(number=picks, share=st.sampled_from([Decimal("0.5"), Decimal(1)]))
    def write_off_bad_debt(self, number, share):
        operations["write off"] += 1
        number = self.pick(number, [n for n in self.open_invoices() if not self.case_foreign(n)])
        invoice = self.books.invoices[number]
        amount = max((invoice.residual * share).quantize(Decimal("0.01")), Decimal("0.01"))
        entry = self.case.journal_entry(float(amount), client=self.clients[invoice.client])
        self.case.reconcile(self.moves[number], entry)
        invoice.written_off.append((amount, self.today))

    def case_foreign(self, number):
        return self.moves[number].currency_id != self.case.company.currency_id

    @precondition(lambda self: any(not i.cancelled and not i.draft for i in self.books.invoices))
    @rule(number=picks, share=st.sampled_from([Decimal("0.5"), Decimal(1)]))
    def credit(self, number, share):
        operations["credit"] += 1
        numbers = [n for n, i in enumerate(self.books.invoices) if not i.cancelled and not i.draft]
        number = self.pick(number, numbers)
        invoice, move = self.books.invoices[number], self.moves[number]
        amount = max((invoice.total * share).quantize(Decimal("0.01")), Decimal("0.01"))
        self.case.credit(move, float(amount))
        # Odoo closes with it what is open of the invoice that it names, when it is posted.
        invoice.credits.append([amount, min(amount, invoice.residual), self.today])

    @precondition(lambda self: any(i.payments or i.written_off for i in self.books.invoices))
    @rule(number=picks)
    def undo_all_payments(self, number):
        operations["undo payments"] += 1
        number = self.pick(number, [n for n, i in enumerate(self.books.invoices) if i.payments or i.written_off])
        self.moves[number].line_ids.remove_move_reconcile()
        self._undone(number)

    def _undone(self, number):
        invoice = self.books.invoices[number]
        invoice.payments, invoice.written_off = [], []
        for credit in invoice.credits:
            credit[1] = Decimal(0)

    @precondition(lambda self: any(not i.cancelled and not i.draft for i in self.books.invoices))
    @rule(number=picks)
    def cancel_invoice(self, number):
        operations["cancel invoice"] += 1
        numbers = [n for n, i in enumerate(self.books.invoices) if not i.cancelled and not i.draft]
        number = self.pick(number, numbers)
        self.moves[number].button_draft()
        self.moves[number].button_cancel()
        self._undone(number)
        self.books.invoices[number].cancelled = True

    @precondition(lambda self: any(not i.cancelled for i in self.books.invoices))
    @rule(number=picks)
    def reset_or_post_again(self, number):
        operations["reset or post again"] += 1
        number = self.pick(number, [n for n, i in enumerate(self.books.invoices) if not i.cancelled])
        invoice = self.books.invoices[number]
        if invoice.draft:
            self.moves[number].action_post()
        else:
            self.moves[number].button_draft()  # stays reconciled in Odoo 19
        invoice.draft = not invoice.draft

    # ------------------------------------------------------------
    # TERMS, HOLDS, TIME
    # ------------------------------------------------------------

    @rule(client=st.sampled_from(["cobalt", "delta"]), rate=st.sampled_from(["5", "7.5", "20"]))
    def change_rate_of_one_referral(self, client, rate):
        operations["change rate"] += 1
        self.case.referrals[client].commission_rate = float(rate)
        self.books.rates[client] = Decimal(rate)

    @rule(rate=st.sampled_from([5.0, 33.0]))
    def change_program(self, rate):
        operations["change program"] += 1
        self.case.program_referral.commission_rate = rate  # touches later referrals only (D7)

    @precondition(lambda self: self.books.invoices)
    @rule(number=picks)
    def hold_or_release(self, number):
        operations["hold or release"] += 1
        number = number % len(self.books.invoices)
        line = self.case.line_of(self.moves[number])
        if number in self.books.held:
            line.action_release()
        else:
            line.write({"held_by_hand": True, "manual_hold_reason": "Checking"})
        self.books.held ^= {number}

    @rule()
    def suspend_or_resume(self):
        operations["suspend or resume"] += 1
        suspended = "ada" in self.books.suspended
        self.case.enrollment_ada.state = "active" if suspended else "suspended"
        self.books.suspended ^= {"ada"}

    @precondition(lambda self: self.today < date(2026, 10, 1))
    @rule(days=st.sampled_from([1, 10, 29, 30, 31]))
    def time_passes(self, days):
        operations["time passes"] += 1
        self.case.go_to(str(self.today + timedelta(days=days)))

    # ------------------------------------------------------------
    # BILLS
    # ------------------------------------------------------------

    @rule()
    def run(self):
        operations["run"] += 1
        self._run()

    @rule()
    def run_after_a_month(self):
        operations["run after a month"] += 1
        if self.today < date(2026, 10, 1):
            self.case.go_to(str(self.today + timedelta(days=31)))
        self._run()

    def _run(self):
        self.case.run_bills()
        self.books.run(self.today)
        known = {bill.id for bill in self.bills}
        drafts = self.case.env["account.move"].search(
            [("commission_billing_ids", "!=", False), ("state", "=", "draft"), ("id", "not in", list(known))]
        )
        for bill in self.books.bills[len(self.bills) :]:
            made = drafts.filtered(lambda move, bill=bill: move.currency_id.name == bill.currency)
            assert len(made) == 1, f"one new draft for {bill}, found {drafts}"
            self.bills.append(made)
            drafts -= made
        assert not drafts, f"nobody asked for {drafts}"

    @precondition(lambda self: self.bills_in("draft", "reset"))
    @rule(number=picks)
    def post_bill(self, number):
        operations["post bill"] += 1
        number = self.pick(number, self.bills_in("draft", "reset"))
        self.bills[number].action_post()
        self.books.bills[number].state = "posted"

    @precondition(lambda self: self.bills_in("posted"))
    @rule(number=picks)
    def pay_bill(self, number):
        operations["pay bill"] += 1
        number = self.pick(number, self.bills_in("posted"))
        self.case.pay(self.bills[number])
        self.books.bills[number].state = "paid"

    @precondition(lambda self: self.bills_in("posted", "paid"))
    @rule(number=picks)
    def reset_bill(self, number):
        operations["reset bill"] += 1
        number = self.pick(number, self.bills_in("posted", "paid"))
        self.bills[number].button_draft()
        self.books.bills[number].state = "reset"

    @precondition(lambda self: self.bills_in("draft", "reset"))
    @rule(number=picks)
    def cancel_bill(self, number):
        operations["cancel bill"] += 1
        number = self.pick(number, self.bills_in("draft", "reset"))
        self.bills[number].button_cancel()
        self.books.bills[number].state = "cancel"

    @precondition(lambda self: self.bills_in("draft"))
    @rule(number=picks)
    def delete_bill(self, number):
        operations["delete bill"] += 1
        number = self.pick(number, self.bills_in("draft"))
        self.bills[number].unlink()
        self.books.bills[number].state = "deleted"

    # ------------------------------------------------------------
    # EQUAL TO THE CENT
    # ------------------------------------------------------------

    @invariant()
    def ledger_equals_oracle(self):
        self.case.all_referrals._sync_commission_lines()  # windows move at night or with an invoice
        self.books.look_at_windows()
        self.case.env.flush_all()
        self.case.env.invalidate_all()
        lines = self.case.env["partner.commission.line"].search([("referral_id", "in", self.case.all_referrals.ids)])
        found = {
            line.move_id.id: {
                **{
                    name: Decimal(str(line[fname])).quantize(Decimal("0.01"))
                    for name, fname in (
                        *(("amount", "amount"), ("earned", "earned_amount")),
                        *(("billed", "billed_amount"), ("open", "open_amount")),
                    )
                },
                "state": line.state,
                "due_on": line.due_on or None,
            }
            for line in lines
        }
        expected = {move.id: self.books.line(number) for number, move in enumerate(self.moves)}
        wrong = {
            self.moves[number]: (self.books.invoices[number], found.get(move.id), expected[move.id])
            for number, move in enumerate(self.moves)
            if found.get(move.id) != expected[move.id]
        }
        assert not wrong and len(found) == len(expected), f"facts, found, expected: {wrong}"
        for bill, move in zip(self.books.bills, self.bills, strict=True):
            if bill.state == "deleted":
                assert not move.exists()
            else:
                assert Decimal(str(move.amount_total)).quantize(Decimal("0.01")) == bill.total

    @invariant()
    def the_sweep_finds_nothing(self):
        if len(self.moves) % 3 == 0:
            assert self.case.env["partner.commission.line"].sudo()._cron_sync() == 0


class TestOracle(PartnerProgramCommon):
    def setUp(self):
        super().setUp()
        self.company.partner_program_alert_factor = 0
        self.other_currency = self.setup_other_currency("EUR", rates=[("2025-01-01", 2.0)])
        self.referrals = {"cobalt": self.acquired(), "delta": self.acquired(client=self.other_client)}
        self.all_referrals = self.referrals["cobalt"] + self.referrals["delta"]
        self.env.flush_all()

    def play(self, number, *, examples, steps):
        machine = type("Machine", (LedgerMachine,), {"case": self})
        run_state_machine_as_test(
            seed(number)(machine),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                phases=(Phase.generate, Phase.shrink) if os.environ.get("ORACLE_SHRINK") else (Phase.generate,),
                suppress_health_check=list(HealthCheck),
                print_blob=False,
            ),
        )

    def test_the_ledger_equals_the_oracle(self):
        self.play(0, examples=15, steps=40)

    @pytest.mark.long
    def test_the_ledger_equals_the_oracle_over_ten_thousand_operations(self):
        operations.clear()
        for number in SEEDS:
            with self.subTest(seed=number):
                self.play(number, examples=EXAMPLES, steps=STEPS)
        _logger.warning("%s operations: %s", operations.total(), dict(operations.most_common()))
        self.assertGreaterEqual(operations.total(), 10_000)

    def test_the_oracle_itself(self):
        """By hand: 5 % of 100.10 less a credit of 0.05 is 5.0025, so 5.00; due thirty days after the last payment."""
        books = Books({"c": "p"}, {"c": Decimal(5)})
        books.invoices.append(Invoice("c", "USD", date(2026, 1, 5), Decimal("100.10")))
        books.look_at_windows()
        self.assertEqual(books.line(0)["state"], "expected")
        books.invoices[0].payments.append((Decimal("100.10"), date(2026, 1, 10)))
        books.invoices[0].credits.append([Decimal("0.05"), Decimal(0), date(2026, 1, 12)])
        self.assertEqual((books.line(0)["earned"], books.line(0)["due_on"]), (Decimal("5.00"), date(2026, 2, 9)))
        books.run(date(2026, 2, 8))
        self.assertFalse(books.bills)
        books.run(date(2026, 2, 9))
        self.assertEqual(books.bills, [Bill("p", "USD", {0: Decimal("5.00")})])
