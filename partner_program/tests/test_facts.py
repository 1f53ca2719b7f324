"""What the books say of an invoice: drafts that still close it, credit notes of what earns nothing, past days."""

from odoo.fields import Command, Date

from .common import PartnerProgramCommon


class TestDraftsThatClose(PartnerProgramCommon):
    """D4: Odoo keeps the reconciliations of what is reset to draft, and the invoice stays "paid"; it is not."""

    def test_d4_a_payment_that_is_reset_to_draft_pays_nothing_until_it_is_posted_again(self):
        self.acquired()
        invoice = self.invoice(1000)
        payment = self.pay(invoice)
        line = self.line_of(invoice)
        payment.action_draft()
        self.env.flush_all()
        self.assertEqual(invoice.payment_state, "paid", "what Odoo says")
        self.assertLine(line, state="expected", amount=50.0, earned_amount=0.0, fully_paid_on=False)
        self.assertFalse(self.run_bills("2026-03-01"))
        payment.action_post()
        self.env.flush_all()
        self.assertLine(line, state="earned", earned_amount=50.0, fully_paid_on="2026-01-05")

    def test_d16_a_payment_that_is_reset_to_draft_after_the_bill_is_taken_back(self):
        line = self.billed_line()
        self.env["account.payment"].search([("partner_id", "=", self.client.id)]).action_draft()
        self.env.flush_all()
        self.assertLine(line, state="earned", earned_amount=0.0, open_amount=-50.0)

    def test_the_sweep_and_the_run_see_a_draft_payment_that_no_hook_saw(self):
        line = self.earned_line()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET state = 'draft' WHERE origin_payment_id > 0 AND commercial_partner_id = %s",
            [self.client.id],
        )
        self.env.invalidate_all()
        self.assertFalse(self.run_bills())
        self.assertLine(line, state="expected", earned_amount=0.0)
        self.env.cr.execute("UPDATE partner_commission_line SET earned_amount = amount WHERE id = %s", [line.id])
        self.env.invalidate_all()
        self.assertEqual(self.env["partner.commission.line"].sudo()._cron_sync(), 1)
        self.assertLine(line, state="expected", earned_amount=0.0)

    def test_d4_a_write_off_or_a_credit_note_that_is_reset_to_draft_closes_nothing(self):
        self.acquired()
        for close in ("write-off", "credit note"):
            invoice = self.invoice(1000)
            self.pay(invoice, 600)
            entry = self.journal_entry(400) if close == "write-off" else self.credit(invoice, 400)
            if close == "write-off":
                self.reconcile(invoice, entry)
            line = self.line_of(invoice)
            self.assertLine(line, state="earned", earned_amount=30.0)
            entry.button_draft()
            self.env.flush_all()
            self.assertLine(line, state="expected", earned_amount=0.0)
            entry.action_post()
            self.env.flush_all()
            self.assertLine(line, state="earned", earned_amount=30.0)

    def test_p9_a_first_payment_that_is_reset_to_draft_acquires_nothing(self):
        referral = self.refer(enrollment=self.enrollment_byte)
        invoice = self.invoice(500, product=self.starter)
        payment = self.pay(invoice)
        self.assertEqual(referral.state, "acquired")
        payment.action_draft()
        self.env.flush_all()
        referral._sync_acquisition()
        self.assertEqual(referral.state, "accepted")


