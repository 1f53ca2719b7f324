"""Ways in which money, or a client, could end up where it does not belong; each was found by reading once."""

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date
from odoo.tests import tagged

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestClaimGuards(PartnerProgramCommon):
    def test_nobody_redirects_a_claim_to_another_partner(self):
        referral = self.refer()
        for user in (self.salesperson, self.manager):
            for fname, value in (
                ("partner_id", self.byte.id),
                ("program_id", self.program_affiliate.id),
                ("company_id", self.company.id),
            ):
                with self.subTest(user=user.login, field=fname), self.assertRefused("follow from", AccessError):
                    referral.with_user(user).write({fname: value})
        with self.assertRefused("follow from", AccessError):
            self.env["partner.referral"].with_user(self.salesperson).create(
                {"enrollment_id": self.enrollment_ada.id, "client_id": self.client.id, "partner_id": self.byte.id}
            )

    def test_a_salesperson_does_not_point_an_accepted_claim_at_another_lead(self):
        referral = self.refer()
        won_long_ago = self.lead()
        won_long_ago.action_set_won()
        with self.assertRefused("only a partner manager", AccessError):
            referral.with_user(self.salesperson).lead_id = won_long_ago
        self.assertEqual(referral.state, "accepted")

    def test_an_enrollment_with_referrals_stays_on_its_program(self):
        self.refer()
        with self.assertRefused("cannot move to another partner or program"):
            self.enrollment_ada.program_id = self.program_affiliate
        with self.assertRefused("cannot move to another partner or program"):
            self.enrollment_ada.partner_id = self.byte

    def test_p7_a_quotation_confirmed_after_the_referral_still_counts(self):
        order = self.env["sale.order"].create({"partner_id": self.client.id, "date_order": "2025-12-01 10:00:00"})
        self.env.cr.execute("UPDATE sale_order SET create_date = '2025-12-01 10:00:00' WHERE id = %s", [order.id])
        order.invalidate_recordset()
        referral = self.refer(accept=False)
        self.assertEqual(referral.eligibility, "ineligible")
        order.write({"state": "sale", "date_order": "2026-01-20 10:00:00"})
        self.go_to("2026-01-21")
        referral.action_check_eligibility()
        self.assertEqual(referral.eligibility, "ineligible", "confirming a quotation dates it anew")
        self.assertEqual(sorted(referral.evidence_ids.mapped("kind")), ["order", "quotation"], "what was found stays")

    def test_p7_a_prospect_is_checked_by_its_email_and_again_when_it_becomes_a_contact(self):
        self.client.email = "buyer@cobalt.example"
        self.invoice(500, on="2025-11-01")
        known = self.env["partner.referral"].create(
            {
                "enrollment_id": self.enrollment_ada.id,
                "prospect_name": "Cobalt",
                "prospect_email": "Buyer@cobalt.example",
            }
        )
        known.action_check_eligibility()
        self.assertEqual(known.eligibility, "ineligible")
        unknown = self.env["partner.referral"].create(
            {"enrollment_id": self.enrollment_ada.id, "prospect_name": "Somebody"}
        )
        unknown.action_accept()
        self.assertEqual(unknown.eligibility, "eligible")
        unknown.with_user(self.salesperson).sudo(False).with_user(self.manager).client_id = self.client
        self.assertEqual(unknown.eligibility, "ineligible")
        self.assertIn("Discussions with the client", unknown.activity_ids.mapped("summary")[0])

    def test_evidence_is_frozen_by_the_decision(self):
        referral = self.refer()
        with self.assertRefused("frozen since its decision"):
            referral.action_check_eligibility()

    def test_d10_the_customer_of_a_lead_can_always_be_set(self):
        """The lead is ordinary work; the claim on a protected client is rejected when the lead is won."""
        self.refer()
        lead = self.lead(client=self.env["res.partner"])
        second = self.env["partner.referral"].create(
            {"enrollment_id": self.enrollment_ada.id, "lead_id": lead.id, "prospect_name": "Cobalt"}
        )
        second.action_accept()
        lead.with_user(self.salesperson).partner_id = self.client
        self.env.flush_all()
        self.assertEqual(lead.partner_id, self.client)
        self.assertFalse(second.client_id)
        lead.action_set_won()
        self.assertEqual(second.state, "rejected")
        self.assertEqual(second.decision_reason, "The client is protected by an earlier referral.")

    def test_a_salesperson_fills_in_the_client_of_an_accepted_prospect(self):
        referral = (
            self.env["partner.referral"]
            .with_user(self.salesperson)
            .create(
                {
                    "enrollment_id": self.enrollment_byte.id,
                    "prospect_name": "Delta",
                    "user_id": self.salesperson.id,
                }
            )
        )
        referral.action_accept()
        referral.client_id = self.other_client
        self.assertEqual(referral.client_id, self.other_client)
        with self.assertRefused("only a partner manager", AccessError):
            referral.client_id = self.client

    def test_p9_a_paying_client_of_the_entry_package_is_not_new(self):
        old = self.invoice(100, on="2026-01-01", product=self.starter)
        self.pay(old)
        referral = self.refer(enrollment=self.enrollment_byte, accept=False)
        with self.assertRefused("has paid for the entry package before"):
            referral.with_user(self.salesperson).action_accept()

    def test_p9_a_first_payment_that_bounces_acquires_nothing(self):
        referral = self.refer(enrollment=self.enrollment_byte)
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        self.assertEqual((referral.state, referral.acquisition_move_id), ("acquired", starter))
        starter.line_ids.remove_move_reconcile()
        self.run_all()
        self.assertEqual((referral.state, referral.acquired_on), ("accepted", False))
        self.assertFalse(referral.commission_line_ids)
        self.pay(starter)
        self.assertEqual((referral.state, referral.commission_line_ids.state), ("acquired", "earned"))

    def test_d12_a_client_that_joins_a_company_earns_on(self):
        person = self.env["res.partner"].create({"name": "Pia Person"})
        referral = self.acquired(client=person)
        company = self.env["res.partner"].create({"name": "Pia's Company", "is_company": True})
        person.parent_id = company
        invoice = self.invoice(100, client=person)
        self.run_all()
        self.assertEqual(referral.client_id, company)
        self.assertEqual(self.line_of(invoice).amount, 5.0)

    def test_d1_a_receipt_that_a_manager_corrects_is_followed_at_once(self):
        self.go_to("2026-01-10")
        referral = self.acquired()
        invoice = self.invoice(1000, on="2026-01-06")
        self.assertFalse(invoice.commission_line_ids)
        referral.with_user(self.manager).referred_on = "2026-01-06 08:00:00"
        self.assertLine(self.line_of(invoice), amount=50.0)

    def test_d10_a_completed_claim_is_not_made_longer_over_another(self):
        first = self.acquired()
        self.invoice(100)
        self.go_to("2027-03-01")
        self.run_all()
        self.assertEqual(first.state, "completed")
        self.refer(enrollment=self.enrollment_byte)
        with self.assertRefused("another partner earns on this client"):
            first.commission_months = 36


