"""People who have left, ours and the partner's, are told nothing more and get no work (P22; DESIGN, invariant 6)."""

import importlib.util

from odoo import SUPERUSER_ID
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import file_path

from .common import PartnerProgramCommon
from .test_statement import StatementCommon


@tagged("post_install", "-at_install")
class TestPartnersPeople(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cole_contact = cls.env["res.partner"].create(
            {"name": "Cole of Ada", "parent_id": cls.ada.id, "email": "cole@ada.example"}
        )
        cls.cole = cls._new_user("portal_cole", "base.group_portal", partner=cls.cole_contact)

    def sent_by_cole(self):
        vals = {"prospect_name": "Ember Energy", "prospect_email": "eve@ember.example"}
        referrals = self.env["partner.referral"].with_user(self.cole)
        return referrals._register_from_portal(self.enrollment_ada.sudo(), vals, "a").with_env(self.env)

    def hear_of_answer(self, referral):
        message = referral.message_post(body="Soon", message_type="comment", subtype_xmlid="mail.mt_comment")
        return message.notified_partner_ids

    def test_a_colleague_who_was_removed_gets_no_messages(self):
        referral = self.sent_by_cole()
        self.assertIn(self.cole_contact, self.hear_of_answer(referral))
        self.env["partner.program.enrollment"].with_user(self.portal_ada)._remove_colleague(self.cole.id)
        self.assertNotIn(self.cole_contact, self.hear_of_answer(referral))

    def test_access_that_we_take_away_ends_the_messages_too(self):
        referral = self.sent_by_cole()
        wizard = self.env["portal.wizard"].create({"partner_ids": self.cole_contact.ids})
        wizard.user_ids.action_revoke_access()
        self.assertNotIn(self.cole_contact, self.hear_of_answer(referral))

    def portal_access(self, contact, is_given):
        wizard = self.env["portal.wizard"].create({"partner_ids": contact.ids})
        wizard.user_ids.action_grant_access() if is_given else wizard.user_ids.action_revoke_access()

    def test_who_gets_the_access_back_gets_the_messages_again(self):
        referral = self.sent_by_cole()
        other = self.refer(client=self.other_client)
        self.enrollment_ada.applicant_id = self.cole_contact
        self.enrollment_ada.message_subscribe(self.cole_contact.ids)
        self.portal_access(self.cole_contact, False)
        self.assertNotIn(self.cole_contact, self.enrollment_ada.message_partner_ids)
        self.portal_access(self.cole_contact, True)
        self.assertIn(self.cole_contact, self.hear_of_answer(referral))
        self.assertIn(self.cole_contact, self.enrollment_ada.message_partner_ids)
        self.assertNotIn(self.cole_contact, other.message_partner_ids, "of no concern to Cole before")

    def meet(self, enrollment):
        enrollment.write({"account_manager_id": self.manager.id, "monthly_meeting": True})
        return enrollment.meeting_ids

    def test_p23_the_only_one_of_a_partner_who_loses_the_log_in_meets_us_all_the_same(self):
        vera, events = self.vera_alone()
        self.assertEqual(events.partner_ids, self.manager.partner_id + vera)
        self.portal_access(vera, False)
        self.assertEqual(events.partner_ids, self.manager.partner_id + vera)

    def test_p23_the_only_one_of_a_company_is_back_with_the_access(self):
        events = self.meet(self.enrollment_byte)
        self.portal_access(self.byte_contact, False)
        self.assertEqual(events.partner_ids, self.manager.partner_id + self.byte, "the address of the company")
        self.portal_access(self.byte_contact, True)
        self.assertEqual(events.partner_ids, self.manager.partner_id + self.byte_contact)

    def test_p23_else_somebody_else_attends_and_goes_on_attending(self):
        events = self.meet(self.enrollment_ada)
        self.enrollment_ada.meeting_contact_id = self.cole_contact
        events.partner_ids = self.manager.partner_id + self.cole_contact
        self.portal_access(self.cole_contact, False)
        self.assertEqual(events.partner_ids, self.manager.partner_id + self.ada_contact)
        self.portal_access(self.cole_contact, True)
        self.assertEqual(events.partner_ids, self.manager.partner_id + self.ada_contact)

    def test_p23_somebody_else_attends_for_a_contact_who_is_archived(self):
        self.byte_contact.user_ids.active = False
        bill = self.env["res.partner"].create({"name": "Bill", "parent_id": self.byte.id, "email": "bill@byte.example"})
        self.enrollment_byte.meeting_contact_id = bill
        events = self.meet(self.enrollment_byte)
        self.assertEqual(events.partner_ids, self.manager.partner_id + bill)
        bill.active = False
        self.assertEqual(
            events.with_context(active_test=False).partner_ids, self.manager.partner_id + self.byte_contact
        )

    def assert_invited(self, events, people):
        """Odoo tells attendees of a change, and these accept or decline: the list of people alone does neither."""
        for event in events:
            self.assertEqual(event.partner_ids, people, event.start)
            self.assertEqual(event.attendee_ids.partner_id, people, event.start)
            self.assertEqual(len(event.attendee_ids), len(people), event.start)

    def vera_alone(self):
        """A partner who is one person, with a log-in, and her meetings."""
        vera = self.env["res.partner"].create({"name": "Vera Consultant", "email": "vera@vera.example"})
        enrollment = self.env["partner.program.enrollment"].create(
            {"partner_id": vera.id, "program_id": self.program_referral.id, "state": "active"}
        )
        self._new_user("portal_vera", "base.group_portal", partner=vera)
        return vera, self.meet(enrollment)

    def assistant_of(self, partner):
        return self.env["res.partner"].create({"name": "Abe", "parent_id": partner.id, "email": "abe@abe.example"})

    def test_p23_access_that_is_new_or_was_never_lost_changes_no_meeting(self):
        events = self.meet(self.enrollment_byte)
        events._swap_attendees(self.byte_contact, self.byte)  # the address of the company, as they wished
        enrollments = self.env["partner.program.enrollment"].with_user(self.portal_byte)
        enrollments._invite_colleague("Kim", "kim@byte.example")
        self.portal_access(self.assistant_of(self.byte), True)
        self.assert_invited(events, self.manager.partner_id + self.byte)
        self.portal_byte.active = True  # as an import writes it
        self.assert_invited(events, self.manager.partner_id + self.byte)

    def test_p23_a_partner_who_is_one_person_keeps_her_meetings_when_an_assistant_gets_access(self):
        vera, events = self.vera_alone()
        assistant = self.assistant_of(vera)
        for is_given in (True, False, True):
            self.portal_access(assistant, is_given)
            self.assert_invited(events, self.manager.partner_id + vera)

    def test_p23_who_stayed_invited_without_the_log_in_is_an_attendee_when_it_is_back(self):
        vera, events = self.vera_alone()
        for is_given in (False, True):
            self.portal_access(vera, is_given)
            self.assert_invited(events, self.manager.partner_id + vera)

    def test_p23_so_is_a_company_that_was_chosen_to_attend(self):
        self.enrollment_byte.meeting_contact_id = self.byte
        events = self.meet(self.enrollment_byte)
        for is_given in (False, True):
            self.portal_access(self.byte_contact, is_given)
            self.assert_invited(events, self.manager.partner_id + self.byte)

    def test_p23_who_attends_for_somebody_is_an_attendee_of_each_meeting(self):
        events = self.meet(self.enrollment_byte)
        assistant = self.assistant_of(self.byte)
        events[3].partner_ids = [Command.link(assistant.id)]
        self.portal_access(self.byte_contact, False)
        self.assert_invited(events, self.manager.partner_id + assistant)

    def test_p22_the_next_manager_is_an_attendee_of_each_meeting(self):
        series = self.meet(self.enrollment_byte)
        marc = self._new_user("marc", "partner_program.group_manager")
        guest = series[3]
        guest.partner_ids = [Command.link(marc.partner_id.id)]
        day, coffee, lunch = self.env["calendar.event"].create(
            [
                {
                    "name": name,
                    "start": "2026-02-20 10:00:00",
                    "stop": "2026-02-20 11:00:00",
                    "user_id": self.manager.id,
                    "partner_ids": [Command.set((self.manager.partner_id + self.byte_contact + others).ids)],
                }
                for name, others in (
                    ("partner day", self.ada_contact + marc.partner_id),
                    ("coffee", self.env["res.partner"]),
                    ("lunch", self.ada_contact),
                )
            ]
        )
        self.enrollment_byte.account_manager_id = marc
        self.assert_invited(series + coffee, marc.partner_id + self.byte_contact)
        both = self.manager.partner_id + marc.partner_id
        self.assert_invited(day + lunch, both + self.byte_contact + self.ada_contact)

    def test_who_moves_to_another_company_gets_no_messages_of_the_former(self):
        referral = self.sent_by_cole()
        self.enrollment_byte.message_subscribe(self.cole_contact.ids)
        self.cole_contact.parent_id = self.byte
        self.assertNotIn(self.cole_contact, self.hear_of_answer(referral))
        self.assertIn(self.cole_contact, self.enrollment_byte.message_partner_ids, "that is where it belongs now")

    def test_p22_a_colleague_whose_contact_gets_a_company_keeps_following(self):
        self.enrollment_ada.account_manager_id = self.manager
        referral = self.sent_by_cole()
        referral.message_subscribe(self.manager.partner_id.ids)
        self.manager.partner_id.parent_id = self.company.partner_id
        self.assertIn(self.manager.partner_id, self.hear_of_answer(referral))
        self.assertIn(self.manager.partner_id, self.enrollment_ada.message_partner_ids)

    def test_p22_mails_about_the_enrollment_go_to_nobody_who_has_left(self):
        self.enrollment_ada.applicant_id = self.cole_contact
        self.assertEqual(self.enrollment_ada._get_mail_contact(), self.cole_contact)
        self.cole_contact.parent_id = self.byte
        self.assertEqual(self.enrollment_ada._get_mail_contact(), self.ada_contact)

    def test_p22_nor_to_a_subsidiary_which_gets_no_access_either(self):
        self.env["res.partner"].create(
            {"name": "Aaa North", "is_company": True, "parent_id": self.ada.id, "email": "north@north.example"}
        )
        self.assertIn(self.enrollment_ada._get_portal_contact(), self.ada_contact + self.cole_contact)
        self.assertIn(self.enrollment_ada._get_mail_contact(), self.ada_contact + self.cole_contact)

    def answer(self, line):
        question = self.env["partner.commission.question"].create(
            {
                "commission_line_id": line.id,
                "question": "Why?",
                "asked_by_id": self.cole_contact.id,
                "answer": "So",
                "outcome": "confirmed",
            }
        )
        question.action_answer()
        self.env.flush_all()
        mails = self.env["mail.mail"].sudo().search([("model", "=", question._name), ("res_id", "=", question.id)])
        return mails.filtered(lambda one: "Your question" in one.subject).recipient_ids

    def test_d15_the_answer_goes_to_the_company_when_who_asked_has_left(self):
        line = self.earned_line()
        self.assertEqual(self.answer(line), self.cole_contact)
        self.cole_contact.parent_id = self.byte
        self.assertEqual(self.answer(line), self.ada)

    def test_d15_the_answer_goes_to_the_company_when_who_asked_has_no_access_any_more(self):
        self.env["partner.program.enrollment"].with_user(self.portal_ada)._remove_colleague(self.cole.id)
        self.assertEqual(self.answer(self.earned_line()), self.ada)

    def test_inviting_an_address_with_an_underscore_gives_nobody_else_access(self):
        enrollments = self.env["partner.program.enrollment"].with_user(self.portal_ada)
        lee = self.env["res.partner"].create({"name": "Lee", "parent_id": self.ada.id, "email": "ann.lee@ada.example"})
        former = self._new_user("ann.lee@ada.example", "base.group_portal", partner=lee)
        enrollments._remove_colleague(former.id)
        contact = enrollments._invite_colleague("Ann Lee", "ann_lee@ada.example")
        self.assertFalse(former.active)
        self.assertEqual(contact.email, "ann_lee@ada.example")
        self._new_user("bo.lee@ada.example", "base.group_portal", partner=self.byte_contact.copy({"email": False}))
        contact = enrollments._invite_colleague("Bo Lee", "bo_lee@ada.example")
        self.assertEqual(contact.email, "bo_lee@ada.example", "a stranger whose address looks alike is in nobody's way")


@tagged("post_install", "-at_install")
class TestStatementsOfSubsidiaries(StatementCommon):
    def test_the_statement_goes_to_nobody_of_a_subsidiary(self):
        daughter = self.env["res.partner"].create({"name": "Ada North", "is_company": True, "parent_id": self.ada.id})
        nora = self.env["res.partner"].create({"name": "Nora", "parent_id": daughter.id, "email": "nora@north.example"})
        self._new_user("portal_nora", "base.group_portal", partner=nora)
        self.ada.email = False
        self.earned_line()
        self.go_to("2026-02-01")
        sent = self.env["partner.commission.statement"].with_user(SUPERUSER_ID)._cron_mail_statements()
        self.assertEqual(sent.recipient_ids, self.ada_contact)

    def test_p8_a_warning_goes_to_nobody_of_a_subsidiary(self):
        daughter = self.env["res.partner"].create(
            {"name": "Aaa North", "is_company": True, "parent_id": self.ada.id, "email": "north@north.example"}
        )
        self.ada.email = False
        self.assertEqual(self.ada.child_ids[:1], daughter, "the first one of the list")
        self.assertEqual(self.refer().closing_mail_partner_id, self.ada_contact)


@tagged("post_install", "-at_install")
class TestOurPeople(PartnerProgramCommon):
    """The account manager has left, and nobody has handed the partners over."""

    def setUp(self):
        super().setUp()
        (self.enrollment_ada + self.enrollment_byte).account_manager_id = self.manager
        self.colleague = self._new_user("mary", "partner_program.group_manager")
        self.program_referral.manager_rule_ids = [Command.create({"user_id": self.colleague.id})]

    def leave(self):
        self.manager.active = False

    def test_d15_a_question_is_on_the_list_of_somebody_who_is_there(self):
        line = self.earned_line()
        self.leave()
        question = self.env["partner.commission.question"].create({"commission_line_id": line.id, "question": "Why?"})
        self.assertEqual(question.activity_ids.user_id, self.colleague)

    def test_d15_the_to_do_is_in_the_language_of_who_answers(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        line = self.earned_line()
        questions = self.env["partner.commission.question"].with_context(lang="fr_FR")
        question = questions.create({"commission_line_id": line.id, "question": "Pourquoi ?"})
        self.assertEqual(question.activity_ids.summary, "Answer the question on a commission")

    def test_p4_so_is_the_decision_on_a_referral(self):
        self.leave()
        vals = {"prospect_name": "Ember Energy", "prospect_email": "eve@ember.example"}
        referrals = self.env["partner.referral"].with_user(self.portal_ada)
        referral = referrals._register_from_portal(self.enrollment_ada.sudo(), vals, "a").with_env(self.env)
        self.assertEqual(referral.activity_ids.user_id, self.colleague)

    def test_p7_so_are_discussions_that_are_found_late(self):
        self.go_to("2025-12-01")
        self.env["sale.order"].create({"partner_id": self.client.id, "company_id": self.company.id}).action_confirm()
        self.go_to("2026-01-05")
        referral = self.refer(client=self.env["res.partner"], prospect_name="Cobalt")
        self.leave()
        referral.client_id = self.client
        self.assertEqual(referral.eligibility, "ineligible")
        warning = referral.activity_ids.filtered(lambda act: "Discussions" in (act.summary or ""))
        self.assertEqual(warning.user_id, self.colleague)

    def test_so_are_figures_that_were_mended_and_partners_who_could_not_be_billed(self):
        line = self.billed_line()
        self.leave()
        line._report_mended()
        self.assertEqual(line.referral_id.activity_ids.user_id, self.colleague)
        line._report_problems([(self.enrollment_ada.id, "No account payable.")])
        self.assertEqual(self.enrollment_ada.activity_ids.user_id, self.colleague)

    def test_p22_the_partner_is_not_shown_somebody_who_is_gone(self):
        dashboard = self.env["partner.program.portal"].with_user(self.portal_ada)
        self.assertEqual(dashboard._get_dashboard(self.ada)["manager_sudo"], self.manager)
        self.leave()
        self.assertFalse(dashboard._get_dashboard(self.ada)["manager_sudo"])

    def test_p22_nor_does_a_mail_or_the_contract_name_that_person(self):
        self.leave()
        self.enrollment_ada.action_suspend()
        self.env.flush_all()
        mail = self.env["mail.mail"].sudo().search([("res_id", "=", self.enrollment_ada.id)], order="id desc", limit=1)
        self.assertIn("Kind regards", mail.body_html)
        self.assertNotIn(self.manager.name, mail.body_html)
        agreement = self.agreement.copy({"version": 7, "body": "<p>Ask {{account_manager}}.</p>"})
        self.assertNotIn(self.manager.name, agreement._render_body(self.enrollment_ada))

    def to_dos(self, enrollment):
        kind = self.env.ref("partner_program.mail_activity_type_account_manager")
        return enrollment.activity_ids.filtered(lambda act: act.activity_type_id == kind)

    def test_p22_the_to_do_goes_along_with_a_change_of_program(self):
        self.enrollment_ada.account_manager_id = self.manager
        self.refer()
        self.manager.active = False
        self.enrollment_ada._change_program(self.program_affiliate)
        self.assertFalse(self.to_dos(self.enrollment_ada), "it is done with")
        successor = self.enrollment_ada.next_enrollment_ids
        self.assertFalse(successor.account_manager_id)
        self.assertEqual(len(self.to_dos(successor)), 1)

    def test_p22_the_to_do_ends_with_the_partnership_or_when_the_account_manager_is_back(self):
        (self.enrollment_ada + self.enrollment_byte).account_manager_id = self.manager
        self.manager.active = False
        self.enrollment_ada.action_end()
        self.assertFalse(self.to_dos(self.enrollment_ada))
        self.enrollment_byte._ask_for_account_manager()
        self.assertEqual(len(self.to_dos(self.enrollment_byte)), 1, "once is enough")
        self.manager.active = True
        self.assertFalse(self.to_dos(self.enrollment_byte))

    def test_p22_who_loses_the_role_or_the_company_looks_after_nobody(self):
        role = self.env.ref("partner_program.group_manager")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.refer()
        self.enrollment_ada.monthly_meeting = True
        meeting = self.env["partner.program.meeting"]._of_events(self.enrollment_ada.meeting_ids[-1:])
        dashboard = self.env["partner.program.portal"].with_user(self.portal_ada)
        for loss, back in (
            ({"group_ids": [Command.unlink(role.id)]}, {"group_ids": [Command.link(role.id)]}),
            (
                {"company_id": other.id, "company_ids": [Command.set(other.ids)]},
                {"company_id": self.company.id, "company_ids": [Command.set(self.company.ids)]},
            ),
        ):
            with self.subTest(loss=loss):
                self.manager.write(loss)
                self.assertEqual(len(self.to_dos(self.enrollment_ada)), 1)
                self.assertEqual(self.to_dos(self.enrollment_ada).user_id, self.colleague)
                self.assertEqual(self.enrollment_ada._get_responsibles(), self.colleague)
                self.assertFalse(dashboard._get_dashboard(self.ada)["manager_sudo"])
                self.assertFalse(self.enrollment_ada._get_checklist_account_manager()["done"])
                with self.assertRefused("Choose the account manager"):
                    self.enrollment_ada.action_plan_meetings()
                self.assertFalse(meeting._has_host(meeting.event_id))
                self.manager.write(back)
                self.assertFalse(self.to_dos(self.enrollment_ada))
                self.assertTrue(meeting._has_host(meeting.event_id))
        self.manager.write(loss)
        successor = self.enrollment_ada._change_program(self.program_affiliate)
        self.assertEqual((len(successor.account_manager_id), len(self.to_dos(successor))), (0, 1))

    def test_p22_a_partner_who_is_taken_up_again_needs_somebody_who_is_there(self):
        self.enrollment_ada.action_end()
        self.leave()
        self.assertFalse(self.to_dos(self.enrollment_ada))
        self.enrollment_ada.action_reopen()
        self.assertEqual(self.to_dos(self.enrollment_ada).user_id, self.colleague)
        self.assertTrue(self.enrollment_ada.lacks_account_manager)
        self.enrollment_ada.action_assign_account_manager()
        self.assertEqual(self.enrollment_ada.account_manager_id, self.colleague)
        self.assertFalse(self.to_dos(self.enrollment_ada))

    def test_p22_an_application_that_is_looked_at_again_gets_somebody_who_is_there(self):
        self.program_referral.account_manager_required = True
        self.enrollment_ada.write({"state": "rejected"})
        self.leave()
        self.enrollment_ada.action_reopen()
        self.enrollment_ada.action_onboard()
        self.assertEqual(self.enrollment_ada.account_manager_id, self.colleague)
        self.assertTrue(self.enrollment_ada.checklist_done)

    def test_p22_nobody_looks_after_partners_of_another_company(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.enrollment_ada.program_id = self.env["partner.program"].create(
            {"name": "Over There", "program_type": "referral", "company_id": other.id}
        )
        self.assertNotIn(self.manager, self.enrollment_ada._get_responsibles())
        self.assertIn(other, self.to_dos(self.enrollment_ada).user_id.company_ids)

    def test_p22_a_role_that_is_lost_with_a_group_is_found_at_night(self):
        boss = self.env["res.groups"].create(
            {"name": "Boss", "implied_ids": self.env.ref("partner_program.group_manager").ids}
        )
        lisa = self._new_user("lisa", "base.group_user")
        lisa.group_ids = [Command.link(boss.id)]
        self.enrollment_ada.account_manager_id = lisa
        boss.implied_ids = False
        self.env.invalidate_all()
        self.env["partner.program.enrollment"]._cron_meetings()
        self.assertEqual(self.to_dos(self.enrollment_ada).user_id, self.colleague)

    def test_p22_the_to_do_is_in_the_language_of_who_reads_it(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.enrollment_ada.account_manager_id = self.manager
        self.manager.with_context(lang="fr_FR").active = False
        self.assertIn("Choose another", self.to_dos(self.enrollment_ada).summary)

    def test_p22_an_update_asks_for_those_who_left_before(self):
        (self.enrollment_ada + self.enrollment_byte).account_manager_id = self.manager
        self.enrollment_byte.action_end()
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_users SET active = FALSE WHERE id = %s", [self.manager.id])
        self.env.invalidate_all()
        path = file_path("partner_program/migrations/19.0.1.1.0/post-migrate.py")
        spec = importlib.util.spec_from_file_location("post_migrate", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script._ask_for_account_managers(self.env)
        self.assertEqual(len(self.to_dos(self.enrollment_ada)), 1)
        self.assertFalse(self.to_dos(self.enrollment_byte))

    def test_p22_no_template_names_an_account_manager_without_looking(self):
        templates = self.env["mail.template"].search([("model", "like", "partner.")])
        texts = [
            f"{one.subject}{one.email_from}{one.lang}{one.body_html}"
            for one in templates
            if (one.get_external_id()[one.id] or "").startswith("partner_program.")
        ]
        self.assertTrue(any("_get_account_manager" in text for text in texts))
        self.assertFalse([text for text in texts if "account_manager_id" in text])
