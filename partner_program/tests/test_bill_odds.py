"""Odd turns in the life of a commission bill: emptied fields, later posting, cancelling (DESIGN, invariants 2, 7)."""

from unittest.mock import patch

from odoo.fields import Date
from odoo.tests import tagged

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestBillOdds(PartnerProgramCommon):
    def other_paid(self, amount=3000, **vals):
        invoice = self.invoice(amount, **vals)
        self.pay(invoice)
        return invoice

    def test_a_bill_that_odoo_posts_later_stays_to_be_approved(self):
        line = self.billed_line(post=False)
        bill = line.billing_ids.bill_id
        bill.date = "2026-03-15"
        self.env["validate.account.move"].with_context(active_model="account.move", active_ids=bill.ids).create(
            {"force_post": False}
        ).validate_move()
        self.assertEqual(bill.state, "draft")
        self.assertTrue(bill.activity_ids, "Odoo posts it on its day, or refuses to")
        self.go_to("2026-03-15")
        bill._post(soft=False)
        self.assertFalse(bill.activity_ids)

    def test_p11_what_is_added_to_a_bill_that_was_confirmed_for_later_is_approved_again(self):
        line = self.billed_line(post=False)
        bill = line.billing_ids.bill_id
        bill.date = "2026-03-15"
        self.env["validate.account.move"].with_context(active_model="account.move", active_ids=bill.ids).create(
            {"force_post": False}
        ).validate_move()
        bill.activity_ids.action_done()
        self.assertEqual((bill.state, bill.auto_post), ("draft", "at_date"))
        other = self.other_paid(400)
        self.assertEqual(self.run_bills("2026-03-06"), bill)
        self.assertRecordValues(bill, [{"auto_post": "no", "amount_total": 70.0}])
        self.assertEqual(len(bill.activity_ids), 1)
        told = "".join(bill.message_ids.mapped("body")).replace("&nbsp;", " ")
        self.assertIn(f"Added, so please confirm it again: Cobalt Clinics · {other.name} ($ 20.00)", told)

    def test_what_leaves_a_bill_that_was_confirmed_for_later_needs_no_approval(self):
        bill = self.billed_line(post=False).billing_ids.bill_id
        other = self.billed_beside(bill)
        told = "".join(bill.message_ids.mapped("body")).replace("&nbsp;", " ")
        self.assertIn(f"Added: Cobalt Clinics · {other.move_id.name} ($ 20.00)", told)
        self.assertEqual(len(bill.activity_ids), 1, "the one that was open already")
        bill.write({"date": "2026-03-15", "auto_post": "at_date"})
        other.write({"held_by_hand": True})
        self.assertRecordValues(bill, [{"auto_post": "at_date", "amount_total": 50.0}])

    def test_inv4_a_run_over_what_is_carried_forward_writes_nothing(self):
        line = self.billed_line()
        self.credit(line.move_id)
        before = self.enrollment_ada.last_billed_on
        self.assertFalse(self.run_bills("2026-02-05"))
        self.assertLine(line, state="earned", open_amount=-50.0)
        self.assertEqual(self.enrollment_ada.last_billed_on, before)

    def test_d6_a_correction_does_not_make_the_draft_due_when_something_else_leaves_it(self):
        line = self.billed_line()
        self.other_paid()  # due on 6 March
        other = self.other_paid(500, client=self.client)
        self.credit(line.move_id, amount=400)
        bill = self.run_bills("2026-03-06")
        self.assertIn(line, bill.commission_billing_ids.commission_line_id)
        self.assertEqual(bill.invoice_date_due, Date.to_date("2026-03-06"))
        self.line_of(other).write({"held_by_hand": True})
        self.assertBill(bill, amount_total=130.0, invoice_date_due="2026-03-06")

    def test_a_draft_without_due_date_is_extended(self):
        bill = self.billed_line(post=False).billing_ids.bill_id
        extra = self.billed_beside(bill)
        bill.invoice_date_due = False
        self.credit(extra.move_id, amount=100)
        self.assertEqual(self.run_bills(), bill)
        self.assertEqual(bill.amount_total, 65.0)
        self.assertTrue(bill.invoice_date_due)

    def test_a_draft_line_that_was_written_in_another_way_is_extended(self):
        bill = self.billed_line(post=False).billing_ids.bill_id
        bill.invoice_line_ids.write({"quantity": 4, "price_unit": 25.0, "discount": 50.0})
        self.billed_beside(bill)
        self.assertBill(bill, amount_total=70.0, lines=[(self.client, 70.0)])

    def billed_beside(self, bill):
        line = self.line_of(self.other_paid(400))
        self.assertEqual(self.run_bills("2026-03-06"), bill)
        self.assertEqual(line.state, "billed")
        return line

    def test_an_invoice_without_a_number_is_corrected(self):
        line = self.billed_line()
        self.other_paid()
        line.move_id.button_draft()
        line.move_id.name = False
        bill = self.run_bills("2026-03-06")
        self.assertBill(bill, amount_total=100.0, lines=[(self.client, 100.0)])
        self.assertIn("draft invoice", bill.invoice_line_ids.name)

    def test_inv7_a_cancelled_correction_comes_back(self):
        line = self.billed_line()
        self.other_paid()
        self.credit(line.move_id, amount=400)
        bill = self.run_bills("2026-03-06")
        bill.action_post()
        bill.button_draft()
        bill.button_cancel()
        self.assertLine(line, billed_amount=50.0, open_amount=-20.0)
        bill.button_draft()
        bill.action_post()
        self.assertLine(line, billed_amount=30.0, open_amount=0.0)

    def history(self, line):
        line = line.with_user(self.portal_ada)
        return [(step["text"], step["amount"]) for step in line._get_portal_history()][2:]

    def test_a_draft_that_was_cancelled_is_no_bill_to_the_partner(self):
        line = self.billed_line(post=False)
        line.billing_ids.bill_id.button_cancel()
        self.assertEqual(self.history(line), [])
        again = self.run_bills()
        again.action_post()
        self.assertEqual(self.history(line), [(f"Billed on {again.name}", 50.0)])

    def test_a_written_off_invoice_is_not_called_paid(self):
        line = self.billed_line()
        line.move_id.line_ids.remove_move_reconcile()
        self.reconcile(line.move_id, self.journal_entry(1000))
        told = [step["text"] for step in line.with_user(self.portal_ada)._get_portal_history()]
        self.assertEqual(told[1], "Written off")

    def test_what_was_taken_back_and_billed_again_is_not_called_corrected(self):
        line = self.billed_line()
        first = line.billing_ids.bill_id
        first.button_draft()
        first.button_cancel()
        again = self.run_bills()
        again.action_post()
        self.assertEqual(
            self.history(line),
            [
                (f"Billed on {first.name}", 50.0),
                (f"Bill {first.name} was taken back", -50.0),
                (f"Billed on {again.name}", 50.0),
            ],
        )

    def test_inv7_of_two_cancelled_bills_with_the_same_commission_one_comes_back(self):
        line = self.billed_line()
        first = line.billing_ids.bill_id
        first.button_draft()
        first.button_cancel()
        second = self.run_bills()
        second.button_cancel()
        with self.assertRefused("carry the same commissions: bring one of them back"):
            (first + second).button_draft()
        second.button_draft()
        self.assertLine(line, billed_amount=50.0, open_amount=0.0)
        with self.assertRefused("have been billed again on"):
            first.button_draft()

    def cancelled_bill(self):
        """A bill that was posted and then cancelled, and the one commission that it carries."""
        line = self.billed_line()
        bill = line.billing_ids.bill_id
        bill.button_draft()
        bill.button_cancel()
        self.assertLine(line, state="earned", open_amount=50.0)
        return bill, line

    def test_inv3_a_cancelled_bill_does_not_come_back_with_what_is_on_hold(self):
        bill, line = self.cancelled_bill()
        line.write({"held_by_hand": True, "manual_hold_reason": "Dispute"})
        with self.assertRefused(rf"carries .* on hold: .*{line.move_id.name} \(Dispute\).* Leave it as it is"):
            bill.with_user(self.accountant).button_draft()
        line.action_release()
        bill.with_user(self.accountant).button_draft()
        self.assertLine(line, state="billed", billed_amount=50.0)

    def test_inv3_a_cancelled_bill_does_not_come_back_with_what_is_worth_less(self):
        bill, line = self.cancelled_bill()
        self.credit(line.move_id, amount=400)
        with self.assertRefused(rf"not worth any more what .* {line.move_id.name}\. Leave it as it is"):
            bill.with_user(self.accountant).button_draft()
        self.assertBill(self.run_bills(), amount_total=30.0, lines=[(self.client, 30.0)])

    def test_inv3_a_cancelled_draft_comes_back_with_what_is_on_hold_and_is_not_posted(self):
        line = self.billed_line(post=False)
        bill = line.billing_ids.bill_id
        bill.button_cancel()
        line.write({"held_by_hand": True, "manual_hold_reason": "Dispute"})
        bill.button_draft()
        with self.assertRefused("on hold"):
            bill.action_post()

    def test_what_a_paid_bill_corrected_was_deducted_not_paid(self):
        line = self.billed_line()
        first = line.billing_ids.bill_id
        self.other_paid()
        self.credit(line.move_id, amount=400)
        second = self.run_bills("2026-03-06")
        second.action_post()
        self.pay(first + second)
        self.assertEqual(
            self.history(line),
            [
                (f"Billed on {first.name}", 50.0),
                ("Paid to you", 50.0),
                (f"Corrected on bill {second.name}", -20.0),
                ("Deducted from what was paid to you", -20.0),
            ],
        )