@tagged("post_install", "-at_install")
class TestBillGuards(PartnerProgramCommon):
    def test_d12_an_invoice_moved_to_another_customer_earns_nothing(self):
        line = self.earned_line()
        invoice = line.move_id
        invoice.line_ids.remove_move_reconcile()
        invoice.button_draft()
        invoice.partner_id = self.other_client
        invoice.action_post()
        self.pay(invoice)
        self.assertLine(line, state="void", earned_amount=0.0, void_code="other_client")
        self.assertFalse(self.run_bills())

    def test_d16_a_draft_is_taken_back_when_nothing_of_it_is_earned_any_more(self):
        line = self.billed_line(post=False)
        bill = line.billing_ids.bill_id
        line.move_id.line_ids.remove_move_reconcile()
        self.env.flush_all()
        self.assertEqual(line.open_amount, -50.0)
        self.run_bills()
        self.assertFalse(bill.exists(), "no draft over 50 for nothing is left to approve")
        self.assertLine(line, state="expected", billed_amount=0.0, open_amount=0.0)

    def test_d16_a_draft_with_lines_of_the_accountant_keeps_those(self):
        line = self.billed_line(post=False)
        bill = line.billing_ids.bill_id
        bill.invoice_line_ids = [Command.create({"product_id": self.pro.id, "name": "Bonus", "price_unit": 7.0})]
        line.move_id.line_ids.remove_move_reconcile()
        self.run_bills()
        self.assertEqual(bill.invoice_line_ids.mapped("price_subtotal"), [7.0])
        self.assertFalse(line.billing_ids)

    def test_d16_billing_a_selection_carries_the_corrections_of_the_partner(self):
        first = self.billed_line()
        second_invoice = self.invoice(3000)
        self.pay(second_invoice)
        self.credit(first.move_id, amount=400)
        self.go_to("2026-03-10")
        second = self.line_of(second_invoice)
        self.assertEqual((first.open_amount, second.open_amount), (-20.0, 150.0))
        bill = second._create_vendor_bills()
        self.assertEqual(bill.amount_untaxed, 130.0)
        self.assertEqual((first.open_amount, second.open_amount), (0.0, 0.0))

    def test_inv2_a_bill_stays_in_its_journal_currency_and_with_its_vendor(self):
        bill = self.billed_line(post=False).billing_ids.bill_id
        with self.assertRefused("is not for self-billing"):
            bill.journal_id = self.company_data["default_journal_purchase"]
            bill.action_post()
        with self.assertRefused("set vendor and currency back"):
            bill.partner_id = self.byte
            bill.action_post()
        with self.assertRefused("set vendor and currency back"):
            bill.currency_id = self.setup_other_currency("EUR")
            bill.action_post()
        bill.action_post()
        self.assertEqual(bill.state, "posted")

    def test_inv7_a_reversed_bill_frees_its_commissions(self):
        line = self.billed_line()
        bill = line.billing_ids.bill_id
        bill._reverse_moves([{"invoice_date": Date.today(), "date": Date.today()}], cancel=True)
        self.env.flush_all()
        self.assertEqual(bill.payment_state, "reversed")
        self.assertLine(line, state="earned", billed_amount=0.0, open_amount=50.0)
        again = self.run_bills()
        self.assertEqual(again.amount_untaxed, 50.0)
        self.assertCountEqual(line.billing_ids.mapped("revision"), [1, 2])

    def test_inv7_a_bill_that_was_posted_once_is_not_extended(self):
        first = self.billed_line()
        bill = first.billing_ids.bill_id
        bill.button_draft()
        invoice = self.invoice(200)
        self.pay(invoice)
        made = self.run_bills("2026-04-01")
        self.assertEqual(made.amount_untaxed, 10.0)
        self.assertNotEqual(made, bill)
        self.assertEqual(bill.amount_untaxed, 50.0)

    def test_d6_a_correction_does_not_pull_the_due_date(self):
        self.program_referral.bill_lead_days = 10
        line = self.billed_line()
        invoice = self.invoice(2000)
        self.pay(invoice)
        bill = self.run_bills("2026-02-25")
        self.assertEqual((bill.amount_untaxed, bill.invoice_date_due), (100.0, Date.to_date("2026-03-06")))
        self.credit(line.move_id, amount=100)
        self.assertEqual(self.run_bills("2026-02-26"), bill)
        self.assertEqual((bill.amount_untaxed, bill.invoice_date_due), (95.0, Date.to_date("2026-03-06")))

    def test_d7_exclusions_of_the_program_touch_later_referrals_only(self):
        line = self.billed_line()
        self.program_referral.excluded_category_ids = self.pro.categ_id
        self.run_all()
        self.assertLine(line, state="billed", earned_amount=50.0, open_amount=0.0)

    def test_a_tax_included_in_the_price_is_refused_with_its_own_sentence(self):
        line = self.earned_line()
        self.commission_product.supplier_taxes_id = self.env["account.tax"].create(
            {
                "name": "Included",
                "amount": 20.0,
                "type_tax_use": "purchase",
                "price_include_override": "tax_included",
                "company_id": self.company.id,
            }
        )
        with self.assertRefused("included in the price", UserError):
            line._create_vendor_bills()

    def test_the_to_do_is_done_when_the_bill_is_posted(self):
        self.company.partner_program_accountant_id = self.accountant
        line = self.earned_line()
        bill = self.run_bills()
        self.assertEqual(bill.activity_ids.user_id, self.accountant)
        bill.action_post()
        self.assertFalse(bill.activity_ids)
        self.assertEqual(line.state, "billed")


