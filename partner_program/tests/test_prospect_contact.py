"""An accepted prospect has become a contact since: somebody says which one, and what it paid counts (P9; D10, D12)."""

from odoo import SUPERUSER_ID
from odoo.fields import Date

from .statements import statements
from .test_reviews import ReviewCommon


class ProspectCommon(ReviewCommon):
    QUESTION = "Is this the client?"

    def prospect(self, enrollment=None, accept=True, **vals):
        """A claim on a company that is no contact yet."""
        vals = {"prospect_name": "Foxtrot Foods", "prospect_email": "fay@foxtrot.example", **vals}
        enrollment = enrollment or self.enrollment_byte
        referral = (
            self.env["partner.referral"]
            .with_user(self.salesperson)
            .create({"enrollment_id": enrollment.id, "user_id": self.salesperson.id, **vals})
        )
        if accept:
            referral.action_accept()
        return referral.with_env(self.env)

    def contact(self, **vals):
        vals = {"name": "Foxtrot", "is_company": True, "email": "fay@foxtrot.example", **vals}
        return self.env["res.partner"].create(vals)

    def night(self):
        self.env["partner.referral"].with_user(SUPERUSER_ID)._cron_sync_referrals()
        self.env.flush_all()

    def questions(self, referral):
        return referral.activity_ids.filtered(lambda todo: todo.summary == self.QUESTION)

    def check_asked_and_found(self, answer):
        """The shop makes the contact, it pays for Starter, and nobody is involved until the night."""
        referral = self.prospect()
        self.go_to("2026-01-10")
        contact = self.contact()
        starter = self.invoice(100, client=contact, product=self.starter)
        self.pay(starter)
        self.assertEqual(referral.state, "accepted")
        self.go_to("2026-01-11")
        self.night()
        todo = self.questions(referral)
        self.assertEqual(todo.user_id, self.salesperson)
        self.assertIn("Foxtrot (same email address, same email domain)", str(todo.note))
        self.assertTrue(referral.needs_confirmation)
        self.go_to("2026-01-12")
        self.night()
        self.assertEqual(self.questions(referral), todo, "asked once")
        answer(referral, contact)
        self.assertRecordValues(
            referral,
            [
                {
                    "client_id": contact.id,
                    "state": "acquired",
                    "acquired_on": Date.to_date("2026-01-10"),
                    "acquisition_move_id": starter.id,
                }
            ],
        )
        self.assertLine(self.line_of(starter), amount=20.0, state="earned", fully_paid_on="2026-01-10")
        self.assertFalse(self.questions(referral))
        self.assertNotIn(contact, referral.match_ids.partner_id)


