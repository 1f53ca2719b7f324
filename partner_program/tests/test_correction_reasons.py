"""Why what was billed is taken back: in the ledger, on the bill, in statements (DESIGN, invariant 8; D16)."""

from lxml import etree

from odoo.tests import tagged

from .common import PartnerProgramCommon

NOT_PAID = "The invoice is not paid in full any more"


@tagged("post_install", "-at_install")
class TestMonthOfTheWindow(PartnerProgramCommon):
    def test_d1_what_was_taken_back_before_the_window_began_names_no_month_of_it(self):
        self.acquired()
        first = self.invoice(1000, on="2026-01-05")
        self.credit(first)
        self.invoice(1000, on="2026-03-20")
        line = self.line_of(first)
        self.assertLine(line, void_code="credited")
        self.assertIn("(month – of –)", line.explanation)


@tagged("post_install", "-at_install")
class TestCorrectionReasons(PartnerProgramCommon):
    def setUp(self):
        super().setUp()
        self.line = self.billed_line()

    def write_off(self):
        self.line.move_id.line_ids.remove_move_reconcile()
        self.reconcile(self.line.move_id, self.journal_entry(1000))

    def make_correction(self):
        """The bill that takes back what was billed of the line, set off against a second invoice."""
        other = self.invoice(3000)
        self.pay(other)
        bill = self.run_bills("2026-03-10")
        self.assertEqual(self.line.open_amount, 0.0)
        return bill

    def plain(self, text):
        return " ".join(text.split()).replace("\xa0", " ").replace("\ufeff", "")

    def annex_of(self, bill):
        """The sentences of the annex on this bill, one for each commission."""
        html, _type = self.env["ir.actions.report"]._render_qweb_html("account.report_invoice", bill.ids)
        rows = etree.fromstring(html, etree.HTMLParser()).xpath(
            "//div[contains(@class, 'o_partner_program_annex')]//tbody/tr/td[3]"
        )
        return [self.plain("".join(row.itertext())) for row in rows]

    def assertTold(self, reason):  # noqa: N802
        """The ledger, the annex and the statement say why, and no sentence beside them does."""
        self.assertIn(
            f"$ 0.00 earned ({reason}), $ 50.00 billed so far, the next bill carries the difference of $ -50.00.",
            self.plain(self.line.with_user(self.portal_ada).explanation),
        )
        bill = self.make_correction()
        corrected, other = self.annex_of(bill)
        self.assertRegex(corrected, rf"Correction: \$ 50.00 was billed before on COMM\S+ Reason: {reason}\.$")
        self.assertNotIn(reason, other)
        entries = self.env["partner.commission.movement"].search(
            [("commission_line_id", "=", self.line.id), ("kind", "in", ("earned", "correction"))]
        )
        told = {entry.kind: entry._explain() for entry in entries}
        self.assertRegex(told["correction"], rf"^Correction: 5 % of .* Today: {reason}$")
        self.assertNotIn(reason, told["earned"])
        return bill

    def test_d16_a_payment_that_was_undone(self):
        self.line.move_id.line_ids.remove_move_reconcile()
        self.assertTold(NOT_PAID)

    def test_d16_more_that_is_not_due_yet_says_its_day(self):
        self.line.referral_id.commission_rate = 6
        self.assertIn("the next bill carries the difference of $ 10.00", self.plain(self.line.explanation))
        self.line.move_id.line_ids.remove_move_reconcile()
        self.pay(self.line.move_id)
        self.assertLine(self.line, state="earned", open_amount=10.0, due_on="2026-03-06")
        self.assertIn(
            "$ 60.00 earned, $ 50.00 billed so far, "
            "the difference of $ 10.00 is to be paid to the partner by 03/06/2026.",
            self.plain(self.line.explanation),
        )
        self.go_to("2026-03-06")
        self.assertIn("the next bill carries the difference of $ 10.00", self.plain(self.line.explanation))

    def test_d16_an_invoice_that_was_cancelled(self):
        self.line.move_id.button_draft()
        self.line.move_id.button_cancel()
        self.assertTold("Invoice cancelled")

    def test_d16_a_write_off(self):
        self.write_off()
        self.assertTold("Written off")

    def test_d16_the_reason_of_today_is_not_that_of_an_earlier_correction(self):
        self.credit(self.line.move_id, amount=400)
        bill = self.make_correction()
        corrected, _other = self.annex_of(bill)
        self.assertNotIn("Reason", corrected, "the credit note is in the origin")
        self.line.move_id.line_ids.remove_move_reconcile()
        self.assertNotIn("Reason", self.annex_of(bill)[0], "this bill took back what the credit note did")

    def test_a_correction_on_hold_does_not_say_that_the_next_bill_carries_it(self):
        self.write_off()
        self.line.write({"held_by_hand": True, "manual_hold_reason": "The client disputes it"})
        self.assertIn(
            "$ 0.00 earned (Written off), $ 50.00 billed so far, "
            "the difference of $ -50.00 is held: The client disputes it.",
            self.plain(self.line.explanation),
        )

    def test_d4_a_part_that_was_written_off(self):
        other = self.invoice(1000)
        self.pay(other, 750)
        self.assertNotIn("written off", self.line_of(other).explanation)
        self.reconcile(other, self.journal_entry(250))
        line = self.line_of(other)
        self.assertEqual(line.earned_amount, 37.5)
        self.assertRegex(line.explanation, "5 % of .*, less the share that was written off: .*37.50, paid in full")