class TestAcquisitionUndone(PartnerProgramCommon):
    """A lead that leaves Won releases the client; what somebody has said or billed of its commissions stays."""

    def out_of_won(self, lead):
        lead.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)

    def test_inv3_a_hold_outlives_an_acquisition_that_is_undone_for_a_moment(self):
        referral = self.acquired()
        paid, expected = self.invoice(1000), self.invoice(500)
        self.pay(paid)
        lines = self.line_of(paid) + self.line_of(expected)
        lines.write({"held_by_hand": True, "manual_hold_reason": "Is it the partner's own firm?"})
        self.out_of_won(referral.lead_id)
        self.assertEqual(referral.state, "accepted")
        self.assertRecordValues(lines.exists(), [{"state": "void", "void_code": "not_acquired"}] * 2)
        referral.lead_id.action_set_won()
        self.assertEqual(self.line_of(paid), lines[0])
        self.assertLine(lines[0], state="held", held_by_hand=True, earned_amount=50.0)
        self.assertFalse(self.run_bills("2026-03-01"))

    def test_inv7_a_claim_whose_bill_was_cancelled_is_released_when_its_lead_leaves_won(self):
        line = self.billed_line(post=False)
        referral, bill = line.referral_id, line.billing_ids.bill_id
        self.out_of_won(referral.lead_id)
        self.assertEqual(referral.state, "acquired", "something is billed")
        bill.button_cancel()
        self.out_of_won(referral.lead_id)
        self.run_all()
        self.assertRecordValues(referral, [{"state": "accepted", "window_start": False}])
        self.assertLine(line, state="void", void_code="not_acquired", open_amount=0.0)
        self.assertFalse(self.run_bills("2026-03-01"))


class TestMergedClient(PartnerProgramCommon):
    def test_partners_with_statements_of_the_same_month_are_merged(self):
        double = self.env["res.partner"].create({"name": "Ada Advisory Ltd", "is_company": True})
        self.env["partner.program.enrollment"].create(
            {"partner_id": double.id, "program_id": self.program_affiliate.id, "state": "active"}
        )
        months = (("2025-11-01", "2025-11-30"), ("2025-12-01", "2025-12-31"))
        own, lone, first = (
            self.env["partner.commission.statement"]
            .sudo()
            .create(
                [
                    {"partner_id": partner.id, "company_id": self.company.id, "date_from": begin, "date_to": end}
                    for partner, (begin, end) in ((self.ada, months[1]), (double, months[0]), (double, months[1]))
                ]
            )
        )
        file = (
            self.env["ir.attachment"]
            .sudo()
            .create({"name": "Statement.pdf", "raw": b"%PDF", "res_model": first._name, "res_id": first.id})
        )
        merger = self.env["base.partner.merge.automatic.wizard"].create({})
        merger._merge((double + self.ada).ids, self.ada, extra_checks=False)
        statements = self.env["partner.commission.statement"].search([("partner_id", "=", self.ada.id)])
        self.assertEqual(statements, own + lone)
        self.assertEqual(file.exists().res_id, own.id, "what was mailed is kept")

    def test_d12_what_was_invoiced_to_a_contact_that_is_merged_earns_at_once(self):
        """Found by the oracle: the client itself had no invoice yet, and the row came at night only."""
        self.acquired()
        stranger = self.env["res.partner"].create({"name": "Echo", "is_company": True})
        invoice = self.invoice(1000, client=stranger)
        self.env.flush_all()
        merger = self.env["base.partner.merge.automatic.wizard"].create({})
        merger._merge((stranger + self.client).ids, stranger, extra_checks=False)
        self.env.invalidate_all()
        self.assertLine(self.line_of(invoice), state="expected", amount=50.0)