class TestProspectBecomesContact(ProspectCommon):
    def test_p9_a_contact_that_turns_up_after_the_acceptance_is_confirmed_with_one_click(self):
        self.check_asked_and_found(
            lambda referral, contact: referral.match_ids.with_user(self.salesperson).action_choose()
        )

    def test_p9_the_click_names_the_client_on_a_claim_with_a_lead_too(self):
        referral = self.prospect(enrollment=self.enrollment_ada)
        contact = self.contact()
        self.night()
        self.assertFalse(referral.lead_id.partner_id)
        referral.match_ids.with_user(self.salesperson).action_choose()
        self.assertEqual((referral.client_id, referral.lead_id.partner_id), (contact, contact))
        self.assertFalse(self.questions(referral))

    def test_p9_the_client_filled_in_by_hand_counts_at_once_what_was_paid(self):
        self.check_asked_and_found(
            lambda referral, contact: referral.with_user(self.salesperson).write({"client_id": contact.id})
        )

    def test_p9_a_client_that_is_known_through_the_lead_counts_at_once_what_was_paid(self):
        lead = self.lead(client=self.env["res.partner"])
        referral = self.prospect(lead_id=lead.id)
        contact = self.contact()
        self.pay(self.invoice(100, client=contact, product=self.starter))
        lead.with_user(self.salesperson).partner_id = contact
        self.assertEqual((referral.client_id, referral.state), (contact, "acquired"))

    def test_p9_none_of_these_is_asked_again_of_a_later_contact_only(self):
        referral = self.prospect()
        self.contact(name="Foxtrot Foods", email=False)
        self.night()
        self.assertEqual(len(self.questions(referral)), 1)
        referral.with_user(self.salesperson).action_prospect_is_new()
        self.assertFalse(referral.needs_confirmation)
        self.assertFalse(self.questions(referral))
        self.night()
        self.assertFalse(self.questions(referral))
        self.contact()
        self.night()
        self.assertIn("same email address", str(self.questions(referral).note))

    def test_p9_a_contact_that_is_archived_is_asked_about_no_more(self):
        self.program_affiliate.claim_months = 1
        referral = self.prospect()
        contact = self.contact()
        self.night()
        self.assertTrue(self.questions(referral))
        contact.active = False
        self.go_to("2026-02-06")
        self.night()
        self.assertFalse(referral.match_ids or self.questions(referral))
        self.assertEqual(referral.state, "expired", "nothing waits for an answer any more")

    def test_p9_who_marks_the_to_do_as_done_without_an_answer_is_asked_again(self):
        referral = self.prospect()
        self.contact()
        self.night()
        self.questions(referral).action_done()
        self.night()
        self.assertEqual(len(self.questions(referral)), 1)

    def earned_on_by_a_later_claim(self, **vals):
        """A prospect that was received first, and the contact on which a later claim has earned its months."""
        first = self.prospect(**vals)
        contact = self.contact(email=False)
        self.go_to("2026-01-06")
        later = self.acquired(client=contact)
        starter = self.invoice(100, client=contact, product=self.starter)
        self.pay(starter)
        self.go_to("2027-01-07")
        self.run_all()
        self.assertEqual(later.state, "completed")
        contact.email = "fay@foxtrot.example"
        self.night()
        return first, contact, starter

    def test_d10_only_a_manager_chooses_a_client_on_whom_a_later_claim_has_earned(self):
        first, contact, starter = self.earned_on_by_a_later_claim()
        self.assertTrue(self.questions(first))
        for choose in (
            lambda: first.match_ids.with_user(self.salesperson).action_choose(),
            lambda: first.with_user(self.salesperson).write({"client_id": contact.id}),
        ):
            with self.assertRefused("received later than .* has earned on Foxtrot meanwhile. Only a partner manager"):
                choose()
            self.assertRecordValues(first, [{"client_id": False, "state": "accepted"}])
        first.match_ids.with_user(self.manager).action_choose()
        self.assertRecordValues(
            first, [{"client_id": contact.id, "state": "acquired", "acquisition_move_id": starter.id}]
        )

    def test_d10_only_a_manager_accepts_a_claim_on_whose_client_a_later_one_has_earned(self):
        first, contact, _starter = self.earned_on_by_a_later_claim(accept=False)
        first.with_user(self.salesperson).client_id = contact
        with self.assertRefused("received later than .* has earned on Foxtrot meanwhile. Reject this one, or ask"):
            first.with_user(self.salesperson).action_accept()
        self.assertEqual(first.state, "submitted")
        self.assertTrue(first.has_later_earner, "the form offers what a manager can do")
        self.env["partner.referral.decision"].with_user(self.manager).create(
            {"referral_ids": first.ids, "decision": "override", "reason": "Byte brought the client, too"}
        ).action_confirm()
        self.assertEqual(first.state, "acquired")

    def test_d10_a_salesperson_chooses_the_client_on_whom_a_claim_has_earned_before(self):
        self.acquired(client=(contact := self.contact()))
        self.pay(self.invoice(100, client=contact))
        self.go_to("2026-12-20")
        first = self.prospect(accept=False)
        first.with_user(self.salesperson).action_prospect_is_new()
        first.action_accept()
        self.go_to("2027-01-07")
        self.run_all()
        first.with_user(self.salesperson).client_id = contact
        self.assertEqual((first.client_id, first.state), (contact, "accepted"))

    def test_d10_the_client_of_another_claim_is_not_chosen(self):
        referral = self.prospect()
        contact = self.contact()
        self.refer(client=contact, accept=False).sudo().state = "accepted"
        self.night()
        self.assertTrue(referral.match_ids.is_protected)
        with self.assertRefused("is protected by another referral"):
            referral.match_ids.with_user(self.salesperson).action_choose()

    def test_d10_a_claim_whose_lead_names_the_client_of_another_one_is_not_asked_about(self):
        lead = self.lead(client=self.env["res.partner"])
        referral = self.prospect(enrollment=self.enrollment_ada, lead_id=lead.id)
        contact = self.contact()
        self.night()
        self.assertTrue(referral.needs_confirmation)
        self.refer(client=contact, accept=False).sudo().state = "accepted"
        lead.with_user(self.salesperson).partner_id = contact
        self.assertFalse(referral.client_id, "it is protected")
        self.assertFalse(referral.needs_confirmation)
        self.assertFalse(self.questions(referral), "there is nothing to press any more")

    def barred(self):
        """A prospect of Byte whose lead gets a customer that Ada's claim protects until 5 February."""
        lead = self.lead(client=self.env["res.partner"])
        referral = self.prospect(lead_id=lead.id)
        contact = self.contact(name="Golf Group", email="gia@golf.example")
        self.program_referral.claim_months = 1
        self.refer(client=contact)
        return referral, lead, contact

    def test_d10_a_client_that_another_claim_protects_becomes_the_client_when_that_one_has_ended(self):
        referral, lead, contact = self.barred()
        lead.with_user(self.salesperson).partner_id = contact
        self.night()
        self.assertFalse(referral.client_id)
        todo = referral.activity_ids
        self.assertEqual(todo.mapped("summary"), ["The lead is for a client of another referral"])
        self.assertTrue(todo.user_id.has_group("partner_program.group_manager"))
        self.assertIn("Golf Group", str(todo.note))
        todo.action_done()
        self.go_to("2026-02-06")
        self.night()
        self.assertEqual((referral.client_id, referral.state), (contact, "accepted"))
        self.assertFalse(referral.activity_ids, "told once")
        self.pay(self.invoice(100, client=contact, product=self.starter))
        self.assertEqual(referral.state, "acquired")

    def test_d10_what_is_told_of_a_protected_client_is_true_and_goes_when_it_is_settled(self):
        referral, lead, contact = self.barred()
        lead.with_user(self.salesperson).partner_id = contact
        todo = referral.activity_ids
        self.assertIn("which another referral protects", str(todo.note))
        self.assertIn("or you are asked, where the other one was received later and has earned", str(todo.note))
        lead.with_user(self.salesperson).partner_id = self.other_client
        self.assertEqual((referral.client_id, referral.activity_ids), (self.other_client, self.env["mail.activity"]))
        other = self.prospect(lead_id=self.lead(client=self.env["res.partner"]).id, prospect_email="x@xray.example")
        other.lead_id.partner_id = self.byte
        self.assertFalse(other.client_id)
        self.assertIn("which is the partner itself, or belongs to it", str(other.activity_ids.note))
        self.assertNotIn("by itself", str(other.activity_ids.note))

    def test_d10_a_claim_whose_last_day_is_over_bars_no_customer_of_a_lead(self):
        referral, lead, contact = self.barred()
        self.go_to("2026-02-06")
        lead.with_user(self.salesperson).partner_id = contact
        self.assertEqual((referral.client_id, referral.activity_ids), (contact, self.env["mail.activity"]))

    def test_a_claim_that_ends_is_asked_about_no_more(self):
        referral = self.prospect()
        self.contact()
        self.night()
        referral.write({"state": "withdrawn", "decision_reason": "A mistake"})
        self.assertFalse(self.questions(referral))
        self.assertFalse(referral.needs_confirmation)

    def test_p9_paid_in_time_it_does_not_expire_before_somebody_says_who_it_is(self):
        self.program_affiliate.claim_months = 1
        referral = self.prospect()
        self.go_to("2026-02-05")  # the last day
        contact = self.contact()
        self.pay(self.invoice(100, client=contact, product=self.starter))
        self.go_to("2026-02-06")
        self.night()
        self.assertEqual(referral.state, "accepted")
        self.go_to("2026-02-10")
        self.night()
        referral.match_ids.with_user(self.salesperson).action_choose()
        self.assertEqual((referral.state, referral.acquired_on), ("acquired", Date.to_date("2026-02-05")))

    def test_d13_none_of_these_lets_it_expire(self):
        self.program_affiliate.claim_months = 1
        referral = self.prospect()
        self.contact()
        self.go_to("2026-02-06")
        self.night()
        self.assertEqual(referral.state, "accepted")
        self.assertEqual(referral.with_user(self.portal_byte).clock, "Waiting for a decision", "it is not expired")
        referral.with_user(self.salesperson).action_prospect_is_new()
        self.assertEqual(referral.state, "expired")

    def test_d9_a_claim_that_is_closed_by_its_lead_expires_all_the_same(self):
        referral = self.prospect(enrollment=self.enrollment_ada)
        self.contact()
        self.night()
        self.assertEqual(len(self.questions(referral)), 1)
        self.go_to("2026-04-06")
        self.night()
        self.assertEqual(referral.state, "expired")
        self.assertFalse(self.questions(referral))

    def test_looking_for_contacts_costs_the_same_for_one_claim_and_for_ten(self):
        self.prospect(prospect_name="Warm", prospect_email="us@warm.example")
        self.night()
        counts, made = {}, 0
        for count in (1, 10):
            while made < count:
                made += 1
                self.prospect(prospect_name=f"Golf {made}", prospect_email=f"us@golf{made}.example")
            self.env.flush_all()
            self.env.invalidate_all()
            with statements() as sent:
                self.env["partner.referral"].sudo().search([("state", "=", "accepted")])._look_for_contacts()
            counts[count] = len(sent)
        self.assertLessEqual(counts[10], counts[1], counts)


