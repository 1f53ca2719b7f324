"""The straight path of the affiliate program (P1, P5, P6, P9, P25, P26; D13, D15)."""

from odoo.fields import Command, Date

from .common import PartnerProgramCommon


class TestAffiliateStory(PartnerProgramCommon):
    def affiliate(self, client=None, **vals):
        return self.refer(enrollment=self.enrollment_byte, client=client, **vals)

    def test_from_referral_to_paid_commission(self):
        referral = self.affiliate()
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "accepted",
                    "program_id": self.program_affiliate.id,
                    "commission_rate": 20.0,
                    "commission_months": 12,
                    "expires_on": False,
                    "window_start": False,
                }
            ],
        )

        # 10 January: Starter invoiced; nothing is acquired by an invoice
        self.go_to("2026-01-10")
        starter = self.invoice(499.95, product=self.starter, tax=self.tax_sale_a)
        self.assertEqual(starter.amount_total, 574.94)
        self.assertEqual(referral.state, "accepted")
        self.assertFalse(referral.commission_line_ids)

        # partly paid: still not
        self.pay(starter, 300, on="2026-01-15")
        self.assertEqual(referral.state, "accepted")

        # 20 January: the first full payment acquires the client, and this very invoice earns
        self.go_to("2026-01-20")
        self.pay(starter)
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "acquired",
                    "acquired_on": Date.to_date("2026-01-20"),
                    "acquisition_move_id": starter.id,
                    "window_start": Date.to_date("2026-01-10"),
                    "window_end": Date.to_date("2027-01-10"),
                }
            ],
        )
        self.assertLine(
            self.line_of(starter),
            base_amount=499.95,
            rate=20.0,
            amount=99.99,
            earned_amount=99.99,
            open_amount=99.99,
            state="earned",
            fully_paid_on="2026-01-20",
            due_on="2026-02-19",
        )

        # up-sold to Pro in March: earns as well
        pro = self.invoice(1500, on="2026-03-02", product=self.pro)
        self.pay(pro, on="2026-03-12")
        self.assertLine(self.line_of(pro), amount=300.0, state="earned", due_on="2026-04-11")

        self.assertFalse(self.run_bills("2026-02-18"))
        bill = self.run_bills("2026-02-19")
        self.assertBill(
            bill,
            partner_id=self.byte.id,
            state="draft",
            invoice_date_due="2026-02-19",
            amount_total=99.99,
            lines=[(self.client, 99.99)],
        )
        self.assertEqual(self.run_bills("2026-04-11"), bill, "the draft that is still there is extended")
        self.assertBill(bill, amount_total=399.99, lines=[(self.client, 399.99)])
        bill.with_user(self.accountant).action_post()
        self.pay(bill)
        self.assertEqual(set(referral.commission_line_ids.mapped("state")), {"paid"})

        before = self.snapshot()
        bills, mended = self.run_all()
        self.assertFalse(bills)
        self.assertEqual(mended, 0)
        self.assertEqual(self.snapshot(), before)

    def test_p9_only_the_entry_package_acquires(self):
        referral = self.affiliate()
        pro = self.invoice(1000, product=self.pro)
        self.pay(pro)
        self.assertEqual(referral.state, "accepted")
        self.assertFalse(pro.commission_line_ids)
        self.go_to("2026-02-01")
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        self.assertEqual(referral.state, "acquired")
        # D1, D2: the window runs from the first invoice on or after the referral, which is the Pro one
        self.assertEqual(referral.window_start, Date.to_date("2026-01-05"))
        self.assertLine(self.line_of(pro), state="earned", amount=200.0)
        self.assertLine(self.line_of(starter), state="earned", amount=20.0)

    def test_p9_a_starter_paid_by_the_credit_for_another_invoice_acquires(self):
        advice = self.invoice(500, product=self._create_product(name="Advice"))
        self.pay(advice)
        credit_note = self.credit(advice)
        referral = self.refer(enrollment=self.enrollment_byte)
        starter = self.invoice(500, product=self.starter)
        self.reconcile(starter, credit_note)
        self.assertEqual(starter.payment_state, "reversed", "as Odoo calls it")
        self.run_all()
        self.assertEqual((referral.state, referral.acquisition_move_id), ("acquired", starter))
        packages = self.env["partner.program.client.package"].search([("client_id", "=", self.client.id)])
        self.assertEqual(packages.move_id, starter)
        self.credit(starter)
        self.run_all()
        self.assertEqual(referral.state, "accepted", "taken back itself, it is no first payment")

    def test_p9_who_was_a_client_by_an_invoice_paid_by_credit_for_another_is_no_new_one(self):
        old = self.invoice(500, on="2025-12-01", product=self.pro)
        referral = self.affiliate()
        advice = self.invoice(500, product=self._create_product(name="Advice"))
        self.pay(advice)
        self.assertTrue(referral._get_former_clients()[referral])
        self.reconcile(old, self.credit(advice))
        self.assertEqual(old.payment_state, "reversed", "as Odoo calls it")
        self.assertTrue(referral._get_former_clients()[referral])
        quotation = self.env["sale.order"].create({"partner_id": self.client.id})
        self.assertIn((self.client, self.company), quotation._get_clients_with_package())
        self.credit(old)
        self.assertFalse(referral._get_former_clients()[referral], "taken back itself")
        self.assertFalse(quotation._get_clients_with_package())

    def test_p9_an_invoice_with_starter_among_other_lines_acquires(self):
        referral = self.affiliate()
        invoice = self._create_invoice(
            partner_id=self.client_contact,
            invoice_date="2026-01-07",
            post=True,
            invoice_line_ids=[
                self._prepare_invoice_line(product_id=self.pro, price_unit=900, tax_ids=self.env["account.tax"]),
                self._prepare_invoice_line(product_id=self.starter, price_unit=100, tax_ids=self.env["account.tax"]),
            ],
        )
        self.pay(invoice, on="2026-01-08")
        self.assertEqual(referral.acquisition_move_id, invoice)
        self.assertLine(self.line_of(invoice), amount=200.0, state="earned")

    def test_p9_starter_invoiced_before_the_referral_acquires_nothing(self):
        old = self.invoice(100, on="2026-01-02", product=self.starter)
        referral = self.affiliate()
        self.pay(old)
        self.assertEqual(referral.state, "accepted")
        self.run_all()
        self.assertEqual(referral.state, "accepted")

    def test_d4_a_starter_invoice_that_was_credited_or_written_off_acquires_nothing(self):
        referral = self.affiliate()
        credited = self.invoice(100, product=self.starter)
        self.credit(credited)
        self.assertEqual(credited.payment_state, "reversed")
        written_off = self.invoice(100, product=self.starter)
        self.reconcile(written_off, self.journal_entry(100))
        self.assertEqual(written_off.payment_state, "paid")
        self.run_all()
        self.assertEqual(referral.state, "accepted")
        self.assertFalse(referral.commission_line_ids)

    def test_p9_paid_before_the_claim_was_accepted_acquires_at_acceptance(self):
        referral = self.affiliate(accept=False)
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        self.assertEqual(referral.state, "submitted")
        referral.with_user(self.salesperson).action_accept()
        self.assertEqual(referral.state, "acquired")
        self.assertLine(self.line_of(starter), state="earned", amount=20.0)

    def test_p9_bank_statement_line_acquires_too(self):
        referral = self.affiliate()
        starter = self.invoice(100, product=self.starter)
        self.pay_with_statement_line(starter, self.company_data["default_journal_bank"].id, "2026-01-09", 100)
        self.assertEqual(referral.state, "acquired")
        self.assertEqual(referral.acquired_on, Date.to_date("2026-01-09"))

    def test_d13_a_program_can_let_affiliate_claims_expire(self):
        self.program_affiliate.claim_months = 2
        referral = self.affiliate()
        self.assertEqual(referral.expires_on, Date.to_date("2026-03-05"))
        self.go_to("2026-03-06")
        self.run_all()
        self.assertEqual(referral.state, "expired")
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        self.assertEqual(referral.state, "expired")
        self.assertFalse(starter.commission_line_ids)

    def test_d13_without_months_the_claim_waits_for_years(self):
        referral = self.affiliate()
        self.go_to("2029-01-05")
        self.run_all()
        self.assertEqual(referral.state, "accepted")
        self.pay(self.invoice(100, product=self.starter))
        self.assertEqual(referral.state, "acquired")

    def test_d15_contract_not_signed_holds_and_signing_releases(self):
        self.enrollment_byte.write({"signed_on": False, "signed_by": False, "agreement_id": False})
        self.assertEqual(self.enrollment_byte.missing_requirements, "contract not signed")
        self.affiliate()
        starter = self.invoice(1000, product=self.starter)
        self.pay(starter)
        line = self.line_of(starter)
        self.assertLine(line, state="held", earned_amount=200.0, open_amount=200.0, hold_reason="contract not signed")
        self.assertFalse(self.run_bills("2026-03-01"))
        self.assertLine(line, state="held", earned_amount=200.0, billed_amount=0.0)

        self.enrollment_byte.with_user(self.manager).action_sign()
        self.assertEqual(self.enrollment_byte.agreement_id, self.agreement)
        self.assertEqual(self.enrollment_byte.signed_on, Date.to_date("2026-03-01"))
        self.assertLine(line, state="earned", open_amount=200.0, hold_reason=False)
        self.assertBill(self.run_bills(), partner_id=self.byte.id, amount_total=200.0, invoice_date_due="2026-02-04")

    def test_d15_trained_staff_missing_holds_and_training_releases(self):
        self.program_affiliate.trained_contacts_required = 2
        self.affiliate()
        starter = self.invoice(1000, product=self.starter)
        self.pay(starter)
        line = self.line_of(starter)
        self.assertLine(line, state="held", hold_reason="trained staff: 1 of 2")
        self.assertFalse(self.run_bills("2026-02-04"))
        second = self.env["res.partner"].create({"name": "Bea of Byte", "parent_id": self.byte.id})
        self.enrollment_byte.trained_contact_ids = [Command.link(second.id)]
        self.assertLine(line, state="earned", hold_reason=False)
        self.assertEqual(self.run_bills().amount_total, 200.0)

    def test_d15_a_new_version_of_the_contract_holds_until_it_is_signed(self):
        self.affiliate()
        starter = self.invoice(1000, product=self.starter)
        self.pay(starter)
        line = self.line_of(starter)
        self.assertLine(line, state="earned")
        self.program_affiliate.agreement_id = self.agreement.copy({"version": 2})
        self.assertLine(line, state="held", hold_reason="new version of the contract not signed")
        self.enrollment_byte.action_sign()
        self.assertLine(line, state="earned")

    def test_two_programs_side_by_side(self):
        self.acquired(client=self.other_client)
        self.affiliate()
        starter = self.invoice(1000, product=self.starter)
        referred = self.invoice(1000, product=self.starter, client=self.other_client)
        self.pay(starter)
        self.pay(referred)
        self.assertLine(self.line_of(starter), partner_id=self.byte.id, amount=200.0)
        self.assertLine(self.line_of(referred), partner_id=self.ada.id, amount=50.0)
        bills = self.run_bills("2026-02-04")
        self.assertEqual({bill.partner_id: bill.amount_total for bill in bills}, {self.ada: 50.0, self.byte: 200.0})
