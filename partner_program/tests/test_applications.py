"""P24: applications by mail, through Odoo's gateway with raw messages."""

from email import message_from_bytes
from email.policy import SMTP

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PartnerProgramCommon
from .mails import BOUNCE, BROKEN_ENCODING, TO, mail

CATCHALL = "catchall@fieldpro.example"
REFERRALS = "partners-referral@fieldpro.example"
FORWARDED_HTML = {  # as Gmail and Outlook forward a mail of this address
    "fay@far.example": '<div dir="ltr">FYI<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- '
    'Forwarded message ---------<br>From: <strong class="gmail_sendername" dir="auto">Fay Far</strong> '
    '<span dir="auto">&lt;<a href="mailto:fay@far.example">fay@far.example</a>&gt;</span><br>Date: Mon, Jan 5<br>'
    "</div><br>Hello!</div></div>",
    "fay@fern.example": '<div class=WordSection1><p class=MsoNormal>FYI<o:p></o:p></p><div><div style="border:none">'
    '<p class=MsoNormal><b>Von:</b> Fay Far &lt;<a href="mailto:fay@fern.example">fay@fern.example</a>&gt; <br>'
    "<b>Gesendet:</b> Montag<br><b>An:</b> FieldPro<o:p></o:p></p></div></div><p class=MsoNormal>Hallo!</p></div>",
    "fay@firm.example": "FYI<br>From: Fay Far [mailto:fay@firm.example]<br>Sent: today<br>Hello",
    "fay@fir.example": 'FYI<br>From: "Fay Far" <i>fay@fir.example [mailto:fay@fir.example]</i><br>Sent: today<br>Hello',
}


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
        for number, (address, html) in enumerate(FORWARDED_HTML.items(), 10):
            with self.subTest(address=address):
                application = self.receive(mail(sender="mona@fieldpro.example", text="-", html=html, number=number))
                self.assertEqual((application.applicant_email, application.partner_id.name), (address, "Fay Far"))

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

    def test_p24_whom_the_approval_makes_account_manager_is_told_of_no_to_do_that_it_ends(self):
        messages = self.env["mail.message"].sudo()
        self.rule.unlink()
        application = self.receive(mail())
        self.assertNotEqual(application.activity_ids.user_id, self.marc)
        self.rule.create({"program_id": self.program_affiliate.id, "user_id": self.marc.id})
        before = messages.search([])
        application.with_user(self.manager).action_onboard()
        self.assertEqual((application.account_manager_id, application.activity_ids.ids), (self.marc, []))
        told = messages.search([("partner_ids", "in", self.marc.partner_id.ids)]) - before
        self.assertFalse(told.mapped("subject"))

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
