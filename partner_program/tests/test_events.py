"""Level, not edge: events that are lost, doubled, shuffled or never happened leave the same ledger after the sweep."""

import random
from contextlib import contextmanager

import pytest

from odoo import SUPERUSER_ID
from odoo.fields import Date

from .common import PartnerProgramCommon
from .many_clients import ManyClients

# By which the add-on looks at rows again: after posting and paying; after winning and losing a lead.
HOOKS = ("_sync_for_invoices", "_sync_acquisition")
SWEEP_LOG = "odoo.addons.partner_program.models.partner_commission_line_sweep"


class TestEvents(PartnerProgramCommon):
    """One story, played again and again: every event once, then with events that come as they like.

    By day people work, and nothing that the add-on does on its own account can be relied upon. By night the scheduled
    actions run. The ledger in the end is the same as with every event once, to the cent.
    """

    def test_hooks_that_are_lost_doubled_or_shuffled_leave_the_same_ledger(self):
        expected = self.play(times=None)
        self.assertEqual(expected["lines"], EXPECTED_LINES, "the story is what its author meant")
        self.compare(expected, self.play(times=(0,)), "never called")
        self.compare(expected, self.play(times=(3,)), "always three times")
        for seed in range(2):
            self.compare(expected, self.play(times=(0, 1, 3), seed=seed), f"seed {seed}")

    @pytest.mark.long
    def test_hooks_that_are_called_none_one_or_three_times_in_any_order_leave_the_same_ledger(self):
        expected = self.play(times=None)
        for seed in range(2, 12):
            self.compare(expected, self.play(times=(0, 1, 3), seed=seed), f"seed {seed}")

    def compare(self, expected, seen, what):
        for table, rows in expected.items():
            self.assertEqual(seen[table], rows, f"{what}: {table}")

    # ------------------------------------------------------------
    # THE STORY
    # ------------------------------------------------------------

    def play(self, *, times, seed=0):
        """The ledger after the story, of which nothing remains.

        :param times: how often a hook may be called when it should be once; None: nothing is touched
        """
        self.env.flush_all()
        savepoint = self.cr.savepoint()
        with savepoint:
            self.go_to("2026-01-05")
            self.prepare()
            chance = random.Random(seed)
            for date, day in self.story().items():
                self.go_to(date)
                if times is None:
                    for happens in day:
                        happens()
                        self.env.flush_all()
                else:
                    with self.unreliable(chance, times) as deliver:
                        for happens in day:
                            happens()
                            self.env.flush_all()
                            deliver()
                self.env.invalidate_all()
                _bills, mended = self.run_all()
                if times is None:
                    self.assertEqual(mended, 0, f"{date}: the hooks had seen to everything")
            ledger = self.ledger()
            self.assertEqual(self.run_all(), (self.env["account.move"], 0), "nothing is left to mend or to bill")
            self.compare(ledger, self.ledger(), "run once more")
            savepoint.rollback()
        self.env.transaction.clear()
        self.clock.move_to("2026-01-05 09:00:00")
        return ledger

    def prepare(self):
        self.clients = self.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Alder", "Birch", "Cedar", "Dogwood")]
        )
        alder, birch, cedar, dogwood = self.clients
        self.alder, self.birch, self.cedar = (self.refer(client=client) for client in (alder, birch, cedar))
        self.dogwood = self.refer(enrollment=self.enrollment_byte, client=dogwood)
        self.invoices, self.payments = {}, {}

    def story(self):
        """What happens on which day; the lines say which figures come of it (``EXPECTED_LINES``)."""
        open_stage = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        return {
            "2026-01-06": [
                self.alder.lead_id.action_set_won,
                lambda: self.sell("alder 1", 1000),
                lambda: self.sell("birch 1", 500),  # before the lead is won
                lambda: self.cedar.lead_id.action_set_lost(),
                lambda: self.sell("dogwood 1", 300, product=self.starter),
            ],
            "2026-01-08": [
                self.birch.lead_id.action_set_won,
                lambda: self.receive("alder 1"),
                lambda: self.receive("dogwood 1"),  # acquires the affiliate's client
                self.cedar.lead_id.action_restore,
                self.cedar.lead_id.action_set_won,
                lambda: self.sell("cedar 1", 800),
            ],
            "2026-01-12": [
                lambda: self.credit(self.invoices["alder 1"], 200),
                lambda: self.bounce("dogwood 1"),
                lambda: self.sell("dogwood 2", 700),
                lambda: self.receive("cedar 1", 300),
                lambda: self.birch.lead_id.write({"stage_id": open_stage.id, "probability": 20}),
            ],
            "2026-01-20": [
                lambda: self.receive("dogwood 1"),
                self.birch.lead_id.action_set_won,
                lambda: self.receive("birch 1"),
                lambda: self.bounce("birch 1"),
                lambda: self.receive("birch 1"),
                lambda: self.sell("birch 2", 1200),
                self.reprice_birch_2,
            ],
            "2026-02-10": [  # alder 1 is on a draft bill since its pay-by date
                lambda: self.receive("cedar 1"),
                lambda: self.receive("dogwood 2"),
                lambda: self.credit(self.invoices["alder 1"], 300),
                self.enrollment_byte.action_suspend,
            ],
            "2026-02-19": [  # due: birch 1 and, held, dogwood 1
                self.post_drafts,
                lambda: self.receive("birch 2"),
                self.enrollment_byte.action_activate,
            ],
            "2026-03-12": [  # due: cedar 1 and dogwood 2
                lambda: self.bounce("birch 1"),
                self.cancel_bill_of_dogwood,
                lambda: self.sell("alder 2", 400),
                lambda: self.receive("alder 2"),
            ],
            "2026-03-21": [  # due: birch 2, less birch 1
                lambda: self.credit(self.invoices["cedar 1"]),
                self.post_drafts,
                self.pay_bills,
            ],
            "2026-04-11": [
                lambda: self.receive("birch 1"),
                self.post_drafts,
            ],
            "2026-05-11": [],  # due: birch 1 once more, and dogwood's second bill is out
            "2026-05-12": [self.post_drafts, self.pay_bills],
        }

    def sell(self, ref, amount, **vals):
        client = self.clients.filtered(lambda client: client.name.lower() == ref.split()[0])
        self.invoices[ref] = self.invoice(amount, client=client, ref=ref, **vals)

    def receive(self, ref, amount=None):
        self.payments[ref] = self.pay(self.invoices[ref], amount)

    def bounce(self, ref):
        self.payments[ref].action_cancel()

    def reprice_birch_2(self):
        self.invoices["birch 2"].button_draft()
        self.invoices["birch 2"].invoice_line_ids.price_unit = 1500
        self.invoices["birch 2"].action_post()

    def bills(self, state):
        return self.env["account.move"].search([("commission_billing_ids", "!=", False), ("state", "=", state)])

    def post_drafts(self):
        """As an accountant does: what has changed since the drafts were made is put right first."""
        for bill in self.bills("draft"):
            bill.action_update_from_ledger()
        self.bills("draft").action_post()

    def pay_bills(self):
        self.pay(self.bills("posted").filtered(lambda bill: bill.payment_state == "not_paid"))

    def cancel_bill_of_dogwood(self):
        bill = self.bills("draft").filtered(lambda bill: bill.partner_id == self.byte)
        self.assertTrue(bill)
        bill.button_cancel()

    # ------------------------------------------------------------
    # EVENTS THAT COME AS THEY LIKE
    # ------------------------------------------------------------

    @contextmanager
    def unreliable(self, chance, times):
        """Hooks are called later, as often as chance has it, in any order; so are the computations of the ledger.

        Yields a function to deliver some of the calls that are waiting; the others come at the end.
        """
        registry, waiting = self.env.registry, []
        Line, Referral = registry["partner.commission.line"], registry["partner.referral"]
        computes = {field.compute for field in Line._fields.values() if field.store and isinstance(field.compute, str)}
        originals = [
            *((Referral, name, getattr(Referral, name)) for name in HOOKS),
            *((Line, name, getattr(Line, name)) for name in computes),
        ]

        def later(original):
            def hook(records, *args, **kwargs):
                waiting.extend([lambda: original(records, *args, **kwargs)] * chance.choice(times))

            return hook

        def often(original):
            def compute(records):
                for _time in range(chance.choice(times)):
                    original(records)

            # What the ORM has noted on the method, such as what it depends on.
            compute.__dict__.update(original.__dict__)
            return compute

        def deliver(share=0.5):
            chance.shuffle(waiting)
            for _call in range(round(len(waiting) * share)):
                waiting.pop()()
                self.env.flush_all()

        for owner, name, original in originals:
            setattr(owner, name, (later if name in HOOKS else often)(original))
        try:
            yield deliver
            while waiting:
                deliver(1)
        finally:
            for owner, name, _original in originals:
                delattr(owner, name)

    def ledger(self):
        """All there is, by names instead of numbers."""
        self.env.flush_all()
        self.env.invalidate_all()
        names = ("state", "amount", "earned_amount", "billed_amount", "open_amount", "credited_amount")
        lines = self.env["partner.commission.line"].search([]).sorted(lambda line: line.move_id.ref)
        referrals = self.env["partner.referral"].search([("client_id", "in", self.clients.ids)])
        bills = self.bills("draft") + self.bills("posted") + self.bills("cancel")
        return {
            "lines": {line.move_id.ref: tuple(line[name] for name in names) for line in lines},
            "facts": {
                line.move_id.ref: (line.fully_paid_on, line.due_on, line.void_code, line.hold_code, line.bills_paid)
                for line in lines
            },
            "referrals": [
                (r.client_id.name, r.state, r.acquired_on, r.window_start, r.window_end, r.decision_reason)
                for r in referrals.sorted("client_id")
            ],
            "billings": sorted(
                (billing.commission_line_id.move_id.ref, billing.revision, billing.amount, billing.bill_id.state)
                for billing in bills.commission_billing_ids
            ),
            "bills": sorted(
                (
                    *(bill.partner_id.name, str(bill.invoice_date), str(bill.invoice_date_due)),
                    *(bill.state, bill.payment_state, bill.amount_total, sorted(bill.line_ids.mapped("balance"))),
                )
                for bill in bills
            ),
        }


