"""The two clocks of a claim, and the warnings before it expires (P6, P8; D9, D13)."""

from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.fields import Date

from .common import PartnerProgramCommon


class ClockCase(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enrollment_ada.account_manager_id = cls.manager
        cls.activity_type = cls.env.ref("partner_program.mail_activity_type_claim_closing")

    def warn(self, moment):
        """Run the daily job at that moment; returns what it did: ``(readers of to-dos, readers of mails)``."""
        self.go_to(moment)
        before = self.todos(), self.mails()
        self.env["partner.referral"].with_user(SUPERUSER_ID)._cron_warn_closing()
        self.env.flush_all()
        return (
            sorted((self.todos() - before[0]).user_id.mapped("login")),
            sorted((self.mails() - before[1]).recipient_ids.mapped("name")),
        )

    def todos(self):
        return self.env["mail.activity"].sudo().search([("activity_type_id", "=", self.activity_type.id)])

    def mails(self):
        return self.all_mails().filtered(lambda mail: not mail.recipient_ids.user_ids.filtered(lambda u: not u.share))

    def all_mails(self):
        return self.env["mail.mail"].sudo().search([("model", "=", "partner.referral")])


class TestClock(ClockCase):
    def at(self, referral, moment):
        self.go_to(moment)
        return referral.clock, referral.days_left

    def test_p8_close_by_with_the_days_that_are_left(self):
        referral = self.refer(referred_on="2026-01-05 08:00:00")
        self.assertEqual(referral.expires_on, Date.to_date("2026-04-05"))
        self.assertEqual(self.at(referral, "2026-03-13"), ("Close by 5 Apr · 23 days left", 23))
        self.assertEqual(self.at(referral, "2026-04-04"), ("Close by 5 Apr · 1 day left", 1))
        self.assertEqual(self.at(referral, "2026-04-05 23:59:00"), ("Close by 5 Apr · last day", 0))
        self.assertEqual(self.at(referral, "2026-04-06 00:00:00"), ("Expired on 5 Apr", -1))
        self.env["partner.referral"]._cron_sync_referrals()
        self.assertEqual((referral.state, referral.clock), ("expired", False))

    def test_p8_a_referral_that_nobody_decided_in_time_has_not_expired(self):
        referral = self.refer(accept=False, referred_on="2026-01-05 08:00:00")
        self.assertEqual(self.at(referral, "2026-04-05"), ("Close by 5 Apr · last day", 0))
        self.assertEqual(self.at(referral, "2026-04-06 00:00:00"), ("Last day was 5 Apr", -1))

    def test_d9_29_february_and_month_ends(self):
        for referred_on, last_day in (
            ("2027-11-30 09:00:00", "29 Feb"),
            ("2027-11-29 09:00:00", "29 Feb"),
            ("2026-11-30 09:00:00", "28 Feb"),
            ("2028-02-29 09:00:00", "29 May"),
            ("2027-05-31 09:00:00", "31 Aug"),
        ):
            self.go_to(referred_on)
            referral = self.refer(client=self.env["res.partner"].create({"name": referred_on, "is_company": True}))
            self.go_to(f"{referral.expires_on} 12:00:00")
            self.assertEqual(referral.clock, f"Close by {last_day} · last day")

    def test_d9_days_change_at_midnight_of_the_company_also_when_clocks_change(self):
        self.company.partner_id.tz = "Europe/Brussels"
        referral = self.refer(referred_on="2026-01-04 12:00:00")  # until 4 April; summer time starts on 29 March
        self.assertEqual(self.at(referral, "2026-03-28 22:59:00")[1], 7)
        self.assertEqual(self.at(referral, "2026-03-28 23:00:00")[1], 6)
        self.assertEqual(self.at(referral, "2026-03-29 21:59:00")[1], 6, "23 hours later it is the next day")
        self.assertEqual(self.at(referral, "2026-03-29 22:00:00")[1], 5)

    def test_p6_month_of_the_window_and_what_was_paid(self):
        referral = self.acquired()
        self.assertEqual(referral.clock, "Waiting for the first invoice")
        invoices = self.invoice(100) + self.invoice(200) + self.invoice(300)
        self.env.invalidate_all()
        self.assertEqual(referral.clock, "Month 1 of 12 · no invoice paid yet")
        self.pay(invoices[0])
        self.assertEqual(self.at(referral, "2026-05-04")[0], "Month 4 of 12 · 1 invoice paid")
        payment = self.pay(invoices[1])
        self.assertEqual(self.at(referral, "2026-05-05")[0], "Month 5 of 12 · 2 invoices paid")
        with patch("odoo.addons.partner_program.models.partner_referral_clock.COUNTED_INVOICES", 1):
            self.assertEqual(self.at(referral, "2026-05-05")[0], "Month 5 of 12 · more than 1 invoices paid")
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(self.at(referral, "2026-05-06")[0], "Month 5 of 12 · 1 invoice paid")
        self.credit(invoices[0])
        self.assertEqual(self.at(referral, "2026-05-07")[0], "Month 5 of 12 · no invoice paid yet")

    def test_p6_the_window_that_starts_at_a_month_end(self):
        self.go_to("2026-08-31")
        referral = self.acquired()
        self.invoice(100)
        self.assertIn("Month 6 of", self.at(referral, "2027-02-27")[0])
        self.assertIn("Month 7 of", self.at(referral, "2027-02-28")[0])

    def test_the_lead_shows_the_clock_to_its_salesperson(self):
        lead = self.refer().lead_id.with_user(self.salesperson)
        self.assertEqual((lead.referral_clock, lead.referral_days_left), ("Close by 5 Apr · 90 days left", 90))

    def test_the_pipeline_of_80_referred_leads_costs_three_queries_more(self):
        Lead = self.env["crm.lead"].with_user(self.salesperson).with_context(lang="en_US")  # as the web client
        plain = ["name", "partner_id", "stage_id", "expected_revenue", "activity_state", "user_id"]
        ours = ["referral_partner_id", "referral_state", "referral_clock", "referral_days_left"]

        def specification(names):
            return {name: {"fields": {"display_name": {}}} if Lead._fields[name].relational else {} for name in names}

        def cost(leads, names):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = Lead.web_search_read([("id", "in", leads.ids)], specification(names))["records"]
            self.assertEqual(len(rows), len(leads))
            return self.env.cr.sql_log_count - before, rows

        leads = self.env["crm.lead"]
        counts = {}
        for count in (1, 10, 80):
            names = [f"Client {number}" for number in range(len(leads), count)]
            clients = self.env["res.partner"].create([{"name": name, "is_company": True} for name in names])
            referrals = self.env["partner.referral"].create(
                [{"enrollment_id": self.enrollment_ada.id, "client_id": client.id} for client in clients]
            )
            referrals.user_id = referrals.lead_id.user_id = self.salesperson
            referrals.action_accept()
            referrals[::2].lead_id.action_set_won()
            leads += referrals.lead_id
            for names in (plain, plain + ours):  # fills the caches of rights and views
                cost(leads, names)
            without, _rows = cost(leads, plain)
            counts[count], rows = cost(leads, plain + ours)
            counts[count] -= without
            self.assertEqual({row["referral_partner_id"]["display_name"] for row in rows}, {"Ada Advisory"})
            self.assertTrue(all(row["referral_clock"] for row in rows))
        self.assertLessEqual(max(counts.values()), 3, counts)


class TestWarnings(ClockCase):
    def test_p8_what_happens_next_is_true_of_a_claim_that_is_won_and_of_an_answer_that_is_late(self):
        waiting = self.refer(accept=False)
        self.assertIn("answer by", waiting._get_portal_next_step())
        self.go_to("2026-01-20")
        self.assertIn("are late", waiting._get_portal_next_step())
        waiting.action_accept()
        self.assertIn("keep the conversation going", waiting._get_portal_next_step())
        # Won in time, opened again, and won again after the last day: a manager is asked.
        waiting.lead_id.action_set_won()
        waiting.lead_id.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        self.env.flush_all()
        self.go_to("2026-04-20")
        step = waiting._get_portal_next_step()
        self.assertIn("The last day to sign was", step)
        self.assertNotIn("keep the conversation", step)
        waiting.lead_id.action_set_won()
        self.env.flush_all()
        self.assertEqual(waiting.state, "accepted")
        step = waiting._get_portal_next_step()
        self.assertIn("The client has signed. We check whether it counts as yours", step)
        self.assertNotIn("keep the conversation", step)

    def test_p8_warned_30_and_7_days_before_each_reader_once(self):
        referral = self.refer()  # until 5 April
        nobody, everybody = ([], []), (["mona", "sally"], ["Ada Advisory"])
        self.assertEqual(self.warn("2026-03-05"), nobody, "31 days before")
        self.assertEqual(self.warn("2026-03-06"), everybody, "30 days before")
        self.assertEqual(self.warn("2026-03-06 15:00:00"), nobody, "run again")
        self.assertEqual(self.warn("2026-03-20"), nobody)
        self.assertEqual(self.warn("2026-03-28"), nobody, "8 days before")
        self.assertEqual(self.warn("2026-03-29"), everybody, "7 days before")
        self.assertEqual(self.warn("2026-04-05"), nobody, "the last day")
        todos = self.todos()
        self.assertEqual(todos.mapped("res_id"), referral.ids * 2, "the second to-do takes the place of the first")
        self.assertEqual(set(todos.mapped("summary")), {"Close by 5 Apr · 7 days left"})
        first, second = self.mails().sorted("id")
        self.assertIn("Close by 5 Apr · 30 days left", first.subject)
        self.assertIn("Close by 5 Apr · 7 days left", second.subject)
        self.assertIn("Cobalt Clinics", second.body_html)
        self.assertIn("7 days left", second.body_html)

    def test_p8_salesperson_and_manager_read_it_by_mail_too(self):
        referral = self.refer()
        for day in ("2026-03-06", "2026-03-06", "2026-03-29"):
            self.warn(day)
        ours = (self.all_mails() - self.mails()).sorted("id")
        self.assertEqual([sorted(mail.recipient_ids.mapped("name")) for mail in ours], [["Mona", "Sally"]] * 2)
        self.assertIn("7 days left", ours[1].subject)
        self.assertIn(f"/odoo/partner.referral/{referral.id}", ours[1].body_html)

    def test_p8_a_day_without_the_job_is_caught_up_with(self):
        self.refer()
        self.assertTrue(self.warn("2026-03-17")[0])
        self.assertIn("19 days left", self.mails().subject)
        self.assertTrue(self.warn("2026-04-05 23:59:00")[0], "even on the last day")
        self.assertEqual(self.warn("2026-04-06 00:01:00"), ([], []), "not afterwards")

    def test_p8_a_claim_that_is_accepted_late_is_warned_of_once(self):
        self.refer(referred_on="2025-10-09 09:00:00")  # until 9 January
        self.assertTrue(self.warn("2026-01-05")[0])
        self.assertEqual(self.warn("2026-01-06"), ([], []))
        self.assertEqual(len(self.mails()), 1)

    def test_d9_the_day_of_the_warning_begins_at_the_company(self):
        self.company.partner_id.tz = "America/New_York"  # summer time from 8 March: UTC-4
        self.refer(referred_on="2026-01-04 12:00:00")  # until 4 April
        self.assertEqual(self.warn("2026-03-05 04:59:00"), ([], []))
        self.assertTrue(self.warn("2026-03-05 05:00:00")[0])
        self.assertEqual(self.warn("2026-03-28 03:59:00"), ([], []))
        self.assertTrue(self.warn("2026-03-28 04:00:00")[0])

    def test_d13_claims_without_a_last_day_and_undecided_ones_are_not_warned_of(self):
        self.refer(enrollment=self.enrollment_byte)
        self.refer(client=self.other_client, accept=False)
        self.assertEqual(self.warn("2026-04-01"), ([], []))

    def test_p8_a_won_or_lost_lead_takes_the_to_do_along(self):
        won, lost = self.refer(), self.refer(client=self.other_client)
        self.warn("2026-03-30")
        self.assertEqual(len(self.todos()), 4)
        won.lead_id.with_user(self.salesperson).action_set_won()
        self.assertEqual(set(self.todos().mapped("res_id")), set(lost.ids))
        lost.lead_id.action_set_lost()
        self.assertFalse(self.todos())

    def test_p8_a_later_last_day_is_warned_of_anew(self):
        referral = self.refer()
        self.warn("2026-03-30")
        self.assertTrue(self.todos())
        referral.with_user(self.manager).expires_on = "2026-05-05"
        self.assertFalse(self.todos(), "what the to-do says is not true any more")
        self.assertEqual(self.warn("2026-03-31"), ([], []))
        self.assertTrue(self.warn("2026-04-05")[1])
        self.assertTrue(self.warn("2026-04-28")[1])

    def test_p8_reviving_an_expired_claim_takes_a_manager_and_a_reason(self):
        referral = self.refer()
        self.go_to("2026-04-06")
        self.env["partner.referral"]._cron_sync_referrals()
        self.assertEqual(referral.state, "expired")
        wizard = {"referral_ids": referral.ids, "decision": "reopen", "expires_on": "2026-04-20"}
        Decision = self.env["partner.referral.decision"]
        with self.assertRefused("."):
            Decision.with_user(self.salesperson).create({**wizard, "reason": "They called back"}).action_confirm()
        with self.assertRefused("."):
            Decision.with_user(self.manager).create({**wizard, "reason": " "}).action_confirm()
        Decision.with_user(self.manager).create({**wizard, "reason": "They called back"}).action_confirm()
        self.assertEqual((referral.state, referral.clock), ("accepted", "Close by 20 Apr · 14 days left"))
        self.assertTrue(self.warn("2026-04-07")[1])

    def test_p8_a_claim_that_is_taken_up_again_has_the_months_of_the_program_again(self):
        referral, endless = self.refer(), self.refer(client=self.other_client)
        self.go_to("2026-04-06")
        self.env["partner.referral"]._cron_sync_referrals()
        for one, expires_on, expected in ((referral, {}, "2026-07-06"), (endless, {"expires_on": False}, False)):
            wizard = {"referral_ids": one.ids, "decision": "reopen", "reason": "They called back", **expires_on}
            self.env["partner.referral.decision"].with_user(self.manager).create(wizard).action_confirm()
            self.assertEqual((one.state, one.expires_on), ("accepted", expected and Date.to_date(expected)))

    def test_one_to_do_when_salesperson_and_manager_are_one_and_none_for_who_left(self):
        referral = self.refer()
        referral.user_id = self.manager
        self.assertEqual(self.warn("2026-03-30")[0], ["mona"])
        other = self.refer(client=self.other_client, referred_on="2026-01-06 09:00:00")
        other.user_id = self.other_salesperson
        self.other_salesperson.active = False
        self.assertEqual(self.warn("2026-03-31")[0], ["mona"])

    def test_the_mail_has_a_switch_and_needs_an_address_and_an_active_partner(self):
        self.refer()
        self.env.ref("partner_program.mail_template_claim_closing").active = False
        self.assertEqual(self.warn("2026-03-06"), (["mona", "sally"], []))
        self.env.ref("partner_program.mail_template_claim_closing").active = True
        self.ada.email = False
        self.portal_ada.partner_id.name = "Ann of Ada"
        self.assertEqual(self.warn("2026-03-29")[1], ["Ann of Ada"], "a contact reads it for the company")
        self.refer(client=self.other_client, referred_on="2026-01-06 09:00:00")
        self.enrollment_ada.state = "suspended"
        self.assertEqual(self.warn("2026-03-31"), (["mona", "sally"], []))

    def test_p8_the_partner_reads_it_in_its_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.ada.lang = "fr_FR"
        self.refer()
        self.warn("2026-03-29")
        self.assertIn("5 avr.", self.mails().subject)

    def accepted_claims(self, day, count):
        """So many accepted referrals, of a client each."""
        clients = self.env["res.partner"].create(
            [{"name": f"{day} {number}", "is_company": True} for number in range(count)]
        )
        referrals = self.env["partner.referral"].create(
            [
                {"enrollment_id": self.enrollment_ada.id, "client_id": client.id, "user_id": self.salesperson.id}
                for client in clients
            ]
        )
        referrals.action_accept()
        return referrals

    def test_the_job_costs_the_same_for_any_number(self):
        counts = {}
        for count, day in ((1, "2026-01-05"), (10, "2026-01-06"), (40, "2026-01-07")):
            self.go_to(day)
            self.accepted_claims(day, count)
        for name in ("", "_internal"):  # Odoo makes mails one by one
            self.env.ref(f"partner_program.mail_template_claim_closing{name}").active = False
        for count, day in ((1, "2026-03-06"), (10, "2026-03-07"), (40, "2026-03-08")):
            self.go_to(day)
            before = self.env.cr.sql_log_count
            self.env["partner.referral"].with_user(SUPERUSER_ID)._cron_warn_closing()
            self.env.flush_all()
            counts[count] = self.env.cr.sql_log_count - before
            self.assertEqual(len(self.todos().filtered(lambda todo: str(todo.date_deadline) == day)), 2 * count)  # noqa: B023
        self.assertLessEqual(counts[40] - counts[10], 3, counts)
        self.assertLessEqual(counts[10] - counts[1], 12, counts)

    def test_the_nightly_expiry_costs_the_same_for_any_number(self):
        """One batch of claims whose last day is over; each says why it ended, and its log too."""
        Referral = self.env["partner.referral"].with_user(SUPERUSER_ID).with_context(tracking_disable=False)
        counts = {}
        for count, day, night in (
            (2, "2026-01-05", "2026-04-06"),  # warms up what Odoo keeps
            (1, "2026-05-05", "2026-08-06"),
            (10, "2026-09-05", "2026-12-06"),
            (100, "2027-01-05", "2027-04-06"),
        ):
            self.go_to(day)
            referrals = self.accepted_claims(day, count)
            self.go_to(night)
            self.env.cr.precommit.run()
            before = self.env.cr.sql_log_count
            Referral._cron_sync_referrals()
            self.env.flush_all()
            self.env.cr.precommit.run()  # where Odoo writes what is tracked
            counts[count] = self.env.cr.sql_log_count - before
            self.assertEqual(set(referrals.mapped("state")), {"expired"})
            self.assertTrue(all("Not closed by" in reason for reason in referrals.mapped("decision_reason")))
            changes = referrals.message_ids.sudo().tracking_value_ids
            self.assertEqual(changes.mapped("new_value_char").count("Expired"), count)
        self.assertLessEqual(counts[10] - counts[1], 3, counts)
        self.assertLessEqual(counts[100] - counts[10], 3, counts)