@tagged("post_install", "-at_install")
class TestReading(PartnerProgramCommon):
    def test_every_role_opens_the_ledger_when_it_has_rows(self):
        line = self.billed_line()
        for user in (self.salesperson, self.manager, self.accountant):
            with self.subTest(user=user.login):
                self.env.flush_all()
                self.env.invalidate_all()
                Line = self.env["partner.commission.line"].with_user(user)
                for view_type in ("list", "form"):
                    arch = etree.fromstring(Line.get_view(view_type=view_type)["arch"])
                    fnames = {node.get("name") for node in arch.iter("field")} & set(Line._fields)
                    self.assertIn("open_amount", fnames)
                    rows = Line.web_search_read([("id", "=", line.id)], {fname: {} for fname in fnames})
                    self.assertEqual(rows["length"], 1)

    def test_p7_a_private_meeting_is_evidence_without_its_subject(self):
        self.env["calendar.event"].create(
            {
                "name": "Wombat takeover",
                "start": "2025-12-10 10:00:00",
                "stop": "2025-12-10 11:00:00",
                "privacy": "private",
                "partner_ids": [Command.set(self.client.ids)],
            }
        )
        referral = self.refer(accept=False)
        self.assertEqual(referral.eligibility, "ineligible")
        self.assertEqual(referral.evidence_ids.mapped("description"), ["Busy"])

    def test_a_company_that_uses_our_journal_code_gets_the_journal_all_the_same(self):
        chart = self.env["account.chart.template"].sudo().with_company(self.company)
        ours = chart.ref("partner_program")
        self.env["ir.model.data"].sudo().search([("model", "=", "account.journal"), ("res_id", "=", ours.id)]).unlink()
        ours.sudo().active = False
        self.env.registry.clear_cache()
        chart._load_partner_program_journals()
        journal = chart.ref("partner_program")
        self.assertNotEqual(journal, ours)
        self.assertEqual((ours.code, journal.code, journal.is_self_billing), ("COMM", "PCOM", True))

    def test_colleagues_without_our_groups_read_contacts(self):
        self.refer()
        self.env.flush_all()
        self.env.invalidate_all()
        client = self.client.with_user(self.employee)
        ours = [
            fname
            for fname, field in client._fields.items()
            if field._modules == ("partner_program",) and client._has_field_access(field, "read")
        ]
        self.assertIn("program_id", ours)
        self.assertNotIn("referral_partner_id", ours)
        self.assertEqual(client.read(ours)[0]["program_type"], False)
        found = (
            self.env["res.partner"].with_user(self.employee).search([("program_id", "in", self.program_referral.ids)])
        )
        self.assertIn(self.ada, found)
