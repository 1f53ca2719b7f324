"""P4, P24: referrals by mail and answers to our mails, through Odoo's gateway with raw messages."""

from time import process_time
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.partner_program_enrollment_application import FORWARDED
from ..tools.mail_text import text_of
from ..tools.matching import is_another_name
from .mails import PROGRAMS, as_written_in, mail
from .test_applications import CATCHALL, ApplicationsCommon


@tagged("post_install", "-at_install")
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
        second = self.reply(question, "Company: Cedar\nEmail: cy@cedar.example" + signature, 4)
        self.assertEqual(second.prospect_email, "cy@cedar.example")

    def test_p4_an_answer_about_one_client_that_names_another_takes_nothing_and_is_for_a_person(self):
        """What stands in it may be of either, and part of it is quoted: neither claim gets the data of the other."""
        bluebird = self.refer_by_mail("Company: Bluebird", number=1)
        bluebird._get_responsible().tz = "Europe/Paris"
        quoted = "> Company: Bluebird\n> Email: ben@bluebird.example"
        received = {"Received": "from ada.example by mx.fieldpro.example; Mon, 05 Jan 2026 07:30:00 +0000"}
        for number, text in enumerate(
            (
                "Company: Sunrise\nContact: Sue\n\n" + quoted,
                quoted + "\n\nCompany: Cedar\nContact: Cy",
                "Company: Bluebird\nContact: Ben\nCompany: Delta\nEmail: di@delta.example\nCompany: Echo",
            ),
            2,
        ):
            self.assertFalse(self.reply(self.mails_of(bluebird), text, number, headers=received))
            self.assertRecordValues(bluebird, [{"prospect_email": False, "prospect_contact_name": False}])
            self.assertFalse(bluebird.lead_id.email_from)
        todo = self.todo_of(bluebird)
        self.assertEqual((len(todo), todo.user_id), (1, bluebird._get_responsible()), "one list of all")
        for text in ("names Sunrise beside Bluebird", "names Cedar beside", "names Delta, Echo beside"):
            self.assertIn(text, str(todo.note))
        self.assertIn("8:30", str(todo.note), "the time that counts, by the clock of the reader")
        self.assertFalse(self.mails_of(self.enrollment_ada), "no machine asks the partner")

    def reject(self, referral):
        referral.decision_reason = "No need"
        referral.action_reject()

    def todo_of(self, referral):
        return referral.activity_ids.filtered(lambda one: one.summary == "A mail names another company")

    def test_p4_an_answer_that_quotes_another_company_takes_nothing_of_the_quote(self):
        bluebird = self.refer_by_mail("Company: Bluebird", number=1)
        text = "Contact: Ben\n\n> Company: Sunrise\n> Email: sue@sunrise.example"
        self.assertFalse(self.reply(self.mails_of(bluebird), text, 2))
        self.assertRecordValues(bluebird, [{"prospect_email": False, "prospect_contact_name": "Ben"}])
        self.assertFalse(self.todo_of(bluebird))

    def test_p4_a_mail_about_two_clients_is_the_claim_on_the_first_and_a_to_do(self):
        text = "Company: Bluebird\nContact: Ben\n\nCompany: Sunrise\nEmail: sue@sunrise.example"
        bluebird = self.refer_by_mail(text, subject="x")
        none = {"prospect_contact_name": False, "prospect_email": False}
        self.assertRecordValues(bluebird, [{"prospect_name": "Bluebird", **none}])
        self.assertIn("names Sunrise beside Bluebird", str(self.todo_of(bluebird).note))

    def test_p4_a_mail_about_a_client_who_was_referred_already_goes_there(self):
        text = "Company: Bluebird\nEmail: ben@bluebird.example"
        bluebird = self.refer_by_mail(text, subject="x", number=1)
        for number, (again, subject) in enumerate(
            (
                (text, "sent twice"),
                ("Any news? ben@bluebird.example says that nobody called.", "News"),
                ("And?", "Referral: Bluebird"),
                ("Company: Bluebird Ltd.\nContact: Ben", "More"),
            ),
            2,
        ):
            self.assertFalse(self.refer_by_mail(again, subject=subject, number=number), again)
        self.assertEqual(bluebird.prospect_contact_name, "Ben")
        self.assertEqual(len(bluebird.message_ids.filtered(lambda one: one.message_type == "email")), 5)
        self.assertFalse(self.mails_of(self.enrollment_ada))
        self.reject(bluebird)
        self.assertTrue(self.refer_by_mail("Company: Bluebird", subject="Again", number=9), "that one is over")

    def test_p4_a_client_of_whom_the_claim_is_over_can_be_referred_by_an_answer(self):
        welcome = self.welcome()
        bluebird = self.reply(welcome, "Company: Bluebird", 1)
        self.reject(bluebird)
        self.assertFalse(self.reply(welcome, "A pity.\n> Company: Bluebird", 2), "quoted")
        self.assertTrue(self.reply(welcome, "Now they want it!\nCompany: Bluebird", 3))

    def test_p4_an_answer_to_our_question_about_a_known_client_settles_it(self):
        bluebird = self.refer_by_mail("Company: Bluebird", number=1)
        self.assertFalse(self.refer_by_mail("I know somebody", subject="A client", number=2))
        question = self.mails_of(self.enrollment_ada)
        self.assertFalse(self.reply(question, "I meant this one.\nCompany: Bluebird\nContact: Ben", 3))
        self.assertFalse(self.enrollment_ada.mail_problem)
        self.assertEqual(bluebird.prospect_contact_name, "Ben")
        self.assertFalse(self.enrollment_ada.activity_ids)

    def test_p4_an_answer_to_our_question_without_a_line_is_read_by_a_person(self):
        self.assertFalse(self.refer_by_mail("I know somebody", subject="A client", number=1))
        question = self.mails_of(self.enrollment_ada)
        headers = {"Received": "from ada.example by mx.fieldpro.example; Mon, 05 Jan 2026 07:30:00 +0000"}
        self.assertFalse(self.reply(question, "It is Bluebird Logistics in Lyon.", 2, headers=headers))
        todo = self.enrollment_ada.activity_ids
        self.assertEqual(todo.user_id, self.enrollment_ada._get_responsibles()[:1])
        self.assertIn("7:30", str(todo.note))

    def test_p4_a_subject_names_a_client_behind_a_colon_only(self):
        no_names = ("Referral commission for May", "Lead time?", "Referral program - question", "New lead for you")
        for number, subject in enumerate(no_names):
            self.assertFalse(self.refer_by_mail("Hello", subject=subject, number=number), subject)
        for number, subject in enumerate(("Lead: Alpha Works", "Re: New referral: Beta", "Recommandation : Gamma"), 5):
            self.assertTrue(self.refer_by_mail("Hello", subject=subject, number=number).prospect_name, subject)

    def test_p4_whoever_wrote_is_answered(self):
        bob = self.env["res.partner"].create(
            {"name": "Bob", "email": "bob@ada.example", "parent_id": self.ada.id, "type": "contact"}
        )
        self.assertFalse(self.refer_by_mail("When am I paid?", sender="bob@ada.example", number=1))
        question = self.mails_of(self.enrollment_ada)
        self.assertEqual(question.recipient_ids, bob)
        self.assertIn("Hello Bob", question.body_html)
        self.assertFalse(
            self.refer_by_mail("Company: Bluebird", sender="bob@ada.example", number=2)
            - (referral := self.env["partner.referral"].search([("prospect_name", "=", "Bluebird")]))
        )
        self.assertEqual(self.mails_of(referral).recipient_ids, bob)

    def test_p4_the_client_who_answers_an_introduction_does_not_apply(self):
        introduction = "<introduction@ada.example>"
        headers = {"Message-Id": introduction, "Cc": "ben@bluebird.example"}
        referral = self.refer_by_mail("Company: Bluebird", headers=headers)
        headers = {"In-Reply-To": introduction, "References": introduction}
        self.assertFalse(self.refer_by_mail("Call me!", sender="ben@bluebird.example", headers=headers, number=2))
        self.assertIn("Call me!", "".join(referral.message_ids.mapped("body")))
        self.assertFalse(referral.prospect_email, "what others say is for a person")

    def test_p4_a_mail_from_before_the_first_day_is_answered_in_words_for_the_partner(self):
        self.enrollment_ada.date_start = "2026-01-04"
        headers = {"Received": "from ada.example by mx.fieldpro.example; Sat, 03 Jan 2026 08:30:00 +0000"}
        self.assertFalse(self.refer_by_mail("Company: Bluebird", headers=headers))
        self.assertIn(
            "received before the first day of your partnership, 01/04/2026.",
            self.mails_of(self.enrollment_ada).body_html,
        )

    def test_p4_two_of_our_addresses_make_one_claim(self):
        to = "partners@fieldpro.example, partners-referral@fieldpro.example"
        self.assertEqual(len(self.refer_by_mail("Company: Bluebird", to=to)), 1)
        application = self.receive(mail(to="partners@fieldpro.example, partners-affiliate@fieldpro.example", number=2))
        self.assertEqual((len(application), application.program_id), (1, self.program_affiliate))
        self.assertFalse(self.refer_by_mail("When am I paid?", to=to, number=3))
        self.assertEqual(len(self.mails_of(self.enrollment_ada)), 1, "one question")
        self.env["partner.program.enrollment"].create(
            {"partner_id": self.ada.id, "program_id": self.program_affiliate.id, "state": "active"}
        )
        claim = self.refer_by_mail("Company: Cedar", to=to, number=4)
        self.assertEqual((len(claim), claim.program_id), (1, self.program_referral), "the program written to")

    def test_p4_a_claim_gets_nothing_of_what_is_quoted_beside_it(self):
        """In an answer to a mail that is about no client: our form, or a mail of before."""
        text = "> Company: Bluebird\n> Email: ben@bluebird.example\n\nCompany: Sunrise\nContact: Sue"
        sunrise = self.reply(self.welcome(), text, 1)
        expected = {"prospect_name": "Sunrise", "prospect_contact_name": "Sue", "prospect_email": False}
        self.assertRecordValues(sunrise, [expected])

    def test_p4_another_way_to_write_a_name_is_no_other_company(self):
        for name in ("Coca Cola", "CocaCola", "Coca-Cola, Ltd.", "Coca-Cola Enterprises", ""):
            self.assertFalse(is_another_name(name, ["Coca-Cola", None]), name)
            self.assertFalse(is_another_name(name, [None]), "none is known")
        for name in ("Coc", "Pepsi", "Cola-Light"):
            self.assertTrue(is_another_name(name, ["Coca-Cola"]), name)

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
        referral = self.reply(question, "It is Ben's.\nCompany: Bluebird", 1, headers=headers)
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

    def test_p4_a_mail_is_read_as_its_program_writes_it(self):
        """Gmail, Apple, Outlook, Thunderbird: each has its own HTML for the same lines."""
        lines = ["Company: Bluebird", "Contact: Ben Bird", "Email: ben@bluebird.example", "Phone: +1 555 0101"]
        for program in PROGRAMS:
            with self.subTest(program=program):
                html = as_written_in(program, ["Hi Mona,", "", *lines])
                name = f"Bluebird of {program}"
                html = html.replace("Bluebird", name)
                referral = self.refer_by_mail("see HTML", html=html, subject="x", number=program)
                self.assertRecordValues(
                    referral,
                    [
                        {
                            "prospect_name": name,
                            "prospect_contact_name": "Ben Bird",
                            "prospect_email": "ben@bluebird.example",
                            "prospect_phone": "+1 555 0101",
                        }
                    ],
                )
                self.assertRegex(referral.note, r"Contact ?: Ben Bird\nEmail ?:")
                self.reject(referral)

    def test_p4_what_is_quoted_is_told_from_what_is_typed_in_each_program(self):
        welcome = self.welcome()
        old = ["Company: Bluebird", "Email: ben@bluebird.example", "Phone: +1 555 0101"]
        for number, program in enumerate(PROGRAMS):
            with self.subTest(program=program):
                typed = [f"Company: Sunrise{number}", f"Contact: Sue{number}"]
                html = as_written_in(program, typed, quoted=old)
                referral = self.reply(welcome, "see HTML", program, html=html)
                self.assertRecordValues(
                    referral,
                    [
                        {
                            "prospect_name": f"Sunrise{number}",
                            "prospect_contact_name": f"Sue{number}",
                            "prospect_email": False,
                            "prospect_phone": False,
                        }
                    ],
                )
                html = as_written_in(program, ["Thanks!"], quoted=typed)
                self.assertFalse(self.reply(welcome, "see HTML", f"{program}-thanks", html=html))

    def test_p4_a_client_who_is_told_in_a_forwarded_mail_only(self):
        for number, program in enumerate(PROGRAMS):
            with self.subTest(program=program):
                old = [f"Company: Bluebird{number}", f"Email: ben@bluebird{number}.example"]
                html = as_written_in(program, ["For you."], quoted=old)
                referral = self.refer_by_mail("see HTML", html=html, subject="Fwd: Hello", number=program)
                self.assertRecordValues(
                    referral,
                    [{"prospect_name": f"Bluebird{number}", "prospect_email": f"ben@bluebird{number}.example"}],
                )

    def test_d11_a_linked_address_of_the_partner_is_its_own(self):
        welcome = self.welcome()
        html = as_written_in("gmail", ["Thanks!", "Ann", "Email: ann@ada.example", "Company: Ada Advisory"])
        self.assertFalse(self.reply(welcome, "see HTML", 1, html=html))
        self.assertEqual(self.mails_of(self.enrollment_ada), welcome)

    def test_p4_lines_are_read_however_they_are_set(self):
        for text, expected in (
            ("Email: ben@bluebird.example or call him", {"prospect_email": "ben@bluebird.example"}),
            ("Company: A1 Ltd, Contact: Ben, Phone: 1", {"prospect_name": "A1 Ltd", "prospect_phone": "1"}),
            ("Soci\xe9t\xe9\xa0:\xa0A2", {"prospect_name": "A2"}),
            (
                "Nom de la soci\xe9t\xe9 : A3\nContact : Ben",
                {"prospect_name": "A3", "prospect_contact_name": "Ben"},
            ),
            ("* Client name: *A4*", {"prospect_name": "A4"}),
            ("Company: " + "x" * 5000, {"prospect_name": "x" * 200}),
            ("Company: -\nClient: A5, ben@a5.example", {"prospect_name": "A5", "prospect_email": "ben@a5.example"}),
            ("Company: Müller (France) <info@mueller.example>", {"prospect_name": "Müller (France)"}),
            ("Phone: (212) 555-0100\nCompany: _____", {"prospect_phone": "(212) 555-0100"}),
            ("Email: 'ben@x.example' <ben@x.example>", {"prospect_email": "ben@x.example"}),
            ("Email: b.o'brien@bluebird.example.", {"prospect_email": "b.o'brien@bluebird.example"}),
        ):
            with self.subTest(text=text[:40]):
                mail_dict = {"body": f"<pre>{text}</pre>", "email_from": "ann@ada.example"}
                told, _whole = self.env["partner.referral"]._read_clients(mail_dict, self.enrollment_ada)
                self.assertEqual(told.get_vals() | expected, told.get_vals())

    def test_p4_a_mail_of_a_partner_that_a_colleague_forwards_is_its_claim(self):
        self.manager.email = "mona@fieldpro.example"
        html = (
            '<div dir="ltr">FYI<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded '
            'message ---------<br>From: <strong>Ann</strong> <span dir="auto">&lt;<a href="mailto:ann@ada.example">'
            "ann@ada.example</a>&gt;</span><br>Date: Mon, Jan 5<br></div><br>Company: Bluebird<div>Email: "
            '<a href="mailto:ben@bluebird.example">ben@bluebird.example</a></div></div></div>'
        )
        referral = self.refer_by_mail("-", sender="mona@fieldpro.example", html=html)
        self.assertRecordValues(
            referral,
            [
                {
                    "enrollment_id": self.enrollment_ada.id,
                    "prospect_name": "Bluebird",
                    "prospect_email": "ben@bluebird.example",
                }
            ],
        )

    def test_p4_signatures_that_a_program_marks_describe_who_writes(self):
        referral = self.refer_by_mail("Company: Bluebird", number=1)
        signatures = (
            '<span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature" '
            'data-smartmail="gmail_signature"><div>Ann</div><div>Mobile: +1 555 7777</div></div>',
            '<div id="Signature"><div>Ann</div><div>Mobile: +1 555 7777</div></div>',
            '<div class="moz-signature">-- <br>Ann<br>Mobile: +1 555 7777</div>',
        )
        ours = '<blockquote type="cite">Hello Ann<br><br>-- <br>Mona<br>Phone: +1 555 8888</blockquote>'
        for number, signature in enumerate(signatures, 2):
            html = f'<div dir="ltr">Contact: Ben<br>{signature}</div>{ours}'
            self.reply(self.mails_of(referral), "-", number, html=html)
        self.reply(self.mails_of(referral), "Thanks!\n\n> Hello\n> -- \n> Mona\n> Phone: +1 555 8888", 9)
        self.assertRecordValues(referral, [{"prospect_contact_name": "Ben", "prospect_phone": False}])
        html = f'<div dir="ltr">For you.<br>{signatures[0]}</div>{as_written_in("gmail", ["-"], ["Company: Cedar"])}'
        self.assertFalse(self.refer_by_mail("-", html=html, subject="Fwd: x", number=10).prospect_phone)

    def test_d11_our_own_data_in_what_is_quoted_are_not_those_of_the_client(self):
        self.company.phone = "+1 555 8888"
        referral = self.refer_by_mail("Company: Bluebird", number=1)
        quoted = f"> Company: {self.company.name}\n> Phone: +1 555 8888\n> Email: support@fieldpro.example"
        self.reply(self.mails_of(referral), "Thanks!\n\n" + quoted, 2)
        self.assertRecordValues(referral, [{"prospect_phone": False, "prospect_email": False}])
        self.assertFalse(self.todo_of(referral))

    def test_p4_a_subject_that_names_another_client_is_one_for_a_person(self):
        bluebird = self.refer_by_mail("Company: Bluebird", number=1)
        headers = {"In-Reply-To": self.mails_of(bluebird).message_id}
        text = "Please call sue@sunrise.example"
        self.assertFalse(self.refer_by_mail(text, subject="Referral: Sunrise", headers=headers, number=2))
        self.assertFalse(bluebird.prospect_email)
        self.assertIn("names Sunrise beside Bluebird", str(self.todo_of(bluebird).note))
        both = self.refer_by_mail("Company: Delta", subject="Referral: Echo", number=3)
        self.assertIn("names Echo beside Delta", str(self.todo_of(both).note))

    def test_p4_a_phone_number_makes_no_two_clients_one(self):
        phone = "\nPhone: +1 555 7777"
        first = self.refer_by_mail("Company: Bluebird" + phone, subject="x", number=1)
        second = self.refer_by_mail("Please call cy@cedar.example" + phone, subject="x", number=2)
        self.assertEqual((len(second), second.prospect_email), (1, "cy@cedar.example"))
        self.assertFalse(first.prospect_email)
        third = self.refer_by_mail("Company: Delta" + phone, subject="x", number=3)
        self.assertEqual(third.prospect_name, "Delta")

    def test_p4_an_answer_about_a_client_known_by_address_that_tells_another_one_is_for_a_person(self):
        referral = self.refer_by_mail("Please call ben@bluebird.example", subject="x", number=1)
        text = "Company: Sunrise\nContact: Sue\nEmail: sue@sunrise.example"
        self.assertFalse(self.reply(self.mails_of(referral), text, 2))
        self.assertRecordValues(referral, [{"prospect_name": False, "prospect_contact_name": False}])
        self.assertIn("names Sunrise beside", str(self.todo_of(referral).note))
        self.assertFalse(self.reply(self.mails_of(referral), "Company: Sunrise\nsue@sunrise.example", 4))
        self.assertFalse(referral.prospect_name)
        self.assertFalse(self.reply(self.mails_of(referral), "Company: Bluebird\nEmail: ben@bluebird.example", 3))
        self.assertEqual(referral.prospect_name, "Bluebird")

    def test_p4_what_is_typed_below_or_between_the_quote_of_gmail_is_typed(self):
        welcome = self.welcome()
        self.assertTrue(self.reply(welcome, "Company: Bluebird", 1))
        quote = '<blockquote class="gmail_quote"><div>Company: Bluebird</div></blockquote>'
        attr = '<div dir="ltr" class="gmail_attr">On Thu, FieldPro wrote:<br></div>'
        for number, name in enumerate(("Sunrise", "Cedar"), 2):
            below = f"<div><div><b>Company:</b> {name}</div></div>{quote if number == 3 else ''}"
            html = f'<div dir="ltr"><div class="gmail_quote">{attr}{quote}{below}</div></div>'
            self.assertEqual(self.reply(welcome, "-", number, html=html).prospect_name, name)

    def test_p4_a_quote_of_several_blocks_or_with_the_date_first_is_quoted(self):
        welcome = self.welcome()
        self.reject(self.reply(welcome, "Company: Bluebird", 1))
        for number, html in enumerate(
            (
                '<div>Thanks!</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> FieldPro</div>'
                '<div class="elementToProof">Hello</div><div class="elementToProof">Company: Bluebird</div>',
                '<div>Danke!<div style="margin:0"><b>Gesendet:</b>&nbsp;Montag<br/><b>Von:</b>&nbsp;"FieldPro"<br/>'
                '<b>An:</b> Ann</div><div name="quoted-content">Firma: Bluebird</div></div>',
            ),
            2,
        ):
            self.assertFalse(self.reply(welcome, "-", number, html=html))

    def test_p4_a_quote_that_tells_of_a_known_client_and_of_a_new_one_is_for_a_person(self):
        welcome = self.welcome()
        bluebird = self.reply(welcome, "Company: Bluebird", 1)
        self.assertFalse(self.reply(welcome, "See below\n> Company: Bluebird\n> Company: Sunrise", 2))
        self.assertEqual(self.enrollment_ada.activity_ids.summary, "Read the email of the partner")
        text = "For you.\n> Company: Bluebird\n> Company: Cedar"
        self.assertFalse(self.refer_by_mail(text, subject="Fwd: x", number=3))
        self.assertIn("names Cedar beside Bluebird", str(self.todo_of(bluebird).note))

    def test_p4_an_answer_that_gives_an_address_only_is_for_a_person(self):
        self.assertFalse(self.refer_by_mail("I know somebody", subject="A client", number=1))
        question = self.mails_of(self.enrollment_ada)
        self.assertFalse(self.reply(question, "Send the invoice to jane@accountant.example", 2))
        self.assertEqual(self.enrollment_ada.activity_ids.summary, "Read the email of the partner")

    def test_a_hostile_mail_takes_no_time_to_speak_of(self):
        """Each was quadratic once: minutes for what strangers can mail."""
        for text in (
            "<!--x-->t" * 30_000,
            '<div data-o-mail-quote="1"><blockquote>x</blockquote>' + "<div>a</div>" * 30_000 + "</div>",
            f"<pre>{' ' * 200_000}x</pre>",
            f"<pre>{'a' * 200_000}</pre>",
            f"<pre>{'Company: ' * 30_000}</pre>",
            f"<pre>{'From: ' * 30_000}</pre>",
            "<p>" + "<br>".join(f"Client: a{number}" for number in range(3_000)) + "</p>",
            "<p>\n</p>" * 50_000,
        ):
            with self.subTest(text=text[:20]):
                begin = process_time()
                mail_dict = {"body": text, "email_from": "ann@ada.example"}
                self.env["partner.referral"]._read_clients(mail_dict, self.enrollment_ada)
                FORWARDED.search(text_of(text))
                self.assertLess(process_time() - begin, 10)

    def test_p4_an_address_of_the_client_finds_the_claim_that_its_name_fits(self):
        claim = self.refer(
            client=self.env["res.partner"],
            prospect_name="Bluebird Logistics",
            prospect_email="Ben@Bluebird.example",
            accept=False,
        )
        for number, text in enumerate(("Company: Bluebird\nEmail: ben@bluebird.example", "Ask sue@bluebird.example")):
            self.assertFalse(self.refer_by_mail(text, subject="x", number=number), text)
        self.assertEqual(len(claim.message_ids.filtered(lambda one: one.message_type == "email")), 2)
        text = "Company: Sunrise\nEmail: ben@bluebird.example"
        self.assertTrue(self.refer_by_mail(text, subject="x", number=5), "another company")
        welcome = self.welcome()
        self.assertFalse(self.reply(welcome, "Thanks!\n> Client: Bluebird", 6))

    def test_p4_an_address_that_is_only_mentioned_is_not_filled_in(self):
        """It would take the protection by its name from the claim (D10)."""
        referral = self.refer_by_mail("Company: Bluebird", number=1)
        self.reply(self.mails_of(referral), "Thanks! Please send the invoice to jane@accountant.example", 2)
        self.reply(self.mails_of(referral), "Thanks!\n> Ask jane@accountant.example", 3)
        self.assertFalse(referral.prospect_email)
        self.assertFalse(referral.lead_id.email_from)

    def test_p4_a_company_in_a_forwarded_mail_is_surer_than_an_address_in_a_signature(self):
        html = as_written_in("outlook", ["See below.", "Ann, ann@second.example"], ["Company: Bluebird"])
        referral = self.refer_by_mail("-", html=html, subject="Fwd: x", number=1)
        self.assertRecordValues(referral, [{"prospect_name": "Bluebird", "prospect_email": False}])
        text = "Company: Cedar Clinics\nPlease call cy@cedar.example"
        self.assertEqual(self.refer_by_mail(text, subject="x", number=9).prospect_email, "cy@cedar.example")
        text = "Company: Delta\nAnn, ann@second.example"
        self.assertFalse(self.refer_by_mail(text, subject="x", number=10).prospect_email)
        welcome = self.welcome()
        for number in range(2, 5):
            self.assertFalse(self.reply(welcome, "Thanks!\nAnn, ann@second.example", number))
        self.assertEqual(len(self.mails_of(self.enrollment_ada) - welcome), 1, "asked once")

    def test_p4_the_data_of_a_colleague_who_forwards_are_not_those_of_the_client(self):
        self.manager.email = "mona@fieldpro.example"
        text = (
            'FYI\nMona\nMobile: +1 555 8888\n\n-----Original Message-----\nFrom: "Ann Ada" <ann@ada.example>\n'
            "Sent: Monday\n\nCompany: Bluebird\nPhone: +1 555 0101"
        )
        referral = self.refer_by_mail(text, sender="mona@fieldpro.example", subject="Fwd: x")
        self.assertRecordValues(referral, [{"prospect_name": "Bluebird", "prospect_phone": "+1 555 0101"}])
        referral.prospect_phone = False
        text = text.replace("Phone: +1 555 0101", "Contact: Ben")
        self.refer_by_mail(text, sender="mona@fieldpro.example", subject="Fwd: x", number=20)
        self.assertRecordValues(referral, [{"prospect_contact_name": "Ben", "prospect_phone": False}])
        forwarded = (
            '<div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>From: Ann '
            "&lt;ann@ada.example&gt;<br>Date: Monday<br></div>"
        )
        for number, (typed, quoted) in enumerate(
            (
                ("Company: Cedar0", "<div>My friend needs you.</div>"),  # the colleague knows who it is
                ("FYI", "<blockquote>You wrote.</blockquote><div>Company: Cedar1</div>"),  # Ann wrote below a quote
            )
        ):
            html = f'<div dir="ltr">{typed}<br><div class="gmail_quote">{forwarded}{quoted}</div></div>'
            claim = self.refer_by_mail("-", sender="mona@fieldpro.example", html=html, subject="Fwd: x", number=number)
            self.assertEqual(claim.prospect_name, f"Cedar{number}")
        text = "FYI\n\nFrom: 'ann@ada.example' <ann@ada.example>\nSent: Monday\n\nCompany: Cedar2"
        claim = self.refer_by_mail(text, sender="mona@fieldpro.example", subject="Fwd: x", number=9)
        self.assertEqual(claim.enrollment_id, self.enrollment_ada)

    def test_p4_an_address_that_is_typed_above_a_quote_of_a_known_client_is_not_passed_over(self):
        welcome = self.welcome()
        bluebird = self.reply(welcome, "Company: Bluebird", 1)
        before = self.mails_of(self.enrollment_ada)
        text = "Please also talk to sue@sunrise.example!\n> Company: Bluebird"
        self.assertFalse(self.reply(welcome, text, 2))
        question = self.mails_of(self.enrollment_ada) - before
        self.assertIn("does not say who the client is", question.body_html)
        self.assertFalse(self.refer_by_mail(text, subject="Fwd: x", number=3))
        self.assertIn("names sue@sunrise.example beside Bluebird", str(self.todo_of(bluebird).note))
        text = "Contact: Sue\nEmail: sue@sunrise.example\nPhone: 12\n> Company: Bluebird"
        self.assertFalse(self.refer_by_mail(text, subject="Fwd: x", number=4))
        none = {"prospect_contact_name": False, "prospect_email": False, "prospect_phone": False}
        self.assertRecordValues(bluebird, [none])
        text = "Can you call him?\n\nFrom: Cy <cy@cedar.example>\nSent: Monday\n\nHello"
        before = self.mails_of(self.enrollment_ada)
        self.assertFalse(self.reply(welcome, text, 5))
        self.assertTrue(self.enrollment_ada.activity_ids or self.mails_of(self.enrollment_ada) - before)

    def test_p4_of_two_claims_at_one_company_the_one_that_is_named_is_taken(self):
        text = "Company: Alpha Works\nEmail: al@group.example"
        alpha = self.refer_by_mail(text, subject="x", number=1)
        beta = self.refer_by_mail("Company: Beta Works\nEmail: be@group.example", subject="x", number=2)
        self.assertTrue(beta)
        self.assertFalse(self.refer_by_mail(f"{text}\nContact: Al", subject="x", number=3))
        self.assertFalse(self.refer_by_mail("Any news of al@group.example?\nPhone: 11", subject="x", number=4))
        self.assertRecordValues(
            alpha + beta,
            [
                {"prospect_contact_name": "Al", "prospect_phone": "11"},
                {"prospect_contact_name": False, "prospect_phone": False},
            ],
        )
