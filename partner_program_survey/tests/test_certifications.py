"""A passed certification is a training, by itself (P17, P26)."""

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.partner_program.tests.common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestCertifications(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.survey = (
            cls.env["survey.survey"]
            .sudo()
            .create(
                {
                    "title": "FieldPro Expert",
                    "user_id": cls.env.ref("base.user_admin").id,
                    "certification": True,
                    "is_partner_training": True,
                    "scoring_type": "scoring_without_answers",
                    "scoring_success_min": 50,
                    "access_mode": "public",
                    "question_and_page_ids": [
                        Command.create(
                            {
                                "title": "Sure?",
                                "question_type": "simple_choice",
                                "suggested_answer_ids": [
                                    Command.create({"value": "Yes", "is_correct": True, "answer_score": 10}),
                                    Command.create({"value": "No"}),
                                ],
                            }
                        )
                    ],
                }
            )
        )
        cls.byte.training_ids.unlink()
        cls.byte_contact.email = "ben@byte.example"  # its log-in brought another one

    def take(self, contact=None, right=True, test_entry=False, **vals):
        """Take the certification as the web page does."""
        question = self.survey.question_ids
        answer = self.survey._create_answer(partner=contact or self.env["res.partner"], check_attempts=False, **vals)
        chosen = question.suggested_answer_ids[0 if right else 1]
        answer._save_lines(question, str(chosen.id))
        answer.test_entry = test_entry
        answer._mark_done()
        return answer

    def trainings(self):
        return self.env["partner.program.training"].search([("source", "=", "certification")])

    def test_p26_who_passes_is_trained_and_payouts_are_released(self):
        self.assertFalse(self.enrollment_byte.requirements_met)
        self.take(self.byte_contact, right=False)
        self.assertFalse(self.trainings())
        answer = self.take(self.byte_contact)
        self.assertTrue(answer.scoring_success)
        self.assertRecordValues(
            self.trainings(),
            [
                {
                    "contact_id": self.byte_contact.id,
                    "date_from": fields.Date.to_date("2026-01-05"),
                    "date_to": fields.Date.to_date("2027-01-04"),
                    "user_input_id": answer.id,
                    "note": "FieldPro Expert",
                }
            ],
        )
        self.assertTrue(self.enrollment_byte.requirements_met)
        self.env["partner.program.training"]._cron_sync_training()
        self.assertEqual(len(self.trainings()), 1, "noted once")
        self.go_to("2027-01-05")
        self.env["partner.program.training"]._cron_sync_training()
        self.assertFalse(self.enrollment_byte.requirements_met, "the certification has expired")

    def test_p26_who_passes_in_the_evening_is_trained_that_day_west_of_greenwich(self):
        self.company.partner_id.tz = "America/New_York"
        self.go_to("2026-01-06 02:00:00")  # nine in the evening of the fifth
        self.take(self.byte_contact)
        self.assertEqual(self.trainings().date_from, fields.Date.to_date("2026-01-05"))
        self.assertEqual(self.trainings().date_to, fields.Date.to_date("2027-01-04"))
        self.assertTrue(self.enrollment_byte.requirements_met)

    def test_other_surveys_and_other_people_train_nobody(self):
        self.survey.is_partner_training = False
        self.take(self.byte_contact)
        self.survey.is_partner_training = True
        self.take(self.client_contact)
        self.take(self.byte_contact, test_entry=True)
        self.assertFalse(self.trainings())

    def test_p26_an_address_that_somebody_types_trains_nobody_and_an_invitation_does(self):
        self.survey.partner_training_months = 0
        self.take(email="Ben@Byte.example")
        self.env["partner.program.training"]._cron_sync_training()
        self.assertFalse(self.trainings())
        invite = self.env["survey.invite"].sudo().create({"survey_id": self.survey.id, "emails": "Ben@Byte.example"})
        invite.action_invite()
        answer = self.survey.user_input_ids.filtered(lambda one: one.state == "new")
        question = self.survey.question_ids
        answer._save_lines(question, str(question.suggested_answer_ids[0].id))
        answer._mark_done()
        self.assertEqual(self.trainings().contact_id, self.byte_contact)
        self.assertFalse(self.trainings().date_to)

    def test_passed_before_the_company_was_enrolled(self):
        self.take(self.client_contact)
        self.assertFalse(self.trainings())
        self.env["partner.program.enrollment"].create(
            {"partner_id": self.client.id, "program_id": self.program_affiliate.id}
        )
        self.env["partner.program.training"]._cron_sync_training()
        self.assertEqual(self.trainings().contact_id, self.client_contact)

    def test_p26_months_have_an_upper_limit_and_one_that_is_broken_stops_no_other_at_night(self):
        with self.assertRefused("between 0 and 1200"):
            self.survey.partner_training_months = 99999
        broken = self.survey.copy({"is_partner_training": False})
        self.cr.execute("ALTER TABLE survey_survey DROP CONSTRAINT survey_survey_partner_training_months_positive")
        broken.partner_training_months = 99999  # as somebody wrote it before there was a limit
        self.survey.is_partner_training = False
        self.take(self.byte_contact)
        self.survey, good = broken, self.survey
        self.take(self.byte_contact)
        (broken + good).is_partner_training = True
        with mute_logger("odoo.addons.partner_program.tools.one_by_one"):
            self.env["partner.program.training"]._cron_sync_training()
        self.assertEqual(self.trainings().sudo().user_input_id.survey_id, good)
        self.assertTrue(self.enrollment_byte.requirements_met)

    def test_p26_a_training_that_was_taken_back_does_not_return_at_night(self):
        answer = self.take(self.byte_contact)
        self.trainings().with_user(self.manager).unlink()
        self.env["partner.program.training"]._cron_sync_training()
        self.assertFalse(self.trainings())
        self.assertFalse(self.enrollment_byte.requirements_met)
        self.assertTrue(answer.is_partner_training_refused)
        self.take(self.byte_contact)
        self.assertTrue(self.trainings(), "the next attempt counts")
