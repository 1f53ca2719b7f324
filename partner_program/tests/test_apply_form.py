"""P24: the public form and the status page."""

import base64
import re

from odoo import http
from odoo.tests import HttpCase, tagged

from .common import PartnerProgramCommon

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


@tagged("post_install", "-at_install")
class TestApplyForm(PartnerProgramCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.public = cls.env.ref("base.public_user").sudo()
        cls.public.write({"company_ids": [(4, cls.company.id)], "company_id": cls.company.id})
        cls.company.partner_program_apply_limit = 5
        cls.enrollments = cls.env["partner.program.enrollment"]

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def send(self, files=(), **data):
        values = {
            "csrf_token": http.Request.csrf_token(self),
            "company_name": "New Ideas",
            "name": "Nora New",
            "email": "nora@new.example",
            "country_id": self.env.ref("base.fr").id,
            "company_kind": "consultancy",
            "application_text": "We know many <clinics>.",
            "expected_volume": "5",
            "program_id": "",
            "consent": "1",
            **data,
        }
        return self.url_open(
            "/partners/apply",
            data={key: value for key, value in values.items() if value is not None},
            files=[("files", one) for one in files] or None,
        )

    def applications(self):
        return self.enrollments.search([("application_source", "=", "form")])

    def test_p24_the_form_makes_an_application(self):
        page = self.url_open("/partners/apply")
        self.assertIn("I do not know yet", page.text)
        answer = self.send()
        self.assertEqual((answer.status_code, "Your application has arrived" in answer.text), (200, True))
        application = self.applications()
        self.assertRecordValues(
            application,
            [
                {
                    "state": "applied",
                    "company_kind": "consultancy",
                    "is_program_open": True,
                    "application_text": "We know many <clinics>.",
                    "expected_volume": "5",
                    "applicant_email": "nora@new.example",
                    "suggested_program_id": self.program_affiliate.id,
                }
            ],
        )
        self.assertTrue(application.consent_on)
        self.assertEqual((application.partner_id.name, application.partner_id.country_id.code), ("New Ideas", "FR"))
        self.assertEqual(application.applicant_id.name, "Nora New")
        ours = [("model", "=", application._name), ("res_id", "=", application.id), ("is_notification", "=", False)]
        mail = self.env["mail.mail"].sudo().search(ours)
        self.assertIn(application.status_token, mail.body_html)
        self.assertNotIn(application.status_token, answer.text, "the link goes to whoever owns the address")
        answer = self.send(program_id=str(self.program_affiliate.id), application_text="Once more")
        self.assertIn("If this is your first application", answer.text, "no second email comes")
        self.assertEqual(self.env["mail.mail"].sudo().search(ours), mail)
        self.assertEqual(self.applications(), application)
        self.assertIn("Once more", "".join(application.message_ids.mapped("body")))
        self.assertEqual(self.env["mail.mail"].sudo().search(ours), mail)

    def test_p24_messages_beside_the_fields_and_typed_text_kept(self):
        answer = self.send(email="nora", company_name="", consent=None, country_id="abc", company_kind="king")
        self.assertEqual(answer.status_code, 422)
        for field in ("email", "company_name", "consent", "country_id", "company_kind"):
            self.assertIn(f'id="{field}_error"', answer.text)
        self.assertNotIn('id="name_error"', answer.text)
        self.assertIn("This is not an email address", answer.text)
        self.assertIn("We know many &lt;clinics&gt;.", answer.text)
        self.assertIn('value="Nora New"', answer.text)
        self.assertEqual(self.send(application_text="x" * 5001).status_code, 422)
        self.assertEqual(self.send(program_id="9999999").status_code, 422)
        for number in ("9" * 20, "9" * 5000):
            self.assertEqual(self.send(country_id=number).status_code, 422)
        self.assertFalse(self.applications())

    def test_p24_documents_are_kept_with_the_application(self):
        files = [("C:\\docs\\deck.pdf", b"%PDF-1.4 deck"), ("logo.png", PICTURE)]
        self.assertEqual(self.send(files=files).status_code, 200)
        attachments = self.applications().message_ids.attachment_ids
        self.assertEqual(set(attachments.mapped("name")), {"deck.pdf", "logo.png"})
        self.assertEqual(attachments.filtered(lambda one: one.name == "deck.pdf").raw, b"%PDF-1.4 deck")
        self.assertEqual(set(attachments.mapped("res_id")), {self.applications().id})
        self.assertFalse(any(attachments.mapped("public")))
        self.company.partner_program_apply_limit = 0
        for _number in range(9):
            self.send(files=files)
        answer = self.send(files=files)
        self.assertIn("20 files from you already", answer.text)
        self.assertEqual(len(self.applications().message_ids.attachment_ids), 20)

    def test_p24_a_document_over_the_limit_has_its_message_and_nothing_else_is_lost(self):
        self.company.partner_program_attachment_mb = 1
        pdf = b"%PDF-1.4 "
        for files, message in (
            ([("big.pdf", pdf + b"0" * 1024 * 1024)], "big.pdf is larger than 1 MB"),
            ([(f"{number}.pdf", pdf) for number in range(6)], "at most 5 files"),
            ([("tool.exe", b"MZ")], "tool.exe cannot be sent. Send a file of one of these kinds: .csv, .docx"),
            ([("tool.docx", b"\x7fELF" + bytes(100))], "tool.docx cannot be sent"),
            ([("page.pdf", b"<html><script>alert(1)</script></html>")], "page.pdf cannot be sent"),
            ([("empty.pdf", b"")], "empty.pdf cannot be sent"),
        ):
            with self.subTest(message=message):
                answer = self.send(files=files)
                self.assertEqual(answer.status_code, 422)
                self.assertIn('id="files_error"', answer.text)
                self.assertIn(message, answer.text)
                self.assertIn("We know many &lt;clinics&gt;.", answer.text)
                self.assertIn("choose your files again", answer.text)
        answer = self.send(files=[("deck.pdf", pdf)], email="nora")
        self.assertNotIn('id="files_error"', answer.text)
        self.assertIn("choose your files again", answer.text)
        self.assertNotIn("choose your files again", self.send(email="nora").text)
        self.assertFalse(self.applications())
        with self.assertRefused("from 1 to 100 MB"):
            self.company.partner_program_attachment_mb = 0

    def test_p24_programs_are_told_nothing_and_make_nothing(self):
        self.assertIn("Thank you", self.send(homepage="https://spam.example").text)
        self.assertEqual(self.send(csrf_token=None).status_code, 400)
        self.assertFalse(self.applications())

    def test_p24_the_rate_limit_keeps_what_was_typed(self):
        self.company.partner_program_apply_limit = 2
        for number in range(2):
            self.assertEqual(self.send(email=f"nora{number}@new.example").status_code, 200)
        answer = self.send(email="nora3@new.example")
        self.assertEqual((answer.status_code, len(self.applications())), (429, 2))
        self.assertIn("nora3@new.example", answer.text)
        self.assertIn("What you typed is still here", answer.text)
        self.go_to("2026-01-05 10:01:00")
        self.assertEqual(self.send(email="nora3@new.example").status_code, 200)
        self.assertTrue(self.applications()[0].sudo().applicant_ip)
        self.go_to("2026-03-01")
        self.enrollments._gc_applicant_ip()
        self.assertFalse(any(self.applications().sudo().mapped("applicant_ip")))

    def test_p24_what_joins_an_application_is_limited_too(self):
        self.company.partner_program_apply_limit = 2
        answers = [self.send(application_text=f"Number {number}.") for number in range(3)]
        self.assertEqual([answer.status_code for answer in answers], [200, 200, 429])
        self.assertIn("Please try again in an hour", answers[2].text)
        self.assertIn("Number 2.", answers[2].text)
        application = self.applications()
        self.assertEqual(len(application), 1)
        self.assertNotIn("Number 2.", "".join(application.message_ids.mapped("body")))
        self.go_to("2026-01-05 10:01:00")
        self.assertEqual(self.send(application_text="Number 3.").status_code, 200)

    def test_p24_an_address_of_our_own_makes_no_application_and_nobody_learns_that(self):
        self.company.partner_program_apply_limit = 2
        self.company.email = "office@fieldpro.example"
        self.manager.email = "mona@fieldpro.example"
        program, messages = self.program_affiliate, self.env["mail.message"]
        people, before = self.env["res.partner"].search([]), program.message_ids
        texts = {}
        for email in ("mona@fieldpro.example", "nora@new.example"):
            self.go_to("2026-01-05 12:00:00" if email.startswith("mona") else "2026-01-05 15:00:00")
            answers = [
                self.send(email=email, program_id=program.id, files=[("deck.pdf", b"%PDF-1.4 deck")])
                for _number in range(3)
            ]
            self.assertEqual([answer.status_code for answer in answers], [200, 200, 429], email)
            texts[email] = [
                re.sub(r"[0-9a-f]{40}o\d+", "", answer.text).replace(email, "").strip() for answer in answers
            ]
            self.env.invalidate_all()
            if email.startswith("mona"):
                self.assertFalse(self.applications())
                self.assertEqual(self.env["res.partner"].search([]), people)
        self.assertEqual(*texts.values())
        notes = program.message_ids - before
        self.assertEqual(len(notes), 2)
        self.assertEqual(set(notes.mapped("subject")), {"mona@fieldpro.example"})
        self.assertEqual(notes.notified_partner_ids, program._get_responsibles_sudo().partner_id)
        self.assertEqual(set(notes.attachment_ids.mapped("name")), {"deck.pdf"})
        self.assertFalse(notes.author_id & self.manager.partner_id, "nobody has shown that it was her")
        for note in notes:
            self.assertIn("made no application", note.body)
            self.assertIn("We know many &lt;clinics&gt;.", note.body)
        # Another address of ours, in the same hour: told enough; an hour later it is kept.
        self.go_to("2026-01-05 12:30:00")
        for moment, count in (("2026-01-05 12:30:00", 2), ("2026-01-05 13:00:01", 3)):
            self.go_to(moment)
            self.assertEqual(self.send(email="Office@fieldpro.example", program_id=program.id).status_code, 200)
            self.env.invalidate_all()
            self.assertEqual(len(program.message_ids - before), count, moment)
        self.assertEqual(len(self.applications()), 1)
        self.assertFalse(messages.search([("subject", "=", "nora@new.example")]))

    def test_p24_an_address_that_is_known_is_linked_and_not_changed(self):
        self.send(email=self.client_contact.email, name="Somebody Else", company_name="Evil Ltd")
        application = self.applications()
        self.assertEqual((application.partner_id, application.applicant_id), (self.client, self.client_contact))
        self.assertEqual((self.client.name, self.client_contact.name), ("Cobalt Clinics", "Cleo of Cobalt"))
        self.assertIn("Evil Ltd", "".join(application.message_ids.mapped("body")))

    def test_p24_the_status_page_shows_the_state_and_nothing_more(self):
        application = self.enrollments.create(
            {
                "partner_id": self.client.id,
                "program_id": self.program_affiliate.id,
                "applicant_email": "cleo@cobalt.example",
                "application_text": "SECRET-TEXT",
                "decision_reason": "SECRET-REASON",
                "account_manager_id": self.manager.id,
            }
        )
        token = application._ensure_status_token()
        words = {
            "applied": "Received.",
            "onboarding": "Approved.",
            "active": "You are a partner.",
            "suspended": "You are a partner.",
            "rejected": "Not accepted.",
            "ended": "Ended.",
        }
        for state, word in words.items():
            application.with_context(partner_program_no_mail=True).state = state
            with self.subTest(state=state):
                answer = self.url_open(f"/partners/status/{application.id}/{token}")
                self.assertIn(word, answer.text)
                self.assertEqual(answer.headers["X-Robots-Tag"], "noindex")
                for secret in ("SECRET", "Cobalt", "cleo", "Affiliate", "Mona", token):
                    self.assertNotIn(secret, answer.text)
        application.with_context(partner_program_no_mail=True).state = "active"
        self.refer(application, client=self.other_client)
        application._change_program(self.program_referral)
        answer = self.url_open(f"/partners/status/{application.id}/{token}")
        self.assertIn("You are a partner.", answer.text, "what ended goes on in another program")
        for path in (f"{application.id}/wrong", f"{self.enrollment_ada.id}/{token}", f"{self.enrollment_ada.id}/False"):
            self.assertEqual(self.url_open(f"/partners/status/{path}").status_code, 404)

    def test_p12_the_public_page_describes_the_packages(self):
        packages = self.env.ref("partner_program.package_starter").search([])
        packages.description = False
        empty = self.url_open("/partners/packages").text
        self.assertIn("not described here yet", empty)
        self.assertNotIn(self.package_enterprise.name, empty)
        self.package_pro.description = "<p>For teams of <b>ten</b><script>alert(1)</script></p>"
        self.package_starter.description = "<p>To begin with</p>"
        self.package_starter.is_entry = True
        page = self.url_open("/partners/packages").text
        self.assertLess(page.index("To begin with"), page.index("For teams of <b>ten</b>"), "the lowest first")
        self.assertNotIn("alert(1)", page)
        self.assertEqual(page.count("Everybody starts here"), 1)
        self.assertNotIn(self.package_enterprise.name, page, "without a description")
        self.package_pro.action_archive()
        self.assertNotIn("For teams of", self.url_open("/partners/packages").text)

    def test_p24_the_script_of_the_form_keeps_the_chosen_files(self):
        self.start_tour("/partners/apply", "partner_program_apply_keeps_files", timeout=120)
        self.env.invalidate_all()
        application = self.applications()
        self.assertEqual(application.application_text, "We know many clinics.")
        self.assertEqual(application.message_ids.attachment_ids.mapped("name"), ["company.pdf"])
