"""The terms of a claim are frozen once, whatever becomes of it; what the partner reads is in its language (D7)."""

import importlib.util

from odoo.fields import Command, Date
from odoo.tests import Form
from odoo.tools.misc import file_path
from odoo.tools.safe_eval import safe_eval

from .test_reviews import ReviewCommon


class TestFrozenTerms(ReviewCommon):
    TERMS = ("commission_rate", "commission_months", "payout_delay_days")

    def change_program(self):
        """The program of today: other terms, and what the client buys is excluded."""
        self.program_referral.write(
            {
                "commission_rate": 7.5,
                "commission_months": 6,
                "payout_delay_days": 45,
                "excluded_category_ids": [Command.set(self.pro.categ_id.ids)],
            }
        )

    def terms(self, referral):
        return tuple(referral[fname] for fname in self.TERMS)

    def assertTold(self, referral, *banners):  # noqa: N802
        """The salesperson reads these on the form, of what says what is next and how long there is."""
        referral.invalidate_recordset()
        form = Form(referral.with_user(self.salesperson))
        facts = {"id": referral.id, **{fname: form[fname] for fname in form._view["fields"] if fname != "id"}}
        nodes = form._view["tree"].xpath("//div[starts-with(@name, 'next_') or starts-with(@name, 'clock_')]")
        told = [node.get("name") for node in nodes if not safe_eval(node.get("invisible"), dict(facts))]
        self.assertEqual(told, list(banners))

    def decide_and_take_up_again(self, referral, action, expires_on="2026-06-30"):
        referral.decision_reason = "By mistake"
        getattr(referral, action)()
        self.go_to("2026-01-06")
        self.change_program()
        self.env["partner.referral.decision"].with_user(self.manager).create(
            {"referral_ids": referral.ids, "decision": "reopen", "reason": "It counts", "expires_on": expires_on}
        ).action_confirm()
        self.assertEqual(
            (referral.state, referral.expires_on, referral.decision_reason),
            ("accepted", Date.to_date(expires_on), "It counts"),
        )

    def test_d7_a_claim_that_was_never_accepted_freezes_the_terms_when_it_is_accepted_again(self):
        for action, client in (("action_reject", self.client), ("action_withdraw", self.other_client)):
            with self.subTest(action):
                self.program_referral.write(
                    {"commission_rate": 5.0, "commission_months": 12, "excluded_category_ids": [Command.clear()]}
                )
                referral = self.refer(client=client, accept=False)
                self.decide_and_take_up_again(referral, action)
                self.assertEqual(self.terms(referral), (7.5, 6, 45))
                self.assertEqual(referral.excluded_category_ids, self.pro.categ_id)
                referral.lead_id.action_set_won()
                self.assertEqual(self.line_of(self.invoice(1000, client=client)).amount, 0.0)

    def test_d7_a_claim_that_was_accepted_keeps_its_terms_when_it_is_accepted_again(self):
        referral = self.refer()
        self.decide_and_take_up_again(referral, "action_reject")
        self.assertEqual(self.terms(referral), (5.0, 12, 30))
        self.assertFalse(referral.excluded_category_ids)

    def test_d7_merged_contacts_do_not_replace_frozen_terms(self):
        late = self.refer(client=self.other_client, referred_on="2026-01-04 12:00:00")
        self.affiliate(referred_on="2026-01-03 12:00:00")
        late.with_user(self.manager).expires_on = "2026-09-30"
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((self.client + self.other_client).ids, self.other_client, extra_checks=False)
        self.env.invalidate_all()
        self.assertEqual(late.state, "submitted")
        self.change_program()
        self.go_to("2026-05-04")  # after the last day that the program would give
        late.with_user(self.manager).referred_on = "2026-01-04 11:00:00"  # a correction gives no new terms either
        self.decide(self.assertAsked(late, "conflict"), accept=True)
        self.assertEqual((late.state, late.expires_on), ("accepted", Date.to_date("2026-09-30")))
        self.assertEqual(self.terms(late), (5.0, 12, 30))
        self.assertFalse(late.excluded_category_ids)

    def test_p8_the_last_day_that_a_manager_gave_an_undecided_claim_stays_when_it_is_accepted(self):
        claims = self.refer(accept=False), self.refer(client=self.other_client, accept=False)
        self.assertEqual(claims[0].expires_on, Date.to_date("2026-04-05"))
        claims[0].with_user(self.manager).expires_on = "2026-06-30"
        claims[1].with_user(self.manager).expires_on = "2026-01-31"
        self.go_to("2026-04-06")
        claims[0].with_user(self.salesperson).action_accept()
        self.assertEqual((claims[0].state, claims[0].expires_on), ("accepted", Date.to_date("2026-06-30")))

    def test_p8_the_day_that_a_manager_gave_stays_also_an_earlier_one_or_none(self):
        endless, sooner = self.refer(accept=False), self.refer(client=self.other_client, accept=False)
        affiliate = self.affiliate(client=self.env["res.partner"].create({"name": "Echo"}), accept=False)
        claims = endless + sooner + affiliate
        for claim, day in zip(claims, (False, "2026-01-31", "2026-02-28"), strict=True):
            claim.with_user(self.manager).expires_on = day
        endless.with_user(self.manager).referred_on = "2026-01-04 12:00:00"
        claims.with_user(self.salesperson).action_accept()
        self.assertEqual(claims.mapped("expires_on"), [False, Date.to_date("2026-01-31"), Date.to_date("2026-02-28")])
        self.assertEqual(self.terms(endless), (5.0, 12, 30))

    def test_d7_what_nobody_gave_is_the_day_of_the_program_when_it_is_accepted(self):
        untouched, taken_back = self.refer(accept=False), self.refer(client=self.other_client, accept=False)
        for day in ("2026-12-31", "2026-04-05"):
            taken_back.with_user(self.manager).expires_on = day
        self.program_referral.claim_months = 1
        claims = untouched + taken_back
        claims.with_user(self.salesperson).action_accept()
        self.assertEqual(set(claims.mapped("expires_on")), {Date.to_date("2026-02-05")})

    def test_p8_only_a_manager_gives_a_day(self):
        vals = {"enrollment_id": self.enrollment_ada.id, "client_id": self.client.id, "expires_on": "2030-01-01"}
        own, managed = (
            self.env["partner.referral"].with_user(user).create({**vals, "client_id": client.id})
            for user, client in ((self.salesperson, self.client), (self.manager, self.other_client))
        )
        with self.assertRefused("Only a partner manager changes"):
            own.has_own_day = True
        own.action_accept()
        managed.action_accept()
        self.assertEqual(own.expires_on, Date.to_date("2026-04-05"))
        self.assertEqual(managed.expires_on, Date.to_date("2030-01-01"))

    def test_p8_a_claim_whose_last_day_is_over_is_not_accepted_to_expire_in_the_same_click(self):
        referral = self.refer(accept=False)
        self.go_to("2026-04-05")
        self.assertFalse(referral._is_overdue())
        self.assertTold(referral, "next_eligible", "clock_submitted")
        self.go_to("2026-04-06")
        self.assertTold(referral, "clock_over")
        with self.assertRefused("The last day of .* .04/05/2026. is over, so it would expire at once"):
            referral.with_user(self.salesperson).action_accept()
        self.assertRecordValues(referral, [{"state": "submitted", "terms_frozen": False}])
        wizard = {"referral_ids": referral.ids, "decision": "override", "reason": "We were on holiday"}
        with Form(referral.with_user(self.manager)) as form:
            form.expires_on = "2026-04-30"
            self.assertFalse(form.is_over)
        self.env["partner.referral.decision"].with_user(self.manager).create(wizard).action_confirm()
        self.assertEqual((referral.state, referral.expires_on), ("accepted", Date.to_date("2026-04-30")))

    def test_p8_a_claim_whose_lead_was_won_too_late_is_not_accepted_either(self):
        referral = self.refer(accept=False)
        self.go_to("2026-04-10")
        referral.lead_id.action_set_won()
        self.go_to("2026-04-12")
        self.assertTold(referral, "clock_over")
        with self.assertRefused("The last day of .* .04/05/2026. is over, so it would expire at once"):
            referral.with_user(self.salesperson).action_accept()
        self.assertRecordValues(referral, [{"state": "submitted", "terms_frozen": False}])
        referral.with_user(self.manager).expires_on = "2026-04-10"
        self.assertTold(referral, "next_eligible", "clock_in_time")
        referral.with_user(self.salesperson).action_accept()
        self.assertEqual(referral.state, "acquired")

    def test_p9_paid_in_time_a_claim_is_accepted_after_its_last_day(self):
        self.program_affiliate.claim_months = 1
        referral = self.affiliate(accept=False)
        invoice = self.invoice(100, product=self.starter)
        self.go_to("2026-02-10")
        self.assertTold(referral, "clock_over")
        self.pay(invoice, on="2026-01-05")
        self.assertTold(referral, "next_eligible", "clock_in_time")
        referral.with_user(self.salesperson).action_accept()
        self.assertEqual((referral.state, str(referral.acquired_on)), ("acquired", "2026-01-05"))

    def test_p9_a_form_that_is_not_saved_yet_knows_what_was_paid_in_time(self):
        self.program_affiliate.claim_months = 1
        invoice = self.invoice(100, product=self.starter)
        self.pay(invoice)
        self.go_to("2026-02-10")
        form = Form(self.env["partner.referral"].with_user(self.salesperson))
        form.enrollment_id = self.enrollment_byte
        form.referred_on = "2026-01-05 07:00:00"
        form.client_id = self.other_client
        self.assertTrue(form.is_over)
        form.client_id = self.client
        self.assertFalse(form.is_over)

    def test_d7_what_makes_a_client_acquired_stays_once_a_referral_was_accepted(self):
        self.program_referral.acquisition_event = "entry_payment"
        self.program_referral.acquisition_event = "lead_won"
        referral = self.refer(accept=False)
        self.program_referral.acquisition_event = "entry_payment"
        self.program_referral.acquisition_event = "lead_won"
        referral.action_accept()
        for state in ("accepted", "acquired"):
            with self.subTest(state), self.assertRefused("Create a new program"):
                self.program_referral.with_user(self.manager).acquisition_event = "entry_payment"
            self.assertEqual((referral.state, self.program_referral.acquisition_event), (state, "lead_won"))
            referral.lead_id.action_set_won()
        self.program_referral.write({"acquisition_event": "lead_won", "commission_rate": 7.0})  # as a form saves

    def test_d7_only_a_manager_says_that_terms_are_frozen(self):
        referral = self.refer(accept=False)
        with self.assertRefused("Only a partner manager changes"):
            referral.with_user(self.salesperson).terms_frozen = True

    def test_an_update_finds_out_whose_terms_are_frozen(self):
        never, once, live = (
            self.refer(client=client, accept=False)
            for client in (self.client, self.other_client, self.env["res.partner"].create({"name": "Echo"}))
        )
        self.cr.flush()  # writes the log of states
        (once + live).with_context(tracking_disable=False, mail_notrack=False).action_accept()
        self.cr.flush()
        for referral in (never, once):
            referral.decision_reason = "By mistake"
            referral.action_reject()
        self.env.flush_all()
        self.env.cr.execute("UPDATE partner_referral SET terms_frozen = NULL")
        self.env.invalidate_all()
        path = file_path("partner_program/migrations/19.0.1.1.0/post-migrate.py")
        spec = importlib.util.spec_from_file_location("post_migrate", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script._note_frozen_terms(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual((never + once + live).mapped("terms_frozen"), [False, True, True])

    def test_d14_a_claim_that_waits_when_the_partner_changes_program_is_accepted(self):
        waiting, other = self.refer(accept=False), self.refer(client=self.other_client, accept=False)
        self.enrollment_ada._change_program(self.program_affiliate)
        self.assertEqual((self.enrollment_ada.state, waiting.state), ("ended", "submitted"))
        self.enrollment_ada.next_enrollment_ids.state = "active"
        waiting.with_user(self.salesperson).action_accept()
        self.assertEqual((waiting.state, waiting.commission_rate), ("accepted", 5.0))
        self.enrollment_ada.next_enrollment_ids.action_suspend()
        with self.assertRefused("is not an active partner now .Suspended."):
            other.with_user(self.salesperson).action_accept()


class TestLanguageOfReasons(ReviewCommon):
    """Reasons that we word are read by the partner: its language, not that of who, or what, decided."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.ada.lang = "fr_FR"

    def test_expired_and_in_english_for_the_other_one(self):
        self.program_affiliate.claim_months = 3
        french, english = self.refer(), self.affiliate(self.other_client)
        self.go_to("2026-04-06")
        self.run_all()
        self.assertRecordValues(
            french + english,
            [
                {"state": "expired", "decision_reason": "Non conclue au 05/04/2026."},
                {"state": "expired", "decision_reason": "Not closed by 04/05/2026."},
            ],
        )

    def test_lost_with_a_reason(self):
        reason = self.env["crm.lost.reason"].create({"name": "Too expensive"})
        reason.with_context(lang="fr_FR").name = "Trop cher"
        referral = self.refer()
        referral.lead_id.action_set_lost()
        self.assertEqual(referral.decision_reason, "La piste a été perdue.")
        referral.lead_id.lost_reason_id = reason
        self.assertEqual(referral.decision_reason.replace("\xa0", " "), "La piste a été perdue : Trop cher.")

    def test_won_too_late(self):
        referral = self.refer()
        self.go_to("2026-04-10")
        referral.lead_id.action_set_won()
        self.assertEqual(referral.decision_reason, "La piste a été gagnée 5 jour(s) trop tard.")

    def test_protected_by_another_one(self):
        self.affiliate()
        lead = self.lead(client=self.env["res.partner"], partner_name="Somebody")
        won = self.refer(lead_id=lead.id, client=self.env["res.partner"])
        lead.partner_id = self.client
        lead.action_set_won()
        self.assertEqual(won.decision_reason, "Le client est protégé par une recommandation antérieure.")

    def test_one_click_of_a_salesperson(self):
        self.invoice(10, on="2025-06-01")
        ineligible = self.refer(accept=False).with_user(self.salesperson)
        ineligible.action_reject_ineligible()
        self.affiliate(self.other_client)
        protected = self.refer(client=self.other_client, accept=False).with_user(self.salesperson)
        protected.action_reject_protected()
        for referral, months in ((ineligible, "12 mois"), (protected, "recommandation de ce client")):
            self.assertEqual(referral.state, "rejected")
            self.assertIn(months, referral.decision_reason)

    def test_a_partnership_that_ends(self):
        referral = self.refer()
        self.enrollment_ada.action_end()
        self.assertEqual(referral.decision_reason, "Le partenariat a pris fin.")
