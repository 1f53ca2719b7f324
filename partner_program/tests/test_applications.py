"""P24: applications by mail, through Odoo's gateway with raw messages."""

from email import message_from_bytes
from email.policy import SMTP
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PartnerProgramCommon
from .mails import BOUNCE, BROKEN_ENCODING, TO, mail

CATCHALL = "catchall@fieldpro.example"
REFERRALS = "partners-referral@fieldpro.example"


@tagged("post_install", "-at_install")
class ApplicationsCommon(PartnerProgramCommon):
    """The company has a domain, both programs an address, and there is one for those who do not know yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create({"name": "fieldpro.example"})
        cls.env["mail.alias"].search([("alias_name", "=like", "partners%")]).alias_name = False
        cls.company.alias_domain_id = cls.domain
        cls.company.email = "office@fieldpro.example"
        cls.program_affiliate.write({"alias_name": "partners-affiliate", "alias_domain_id": cls.domain.id})
        cls.program_referral.write({"alias_name": "partners-referral", "alias_domain_id": cls.domain.id})
        cls.company.partner_program_alias_name = "partners"
        cls.ada_contact.email = "ann@ada.example"  # the log-in has written its own
        cls.enrollments = cls.env["partner.program.enrollment"]

    def receive(self, raw):
        """Hand a raw mail to the gateway; returns the new enrollments."""
        before = self.enrollments.search([])
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process(False, raw)
        self.env.flush_all()
        return self.enrollments.search([]) - before

    def mails_of(self, record, key=None):
        """The mails to outside about a record; of one template when its subject is given."""
        domain = [("model", "=", record._name), ("res_id", "in", record.ids), ("is_notification", "=", False)]
        mails = self.env["mail.mail"].sudo().search(domain, order="id")
        return mails.filtered(lambda one: not key or key in one.subject)


class TestApplications(ApplicationsCommon):
    def test_p24_a_mail_becomes_an_application_and_a_second_one_joins_it(self):
        application = self.receive(mail(number=1))
        self.assertEqual((application.state, application.program_id), ("applied", self.program_affiliate))
        self.assertEqual((application.partner_id.name, application.applicant_email), ("Nora New", "nora@new.example"))
        self.assertIn("like to join", application.application_text)
        self.assertEqual(application.application_source, "email")
        self.assertFalse(self.receive(mail(number=2, subject="One more thing")))
        letters = application.message_ids.filtered(lambda message: message.message_type == "email")
        self.assertEqual(letters.mapped("subject"), ["One more thing", "Partnership"])
        self.assertEqual(letters.author_id, application.partner_id)

    def test_p24_the_applicant_is_answered_once_with_a_link_to_the_status(self):
        application = self.receive(mail(number=1))
        answer = self.mails_of(application)
        self.assertEqual(answer.recipient_ids, application.partner_id)
        self.assertIn(f"/partners/status/{application.id}/{application.status_token}", answer.body_html)
        self.assertEqual(answer.email_from, self.company.email_formatted)
        self.receive(mail(number=2))
        self.assertEqual(len(self.mails_of(application)), 1, "a further mail is not answered by a machine")
        self.env.ref("partner_program.mail_template_application_received").active = False
        other = self.receive(mail(sender="otto@other.example", number=3))
        self.assertFalse(self.mails_of(other), "the switch in the settings")

    def test_p24_a_mail_of_a_known_contact_is_an_application_of_its_company(self):
        application = self.receive(mail(sender="cleo@cobalt.example"))
        self.assertEqual((application.partner_id, application.applicant_id), (self.client, self.client_contact))

    def test_p24_the_address_for_those_who_do_not_know_yet(self):
        application = self.receive(mail(to="partners@fieldpro.example", number=1))
        self.assertEqual((application.program_id.company_id, application.is_program_open), (self.company, True))
        self.assertFalse(self.receive(mail(number=2)), "writing to a program joins the open application")
        self.assertEqual((application.program_id, application.is_program_open), (self.program_affiliate, False))
        self.assertFalse(self.receive(mail(to="partners@fieldpro.example", number=3)))

    def test_p24_the_address_of_an_archived_program_is_one_for_those_who_do_not_know_yet(self):
        self.program_affiliate.active = False
        application = self.receive(mail(number=1))
        self.assertEqual(application.program_id, self.program_referral)
        self.assertTrue(application.is_program_open)
        self.assertFalse(self.receive(mail(number=2, subject="One more thing")))
        self.program_referral.active = False
        self.assertFalse(self.receive(mail(sender="zoe@zoe.example", number=3)), "there is none to join")
        self.assertIn("We would like to join", self.company.partner_id.message_ids[:1].body)

    def test_p24_two_programs_two_applications(self):
        affiliate = self.receive(mail(number=1))
        referral = self.receive(mail(to="partners-referral@fieldpro.example", number=2))
        self.assertEqual((affiliate.program_id, referral.program_id), (self.program_affiliate, self.program_referral))
        self.assertEqual(affiliate.partner_id, referral.partner_id)

    def test_p24_html_and_twenty_attachments_and_much_text(self):
        files = [(f"proof {number}.pdf", b"%PDF-" + bytes([number])) for number in range(20)]
        html = "<p>We <b>love</b> it.<script>alert(1)</script></p>"
        application = self.receive(mail(html=html, files=files, text="x" * 2_000_000))
        message = application.message_ids.filtered(lambda one: one.message_type == "email")
        self.assertEqual(len(message.attachment_ids), 20)
        self.assertEqual(set(message.attachment_ids.mapped("res_model")), {"partner.program.enrollment"})
        self.assertIn("<b>love</b>", message.body)
        self.assertNotIn("script", message.body)

    def test_p24_a_huge_mail(self):
        application = self.receive(mail(text="word " * 1_000_000, files=[("huge.pdf", b"%PDF-" + b"0" * 8_000_000)]))
        self.assertLessEqual(len(application.application_text), 5000)
        self.assertEqual(application.message_ids.attachment_ids.file_size, 8_000_005)

    def test_p24_a_file_over_the_limit_is_left_out_and_the_mail_says_which(self):
        self.company.partner_program_attachment_mb = 1
        big, small = ("film.pdf", b"%PDF-" + b"0" * 1024 * 1024), ("deck.pdf", b"%PDF-")
        application = self.receive(mail(files=[big, small], number=1))
        message = application.message_ids.filtered(lambda one: one.message_type == "email")
        self.assertEqual(message.attachment_ids.mapped("name"), ["deck.pdf"])
        self.assertIn("We would like to join.", message.body)
        self.assertIn("at most 1 MB: film.pdf (1.00 Mb). The sender has been told.", message.body)
        told = self.mails_of(application, "could not be taken")
        self.assertEqual(told.recipient_ids, application.applicant_id, "the sender is told, and not only we")
        self.assertIn("film.pdf (1.00 Mb)", told.body_html)
        self.assertIn("1 MB", told.body_html)
        self.receive(mail(files=[big], number=2))  # joins the first
        self.receive(mail(sender="", headers={"From": None}, files=[big], number=3))  # stays with the program
        self.receive(mail(sender="ann@ada.example", text="Company: Bluebird", files=[big], number=4, to=REFERRALS))
        referral = self.env["partner.referral"].search([("prospect_name", "=", "Bluebird")])
        for record in (application, self.program_affiliate, referral):
            self.assertIn("film.pdf", record.message_ids.filtered(lambda one: one.message_type == "email")[0].body)
            self.assertNotIn("film.pdf", record.message_ids.attachment_ids.mapped("name"))
        application.with_user(self.manager).message_post(body="Ours", attachments=[big])
        self.assertIn("film.pdf", application.message_ids.attachment_ids.mapped("name"), "what colleagues attach stays")

    def test_p24_so_is_a_large_mail_that_was_forwarded_as_a_file(self):
        self.company.partner_program_attachment_mb = 1
        forwarding = message_from_bytes(mail(), policy=SMTP)
        film = [("film.pdf", b"%PDF-" + b"0" * 1024 * 1024)]
        forwarding.add_attachment(message_from_bytes(mail(subject="Our film", files=film), policy=SMTP))
        application = self.receive(forwarding.as_bytes())
        self.assertFalse(application.message_ids.attachment_ids)
        self.assertIn("at most 1 MB", application.message_ids.filtered(lambda one: one.message_type == "email").body)

    def test_p24_broken_encoding(self):
        application = self.receive(BROKEN_ENCODING)
        self.assertEqual(application.partner_id.name, "Jürgen Groß")
        self.assertIn("Partner werden", application.application_text)

    def test_p24_machines_do_not_apply(self):
        headers = [
            {"Auto-Submitted": "auto-replied"},
            {"X-Autoreply": "yes"},
            {"Precedence": "bulk"},
            {"List-Id": "<news.new.example>"},
            {"X-Spam-Flag": "YES"},
            {"X-Spam-Status": "Yes, score=9.1"},
            {"Return-Path": "<>"},
        ]
        for number, header in enumerate(headers):
            with self.subTest(header=header):
                self.assertFalse(self.receive(mail(headers=header, number=number)))
        self.assertFalse(self.receive(BOUNCE))
        self.assertFalse(self.env["res.partner"].search([("email", "=", "nora@new.example")]))
        self.assertTrue(self.receive(mail(headers={"Auto-Submitted": "no"}, number="human")))

    def test_p24_what_comes_through_a_list_is_kept_and_told(self):
        for number, header in enumerate(({"List-Id": "<partners.fieldpro.example>"}, {"Precedence": "list"})):
            with self.subTest(header=header):
                subject = f"By the list {number}"
                self.assertFalse(self.receive(mail(headers=header, number=subject, subject=subject)))
                kept = self.program_affiliate.message_ids.filtered(lambda one, name=subject: one.subject == name)
                self.assertIn("like to join", kept.body)
                told = self.env["mail.message"].search([("body", "like", f"“{subject}” from")])
                self.assertIn("came through a mailing list", told.body)
                self.assertIn(self.manager.partner_id, told.notified_partner_ids)
        self.receive(mail(sender=TO, headers={"List-Id": "<x>"}, subject="Of ourselves"))
        self.assertNotIn("Of ourselves", self.program_affiliate.message_ids.mapped("subject"))

    def test_p24_an_automatic_reply_to_our_answer_joins_the_application_and_is_not_answered(self):
        application = self.receive(mail(number=1))
        answer = self.mails_of(application)
        headers = {"Auto-Submitted": "auto-replied", "In-Reply-To": answer.message_id, "References": answer.message_id}
        self.assertFalse(self.receive(mail(number=2, subject="Out of office", headers=headers)))
        self.assertEqual(self.mails_of(application), answer)

    def test_p24_a_mail_without_sender_is_kept_on_the_program_and_whoever_decides_is_told(self):
        self.assertFalse(self.receive(mail(sender="", headers={"From": None}, subject="No sender", number=1)))
        kept = self.program_affiliate.message_ids.filtered(lambda message: message.subject == "No sender")
        self.assertIn("like to join", kept.body)

        def told():
            ours = [("model", "=", "partner.program"), ("res_id", "=", self.program_affiliate.id)]
            return self.env["mail.message"].search([*ours, ("subject", "like", "made no application")])

        first = told()
        self.assertIn(self.manager.partner_id, first.notified_partner_ids, "without a rule: who has the role")
        self.assertNotIn(self.env.ref("base.partner_root"), first.notified_partner_ids)
        marc = self._new_user("marc", "partner_program.group_manager")
        self.env["partner.program.manager.rule"].create({"program_id": self.program_affiliate.id, "user_id": marc.id})
        self.receive(mail(sender="", headers={"From": None}, subject="Again none", number=2))
        self.assertEqual((told() - first).notified_partner_ids, marc.partner_id)

    def test_p24_a_mail_to_a_company_without_a_program_is_kept_and_whoever_can_make_one_is_told(self):
        (self.program_affiliate + self.program_referral).active = False
        to = "partners@fieldpro.example"
        self.assertFalse(self.receive(mail(to=to, subject="May we join?", files=[("deck.pdf", b"%PDF-")])))
        about = [("model", "=", "res.partner"), ("res_id", "=", self.company.partner_id.id)]
        kept = self.env["mail.message"].search([*about, ("message_type", "=", "email")])
        self.assertEqual((kept.subject, kept.attachment_ids.mapped("name")), ("May we join?", ["deck.pdf"]))
        told = self.env["mail.message"].search([*about, ("subject", "=", "A mail to partners made no application")])
        self.assertIn(self.manager.partner_id, told.notified_partner_ids)
        self.assertIn("“May we join?” from", told.body)
        self.program_referral.active = True
        self.assertTrue(self.receive(mail(to=to, number=2)))

    def test_p24_of_a_stray_mail_people_are_told_in_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.company._partner_program_managers_sudo().lang = "fr_FR"
        self.receive(mail(sender="", headers={"From": None}, number=1))
        (self.program_affiliate + self.program_referral).active = False
        self.receive(mail(to="partners@fieldpro.example", number=2))
        told = self.env["mail.message"].search([("message_type", "=", "user_notification")], order="id desc", limit=2)
        self.assertEqual(
            told.mapped("subject"),
            [
                "Un e-mail à partners n'a pas donné de candidature",
                "Un e-mail adressé à Affiliate n'a pas créé de candidature",
            ],
        )

    def test_p24_a_mail_of_a_colleague_is_kept_and_a_forwarded_one_is_the_application_of_whoever_wrote_it(self):
        self.manager.email = "mona@fieldpro.example"
        for number, sender in enumerate(("mona@fieldpro.example", "office@fieldpro.example", TO)):
            with self.subTest(sender=sender):
                self.assertFalse(self.receive(mail(sender=sender, subject="A question", number=number)))
        self.assertEqual(
            len(self.program_affiliate.message_ids.filtered(lambda message: message.subject == "A question")), 3
        )
        text = "FYI\n\n---- Forwarded message ----\nFrom: Fred Far <fred@far.example>\nTo: office\n\nWe want to join."
        application = self.receive(mail(sender="mona@fieldpro.example", subject="Fwd: Partner", text=text, number=9))
        self.assertEqual((application.applicant_email, application.partner_id.name), ("fred@far.example", "Fred Far"))
        self.assertEqual(self.mails_of(application).recipient_ids.email, "fred@far.example")

    def test_p24_a_forwarded_mail_of_an_applicant_is_his_application(self):
        text = "See below.\nFrom: Boss <boss@new.example>\n\nPlease apply."
        application = self.receive(mail(subject="Fwd: apply", text=text))
        self.assertEqual(application.applicant_email, "nora@new.example")

    def test_p24_an_address_of_two_companies_is_asked_about(self):
        self.env["res.partner"].create(
            [
                {"name": "Twin", "email": "twin@two.example", "parent_id": self.client.id},
                {"name": "Twin", "email": "twin@two.example", "parent_id": self.other_client.id},
            ]
        )
        application = self.receive(mail(sender="Twin <twin@two.example>", number=1))
        self.assertEqual(application.ambiguous_partner_ids, self.client + self.other_client)
        self.assertNotIn(application.partner_id, self.client + self.other_client)
        self.assertFalse(self.receive(mail(sender="Twin <twin@two.example>", number=2)), "joins the first")
        with self.assertRefused("more than one company .Cobalt Clinics, Delta Dairies.. Choose"):
            application.with_user(self.manager).action_onboard()
        application.with_user(self.manager).partner_id = self.other_client
        application.with_user(self.manager).action_onboard()
        self.assertEqual((application.state, application.partner_id), ("onboarding", self.other_client))

    def test_p24_contacts_of_another_company_of_ours_are_neither_taken_nor_offered(self):
        other = self.setup_other_company()["company"]
        theirs = self.env["res.partner"].create(
            {"name": "Tess There", "email": "tess@there.example", "company_id": other.id}
        )
        by_mail = self.receive(mail(sender="Tess <tess@there.example>", number=1))
        vals = {"name": "Tess", "email": "tess@there.example", "company_name": "There", "country_id": False}
        vals |= {"program_id": self.program_referral.id, "company_kind": "agency"}
        vals |= {"application_text": "Why not", "expected_volume": ""}
        self.env["res.partner"].create(
            {"name": "Cora", "email": "tess@there.example", "parent_id": self.other_client.id}
        )
        by_mail.applicant_id.email = False  # the new contact of the first mail
        by_form = self.enrollments.sudo()._apply(self.company, vals, "192.0.2.1")
        for application in by_mail + by_form:
            with self.subTest(source=application.application_source):
                self.assertNotIn(theirs, application.partner_id + application.applicant_id)
                self.assertFalse(application.ambiguous_partner_ids)
                self.env.invalidate_all()
                application.with_user(self.manager).action_onboard()
                self.assertEqual(application.state, "onboarding")
        self.assertEqual(by_form.partner_id, self.other_client)

    def test_p24_somebody_who_is_with_another_company_by_now_applies_for_that_one(self):
        self.enrollment_ada.applicant_email = self.ada_contact.email
        for state in ("onboarding", "active", "suspended"):
            with self.subTest(state=state), self.cr.savepoint() as savepoint:
                self.enrollment_ada.with_context(partner_program_no_mail=True).state = state
                self.ada_contact.parent_id = self.client
                before = self.enrollment_ada.message_ids
                sender = self.ada_contact.email
                by_mail = self.receive(mail(sender=sender, to="partners-referral@fieldpro.example", number=1))
                self.assertEqual((by_mail.partner_id, by_mail.applicant_id), (self.client, self.ada_contact))
                by_mail.with_context(partner_program_no_mail=True).state = "ended"
                vals = {"name": "Ann", "email": sender, "company_name": "Cobalt", "country_id": False}
                vals |= {"program_id": None, "company_kind": "agency", "application_text": "Why not"}
                by_form = self.enrollments.sudo()._apply(self.company, {**vals, "expected_volume": ""}, "192.0.2.1")
                self.assertEqual((by_form.partner_id, by_form.application_source), (self.client, "form"))
                self.assertEqual(self.enrollment_ada.message_ids, before)
                savepoint.close(rollback=True)
                self.env.invalidate_all()
        application = self.receive(mail(number=2))
        application.partner_id = self.other_client
        self.env["res.partner"].search([("email", "=", "nora@new.example")]).parent_id = self.client
        self.assertFalse(self.receive(mail(number=3)), "nobody has decided on the first one: it joins it")

    def test_p24_addresses_of_the_programs_at_installation(self):
        for xmlid in ("partner_program.program_referral", "partner_program.program_affiliate"):
            alias = self.env.ref(xmlid).sudo().alias_id
            self.assertEqual(alias.alias_model_id.model, "partner.program.enrollment")
            self.assertIn(f"'program_id': {self.env.ref(xmlid).id}", alias.alias_defaults)
        general = self.env.ref("base.main_company").sudo().partner_program_alias_id
        self.assertEqual(general.alias_model_id.model, "partner.program.enrollment")


class TestWhoIsTold(ApplicationsCommon):
    """P24: an application waits for somebody, and whoever it is knows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marc = cls._new_user("marc", "partner_program.group_manager")
        cls.rule = cls.env["partner.program.manager.rule"].create(
            {"program_id": cls.program_affiliate.id, "user_id": cls.marc.id}
        )

    def test_p24_an_application_is_a_to_do_of_the_manager_of_the_rule_until_it_is_decided(self):
        application = self.receive(mail(number=1))
        to_do = application.activity_ids
        self.assertEqual((to_do.user_id, to_do.summary), (self.marc, "Look at the application of Nora New"))
        self.receive(mail(number=2))
        self.assertEqual(application.activity_ids, to_do, "a further mail makes no second one")
        last = application.message_ids.filtered(lambda one: one.message_type == "email")[0]
        self.assertIn(self.marc.partner_id, last.notified_partner_ids, "and reaches whoever looks at it")
        self.env.flush_all()
        self.env.invalidate_all()
        application.with_user(self.manager).action_onboard()
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertFalse(application.activity_ids)
        self.assertFalse(to_do.exists())

    def test_p24_without_a_rule_somebody_of_the_company_with_the_role_is_told(self):
        self.rule.unlink()
        self.marc.active = False
        application = self.receive(mail())
        user = application.activity_ids.user_id
        self.assertTrue(user.active and user.has_group("partner_program.group_manager"))
        self.assertIn(self.company, user.company_ids)

    def test_p24_an_application_of_the_form_is_told_too(self):
        vals = {"name": "Fay", "email": "fay@form.example", "company_name": "Form", "country_id": False}
        vals |= {"program_id": self.program_affiliate.id, "company_kind": "agency"}
        vals |= {"application_text": "Why not", "expected_volume": ""}
        application = self.enrollments.sudo()._apply(self.company, vals, "192.0.2.1")
        self.assertEqual(application.activity_ids.user_id, self.marc)
        self.enrollments.sudo()._apply(self.company, {**vals, "application_text": "And more"}, "192.0.2.1")
        note = application.message_ids.filtered(lambda one: "And more" in one.body)
        self.assertIn(self.marc.partner_id, note.notified_partner_ids)

    def test_p22_the_account_manager_reads_what_the_partner_writes(self):
        enrollment = self.enrollment_ada
        enrollment.account_manager_id = self.manager
        self.assertIn(self.manager.partner_id, enrollment.message_partner_ids)
        self.receive(mail(sender="ann@ada.example", text="When am I paid?", to=REFERRALS))
        letter = enrollment.message_ids.filtered(lambda one: one.message_type == "email")
        self.assertIn(self.manager.partner_id, letter.notified_partner_ids)
        enrollment.account_manager_id = self.marc
        self.assertIn(self.marc.partner_id, enrollment.message_partner_ids)
        self.assertNotIn(self.manager.partner_id, enrollment.message_partner_ids)

    def test_p24_a_partner_without_account_manager_is_read_as_well(self):
        enrollment = self.enrollment_ada
        enrollment.message_unsubscribe(enrollment.message_partner_ids.ids)
        self.receive(mail(sender="ann@ada.example", text="When am I paid?", to=REFERRALS))
        letter = enrollment.message_ids.filtered(lambda one: one.message_type == "email")
        self.assertTrue(letter.notified_partner_ids.user_ids.filtered(lambda user: not user.share))


