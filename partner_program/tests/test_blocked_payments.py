"""“(Un)Block Payment” of Odoo on customer invoices and commission bills that are settled all the same (D4; issue 3)."""

import importlib.util

from odoo.fields import Date
from odoo.tests import tagged
from odoo.tools import file_path

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestBlockedPayments(PartnerProgramCommon):
    def pay_by_statement(self, move, amount):
        bank = self.company_data["default_journal_bank"]
        self.pay_with_statement_line(move, bank.id, Date.today(), amount)
        self.env.flush_all()

    def test_d4_a_blocked_invoice_that_is_paid_earns(self):
        self.acquired()
        invoice = self.invoice(1000)
        line = self.line_of(invoice)
        invoice.with_user(self.accountant).action_toggle_block_payment()
        self.pay_by_statement(invoice, 400)
        self.assertLine(line, state="expected", earned_amount=0.0)
        self.assertEqual(invoice.payment_state, "blocked", "there is something left to pay")
        self.pay_by_statement(invoice, 600)
        self.assertLine(line, state="earned", earned_amount=50.0, due_on="2026-02-04")
        self.assertEqual(invoice.payment_state, "paid")

    def test_d4_what_was_blocked_and_paid_before_earns_too(self):
        line = self.earned_line()
        line.move_id.payment_state = "blocked"
        self.env.flush_all()
        self.assertLine(line, state="earned", earned_amount=50.0)
        line.move_id.line_ids.remove_move_reconcile()
        self.assertLine(line, state="expected", earned_amount=0.0)

    def test_p9_a_blocked_first_payment_acquires_the_client(self):
        referral = self.refer(enrollment=self.enrollment_byte)
        invoice = self.invoice(500, product=self.starter)
        invoice.action_toggle_block_payment()
        self.pay_by_statement(invoice, 500)
        self.assertEqual(referral.state, "acquired")

    def test_invoices_of_other_clients_stay_as_odoo_has_them(self):
        invoice = self.invoice(1000, client=self.other_client)
        invoice.action_toggle_block_payment()
        self.pay_by_statement(invoice, 1000)
        self.assertEqual(invoice.payment_state, "blocked")

    def test_d16_a_blocked_bill_can_be_taken_back(self):
        line = self.billed_line()
        bill = line.billing_ids.bill_id
        bill.with_user(self.accountant).action_toggle_block_payment()
        self.assertLine(line, state="billed", billed_amount=50.0)
        bill._reverse_moves([{"invoice_date": Date.today(), "date": Date.today()}]).action_post()
        self.assertEqual(bill.payment_state, "reversed")
        self.assertLine(line, state="earned", billed_amount=0.0, open_amount=50.0)

    def test_a_blocked_bill_that_is_paid_is_paid(self):
        line = self.billed_line()
        bill = line.billing_ids.bill_id
        bill.action_toggle_block_payment()
        self.pay_by_statement(bill, -50)
        self.assertEqual(bill.payment_state, "paid")
        self.assertLine(line, state="paid")

    def test_an_update_unblocks_what_was_paid_before(self):
        line = self.billed_line()
        self.pay(line.bill_ids)
        self.env.cr.execute("UPDATE account_move SET payment_state = 'blocked' WHERE id = %s", [line.bill_ids.id])
        self.env.invalidate_all()
        line._mend()
        self.assertLine(line, state="billed")
        spec = importlib.util.spec_from_file_location(
            "post_migrate", file_path("partner_program/migrations/19.0.1.1.0/post-migrate.py")
        )
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script._unblock_what_was_paid(self.env)
        self.assertLine(line, state="paid")

    def test_d16_a_bill_that_was_taken_back_cannot_be_blocked(self):
        line = self.billed_line()
        bill = line.billing_ids.bill_id
        bill._reverse_moves([{"invoice_date": Date.today(), "date": Date.today()}], cancel=True)
        with self.assertRefused("was taken back by a credit note: there is no payment to block"):
            bill.with_user(self.accountant).action_toggle_block_payment()
        self.assertLine(line, state="earned", open_amount=50.0)
