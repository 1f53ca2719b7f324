"""Bad input gets a clear sentence and leaves nothing half-saved (issue "The main job")."""

import contextlib

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from .common import PartnerProgramCommon


class TestBadInput(PartnerProgramCommon):
    def test_rate_below_0_or_above_100(self):
        referral = self.refer()
        for record in (self.program_referral, referral):
            for rate in (-0.01, 100.01):
                with self.assertRefused("The commission has to be between 0 and 100 %"):
                    record.commission_rate = rate
            self.assertEqual(record.commission_rate, 5.0)
            for rate in (0, 100):
                record.commission_rate = rate
                self.env.flush_all()

    def test_negative_months_and_days(self):
        program = self.program_referral
        for fname, value, message in [
            ("commission_months", -1, "at least one month"),
            ("commission_months", 0, "at least one month"),
            ("payout_delay_days", -1, "between 0 and 3650 days"),
            ("claim_months", -1, "between 0 and 1200. 0 means: no limit"),
            ("dormancy_months", -1, "between 0 and 1200 months. 0 means: no check"),
            ("bill_lead_days", -1, "between 0 and 30 days"),
            ("trained_contacts_required", -1, "cannot be negative"),
        ]:
            before = program[fname]
            with self.subTest(fname), self.assertRefused(message):
                program[fname] = value
            self.assertEqual(program[fname], before)

    def test_negative_terms_of_one_referral(self):
        referral = self.refer()
        with self.assertRefused("at least one month"):
            referral.commission_months = 0
        with self.assertRefused("between 0 and 3650 days"):
            referral.payout_delay_days = -1
        self.assertRecordValues(referral, [{"commission_months": 12, "payout_delay_days": 30}])

    def test_lead_days_above_the_delay(self):
        with self.assertRefused("not longer than the payout delay"):
            self.program_referral.write({"payout_delay_days": 10, "bill_lead_days": 11})
        with self.assertRefused("not longer than the payout delay"):
            self.program_referral.write({"payout_delay_days": 60, "bill_lead_days": 31})
        self.assertRecordValues(self.program_referral, [{"payout_delay_days": 30, "bill_lead_days": 0}])
        self.program_referral.write({"payout_delay_days": 10, "bill_lead_days": 10})

    def test_referral_without_client_or_prospect(self):
        count = self.env["partner.referral"].search_count([])
        leads = self.env["crm.lead"].search_count([])
        with self.assertRefused("Who was referred"):
            self.env["partner.referral"].with_user(self.salesperson).create({"enrollment_id": self.enrollment_ada.id})
        self.assertEqual(self.env["partner.referral"].search_count([]), count)
        self.assertEqual(self.env["crm.lead"].search_count([]), leads, "no lead is left behind")

    def test_a_referral_cannot_lose_its_client(self):
        referral = self.refer(enrollment=self.enrollment_byte, accept=False)
        with self.assertRefused("Who was referred"):
            referral.client_id = False
        self.assertEqual(referral.client_id, self.client)

    def test_partner_is_client(self):
        leads = self.env["crm.lead"].search_count([])
        with self.assertRefused("Ada Advisory cannot refer itself"):
            self.refer(client=self.ada_contact, accept=False)
        self.assertEqual(self.env["crm.lead"].search_count([]), leads)

    def test_date_in_the_future(self):
        with self.assertRefused("cannot be dated in the future"):
            self.refer(referred_on="2026-01-05 09:02:00")
        self.assertFalse(self.client.client_referral_ids)
        referral = self.refer(referred_on="2026-01-05 09:00:30", accept=False)  # clocks differ a little
        with self.assertRefused("cannot be dated in the future"):
            referral.referred_on = "2027-01-01 00:00:00"

    def test_signature_in_the_future(self):
        with self.assertRefused("future"):
            self.enrollment_byte.signed_on = "2026-02-01"

    def test_second_live_enrollment_on_the_same_program(self):
        for state in ("applied", "active"):
            with self.assertRefused("enrolled in this program already"):
                self.env["partner.program.enrollment"].create(
                    {"partner_id": self.ada_contact.id, "program_id": self.program_referral.id, "state": state}
                )
        self.assertEqual(self.ada.program_enrollment_ids, self.enrollment_ada)
        self.enrollment_ada.action_end()
        self.env.flush_all()
        again = self.env["partner.program.enrollment"].create(
            {"partner_id": self.ada.id, "program_id": self.program_referral.id}
        )
        self.assertEqual(again.state, "applied")
        with self.assertRefused("enrolled in this program already"):
            self.enrollment_ada.state = "active"

    def test_enrollment_that_ends_before_it_starts(self):
        with self.assertRefused("cannot end before it starts"):
            self.enrollment_ada.write({"date_end": "2024-12-31"})

    def test_nothing_with_billed_money_can_be_deleted(self):
        line = self.billed_line()
        before = self.snapshot()
        for record, message in [
            (self.program_referral, "archive the program instead of deleting it"),
            (self.enrollment_ada, "end the enrollment instead of deleting it"),
            (line.referral_id, "part of the partner's history"),
            (line, "was billed cannot be deleted"),
        ]:
            with self.subTest(record._name), self.assertRefused(message):
                record.sudo().unlink()
        for record in (self.client, self.ada):
            with self.subTest(record.name), self.assertRefused("."):
                record.sudo().unlink()
        self.assertEqual(self.snapshot(), before)

    def test_a_customer_invoice_with_billed_commission_cannot_be_deleted(self):
        line = self.billed_line()
        line.move_id.line_ids.remove_move_reconcile()
        line.move_id.button_draft()
        with self.assertRefused(
            "A commission of Ada Advisory rests on .*INV.*Cancel the invoice instead of deleting it"
        ):
            line.move_id.with_context(force_delete=True).unlink()
        self.assertTrue(line.exists())

    def test_the_invoice_that_acquired_a_client_cannot_be_deleted(self):
        self.refer(enrollment=self.enrollment_byte)
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        starter.line_ids.remove_move_reconcile()
        starter.button_draft()
        with self.assertRefused("Cancel the invoice instead of deleting it"):
            starter.with_context(force_delete=True).unlink()
        self.assertEqual(self.client.client_referral_ids.acquisition_move_id, starter)

    def test_an_unbilled_invoice_can_be_deleted_with_its_line(self):
        """The add-on does not stand in the way of Odoo where nothing was billed."""
        self.acquired()
        invoice = self.invoice(1000)
        invoice.button_draft()
        invoice.with_context(force_delete=True).unlink()
        self.assertFalse(self.env["partner.commission.line"].search([("client_id", "=", self.client.id)]))

    def test_company_without_a_chart_of_accounts(self):
        company = self.env["res.company"].sudo().create({"name": "Bare Books"})
        program = (
            self.env["partner.program"]
            .sudo()
            .create({"name": "Bare", "company_id": company.id, "commission_product_id": self.commission_product.id})
        )
        self.assertFalse(program.bill_journal_id)
        line = self.earned_line()
        self.company.chart_template = False
        with self.assertRefused("company_1_data has no chart of accounts. Install one"):
            line.with_user(self.accountant).action_create_vendor_bills()
        self.assertLine(line, state="earned", billed_amount=0.0)
        self.assertFalse(line.billing_ids)

    def test_company_without_a_purchase_journal(self):
        line = self.earned_line()
        self.program_referral.bill_journal_id = False
        self.program_affiliate.bill_journal_id = False
        self.env["ir.model.data"].sudo().search(
            [("model", "=", "account.journal"), ("name", "=like", f"{self.company.id}_partner_program")]
        ).unlink()
        with self.assertRefused("has no self-billing purchase journal. Create one and choose it on the program"):
            line.with_user(self.accountant).action_create_vendor_bills()
        self.assertFalse(line.billing_ids)

    def test_archived_journal(self):
        line = self.earned_line()
        self.program_referral.bill_journal_id.active = False
        with self.assertRefused("is archived. Choose another one on the program"):
            line._create_vendor_bills()
        self.assertFalse(line.billing_ids)

    def test_a_journal_that_is_not_for_self_billing(self):
        with self.assertRefused("is not a self-billing purchase journal"):
            self.program_referral.bill_journal_id = self.company_data["default_journal_purchase"]

    def test_commission_product_without_expense_account(self):
        line = self.earned_line()
        product = self.commission_product
        product.property_account_expense_id = False
        product.categ_id.property_account_expense_categ_id = False
        self.company.expense_account_id = False
        self.program_referral.bill_journal_id.default_account_id = False
        with self.assertRefused("Partner Commission has no expense account. Set one on the product"):
            line.with_user(self.accountant).action_create_vendor_bills()
        self.assertLine(line, state="earned", billed_amount=0.0)
        self.assertFalse(self.env["account.move"].search([("partner_id", "=", self.ada.id)]))

    def test_archived_currency(self):
        euro = self.setup_other_currency("EUR")
        self.acquired()
        invoice = self.invoice(1000, currency_id=euro)
        self.pay(invoice)
        self.go_to("2026-02-04")
        line = self.line_of(invoice)
        euro.active = False
        with self.assertRefused("The currency EUR is archived. Activate it, then run again"):
            line._create_vendor_bills()
        self.assertLine(line, state="earned", billed_amount=0.0)
        euro.active = True
        self.assertEqual(line._create_vendor_bills().amount_total, 50.0)

    def test_nothing_due_says_why(self):
        self.acquired()
        invoice = self.invoice(1000)
        line = self.line_of(invoice)
        with self.assertRefused("Waiting until the client has paid in full: 1"):
            line.with_user(self.accountant).action_create_vendor_bills()
        self.pay(invoice)
        with self.assertRefused("Commission lines earned: 1, the first is due on 02/04/2026"):
            line.with_user(self.accountant).action_create_vendor_bills()

    def test_one_bad_partner_in_a_batch_by_button_bills_the_others_and_says_so(self):
        line = self.earned_line()
        euro = self.setup_other_currency("EUR")
        foreign = self.invoice(1000, currency_id=euro, on="2026-01-06")
        self.pay(foreign, on="2026-01-05")
        euro.active = False
        lines = line + self.line_of(foreign)
        self.go_to("2026-02-06")
        action = lines.with_user(self.accountant).action_create_vendor_bills()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("EUR is archived", action["params"]["message"])
        self.assertEqual(lines.mapped("state"), ["billed", "earned"])

    def test_empty_hold_reason(self):
        line = self.earned_line()
        with self.assertRefused("(?i)reason|why"):
            self.env["partner.commission.hold"].create(
                {"line_ids": [Command.set(line.ids)], "reason": "   "}
            ).action_confirm()
        self.assertEqual(line.state, "earned")

    def test_empty_decision_reason(self):
        referral = self.refer(accept=False)
        wizard = self.env["partner.referral.decision"].create(
            {"referral_ids": [Command.set(referral.ids)], "decision": "rejected", "reason": "  "}
        )
        with contextlib.suppress(UserError), self.cr.savepoint():
            wizard.action_confirm()  # says so, or asks again
        self.assertEqual(referral.state, "submitted")

    def test_resource_without_link_or_with_a_dangerous_one(self):
        Resource = self.env["partner.program.resource"]
        with self.assertRefused("a link or a file"):
            Resource.create({"name": "Deck"})
        with self.assertRefused("has to start with https"):
            Resource.create({"name": "Deck", "url": "javascript:alert(1)"})

    def test_packages_and_agreements_are_unique(self):
        with self.assertRefused("only one entry package"):
            self.package_pro.is_entry = True
        with self.assertRefused("package of this name exists already"):
            self.env["partner.program.package"].create({"name": "Starter"})
        with self.assertRefused("version of the agreement exists already"):
            self.env["partner.program.agreement"].create({"name": "Test Agreement", "version": 1})

    def test_a_program_with_referrals_stays_in_its_company(self):
        self.refer()
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        with self.assertRefused("."):
            self.program_referral.sudo().write({"company_id": other.id})
        self.assertEqual(self.program_referral.company_id, self.company)

    def test_an_enrollment_with_referrals_stays_with_its_partner(self):
        self.refer()
        with self.assertRefused("cannot move to another partner"):
            self.enrollment_ada.partner_id = self.byte

    def test_sign_where_nothing_is_to_sign(self):
        with self.assertRefused("asks for no agreement"):
            self.enrollment_ada.action_sign()

    @mute_logger("odoo.addons.partner_program.models.partner_commission_line_billing_run")
    def test_broken_books_reported_once_to_the_account_manager(self):
        self.enrollment_ada.account_manager_id = self.manager
        self.earned_line()
        self.program_referral.bill_journal_id.active = False
        self.run_bills()
        self.run_bills("2026-02-05")
        activity = self.enrollment_ada.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.manager)
        self.assertIn("is archived", str(activity.note))