class TestReferralsByMail(ApplicationsCommon):
    """P4: an active partner writes to the address; the receipt of the mail is the official time."""

    def refer_by_mail(self, text, sender="ann@ada.example", to="partners-referral@fieldpro.example", **options):
        before = self.env["partner.referral"].search([])
        self.assertFalse(self.receive(mail(sender=sender, text=text, to=to, **options)), "no application")
        return self.env["partner.referral"].search([]) - before

    def test_p4_a_mail_of_a_partner_is_a_referral_received_when_our_server_got_it(self):
        text = "Company: Bluebird Logistics\nContact: Ben Bird\nEmail: ben@bluebird.example\nPhone: +1 555 0101\n"
        # The topmost header is of our own server; the one below and the date are the sender's word.
        headers = {"Received": "from mail.ada.example by mx.fieldpro.example; Mon, 05 Jan 2026 08:30:00 +0000"}
        headers["Date"] = "Mon, 01 Dec 2025 08:00:00 +0000"
        referral = self.refer_by_mail(text, headers=headers, files=[("card.pdf", b"%PDF-")])
        self.assertRecordValues(
            referral,
            [
                {
                    "enrollment_id": self.enrollment_ada.id,
                    "source": "email",
                    "prospect_name": "Bluebird Logistics",
                    "prospect_contact_name": "Ben Bird",
                    "prospect_email": "ben@bluebird.example",
                    "prospect_phone": "+1 555 0101",
                    "referred_on": fields.Datetime.to_datetime("2026-01-05 08:30:00"),
                }
            ],
        )
        self.assertEqual(referral.message_ids.attachment_ids.mapped("name"), ["card.pdf"])
        answer = self.mails_of(referral)
        self.assertIn(referral.name, answer.subject)
        self.assertNotIn("need a little more", answer.body_html)

    def test_p4_what_is_missing_is_asked_for_and_filled_in_by_the_answer(self):
        referral = self.refer_by_mail("They need your help.", subject="Referral: Bluebird Logistics")
        self.assertEqual((referral.prospect_name, referral.prospect_email), ("Bluebird Logistics", False))
        question = self.mails_of(referral)
        self.assertIn("Phone", question.body_html)
        self.assertEqual(question.recipient_ids, self.ada_contact)
        headers = {"In-Reply-To": question.message_id, "References": question.message_id}
        reply = "> Contact: Ben Bird\n> Email: ben@bluebird.example\n> Phone:\nCompany: Bluebird Logistics Ltd"
        self.assertFalse(self.refer_by_mail(reply, subject="Re: referral", headers=headers))
        self.assertRecordValues(
            referral,
            [
                {
                    "prospect_name": "Bluebird Logistics",
                    "prospect_contact_name": "Ben Bird",
                    "prospect_email": "ben@bluebird.example",
                    "prospect_phone": False,
                    "referred_on": fields.Datetime.to_datetime("2026-01-05 09:00:00"),
                }
            ],
        )
        self.assertEqual(referral.lead_id.email_from, "ben@bluebird.example")

    def test_p4_a_mail_that_names_no_client_is_kept_and_answered_and_the_answer_is_the_referral(self):
        self.assertFalse(self.refer_by_mail("When am I paid?", subject="A question"))
        self.assertIn("When am I paid", "".join(self.enrollment_ada.message_ids.mapped("body")))
        question = self.mails_of(self.enrollment_ada)
        self.assertIn("does not say who the client is", question.body_html)
        self.go_to("2026-01-06")
        headers = {"In-Reply-To": question.message_id, "References": question.message_id}
        referral = self.refer_by_mail("Company: Bluebird", subject="Re: client", headers=headers)
        self.assertEqual(referral.referred_on, fields.Datetime.to_datetime("2026-01-06 09:00:00"))

    def test_p4_a_partner_who_is_not_active_is_told_that_a_mail_claims_nothing(self):
        for state, reason in (("onboarding", "something is missing"), ("suspended", "is suspended at present")):
            with self.subTest(state=state):
                self.enrollment_ada.with_context(partner_program_no_mail=True).state = state
                before = self.mails_of(self.enrollment_ada)
                self.assertFalse(self.refer_by_mail("When is the training?", number=f"{state}1"))
                self.assertFalse(self.refer_by_mail("Soon!\n--\nCompany: Ada Advisory", number=f"{state}2"))
                self.assertEqual(self.mails_of(self.enrollment_ada), before)
                self.assertFalse(self.refer_by_mail("Company: Bluebird", number=f"{state}3"))
                answer = self.mails_of(self.enrollment_ada) - before
                self.assertEqual((len(answer), answer.recipient_ids), (1, self.ada_contact))
                for text in ("Bluebird", reason, "send it again then"):
                    self.assertIn(text, answer.body_html)
                self.assertFalse(self.reply(answer, "Company: Cirrus", f"{state}4"))
                self.assertEqual(len(self.mails_of(self.enrollment_ada) - before), 2)

    def test_p4_a_partner_who_is_not_active_is_told_once_of_a_client_that_later_mails_quote(self):
        self.enrollment_ada.with_context(partner_program_no_mail=True).state = "onboarding"
        self.refer_by_mail("Company: Bluebird", number="1")
        answer = self.mails_of(self.enrollment_ada)
        self.assertEqual(len(answer), 1)
        self.reply(answer, "Thanks, I sign tomorrow.\n> Company: Bluebird", "2")
        self.reply(answer, "Done!\n> Company: bluebird Ltd", "3")
        self.assertEqual(self.mails_of(self.enrollment_ada), answer)
        self.reply(answer, "Company: Cirrus\n> Company: Bluebird", "4")
        self.assertEqual(len(self.mails_of(self.enrollment_ada)), 2)
        self.enrollment_ada.with_context(partner_program_no_mail=True).state = "suspended"
        self.reply(answer, "Company: Cirrus", "5")
        self.assertEqual(len(self.mails_of(self.enrollment_ada)), 3, "the reason is another one")

    def test_p4_a_suspended_partner_who_quotes_a_registered_client_is_told_nothing(self):
        self.assertTrue(self.refer_by_mail("Company: Bluebird", number="1"))
        self.enrollment_ada.with_context(partner_program_no_mail=True).state = "suspended"
        before = self.mails_of(self.enrollment_ada)
        self.refer_by_mail("Why?\n> Company: Bluebird", number="2")
        self.assertEqual(self.mails_of(self.enrollment_ada), before)

    def test_d11_the_data_of_the_partner_itself_is_no_client(self):
        self.ada.vat = "FR23334175221"
        self.enrollment_ada.with_context(partner_program_no_mail=True).state = "onboarding"
        for number, text in enumerate(("Company: Ada Advisory Ltd", "Tax ID: FR 23 334 175 221")):
            self.refer_by_mail(text, number=str(number))
        self.assertFalse(self.mails_of(self.enrollment_ada))

    def test_d11_the_data_of_the_partner_in_its_signature_is_not_that_of_the_client(self):
        welcome = self.welcome()
        self.ada.vat = "FR23334175221"
        signature = f"\n\n-- \nBea, Ada Advisory\nVAT: FR 23 334 175 221\nEmail: {self.ada.email}"
        referral = self.reply(welcome, "Company: Bluebird" + signature, 1)
        self.assertRecordValues(
            referral, [{"prospect_name": "Bluebird", "prospect_vat": False, "prospect_email": False}]
        )

    def test_d11_no_data_of_the_partner_itself_are_those_of_the_client(self):
        self.ada_contact.phone = "+1 212 555 0102"
        self.ada.write({"vat": "FR23334175221", "phone": "+1 212 555 0100"})
        signature = (
            "\n\nAnn\nAda Advisory\nCompany: Ada Advisory\nTel.: +1 (212) 555-0102\nMobile: 212 555 0100\n"
            "VAT: FR 23 334 175 221\nEmail: ann@ada.example"
        )
        first = self.refer_by_mail("Company: Bluebird" + signature, subject="x", number=1)
        none = {"prospect_vat": False, "prospect_email": False, "prospect_phone": False}
        self.assertRecordValues(first, [{"prospect_name": "Bluebird", **none}])
        self.assertFalse(first.lead_id.phone)
        self.reply(self.mails_of(first), "Contact: Ben\nPhone: +1 212 555 0199" + signature, 2)
        self.assertRecordValues(
            first,
            [{**none, "prospect_contact_name": "Ben", "prospect_phone": "+1 212 555 0199"}],
        )
        self.assertFalse(first.lead_id.email_from)
        second = self.refer_by_mail("Company: Cedar, ask cy@cedar.example" + signature, subject="x", number=3)
        self.assertEqual((second.prospect_email, second.eligibility), ("cy@cedar.example", "eligible"))

    def test_p4_what_stands_below_a_signature_mark_describes_who_writes(self):
        signature = "\n-- \nName: Ann\nMobile: +1 212 555 0177\nEmail: ann@private.example\nVAT: FR23334175221"
        referral = self.refer_by_mail("Company: Bluebird" + signature, subject="x")
        self.assertRecordValues(
            referral,
            [
                {
                    "prospect_name": "Bluebird",
                    "prospect_contact_name": False,
                    "prospect_phone": False,
                    "prospect_email": False,
                    "prospect_vat": False,
                }
            ],
        )

    def test_p4_a_client_named_by_address_only_beside_the_signature_of_the_partner(self):
        self.ada.vat = "FR23334175221"
        signature = "\n\nCompany: Ada Advisory\nVAT: FR 23 334 175 221\nEmail: ann@ada.example"
        referral = self.refer_by_mail("Please talk to ben@bluebird.example" + signature, subject="x", number=1)
        self.assertRecordValues(
            referral, [{"prospect_name": False, "prospect_email": "ben@bluebird.example", "prospect_vat": False}]
        )
        self.reply(self.mails_of(referral), "Contact: Ben" + signature, 2)
        self.assertRecordValues(referral, [{"prospect_name": False, "prospect_contact_name": "Ben"}])
        before = self.mails_of(self.enrollment_ada)
        welcome = self.welcome()
        self.assertFalse(self.reply(welcome, "And to cy@cedar.example" + signature, 3))
        question = self.mails_of(self.enrollment_ada) - welcome - before
        self.assertIn("does not say who the client is", question.body_html)
        second = self.reply(question, "It is cy@cedar.example" + signature, 4)
        self.assertEqual(second.prospect_email, "cy@cedar.example")

    def test_p4_an_answer_about_one_client_that_names_another_takes_nothing_and_is_for_a_person(self):
        """What stands in it may be of either, and part of it is quoted: neither claim gets the data of the other."""
        bluebird = self.refer_by_mail("Company: Bluebird", number=1)
        quoted = "> Company: Bluebird\n> Email: ben@bluebird.example"
        for number, text in enumerate(
            (
                "Company: Sunrise\nContact: Sue\n\n" + quoted,
                quoted + "\n\nCompany: Sunrise\nContact: Sue",
                "Company: Bluebird\nContact: Ben\nCompany: Sunrise\nEmail: sue@sunrise.example",
            ),
            2,
        ):
            self.assertFalse(self.reply(self.mails_of(bluebird), text, number))
            self.assertRecordValues(bluebird, [{"prospect_email": False, "prospect_contact_name": False}])
            self.assertFalse(bluebird.lead_id.email_from)
        todo = bluebird.activity_ids.filtered(lambda one: one.summary == "An answer names another company")
        self.assertEqual((len(todo), todo.user_id), (1, bluebird._get_responsible()), "asked once")
        self.assertIn("answers about Bluebird and names Sunrise", str(todo.note))
        self.assertFalse(self.mails_of(self.enrollment_ada), "no machine asks the partner")

    def test_p4_a_claim_gets_nothing_of_what_is_quoted_beside_it(self):
        """In an answer to a mail that is about no client: our form, or a mail of before."""
        text = "> Company: Bluebird\n> Email: ben@bluebird.example\n\nCompany: Sunrise\nContact: Sue"
        sunrise = self.reply(self.welcome(), text, 1)
        expected = {"prospect_name": "Sunrise", "prospect_contact_name": "Sue", "prospect_email": False}
        self.assertRecordValues(sunrise, [expected])

    def test_p4_another_way_to_write_a_name_is_no_other_company(self):
        referral = self.env["partner.referral"].new({"prospect_name": "Coca-Cola"})
        for name in ("Coca Cola", "CocaCola", "Coca-Cola, Ltd.", "Coca-Cola Enterprises"):
            self.assertFalse(referral._is_another(name), name)
        for name in ("Coc", "Pepsi", "Cola-Light"):
            self.assertTrue(referral._is_another(name), name)

    def test_p4_an_answer_with_the_full_name_of_the_client_is_about_it(self):
        bluebird = self.refer_by_mail("Company: Bluebird", number=1)
        self.assertFalse(self.reply(self.mails_of(bluebird), "Company: Bluebird Logistics\nContact: Ben", 2))
        self.assertRecordValues(bluebird, [{"prospect_name": "Bluebird", "prospect_contact_name": "Ben"}])
        self.assertFalse(self.mails_of(self.enrollment_ada))
        self.assertFalse(self.reply(self.mails_of(bluebird), "Company: Blue\nEmail: blue@blue.example", 3))
        self.assertFalse(bluebird.prospect_email, "a part of a word is another company")

    def test_d11_an_address_at_the_domain_of_the_partner_is_not_that_of_the_client(self):
        welcome = self.welcome()
        signature = "\n\nAnn\nCompany: Ada Advisory\nEmail: info@ada.example"
        for number in (1, 2):
            self.assertFalse(self.reply(welcome, "Thanks!" + signature, number))
        self.assertEqual(self.mails_of(self.enrollment_ada), welcome, "small talk")
        self.assertFalse(self.refer_by_mail("Hello" + signature, subject="x", number=3))
        question = self.mails_of(self.enrollment_ada) - welcome
        self.assertFalse(self.reply(question, "No, thank you." + signature, 4))
        text = "Company: Bluebird\nEmail: office@fieldpro.example" + signature
        self.assertFalse(self.refer_by_mail(text, subject="x", number=5).prospect_email, "that one is ours")
        self.ada_contact.email = "ann.ada@gmail.com"
        text = "Company: Cedar\nEmail: cedar@gmail.com" + signature
        referral = self.refer_by_mail(text, sender="ann.ada@gmail.com", subject="x", number=6)
        self.assertEqual(referral.prospect_email, "cedar@gmail.com", "a public provider")

    def test_d11_a_mail_that_names_the_parent_of_the_partner_makes_no_claim(self):
        self.ada.parent_id = self.env["res.partner"].create({"name": "Mother Holding", "is_company": True})
        self.assertFalse(self.refer_by_mail("Company: Mother Holding Ltd", subject="x"))
        self.assertEqual(self.enrollment_ada.mail_problem, "a partner cannot refer itself")

    def reply(self, to_mail, text, number, **options):
        """Answer one of our mails; returns the referrals that it makes."""
        headers = {"In-Reply-To": to_mail.message_id, "References": to_mail.message_id, **options.pop("headers", {})}
        return self.refer_by_mail(text, subject=f"Re: {to_mail.subject}", headers=headers, number=number, **options)

    def welcome(self):
        self.enrollment_ada.with_context(partner_program_no_mail=True).state = "onboarding"
        self.enrollment_ada.action_activate()
        return self.mails_of(self.enrollment_ada, "Welcome")

    def test_p4_an_answer_to_the_welcome_mail_that_names_the_client_is_a_referral_dated_when_received(self):
        welcome = self.welcome()
        self.assertIn("Company:", welcome.body_html, "what to write")
        self.go_to("2026-01-06")
        headers = {"Received": "from ada.example by mx.fieldpro.example; Tue, 06 Jan 2026 07:30:00 +0000"}
        referral = self.reply(welcome, "Company: Bluebird\n\n> You earn 5 %\n> Company:", 1, headers=headers)
        self.assertRecordValues(
            referral,
            [
                {
                    "prospect_name": "Bluebird",
                    "enrollment_id": self.enrollment_ada.id,
                    "referred_on": fields.Datetime.to_datetime("2026-01-06 07:30:00"),
                }
            ],
        )
        self.assertIn(referral.name, self.mails_of(referral).subject)
        self.assertFalse(self.reply(welcome, "Thanks!\n\n> Company: Bluebird", 2), "quoted, not claimed again")
        self.assertEqual(len(self.mails_of(self.enrollment_ada)), 1, "and not asked about")

    def test_p4_small_talk_in_an_answer_makes_no_claim_and_no_question(self):
        welcome = self.welcome()
        signature = "\n--\nAnn\nCompany: Ada Advisory\nEmail: ann@ada.example\nPhone: +1 555 0102"
        for number, text in enumerate(("Great, thank you!", "See you on Monday." + signature)):
            self.assertFalse(self.reply(welcome, text, number))
        self.assertEqual(self.mails_of(self.enrollment_ada), welcome)

    def test_p4_an_answer_that_seems_to_name_a_client_is_asked_about_once(self):
        welcome = self.welcome()
        self.assertFalse(self.reply(welcome, "Please talk to ben@bluebird.example!", 1))
        question = self.mails_of(self.enrollment_ada) - welcome
        self.assertIn("does not say who the client is", question.body_html)
        out_of_office = {"Auto-Submitted": "auto-replied"}
        self.assertFalse(self.reply(question, "Company: Ada\nI am away", 2, headers=out_of_office))
        self.assertFalse(self.reply(question, "Not now, later.", 3))
        self.assertEqual(self.mails_of(self.enrollment_ada), welcome + question)
        self.assertFalse(self.enrollment_ada.mail_problem, "the question is answered")
        self.assertFalse(self.reply(question, "Thank you all the same.", 4))
        self.assertEqual(self.mails_of(self.enrollment_ada), welcome + question)

    def test_p4_the_answer_to_a_question_counts_from_its_receipt(self):
        self.assertFalse(self.refer_by_mail("I know somebody", subject="A client"))
        question = self.mails_of(self.enrollment_ada)
        self.go_to("2026-01-06")
        headers = {"Received": "from ada.example by mx.fieldpro.example; Tue, 06 Jan 2026 01:15:00 +0000"}
        referral = self.reply(question, "It is Bluebird: ben@bluebird.example", 1, headers=headers)
        self.assertEqual(referral.referred_on, fields.Datetime.to_datetime("2026-01-06 01:15:00"))

    def test_p4_somebody_of_us_reads_what_a_partner_answers_about_a_referral(self):
        claims = self.refer_by_mail("Company: Bluebird", number=1) + self.refer(user_id=False, accept=False)
        for number, referral in enumerate(claims):
            referral.message_unsubscribe(referral.message_partner_ids.ids)
            sent = self.env["mail.template"]._partner_program_send(
                "partner_program.mail_template_claim_closing", referral, {"recipient_ids": self.ada_contact.ids}
            )
            self.reply(sent.sudo(), "They are on holiday until May.", f"holiday-{number}", to=CATCHALL)
            letter = referral.message_ids.filtered(lambda one: one.message_type == "email")[:1]
            self.assertIn("on holiday", letter.body)
            self.assertTrue(letter.notified_partner_ids.user_ids.filtered(lambda user: not user.share))

    def changed_program(self):
        """Ada has a claim by mail and the welcome mail of before, and is on the other program now."""
        self.program_affiliate.write({"agreement_id": False, "trained_contacts_required": 0})
        welcome = self.welcome()
        self.assertTrue(self.reply(welcome, "Company: Alpha", 1))
        return welcome, self.enrollment_ada._change_program(self.program_affiliate)

    def test_p4_after_a_change_of_program_a_partner_writes_as_it_always_did(self):
        welcome, successor = self.changed_program()
        self.assertEqual(successor.state, "active")
        self.assertEqual(self.reply(welcome, "Company: Bluebird", 2, to=CATCHALL).enrollment_id, successor)
        self.assertEqual(self.refer_by_mail("Company: Cedar", number=3).enrollment_id, successor)
        before = self.mails_of(successor)
        self.assertFalse(self.reply(welcome, "Thanks!\n> Company: Alpha", 4, to=CATCHALL))
        self.assertEqual(self.mails_of(successor), before, "it is quoted, not claimed again")
        successor.with_context(partner_program_no_mail=True).state = "suspended"
        self.assertFalse(self.refer_by_mail("Company: Delta", number=5))
        self.assertFalse(self.reply(welcome, "Company: Echo", 6, to=CATCHALL))
        told = self.mails_of(successor) - before
        self.assertEqual(len(told.filtered(lambda one: "is suspended at present" in one.body_html)), 2)

    def test_p22_who_looks_after_the_partner_after_a_change_reads_what_comes_to_the_enrollment_of_before(self):
        nick = self._new_user("nick", "partner_program.group_manager")
        self.enrollment_ada.account_manager_id = self.manager
        welcome, successor = self.changed_program()
        successor.account_manager_id = nick
        self.reply(welcome, "When am I paid?", 2, to=CATCHALL)
        letter = self.enrollment_ada.message_ids.filtered(lambda one: one.message_type == "email")[:1]
        self.assertIn("When am I paid?", letter.body)
        self.assertIn(nick.partner_id, letter.notified_partner_ids)
        self.assertNotIn(self.manager.partner_id, letter.notified_partner_ids)

    def test_p4_a_claim_from_the_address_that_the_partner_applied_with_is_asked_about_at_the_partner(self):
        self.enrollment_ada.applicant_email = "ann@private.example"
        sender = "ann@private.example"
        self.assertFalse(self.refer_by_mail("Have a nice day", sender=sender, number=1))
        self.assertFalse(self.mails_of(self.enrollment_ada))
        self.assertFalse(self.refer_by_mail("Company: Bluebird", sender=sender, number=2))
        question = self.mails_of(self.enrollment_ada)
        self.assertEqual(question.recipient_ids, self.ada_contact, "whoever wrote may have left")
        self.assertIn("we cannot tell by the address ann@private.example that it is yours", question.body_html)
        self.assertFalse(self.refer_by_mail("Hello?\n> Company: Bluebird", sender=sender, number=3))
        self.assertEqual(self.mails_of(self.enrollment_ada), question)
        self.assertEqual(self.reply(question, "Company: Bluebird", 4, to=CATCHALL).prospect_name, "Bluebird")

    def test_p4_so_is_one_from_an_address_that_two_partners_share(self):
        self.enrollment_ada.applicant_email = "ann@ada.example"
        self.env["res.partner"].create({"name": "Ann", "parent_id": self.byte.id, "email": "ann@ada.example"})
        self.enrollment_byte.program_id = self.program_referral
        self.assertEqual(self.enrollment_byte.state, "active")
        self.assertFalse(self.refer_by_mail("Company: Bluebird", number=1))
        self.assertIn("by the address ann@ada.example", self.mails_of(self.enrollment_ada).body_html)

    def test_p4_a_machine_does_not_fill_in_what_is_missing(self):
        referral = self.refer_by_mail("They need your help.", subject="Referral: Bluebird Logistics")
        self.reply(
            self.mails_of(referral), "Phone: 0800 AWAY", 1, headers={"Auto-Submitted": "auto-replied"}, to=CATCHALL
        )
        self.assertFalse(referral.prospect_phone)
        self.reply(self.mails_of(referral), "Phone: +1 555 0101", 2, to=CATCHALL)
        self.assertEqual(referral.prospect_phone, "+1 555 0101")

    def test_p4_d11_a_partner_that_refers_itself_is_told_why_not(self):
        text = "Company: Ada Advisory\nEmail: office@ada.example"
        referral = self.refer_by_mail(text, subject="x")
        self.assertFalse(referral)

    def test_p4_what_stands_in_the_way_is_told_in_the_language_of_the_partner(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.ada.lang = "fr_FR"
        for number, (text, problem) in enumerate(
            (
                ("When am I paid?", "il ne dit pas qui est le client"),
                ("Company: Ada Advisory", "un partenaire ne peut pas se recommander lui-même"),
            )
        ):
            self.assertFalse(self.refer_by_mail(text, subject="x", number=number))
            self.assertEqual(self.enrollment_ada.mail_problem, problem)

        def refuses(referrals, _vals_list):
            raise UserError(referrals.env.lang)

        with patch.object(type(self.env["partner.referral"]), "_register_referrals", refuses):
            self.assertFalse(self.refer_by_mail("Company: Bluebird", number=3))
        self.assertEqual(self.enrollment_ada.mail_problem, "fr_FR")

    def test_p4_the_address_for_those_who_do_not_know_yet_and_that_of_another_program(self):
        referral = self.refer_by_mail("Company: Bluebird", to="partners@fieldpro.example", number=1)
        self.assertEqual(referral.enrollment_id, self.enrollment_ada)
        application = self.receive(mail(sender="ann@ada.example", number=2))
        self.assertEqual((application.partner_id, application.program_id), (self.ada, self.program_affiliate))