# state, worth, earned, billed, open, credited
EXPECTED_LINES = {
    "alder 1": ("paid", 25.0, 25.0, 25.0, 0.0, 500.0),
    "alder 2": ("paid", 20.0, 20.0, 20.0, 0.0, 0.0),
    "birch 1": ("paid", 25.0, 25.0, 25.0, 0.0, 0.0),
    "birch 2": ("paid", 75.0, 75.0, 75.0, 0.0, 0.0),
    "cedar 1": ("void", 0.0, 0.0, 0.0, 0.0, 800.0),
    "dogwood 1": ("paid", 60.0, 60.0, 60.0, 0.0, 0.0),
    "dogwood 2": ("paid", 140.0, 140.0, 140.0, 0.0, 0.0),
}


# What happens behind the back of the ORM to a line whose invoice over 1,000.00 was paid on 5 January:
# {name: (how far it had come, SQL, what the sweep makes of it, whether billed money is concerned)}
UNDO_PAYMENT = """
    DELETE FROM account_partial_reconcile WHERE debit_move_id IN
        (SELECT id FROM account_move_line WHERE move_id = %(invoice)s);
    UPDATE account_move_line SET amount_residual = balance, amount_residual_currency = amount_currency,
           reconciled = FALSE, full_reconcile_id = NULL, matching_number = NULL
     WHERE move_id = %(invoice)s AND debit > 0;
    UPDATE account_move SET payment_state = 'not_paid', amount_residual = amount_total WHERE id = %(invoice)s"""
