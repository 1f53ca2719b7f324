"""After a change of program one enrollment runs: what is decided there holds for the clients of before (D14, D15)."""

from lxml import etree

from odoo.fields import Date
from odoo.tools.safe_eval import safe_eval

from .common import PartnerProgramCommon


class TestChangeOfProgram(PartnerProgramCommon):
    def setUp(self):
        super().setUp()
        self.program_affiliate.write({"agreement_id": False, "trained_contacts_required": 0})
        self.line = self.earned_line()
        self.waiting = self.refer(client=self.other_client)

    def change(self):
        successor = self.enrollment_ada._change_program(self.program_affiliate)
        self.assertEqual(self.enrollment_ada.current_enrollment_id, successor)
        self.assertEqual(successor.current_enrollment_id, successor)
        return successor

    def test_p4_what_was_mailed_before_the_change_is_registered_after_it_with_its_time(self):
        self.enrollment_ada.date_start = "2025-03-01"
        successor = self.change()
        self.assertEqual(str(successor.date_start), "2026-02-04")
        client = self.env["res.partner"].create({"name": "Echo", "is_company": True})
        referral = self.refer(enrollment=successor, client=client, referred_on="2026-02-01 10:00:00")
        self.assertEqual(referral.state, "accepted")
        with self.assertRefused("is enrolled since 03/01/2025"):
            referral.referred_on = "2025-02-28 10:00:00"

    def test_d15_what_was_held_stays_held_when_a_suspended_partner_changes(self):
        self.enrollment_ada.action_suspend()
        successor = self.change()
        self.assertEqual(successor.state, "suspended")
        self.assertLine(self.line, state="held", hold_reason="The enrollment is suspended")
        self.assertFalse(self.run_bills())
        successor.action_activate()
        self.assertLine(self.line, state="earned", due_on="2026-02-04")
        self.assertEqual(self.run_bills().amount_total, 50.0)

    def test_p24_who_changed_while_suspended_comes_back_when_the_new_list_is_done(self):
        self.program_affiliate.agreement_id = self.agreement
        for suspend_first in (True, False):
            with self.subTest(suspend_first=suspend_first), self.cr.savepoint() as savepoint:
                if suspend_first:
                    self.enrollment_ada.action_suspend()
                successor = self.change()
                successor.action_suspend()
                self.assertEqual(successor.state, "suspended")
                successor.action_activate()
                self.assertEqual(successor.state, "onboarding", "the contract is missing")
                successor.action_sign()
                self.env.flush_all()
                self.env.cr.precommit.run()
                self.assertEqual(successor.state, "active")
                successor.action_suspend()
                successor.action_activate()
                self.assertEqual(successor.state, "active", "it was active here")
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_p24_so_does_who_changed_before_the_first_referral(self):
        self.program_affiliate.agreement_id = self.agreement
        for suspend_first in (True, False):
            with self.subTest(suspend_first=suspend_first):
                enrollment = self.enrollment_ada.create(
                    {
                        "partner_id": self.env["res.partner"].create({"name": "Echo", "is_company": True}).id,
                        "program_id": self.program_referral.id,
                        "state": "active",
                    }
                )
                if suspend_first:
                    enrollment.action_suspend()
                self.assertEqual(enrollment._change_program(self.program_affiliate), enrollment)
                enrollment.action_suspend()
                self.assertEqual(enrollment.state, "suspended")
                enrollment.action_activate()
                self.assertEqual(enrollment.state, "onboarding", "the contract is missing")
                enrollment.action_sign()
                self.env.flush_all()
                self.env.cr.precommit.run()
                self.assertEqual(enrollment.state, "active")
                self.program_affiliate.trained_contacts_required = 1
                enrollment.action_suspend()
                enrollment.action_activate()
                self.assertEqual(enrollment.state, "active", "it was active here")
                self.program_affiliate.trained_contacts_required = 0

    def test_p24_who_ended_before_the_new_list_was_done_goes_on_with_it_when_reopened(self):
        self.program_affiliate.agreement_id = self.agreement
        unreferred = self.enrollment_ada.create(
            {"partner_id": self.byte.id, "program_id": self.program_referral.id, "state": "active"}
        )
        self.enrollment_byte.action_end()
        unreferred._change_program(self.program_affiliate)
        both = self.change() + unreferred
        both.action_end()
        self.go_to("2026-02-05")
        both.with_user(self.manager).action_reopen()
        self.assertEqual(both.mapped("state"), ["onboarding", "onboarding"], "the contract is missing")
        self.assertEqual(both.mapped("date_start"), [False, unreferred.date_start])
        both.action_sign()
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(both.mapped("state"), ["active", "active"])
        self.assertEqual(str(both[0].date_start), "2026-02-05")
        self.program_affiliate.trained_contacts_required = 1
        both.action_end()
        both.action_reopen()
        self.assertEqual(both.mapped("state"), ["active", "active"], "they were active here")

    def test_d15_a_suspension_after_the_change_holds_what_was_earned_before(self):
        successor = self.change()
        self.assertEqual(successor.state, "active")
        successor.action_suspend()
        self.assertLine(self.line, state="held", hold_code="suspended")
        with self.assertRefused("The enrollment is suspended"):
            self.line.with_user(self.accountant).action_create_vendor_bills()

    def test_d14_an_end_for_cause_after_the_change_stops_the_clients_of_before(self):
        unpaid = self.invoice(400)
        successor = self.change()
        self.go_to("2026-02-10")
        paid = self.invoice(600)
        self.pay(paid)
        self.go_to("2026-02-20")
        successor.write({"state": "ended", "for_cause": True, "end_reason": "Breach of contract"})
        self.pay(unpaid)
        self.assertLine(self.line, state="earned", earned_amount=50.0)
        self.assertLine(self.line_of(paid), state="earned", earned_amount=30.0)
        self.go_to("2026-02-21")
        self.assertLine(self.line_of(unpaid), state="earned", earned_amount=20.0)
        late = self.invoice(100)
        self.pay(late)
        self.assertLine(self.line_of(late), void_code="ended_for_cause", earned_amount=0.0)

    def decide(self, enrollment, kind, **vals):
        wizards = self.env["partner.program.enrollment.decision"].with_user(self.manager)
        wizards.create({"enrollment_id": enrollment.id, "kind": kind, "reason": "Dispute", **vals}).action_confirm()

    def buttons(self, enrollment):
        """The decisions that the form offers."""
        view = etree.fromstring(self.env["partner.program.enrollment"].with_user(self.manager).get_view()["arch"])
        facts = {"state": enrollment.state, "was_partner": enrollment.was_partner}
        return {
            button.get("string")
            for button in view.xpath("//header/button[@name='action_decide']")
            if not safe_eval(button.get("invisible"), facts)
        }

    def test_d14_a_partner_whose_new_contract_is_missing_can_be_suspended_and_ended_for_cause(self):
        applicant = self.enrollment_ada.create(
            {"partner_id": self.byte.id, "program_id": self.program_referral.id, "state": "onboarding"}
        )
        self.assertEqual(self.buttons(applicant), {"Reject", "Change Program"})
        self.program_affiliate.trained_contacts_required = 1
        successor = self.change()
        self.assertEqual(successor.state, "onboarding")
        self.assertEqual(self.buttons(successor), {"Suspend", "End", "Change Program"})
        (applicant + successor).with_user(self.manager).action_reject()
        self.assertEqual((applicant.state, successor.state), ("rejected", "onboarding"))
        self.decide(successor, "suspend")
        self.assertEqual(successor.state, "suspended")
        self.assertLine(self.line, state="held", hold_code="suspended")
        successor.state = "onboarding"
        self.decide(successor, "end", for_cause=True)
        self.assertEqual((successor.state, str(successor.date_end)), ("ended", "2026-02-04"))
        self.go_to("2026-02-10")
        late = self.invoice(100)
        self.pay(late)
        self.assertLine(self.line_of(late), void_code="ended_for_cause", earned_amount=0.0)

    def test_d14_claims_of_before_stay_with_the_change_and_leave_with_the_partner(self):
        for state, left in (("ended", "withdrawn"), ("rejected", "withdrawn")):
            with self.subTest(state=state), self.cr.savepoint() as savepoint:
                successor = self.change()
                self.assertEqual(self.waiting.state, "accepted")
                if state == "rejected":
                    successor.state = "onboarding"
                successor.state = state
                self.assertEqual(self.waiting.state, left)
                self.assertEqual(self.line.referral_id.state, "acquired")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_p23_who_manages_the_team_and_who_attends_stay_the_same(self):
        boss = self.env["res.partner"].create({"name": "Boss", "parent_id": self.ada.id, "email": "boss@ada.example"})
        boss_user = self._new_user("portal_boss", "base.group_portal", partner=boss)
        self.enrollment_ada.write(
            {
                "applicant_id": self.ada_contact.id,
                "applicant_email": self.ada_contact.email,
                "team_manager_ids": boss.ids,
                "meeting_contact_id": boss.id,
                "company_kind": "consultancy",
            }
        )
        successor = self.change()
        self.assertEqual((successor._get_meeting_contact(), successor.company_kind), (boss, "consultancy"))
        team = self.env["partner.program.enrollment"]
        self.assertTrue(team.with_user(boss_user)._may_manage_team())
        self.assertFalse(team.with_user(self.portal_ada)._may_manage_team(), "left out on purpose")

    def test_p22_what_was_begun_before_is_handed_over_with_the_partner(self):
        self.enrollment_ada.account_manager_id = self.manager
        other = self._new_user("other", "partner_program.group_manager")
        question = self.env["partner.commission.question"].create(
            {"commission_line_id": self.line.id, "question": "Why?"}
        )
        self.assertEqual(question.activity_ids.user_id, self.manager)
        successor = self.change()
        successor.account_manager_id = other
        self.assertEqual(question.activity_ids.user_id, other)
        self.assertEqual(self.enrollment_ada._get_responsibles(), other)
        self.assertEqual(self.enrollment_ada._get_account_manager(), other, "partners are told of the one of today")
        self.assertIn(other, self.waiting._get_closing_users())
        self.assertTrue(self.waiting.closing_mail_partner_id, "the partner is warned of claims of before")
        self.assertEqual(self.waiting.expires_on, Date.to_date("2026-05-04"))
