"""The bill run with odd data, odd settings and many lines, and what accountants read of it (P11; D16; issue 3)."""

from unittest.mock import patch

from odoo.fields import Command, Date
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PartnerProgramCommon

RUN_LOG = "odoo.addons.partner_program.models.partner_commission_line_billing_run"


@tagged("post_install", "-at_install")
class TestOneDraft(PartnerProgramCommon):
    """One draft per partner, currency and company, whatever the journals of the programs."""

    def other_journal(self):
        return self.program_referral.bill_journal_id.copy({"name": "Other Commissions", "code": "OCOM"})

    def test_d16_two_programs_with_journals_of_their_own_set_off(self):
        first = self.billed_line()
        affiliate = self.env["partner.program.enrollment"].create(
            {"partner_id": self.ada.id, "program_id": self.program_affiliate.id, "state": "active"}
        )
        self.program_affiliate.write(
            {"bill_journal_id": self.other_journal(), "agreement_id": False, "trained_contacts_required": 0}
        )
        self.refer(enrollment=affiliate, client=self.other_client)
        starter = self.invoice(500, client=self.other_client, product=self.starter)
        self.pay(starter)
        self.credit(first.move_id)
        self.assertEqual((first.open_amount, self.line_of(starter).open_amount), (-50.0, 100.0))
        bill = self.run_bills("2026-03-06")
        self.assertBill(
            bill,
            amount_total=50.0,
            journal_id=self.program_affiliate.bill_journal_id.id,
            lines=[(self.client, -50.0), (self.other_client, 100.0)],
        )

    def test_the_draft_goes_on_when_the_program_gets_another_journal(self):
        bill = self.billed_line(post=False).billing_ids.bill_id
        invoice = self.invoice(400)
        self.pay(invoice)
        self.program_referral.bill_journal_id = self.other_journal()
        self.assertEqual(self.run_bills("2026-03-10"), bill)
        self.assertBill(bill, amount_total=70.0)

    def test_the_draft_goes_on_when_a_contact_of_the_partner_is_the_vendor(self):
        bill = self.billed_line(post=False).billing_ids.bill_id
        bill.partner_id = self.ada_contact
        self.pay(self.invoice(400))
        self.assertEqual(self.run_bills("2026-03-10"), bill)
        self.assertEqual(bill.amount_total, 70.0)

    def test_own_lines_without_a_product_stay_when_the_commissions_go(self):
        line = self.billed_line(post=False)
        bill = line.billing_ids.bill_id
        account = self.company_data["default_account_expense"]
        bill.invoice_line_ids = [Command.create({"name": "Travel", "account_id": account.id, "price_unit": 7.0})]
        line.move_id.line_ids.remove_move_reconcile()
        self.run_bills()
        self.assertEqual(bill.exists().invoice_line_ids.mapped("name"), ["Travel"])
        self.assertFalse(line.billing_ids)


@tagged("post_install", "-at_install")
class TestUnusualBill(PartnerProgramCommon):
    def unusual_bill(self, vendor=None):
        self.company.partner_program_alert_factor = 3
        line = self.billed_line(100, post=False)
        if vendor:
            line.billing_ids.bill_id.partner_id = vendor
        line.billing_ids.bill_id.action_post()
        self.pay(self.invoice(10000))
        return self.run_bills("2026-03-06")

    def test_the_warning_is_there_before_anybody_posts(self):
        bill = self.unusual_bill()
        warning = bill.with_user(self.accountant).commission_warning.replace("\xa0", " ")
        self.assertIn("This bill of $ 500.00 is more than 3 times the highest so far for Ada Advisory ($ 5.00", warning)
        self.assertIn("of the bills in USD at company_1_data", warning)
        self.company.partner_program_alert_factor = 0
        self.env.invalidate_all()
        self.assertFalse(bill.with_user(self.accountant).commission_warning)

    def test_odoo_itself_does_not_post_it_later(self):
        bill = self.unusual_bill()
        bill.with_user(self.accountant).auto_post = "at_date"
        robot = self.env["account.move"].with_user(self.env.ref("base.user_root")).sudo()
        with self.assertRefused("a partner manager with invoicing rights has to post it"):
            robot.browse(bill.id)._post()
        with self.assertRefused("a partner manager with invoicing rights has to post it"):
            bill.with_user(self.accountant).sudo()._post()
        bill.auto_post = "no"
        bill.action_post()
        self.assertEqual(bill.state, "posted")

    def test_bills_to_a_contact_of_the_partner_count(self):
        bill = self.unusual_bill(vendor=self.ada_contact)
        with self.assertRefused("more than 3 times the highest so far for Ada Advisory"):
            bill.with_user(self.accountant).action_post()
