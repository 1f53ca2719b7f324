"""P25, D15: a new version of the contract is asked for by a day, and whoever has to sign it is reminded in time."""

from odoo import SUPERUSER_ID
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PartnerProgramCommon
from .test_signatures import picture


@tagged("post_install", "-at_install")
class TestSignReminders(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "office@fieldpro.example"
        cls.enrollment_byte.write({"agreement_id": cls.agreement.id, "signed_on": "2025-12-01"})
        cls.second = cls.agreement.copy({"version": 2, "sign_by": "2026-03-31"})
        cls.program_affiliate.agreement_id = cls.second
        cls.mails_before = cls.env["mail.mail"].sudo().search([])

    def night(self, day):
        """The reminders of a night."""
        self.go_to(day)
        before = self.mails()
        self.env["partner.program.enrollment"].with_user(SUPERUSER_ID)._cron_remind_to_sign()
        return self.mails() - before

    def mails(self):
        return self.env["mail.mail"].sudo().search([]) - self.mails_before

    def test_d15_the_night_notes_what_is_missing_once_the_day_has_passed(self):
        self.assertFalse(self.enrollment_byte.referral_ids)
        self.program_affiliate.trained_contacts_required = 0
        self.assertTrue(self.enrollment_byte.requirements_met)
        self.go_to("2026-04-01")
        self.env["partner.program.training"]._cron_sync_training()
        self.assertFalse(self.enrollment_byte.requirements_met)

    def test_d15_reminded_fourteen_and_three_days_before_and_then_held(self):
        expected = {
            "2026-03-16": 0,
            "2026-03-17": 1,
            "2026-03-18": 0,
            "2026-03-27": 0,
            "2026-03-28": 1,
            "2026-03-31": 0,
            "2026-04-01": 0,
        }
        self.assertEqual({day: len(self.night(day)) for day in expected}, expected)
        mail = self.mails()[:1]
        self.assertEqual(mail.recipient_ids, self.byte_contact)
        self.assertIn("03/31/2026", mail.subject)
        self.assertIn("/my/agreement", mail.body_html)
        self.assertIn("payouts wait", mail.body_html)
        self.env["partner.program.training"]._cron_sync_training()
        self.assertIn("new version of the contract not signed", self.enrollment_byte._get_missing_requirements())

    def test_d15_a_night_that_was_missed_is_caught_up_with_and_late_versions_bring_one_mail(self):
        self.assertEqual(len(self.night("2026-03-20")), 1)
        self.assertEqual(len(self.night("2026-03-30")), 1)
        self.assertFalse(self.night("2026-03-31"))
        self.second.sign_by = "2026-04-10"
        self.assertEqual(len(self.night("2026-03-31")), 1, "another day is another matter")

    def test_d15_only_those_who_have_to_sign(self):
        self.enrollment_byte.write({"agreement_id": self.agreement.id, "signed_on": False})
        self.assertFalse(self.night("2026-03-17"), "never signed: the checklist asks for it, and payouts are held")
        self.enrollment_byte.signed_on = "2025-12-01"
        self.env.ref("partner_program.mail_template_agreement_reminder").active = False
        self.assertFalse(self.night("2026-03-17"), "switched off")
        self.env.ref("partner_program.mail_template_agreement_reminder").active = True
        self.enrollment_byte.action_end()
        self.assertFalse(self.night("2026-03-17"), "has ended, with no client that earns")
        self.enrollment_byte.action_reopen()
        self.mails_before += self.mails()
        self.assertEqual(len(self.night("2026-03-29")), 1)
        self.enrollment_byte.with_user(self.manager).action_sign()
        self.second.sign_by = "2026-04-10"
        self.assertFalse(self.night("2026-03-31"), "signed already")

    def test_d14_who_has_left_and_still_earns_is_reminded(self):
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(1000, product=self.starter))
        self.enrollment_byte.action_end()
        self.assertEqual(len(self.night("2026-03-29")), 1)

    def test_d15_partners_of_an_archived_program_are_reminded_too(self):
        self.program_affiliate.active = False
        self.assertEqual(len(self.night("2026-03-17")), 1, "they stay, and payouts are held from the day on")

    def test_p25_the_mail_goes_to_whoever_signed_while_with_the_partner(self):
        other = self.env["res.partner"].create(
            {"name": "Bea", "parent_id": self.byte.id, "email": "bea@byte.example", "lang": "en_US"}
        )
        user = self._new_user("bea", "base.group_portal", other)
        self.program_affiliate.agreement_id = self.agreement
        self.enrollment_byte.write({"signed_on": False, "agreement_id": False})
        signing = self.enrollment_byte.sudo().with_context(partner_program_signer=user.id)
        checksum = self.agreement._get_text_checksum(signing)
        signing._sign_online(self.agreement.id, checksum, "Bea", picture(), "192.0.2.7")
        self.program_affiliate.agreement_id = self.second
        self.assertEqual(self.night("2026-03-17").recipient_ids, other)
        user.active = other.active = False
        self.assertEqual(self.night("2026-03-29").recipient_ids, self.byte_contact)

    def test_d15_a_reminder_that_fails_stops_no_other(self):
        vals = {"state": "active", "agreement_id": self.agreement.id, "signed_on": "2025-12-01"}
        other = self.enrollment_ada.create({"partner_id": self.ada.id, "program_id": self.program_affiliate.id, **vals})
        template = self.env.ref("partner_program.mail_template_agreement_reminder").sudo()
        template.body_html = "<p t-out='1 / (1 - object.partner_id.color)'/>"  # as somebody edited it
        self.ada.color = 1
        with mute_logger("odoo.addons.partner_program.tools.one_by_one", "odoo.addons.mail.models.mail_render_mixin"):
            self.assertEqual(self.night("2026-03-17").recipient_ids, self.byte_contact)
        self.assertEqual((other + self.enrollment_byte).mapped("sign_reminded_days"), [0, 14])

    def test_the_job_costs_the_same_for_any_number(self):
        self.env.ref("partner_program.mail_template_agreement_reminder").active = False  # Odoo makes mails one by one
        counts, total = {}, 0
        for count, day in ((1, "2026-03-17"), (10, "2026-03-18"), (100, "2026-03-19")):
            companies = self.env["res.partner"].create(
                [{"name": f"{day} {number}", "is_company": True} for number in range(count)]
            )
            enrollments = self.env["partner.program.enrollment"].create(
                [
                    {
                        "partner_id": one.id,
                        "program_id": self.program_affiliate.id,
                        "state": "active",
                        "agreement_id": self.agreement.id,
                        "signed_on": "2025-12-01",
                    }
                    for one in companies
                ]
            )
            self.go_to(day)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["partner.program.enrollment"].with_user(SUPERUSER_ID)._cron_remind_to_sign()
            self.env.flush_all()
            counts[count], total = self.env.cr.sql_log_count - before, total + count
            self.assertEqual(set(enrollments.mapped("sign_reminded_days")), {14})
        self.assertLessEqual(counts[100] - counts[1], 3, counts)