RECONCILE = """
    INSERT INTO account_partial_reconcile (debit_move_id, credit_move_id, amount, debit_amount_currency,
           credit_amount_currency, debit_currency_id, credit_currency_id, company_id, max_date)
    SELECT debit.id, credit.id, debit.balance, debit.balance, debit.balance, debit.currency_id, credit.currency_id,
           debit.company_id, credit.date
      FROM account_move_line debit
      JOIN account_move_line credit ON credit.account_id = debit.account_id AND credit.partner_id = debit.partner_id
     WHERE debit.move_id = %(invoice)s AND credit.credit > 0 AND credit.parent_state = 'posted';
    UPDATE account_move SET payment_state = 'paid', amount_residual = 0 WHERE id = %(invoice)s"""
OF_LINE = "UPDATE partner_commission_line SET {} WHERE id = %(line)s"
OF_BILL = "UPDATE account_move SET {} WHERE id = %(bill)s"
OF_REFERRAL = "UPDATE partner_referral SET {} WHERE id = %(referral)s"

AS_EARNED = {"state": "earned", "earned_amount": 50.0, "billed_amount": 0.0, "open_amount": 50.0, "hold_code": False}
AS_BILLED = {"state": "billed", "earned_amount": 50.0, "billed_amount": 50.0, "open_amount": 0.0, "hold_code": False}
TAKEN_BACK = {"state": "earned", "earned_amount": 0.0, "billed_amount": 50.0, "open_amount": -50.0}
BEHIND_THE_BACK = {
    # the books
    "payment undone": ("earned", UNDO_PAYMENT, {"state": "expected", "earned_amount": 0.0, "due_on": False}, False),
    "payment undone, billed": ("billed", UNDO_PAYMENT, TAKEN_BACK, True),
    "payment reconciled": ("prepaid", RECONCILE, {**AS_EARNED, "fully_paid_on": "2026-01-05"}, False),
    "only the payment state": (
        *("billed", "UPDATE account_move SET payment_state = 'not_paid' WHERE id = %(invoice)s"),
        *(TAKEN_BACK, True),
    ),
    "invoice cancelled": (
        *("billed", "UPDATE account_move SET state = 'cancel' WHERE id = %(invoice)s"),
        *({**TAKEN_BACK, "void_code": "cancelled", "amount": 0.0}, True),
    ),
    "credit note posted": (
        *(
            "billed",
            "UPDATE account_move SET state = 'posted', name = 'RBEHIND/1' WHERE reversed_entry_id = %(invoice)s",
        ),
        *({"state": "earned", "credited_amount": 300.0, "earned_amount": 35.0, "open_amount": -15.0}, True),
    ),
    # the bill
    "bill cancelled": ("billed", OF_BILL.format("state = 'cancel'"), AS_EARNED, True),
    "bill reversed": ("billed", OF_BILL.format("payment_state = 'reversed'"), AS_EARNED, True),
    "bill paid": ("billed", OF_BILL.format("payment_state = 'paid'"), {**AS_BILLED, "state": "paid"}, True),
    "bill deleted": ("billed", "DELETE FROM account_move WHERE id = %(bill)s", AS_EARNED, True),
    # the terms
    "rate": ("billed", OF_REFERRAL.format("commission_rate = 10"), {"state": "earned", "open_amount": 50.0}, True),
    "delay": ("earned", OF_REFERRAL.format("payout_delay_days = 90"), {**AS_EARNED, "due_on": "2026-04-05"}, False),
    "partner suspended": (
        *("earned", "UPDATE partner_program_enrollment SET state = 'suspended' WHERE id = %(enrollment)s"),
        *({**AS_EARNED, "state": "held", "hold_code": "suspended"}, False),
    ),
    "requirements": (
        *("earned", "UPDATE partner_program_enrollment SET requirements_met = FALSE WHERE id = %(enrollment)s"),
        *(AS_EARNED, False),
    ),
    # the ledger
    "row": ("earned", "DELETE FROM partner_commission_line WHERE id = %(line)s", AS_EARNED, False),
    **{
        assignment: (
            stage,
            OF_LINE.format(assignment),
            AS_BILLED if stage == "billed" else AS_EARNED,
            stage == "billed" or "billed_amount" in assignment,  # a bill may have vanished
        )
        for stage, assignment in (
            ("billed", "base_amount = 999"),
            ("billed", "credited_amount = 1"),
            ("billed", "amount = 49.99"),
            ("billed", "earned_amount = 50.01"),
            ("billed", "billed_amount = 0"),
            ("billed", "bills_paid = TRUE"),
            ("billed", "open_amount = 50"),
            ("billed", "state = 'earned'"),
            ("billed", "fully_paid_on = '2026-01-06'"),
            ("billed", "hold_code = 'manual'"),
            ("earned", "billed_amount = 50, open_amount = 0, state = 'billed'"),
            ("earned", "due_on = '2026-02-03'"),
            ("earned", "hold_code = 'requirements', state = 'held'"),
            ("earned", "void_code = 'credited'"),
            ("earned", "earned_amount = NULL, open_amount = NULL, state = NULL"),
            ("earned", "is_questioned = TRUE"),
            # what the row copies from referral and invoice
            ("earned", "partner_id = client_id"),
            ("billed", "client_id = partner_id"),
            ("billed", "rate = 7"),
            ("billed", "currency_id = NULL"),
            ("billed", "invoice_date = '2025-12-31'"),
        )
    },
}


