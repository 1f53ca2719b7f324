"""What happens between draft and posted: holds, questions, changed facts (DESIGN, invariants 2, 3 and 7; D15, D16)."""

from unittest.mock import patch

from odoo.fields import Command, Date
from odoo.tests import tagged

from ..models import partner_commission_line_billing_run
from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestBillHolds(PartnerProgramCommon):
    def setUp(self):
        super().setUp()
        referral = self.acquired()
        self.first, self.second = (self.invoice(amount) for amount in (1000, 400))
        self.pay(self.first)
        self.pay(self.second)
        self.bill = self.run_bills("2026-02-04")
        self.line, self.sibling = referral.commission_line_ids
        self.assertBill(self.bill, amount_total=70.0, lines=[(self.client, 70.0)])

    def hold(self, lines, user=None):
        wizard = self.env["partner.commission.hold"].with_user(user or self.accountant)
        wizard = wizard.create({"line_ids": [Command.set(lines.ids)], "reason": "Dispute with the client"})
        action = wizard.action_confirm()
        self.env.flush_all()
        return action

    def ask(self, line, user=None):
        values = {"commission_line_id": line.id, "question": "Should it not be more?"}
        return self.env["partner.commission.question"].with_user(user or self.manager).create(values)

    def assertOffTheDraft(self, hold_code):  # noqa: N802
        """The first line has left the draft, with its reason; its sibling stays, alone, on a line that equals it."""
        self.assertLine(self.line, state="held", hold_code=hold_code, billed_amount=0.0, open_amount=50.0)
        self.assertLine(self.sibling, state="billed", billed_amount=20.0, open_amount=0.0)
        self.assertBill(self.bill, state="draft", amount_total=20.0, lines=[(self.client, 20.0)])
        self.assertNotIn(self.first.name, self.bill.invoice_line_ids.name)

    def test_inv3_a_hold_by_hand_takes_the_line_off_the_draft_at_once(self):
        self.bill.invoice_line_ids = [Command.create({"name": "Bonus", "price_unit": 7.0, "tax_ids": False})]
        self.hold(self.line)
        self.assertLine(self.line, state="held", billed_amount=0.0, open_amount=50.0)
        self.assertEqual(sorted(self.bill.invoice_line_ids.mapped("price_subtotal")), [7.0, 20.0])
        self.assertIn("Dispute with the client", "".join(self.bill.message_ids.mapped("body")))
        self.bill.with_user(self.accountant).action_post()
        self.line.action_release()
        self.assertEqual(self.run_bills().amount_total, 50.0, "released, and on the next bill")

    def test_inv3_an_account_manager_without_invoicing_rights_holds_too(self):
        self.hold(self.line, self.manager)
        self.assertOffTheDraft("manual")

    def test_inv3_a_question_takes_the_line_off_the_draft_at_once(self):
        question = self.ask(self.line)
        self.assertOffTheDraft("question")
        question.write({"answer": "The rate is 5 %.", "outcome": "confirmed"})
        question.action_answer()
        self.assertEqual(self.run_bills(), self.bill)
        self.assertBill(self.bill, amount_total=70.0, lines=[(self.client, 70.0)])
        question.action_reopen()
        self.assertOffTheDraft("question")

    def test_inv3_a_question_from_the_portal_takes_the_line_off_the_draft(self):
        self.line.with_user(self.portal_ada)._ask_from_portal("Why so little?")
        self.assertOffTheDraft("question")

    def test_inv3_the_last_line_held_takes_the_draft_along(self):
        self.hold(self.line + self.sibling)
        self.assertFalse(self.bill.exists())
        self.assertEqual((self.line + self.sibling).mapped("state"), ["held", "held"])
        self.assertFalse(self.run_bills())

    def test_inv3_a_rule_holds_at_the_next_run_and_refuses_the_bill_until_then(self):
        self.enrollment_ada.action_suspend()
        with self.assertRefused(
            r"of Ada Advisory carries .* on hold: .*\(The enrollment is suspended\).*Update from Ledger"
        ):
            self.bill.with_user(self.accountant).action_post()
        self.assertIn("suspended", self.bill.with_user(self.accountant).commission_warning)
        self.run_bills()
        self.assertFalse(self.bill.exists())
        self.assertEqual((self.line + self.sibling).mapped("state"), ["held", "held"])
        self.enrollment_ada.action_activate()
        self.assertEqual(self.run_bills().amount_total, 70.0)

    def test_inv3_a_hold_does_not_touch_what_other_drafts_carry(self):
        self.acquired(client=self.other_client, enrollment=self.enrollment_ada)
        invoice = self.invoice(200, client=self.other_client)
        self.pay(invoice)
        self.run_bills("2026-03-10")
        self.hold(self.line)
        self.assertBill(self.bill, amount_total=30.0, lines=[(self.client, 20.0), (self.other_client, 10.0)])

    def test_d16_a_draft_whose_figures_have_changed_is_refused_until_it_is_updated(self):
        self.first.line_ids.remove_move_reconcile()
        self.env.flush_all()
        self.assertEqual(self.line.open_amount, -50.0)
        accountants_bill = self.bill.with_user(self.accountant)
        self.assertIn(self.first.name, accountants_bill.commission_warning)
        with self.assertRefused(
            f"of Ada Advisory carries has changed since .*Update from Ledger.*{self.first.name}.*0.00 earned"
        ):
            accountants_bill.action_post()
        accountants_bill.action_update_from_ledger()
        self.assertFalse(self.bill.with_user(self.accountant).commission_warning)
        self.assertEqual(self.bill.amount_total, 20.0)
        self.assertLine(self.line, state="expected", billed_amount=0.0, open_amount=0.0)
        accountants_bill.action_post()
        self.assertEqual(self.bill.state, "posted")

    def test_d16_updating_a_draft_that_is_worth_nothing_takes_it_back_and_says_so(self):
        (self.first + self.second).line_ids.remove_move_reconcile()
        self.env.flush_all()
        action = self.bill.with_user(self.accountant).action_update_from_ledger()
        self.assertFalse(self.bill.exists())
        self.assertIn("Nothing that Draft Bill of Ada Advisory carried is", action["params"]["message"])

    def test_d16_the_button_of_the_queue_takes_a_draft_back_too(self):
        (self.first + self.second).line_ids.remove_move_reconcile()
        self.env.flush_all()
        action = self.line.with_user(self.accountant).action_create_vendor_bills()
        self.assertFalse(self.bill.exists(), "an error message would have brought it back")
        self.assertIn("a draft without other lines was deleted", action["params"]["message"])

    def test_d16_a_draft_that_stays_for_its_other_lines_is_not_called_deleted(self):
        self.bill.invoice_line_ids = [Command.create({"name": "Bonus", "price_unit": 7.0, "tax_ids": False})]
        (self.first + self.second).line_ids.remove_move_reconcile()
        self.env.flush_all()
        told = self.line.with_user(self.accountant).action_create_vendor_bills()["params"]["message"]
        self.assertEqual(self.bill.amount_total, 7.0)
        self.assertIn("its commissions were taken off it, and a draft without other lines was deleted", told)

    def test_d16_more_that_is_not_due_yet_does_not_stand_in_the_way(self):
        self.program_referral.bill_lead_days = 0
        self.line.referral_id.payout_delay_days = 60
        self.line.referral_id.commission_rate = 10
        self.env.flush_all()
        self.assertEqual(self.line.open_amount, 50.0)
        self.bill.with_user(self.accountant).action_post()
        self.assertEqual(self.bill.amount_total, 70.0)

    def test_inv7_questions_and_holds_leave_a_posted_bill_alone(self):
        self.bill.action_post()
        self.hold(self.line)
        self.ask(self.sibling)
        self.assertLine(self.line, state="billed", billed_amount=50.0)
        self.assertLine(self.sibling, state="billed", billed_amount=20.0)
        self.bill.button_draft()
        self.bill.action_post()
        self.assertEqual(self.bill.amount_total, 70.0, "its number and figures are with the partner already")

    def test_inv7_whoever_holds_what_is_on_a_posted_bill_is_told_that_it_stays(self):
        self.bill.action_post()
        further = self.invoice(200)
        self.pay(further)
        lines = self.line + self.line_of(further)
        action = self.hold(lines, self.manager)
        told = action["params"]["message"]
        self.assertIn(f"{self.line.display_name}: on the posted bill {self.bill.name} already", told)
        self.assertIn("block the payment of the bill", told)
        self.assertNotIn(further.name, told)
        self.assertEqual(action["params"]["next"], {"type": "ir.actions.act_window_close"})
        self.assertEqual(lines.mapped("state"), ["billed", "held"])
        self.pay(self.bill)
        told = self.hold(self.line)["params"]["message"]
        self.assertIn(f"paid with the bill {self.bill.name} already", told)

    def test_inv7_whoever_holds_what_is_to_come_of_a_line_is_told_what_stays_on_a_posted_bill(self):
        self.bill.action_post()
        self.line.referral_id.commission_rate = 8
        self.env.flush_all()
        self.assertLine(self.line, state="earned", billed_amount=50.0, open_amount=30.0)
        told = self.hold(self.line)["params"]["message"]
        self.assertLine(self.line, state="held", billed_amount=50.0, open_amount=30.0)
        self.assertIn(f"{self.line.display_name}: on the posted bill {self.bill.name} already", told)

    def test_inv7_whoever_holds_what_is_on_a_draft_that_was_posted_before_is_told_to_cancel_it(self):
        self.bill.action_post()
        self.bill.button_draft()
        told = self.hold(self.line)["params"]["message"]
        self.assertRegex(told, "on the bill .* already, which was posted before, .* meanwhile, cancel the bill")
        self.assertNotIn("credit note", told)
        self.bill.with_user(self.accountant).button_cancel()
        self.assertLine(self.line, state="held", billed_amount=0.0, open_amount=50.0)

    def test_inv3_whoever_holds_what_is_on_a_draft_is_told_nothing_more(self):
        self.assertEqual(self.hold(self.line), {"type": "ir.actions.act_window_close"})

    def test_an_update_says_that_the_vendor_was_changed(self):
        self.enrollment_ada.action_suspend()
        self.bill.partner_id = self.byte
        bill = self.bill.with_user(self.accountant)
        sentence = "carries commissions of Ada Advisory in USD: set vendor and currency back"
        with self.assertRefused(sentence):
            bill.action_post()
        with self.assertRefused(sentence):
            bill.action_update_from_ledger()
        bill.partner_id = self.ada
        bill.action_update_from_ledger()
        self.assertFalse(bill.exists())

    def test_an_update_of_what_was_posted_before_says_when_there_is_nothing_to_set_back(self):
        self.bill.action_post()
        self.bill.button_draft()
        action = self.bill.with_user(self.accountant).action_update_from_ledger()
        self.assertIn("are as they were posted: there is nothing to set back", action["params"]["message"])

    def test_what_was_held_beside_lines_of_the_accountant_leaves_no_approval(self):
        self.bill.invoice_line_ids = [Command.create({"name": "Bonus", "price_unit": 7.0, "tax_ids": False})]
        self.assertTrue(self.bill.activity_ids)
        self.hold(self.line + self.sibling)
        self.assertEqual(self.bill.amount_total, 7.0)
        self.assertFalse(self.bill.activity_ids)

    def test_the_log_says_that_nothing_of_a_draft_is_to_be_billed(self):
        with patch.object(partner_commission_line_billing_run._logger, "info") as logged:
            self.hold(self.line + self.sibling)
        logged.assert_called_with(
            "Partner commissions: nothing that %s carried is to be billed now", "Draft Bill of Ada Advisory"
        )

    def test_a_question_on_what_is_worth_nothing_is_not_taken_up_again(self):
        question = self.ask(self.line)
        question.write({"answer": "The rate is 5 %.", "outcome": "confirmed"})
        question.action_answer()
        self.credit(self.first)
        self.assertEqual(self.line.state, "void")
        with self.assertRefused("is worth nothing: there is no payout to hold"):
            question.action_reopen()

    def test_a_draft_keeps_the_earliest_pay_by_date_of_what_it_carries(self):
        late = self.invoice(300)
        self.pay(late, on="2026-02-10")
        self.run_bills("2026-03-12")
        self.assertEqual(self.bill.invoice_date_due, Date.to_date("2026-02-04"))
        self.hold(self.line + self.sibling)
        self.assertBill(self.bill, amount_total=15.0, invoice_date_due="2026-03-12")

    def test_queries_of_a_hold_do_not_depend_on_the_lines_of_the_draft(self):
        """A hold looks at one draft, set by set."""
        counts = {}
        for count in (2, 12):
            moves = self.env["account.move"].union(*(self.invoice(100 + n) for n in range(count)))
            self.pay(moves, group_payment=True)
            self.go_to("2026-04-10")
            self.run_bills()
            line = self.line_of(moves[0])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.hold(line)
            counts[count] = self.cr.sql_log_count - before
            self.go_to("2026-02-04")
        self.assertLessEqual(counts[12] - counts[2], 12, counts)