class TestExcludedCredit(PartnerProgramCommon):
    """D3: products of excluded categories earn nothing, and credit notes of them take nothing back."""

    def setUp(self):
        super().setUp()
        self.hardware = self.env["product.category"].create({"name": "Hardware"})
        self.device = self._create_product(name="Device", type="consu", categ_id=self.hardware.id)
        self.program_referral.excluded_category_ids = self.hardware
        self.acquired()
        no_tax = self.env["account.tax"]
        self.move = self._create_invoice(
            partner_id=self.client,
            invoice_date="2026-01-05",
            invoice_line_ids=[
                self._prepare_invoice_line(product_id=self.pro, price_unit=800, tax_ids=no_tax),
                self._prepare_invoice_line(product_id=self.device, price_unit=500, tax_ids=no_tax),
            ],
            post=True,
        )

    def test_d3_an_unlinked_credit_note_of_excluded_products_takes_nothing_back(self):
        credit_note = self.invoice(500, product=self.device, move_type="out_refund")
        self.reconcile(self.move, credit_note)
        self.assertLine(self.line_of(self.move), base_amount=800.0, credited_amount=0.0, amount=40.0)
        self.pay(self.move)
        self.assertLine(self.line_of(self.move), state="earned", earned_amount=40.0)

    def test_d3_an_unlinked_credit_note_of_both_counts_by_what_earns(self):
        credit_note = self.invoice(100, product=self.device, move_type="out_refund", post=False)
        credit_note.invoice_line_ids = [
            Command.create({"product_id": self.pro.id, "price_unit": 300, "quantity": 1, "tax_ids": [Command.clear()]})
        ]
        credit_note.action_post()
        self.reconcile(self.move, credit_note)
        self.assertLine(self.line_of(self.move), credited_amount=300.0, amount=25.0)

    def test_d3_an_excluded_credit_note_in_another_currency_is_converted(self):
        euro = self.setup_other_currency("EUR", rates=[("2025-01-01", 2.0)])  # two euros are one of ours
        credit_note = self.credit(self.move, post=False)
        credit_note.currency_id = euro
        device, pro = (
            credit_note.invoice_line_ids.filtered(lambda line, product=product: line.product_id == product)
            for product in (self.device, self.pro)
        )
        device.price_unit, pro.price_unit = 400.0, 200.0  # 200 and 100 of ours
        credit_note.action_post()
        self.env.flush_all()
        self.assertLine(self.line_of(self.move), credited_amount=100.0, amount=35.0)


