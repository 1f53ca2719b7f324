"""The line of milestones: found from facts, in one query, with nothing but days in it (P4; D5)."""

import importlib.util

from odoo.fields import Command, Date
from odoo.tools import file_path

from .common import PartnerProgramCommon


class TestMilestones(PartnerProgramCommon):
    def days(self, referral):
        """``{step: day or None}`` of the steps that were taken."""
        return {step["key"]: str(step["date"]) for step in referral._get_milestones() if step["done"]}

    def write_mail(self, record, author=None, email_from=None, message_type="email", **vals):
        return record.message_post(
            body="Hello", message_type=message_type, author_id=author and author.id, email_from=email_from, **vals
        )

    def test_p4_the_whole_line_from_introduction_to_the_end_of_the_window(self):
        referral = self.refer(lead_id=self.lead(type="lead").id)
        self.assertEqual(self.days(referral), {"introduced": "2026-01-05"})
        self.go_to("2026-01-07")
        referral.lead_id.convert_opportunity(self.client)
        self.assertEqual(self.days(referral), {"introduced": "2026-01-05", "qualified": "2026-01-07"})
        self.go_to("2026-01-09")
        self.write_mail(referral.lead_id, author=self.client_contact)
        self.assertEqual(self.days(referral)["engaged"], "2026-01-09")
        self.go_to("2026-01-20")
        referral.lead_id.action_set_won()
        invoice = self.invoice(1000, on="2026-01-22")
        self.assertEqual(self.days(referral)["won"], "2026-01-20")
        self.assertNotIn("paid", self.days(referral))
        self.go_to("2026-02-10")
        self.pay(invoice)
        self.assertEqual(
            self.days(referral),
            {
                "introduced": "2026-01-05",
                "qualified": "2026-01-07",
                "engaged": "2026-01-09",
                "won": "2026-01-20",
                "paid": "2026-02-10",
            },
        )
        ends = referral._get_milestones()[-1]
        self.assertEqual((ends["date"], ends["done"]), (Date.to_date("2027-01-22"), False))
        self.go_to("2027-01-22")
        self.assertTrue(referral._get_milestones()[-1]["done"])

    def test_what_is_undone_is_taken_back(self):
        referral = self.acquired()
        payment = self.pay(self.invoice(1000))
        self.assertIn("paid", self.days(referral))
        payment.move_id.line_ids.remove_move_reconcile()
        self.env.flush_all()
        self.assertNotIn("paid", self.days(referral))
        referral.lead_id.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        self.assertNotIn("won", self.days(referral))

    def test_p4_a_meeting_engages_when_it_was_held(self):
        referral = self.refer()
        self.env["calendar.event"].create(
            {
                "name": "Demo",
                "start": "2026-01-12 10:00:00",
                "stop": "2026-01-12 11:00:00",
                "partner_ids": [Command.set(self.client_contact.ids)],
            }
        )
        self.go_to("2026-01-12 10:30:00")
        self.assertNotIn("engaged", self.days(referral))
        self.go_to("2026-01-12 11:00:00")
        self.assertEqual(self.days(referral)["engaged"], "2026-01-12")

    def test_p4_steps_read_in_order_whatever_is_found_later(self):
        referral = self.refer(lead_id=self.lead(type="lead").id)
        self.go_to("2026-01-07")
        self.write_mail(referral.lead_id, author=self.client_contact)
        self.go_to("2026-01-08")
        referral.lead_id.convert_opportunity(self.client)
        self.assertEqual(list(self.days(referral)), ["introduced", "engaged", "qualified"], "answered, then qualified")

        won = self.acquired(client=self.other_client)
        self.go_to("2026-01-20")
        self.write_mail(won.lead_id, author=self.other_client)
        self.assertEqual(self.days(won), {"introduced": "2026-01-08", "qualified": "2026-01-08", "won": "2026-01-08"})

    def test_p4_our_own_mails_and_the_partner_s_engage_nobody(self):
        referral = self.refer()
        self.go_to("2026-01-06")
        self.write_mail(referral.lead_id, author=self.salesperson.partner_id)
        self.write_mail(referral.lead_id, author=self.ada_contact)
        self.write_mail(referral.lead_id, author=self.client_contact, message_type="notification")
        self.write_mail(referral.lead_id, email_from="Stranger <stranger@elsewhere.example>")
        self.assertNotIn("engaged", self.days(referral))
        self.go_to("2026-01-08")
        referral.lead_id.email_from = "new@cobalt.example"
        self.write_mail(referral.lead_id, email_from='"New" <new@cobalt.example>')
        self.assertEqual(self.days(referral)["engaged"], "2026-01-08")

    def test_an_affiliate_that_wins_on_its_own_skips_what_nobody_saw(self):
        referral = self.refer(enrollment=self.enrollment_byte)
        self.pay(self.invoice(100, product=self.starter, on="2026-01-06"), on="2026-01-09")
        steps = {step["key"]: step for step in referral._get_milestones()}
        self.assertEqual(str(steps["won"]["date"]), "2026-01-06")
        self.assertEqual(str(steps["paid"]["date"]), "2026-01-09")
        self.assertTrue(steps["engaged"]["skipped"])
        self.assertFalse(steps["ends"]["skipped"])

    def test_what_an_ended_claim_did_not_reach_is_not_open_any_more(self):
        referral = self.refer()
        steps = {step["key"]: step["skipped"] for step in referral._get_milestones()}
        self.assertFalse(steps["won"])
        self.assertIn("open", referral.milestones_html)
        self.go_to("2026-04-06")
        self.run_all()
        self.assertEqual(referral.state, "expired")
        steps = {step["key"]: step["skipped"] for step in referral._get_milestones()}
        self.assertTrue(steps["won"] and steps["paid"] and steps["ends"])
        self.assertNotIn("open", referral.milestones_html)

    def test_what_the_client_does_after_a_claim_has_ended_is_no_step_of_it(self):
        """Neither that it answers us, nor that it buys, is for the partner to know then (invariant 6)."""
        referral = self.refer()
        self.go_to("2026-01-10")
        referral.decision_reason = "Known for long"
        referral.action_reject()
        self.go_to("2026-01-12")
        self.write_mail(referral.lead_id, author=self.client_contact)
        referral.lead_id.action_set_won()
        self.env.flush_all()
        self.assertEqual(self.days(referral), {"introduced": "2026-01-05", "qualified": "2026-01-05"})

    def test_an_update_finds_out_when_claims_have_ended(self):
        referrals = self.env["partner.referral"]
        for client in (self.client, self.other_client, *self.env["res.partner"].create([{"name": "E"}, {"name": "F"}])):
            referrals += self.refer(client=client)
        lost, rejected, unlogged, _live = referrals
        self.cr.flush()  # writes the log of states
        self.go_to("2026-02-02")
        lost.with_context(tracking_disable=False, mail_notrack=False).lead_id.action_set_lost()
        self.cr.flush()
        self.go_to("2026-03-03")
        for referral, notrack in ((rejected, False), (unlogged, True)):
            tracked = referral.with_context(tracking_disable=notrack, mail_notrack=notrack, lang="en_US")
            tracked.write({"state": "rejected", "decision_reason": "By mistake"})
        self.cr.flush()
        self.go_to("2026-04-04")
        lost.with_context(tracking_disable=False, mail_notrack=False).state = "expired"  # ended all the same
        self.cr.flush()
        expected = [str(day) for day in referrals.mapped("ended_on")]
        self.assertEqual([day[:10] for day in expected], ["2026-02-02", "2026-03-03", "2026-03-03", "False"])
        spec = importlib.util.spec_from_file_location(
            "pre_migrate", file_path("partner_program/migrations/19.0.1.1.0/pre-migrate.py")
        )
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.env.cr.execute("UPDATE partner_referral SET ended_on = NULL, write_date = '2026-03-04 10:00:00'")
        script._note_ended(self.env.cr)
        self.env.invalidate_all()
        expected[2] = "2026-03-04 10:00:00"
        self.assertEqual([str(day) for day in referrals.mapped("ended_on")], expected)

    def test_a_day_is_the_day_at_the_company(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        referral = self.refer()
        self.go_to("2026-01-09 12:30:00")
        self.write_mail(referral.lead_id, author=self.client_contact)
        self.assertEqual(self.days(referral)["engaged"], "2026-01-10")

    def test_a_partner_sees_days_only_and_of_its_own_referrals(self):
        referral = self.refer()
        self.write_mail(referral.lead_id, author=self.client_contact)
        steps = referral.with_user(self.portal_ada)._get_milestones()
        self.assertEqual({key for step in steps for key in step}, {"key", "label", "date", "done", "skipped", "short"})
        self.assertTrue(steps[2]["done"])
        with self.assertRefused(".", Exception):
            referral.with_user(self.portal_byte)._get_milestones()

    def test_the_line_is_one_query_for_any_number(self):
        referrals = self.env["partner.referral"]
        counts = {}
        for count in (1, 10, 40):
            while len(referrals) < count:
                client = self.env["res.partner"].create({"name": f"Client {len(referrals)}", "is_company": True})
                referrals += self.refer(client=client, accept=False)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(referrals._get_milestones_by_id()), count + 1)
            counts[count] = self.env.cr.sql_log_count - before
        self.assertEqual(counts[40], counts[10])
        self.assertLessEqual(counts[40], counts[1] + 1, counts)
