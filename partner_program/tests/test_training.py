"""Trainings: who counts as trained, from when until when, and what that holds (P17, P26, D15)."""

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestTraining(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Training = cls.env["partner.program.training"]
        cls.second = cls.env["res.partner"].create(
            {"name": "Bea of Byte", "parent_id": cls.byte.id, "email": "bea@byte.example"}
        )
        cls.enrollment_byte.account_manager_id = cls.manager

    def train(self, contact=None, **vals):
        return self.Training.with_user(self.manager).create({"contact_id": (contact or self.second).id, **vals})

    def is_complete(self):
        self.env.invalidate_all()
        return self.enrollment_byte.requirements_met

    def test_p26_what_the_list_of_trained_staff_says_is_kept_as_trainings(self):
        first = self.byte.training_ids
        self.assertRecordValues(
            first,
            [{"contact_id": self.byte_contact.id, "date_from": fields.Date.to_date("2026-01-05"), "source": "manual"}],
        )
        self.go_to("2026-02-02")
        self.enrollment_byte.trained_contact_ids = [Command.set(self.second.ids)]
        self.assertEqual(first.date_to, fields.Date.to_date("2026-02-01"), "what was counted until yesterday")
        self.assertEqual(self.byte.training_ids.contact_id, self.byte_contact + self.second)
        self.assertEqual(self.enrollment_byte.trained_contact_ids, self.second)
        self.assertTrue(self.is_complete())
        self.enrollment_byte.trained_contact_ids = [Command.clear()]
        self.assertEqual(self.byte.training_ids, first, "noted and taken back on one day: never was")
        self.assertFalse(self.is_complete())
        found = self.env["partner.program.enrollment"].search([("trained_contact_ids", "in", self.second.ids)])
        self.assertFalse(found)

    def test_p26_training_counts_from_its_first_day_to_its_last(self):
        self.byte.training_ids.unlink()
        self.assertFalse(self.is_complete())
        training = self.train(date_from="2026-02-10", date_to="2026-03-10")
        cron = self.Training._cron_sync_training
        for day, complete, state in (
            ("2026-02-09", False, "planned"),
            ("2026-02-10", True, "expiring"),
            ("2026-03-10", True, "expiring"),
            ("2026-03-11", False, "expired"),
        ):
            self.go_to(day)
            cron()
            self.assertEqual((self.is_complete(), training.state), (complete, state), day)
            self.assertEqual(cron(), 0, "running it twice changes nothing")
        self.assertIn("0 of 1", self.enrollment_byte.missing_requirements)

    def test_d15_expired_training_holds_payouts_and_a_new_one_releases_them(self):
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(1000, product=self.starter))
        line = self.env["partner.commission.line"].search([("enrollment_id", "=", self.enrollment_byte.id)])
        self.byte.training_ids.date_to = "2026-01-20"
        self.assertEqual(line.state, "earned")
        self.go_to("2026-01-21")
        self.Training._cron_sync_training()
        self.assertEqual((line.state, line.hold_code), ("held", "requirements"))
        self.assertEqual(line.earned_amount, 200, "held, never dropped")
        self.train(date_from="2026-01-21")
        self.assertEqual(line.state, "earned")

    def test_p26_zero_required_staff_is_fine_and_a_contact_who_left_does_not_count(self):
        self.byte_contact.user_ids.active = False
        self.byte_contact.active = False
        self.assertFalse(self.is_complete())
        self.program_affiliate.trained_contacts_required = 0
        self.assertTrue(self.is_complete())

    def test_p17_expiry_is_announced_once_thirty_days_before(self):
        training = self.byte.training_ids
        training.write({"date_to": "2026-03-31", "trainer_id": self.manager.id})
        for day, warned in (("2026-02-28", False), ("2026-03-01", True), ("2026-03-02", True)):
            self.go_to(day)
            self.Training._cron_sync_training()
            activity = self.enrollment_byte.activity_ids.filtered(lambda one: "expires" in (one.summary or ""))
            self.assertEqual(len(activity), warned, day)
            mails = self.env["mail.mail"].search([("model", "=", training._name), ("res_id", "=", training.id)])
            self.assertEqual(len(mails), warned, day)
        self.assertEqual((activity.user_id, activity.date_deadline), (self.manager, training.date_to))
        self.assertEqual(mails.recipient_ids, self.byte_contact + self.byte)
        self.assertNotIn("Dear Ben", mails.body_html, "the company reads it too")
        self.assertIn("that Ben of Byte followed", " ".join(mails.body_html.split()))
        self.assertIn("03/31/2026", mails.body_html)

    def test_p17_the_warning_comes_from_who_looks_after_the_partner(self):
        training = self.byte.training_ids
        former = self._new_user("fred", "partner_program.group_manager")
        training.write({"date_to": "2026-01-31", "trainer_id": former.id})
        former.active = False
        self.env["res.lang"]._activate_lang("fr_FR")
        self.manager.lang = "fr_FR"
        self.Training._warn_of_expiry()
        mails = self.env["mail.mail"].search([("model", "=", training._name), ("res_id", "=", training.id)])
        self.assertEqual(mails.email_from, self.manager.email_formatted)
        self.assertEqual(self.enrollment_byte.activity_ids.summary, "La formation de Ben of Byte expire")
        self.manager.active = False
        self.company.email = "office@fieldpro.example"
        self.assertIn("office@fieldpro.example", training._get_mail_sender())

    def test_p17_each_account_manager_of_the_partner_is_warned(self):
        marc = self._new_user("marc", "partner_program.group_manager")
        second = self.env["partner.program.enrollment"].create(
            {
                "partner_id": self.byte.id,
                "program_id": self.program_referral.id,
                "state": "active",
                "account_manager_id": marc.id,
            }
        )
        self.byte.training_ids.date_to = "2026-01-31"
        self.Training._warn_of_expiry()
        self.assertEqual((second + self.enrollment_byte).activity_ids.user_id, marc + self.manager)
        self.assertEqual(len((second + self.enrollment_byte).activity_ids), 2)

    def test_d14_who_has_left_and_still_earns_is_warned(self):
        self.byte.training_ids.date_to = "2026-01-31"
        self.enrollment_byte.action_end()
        self.assertFalse(self.Training._warn_of_expiry(), "no client earns")
        self.enrollment_byte.action_reopen()
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(1000, product=self.starter))
        self.enrollment_byte.action_end()
        self.assertEqual(self.Training._warn_of_expiry(), self.byte.training_ids)

    def test_p17_nobody_is_warned_who_has_been_trained_again(self):
        self.byte.training_ids.date_to = "2026-01-31"
        self.train(self.byte_contact, date_from="2026-01-05")
        self.assertFalse(self.Training._warn_of_expiry())

    def test_d15_a_gap_between_two_trainings_is_warned_of(self):
        first = self.byte.training_ids
        first.date_to = "2026-01-20"
        second = self.train(self.byte_contact, date_from="2026-01-22")
        self.assertEqual(self.Training._warn_of_expiry(), first)
        first.warned_for = False
        second.date_from = "2026-01-21"
        self.assertFalse(self.Training._warn_of_expiry())

    def test_d15_a_chain_of_trainings_without_a_gap_is_not_warned_of(self):
        self.byte.training_ids.date_to = "2026-01-20"
        second = self.train(self.byte_contact, date_from="2026-01-21", date_to="2026-01-28")
        third = self.train(self.byte_contact, date_from="2026-01-29")
        self.assertFalse(self.Training._warn_of_expiry())
        third.date_from = "2026-01-30"
        self.assertEqual(self.Training._warn_of_expiry(), self.byte.training_ids - third)
        self.assertIn(second, self.byte.training_ids)

    def test_p17_a_warning_that_fails_stops_no_other(self):
        first, second = self.byte.training_ids, self.train()
        (first + second).date_to = "2026-01-20"
        template = self.env.ref("partner_program.mail_template_training_expires").sudo()
        template.body_html = "<p t-out='1 / (1 - object.contact_id.color)'/>"  # as somebody edited it
        self.byte_contact.color = 1
        with mute_logger("odoo.addons.partner_program.tools.one_by_one", "odoo.addons.mail.models.mail_render_mixin"):
            self.assertEqual(self.Training._warn_of_expiry(), second)
        self.assertEqual((first + second).mapped("warned_for"), [False, second.date_to])

    def test_training_ends_after_it_starts(self):
        with self.assertRefused("cannot end before it starts"):
            self.train(date_from="2026-01-05", date_to="2026-01-04")

    def test_only_managers_note_trainings(self):
        for user in (self.salesperson, self.accountant):
            self.assertTrue(self.Training.with_user(user).search([]))
            with self.assertRefused(".", AccessError):
                self.Training.with_user(user).create({"contact_id": self.second.id})
        with self.assertRefused(".", AccessError):
            self.Training.with_user(self.portal_byte).search([])

    def test_nightly_look_costs_the_same_for_many_partners(self):
        def partners(count):
            companies = self.env["res.partner"].create([{"name": f"P{n}", "is_company": True} for n in range(count)])
            return self.env["partner.program.enrollment"].create(
                [
                    {
                        "partner_id": company.id,
                        "program_id": self.program_affiliate.id,
                        "state": "active",
                        "signed_on": "2026-01-02",
                        "trained_contact_ids": [Command.set(company.ids)],
                    }
                    for company in companies
                ]
            )

        counts = []
        for size in (1, 9, 90):
            partners(size)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["partner.program.enrollment"]._sync_training()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[0] + 2, counts)
