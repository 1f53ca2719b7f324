"""Cases that the rules leave to a manager, and claims that meet (P9, P13; D10)."""

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError
from odoo.fields import Command, Date

from .common import PartnerProgramCommon

# What the partner reads whose claim gives way.
COUNTS_NOT = "Another referral of this client counts: we looked at both and decided."


class ReviewCommon(PartnerProgramCommon):
    def affiliate(self, client=None, **vals):
        return self.refer(enrollment=self.enrollment_byte, client=client, **vals)

    def reviews(self, referral, state="open"):
        return self.env["partner.referral.review"].search([("referral_id", "=", referral.id), ("state", "=", state)])

    def assertAsked(self, referral, kind, **expected):  # noqa: N802
        review = self.reviews(referral)
        self.assertRecordValues(review, [{"kind": kind, "partner_id": referral.partner_id.id, **expected}])
        self.assertEqual(len(review.activity_ids), 1, "somebody has it on the to-do list")
        self.assertTrue(review.question and review.if_accepted and review.if_refused)
        return review.with_user(self.manager)

    def decide(self, review, accept, reason="As agreed on the phone"):
        review.reason = reason
        return review.action_accept() if accept else review.action_refuse()


class TestEntryPackageCases(ReviewCommon):
    """P9, P13: an affiliate's client that does not come by the first payment of the entry package."""

    def test_p13_a_client_that_skipped_the_entry_package_is_asked_once(self):
        referral = self.affiliate()
        pro = self.invoice(1000, product=self.pro)
        self.pay(pro)
        review = self.assertAsked(referral, "skipped_entry", move_id=pro.id)
        self.pay(self.invoice(500, product=self.enterprise))
        self.run_all()
        self.assertEqual(self.reviews(referral), review.with_env(self.env), "further invoices ask nothing new")
        self.decide(review, accept=True)
        self.assertRecordValues(
            referral, [{"state": "acquired", "acquisition_move_id": pro.id, "acquired_on": Date.today()}]
        )
        self.assertLine(self.line_of(pro), state="earned", amount=200.0)
        self.assertRecordValues(
            review, [{"state": "accepted", "decided_by_id": self.manager.id, "reason": "As agreed on the phone"}]
        )
        self.assertFalse(review.activity_ids)
        self.assertIn("As agreed on the phone", "".join(map(str, referral.message_ids.mapped("body"))))

    def test_p13_refused_the_claim_waits_for_the_entry_package(self):
        referral = self.affiliate()
        self.pay(self.invoice(1000, product=self.pro))
        self.decide(self.assertAsked(referral, "skipped_entry"), accept=False)
        self.pay(self.invoice(1000, product=self.pro))
        self.run_all()
        self.assertEqual(referral.state, "accepted")
        self.assertFalse(self.reviews(referral), "it was answered")
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        self.assertRecordValues(referral, [{"state": "acquired", "acquisition_move_id": starter.id}])

    def test_p9_the_entry_package_paid_meanwhile_settles_the_question(self):
        referral = self.affiliate()
        self.pay(self.invoice(1000, product=self.pro))
        review = self.assertAsked(referral, "skipped_entry")
        self.pay(self.invoice(100, product=self.starter))
        self.assertEqual(referral.state, "acquired")
        self.assertEqual(review.state, "obsolete")
        self.assertFalse(review.activity_ids)

    def test_p9_a_client_that_was_one_before_the_referral(self):
        self.invoice(300, product=self.enterprise, on="2024-03-01")
        referral = self.affiliate()
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        self.assertEqual(referral.state, "accepted")
        review = self.assertAsked(referral, "returning_client", move_id=starter.id)
        self.decide(review, accept=False, reason="It has been ours since 2024")
        self.assertRecordValues(referral, [{"state": "rejected", "decision_reason": "It has been ours since 2024"}])
        self.assertFalse(starter.commission_line_ids)

    def test_p9_a_returning_client_accepted(self):
        self.invoice(300, product=self.enterprise, on="2024-03-01")
        referral = self.affiliate()
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        self.decide(self.assertAsked(referral, "returning_client"), accept=True)
        self.assertEqual((referral.state, referral.acquisition_move_id), ("acquired", starter))
        self.assertLine(self.line_of(starter), amount=20.0, state="earned")

    def test_p9_overridden_at_acceptance_is_not_asked_again(self):
        old = self.invoice(100, product=self.starter, on="2025-06-01")
        self.pay(old, on="2025-06-02")
        referral = self.affiliate(accept=False).with_user(self.manager)
        with self.assertRefused("has paid for the entry package before the referral"):
            referral.with_user(self.salesperson).action_accept()
        referral.decision_reason = "They had left us, and Byte brought them back"
        referral.action_accept()
        self.assertRecordValues(
            self.reviews(referral, "accepted"), [{"kind": "returning_client", "decided_by_id": self.manager.id}]
        )
        self.pay(self.invoice(100, product=self.starter))
        self.assertEqual(referral.state, "acquired")

    def test_p9_a_manager_overrides_on_screen(self):
        self.pay(self.invoice(100, product=self.starter, on="2025-06-01"), on="2025-06-02")
        referral = self.affiliate(accept=False)
        self.assertTrue(referral.is_former_client)
        self.env["partner.referral.decision"].with_user(self.manager).create(
            {"referral_ids": referral.ids, "decision": "override", "reason": "Byte brought them back"}
        ).action_confirm()
        self.assertRecordValues(referral, [{"state": "accepted", "decision_reason": "Byte brought them back"}])

    def test_p9_invoiced_before_the_referral_and_paid_after_it_is_a_decision(self):
        starter = self.invoice(100, product=self.starter, on="2026-01-02")
        referral = self.affiliate()
        self.pay(starter)
        self.assertEqual(referral.state, "accepted")
        review = self.assertAsked(referral, "returning_client", move_id=starter.id)
        self.assertIn("is dated before the referral", review.question)
        self.decide(review, accept=True)
        self.run_all()
        self.assertRecordValues(referral, [{"state": "acquired", "acquisition_move_id": starter.id}])
        self.assertFalse(starter.commission_line_ids, "D1: dated before the referral, it earns nothing itself")

    def test_p9_invoiced_before_the_referral_and_paid_before_the_decision_is_no_refusal(self):
        starter = self.invoice(100, product=self.starter, on="2026-01-02")
        referral = self.affiliate(accept=False)
        self.go_to("2026-01-07")
        self.pay(starter)
        self.assertFalse(referral.is_former_client)
        referral.with_user(self.salesperson).action_accept()
        self.assertEqual(referral.state, "accepted")
        self.assertAsked(referral, "returning_client", move_id=starter.id)

    def test_p9_the_entry_package_at_a_discount_of_100_percent(self):
        referral = self.affiliate()
        free = self._create_invoice(
            partner_id=self.client,
            invoice_date="2026-01-07",
            post=True,
            invoice_line_ids=[
                self._prepare_invoice_line(
                    product_id=self.starter, price_unit=100, discount=100, tax_ids=self.env["account.tax"]
                )
            ],
        )
        self.run_all()
        self.assertEqual((free.payment_state, referral.state), ("paid", "accepted"))
        review = self.assertAsked(referral, "free_entry", move_id=free.id)
        self.decide(review, accept=True)
        self.assertEqual((referral.state, referral.acquisition_move_id), ("acquired", free))
        self.run_all()
        self.assertEqual(referral.state, "acquired", "nothing can undo a payment of nothing")
        self.assertFalse(referral.window_start, "D1: an invoice over nothing starts no window")

    def test_p9_the_entry_package_free_among_lines_that_are_paid(self):
        referral = self.affiliate()
        invoice = self._create_invoice(
            partner_id=self.client,
            invoice_date="2026-01-07",
            post=True,
            invoice_line_ids=[
                self._prepare_invoice_line(product_id=self.pro, price_unit=900, tax_ids=self.env["account.tax"]),
                self._prepare_invoice_line(
                    product_id=self.starter, price_unit=100, discount=100, tax_ids=self.env["account.tax"]
                ),
            ],
        )
        self.pay(invoice)
        self.assertEqual(referral.state, "accepted")
        self.decide(self.assertAsked(referral, "free_entry"), accept=False)
        self.assertEqual(referral.state, "accepted")

    def test_p9_the_payment_is_kept_as_proof(self):
        referral = self.affiliate()
        starter = self.invoice(100, product=self.starter)
        self.pay(starter, amount=40.0, on="2026-01-05")
        self.go_to("2026-01-09")
        payments = self.pay(starter, on="2026-01-08")
        self.assertEqual(referral.state, "acquired")
        first, second = referral.with_user(self.salesperson).acquisition_payment.split("\n")
        self.assertIn(" · 01/05/2026 · $\xa040.00", first)
        self.assertEqual(second, f"{payments.move_id.name} · 01/08/2026 · $\xa060.00")
        starter.line_ids.remove_move_reconcile()
        self.run_all()
        self.assertFalse(referral.acquisition_payment)

    def test_d13_a_claim_does_not_expire_before_a_manager_has_decided(self):
        self.program_affiliate.claim_months = 2
        for accept, expected in ((True, "acquired"), (False, "expired")):
            with self.subTest(accept=accept):
                self.go_to("2026-01-05")
                referral = self.affiliate(self.client if accept else self.other_client)
                pro = self.invoice(500, client=referral.client_id, product=self.pro)
                self.pay(pro)
                review = self.assertAsked(referral, "skipped_entry", move_id=pro.id)
                self.go_to("2026-03-10")
                self.run_all()
                self.assertEqual(referral.state, "accepted")
                self.decide(review, accept=accept)
                self.run_all()
                self.assertEqual(referral.state, expected)

    def test_a_question_of_an_ended_claim_has_no_yes(self):
        referral = self.affiliate()
        self.pay(self.invoice(500, product=self.pro))
        review = self.assertAsked(referral, "skipped_entry")
        referral.state = "expired"
        review.sudo().state = "open"  # asked before the update that drops such questions
        with self.assertRefused("has ended .*: accept it again first"):
            self.decide(review, accept=True)
        self.assertEqual(review.state, "open")

    def test_p9_a_returning_client_that_was_refused_is_asked_about_again_when_the_claim_is_accepted_again(self):
        self.invoice(10, on="2025-12-01")
        referral = self.affiliate()
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        review = self.assertAsked(referral, "returning_client")
        self.decide(review, accept=False, reason="The client was ours")
        self.assertEqual(referral.state, "rejected")
        self.env["partner.referral.decision"].with_user(self.manager).create(
            {"referral_ids": referral.ids, "decision": "reopen", "reason": "That was another branch"}
        ).action_confirm()
        again = self.assertAsked(referral, "returning_client", move_id=starter.id)
        self.assertRecordValues(review, [{"state": "obsolete", "reason": "The client was ours"}])
        self.decide(again, accept=True)
        self.assertEqual((referral.state, referral.acquisition_move_id), ("acquired", starter))

    def test_a_problem_of_the_night_is_told_in_the_language_of_the_manager_once(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.manager.lang = "fr_FR"
        self.enrollment_byte.account_manager_id = self.manager
        referral = self.affiliate()
        for _again in range(2):
            referral.with_user(SUPERUSER_ID)._flag_problem("Boom")
        self.assertRecordValues(
            referral.activity_ids,
            [{"summary": "La tâche de nuit ne peut pas traiter cette recommandation", "user_id": self.manager.id}],
        )

    def test_nobody_who_has_left_is_asked(self):
        self.enrollment_byte.account_manager_id = self.manager
        self.manager.active = False
        referral = self.affiliate()
        self.pay(self.invoice(500, product=self.pro))
        review = self.reviews(referral)
        self.assertTrue(review.user_id.active)
        self.assertEqual(review.activity_ids.user_id, review.user_id)

    def undone(self):
        referral = self.affiliate()
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        self.assertEqual(referral.state, "acquired")
        return referral, starter

    def test_p9_a_first_payment_that_is_undone_is_asked_about(self):
        referral, starter = self.undone()
        starter.line_ids.remove_move_reconcile()
        self.run_all()
        self.assertEqual(referral.state, "accepted", "nothing was billed: the client is free until decided")
        review = self.assertAsked(referral, "entry_undone", move_id=starter.id)
        self.decide(review, accept=True)
        self.run_all()
        self.assertEqual((referral.state, referral.acquisition_move_id), ("acquired", starter))
        self.assertFalse(self.reviews(referral))

    def test_p9_undone_and_paid_again(self):
        referral, starter = self.undone()
        starter.line_ids.remove_move_reconcile()
        self.run_all()
        review = self.assertAsked(referral, "entry_undone")
        self.pay(starter)
        self.assertEqual((referral.state, review.state), ("acquired", "obsolete"))
        starter.line_ids.remove_move_reconcile()
        self.run_all()
        self.assertAsked(referral, "entry_undone")

    def test_p9_undone_after_it_was_billed(self):
        referral, starter = self.undone()
        other = self.invoice(400, product=self.pro)
        unpaid = self.invoice(700, product=self.pro)
        self.pay(other)
        self.run_bills("2026-02-04").action_post()
        starter.line_ids.remove_move_reconcile()
        self.run_all()
        self.assertEqual(referral.state, "acquired", "money was billed: nothing is taken away silently")
        review = self.assertAsked(referral, "entry_undone", move_id=starter.id)
        self.decide(review, accept=False, reason="The client never paid")
        self.assertRecordValues(referral, [{"state": "rejected", "decision_reason": "The client never paid"}])
        self.assertFalse(unpaid.commission_line_ids, "not earned, and never will be")
        self.assertLine(self.line_of(other), state="billed", billed_amount=80.0)
        self.assertLine(self.line_of(starter), open_amount=-20.0)

    def undone_with_a_question(self):
        """What was billed rests on a first payment that is undone; the partner has asked about a later invoice."""
        referral, starter = self.undone()
        unpaid = self.invoice(700, product=self.pro)
        line = self.line_of(unpaid)
        self.env["partner.commission.question"].create(
            {"commission_line_id": line.id, "asked_by_id": self.byte_contact.id, "question": "When?"}
        )
        self.run_bills("2026-02-04").action_post()
        starter.line_ids.remove_move_reconcile()
        self.run_all()
        return referral, starter, line, self.assertAsked(referral, "entry_undone", move_id=starter.id)

    def test_p9_accepted_again_it_earns_nothing_until_it_is_acquired_again(self):
        referral, starter, line, review = self.undone_with_a_question()
        self.decide(review, accept=False, reason="The client never paid")
        self.go_to("2026-02-10")
        self.pay(line.move_id)
        self.assertLine(line, state="void", void_code="not_acquired", earned_amount=0.0)
        self.env["partner.referral.decision"].with_user(self.manager).create(
            {"referral_ids": referral.ids, "decision": "reopen", "reason": "It will pay", "expires_on": "2026-12-31"}
        ).action_confirm()
        self.assertEqual(referral.state, "accepted")
        self.run_all()
        self.assertLine(line, state="void", void_code="not_acquired", earned_amount=0.0)
        self.pay(starter)
        self.assertEqual(referral.state, "acquired")
        self.assertLine(line, void_code=False, earned_amount=140.0)
        self.assertFalse(self.env["partner.commission.line"].sudo()._cron_sync(), "there is nothing left to mend")

    def test_p9_undone_and_refused_after_the_window(self):
        referral, _starter, line, review = self.undone_with_a_question()
        self.go_to("2027-02-10")
        self.run_all()
        self.assertEqual(referral.state, "completed")
        self.invoice(300)
        self.assertEqual(review.state, "open", "the first payment is still undone")
        self.decide(review, accept=False, reason="The client never paid")
        self.assertRecordValues(referral, [{"state": "rejected", "decision_reason": "The client never paid"}])
        self.pay(line.move_id, on="2027-02-11")
        self.assertLine(line, state="void", void_code="not_acquired", earned_amount=0.0)

    def test_reason_rights_and_once(self):
        referral = self.affiliate()
        self.pay(self.invoice(1000, product=self.pro))
        review = self.assertAsked(referral, "skipped_entry")
        with self.assertRefused("Give a reason first"):
            review.action_accept()
        review.reason = "   "
        with self.assertRefused("Give a reason first"):
            review.action_refuse()
        self.assertEqual(referral.state, "accepted")
        for user in (self.salesperson, self.accountant):
            with self.assertRaises(AccessError):
                review.with_user(user).action_accept()
        with self.assertRefused("follow from the facts"):
            review.state = "accepted"
        self.decide(review, accept=False)
        with self.assertRefused("was decided already"):
            review.action_accept()
        with self.assertRefused("the reason stays as it is"):
            review.reason = "Another one"


class TestWonAgain(ReviewCommon):
    """P8: won in time, taken out of Won and won again after the last day: Odoo dates the lead anew."""

    def won_again(self, expired=False):
        self.go_to("2026-01-05")
        referral = self.acquired()
        lead, first_stage = referral.lead_id, self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        self.go_to("2026-04-20")
        self.run_all()
        lead.stage_id = first_stage
        self.assertEqual(referral.state, "accepted")
        if expired:
            self.run_all()
            self.assertEqual(referral.state, "expired")
        lead.action_set_won()
        return referral, self.assertAsked(referral, "won_again")

    def test_p8_taken_out_of_won_and_back_within_the_time_counts(self):
        referral = self.acquired()
        referral.lead_id.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        self.go_to("2026-04-05")
        referral.lead_id.action_set_won()
        self.assertRecordValues(referral, [{"state": "acquired", "acquired_on": Date.to_date("2026-04-05")}])
        self.assertFalse(self.reviews(referral))

    def test_p8_won_again_too_late_protects_the_client_until_a_manager_has_decided(self):
        referral, review = self.won_again()
        invoice = self.invoice(1000)
        self.run_all()
        self.assertEqual(referral.state, "accepted", "the nightly job expires nothing that waits for a decision")
        self.decide(review, accept=True, reason="It was dragged by mistake")
        self.assertRecordValues(referral, [{"state": "acquired", "acquired_on": Date.to_date("2026-01-05")}])
        self.assertLine(self.line_of(invoice), amount=50.0)
        # decided: it is not asked again
        referral.lead_id.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        referral.lead_id.action_set_won()
        self.assertEqual(referral.state, "acquired")
        self.assertFalse(self.reviews(referral))

    def test_p8_won_again_too_late_refused(self):
        referral, review = self.won_again()
        self.decide(review, accept=False, reason="Lost in January, and won by ourselves")
        self.run_all()
        self.assertRecordValues(
            referral, [{"state": "expired", "decision_reason": "Lost in January, and won by ourselves"}]
        )

    def test_p8_won_again_after_it_was_noted_as_expired(self):
        referral, review = self.won_again(expired=True)
        self.assertIn("15 days too late", referral.decision_reason)
        self.decide(review, accept=True)
        self.assertEqual(referral.state, "acquired")

    def test_p8_the_first_time_counts_only_for_a_lead_that_is_in_won(self):
        referral, review = self.won_again(expired=True)
        lead = referral.lead_id
        lead.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        with self.assertRefused("is not in Won"):
            self.decide(review, accept=True)
        self.assertEqual((referral.state, review.state), ("expired", "open"))
        lead.action_set_won()
        self.decide(review, accept=True)
        self.assertEqual(referral.state, "acquired")

    def test_p8_won_again_does_not_expire_while_it_is_taken_out_of_won_once_more(self):
        referral, review = self.won_again()
        referral.lead_id.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        self.run_all()
        self.assertEqual((referral.state, review.state), ("accepted", "open"))

    def test_d14_won_again_after_the_partner_has_left(self):
        referral, review = self.won_again(expired=True)
        self.enrollment_ada.action_end()
        with self.assertRefused("is not an active partner now"):
            self.decide(review, accept=True)
        self.assertEqual((referral.state, review.state), ("expired", "open"))

    def test_d10_won_again_after_the_client_went_to_another_partner(self):
        referral, review = self.won_again(expired=True)
        self.affiliate()
        with self.assertRefused("is protected by another referral by now"):
            self.decide(review, accept=True)
        self.assertEqual((referral.state, review.state), ("expired", "open"))

    def test_d10_won_again_and_one_that_was_received_earlier_is_a_question(self):
        referral, review = self.won_again(expired=True)
        earlier = self.affiliate(accept=False, referred_on="2026-01-03 10:00:00")
        self.decide(review, accept=True)
        self.assertAsked(earlier, "conflict", other_id=referral.id)


class TestClaimsThatMeet(ReviewCommon):
    """D10: received earlier but registered later; leads and contacts that are merged; both programs, one rule."""

    def conflict(self):
        """Byte's claim was received first, but registered when Ada's was accepted."""
        holder = self.refer(referred_on="2026-01-04 10:00:00")
        late = self.affiliate(accept=False, referred_on="2026-01-03 10:00:00")
        return holder, late, self.assertAsked(late, "conflict", other_id=holder.id)

    def test_d10_received_earlier_registered_later_a_manager_decides(self):
        holder, late, review = self.conflict()
        with self.assertRefused("is protected by another referral"):
            late.with_user(self.salesperson).action_accept()
        self.decide(review, accept=True, reason="The mail of Byte came before Ada had talked to them")
        self.assertRecordValues(
            holder + late,
            [
                {"state": "rejected", "decision_reason": COUNTS_NOT},
                {"state": "accepted", "decision_reason": False},
            ],
        )
        self.assertEqual(self.client.referral_partner_id, self.byte)
        self.env.flush_all()
        for referral in holder + late:
            notes = referral.message_ids.filtered(lambda message: "The mail of Byte" in (message.body or ""))
            self.assertTrue(notes and all(notes.subtype_id.mapped("internal")), "colleagues read the reason")

    def test_d10_refused_the_partner_reads_the_reason(self):
        holder, late, review = self.conflict()
        self.decide(review, accept=False, reason="The client confirmed the other introduction")
        self.assertEqual((holder.state, late.state), ("accepted", "rejected"))
        self.assertEqual(late.decision_reason, "The client confirmed the other introduction")

    def test_d10_who_earns_is_not_replaced(self):
        holder, late, review = self.conflict()
        holder.lead_id.action_set_won()
        self.assertIn("Not possible", review.if_accepted)
        with self.assertRefused("has acquired the client and earns on it"):
            self.decide(review, accept=True)
        self.assertEqual((holder.state, late.state, review.state), ("acquired", "submitted", "open"))

    def test_d10_a_conflict_ends_with_its_claim(self):
        holder, late, review = self.conflict()
        late.decision_reason = "Another referral was received earlier."
        late.with_user(self.salesperson).action_reject()
        self.assertEqual((review.state, len(review.activity_ids)), ("obsolete", 0))
        with self.assertRefused("was decided"):
            self.decide(review, accept=True)
        review.sudo().state = "open"  # asked before the update that drops such questions
        with self.assertRefused("has ended"):
            self.decide(review, accept=True)
        self.assertEqual((holder.state, late.state), ("accepted", "rejected"))

    def test_d10_a_referral_partner_and_an_affiliate_side_by_side_for_the_manager(self):
        holder, late, review = self.conflict()
        for record in (review, late.with_user(self.manager), holder.with_user(self.manager)):
            html = str(record.comparison if record == review else record.claims_comparison)
            for word in ("Ada Advisory", "Byte Builders", holder.name, late.name, "Referral", "Affiliate", "Accepted"):
                self.assertIn(word, html)
        self.assertEqual((holder.other_claim_count, late.other_claim_count), (1, 1))
        self.assertTrue(late.is_protected)
        with self.assertRaises(AccessError):
            late.with_user(self.salesperson).read(["claims_comparison"])

    def test_amounts_of_claims_side_by_side_are_by_currency(self):
        holder = self.acquired()
        self.pay(self.invoice(1000))
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.pay(self.invoice(150000, currency_id=yen.id))
        self.assertEqual(holder._get_claim_history()["earned"].replace("\xa0", " "), "$ 50.00, ¥ 7,500")

    def test_d10_a_salesperson_with_own_documents_learns_only_that_the_client_is_protected(self):
        holder = self.refer()
        lead = self.lead(user_id=self.other_salesperson.id)
        late = self.refer(
            enrollment=self.enrollment_byte,
            accept=False,
            user=self.other_salesperson,
            user_id=self.other_salesperson.id,
            lead_id=lead.id,
        ).with_user(self.other_salesperson)
        self.assertEqual((late.is_protected, late.other_claim_count), (True, 1))
        Referral = self.env["partner.referral"].with_user(self.other_salesperson)
        self.assertEqual(Referral.search([("client_id", "=", self.client.id)]), late)
        for model, domain in (
            ("partner.referral.evidence", [("referral_id", "=", holder.id)]),
            ("partner.referral.match", [("referral_id", "=", holder.id)]),
        ):
            self.assertFalse(self.env[model].with_user(self.other_salesperson).search(domain))
        with self.assertRaises(AccessError):
            self.env["partner.referral.review"].with_user(self.other_salesperson).search([])
        with self.assertRefused("is protected by another referral"):
            late.action_accept()
        late.action_reject_protected()
        self.assertNotIn("Ada", late.decision_reason)

    def test_d10_one_click_refuses_a_later_claim_without_naming_anybody(self):
        self.refer()
        self.go_to("2026-01-06")
        late = self.affiliate(accept=False)
        self.assertFalse(self.reviews(late), "the rule settles it: no decision to take")
        late.with_user(self.salesperson).action_reject_protected()
        self.assertEqual(late.state, "rejected")
        self.assertEqual(late.decision_reason, "Another referral of this client was received and accepted earlier.")

    def test_p7_one_click_refuses_after_recent_discussions(self):
        self.invoice(10, on="2025-06-01")
        referral = self.refer(accept=False).with_user(self.salesperson)
        referral.action_reject_ineligible()
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "rejected",
                    "decision_reason": "We had been in touch with this client in the 12 months before your referral.",
                }
            ],
        )

    def test_d10_the_same_prospect_twice_is_one_client(self):
        def prospect(enrollment, **vals):
            return (
                self.env["partner.referral"]
                .with_user(self.salesperson)
                .create({"enrollment_id": enrollment.id, "user_id": self.salesperson.id, **vals})
            )

        prospect(self.enrollment_ada, prospect_name="Foxtrot", prospect_email="fay@foxtrot.example").action_accept()
        second = prospect(self.enrollment_byte, prospect_email="boss@foxtrot.example")
        self.assertTrue(second.is_protected)
        with self.assertRefused("is protected by another referral"):
            second.action_accept()
        with self.assertRefused("This prospect is protected by another referral"):
            second.sudo().state = "accepted"  # the database says so too

    def prospect(self, enrollment=None, **vals):
        return (
            self.env["partner.referral"]
            .with_user(self.salesperson)
            .create({"enrollment_id": (enrollment or self.enrollment_ada).id, "user_id": self.salesperson.id, **vals})
        )

    def test_d10_the_same_prospect_received_earlier_but_registered_later_a_manager_decides(self):
        self.go_to("2026-01-07")
        holder = self.prospect(self.enrollment_byte, prospect_name="Foxtrot", referred_on="2026-01-06 10:00:00")
        holder.action_accept()
        early = self.prospect(prospect_name="Foxtrot", referred_on="2026-01-05 10:00:00")
        review = self.assertAsked(early, "conflict", other_id=holder.id)
        self.assertIn("Two claims on Foxtrot", review.question)
        with self.assertRefused("was received before the referral that protects the client"):
            early.action_reject_protected()
        self.assertEqual((early.state, review.state), ("submitted", "open"))
        self.decide(review, accept=True, reason="Ada's mail of the 5th had been overlooked")
        self.assertRecordValues(holder + early, [{"state": "rejected"}, {"state": "accepted"}])

    def test_d10_the_same_prospect_received_later_nobody_is_asked(self):
        self.prospect(prospect_name="Foxtrot").action_accept()
        self.go_to("2026-01-06")
        late = self.prospect(self.enrollment_byte, prospect_name="Foxtrot")
        self.assertFalse(self.reviews(late))
        late.action_reject_protected()
        self.assertEqual(late.decision_reason, "Another referral of this client was received and accepted earlier.")

    def overdue_holder(self):
        """Byte's claim ended yesterday; the nightly job has not come by yet."""
        self.program_affiliate.claim_months = 1
        holder = self.affiliate()
        self.go_to("2026-02-06")
        self.assertEqual((holder.state, str(holder.expires_on)), ("accepted", "2026-02-05"))
        return holder

    def test_d10_a_claim_whose_last_day_is_over_bars_nobody_on_the_screen(self):
        holder = self.overdue_holder()
        late = self.refer(accept=False)
        self.assertFalse(late.is_protected)
        late.with_user(self.salesperson).action_reject_protected()
        self.assertEqual((late.state, holder.state), ("submitted", "expired"))
        late.with_user(self.salesperson).action_accept()
        self.assertEqual(late.state, "accepted")

    def test_d10_a_claim_whose_last_day_is_over_and_that_waits_for_a_manager_protects(self):
        self.program_affiliate.claim_months = 1
        holder = self.affiliate()
        self.pay(self.invoice(1000, product=self.pro))
        self.assertAsked(holder, "skipped_entry")
        self.go_to("2026-02-06")
        late = self.refer(accept=False)
        self.assertTrue(late.is_protected)
        late.with_user(self.salesperson).action_reject_protected()
        self.assertEqual((late.state, holder.state), ("rejected", "accepted"))

    def test_d10_a_contact_whose_claim_is_over_is_chosen(self):
        holder = self.overdue_holder()
        late = self.prospect(prospect_name="Cobalt Clinics")
        self.assertFalse(late.match_ids.is_protected)
        late.match_ids.action_choose()
        late.action_accept()
        self.assertEqual((late.state, late.client_id, holder.state), ("accepted", self.client, "expired"))

    def test_d10_d12_a_contact_whose_claim_is_over_becomes_the_client_of_an_accepted_one(self):
        for way in ("by hand", "by the lead"):
            with self.subTest(way), self.cr.savepoint() as savepoint:
                claim = self.refer(client=self.other_client)
                holder = self.overdue_holder()
                if way == "by hand":
                    claim.with_user(self.manager).client_id = self.client
                else:
                    claim.lead_id.with_user(self.salesperson).partner_id = self.client
                self.env.flush_all()
                self.assertEqual((claim.client_id, holder.state), (self.client, "expired"))
                savepoint.rollback()
                self.env.invalidate_all()
                self.clock.move_to("2026-01-05 09:00:00")

    def test_d10_a_prospect_whose_claim_is_over_is_met_by_nobody(self):
        self.program_affiliate.claim_months = 1
        holder = self.prospect(self.enrollment_byte, prospect_name="Foxtrot")
        holder.action_accept()
        contact = self.env["res.partner"].create({"name": "Foxtrot", "is_company": True})
        late = self.refer(client=contact, accept=False)
        self.assertTrue(late.meets_prospect)
        self.go_to("2026-02-06")
        self.assertEqual(holder.state, "accepted")
        self.assertFalse(late.meets_prospect)

    def test_d10_a_conflict_ends_with_the_other_claim_too(self):
        holder, late, review = self.conflict()
        holder.decision_reason = "Withdrawn by phone"
        holder.with_user(self.salesperson).action_withdraw()
        self.assertEqual((review.state, len(review.activity_ids)), ("obsolete", 0))
        late.with_user(self.salesperson).action_accept()
        self.assertEqual(late.state, "accepted")

    def assertToDecide(self, referral):  # noqa: N802
        todo = referral.activity_ids.filtered(
            lambda one: one.activity_type_id == self.env.ref("partner_program.mail_activity_type_referral_decision")
        )
        self.assertEqual((referral.state, len(todo)), ("submitted", 1))
        self.assertIn("has ended: decide on this one now", str(referral.message_ids[0].body))
        return todo

    def test_d10_whose_conflict_ends_by_itself_is_somebodys_decision(self):
        _holder, late, review = self.conflict()
        self.assertFalse(late.activity_ids)
        self.go_to("2026-04-05")  # the holder's last day was the fourth
        self.run_all()
        self.assertEqual(review.state, "obsolete")
        self.assertEqual(self.assertToDecide(late).user_id, late._get_responsible())

    def test_d10_an_accepted_claim_that_met_another_by_merging_is_decided_when_that_one_ends(self):
        late = self.refer(client=self.other_client, referred_on="2026-01-04 12:00:00")
        first = self.affiliate(referred_on="2026-01-03 12:00:00")
        self.merge(self.client, self.other_client)
        self.assertAsked(late, "conflict", other_id=first.id)
        first.write({"state": "withdrawn", "decision_reason": "A mistake"})
        self.assertToDecide(late)

    def test_d10_a_claim_that_waits_for_a_further_decision_is_not_to_be_decided_yet(self):
        holder, late, _review = self.conflict()
        other = self.refer(client=self.other_client, accept=False)
        self.env["partner.referral.review"]._ask([{"referral_id": late.id, "kind": "conflict", "other_id": other.id}])
        holder.write({"state": "withdrawn", "decision_reason": "A mistake"})
        self.assertFalse(late.activity_ids)
        other.write({"state": "withdrawn", "decision_reason": "A mistake"})
        self.assertToDecide(late)

    def test_d10_the_other_claim_is_taken_up_again_and_so_is_the_question(self):
        holder, late, review = self.conflict()
        holder.write({"state": "withdrawn", "decision_reason": "Withdrawn by phone"})
        self.assertEqual(review.state, "obsolete")
        holder.with_user(self.manager)._reopen("It was a mistake", False)
        self.assertAsked(late, "conflict", other_id=holder.id)

    def test_d10_a_claim_comes_back_with_its_lead_and_one_that_was_received_earlier_is_a_question(self):
        back = self.refer(referred_on="2026-01-04 10:00:00")
        back.lead_id.action_set_lost()
        earlier = self.affiliate(accept=False, referred_on="2026-01-03 10:00:00")
        self.assertFalse(self.reviews(earlier))
        back.lead_id.toggle_active()
        self.assertEqual(back.state, "accepted")
        self.assertAsked(earlier, "conflict", other_id=back.id)

    def test_d10_of_three_claims_the_third_is_asked_about_the_one_that_got_the_client(self):
        holder, late, review = self.conflict()
        program = self.program_affiliate.copy({"name": "Third"})
        third = self.env["partner.program.enrollment"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Third", "is_company": True}).id,
                "program_id": program.id,
                "state": "active",
                "date_start": "2025-01-01",
            }
        )
        earliest = self.refer(enrollment=third, accept=False, referred_on="2026-01-02 10:00:00")
        asked = self.assertAsked(earliest, "conflict", other_id=holder.id)
        call = asked.activity_schedule("mail.mail_activity_data_call", note="Ask Mona", user_id=self.salesperson.id)
        self.decide(review, accept=True)
        self.assertEqual((holder.state, late.state), ("rejected", "accepted"))
        self.assertIn("Ask Mona", str(call.note), "what a colleague has planned stays")
        call.unlink()
        note = str(self.assertAsked(earliest, "conflict", other_id=late.id).activity_ids.note)
        self.assertIn(late.name, note)
        self.assertNotIn(holder.name, note)

    def test_merged_leads_the_claim_without_a_lead_gets_it_when_the_other_one_ends(self):
        nobody = self.env["res.partner"]
        first = self.affiliate(lead_id=self.lead(nobody, partner_name="Foxtrot").id, client=nobody)
        second = self.refer(lead_id=self.lead(nobody, partner_name="Foxtrot Foods").id, client=nobody)
        merged = (first.lead_id + second.lead_id).merge_opportunity()
        review = self.assertAsked(second, "conflict", other_id=first.id)
        first.write({"state": "withdrawn", "decision_reason": "A mistake"})
        self.assertEqual((review.state, second.lead_id), ("obsolete", merged))
        merged.action_set_won()
        self.assertEqual(second.state, "acquired")

    def test_d10_a_claim_whose_lead_is_lost_does_not_get_the_client_to_be_lost_at_once(self):
        holder = self.affiliate(referred_on="2026-01-04 10:00:00")
        late = self.refer(accept=False, referred_on="2026-01-03 10:00:00")
        review = self.assertAsked(late, "conflict", other_id=holder.id)
        late.lead_id.action_set_lost()
        with self.assertRefused("Restore the lead “Lead on Cobalt Clinics” first"):
            self.decide(review, accept=True)
        self.assertEqual((late.state, holder.state, review.state), ("submitted", "accepted", "open"))
        late.lead_id.toggle_active()
        self.decide(review, accept=True)
        self.assertEqual((late.state, holder.state), ("accepted", "rejected"))

    def test_d10_a_claim_that_was_received_first_has_no_one_click_refusal(self):
        _holder, late, review = self.conflict()
        with self.assertRefused("was received before the referral that protects the client"):
            late.with_user(self.salesperson).action_reject_protected()
        self.assertEqual((late.state, review.state), ("submitted", "open"))

    def test_d10_prospects_are_compared_by_the_surest_thing_that_is_known_of_both(self):
        told = {"prospect_name": "Foxtrot", "prospect_email": "fay@foxtrot.example", "prospect_vat": "BE 0477.472.701"}
        self.prospect(**told).action_accept()
        for same in (
            {"prospect_email": "boss@foxtrot.example"},
            {"prospect_name": "Foxtrot Ltd."},
            {"prospect_vat": "BE0477472701", "prospect_name": "Something else"},
        ):
            with self.subTest(same=same):
                second = self.prospect(self.enrollment_byte, **same)
                self.assertTrue(second.is_protected)
                self.assertEqual(second.other_claim_count, 1)
                with self.assertRefused("is protected by another referral"):
                    second.action_accept()
                second.sudo().unlink()
        for another in (
            {"prospect_vat": "BE0403170701", "prospect_name": "Foxtrot"},
            {"prospect_email": "info@foxtrot-films.example", "prospect_name": "Foxtrot"},
        ):
            with self.subTest(another=another):
                second = self.prospect(self.enrollment_byte, **another)
                self.assertFalse(second.is_protected)
                second.action_accept()
                self.assertEqual(second.state, "accepted")
                second.sudo().state = "withdrawn"

    def test_d10_an_earlier_referral_of_the_prospect_is_decided_first(self):
        self.prospect(prospect_name="Cobalt Clinics", prospect_vat="BE 0477.472.701").sudo().prospect_is_new = True
        self.go_to("2026-01-06")
        with self.assertRefused("referral of Cobalt Clinics is waiting for a decision .REF/.*, with Sally"):
            self.affiliate(accept=False).action_accept()

    def met_by_a_contact(self):
        """Ada's prospect was accepted; it becomes a contact by another door, and Byte claims that one."""
        first = self.prospect(prospect_name="Foxtrot Foods", prospect_email="fay@foxtrot.example")
        first.action_accept()
        contact = self.env["res.partner"].create({"name": "Foxtrot Group", "is_company": True})
        self.env["res.partner"].create({"name": "Bo", "parent_id": contact.id, "email": "bo@foxtrot.example"})
        self.go_to("2026-01-06")
        second = self.affiliate(contact, accept=False)
        return first.with_env(self.env), contact, second

    def test_d10_a_contact_that_looks_like_an_accepted_prospect_is_for_a_manager(self):
        first, contact, second = self.met_by_a_contact()
        review = self.assertAsked(second, "conflict", other_id=first.id)
        self.assertIn("looks like the prospect", review.question)
        self.assertTrue(second.meets_prospect)
        notice = second.with_user(self.salesperson).action_accept()
        self.assertIn("Foxtrot Group looks like the prospect", notice["params"]["message"])
        self.assertEqual(second.state, "submitted")
        self.assertIn(first.name, second.with_user(self.manager).claims_comparison)
        self.decide(review, accept=False, reason="It was introduced to us before")
        first.lead_id.partner_id = contact
        first.lead_id.action_set_won()
        self.assertRecordValues(first + second, [{"state": "acquired"}, {"state": "rejected"}])

    def test_d10_a_prospect_accepted_after_the_contact_was_claimed_is_asked_about_at_acceptance(self):
        second = self.affiliate(accept=False, referred_on="2026-01-02 09:00:00")
        first = self.prospect(prospect_name="Cobalt Clinics")
        first.sudo().prospect_is_new = True
        first.action_accept()
        self.assertFalse(self.reviews(second))
        second.with_user(self.salesperson).action_accept()
        self.assertEqual(second.state, "submitted")
        self.assertAsked(second, "conflict", other_id=first.id)

    def test_d10_a_manager_says_that_they_are_two_companies(self):
        first, _contact, second = self.met_by_a_contact()
        review = self.assertAsked(second, "conflict", other_id=first.id)
        self.env["partner.referral.decision"].with_user(self.manager).create(
            {"referral_ids": second.ids, "decision": "override", "reason": "A holding of the same name"}
        ).action_confirm()
        self.assertEqual((first.state, second.state, review.state), ("accepted", "accepted", "obsolete"))

    def test_d10_a_prospect_won_as_the_client_of_a_later_claim_is_for_a_manager(self):
        """Nothing that Ada told agrees with the contact, so Byte's later claim on it was accepted."""
        first = self.prospect(prospect_name="Foxtrot Foods").with_env(self.env)
        first.action_accept()
        self.go_to("2026-01-06")
        second = self.affiliate()
        first.lead_id.partner_id = self.client
        first.lead_id.action_set_won()
        self.assertEqual(first.state, "accepted", "received first: no rule rejects it")
        review = self.assertAsked(first, "conflict", other_id=second.id)
        self.go_to("2026-07-01")
        self.run_all()
        self.assertEqual(first.state, "accepted", "won in time: it does not expire while it waits")
        self.decide(review, accept=True, reason="Ada introduced it in January")
        self.assertRecordValues(
            first + second,
            [
                {"state": "acquired", "client_id": self.client.id, "acquired_on": Date.to_date("2026-01-06")},
                {"state": "rejected", "client_id": self.client.id, "acquired_on": False},
            ],
        )

    def barred(self, **vals):
        """Ada's accepted prospect turned out to be the client that Byte's claim protects: its client stays empty."""
        first = self.prospect(prospect_name="Foxtrot Foods").with_env(self.env)
        first.action_accept()
        self.go_to("2026-01-06")
        second = self.refer(enrollment=self.enrollment_byte, **vals)
        first.lead_id.partner_id = self.client
        self.env.flush_all()
        self.assertFalse(first.client_id)
        return first, second

    def assertEarnsOnClient(self, referral):  # noqa: N802
        self.assertRecordValues(referral, [{"state": "acquired", "client_id": self.client.id}])
        self.assertEqual(self.client.referral_watch, "invoices")
        self.assertLine(self.line_of(self.invoice(1000)), amount=50.0)
        self.assertFalse(self.reviews(referral), "there is nothing left to decide")

    def test_p8_a_claim_that_is_won_and_waits_has_no_last_day_to_be_warned_of(self):
        first, _second = self.barred()
        first.lead_id.action_set_won()
        for day in ("2026-03-30", "2026-04-10"):
            self.go_to(day)
            self.run_all()
            self.env["partner.referral"].with_user(SUPERUSER_ID)._cron_warn_closing()
            self.assertEqual((first.state, first.clock), ("accepted", False))
            self.assertEqual(first.earns, "Won, waiting for a decision")
            self.assertFalse(first.activity_ids)

    def test_d10_won_after_the_claim_that_protected_the_client_has_ended(self):
        first, second = self.barred()
        second.write({"state": "withdrawn", "decision_reason": "A mistake"})
        first.lead_id.action_set_won()
        self.assertEarnsOnClient(first)

    def test_d10_the_claim_that_protects_the_client_ends_before_a_manager_has_decided(self):
        first, second = self.barred()
        first.lead_id.action_set_won()
        review = self.assertAsked(first, "conflict", other_id=second.id)
        second.write({"state": "withdrawn", "decision_reason": "A mistake"})
        self.run_all()
        self.assertEarnsOnClient(first)
        self.assertEqual(review.state, "obsolete")

    def test_d10_a_claim_whose_last_day_is_over_protects_no_client_from_who_wins_it(self):
        self.program_affiliate.claim_months = 1
        second = self.refer(enrollment=self.enrollment_byte)
        self.assertEqual(second.expires_on, Date.to_date("2026-02-05"))
        self.go_to("2026-01-06")
        first = self.prospect(prospect_name="Foxtrot Foods").with_env(self.env)
        first.action_accept()
        first.lead_id.partner_id = self.client
        self.go_to("2026-02-06")
        first.lead_id.action_set_won()
        self.assertEqual(second.state, "expired")
        self.assertEarnsOnClient(first)

    def test_other_claims_of_many_referrals_cost_the_same(self):
        clients = self.env["res.partner"].create([{"name": f"C{n}", "is_company": True} for n in range(10)])
        referrals = self.prospect(prospect_name="P0") | self.prospect(prospect_name="P1")
        for client in clients:
            referrals |= self.affiliate(client, accept=False)

        def cost(records):
            self.env.flush_all()
            self.env.invalidate_all()
            records.mapped("client_id.vat")
            before = self.env.cr.sql_log_count
            records.mapped("other_claim_count")
            return self.env.cr.sql_log_count - before

        self.assertLessEqual(cost(referrals), cost(referrals[:3]) + 1)

    def test_merged_leads_with_a_claim_each_keep_both_and_ask(self):
        prospect = {"partner_id": False, "partner_name": "Foxtrot"}
        first = self.refer(lead_id=self.lead(**prospect).id, client=self.env["res.partner"])
        second = self.refer(
            enrollment=self.enrollment_byte,
            lead_id=self.lead(**{**prospect, "partner_name": "Foxtrot Foods"}).id,
            client=self.env["res.partner"],
        )
        self.assertEqual((first.state, second.state), ("accepted", "accepted"))
        merged = (first.lead_id + second.lead_id).merge_opportunity()
        self.assertRecordValues(
            first + second,
            [{"state": "accepted", "lead_id": merged.id}, {"state": "accepted", "lead_id": False}],
        )
        self.assertEqual(second.prospect_name, "Foxtrot Foods")
        review = self.assertAsked(second, "conflict", other_id=first.id)
        self.decide(review, accept=True, reason="Byte had talked to them first")
        self.assertRecordValues(
            first + second,
            [{"state": "rejected", "lead_id": merged.id}, {"state": "accepted", "lead_id": merged.id}],
        )

    def test_merged_leads_a_claim_says_what_it_was_told_and_nothing_of_the_lead(self):
        """What salespeople found out is not the partner's word, and would meet the claim that has it already."""
        nobody = self.env["res.partner"]
        lead = self.lead(nobody, partner_name="Foxtrot", email_from="fay@foxtrot.example")
        first = self.refer(lead_id=lead.id, client=nobody, prospect_email="fay@foxtrot.example")
        second = self.affiliate(lead_id=self.lead(nobody).id, client=nobody, prospect_name="Sierra")
        second.lead_id.email_from = "fay@foxtrot.example"
        (first.lead_id + second.lead_id).merge_opportunity()
        self.assertRecordValues(second, [{"lead_id": False, "prospect_name": "Sierra", "prospect_email": False}])
        self.assertAsked(second, "conflict", other_id=first.id)

    def test_d10_undecided_claims_of_merged_leads_are_one_decision(self):
        nobody = self.env["res.partner"]
        first = self.refer(lead_id=self.lead(nobody, partner_name="Foxtrot").id, client=nobody, accept=False)
        self.go_to("2026-01-06")
        second = self.affiliate(lead_id=self.lead(nobody, partner_name="Foxtrot").id, client=nobody, accept=False)
        merged = (first.lead_id + second.lead_id).merge_opportunity()
        self.assertEqual((first.lead_id, second.lead_id), (merged, nobody.env["crm.lead"]))
        review = self.assertAsked(second, "conflict", other_id=first.id)
        self.assertIn("wait for a decision", review.question)
        self.assertNotIn("protects", review.question)
        self.decide(review, accept=True, reason="Byte had talked to them first")
        self.assertRecordValues(
            first + second,
            [
                {"state": "rejected", "decision_reason": COUNTS_NOT},
                {"state": "accepted", "decision_reason": False},
            ],
        )
        self.assertEqual(second.lead_id, merged)

    def test_d10_a_claim_without_lead_does_not_expire_before_a_manager_has_decided(self):
        self.program_affiliate.claim_months = 1
        nobody = self.env["res.partner"]
        first = self.refer(lead_id=self.lead(nobody, partner_name="Foxtrot").id, client=nobody)
        second = self.affiliate(lead_id=self.lead(nobody, partner_name="Foxtrot Foods").id, client=nobody)
        merged = (first.lead_id + second.lead_id).merge_opportunity()
        review = self.assertAsked(second, "conflict", other_id=first.id)
        self.go_to("2026-03-01")
        self.run_all()
        self.assertEqual(second.state, "accepted")
        with self.assertRefused("The last day of .* is over"):
            self.decide(review, accept=True)
        second.with_user(self.manager).expires_on = "2026-04-01"
        self.decide(review, accept=True)
        self.run_all()
        self.assertRecordValues(
            first + second,
            [{"state": "rejected", "lead_id": merged.id}, {"state": "accepted", "lead_id": merged.id}],
        )

    def test_d10_a_submitted_claim_whose_last_day_is_over_is_not_accepted_to_expire_at_once(self):
        holder, late, review = self.conflict()
        self.program_affiliate.claim_months = 1
        self.go_to("2026-03-01")
        with self.assertRefused("The last day of .* is over"):
            self.decide(review, accept=True)
        self.assertEqual((holder.state, late.state), ("accepted", "submitted"))
        late.with_user(self.manager).expires_on = "2026-04-01"
        self.decide(review, accept=True)
        self.assertRecordValues(
            holder + late,
            [{"state": "rejected"}, {"state": "accepted"}],
        )
        self.assertEqual(late.expires_on, Date.to_date("2026-04-01"))

    def test_d10_a_claim_whose_lead_was_won_too_late_does_not_get_the_client_to_expire_at_once(self):
        self.program_affiliate.claim_months = 0
        holder = self.affiliate(referred_on="2026-01-04 10:00:00")
        late = self.refer(accept=False, referred_on="2026-01-03 10:00:00")
        review = self.assertAsked(late, "conflict", other_id=holder.id)
        self.go_to("2026-04-10")
        late.lead_id.action_set_won()
        self.go_to("2026-04-12")
        with self.assertRefused("The last day of .* is over"):
            self.decide(review, accept=True)
        self.assertEqual((holder.state, late.state), ("accepted", "submitted"))
        late.with_user(self.manager).expires_on = "2026-04-10"
        self.decide(review, accept=True)
        self.assertEqual((holder.state, late.state), ("rejected", "acquired"))

    def merge(self, keep, other):
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((keep + other).ids, keep, extra_checks=False)
        self.env.invalidate_all()

    def test_merged_contacts_keep_their_claim(self):
        referral = self.acquired(client=self.other_client)
        invoice = self.invoice(100, client=self.other_client)
        self.merge(self.client, self.other_client)
        self.assertRecordValues(referral, [{"client_id": self.client.id, "state": "acquired"}])
        self.assertEqual(self.line_of(invoice).client_id, self.client)
        self.assertEqual(self.client.referral_watch, "invoices")
        self.assertTrue(self.invoice(50).commission_line_ids)

    def test_d10_merged_contacts_with_a_claim_each_keep_both_and_ask(self):
        late = self.refer(client=self.other_client, referred_on="2026-01-04 12:00:00")
        first = self.affiliate(referred_on="2026-01-03 12:00:00")
        self.merge(self.other_client, self.client)
        self.assertRecordValues(
            first + late,
            [
                {"state": "accepted", "client_id": self.other_client.id},
                {"state": "submitted", "client_id": self.other_client.id},
            ],
        )
        self.assertAsked(late, "conflict", other_id=first.id)
        self.assertTrue(late.is_protected)
        self.assertEqual(self.other_client.referral_watch, "payments")

    def test_p7_undecided_again_after_a_merge_the_former_override_overrides_nothing(self):
        self.invoice(500, on="2025-12-01", client=self.other_client)
        self.refer()
        later = self.affiliate(client=self.other_client, accept=False)
        later.with_user(self.manager).decision_reason = "They had left us"
        later.with_user(self.manager).action_accept()
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((self.client + self.other_client).ids, self.client, extra_checks=False)
        self.env.invalidate_all()
        self.assertRecordValues(later, [{"state": "submitted", "decision_reason": False}])
        self.assertFalse(later.with_user(self.manager)._may_override())

    def test_contacts_on_which_two_partners_earn_are_not_merged(self):
        self.acquired()
        other = self.acquired(client=self.other_client)
        with self.assertRefused("Partners earn commissions on more than one of these contacts"):
            self.merge(self.client, self.other_client)
        self.assertEqual(other.client_id, self.other_client)

    def test_d11_a_partner_is_not_merged_with_its_client(self):
        self.refer()
        with self.assertRefused("a partner cannot be merged with its own client"):
            self.merge(self.client, self.ada)

    def test_partners_of_one_program_are_not_merged(self):
        self.env["partner.program.enrollment"].create(
            {"partner_id": self.byte.id, "program_id": self.program_referral.id, "state": "active"}
        )
        with self.assertRefused("are partners on the same program"):
            self.merge(self.ada, self.byte)
        self.assertTrue(self.enrollment_ada.exists())

    def test_a_list_of_decisions_has_no_query_for_each(self):
        clients = self.env["res.partner"].create([{"name": f"Client {n}", "is_company": True} for n in range(10)])
        for client in clients:
            self.affiliate(client=client)
            self.pay(self.invoice(100, client=client, product=self.pro))
        reviews = self.env["partner.referral.review"].search([("client_id", "in", clients.ids)])
        self.assertEqual(len(reviews), 10)
        counts = []
        for some in (reviews[:1], reviews[1:]):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            some.mapped("question")
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1, counts)

    def test_the_account_manager_of_the_partner_decides(self):
        self.enrollment_byte.account_manager_id = self.manager
        referral = self.affiliate()
        self.pay(self.invoice(100, product=self.pro))
        self.assertEqual(self.reviews(referral).user_id, self.manager)
        self.enrollment_byte.account_manager_id = False
        other = self.affiliate(client=self.other_client)
        self.pay(self.invoice(100, client=self.other_client, product=self.pro))
        self.assertTrue(self.reviews(other).user_id.has_group("partner_program.group_manager"))
        self.assertEqual(self.reviews(other).activity_ids.user_id, self.reviews(other).user_id)

    def test_decisions_of_another_company_are_not_seen(self):
        _holder, _late, review = self.conflict()
        company = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        self.manager.sudo().write({"company_ids": [Command.link(company.id)]})
        found = self.env["partner.referral.review"].with_user(self.manager).with_company(company)
        self.assertNotIn(review.id, found.with_context(allowed_company_ids=company.ids).search([]).ids)
