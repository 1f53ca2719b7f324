"""Referral and lead are about one client, whichever of the two learns first who it is (P7; D10, D12)."""

from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Date

from .test_reviews import ReviewCommon


class TestCustomerOfTheLead(ReviewCommon):
    def prospect(self, enrollment=None, accept=True, **vals):
        """A claim on somebody who is no contact; its lead has no customer."""
        lead = self.lead(client=self.env["res.partner"], partner_name="Somebody", user_id=self.salesperson.id)
        return self.refer(enrollment=enrollment, lead_id=lead.id, client=self.env["res.partner"], accept=accept, **vals)

    # ------------------------------------------------------------
    # FROM THE REFERRAL TO THE LEAD
    # ------------------------------------------------------------

    def test_d12_a_client_filled_in_on_the_referral_is_the_customer_of_its_lead(self):
        for accept in (False, True):
            with self.subTest(accepted=accept):
                referral = self.prospect(accept=accept)
                client = self.env["res.partner"].create({"name": "Foxtrot Foods", "is_company": True})
                referral.with_user(self.salesperson).client_id = client
                self.assertEqual(referral.lead_id.partner_id, client)
                if not accept:
                    referral.action_accept()
                referral.lead_id.action_set_won()
                self.assertEqual((referral.state, referral.client_id), ("acquired", client))
                invoice = self.invoice(1000, client=referral.lead_id.partner_id)
                self.assertEqual(self.line_of(invoice).amount, 50.0)

    def test_d12_a_client_known_at_registration_is_the_customer_of_the_lead(self):
        lead = self.lead(client=self.env["res.partner"], partner_name="Somebody")
        self.refer(lead_id=lead.id, accept=False)
        self.assertEqual(lead.partner_id, self.client)

    def test_d12_a_customer_that_the_lead_has_stays(self):
        referral = self.refer(client=self.client_contact, lead_id=self.lead(self.client_contact).id, accept=False)
        referral.with_user(self.salesperson).client_id = self.other_client
        self.assertEqual(referral.lead_id.partner_id, self.client_contact)

    def test_d12_winning_a_lead_that_lost_its_customer_makes_no_second_contact(self):
        referral = self.refer()
        referral.lead_id.partner_id = False
        referral.lead_id.partner_name = "Somebody"
        referral.lead_id.action_set_won()
        self.assertEqual((referral.state, referral.lead_id.partner_id), ("acquired", self.client))

    # ------------------------------------------------------------
    # FROM THE LEAD TO THE REFERRAL
    # ------------------------------------------------------------

    def test_p7_a_prospect_that_becomes_a_known_client_through_its_lead_is_checked(self):
        self.invoice(500, on="2025-12-01")
        referral = self.prospect()
        self.assertEqual(referral.eligibility, "eligible")
        referral.lead_id.with_user(self.salesperson).partner_id = self.client_contact
        self.assertEqual((referral.client_id, referral.eligibility), (self.client, "ineligible"))
        self.assertIn("Discussions with the client before the referral", referral.activity_ids.mapped("summary"))

    def test_p7_also_when_the_lead_is_converted_for_an_existing_customer(self):
        self.invoice(500, on="2025-12-01")
        referral = self.prospect()
        referral.lead_id.type = "lead"
        self.env["crm.lead2opportunity.partner"].with_user(self.salesperson).with_context(
            active_model="crm.lead", active_id=referral.lead_id.id, active_ids=referral.lead_id.ids
        ).create({"name": "convert", "action": "exist", "partner_id": self.client.id}).action_apply()
        self.assertEqual((referral.client_id, referral.eligibility), (self.client, "ineligible"))

    def test_p7_of_an_undecided_claim_the_evidence_is_that_of_the_new_client(self):
        self.invoice(500, on="2025-12-01")
        referral = self.prospect(accept=False)
        referral.lead_id.with_user(self.salesperson).partner_id = self.client
        self.assertEqual((referral.client_id, referral.eligibility), (self.client, "ineligible"))
        referral.lead_id.with_user(self.salesperson).partner_id = self.other_client
        self.assertEqual((referral.client_id, referral.eligibility), (self.other_client, "eligible"))

    def test_d10_received_earlier_and_known_through_the_lead_a_manager_decides(self):
        early = self.prospect(accept=False, referred_on="2026-01-03 10:00:00")
        holder = self.affiliate(referred_on="2026-01-04 10:00:00")
        early.lead_id.with_user(self.salesperson).partner_id = self.client
        self.assertAsked(early, "conflict", other_id=holder.id)

    def test_d10_received_later_nobody_is_asked(self):
        late = self.prospect(accept=False, referred_on="2026-01-04 10:00:00")
        self.affiliate(referred_on="2026-01-03 10:00:00")
        late.lead_id.partner_id = self.client
        self.assertEqual(late.client_id, self.client)
        self.assertFalse(self.reviews(late))

    def test_d10_received_earlier_and_met_by_merging_contacts_a_manager_decides(self):
        early = self.refer(client=self.other_client, accept=False, referred_on="2026-01-03 10:00:00")
        holder = self.affiliate(referred_on="2026-01-04 10:00:00")
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((self.client + self.other_client).ids, self.client, extra_checks=False)
        self.env.invalidate_all()
        self.assertEqual((early.client_id, early.state), (self.client, "submitted"))
        self.assertAsked(early, "conflict", other_id=holder.id)

    TWO_CLIENTS = "Lead and referral are about two clients"

    # ------------------------------------------------------------
    # THE CLAIM GETS ANOTHER LEAD
    # ------------------------------------------------------------

    def merge_leads(self, head, tail):
        """The salesperson merges them; the further one stays, as Odoo does it."""
        head.probability, tail.probability = 60, 5
        merged = (head + tail).with_user(self.salesperson).merge_opportunity()
        self.assertEqual(merged, head)

    def test_p7_a_prospect_whose_lead_is_merged_into_one_of_a_known_client_is_checked(self):
        self.invoice(500, on="2025-12-01")
        referral = self.prospect()
        self.merge_leads(self.lead(), referral.lead_id)
        self.assertEqual((referral.client_id, referral.eligibility), (self.client, "ineligible"))
        self.assertIn("Discussions with the client before the referral", referral.activity_ids.mapped("summary"))

    def test_p9_a_prospect_that_gets_the_lead_of_a_client_counts_at_once_what_was_paid(self):
        referral = self.prospect(self.enrollment_byte)
        self.pay(self.invoice(100, product=self.starter))
        self.merge_leads(self.lead(), referral.lead_id)
        self.assertEqual((referral.client_id, referral.state), (self.client, "acquired"))

    def test_d12_a_claim_whose_lead_is_merged_into_one_of_another_client_is_told_to_a_manager(self):
        referral = self.refer()
        self.merge_leads(self.lead(self.other_client), referral.lead_id)
        self.assertEqual((referral.client_id, referral.state), (self.client, "accepted"))
        todo = referral.activity_ids
        self.assertEqual(todo.mapped("summary"), [self.TWO_CLIENTS])
        self.assertIn("Delta Dairies", str(todo.note))

    # ------------------------------------------------------------
    # THE CUSTOMER OF THE LEAD IS CORRECTED
    # ------------------------------------------------------------

    def test_d12_an_accepted_claim_goes_along_when_the_customer_of_its_lead_is_corrected(self):
        referral = self.refer()
        referral.lead_id.with_user(self.salesperson).partner_id = self.other_client
        self.assertEqual((referral.client_id, referral.eligibility), (self.other_client, "eligible"))
        referral.lead_id.with_user(self.salesperson).action_set_won()
        self.assertEqual(self.line_of(self.invoice(1000, client=self.other_client)).amount, 50.0)
        self.assertFalse(referral.activity_ids)

    def test_d12_a_customer_who_is_corrected_and_won_in_one_save_is_the_one_it_was_won_for(self):
        referral = self.refer()
        won = self.env["crm.stage"].search([("is_won", "=", True)], limit=1)
        referral.lead_id.with_user(self.salesperson).write({"partner_id": self.other_client.id, "stage_id": won.id})
        self.assertEqual((referral.state, referral.client_id), ("acquired", self.other_client))
        self.assertEqual(referral.lead_id.partner_id, self.other_client)

    def test_p7_the_corrected_customer_is_checked_for_discussions(self):
        self.invoice(500, on="2025-12-01", client=self.other_client)
        referral = self.refer()
        referral.lead_id.with_user(self.salesperson).partner_id = self.other_client
        self.assertEqual((referral.client_id, referral.eligibility), (self.other_client, "ineligible"))
        self.assertIn("Discussions with the client before the referral", referral.activity_ids.mapped("summary"))

    def test_d10_d11_a_customer_that_cannot_be_the_client_is_told_to_a_manager_once(self):
        self.affiliate(client=self.other_client)
        for customer in (self.other_client, self.ada):
            with self.subTest(customer=customer.name):
                client = self.env["res.partner"].create({"name": "Foxtrot", "is_company": True})
                referral = self.refer(client=client)
                referral.lead_id.with_user(self.salesperson).partner_id = customer
                self.assertEqual(referral.client_id, client)
                referral.lead_id.with_user(self.salesperson).action_set_won()
                self.assertEqual((referral.state, referral.client_id), ("acquired", client))
                todo = referral.activity_ids
                self.assertEqual(todo.mapped("summary"), [self.TWO_CLIENTS])
                self.assertTrue(todo.user_id.has_group("partner_program.group_manager"))
                self.assertIn(customer.name, str(todo.note))

    def test_d12_a_lead_that_was_for_another_client_all_along_is_told_when_it_is_won(self):
        referral = self.refer(accept=False, lead_id=self.lead().id)
        referral.client_id = self.other_client
        referral.action_accept()
        self.assertFalse(referral.activity_ids.filtered(lambda todo: todo.summary == self.TWO_CLIENTS))
        referral.lead_id.action_set_won()
        self.assertEqual(referral.client_id, self.other_client)
        self.assertIn(self.TWO_CLIENTS, referral.activity_ids.mapped("summary"))

    def test_d12_a_customer_that_is_corrected_after_the_lead_was_won_is_told_to_a_manager(self):
        referral = self.prospect()
        referral.lead_id.with_user(self.salesperson).action_set_won()
        made = referral.client_id
        self.assertEqual((referral.state, made.name), ("acquired", "Somebody"))
        for _again in range(2):
            referral.lead_id.with_user(self.salesperson).partner_id = self.other_client
            referral.lead_id.with_user(self.salesperson).partner_id = self.client
        self.assertEqual(referral.client_id, made, "a manager corrects it")
        todo = referral.activity_ids.filtered(lambda one: one.summary == self.TWO_CLIENTS)
        self.assertEqual(len(todo), 1, "told once")
        self.assertTrue(todo.user_id.has_group("partner_program.group_manager"))
        referral.with_user(self.manager).client_id = self.client
        self.assertEqual(self.line_of(self.invoice(1000)).amount, 50.0)

    def test_d12_a_customer_that_is_corrected_on_the_quotation_only_is_told_to_a_manager(self):
        referral = self.acquired()
        order = self.env["sale.order"].create(
            {
                "partner_id": self.client_contact.id,
                "opportunity_id": referral.lead_id.id,
                "user_id": self.salesperson.id,
            }
        )
        order.copy({"opportunity_id": referral.lead_id.id}).with_user(self.salesperson).action_confirm()
        self.assertFalse(referral.activity_ids, "for the client")
        order.with_user(self.salesperson).partner_id = self.other_client
        order.with_user(self.salesperson).action_confirm()
        todo = referral.activity_ids
        self.assertEqual(todo.mapped("summary"), ["Order and referral are about two clients"])
        self.assertTrue(todo.user_id.has_group("partner_program.group_manager"))
        self.assertIn(order.name, str(todo.note))

    def test_d12_a_manager_corrects_the_client_after_the_acquisition(self):
        wrong = self.billed_line()
        right = self.invoice(2000, client=self.other_client)
        referral = wrong.referral_id
        with self.assertRefused("only a partner manager", AccessError):
            referral.with_user(self.salesperson).client_id = self.other_client
        referral.with_user(self.manager).client_id = self.other_client
        self.env.flush_all()
        self.assertLine(self.line_of(right), amount=100.0, state="expected")
        self.assertLine(wrong, earned_amount=0.0, billed_amount=50.0, open_amount=-50.0, void_code="other_client")
        form = self.env["partner.referral"].with_user(self.manager).get_view(view_type="form")["arch"]
        client = etree.fromstring(form).xpath("//group[@name='claim']/field[@name='client_id']")
        self.assertIn("acquired", client[0].get("readonly"))

    def test_d1_the_window_of_a_corrected_client_begins_with_its_own_first_invoice(self):
        wrong = self.billed_line()  # invoiced on 5 January
        early = self.invoice(2000, client=self.other_client, on="2026-02-01")
        referral = wrong.referral_id
        for client, start in ((self.other_client, "2026-02-01"), (self.client, "2026-01-05")):
            referral.with_user(self.manager).client_id = client
            self.env.flush_all()
            self.assertEqual(referral.window_start, Date.to_date(start))
        referral.with_user(self.manager).client_id = self.other_client
        self.assertLine(self.line_of(early), amount=100.0)
        self.pay(early)
        self.run_bills(on="2026-03-10")
        self.assertLine(self.line_of(early), state="billed")
        referral.commission_months = 13
        self.invoice(2000, client=self.other_client, on="2026-01-15")
        self.assertEqual(referral.window_start, Date.to_date("2026-02-01"), "frozen: its own invoice was billed")

    def test_d1_a_correction_of_the_client_that_is_taken_back_gives_its_window_back(self):
        for number, (first, of_other) in enumerate((("2026-01-20", "2026-02-01"), ("2026-03-10", "2026-02-20"))):
            with self.subTest(first=first, of_other=of_other):
                self.go_to(f"2026-01-{5 + number:02}")
                client, other = self.env["res.partner"].create(
                    [{"name": name, "is_company": True} for name in (f"Right {number}", f"Wrong {number}")]
                )
                referral = self.acquired(client=client)
                self.go_to("2026-03-20")
                invoices = [self.invoice(1000, client=client, on=day) for day in (first, "2026-03-15")]
                self.invoice(2000, client=other, on=of_other)
                for invoice in invoices:
                    self.pay(invoice)
                self.run_bills("2026-04-20").action_post()
                window = (Date.to_date(first), Date.to_date(first.replace("2026", "2027")))
                self.assertEqual((referral.window_start, referral.window_end), window)
                referral.with_user(self.manager).client_id = other
                self.assertEqual(referral.window_start, Date.to_date(of_other))
                referral.with_user(self.manager).client_id = client
                self.assertEqual((referral.window_start, referral.window_end), window)
                for invoice in invoices:
                    self.assertLine(self.line_of(invoice), state="billed", earned_amount=50.0, open_amount=0.0)

    def test_d12_a_client_that_earns_is_corrected_and_never_left_empty(self):
        referral = self.acquired()
        with self.assertRefused("choose the right one"):
            referral.with_user(self.manager).client_id = False
        self.assertEqual(referral.client_id, self.client)

    # ------------------------------------------------------------
    # CONTACTS BECOME ONE CLIENT
    # ------------------------------------------------------------

    KNOWN_BEFORE = "Was this client ours before the referral?"

    def merge(self, keep, other):
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((keep + other).ids, keep, extra_checks=False)
        self.env.invalidate_all()

    def become_one(self, way, contact):
        """The contact joins the client of this company, or is merged with it."""
        if way == "join":
            contact.parent_id = self.client
        else:
            self.merge(self.client, contact)

    def person(self):
        return self.env["res.partner"].create({"name": "Pia Person"})

    def test_p7_an_accepted_claim_is_checked_when_its_client_becomes_one_with_another(self):
        self.invoice(500, on="2025-12-01")
        for way in ("join", "merge"):
            with self.subTest(way=way):
                person = self.person()
                referral = self.refer(client=person)
                self.become_one(way, person)
                self.assertEqual((referral.client_id, referral.eligibility), (self.client, "ineligible"))
                self.assertEqual(
                    referral.activity_ids.mapped("summary"), ["Discussions with the client before the referral"]
                )
                referral.write({"state": "withdrawn", "decision_reason": "On with the next"})

    def check_told_what_was_before(self, way):
        before = self.invoice(500, on="2025-12-01")
        since = self.invoice(1000, on="2026-01-05")
        person = self.person()
        referral = self.acquired(client=person)
        self.become_one(way, person)
        self.assertEqual((referral.client_id, self.line_of(since).amount), (self.client, 50.0))
        todo = referral.activity_ids
        self.assertEqual(todo.mapped("summary"), [self.KNOWN_BEFORE])
        self.assertEqual(todo.user_id, referral._get_deciding_manager())
        for word in (before.name, "Cobalt Clinics", "50.00"):
            self.assertIn(word, str(todo.note))
        self.run_all()
        self.assertEqual(referral.activity_ids, todo, "told once")

    def test_p7_a_client_that_earns_joins_a_company_that_we_knew_before(self):
        self.check_told_what_was_before("join")

    def test_p7_a_client_that_earns_is_merged_with_a_contact_that_we_knew_before(self):
        self.check_told_what_was_before("merge")

    def test_p9_of_an_affiliate_whose_program_looks_at_no_discussions_the_first_invoice_counts(self):
        self.invoice(500, on="2021-12-01")
        person = self.person()
        referral = self.affiliate(client=person)
        self.pay(self.invoice(100, client=person, product=self.starter))
        self.assertEqual(referral.state, "acquired")
        person.parent_id = self.client
        self.assertEqual(referral.activity_ids.mapped("summary"), [self.KNOWN_BEFORE])
        self.assertIn("12/01/2021", str(referral.activity_ids.note))

    def test_p9_a_client_of_before_that_a_manager_has_accepted_is_not_told_again(self):
        old = self.invoice(100, on="2021-12-01", product=self.starter)
        self.pay(old, on="2021-12-02")
        referral = self.affiliate(accept=False).with_user(self.manager)
        referral.decision_reason = "Byte brought them back"
        referral.action_accept()
        self.pay(self.invoice(100, product=self.starter))
        self.assertEqual(referral.state, "acquired")
        self.person().parent_id = self.client
        self.merge(self.client, self.person())
        self.assertNotIn(self.KNOWN_BEFORE, referral.activity_ids.mapped("summary"))

    def test_d1_a_window_that_was_billed_stays_while_its_claim_cannot_follow_the_client(self):
        person = self.person()
        line = self.billed_line(client=person)
        self.acquired()
        self.invoice(300)
        window = (line.referral_id.window_start, line.referral_id.window_end)
        statements = (
            "UPDATE res_partner SET parent_id = %s, commercial_partner_id = %s WHERE id = %s",
            "UPDATE account_move SET commercial_partner_id = %s WHERE %s > 0 AND commercial_partner_id = %s",
        )
        for statement in statements:  # behind the ORM, the company first
            self.env.flush_all()
            self.cr.execute(statement, [self.client.id, self.client.id, person.id])
            self.env.invalidate_all()
            with self.subTest(statement=statement):
                self.run_all()
                self.assertEqual(line.referral_id.client_id, person, "another claim earns on the company")
                self.assertEqual((line.referral_id.window_start, line.referral_id.window_end), window)

    def test_a_client_that_was_not_ours_before_is_told_to_nobody(self):
        self.invoice(1000, on="2026-01-05")
        person = self.person()
        referral = self.acquired(client=person)
        person.parent_id = self.client
        self.assertEqual(len(referral.commission_line_ids), 1)
        self.assertFalse(referral.activity_ids)