class TestSweep(ManyClients, PartnerProgramCommon):
    """What nobody told the add-on, because it happened in the database: the sweep finds it, says so, mends it once."""

    def test_what_happened_behind_the_back_of_the_orm_is_mended_counted_logged_and_told(self):
        lines = self.prepare_lines()
        for name, line in lines.items():
            self.behind_the_back(BEHIND_THE_BACK[name][1], line)
        with self.assertLogs(SWEEP_LOG, "WARNING") as log:
            mended = self.sweep()
        self.check_figures(lines)
        # "requirements" is no row of the ledger: what it says of the line is as before.
        # Two bills are others now, and statements tell that too.
        self.assertEqual(mended, len(BEHIND_THE_BACK) - 1 + 2)
        self.assertIn("bills in statements: 2", log.output[-1])
        (message,) = [record.getMessage() for record in log.records if "the sweep mended" in record.getMessage()]
        self.assertIn(f"the sweep mended {mended} rows", message)
        for reason in ("created", "earned_amount", "billed_amount", "open_amount", "hold_code", "state", "due_on"):
            self.assertIn(f"{reason}: ", message)

        told = {
            name
            for name, referral in self.referrals.items()
            if "A billed commission was corrected" in referral.activity_ids.mapped("summary")
        }
        concerned = {name for name, (*_rest, is_concerned) in BEHIND_THE_BACK.items() if is_concerned}
        self.assertEqual(told, concerned)

        with self.assertNoLogs(SWEEP_LOG, "WARNING"):
            self.assertEqual(self.sweep(), 0, "the second sweep has nothing to do")
        self.check_figures(lines)

    def test_a_run_bills_what_the_facts_say_not_what_a_stale_row_says(self):
        lines = self.prepare_lines()
        unfit = ("row", "partner_id = client_id")  # gone, or another's until the sweep
        names = [name for name, (stage, *_rest) in BEHIND_THE_BACK.items() if stage == "earned" and name not in unfit]
        for name in names:
            self.behind_the_back(BEHIND_THE_BACK[name][1], lines[name])
        self.env.invalidate_all()
        self.run_bills("2026-02-04")
        billed = {name: sum(lines[name].billing_ids.mapped("amount")) for name in names}
        # What looks as if it were not due is skipped, until the sweep has mended it.
        self.assertLessEqual(set(billed.values()), {0.0, 50.0})
        nothing = {"payment undone", "delay", "partner suspended"}
        self.assertFalse({name for name in nothing if billed[name]})
        self.sweep()
        self.run_bills("2026-02-04")
        billed = {name: sum(lines[name].billing_ids.mapped("amount")) for name in names}
        self.assertEqual(billed, {name: 0.0 if name in nothing else 50.0 for name in names})

    def test_a_run_pays_the_partner_of_the_referral_not_the_one_that_a_stale_row_names(self):
        line = self.earned_line()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE partner_commission_line SET partner_id = %s, client_id = %s WHERE id = %s",
            [self.byte.id, self.other_client.id, line.id],
        )
        self.env.invalidate_all()
        bill = self.run_bills()
        self.assertBill(bill, partner_id=self.ada.id, amount_untaxed=50.0, lines=[(self.client, 50.0)])
        self.assertEqual((line.partner_id, line.client_id), (self.ada, self.client))

    def test_claims_that_moved_behind_the_back_of_the_orm_are_found_by_the_daily_job(self):
        sql = {
            "taken back": OF_REFERRAL.format("state = 'accepted', acquired_on = NULL"),
            "window lost": OF_REFERRAL.format("window_start = NULL, window_end = NULL"),
            "completed too early": OF_REFERRAL.format("state = 'completed'"),
            "not watched": "UPDATE res_partner SET referral_watch = NULL WHERE id = %(client)s",
        }
        referrals = dict(zip(sql, self.acquire_many(list(sql), self.program_referral), strict=True))
        invoices = self.invoice_many(self.env["partner.referral"].union(*referrals.values()), 1000.0)
        lines = {name: self.line_of(invoice) for name, invoice in zip(sql, invoices, strict=True)}
        self.env.flush_all()
        facts = ["state", "acquired_on", "window_start", "window_end", "decision_reason", "client_id"]
        before = {name: referral.read(facts) for name, referral in referrals.items()}
        self.referrals = referrals
        for name, query in sql.items():
            self.behind_the_back(query, lines[name])
        later = self.invoice_many(self.env["partner.referral"].union(*referrals.values()), 500.0)
        # A lead that was won, and lost, by SQL.
        won, lost = (self.refer(client=client) for client in (self.client, self.other_client))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET won_status = 'won', date_closed = %s WHERE id = %s",
            ["2026-01-05 09:00", won.lead_id.id],
        )
        self.env.cr.execute("UPDATE crm_lead SET won_status = 'lost' WHERE id = %s", [lost.lead_id.id])
        of_won = self.invoice(1000.0)
        self.env.invalidate_all()
        self.run_all()
        for name, referral in referrals.items():
            self.assertEqual(referral.read(facts), before[name], name)
        for invoice in later:
            self.assertLine(self.line_of(invoice), state="expected", amount=25.0)
        self.assertEqual((won.state, lost.state), ("acquired", "lost"))
        self.assertLine(self.line_of(of_won), state="expected", amount=50.0)
        self.assertEqual(self.sweep(), 0)

    def prepare_lines(self):
        """``{name of the case: its line}``, each with a client and a partner of its own."""
        early = self.program_referral.copy({"name": "Early bills", "bill_lead_days": 30})
        names = {"billed": [], "earned": [], "prepaid": []}
        for name, (stage, *_rest) in BEHIND_THE_BACK.items():
            names[stage].append(name)
        self.referrals, invoices = {}, {}
        for stage, of_stage in names.items():
            referrals = self.acquire_many(of_stage, early if stage == "billed" else self.program_referral)
            self.referrals |= dict(zip(of_stage, referrals, strict=True))
            invoices |= dict(zip(of_stage, self.invoice_many(referrals, 1000.0), strict=True))
        self.pay_many({invoices[name]: 1000.0 for name in names["billed"] + names["earned"]})
        for name in names["prepaid"]:
            self.pay_many({invoices[name]: 1000.0})
            invoices[name].line_ids.remove_move_reconcile()
        self.credit(invoices["credit note posted"], 300.0, post=False)
        bills = self.run_bills()
        self.assertEqual(len(bills), len(names["billed"]))
        bills.action_post()
        lines = {name: self.line_of(invoice) for name, invoice in invoices.items()}
        for stage, expected in (("billed", AS_BILLED), ("earned", AS_EARNED)):
            for name in names[stage]:
                self.assertLine(lines[name], **expected)
        self.assertEqual(self.sweep(), 0, "nothing is wrong yet")
        return lines

    def behind_the_back(self, query, line):
        self.env.flush_all()
        self.env.cr.execute(
            query,
            {
                "line": line.id,
                "invoice": line.move_id.id,
                "bill": line.billing_ids.bill_id.id,
                "referral": line.referral_id.id,
                "enrollment": line.enrollment_id.id,
                "client": line.client_id.id,
            },
        )
        self.env.invalidate_all()

    def sweep(self):
        mended = self.env["partner.commission.line"].with_user(SUPERUSER_ID)._cron_sync()
        self.env.flush_all()
        self.env.invalidate_all()
        return mended

    def check_figures(self, lines):
        wrong = []
        for name, line in lines.items():
            if not line.exists():
                line = self.env["partner.commission.line"].search([("referral_id", "=", self.referrals[name].id)])
            for fname, value in BEHIND_THE_BACK[name][2].items():
                seen = Date.to_string(line[fname]) if fname in ("due_on", "fully_paid_on") else line[fname]
                if seen != value:
                    wrong.append(f"{name}: {fname} is {seen}, not {value}")
            referral, move = line.referral_id, line.move_id
            origin = (referral.partner_id, referral.client_id, referral.commission_rate)
            if (line.partner_id, line.client_id, line.rate) != origin:
                wrong.append(f"{name}: partner, client or rate is not that of the referral")
            if (line.currency_id, line.invoice_date) != (move.currency_id, move.invoice_date):
                wrong.append(f"{name}: currency or date is not that of the invoice")
        if wrong:
            self.fail("\n".join(wrong))
