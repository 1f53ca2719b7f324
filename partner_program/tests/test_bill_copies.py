"""Copies and credit notes of commission bills: what is billed once stays so (DESIGN, invariants 2 and 7; D16)."""

from odoo.fields import Command, Date
from odoo.tests import tagged

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestBillCopies(PartnerProgramCommon):
    def setUp(self):
        super().setUp()
        self.line = self.billed_line()
        self.bill = self.line.billing_ids.bill_id

    def reversal(self, bills=None):
        bills = bills or self.bill
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=bills.ids)
        return wizard.create({"journal_id": bills.journal_id.id, "date": Date.today()})

    def credit_note(self, amount=None):
        """A draft vendor credit note of the bill, as its button makes it."""
        wizard = self.reversal()
        wizard.refund_moves()
        if amount:
            wizard.new_move_ids.invoice_line_ids.price_unit = amount
        return wizard.new_move_ids

    def test_inv2_reverse_and_create_is_refused_and_pays_nothing_twice(self):
        with self.assertRefused("Reverse it only.* the next run drafts a new bill"):
            self.reversal().modify_moves()
        self.assertLine(self.line, state="billed", billed_amount=50.0)
        wizard = self.reversal()
        wizard.refund_moves()
        wizard.new_move_ids.action_post()
        self.assertLine(self.line, state="earned", billed_amount=0.0, open_amount=50.0)
        again = self.run_bills()
        self.assertBill(again, amount_total=50.0, lines=[(self.client, 50.0)])
        again.action_post()
        posted = self.env["account.move"].search(
            [
                ("partner_id", "=", self.ada.id),
                ("state", "=", "posted"),
                ("move_type", "in", ("in_invoice", "in_refund")),
            ]
        )
        self.assertEqual(sum(posted.mapped("amount_total_signed")), -50.0, "paid once, whatever was reversed")

    def test_inv2_a_copy_has_the_lines_of_the_accountant_only(self):
        self.bill.button_draft()
        self.bill.invoice_line_ids = [Command.create({"name": "Bonus", "price_unit": 7.0, "tax_ids": False})]
        copy = self.bill.copy()
        self.assertEqual(copy.invoice_line_ids.mapped("name"), ["Bonus"])
        self.assertEqual(copy.amount_total, 7.0)
        self.assertFalse(copy.commission_billing_ids)
        self.assertIn("commissions stay on", copy.message_ids[-1:].body + copy.message_ids[:1].body)
        self.assertEqual(self.bill.amount_total, 57.0)
        invoice = self.line.move_id.copy()
        self.assertEqual(invoice.amount_total, 1000.0, "other entries are copied as ever")

    def test_inv2_a_recurring_bill_recurs_without_its_commissions(self):
        self.bill.button_draft()
        self.bill.auto_post = "monthly"
        self.bill.action_post()
        bills = self.env["account.move"].search([("partner_id", "=", self.ada.id), ("move_type", "=", "in_invoice")])
        self.assertEqual(bills, self.bill, "nothing is left of it that could recur")
        self.bill.button_draft()
        self.bill.invoice_line_ids = [Command.create({"name": "Rent", "price_unit": 7.0, "tax_ids": False})]
        self.bill.action_post()
        bills = self.env["account.move"].search([("auto_post_origin_id", "=", self.bill.id)]) - self.bill
        self.assertEqual(bills.mapped("amount_total"), [7.0])

    def test_d16_a_credit_note_takes_the_whole_bill_back_or_nothing(self):
        part = self.credit_note(20.0)
        with self.assertRefused("takes the whole bill back.* 20\\.00, .*50\\.00"):
            part.action_post()
        self.assertLine(self.line, state="billed", billed_amount=50.0)
        part.invoice_line_ids.price_unit = 50
        part.action_post()
        self.assertEqual(self.bill.payment_state, "reversed")
        self.assertLine(self.line, state="earned", billed_amount=0.0)

    def test_d16_a_credit_note_on_a_paid_bill_is_refused_until_the_payment_is_undone(self):
        payment = self.pay(self.bill)
        credit_note = self.credit_note()
        with self.assertRefused("Undo the payment of .* first"):
            credit_note.action_post()
        self.assertLine(self.line, state="paid", billed_amount=50.0)
        payment.action_cancel()
        credit_note.action_post()
        self.assertLine(self.line, state="earned", billed_amount=0.0)

    def test_d16_a_credit_note_that_is_reset_to_draft_takes_nothing_back(self):
        credit_note = self.credit_note()
        credit_note.action_post()
        self.assertLine(self.line, state="earned", billed_amount=0.0)
        credit_note.button_draft()
        self.assertLine(self.line, state="billed", billed_amount=50.0, open_amount=0.0)
        self.assertFalse(self.run_bills("2026-02-05"))
        credit_note.action_post()
        self.assertEqual(self.bill.payment_state, "reversed")
        self.assertLine(self.line, state="earned", billed_amount=0.0)
        credit_note.button_draft()
        credit_note.unlink()
        self.assertEqual(self.bill.payment_state, "not_paid")
        self.assertLine(self.line, state="billed", billed_amount=50.0)

    def test_d16_what_was_set_off_stays_paid_when_the_journal_is_not_for_self_billing_any_more(self):
        refund = self.env["account.move"].create(
            {
                "move_type": "in_refund",
                "partner_id": self.ada.id,
                "invoice_date": Date.today(),
                "invoice_line_ids": [Command.create({"name": "Rent", "price_unit": 50.0, "tax_ids": False})],
            }
        )
        refund.action_post()
        self.bill.journal_id.is_self_billing = False
        payable = (self.bill + refund).line_ids.filtered(lambda line: line.account_type == "liability_payable")
        payable.reconcile()
        self.env.flush_all()
        self.assertEqual(self.bill.payment_state, "paid")
        self.assertLine(self.line, state="paid", billed_amount=50.0)

    def test_d16_a_second_credit_note_on_the_same_bill_is_refused(self):
        first, second = self.credit_note(), self.credit_note()
        first.action_post()
        with self.assertRefused("has been taken back already"):
            second.action_post()

    def test_d16_a_bill_that_was_taken_back_stays_while_its_credit_note_is_posted(self):
        credit_note = self.credit_note()
        credit_note.action_post()
        bill = self.bill.with_user(self.accountant)
        sentence = f"{self.bill.name} was taken back by {credit_note.name}.*Reset .* to draft first, or leave both"
        with self.assertRefused(sentence):
            bill.button_draft()
        with self.assertRefused(sentence):
            bill.button_cancel()
        credit_note.with_user(self.accountant).button_draft()
        bill.button_draft()
        self.assertEqual(self.bill.state, "draft")
        self.assertLine(self.line, state="billed", billed_amount=50.0)

    def test_d16_nor_is_it_reset_when_somebody_has_undone_the_reconciliation(self):
        credit_note = self.credit_note()
        credit_note.action_post()
        self.bill.line_ids.remove_move_reconcile()
        with self.assertRefused("counts again since somebody has undone their reconciliation. Reset .* to draft first"):
            self.bill.button_draft()
        credit_note.button_draft()
        self.bill.button_draft()
        self.assertEqual(self.bill.state, "draft")

    def taken_back(self):
        """The bill, taken back by this credit note: its commission is open again."""
        credit_note = self.credit_note()
        credit_note.action_post()
        self.assertLine(self.line, state="earned", billed_amount=0.0, open_amount=50.0)
        return credit_note.with_user(self.accountant)

    def test_inv2_a_credit_note_stays_posted_once_its_commissions_are_billed_again(self):
        credit_note = self.taken_back()
        again = self.run_bills()
        again.action_post()
        for leave in (credit_note.button_draft, credit_note.button_cancel):
            with self.assertRefused(f"{self.bill.name} would count again, .* billed again on {again.name}"):
                leave()
        with self.assertRefused(f"and its commissions have been billed again on {again.name} since"):
            self.bill.with_user(self.accountant).button_draft()
        self.assertLine(self.line, state="billed", billed_amount=50.0, open_amount=0.0)
        again.button_cancel()
        credit_note.button_draft()
        self.assertLine(self.line, state="billed", billed_amount=50.0, open_amount=0.0)

    def test_inv3_a_credit_note_stays_posted_while_its_commissions_are_on_hold(self):
        credit_note = self.taken_back()
        self.line.write({"held_by_hand": True, "manual_hold_reason": "Dispute"})
        with self.assertRefused(rf"{self.bill.name} .*would count again, .* on hold: .*\(Dispute\)"):
            credit_note.button_draft()
        self.line.action_release()
        credit_note.button_draft()
        self.assertLine(self.line, state="billed", billed_amount=50.0)

    def test_inv3_a_credit_note_stays_posted_once_its_commissions_are_worth_less(self):
        credit_note = self.taken_back()
        self.credit(self.line.move_id, amount=400)
        with self.assertRefused(rf"would count again, .* worth any more what it says: .*{self.line.move_id.name}"):
            credit_note.button_draft()
        self.assertBill(self.run_bills(), amount_total=30.0, lines=[(self.client, 30.0)])

    def test_a_credit_note_that_takes_nothing_back_any_more_may_be_reset(self):
        credit_note = self.taken_back()
        self.bill.line_ids.remove_move_reconcile()
        self.line.write({"held_by_hand": True, "manual_hold_reason": "Dispute"})
        credit_note.button_draft()
        self.assertEqual(credit_note.state, "draft")