class TestAccrualOfThePast(PartnerProgramCommon):
    """What a past day knew: credit notes, write-offs, other currencies, bills that were reversed later."""

    def accrual(self, day):
        rows = self.env["partner.commission.accrual"]._fill(Date.to_date(day))
        return [(row.expected_amount, row.earned_amount, row.billed_amount, row.open_amount) for row in rows]

    def test_a_bill_that_is_reversed_is_billed_until_then(self):
        line = self.billed_line()  # on 4 February
        self.go_to("2026-03-10")
        line.bill_ids._reverse_moves([{"invoice_date": "2026-03-10", "date": "2026-03-10"}], cancel=True)
        self.env.flush_all()
        self.assertEqual(line.bill_ids.payment_state, "reversed")
        self.assertEqual(self.accrual("2026-03-09"), [(0.0, 50.0, 50.0, 0.0)])
        self.assertEqual(self.accrual("2026-03-10"), [(0.0, 50.0, 0.0, 50.0)])
        self.run_bills("2026-04-02").action_post()
        self.assertEqual(self.accrual("2026-03-10"), [(0.0, 50.0, 0.0, 50.0)])
        self.assertEqual(self.accrual("2026-04-02"), [(0.0, 50.0, 50.0, 0.0)])

    def test_a_credit_note_counts_from_its_day(self):
        self.acquired()
        invoice = self.invoice(1000, on="2026-01-10")
        self.pay(invoice, on="2026-01-20")
        self.go_to("2026-03-10")
        self.credit(invoice, 200)
        self.assertEqual(self.accrual("2026-03-09"), [(0.0, 50.0, 0.0, 50.0)])
        self.assertEqual(self.accrual("2026-03-10"), [(0.0, 40.0, 0.0, 40.0)])

    def test_a_credit_note_of_excluded_products_takes_nothing_back_before_its_day_either(self):
        hardware = self.env["product.category"].create({"name": "Hardware"})
        device = self._create_product(name="Device", type="consu", categ_id=hardware.id)
        self.program_referral.excluded_category_ids = hardware
        self.acquired()
        self.invoice(100, product=device)  # starts the window
        invoice = self.invoice(800, post=False)
        invoice.invoice_line_ids = [
            Command.create({"product_id": device.id, "price_unit": 500, "quantity": 1, "tax_ids": [Command.clear()]})
        ]
        invoice.action_post()
        self.pay(invoice, on="2026-01-20")
        self.go_to("2026-03-10")
        self.credit(invoice)  # all of it: 800 that earned, 500 that did not
        self.assertEqual(self.accrual("2026-03-09"), [(0.0, 40.0, 0.0, 40.0)])
        self.assertEqual(self.accrual("2026-03-10"), [])

    def test_a_write_off_counts_from_its_day(self):
        self.acquired()
        invoice = self.invoice(1000, on="2026-01-10")
        self.pay(invoice, 600, on="2026-01-20")
        self.go_to("2026-03-10")
        self.reconcile(invoice, self.journal_entry(400))
        self.assertEqual(self.accrual("2026-03-09"), [(50.0, 0.0, 0.0, 0.0)])
        self.assertEqual(self.accrual("2026-03-10"), [(0.0, 30.0, 0.0, 30.0)])

    def test_what_an_exchange_difference_closes_is_closed(self):
        """A credit note in another currency leaves a rest, which Odoo closes by an exchange entry."""
        euro = self.setup_other_currency("EUR", rates=[("2025-01-01", 2.0), ("2026-01-15", 4.0)])
        self.acquired()
        self.invoice(100)  # starts the window
        invoice = self.invoice(1000, on="2026-01-10")
        self.go_to("2026-01-20")
        self.pay(invoice, 700)
        credit_note = self.invoice(600, on="2026-01-20", move_type="out_refund", currency_id=euro.id)
        self.reconcile(invoice, credit_note)
        self.go_to("2026-02-10")
        line = self.line_of(invoice)
        self.assertEqual(line.state, "earned")
        accrued = self.accrual("2026-02-10")
        self.assertIn((0.0, line.earned_amount, 0.0, line.earned_amount), accrued)

    def test_other_currencies_are_accrued_in_their_own(self):
        euro = self.setup_other_currency("EUR", rates=[("2025-01-01", 2.0), ("2026-01-15", 4.0)])
        self.acquired()
        invoice = self.invoice(1000, on="2026-01-10", currency_id=euro.id)
        self.pay(invoice, on="2026-01-20", currency_id=euro.id)
        self.go_to("2026-02-01")
        self.assertEqual(self.accrual("2026-01-19"), [(50.0, 0.0, 0.0, 0.0)])
        self.assertEqual(self.accrual("2026-01-20"), [(0.0, 50.0, 0.0, 50.0)])
        self.assertEqual(self.env["partner.commission.accrual"].search([]).currency_id, euro)

    def test_d14_ended_for_cause_counts_from_that_day(self):
        self.acquired()
        invoice = self.invoice(1000, on="2026-01-10")
        self.go_to("2026-02-10")
        self.enrollment_ada.write(
            {"state": "ended", "for_cause": True, "end_reason": "Fraud", "date_end": "2026-02-10"}
        )
        self.env.flush_all()
        self.assertLine(self.line_of(invoice), state="void", void_code="ended_for_cause")
        self.assertEqual(self.accrual("2026-02-09"), [(50.0, 0.0, 0.0, 0.0)])
        self.assertEqual(self.accrual("2026-02-10"), [])

    def test_a_draft_that_is_extended_is_dated_anew(self):
        """What March earned is not booked in January because the draft was begun then."""
        self.earned_line()
        draft = self.run_bills()
        self.assertEqual((draft.state, draft.date), ("draft", Date.to_date("2026-02-04")))
        self.pay(self.invoice(500))
        self.assertEqual(self.run_bills("2026-03-20"), draft)
        self.assertEqual(draft.amount_total, 75.0)
        draft.action_post()
        self.assertEqual((draft.invoice_date, draft.date), (Date.to_date("2026-03-20"),) * 2)
        self.assertEqual(draft.invoice_date_due, Date.to_date("2026-02-04"))
