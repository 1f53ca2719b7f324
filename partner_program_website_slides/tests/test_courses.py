"""A completed course is a training, by itself (P17, P26)."""

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.partner_program.tests.common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestCourses(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.course = (
            cls.env["slide.channel"]
            .sudo()
            .create(
                {
                    "name": "FieldPro Basics",
                    "user_id": cls.env.uid,
                    "enroll": "public",
                    "is_published": True,
                    "is_partner_training": True,
                    "partner_training_months": 12,
                    "slide_ids": [
                        Command.create({"name": name, "slide_category": "article", "is_published": True})
                        for name in ("First Visit", "First Order")
                    ],
                }
            )
        )
        cls.byte.training_ids.unlink()

    def follow(self, contact, lessons=2):
        """Complete lessons of the course, as its pages do it for whoever is logged in."""
        self.course._action_add_members(contact)
        for lesson in self.course.slide_ids.filtered(lambda one: not one.is_category)[:lessons]:
            lesson._action_set_viewed(contact)
            self.env["slide.slide.partner"].sudo().search(
                [("slide_id", "=", lesson.id), ("partner_id", "=", contact.id)]
            ).completed = True
        return self.course.channel_partner_ids.filtered(lambda one: one.partner_id == contact)

    def trainings(self):
        return self.env["partner.program.training"].search([("source", "=", "course")])

    def sync(self):
        return self.env["partner.program.training"]._cron_sync_training()

    def test_p26_who_completes_the_course_is_trained_and_payouts_are_released(self):
        self.assertFalse(self.enrollment_byte.requirements_met)
        self.follow(self.byte_contact, lessons=1)
        self.assertFalse(self.trainings())
        attendee = self.follow(self.byte_contact)
        self.assertEqual(attendee.member_status, "completed")
        self.assertRecordValues(
            self.trainings(),
            [
                {
                    "contact_id": self.byte_contact.id,
                    "date_from": fields.Date.to_date("2026-01-05"),
                    "date_to": fields.Date.to_date("2027-01-04"),
                    "channel_partner_id": attendee.id,
                    "note": "FieldPro Basics",
                }
            ],
        )
        self.assertTrue(self.enrollment_byte.requirements_met)
        self.sync()
        self.assertEqual(len(self.trainings()), 1, "noted once")
        self.go_to("2027-01-05")
        self.sync()
        self.assertFalse(self.enrollment_byte.requirements_met, "the training has expired")

    def test_other_courses_and_other_people_train_nobody(self):
        self.course.is_partner_training = False
        self.follow(self.byte_contact)
        self.assertFalse(self.trainings())
        self.course.is_partner_training = True
        self.follow(self.client_contact)
        self.assertFalse(self.trainings())
        self.course.partner_training_months = 0
        self.sync()
        self.assertEqual(self.trainings().contact_id, self.byte_contact, "the course counts by now")
        self.assertFalse(self.trainings().date_to)

    def test_completed_before_the_company_was_enrolled(self):
        self.follow(self.client_contact)
        self.assertFalse(self.trainings())
        self.env["partner.program.enrollment"].create(
            {"partner_id": self.client.id, "program_id": self.program_affiliate.id}
        )
        self.sync()
        self.assertEqual(self.trainings().contact_id, self.client_contact)

    def test_a_training_stays_when_the_course_or_the_attendee_goes(self):
        attendee = self.follow(self.byte_contact)
        self.course.slide_ids[:1].copy({"channel_id": self.course.id, "is_published": True})
        self.assertEqual(attendee.member_status, "completed")
        attendee.unlink()
        self.assertEqual(self.trainings().contact_id, self.byte_contact)
        self.assertTrue(self.enrollment_byte.requirements_met)

    def test_p26_months_have_an_upper_limit_and_one_that_is_broken_stops_no_other_at_night(self):
        with self.assertRefused("between 0 and 1200"):
            self.course.partner_training_months = 99999
        self.cr.execute("ALTER TABLE slide_channel DROP CONSTRAINT slide_channel_partner_training_months_positive")
        good, broken = self.course, self.course.copy({"is_partner_training": False})
        broken.partner_training_months = 99999  # as somebody wrote it before there was a limit
        good.is_partner_training = False
        for self.course in (good, broken):
            self.course.slide_ids.is_published = True
            self.follow(self.byte_contact)
        (broken + good).is_partner_training = True
        with mute_logger("odoo.addons.partner_program.tools.one_by_one"):
            self.sync()
        self.assertEqual(self.trainings().sudo().channel_partner_id.channel_id, good)
        self.assertTrue(self.enrollment_byte.requirements_met)

    def test_p26_a_training_that_was_taken_back_does_not_return_at_night(self):
        self.follow(self.byte_contact)
        self.trainings().with_user(self.manager).unlink()
        self.sync()
        self.assertFalse(self.trainings())
        self.assertFalse(self.enrollment_byte.requirements_met)

    def test_p26_a_course_is_completed_once_so_its_training_does_not_expire_unless_somebody_says_so(self):
        course = self.env["slide.channel"].sudo().create({"name": "Another"})
        self.assertEqual(course.partner_training_months, 0)
