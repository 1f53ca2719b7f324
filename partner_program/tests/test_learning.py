"""What a salesperson finds out about a prospect, and writes on the lead, protects the prospect too (D10)."""

from .test_reviews import ReviewCommon

LEARNED = "prospect_email,prospect_phone"


class TestLearning(ReviewCommon):
    def prospect(self, enrollment=None, accept=True, **vals):
        """A claim on a prospect, with a lead of the salesperson."""
        enrollment = enrollment or self.enrollment_ada
        vals = {"enrollment_id": enrollment.id, "user_id": self.salesperson.id, **vals}
        if enrollment == self.enrollment_byte:  # closed by a payment: a lead is not needed, and may be there
            lead = self.lead(self.env["res.partner"], partner_name=vals.get("prospect_name"))
            lead.email_from = vals.get("prospect_email")
            vals["lead_id"] = lead.id
        referral = self.env["partner.referral"].with_user(self.salesperson).create(vals)
        if accept:
            referral.action_accept()
        return referral.with_env(self.env)

    def learn(self, referral, **vals):
        referral.lead_id.with_user(self.salesperson).write(vals)
        self.env.flush_all()

    def test_d10_what_the_lead_learns_protects_an_accepted_prospect(self):
        referral = self.prospect(prospect_name="Foxtrot")
        self.learn(referral, email_from="Fay <Fay@foxtrot.example>", contact_name="Fay", phone="+32 2 555 77 35")
        self.assertRecordValues(
            referral,
            [
                {
                    "prospect_name": "Foxtrot",
                    "prospect_contact_name": "Fay",
                    "prospect_email": "fay@foxtrot.example",
                    "prospect_phone": "+32 2 555 77 35",
                    "state": "accepted",
                }
            ],
        )
        other = self.prospect(self.enrollment_byte, accept=False, prospect_email="ceo@foxtrot.example")
        self.assertTrue(other.is_protected)
        with self.assertRefused("is protected by another referral"):
            other.with_user(self.salesperson).action_accept()

    def test_d10_also_an_undecided_one_whose_contacts_are_looked_for_again(self):
        referral = self.prospect(accept=False, prospect_name="Foxtrot")
        self.assertFalse(referral.match_ids)
        self.learn(referral, email_from="cleo@cobalt.example")
        self.assertEqual((referral.prospect_email, referral.match_ids.partner_id), ("cleo@cobalt.example", self.client))

    def test_d10_what_was_registered_stays(self):
        referral = self.prospect(prospect_name="Foxtrot", prospect_email="fay@foxtrot.example")
        self.learn(referral, email_from="gia@golf.example", partner_name="Golf")
        self.assertRecordValues(
            referral, [{"prospect_name": "Foxtrot", "prospect_email": "fay@foxtrot.example", "learned_fields": False}]
        )

    def test_d11_the_data_of_the_partner_itself_are_not_taken(self):
        referral = self.prospect(prospect_email="fay@gmail.com")
        self.learn(referral, partner_name="Ada Advisory", contact_name="Ann of Ada")
        self.assertRecordValues(referral, [{"prospect_name": False, "prospect_contact_name": False}])
        referral = self.prospect(prospect_name="Golf")
        self.learn(referral, email_from="ann@ada.example")
        self.assertFalse(referral.prospect_email)

    def test_d10_of_a_lead_with_a_customer_nothing_is_taken(self):
        self.refer(enrollment=self.enrollment_byte)
        referral = self.prospect(prospect_name="Foxtrot")
        referral.lead_id.partner_id = self.client
        self.assertFalse(referral.client_id, "another claim protects it")
        self.learn(referral, phone="+32 2 555 77 35", email_from="hello@cobalt.example")
        self.assertFalse(referral.prospect_phone or referral.prospect_email)

    def test_d10_ended_claims_learn_nothing(self):
        referral = self.prospect(prospect_name="Foxtrot")
        referral.write({"state": "withdrawn", "decision_reason": "A mistake"})
        self.learn(referral, email_from="fay@foxtrot.example")
        self.assertFalse(referral.prospect_email)

    def met(self):
        """Two accepted claims on one prospect, of which the lead of the later one tells."""
        first = self.prospect(prospect_email="fay@foxtrot.example", referred_on="2026-01-03 10:00:00")
        second = self.prospect(self.enrollment_byte, prospect_name="Foxtrot", referred_on="2026-01-04 10:00:00")
        for _again in range(2):
            self.learn(second, email_from="ceo@foxtrot.example", phone="+32 2 555 77 35")
        self.assertEqual((first.state, second.state), ("accepted", "accepted"))
        self.assertEqual(second.lead_id.email_from, "ceo@foxtrot.example", "the salesperson's save is kept")
        self.assertFalse(second.prospect_email or second.prospect_phone, "the claim is left as it is")
        return first, second, self.assertAsked(second, "conflict", other_id=first.id)

    def test_d10_where_two_accepted_claims_meet_by_it_a_manager_decides(self):
        first, second, review = self.met()
        self.assertIn("Foxtrot", review.question)
        self.decide(review, accept=True)
        self.assertEqual((first.state, second.state), ("rejected", "accepted"))
        self.assertRecordValues(second, [{"prospect_email": "ceo@foxtrot.example", "learned_fields": LEARNED}])

    def test_d10_refused_it_ends_the_later_claim(self):
        first, second, review = self.met()
        self.decide(review, accept=False)
        self.assertEqual((first.state, second.state), ("accepted", "rejected"))
        self.assertFalse(second.prospect_email)

    def test_d10_who_learns_of_a_claim_that_was_received_later_is_the_one_that_goes_on(self):
        first = self.prospect(self.enrollment_byte, prospect_name="Foxtrot", referred_on="2026-01-03 10:00:00")
        second = self.prospect(prospect_email="fay@foxtrot.example", referred_on="2026-01-04 10:00:00")
        self.learn(first, email_from="ceo@foxtrot.example")
        review = self.assertAsked(second, "conflict", other_id=first.id)
        self.assertIn("fay@foxtrot.example", review.question)
        self.decide(review, accept=False)
        self.assertEqual(first.prospect_email, "ceo@foxtrot.example")

    def test_d10_who_was_received_earlier_and_is_undecided_is_asked_about(self):
        waiting = self.prospect(
            self.enrollment_byte, accept=False, prospect_email="ceo@foxtrot.example", referred_on="2026-01-03 10:00:00"
        )
        holder = self.prospect(prospect_name="Foxtrot", referred_on="2026-01-04 10:00:00")
        self.learn(holder, email_from="fay@foxtrot.example")
        self.assertEqual(holder.prospect_email, "fay@foxtrot.example")
        self.assertAsked(waiting, "conflict", other_id=holder.id)

    def test_a_colleague_who_may_not_edit_the_claim_tells_it_all_the_same(self):
        referral = self.prospect(prospect_name="Foxtrot")
        referral.lead_id.user_id = self.other_salesperson
        referral.user_id = self.salesperson
        referral.lead_id.with_user(self.other_salesperson).write({"email_from": "fay@foxtrot.example"})
        self.assertEqual(referral.prospect_email, "fay@foxtrot.example")
