"""The straight path of the referral program, every figure at each step (P1, P6, P7, P8, P10, P11)."""

from odoo.fields import Date

from .common import PartnerProgramCommon


class TestReferralStory(PartnerProgramCommon):
    def test_p11_company_made_after_the_addon_has_its_self_billing_journal(self):
        journal = self.program_referral.bill_journal_id
        self.assertRecordValues(
            journal, [{"company_id": self.company.id, "type": "purchase", "is_self_billing": True, "code": "COMM"}]
        )
        self.assertEqual(self.program_affiliate.bill_journal_id, journal)

    def test_from_referral_to_paid_commission(self):
        # 5 January: the salesperson notes on a lead who referred it
        lead = self.lead()
        referral = self.refer(lead_id=lead.id, accept=False)
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "submitted",
                    "partner_id": self.ada.id,
                    "program_id": self.program_referral.id,
                    "client_id": self.client.id,
                    "company_id": self.company.id,
                    "eligibility": "eligible",
                    "expires_on": Date.to_date("2026-04-05"),
                }
            ],
        )
        self.assertRegex(referral.name, r"^REF/2026/\d{4}$")
        self.assertEqual(lead.referral_id, referral)
        self.assertEqual(lead.referral_partner_id, self.ada)

        referral.with_user(self.salesperson).action_accept()
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "accepted",
                    "eligibility": "eligible",
                    "commission_rate": 5.0,
                    "commission_months": 12,
                    "payout_delay_days": 30,
                    "acquired_on": False,
                    "window_start": False,
                }
            ],
        )

        # 20 February: won, in time
        self.go_to("2026-02-20")
        lead.with_user(self.salesperson).action_set_won()
        self.assertRecordValues(
            referral, [{"state": "acquired", "acquired_on": Date.to_date("2026-02-20"), "window_start": False}]
        )

        # 1 March: first invoice, to a contact of the client (D12), with 15 % tax
        self.go_to("2026-03-01")
        first = self.invoice(1234.56, client=self.client_contact, tax=self.tax_sale_a)
        self.assertEqual(first.amount_total, 1419.74)
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "acquired",
                    "window_start": Date.to_date("2026-03-01"),
                    "window_end": Date.to_date("2027-03-01"),
                }
            ],
        )
        line = self.line_of(first)
        self.assertLine(
            line,
            partner_id=self.ada.id,
            client_id=self.client.id,
            base_amount=1234.56,
            rate=5.0,
            amount=61.73,
            earned_amount=0.0,
            billed_amount=0.0,
            open_amount=0.0,
            state="expected",
            fully_paid_on=False,
            due_on=False,
        )

        # 15 March: paid in full; the pay-by date is thirty days later
        self.go_to("2026-03-15")
        self.pay(first)
        self.assertLine(
            line,
            amount=61.73,
            earned_amount=61.73,
            billed_amount=0.0,
            open_amount=61.73,
            state="earned",
            fully_paid_on="2026-03-15",
            due_on="2026-04-14",
        )

        # 13 April: not yet
        self.assertFalse(self.run_bills("2026-04-13"))
        self.assertEqual(line.state, "earned")
        self.assertFalse(line.billing_ids)

        # 14 April: one draft bill
        bill = self.run_bills("2026-04-14")
        self.assertEqual(len(bill), 1)
        self.assertBill(
            bill,
            state="draft",
            move_type="in_invoice",
            partner_id=self.ada.id,
            journal_id=self.program_referral.bill_journal_id.id,
            company_id=self.company.id,
            currency_id=self.company.currency_id.id,
            invoice_date="2026-04-14",
            invoice_date_due="2026-04-14",
            amount_untaxed=61.73,
            amount_total=61.73,
            lines=[(self.client, 61.73)],
        )
        self.assertIn(first.name, bill.invoice_line_ids.name)
        self.assertIn("Cobalt Clinics", bill.invoice_line_ids.name)
        self.assertEqual(bill.invoice_line_ids.product_id, self.commission_product)
        self.assertEqual(bill.invoice_line_ids.account_id, self.company_data["default_account_expense"])
        self.assertLine(line, state="billed", billed_amount=61.73, open_amount=0.0)
        self.assertRecordValues(line.billing_ids, [{"amount": 61.73, "revision": 1, "bill_id": bill.id}])

        # the accountant approves it
        bill.with_user(self.accountant).action_post()
        self.assertEqual(bill.state, "posted")
        self.assertRegex(bill.name, rf"^COMM0*{self.ada.id}/2026/04/0001$")
        self.assertEqual(bill.invoice_date_due, Date.to_date("2026-04-14"), "posting keeps the pay-by date")
        self.assertLine(line, state="billed", billed_amount=61.73, open_amount=0.0)

        # and pays it
        self.pay(bill, on="2026-04-14")
        self.assertEqual(bill.payment_state, "paid")
        self.assertLine(line, state="paid", billed_amount=61.73, open_amount=0.0)

        # everything again changes nothing
        before = self.snapshot()
        bills, mended = self.run_all()
        self.assertFalse(bills)
        self.assertEqual(mended, 0)
        self.assertEqual(self.snapshot(), before)

    def test_d2_invoices_outside_the_window_earn_nothing_and_say_so(self):
        before = self.invoice(700, on="2026-01-04", post=False)
        referral = self.refer()
        before.action_post()
        referral.lead_id.action_set_won()
        first = self.invoice(1000, on="2026-01-10")
        last = self.invoice(200, on="2027-01-09")
        after = self.invoice(300, on="2027-01-10")
        self.assertEqual(
            (referral.window_start, referral.window_end), (Date.to_date("2026-01-10"), Date.to_date("2027-01-10"))
        )
        self.assertEqual(referral.commission_line_ids.move_id, first + last)
        self.assertFalse(before.commission_line_ids)
        self.assertFalse(after.commission_line_ids)
        self.assertIn("Ada Advisory", after.commission_explanation)
        self.assertIn("window", after.commission_explanation)
        self.pay(first + last + before + after, on="2027-02-01", group_payment=False)
        self.assertEqual(sum(referral.commission_line_ids.mapped("earned_amount")), 60.0)

    def test_d2_an_invoice_of_the_window_earns_however_late_it_is_paid(self):
        referral = self.acquired()
        invoice = self.invoice(1000, on="2026-01-10")
        self.go_to("2027-06-01")
        self.run_all()
        self.assertEqual(referral.state, "completed")
        self.pay(invoice)
        self.assertLine(
            self.line_of(invoice), state="earned", earned_amount=50.0, fully_paid_on="2027-06-01", due_on="2027-07-01"
        )

    def test_d1_window_starts_with_the_first_invoice_even_if_posted_later(self):
        referral = self.acquired()
        later = self.invoice(1000, on="2026-03-10")
        self.assertEqual(referral.window_start, Date.to_date("2026-03-10"))
        earlier = self.invoice(100, on="2026-02-10")
        self.assertEqual(referral.window_start, Date.to_date("2026-02-10"))
        self.assertEqual(referral.window_end, Date.to_date("2027-02-10"))
        self.assertEqual(referral.commission_line_ids.move_id, later + earlier)

    def test_d1_window_is_frozen_once_something_was_billed(self):
        line = self.billed_line()
        referral = line.referral_id
        start = referral.window_start
        self.assertEqual(start, Date.to_date("2026-01-05"))
        self.go_to("2026-03-01")
        self.credit(line.move_id)
        self.invoice(500, on="2026-03-01")
        self.run_all()
        self.assertEqual(referral.window_start, start)

    def test_d1_a_fully_reversed_or_free_invoice_starts_no_window(self):
        referral = self.acquired()
        free = self.invoice(0, on="2026-01-06")
        self.assertFalse(referral.window_start)
        reversed_invoice = self.invoice(1000, on="2026-01-10")
        self.assertEqual(referral.window_start, Date.to_date("2026-01-10"))
        self.go_to("2026-01-12")
        self.credit(reversed_invoice)
        real = self.invoice(1000, on="2026-02-01")
        self.assertEqual(referral.window_start, Date.to_date("2026-02-01"))
        self.assertEqual(referral.window_end, Date.to_date("2027-02-01"))
        self.assertLine(self.line_of(real), state="expected", amount=50.0)
        self.assertFalse(free.commission_line_ids)
        self.assertEqual(self.line_of(reversed_invoice).state, "void")

    def test_d17_part_payments_earn_nothing_until_the_last(self):
        self.acquired()
        invoice = self.invoice(1000, tax=self.tax_sale_a)
        line = self.line_of(invoice)
        self.pay(invoice, 400, on="2026-01-20")
        self.assertLine(line, state="expected", earned_amount=0.0, amount=50.0, due_on=False)
        self.pay(invoice, 700, on="2026-02-10")
        self.assertLine(line, state="expected", earned_amount=0.0)
        self.pay(invoice, 50, on="2026-02-25")
        self.assertLine(line, state="earned", earned_amount=50.0, fully_paid_on="2026-02-25", due_on="2026-03-27")

    def test_d5_full_payment_date_is_the_latest_accounting_date_not_the_day_of_entry(self):
        self.acquired()
        invoice = self.invoice(1000, on="2026-01-10")
        self.go_to("2026-03-30")
        self.pay(invoice, 500, on="2026-02-20")
        self.pay(invoice, 500, on="2026-02-01")
        self.assertLine(self.line_of(invoice), fully_paid_on="2026-02-20", due_on="2026-03-22")

    def test_d5_prepaid_invoice_is_fully_paid_on_its_own_date(self):
        self.acquired()
        payment = self.init_payment(1000, post=True, date="2026-01-03", partner=self.client)
        invoice = self.invoice(1000, on="2026-01-20")
        self.reconcile(invoice, payment.move_id)
        self.assertLine(self.line_of(invoice), state="earned", fully_paid_on="2026-01-20", due_on="2026-02-19")

    def test_d3_second_currency_is_rounded_and_billed_in_the_currency_of_the_invoice(self):
        euro = self.setup_other_currency("EUR")
        self.acquired()
        home = self.invoice(1000)
        foreign = self.invoice(333.33, currency_id=euro)
        self.pay(home)
        self.pay(foreign)
        line = self.line_of(foreign)
        self.assertLine(
            line, currency_id=euro.id, base_amount=333.33, amount=16.67, earned_amount=16.67, state="earned"
        )
        bills = self.run_bills("2026-02-04")
        self.assertEqual(len(bills), 2, "one draft per partner, currency and company")
        foreign_bill = bills.filtered(lambda bill: bill.currency_id == euro)
        self.assertBill(foreign_bill, partner_id=self.ada.id, amount_total=16.67, lines=[(self.client, 16.67)])
        self.assertBill(bills - foreign_bill, currency_id=self.company.currency_id.id, amount_total=50.0)

    def test_d3_payment_in_another_currency_still_pays_the_whole(self):
        euro = self.setup_other_currency("EUR")
        self.acquired()
        invoice = self.invoice(300, currency_id=euro)  # 2 EUR for 1 USD: 150 USD
        self.pay(invoice, currency_id=self.company.currency_id.id)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertLine(self.line_of(invoice), state="earned", earned_amount=15.0)

    def test_d3_discounts_come_off_the_base_and_taxes_are_not_in_it(self):
        self.acquired()
        invoice = self.invoice(1000, discount=12.5, tax=self.tax_sale_a)
        self.assertLine(self.line_of(invoice), base_amount=875.0, amount=43.75)

    def test_d6_lead_days_draft_the_bill_earlier_but_due_on_the_pay_by_date(self):
        self.program_referral.bill_lead_days = 7
        self.acquired()
        self.pay(self.invoice(1000))
        self.assertFalse(self.run_bills("2026-01-27"))
        bill = self.run_bills("2026-01-28")
        self.assertBill(bill, invoice_date="2026-01-28", invoice_date_due="2026-02-04", amount_total=50.0)

    def test_one_draft_per_partner_with_one_line_per_client(self):
        self.acquired()
        self.acquired(client=self.other_client)
        third = self.env["res.partner"].create({"name": "Echo Energy", "is_company": True})
        carl = self.env["res.partner"].create({"name": "Carl Consulting", "is_company": True})
        enrollment_carl = self.env["partner.program.enrollment"].create(
            {"partner_id": carl.id, "program_id": self.program_referral.id, "state": "active"}
        )
        referral = self.refer(enrollment=enrollment_carl, client=third)
        referral.lead_id.action_set_won()
        for client, amount in [(self.client, 1000), (self.client, 500), (self.other_client, 250), (third, 80)]:
            self.pay(self.invoice(amount, client=client))
        bills = self.run_bills("2026-02-04")
        self.assertEqual(bills.partner_id, self.ada + carl)
        self.assertEqual(len(bills), 2)
        for bill in bills:
            if bill.partner_id == self.ada:
                self.assertBill(bill, amount_total=87.5, lines=[(self.client, 75.0), (self.other_client, 12.5)])
            else:
                self.assertBill(bill, amount_total=4.0, lines=[(third, 4.0)])

    def test_second_run_extends_the_draft_that_is_still_there(self):
        self.acquired()
        self.acquired(client=self.other_client)
        first, second, third = (
            self.invoice(1000),
            self.invoice(200),
            self.invoice(300, client=self.other_client),
        )
        self.pay(first, on="2026-01-05")
        self.pay(second, on="2026-01-15")
        self.pay(third, on="2026-01-15")
        bill = self.run_bills("2026-02-04")
        self.assertBill(bill, amount_total=50.0, invoice_date_due="2026-02-04", lines=[(self.client, 50.0)])
        self.assertEqual(self.run_bills("2026-02-14"), bill)
        self.assertBill(
            bill,
            amount_total=75.0,
            invoice_date_due="2026-02-04",
            lines=[(self.client, 60.0), (self.other_client, 15.0)],
        )
        self.assertIn(second.name, bill.invoice_line_ids[0].name)
        # a posted bill is never touched again
        bill.action_post()
        fourth = self.invoice(100)
        self.pay(fourth)
        new_bill = self.run_bills("2026-03-16")
        self.assertNotEqual(new_bill, bill)
        self.assertBill(new_bill, amount_total=5.0, lines=[(self.client, 5.0)])
        self.assertEqual(bill.amount_total, 75.0)
        self.assertFalse(self.run_bills())

    def test_taxes_of_the_commission_product_come_on_top_of_the_commission(self):
        self.commission_product.supplier_taxes_id = self.tax_purchase_a
        self.earned_line()
        bill = self.run_bills()
        self.assertBill(bill, amount_untaxed=50.0, amount_total=57.5, lines=[(self.client, 50.0)])
        bill.action_post()
        self.assertEqual(bill.state, "posted")

    def test_button_and_server_action_bill_only_what_was_chosen_and_is_due(self):
        self.acquired()
        due, later = self.invoice(1000), self.invoice(400)
        self.pay(due, on="2026-01-05")
        self.pay(later, on="2026-01-25")
        self.go_to("2026-02-04")
        lines = self.line_of(due) + self.line_of(later)
        action = lines.with_user(self.accountant).action_create_vendor_bills()
        bill = self.env["account.move"].browse(action["res_id"])
        self.assertBill(bill, amount_total=50.0, lines=[(self.client, 50.0)])
        self.assertEqual(lines.mapped("state"), ["billed", "earned"])

    def test_inv8_explanation_says_how_the_figure_came_about(self):
        self.acquired()
        self.invoice(10, on="2026-01-10")
        invoice = self.invoice(1234.5, on="2026-03-20")
        line = self.line_of(invoice)
        self.assertIn("5 % of $ 1,234.50", line.explanation.replace("\xa0", " ").replace("$1", "$ 1"))
        self.assertIn(invoice.name, line.explanation)
        self.assertIn("month 3 of 12", line.explanation)
        self.assertIn("waiting until the client has paid in full", line.explanation)
        self.pay(invoice, on="2026-04-01")
        line.invalidate_recordset()
        self.assertIn("paid in full on 04/01/2026", line.explanation)
        self.assertIn("by 05/01/2026", line.explanation)
