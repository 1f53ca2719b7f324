"""D10: one invoice earns for one claim, however claims follow each other on a client or meet there."""

from odoo.fields import Date

from .test_reviews import ReviewCommon


class TestOneEarner(ReviewCommon):
    def assertOneEarns(self, invoices, referral):  # noqa: N802
        """The ledger as it is after everything that runs at night."""
        self.run_all()
        lines = self.env["partner.commission.line"].search([("move_id", "in", invoices.ids)])
        earning = lines.filtered(lambda line: line.amount or line.billed_amount)
        self.assertEqual(earning.referral_id, referral)
        self.assertEqual(earning.move_id, invoices)
        self.assertEqual(len(earning), len(invoices), "one commission for an invoice")

    def paid(self, amount=1000, **vals):
        invoice = self.invoice(amount, **vals)
        self.pay(invoice)
        return invoice

    def completed_over_a_barred_claim(self):
        """Ada's prospect, received first, is won as the client on which Byte earns until its window has ended."""
        self.enrollment_ada.program_id.claim_months = 3
        first = self.env["partner.referral"].create(
            {"enrollment_id": self.enrollment_ada.id, "prospect_name": "Foxtrot Foods"}
        )
        first.action_accept()
        self.go_to("2026-01-06")
        second = self.affiliate()
        invoices = self.paid(100, product=self.starter)
        self.assertEqual(second.state, "acquired")
        first.lead_id.partner_id = self.client
        first.lead_id.action_set_won()
        self.assertFalse(first.client_id)
        review = self.assertAsked(first, "conflict", other_id=second.id)
        self.go_to("2026-03-10")
        invoices += self.paid()
        self.go_to("2026-05-01")
        self.run_all()
        self.go_to("2027-01-07")
        self.run_all()
        self.assertEqual(second.state, "completed")
        return first, second, invoices, review

    def test_d10_a_barred_claim_waits_for_the_manager_after_the_window_of_the_other(self):
        first, second, invoices, review = self.completed_over_a_barred_claim()
        self.assertOneEarns(invoices, second)
        self.assertRecordValues(first, [{"state": "accepted", "client_id": False}])
        self.assertEqual(self.assertAsked(first, "conflict", other_id=second.id), review)
        self.assertIn("has earned on Cobalt Clinics until its window ended", review.question)
        self.assertIn("dated 01/06/2027 or later", review.if_accepted)
        self.decide(review, accept=False)
        self.assertEqual(first.state, "rejected")
        self.assertOneEarns(invoices, second)

    def test_d10_p9_a_barred_claim_closed_by_a_payment_waits_for_the_manager_too(self):
        first = self.affiliate(
            self.env["res.partner"],
            prospect_name="Foxtrot Foods",
            lead_id=self.lead(self.env["res.partner"], partner_name="Foxtrot Foods").id,
        )
        self.go_to("2026-01-06")
        second = self.acquired()
        invoice = self.paid()
        first.lead_id.partner_id = self.client
        self.go_to("2027-01-07")
        self.run_all()
        self.run_all()
        self.assertEqual((second.state, first.state, first.client_id.id), ("completed", "accepted", False))
        asked = self.assertAsked(first, "conflict", other_id=second.id)
        for customer in (self.env["res.partner"], self.client_contact):  # corrected by the salesperson meanwhile
            first.lead_id.partner_id = customer
            self.env.flush_all()
            self.assertFalse(first.client_id, "it waits for the manager whoever edits the lead")
        self.assertEqual(asked.state, "open")
        self.decide(asked, accept=True)
        self.assertRecordValues(first, [{"state": "accepted", "client_id": self.client.id}])
        self.assertOneEarns(invoice, second)

    def test_d10_a_claim_that_has_ended_and_earned_is_asked_about_as_what_it_is(self):
        lead = self.lead(self.env["res.partner"], partner_name="Foxtrot Foods")
        first = self.affiliate(self.env["res.partner"], prospect_name="Foxtrot Foods", lead_id=lead.id)
        self.go_to("2026-01-06")
        second = self.acquired()
        invoice = self.paid()
        self.run_all()
        second.write({"state": "rejected", "decision_reason": "The client never paid first"})
        lead.partner_id = self.client
        self.env.flush_all()
        review = self.assertAsked(first, "conflict", other_id=second.id)
        self.assertIn("which has ended, but has earned on Cobalt Clinics. Does Byte", review.question)
        self.assertIn(f"earns on no invoice that {second.name} has earned on", review.if_accepted)
        self.assertNotIn(f"{second.name} is rejected", review.if_accepted)
        self.decide(review, accept=True)
        self.assertEqual(first.client_id, self.client)
        starter = self.paid(100, product=self.starter)
        self.assertEqual(first.state, "acquired")
        self.run_all()
        lines = self.env["partner.commission.line"].search([("move_id", "in", (invoice + starter).ids)])
        earning = lines.filtered("earned_amount")
        self.assertEqual({line.move_id: line.referral_id for line in earning}, {invoice: second, starter: first})

    def test_d10_a_barred_claim_earns_after_the_window_of_the_other_when_the_manager_says_so(self):
        first, second, invoices, review = self.completed_over_a_barred_claim()
        self.decide(review, accept=True)
        self.assertRecordValues(
            first + second,
            [
                {"state": "acquired", "client_id": self.client.id, "window_start": False},
                {"state": "completed", "client_id": self.client.id, "window_start": Date.to_date("2026-01-06")},
            ],
        )
        self.assertOneEarns(invoices, second)
        late = self.paid(200, on="2026-06-01")
        self.assertOneEarns(invoices + late, second)
        new = self.paid()
        self.assertOneEarns(new, first)
        self.assertEqual(first.window_start, Date.to_date("2027-01-07"))
        self.assertOneEarns(invoices + late, second)

    def test_d10_a_referral_received_in_the_last_month_of_a_window_earns_after_it(self):
        first = self.acquired()
        invoices = self.paid()
        self.go_to("2026-12-20")
        second = self.refer(enrollment=self.enrollment_byte, accept=False)
        self.go_to("2026-12-22")
        invoices += self.paid(300, product=self.starter)
        self.go_to("2027-01-05")
        self.run_all()
        second.with_user(self.manager).decision_reason = "Byte sells it the next package"
        second.with_user(self.manager).action_accept()
        self.decide(self.assertAsked(second, "returning_client"), accept=True)
        self.assertEqual((second.state, second.acquisition_move_id), ("acquired", invoices[1]))
        self.assertIn("another referral earns on this invoice", second._explain_no_commission(invoices[1]))
        self.assertOneEarns(invoices, first)
        new = self.paid()
        self.assertOneEarns(new, second)
        self.assertOneEarns(invoices, first)

    def test_d12_where_two_that_earned_become_one_client_each_keeps_its_invoices(self):
        person = self.env["res.partner"].create({"name": "Pia Person"})
        byte = self.affiliate()
        self.go_to("2026-02-01")
        first = self.acquired(client=person)
        of_person = self.paid(client=person)
        self.program_affiliate.commission_months = 12
        self.go_to("2026-08-01")
        of_company = self.paid(100, product=self.starter)
        self.assertEqual(byte.state, "acquired")
        self.go_to("2026-08-10")
        of_person += self.paid(client=person)
        self.run_bills("2026-10-01")
        self.go_to("2027-02-01")
        self.run_all()
        self.assertEqual((first.state, byte.state), ("completed", "acquired"))
        person.parent_id = self.client
        self.assertEqual(first.client_id, self.client)
        self.assertOneEarns(of_company, byte)
        self.assertOneEarns(of_person, first)
        self.assertEqual(byte.window_start, Date.to_date("2026-08-01"))
        self.assertFalse(self.env["partner.commission.line"].search([("open_amount", "!=", 0)]))

    def test_d10_of_two_commissions_on_one_invoice_the_one_that_is_billed_stays(self):
        """The invoice went to another client and earned there; then the two clients were merged."""
        first = self.acquired()
        second = self.refer(enrollment=self.enrollment_byte, client=self.other_client)
        self.pay(self.invoice(100, client=self.other_client, product=self.starter))
        moved = self.invoice(1000)
        self.pay(self.invoice(500))
        moved.button_draft()
        moved.partner_id = self.other_client
        moved.action_post()
        self.pay(moved)
        self.run_bills("2026-03-01")
        self.go_to("2027-02-01")
        self.run_all()
        lines = self.env["partner.commission.line"].search([("move_id", "=", moved.id)])
        self.assertEqual(lines.referral_id, first + second, "there are two")
        self.env.flush_all()
        merger = self.env["base.partner.merge.automatic.wizard"].create({})
        merger._merge((self.client + self.other_client).ids, self.client, extra_checks=False)
        self.env.invalidate_all()
        self.assertOneEarns(moved, second)
        line = lines.filtered(lambda line: line.referral_id == first)
        self.assertLine(line, state="void", void_code="other_referral", amount=0.0, open_amount=0.0)
        self.assertEqual(line.void_reason, "Earned by another referral")
