"""Who inside the company hears of a referral, of its messages and of its end (P4, P8, P22)."""

import importlib.util

from odoo.tests import tagged
from odoo.tools import file_path

from .common import PartnerProgramCommon
from .mails import mail
from .test_applications import REFERRALS, ApplicationsCommon

EMBER = {"prospect_name": "Ember Energy", "prospect_email": "eve@ember.example"}


@tagged("post_install", "-at_install")
class InsideCommon(PartnerProgramCommon):
    def send(self, token="a", lang="en_US", **vals):
        """A referral from the portal."""
        referrals = self.env["partner.referral"].with_user(self.portal_ada).with_context(lang=lang)
        sent_sudo = referrals._register_from_portal(self.enrollment_ada.sudo(), {**EMBER, **vals}, token)
        return sent_sudo.with_env(self.env)

    def write_as_partner(self, referral):
        """The colleagues who get what the partner writes."""
        message = referral.with_user(self.portal_ada).message_post(
            body="Call them today", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        return message.sudo().notified_partner_ids.user_ids.filtered(lambda user: not user.share)

    def decisions(self, referral):
        return referral.activity_ids.filtered(
            lambda act: act.activity_type_id == self.env.ref("partner_program.mail_activity_type_referral_decision")
        )


class TestWhoHears(InsideCommon):
    def test_p8_whoever_gets_the_lead_is_the_salesperson_of_the_referral(self):
        referral = self.send()
        self.assertFalse(referral.user_id, "nobody has the lead yet")
        for user in (self.salesperson, self.other_salesperson):
            referral.lead_id.user_id = user
            self.assertEqual(referral.user_id, user)
        referral.lead_id.user_id = False
        self.assertEqual(referral.user_id, self.other_salesperson, "a lead without salesperson takes nobody away")
        referral.action_accept()
        self.go_to("2026-03-29")
        referral._warn_closing()
        warned = referral.activity_ids.filtered(lambda act: "left" in (act.summary or ""))
        self.assertEqual(warned.user_id, self.other_salesperson)

    def test_p22_what_the_partner_writes_reaches_the_salesperson_of_today(self):
        referral = self.send()
        referral.lead_id.user_id = self.salesperson
        self.assertIn(self.salesperson, self.write_as_partner(referral))
        referral.lead_id.user_id = self.other_salesperson
        self.assertIn(self.other_salesperson, self.write_as_partner(referral))
        referral.with_user(self.portal_ada)._withdraw_by_partner("They chose another tool")
        message = referral.message_ids.filtered(lambda one: "Withdrawn by the partner" in (one.body or ""))
        self.assertIn(self.other_salesperson.partner_id, message.notified_partner_ids)

    def test_p22_without_a_salesperson_it_reaches_who_is_responsible(self):
        referral = self.send()
        heard = self.write_as_partner(referral)
        self.assertTrue(heard)
        self.assertLessEqual(heard, self.enrollment_ada._get_responsibles())
        self.enrollment_ada.account_manager_id = self.manager
        self.manager.active = False
        second = self.send(token="b", prospect_name="Fjord Foods", prospect_email="finn@fjord.example")
        self.assertFalse(second.user_id | second.lead_id.user_id, "neither is for somebody who has left")
        heard = self.write_as_partner(second)
        self.assertTrue(heard)
        self.assertLessEqual(heard, self.enrollment_ada._get_responsibles())
        self.assertNotIn(self.manager, heard)


class TestWhoHearsOfMails(InsideCommon, ApplicationsCommon):
    def test_p22_a_referral_by_mail_is_on_a_list_and_its_messages_reach_somebody(self):
        text = "Company: Ember Energy\nEmail: eve@ember.example"
        self.receive(mail(sender='"Ann" <ann@ada.example>', to=REFERRALS, text=text))
        referral = self.env["partner.referral"].search([("source", "=", "email")])
        self.assertEqual(referral.prospect_name, "Ember Energy")
        self.assertEqual(self.decisions(referral).user_id, self.enrollment_ada._get_responsibles()[:1])
        self.assertTrue(self.write_as_partner(referral))


class TestToDo(InsideCommon):
    def test_a_decision_takes_the_to_do_away(self):
        ends = {
            "accept": lambda one: one.with_user(self.salesperson).action_accept(),
            "reject": lambda one: one.with_user(self.salesperson).action_reject(),
            "withdraw": lambda one: one.with_user(self.portal_ada)._withdraw_by_partner("By mistake"),
        }
        for number, (name, end) in enumerate(ends.items()):
            with self.subTest(name):
                referral = self.send(
                    token=name, prospect_name=f"Company {number}", prospect_email=f"x@c{number}.example"
                )
                referral.lead_id.user_id = self.salesperson
                self.assertEqual(len(self.decisions(referral)), 1)
                if name == "reject":
                    referral.decision_reason = "We know them"
                end(referral)
                self.assertNotEqual(referral.state, "submitted")
                self.assertFalse(referral.activity_ids)

    def test_to_do_and_lead_are_in_the_language_of_who_reads_them(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        referral = self.send(lang="fr_FR")
        self.assertIn("referred by Ada Advisory", referral.lead_id.name)
        self.assertIn("Decide", self.decisions(referral).summary)

    def test_an_update_mends_the_to_dos_of_decisions_and_no_others(self):
        waiting, decided = self.send("a"), self.send("b", prospect_name="Flint", prospect_email="f@flint.example")
        decided.with_user(self.salesperson).action_accept()
        (waiting + decided).activity_ids.unlink()
        for summary in ("Decide on the referral from the portal", "Send flowers"):
            for referral in waiting + decided:
                referral.activity_schedule("mail.mail_activity_data_todo", summary=summary)
        path = file_path("partner_program/migrations/19.0.1.1.0/post-migrate.py")
        spec = importlib.util.spec_from_file_location("post_migrate", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script._mend_decision_to_dos(self.env)
        self.assertEqual(decided.activity_ids.mapped("summary"), ["Send flowers"])
        self.assertEqual(self.decisions(waiting).summary, "Decide on the referral from the portal")
        self.assertEqual(len(waiting.activity_ids), 2)


class TestLeadStage(InsideCommon):
    def test_what_partners_send_is_a_lead_where_the_company_works_with_leads(self):
        self.assertEqual(self.send().lead_id.type, "opportunity")
        self.env.ref("base.group_user").implied_ids += self.env.ref("crm.group_use_lead")
        second = self.send(token="b", prospect_name="Fjord Foods", prospect_email="finn@fjord.example")
        self.assertEqual(second.lead_id.type, "lead")