@tagged("post_install", "-at_install")
class TestTakenBackTooOften(PartnerProgramCommon):
    """A bill is taken back after its correction was billed, and the invoice is not paid again (invariant 3)."""

    def setUp(self):
        super().setUp()
        self.line = self.billed_line()
        first = self.line.billing_ids.bill_id
        self.due = self.invoice(2000)
        self.pay(self.due)
        self.line.move_id.line_ids.remove_move_reconcile()
        second = self.run_bills("2026-03-06")
        self.assertBill(second, amount_total=50.0)
        second.action_post()
        first._reverse_moves([{"invoice_date": Date.today(), "date": Date.today()}], cancel=True)
        figures = {"earned_amount": 0.0, "billed_amount": -50.0, "open_amount": 50.0, "due_on": False}
        self.assertLine(self.line, state="earned", **figures)

    def test_inv3_the_next_run_gives_it_back(self):
        self.assertTrue(self.line.is_due)
        bill = self.run_bills()
        self.assertBill(bill, amount_total=50.0, invoice_date_due="2026-03-06", lines=[(self.client, 50.0)])
        bill.action_post()
        self.assertLine(self.line, state="expected", billed_amount=0.0, open_amount=0.0)
        self.pay(self.line.move_id)
        self.assertLine(self.line, state="earned", open_amount=50.0, due_on="2026-04-05")

    def test_the_dialog_gives_it_back(self):
        run = self.env["partner.commission.bill.run"].with_user(self.accountant).create({"date_until": "2026-02-01"})
        self.assertEqual(run.line_count, 1)
        self.assertEqual(self.env["account.move"].browse(run.action_run()["res_id"]).amount_total, 50.0)

    def test_why_nothing_is_billed_can_be_said(self):
        later = self.invoice(200)
        self.pay(later)
        self.credit(self.due, amount=400)
        sentence = self.env["partner.commission.line"]._explain_nothing_due()
        self.assertIn("Commission lines earned: 2, the first is due on 04/05/2026", sentence)

    def test_a_run_does_not_fail_for_the_sentence_in_its_log(self):
        self.run_bills()

        def fail(lines):
            raise ZeroDivisionError

        with (
            patch.object(self.registry["partner.commission.line"], "_explain_nothing_due", fail),
            self.assertLogs("odoo.addons.partner_program", "ERROR") as logs,
        ):
            self.assertFalse(self.run_bills("2026-03-07"))
        self.assertIn("why could not be said", logs.output[0])