class TestWonWithoutCustomer(ProspectCommon):
    """A lead that is won without a customer: Odoo would make a contact, although the client is one by now."""

    TWICE = "The same company twice?"

    def win(self, referral):
        referral.lead_id.with_user(self.salesperson).action_set_won()

    def test_d12_the_contact_with_the_same_address_is_the_client(self):
        referral = self.prospect(enrollment=self.enrollment_ada)
        contact = self.contact()
        self.win(referral)
        self.assertEqual((referral.state, referral.client_id), ("acquired", contact))
        self.assertEqual(referral.lead_id.partner_id, contact)
        self.assertEqual(self.line_of(self.invoice(1000, client=contact)).amount, 50.0)

    def test_p7_what_was_before_the_referral_is_told(self):
        referral = self.prospect(enrollment=self.enrollment_ada)
        contact = self.contact()
        self.invoice(500, on="2025-12-01", client=contact)
        self.win(referral)
        self.assertEqual((referral.client_id, referral.eligibility), (contact, "ineligible"))
        self.assertIn("Discussions with the client before the referral", referral.activity_ids.mapped("summary"))

    def test_d10_the_claim_that_protects_the_contact_is_met(self):
        referral = self.prospect(enrollment=self.enrollment_ada, referred_on="2026-01-04 10:00:00")
        contact = self.contact()
        holder = self.affiliate(client=contact, accept=False, referred_on="2026-01-03 10:00:00")
        holder.sudo().state = "accepted"
        self.win(referral)
        self.assertRecordValues(
            referral, [{"state": "rejected", "decision_reason": "The client is protected by an earlier referral."}]
        )

    def test_d12_of_two_contacts_none_is_taken_and_the_salesperson_is_told(self):
        referral = self.prospect(enrollment=self.enrollment_ada)
        others = self.contact() + self.contact(name="Foxtrot Two")
        self.win(referral)
        self.assertEqual(referral.state, "acquired")
        self.assertNotIn(referral.client_id, others)
        todo = referral.activity_ids.filtered(lambda one: one.summary == self.TWICE)
        self.assertEqual(todo.user_id, self.salesperson)
        for other in others:
            self.assertIn(other.name, str(todo.note))
        self.assertLessEqual(others, referral.match_ids.partner_id)

    def test_d12_a_contact_of_that_name_only_is_not_taken_and_told(self):
        referral = self.prospect(enrollment=self.enrollment_ada)
        namesake = self.contact(name="Foxtrot Foods", email=False)
        self.win(referral)
        self.assertNotEqual(referral.client_id, namesake)
        self.assertIn(self.TWICE, referral.activity_ids.mapped("summary"))

    def test_d12_what_was_denied_is_not_taken(self):
        contact = self.contact()
        referral = self.prospect(enrollment=self.enrollment_ada, accept=False)
        referral.with_user(self.salesperson).action_prospect_is_new()
        referral.with_user(self.salesperson).action_accept()
        self.win(referral)
        self.assertEqual(referral.state, "acquired")
        self.assertNotEqual(referral.client_id, contact)
        self.assertNotIn(self.TWICE, referral.activity_ids.mapped("summary"))

    def test_d12_what_was_denied_is_not_taken_while_a_later_contact_is_asked_about(self):
        contact = self.contact()
        referral = self.prospect(enrollment=self.enrollment_ada, accept=False)
        referral.with_user(self.salesperson).action_prospect_is_new()
        referral.with_user(self.salesperson).action_accept()
        later = self.contact(name="Foxtrot Foods", email=False)
        self.night()
        self.assertTrue(referral.needs_confirmation)
        later.action_archive()
        self.night()
        self.assertFalse(referral.needs_confirmation, "of the one that is left it was denied")
        self.assertFalse(self.questions(referral))
        later.action_unarchive()
        self.night()
        self.assertTrue(referral.needs_confirmation)
        self.win(referral)
        self.assertEqual(referral.state, "acquired")
        self.assertNotEqual(referral.client_id, contact)

    def test_d12_what_was_denied_of_another_prospect_may_be_this_one(self):
        contact = self.contact()
        referral = self.prospect(enrollment=self.enrollment_ada, accept=False)
        referral.with_user(self.salesperson).action_prospect_is_new()
        referral.with_user(self.salesperson).prospect_phone = "+32 2 555 77 35"
        self.assertTrue(referral.needs_confirmation, "asked again, of the prospect as it is told now")
        referral.sudo().state = "accepted"
        self.win(referral)
        self.assertEqual(referral.client_id, contact)
