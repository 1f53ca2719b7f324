from odoo.tests import tagged

from .common import PartnerProgramCommon

MAIL = """\
From: {sender}
To: partners@fieldpro.example
Subject: {subject}
Message-Id: <{number}@mail.example>
Date: Mon, 05 Jan 2026 08:00:00 +0000
Content-Type: text/plain; charset=utf-8

We would like to become a partner.
"""


@tagged("post_install", "-at_install")
class TestApplications(PartnerProgramCommon):
    def receive(self, sender, number, subject="Partnership"):
        raw = MAIL.format(sender=sender, number=number, subject=subject)
        values = {"program_id": self.program_affiliate.id}
        enrollment_id = self.env["mail.thread"].message_process(
            "partner.program.enrollment", raw.encode(), custom_values=values
        )
        return self.env["partner.program.enrollment"].browse(enrollment_id)

    def test_p24_a_mail_becomes_an_application_and_a_second_one_joins_it(self):
        application = self.receive('"Nora New" <nora@new.example>', 1)
        self.assertEqual((application.state, application.program_id), ("applied", self.program_affiliate))
        self.assertEqual((application.partner_id.name, application.applicant_email), ("Nora New", "nora@new.example"))
        self.assertIn("become a partner", application.message_ids.filtered("author_id").mapped("body")[0])
        again = self.receive('"Nora New" <nora@new.example>', 2, subject="One more thing")
        self.assertEqual(again, application)
        self.assertEqual(len(application.message_ids.filtered(lambda message: message.message_type == "email")), 2)

    def test_p24_a_mail_of_a_known_contact_is_an_application_of_its_company(self):
        self.client_contact.email = "cleo@cobalt.example"
        application = self.receive("cleo@cobalt.example", 3)
        self.assertEqual(application.partner_id, self.client)

    def test_the_address_of_a_program_makes_applications_for_it(self):
        domain = self.env["mail.alias.domain"].create({"name": "fieldpro.example"})
        self.company.alias_domain_id = domain
        self.program_affiliate.alias_name = "partners"
        alias = self.program_affiliate.alias_id
        self.assertEqual(alias.alias_model_id.model, "partner.program.enrollment")
        self.assertIn(f"'program_id': {self.program_affiliate.id}", alias.alias_defaults)
