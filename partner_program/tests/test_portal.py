"""The pages of partners: what they show, what they let a partner do, and what they refuse (P4, P11; issue "portal")."""

import io
import re
from unittest.mock import patch

from lxml import html

from odoo.fields import Command, Date
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger

from .common import PartnerProgramCommon

PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF"
GOOD = {
    "company": "Ember Energy",
    "contact": "Eve of Ember",
    "email": "eve@ember.example",
    "phone": "+49 30 1234",
    "note": "They look for a tool <b>now</b>",
}


class PortalCommon(PartnerProgramCommon, HttpCase):
    def text_of(self, response):
        return " ".join(
            html.fromstring(response.content).text_content().replace("\xa0", " ").replace("\ufeff", "").split()
        )

    def page(self, url, status=200):
        response = self.url_open(url)
        self.assertEqual(response.status_code, status, url)
        return response, html.fromstring(response.content)

    def fields_of(self, form):
        """What the browser would send without anybody typing."""
        return {field.get("name"): field.get("value") for field in form.xpath(".//input[@type='hidden']")}

    def send(self, values, *, files=None, hidden=None):
        """Fill in the referral form and send it."""
        if hidden is None:
            _response, tree = self.page("/my/referrals/new")
            hidden = self.fields_of(tree.xpath("//form[contains(@class, 'o_partner_program_referral_form')]")[0])
        self.env.flush_all()
        return self.url_open("/my/referrals/send", data={**hidden, **values}, files=files)

    def sent(self):
        self.env.invalidate_all()
        return self.env["partner.referral"].search([("source", "=", "portal")])


class TestReferralForm(PortalCommon):
    def setUp(self):
        super().setUp()
        self.enrollment_ada.account_manager_id = self.manager
        self.authenticate("portal_ada", "portal_ada")

    def test_p4_a_partner_refers_a_company(self):
        country = self.env.ref("base.de")
        response = self.send(
            {**GOOD, "country_id": str(country.id)},
            files={"attachment": ("offer.pdf", io.BytesIO(PDF), "application/pdf")},
        )
        referral = self.sent()
        self.assertRecordValues(
            referral,
            [
                {
                    "partner_id": self.ada.id,
                    "state": "submitted",
                    "prospect_name": "Ember Energy",
                    "prospect_contact_name": "Eve of Ember",
                    "prospect_email": "eve@ember.example",
                    "prospect_phone": "+49 30 1234",
                    "prospect_country_id": country.id,
                    "note": "They look for a tool <b>now</b>",
                    "create_uid": self.portal_ada.id,
                }
            ],
        )
        self.assertEqual(referral.lead_id.country_id, country)
        self.assertEqual(referral.message_ids.attachment_ids.mapped("name"), ["offer.pdf"])
        self.assertIn(self.ada_contact, referral.message_partner_ids)
        activity = referral.activity_ids.filtered(lambda act: act.date_deadline == Date.to_date("2026-01-10"))
        self.assertEqual(activity.user_id, self.manager, "whoever answers has it on the list, by the day promised")

        self.assertTrue(response.url.endswith(f"/my/referrals/{referral.id}?sent=1"), response.url)
        text = self.text_of(response)
        for wanted in ("has arrived", referral.name, "answer by 01/10/2026", "Eve of Ember"):
            self.assertIn(wanted, text)
        self.assertIn("They look for a tool &lt;b&gt;now&lt;/b&gt;", response.text, "what partners type is text")
        self.assertNotIn("<b>now</b>", response.text)

    def test_p9_an_affiliate_registers_a_client_the_same_way(self):
        self.authenticate("portal_byte", "portal_byte")
        response = self.send(GOOD)
        self.assertRecordValues(self.sent(), [{"enrollment_id": self.enrollment_byte.id, "lead_id": False}])
        self.assertIn("has arrived", self.text_of(response))

    def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_is_kept(self):
        wrong = {**GOOD, "company": " ", "email": "eve at ember", "phone": "call me", "country_id": "999999"}
        response = self.send(wrong)
        self.assertEqual(response.status_code, 422)
        form = html.fromstring(response.content).xpath("//form[contains(@class, 'o_partner_program_referral_form')]")[0]
        for field, sentence in {
            "company": "Enter the name of the company",
            "email": "not an email address",
            "phone": "digits",
            "country_id": "Choose a country",
        }.items():
            control = form.xpath(f".//*[@name='{field}']")[0]
            error = form.get_element_by_id(control.get("aria-describedby"))
            self.assertIn("is-invalid", control.get("class"))
            self.assertIn(sentence, error.text_content())
        self.assertEqual(form.xpath(".//input[@name='email']")[0].get("value"), "eve at ember")
        self.assertEqual(form.xpath(".//input[@name='contact']")[0].get("value"), "Eve of Ember")
        self.assertEqual(form.xpath(".//textarea[@name='note']")[0].text, GOOD["note"])
        self.assertFalse(form.xpath(".//input[@name='contact']")[0].get("aria-invalid"))
        self.assertFalse(self.sent())

    def test_too_long_texts_are_refused(self):
        response = self.send({**GOOD, "note": "x" * 5001})
        self.assertIn("5000 characters at most", self.text_of(response))
        self.assertFalse(self.sent())

    def test_files_in_the_messages_have_the_limits_of_the_form(self):
        referral = self.refer(client=self.env["res.partner"].create({"name": "Ember Energy", "is_company": True}))
        token = referral._portal_ensure_token()
        self.env.flush_all()

        def upload(name, content):
            data = {"thread_model": "partner.referral", "thread_id": referral.id, "token": token}
            data["csrf_token"] = Request.csrf_token(self)
            with mute_logger("odoo.http"):
                response = self.url_open("/mail/attachment/upload", data=data, files={"ufile": (name, content)})
            self.assertEqual(response.status_code, 200)
            return response.json()

        self.authenticate("portal_ada", "portal_ada")
        self.assertIn("cannot be sent", upload("run.exe", b"MZ" + bytes(100))["error"])
        self.assertIn("cannot be sent", upload("page.pdf", b"<html><script>x</script></html>")["error"])
        self.assertIn("larger than 10 MB", upload("big.pdf", PDF + bytes(10 * 1024 * 1024))["error"])
        files = self.env["ir.attachment"].sudo()
        self.assertFalse(files.search([("name", "in", ("run.exe", "page.pdf", "big.pdf"))]))
        file = files.browse(upload("offer.pdf", PDF)["data"]["attachment_id"])
        self.assertEqual((file.name, file.raw), ("offer.pdf", PDF))
        self.authenticate(self.salesperson.login, self.salesperson.login)
        self.assertIn("data", upload("run.exe", b"MZ" + bytes(100)), "our own people may send what they want")

    def test_sending_twice_makes_one(self):
        _response, tree = self.page("/my/referrals/new")
        hidden = self.fields_of(tree.xpath("//form[contains(@class, 'o_partner_program_referral_form')]")[0])
        first, second = self.send(GOOD, hidden=hidden), self.send(GOOD, hidden=hidden)
        self.assertEqual(len(self.sent()), 1)
        self.assertEqual(first.url, second.url)
        self.assertIn("has arrived", self.text_of(second))

    def test_sending_twice_at_once_makes_one_by_the_database(self):
        """The twin with the look-up switched off: the index refuses the second, and it ends at the first."""
        _response, tree = self.page("/my/referrals/new")
        hidden = self.fields_of(tree.xpath("//form[contains(@class, 'o_partner_program_referral_form')]")[0])
        self.send(GOOD, hidden=hidden)
        found = self.sent()
        Referral = self.env.registry["partner.referral"]
        blind, real = Referral._find_by_portal_token, []

        def find(records, partner, token):
            real.append(token)
            # The page and the model look before they save; the third look is that of the page it ends on.
            return blind(records, partner, token) if len(real) > 2 else records.sudo().browse()

        with patch.object(Referral, "_find_by_portal_token", find), mute_logger("odoo.sql_db"):
            response = self.send({**GOOD, "not_the_same": "1"}, hidden=hidden)
            self.assertEqual(response.status_code, 200)
        self.assertEqual(len(real), 3)
        self.assertEqual(self.sent(), found)

    def test_own_referrals_that_look_alike_are_shown_first(self):
        earlier = self.refer(client=self.env["res.partner"].create({"name": "Ember Energy", "is_company": True}))
        response = self.send({**GOOD, "company": "ember energy"})
        box = html.fromstring(response.content).xpath("//div[contains(@class, 'o_partner_program_duplicates')]")[0]
        self.assertIn(earlier.name, box.text_content())
        self.assertFalse(self.sent())
        self.send({**GOOD, "company": "ember energy", "not_the_same": "1"})
        self.assertEqual(len(self.sent()), 1)

    def test_d10_referrals_of_others_are_not_shown_as_duplicates(self):
        self.refer(enrollment=self.enrollment_byte, client=self.other_client, user=self.manager)
        response = self.send({**GOOD, "company": self.other_client.name, "email": self.other_client.email})
        self.assertIn("has arrived", self.text_of(response))

    def test_wildcards_of_the_database_are_text(self):
        self.refer()
        for number, company in enumerate(("%", "C%", "_obalt Clinics")):
            vals = {**GOOD, "company": company, "email": f"x{number}@ember.example", "phone": ""}
            self.assertIn("has arrived", self.text_of(self.send(vals)), company)

    def test_files_too_large_or_of_another_kind_are_refused(self):
        bad = {
            "large.pdf": (PDF + b"0" * (10 * 1024 * 1024), "larger than 10 MB"),
            "page.html": (b"<html><script>alert(1)</script></html>", "cannot be sent"),
            "picture.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "cannot be sent"),
            "program.exe": (b"MZ\x90\x00" + b"\x00" * 100, "cannot be sent"),
            "really.pdf": (b"<html><body>no</body></html>", "cannot be sent"),
            "offer.pdf.exe": (PDF, "cannot be sent"),
            "empty.pdf": (b"", "cannot be sent"),
        }
        for name, (content, sentence) in bad.items():
            with self.subTest(name):
                response = self.send(GOOD, files={"attachment": (name, io.BytesIO(content), "application/pdf")})
                self.assertEqual(response.status_code, 422)
                self.assertIn(sentence, self.text_of(response))
                self.assertIn("eve@ember.example", response.text)
        self.assertFalse(self.sent())

    def test_a_person_sends_so_many_within_an_hour_and_no_more(self):
        self.company.partner_program_referral_limit = 2
        for number in (1, 2):
            self.send({**GOOD, "company": f"Company {number}", "email": f"x{number}@ember.example", "phone": ""})
        response = self.send({**GOOD, "company": "Company 3", "email": "x3@ember.example", "phone": ""})
        self.assertEqual(response.status_code, 422)
        self.assertIn("sent 2 referrals within the last hour", self.text_of(response))
        self.assertIn("Company 3", response.text)
        self.assertEqual(len(self.sent()), 2)
        self.go_to("2026-01-05 10:00:01")
        self.send({**GOOD, "company": "Company 3", "email": "x3@ember.example", "phone": ""})
        self.assertEqual(len(self.sent()), 3)
        self.company.partner_program_referral_limit = 0
        self.send({**GOOD, "company": "Company 4", "email": "x4@ember.example", "phone": ""})
        self.assertEqual(len(self.sent()), 4)

    @mute_logger("odoo.http")
    def test_forms_without_their_csrf_token_are_refused(self):
        referral = self.refer(accept=False)
        line = self.earned_line(client=self.other_client)
        for url, values in {
            "/my/referrals/send": GOOD,
            f"/my/referrals/{referral.id}/withdraw": {"reason": "x"},
            f"/my/commissions/{line.id}/question": {"question": "x"},
        }.items():
            with self.subTest(url):
                self.env.flush_all()
                self.assertEqual(self.url_open(url, data=values).status_code, 400)
        self.assertFalse(self.sent())
        self.assertEqual(referral.state, "submitted")
        self.assertFalse(line.is_questioned)

    def test_only_the_own_running_enrollments_can_be_chosen(self):
        second = self.env["partner.program.enrollment"].create(
            {"partner_id": self.ada.id, "program_id": self.program_affiliate.id, "state": "active"}
        )
        _response, tree = self.page("/my/referrals/new")
        options = tree.xpath("//select[@name='enrollment_id']/option/@value")
        self.assertEqual(set(options), {"", str(self.enrollment_ada.id), str(second.id)})
        for chosen in ("", str(self.enrollment_byte.id), "x"):
            response = self.send({**GOOD, "enrollment_id": chosen})
            self.assertIn("Choose the program", self.text_of(response))
        self.send({**GOOD, "enrollment_id": str(second.id)})
        self.assertEqual(self.sent().enrollment_id, second)

        (self.enrollment_ada + second).action_suspend()
        self.env.flush_all()
        response, tree = self.page("/my/referrals/new")
        self.assertIn("not an active partner", self.text_of(response))
        self.assertFalse(tree.xpath("//form[contains(@class, 'o_partner_program_referral_form')]"))

    def test_somebody_who_is_no_partner_gets_no_form(self):
        guest = self.env["res.partner"].create({"name": "Gus Guest", "email": "gus@guest.example"})
        self._new_user("portal_guest", "base.group_portal", partner=guest)
        self.authenticate("portal_guest", "portal_guest")
        response, tree = self.page("/my/referrals/new")
        self.assertFalse(tree.xpath("//form[contains(@class, 'o_partner_program_referral_form')]"))
        self.assertNotIn("o_partner_program_nav", response.text)


class TestReferralPages(PortalCommon):
    def setUp(self):
        super().setUp()
        self.authenticate("portal_ada", "portal_ada")

    def withdraw(self, referral, reason):
        _response, tree = self.page(f"/my/referrals/{referral.id}")
        form = tree.xpath(f"//form[@action='/my/referrals/{referral.id}/withdraw']")[0]
        return self.url_open(f"/my/referrals/{referral.id}/withdraw", data={**self.fields_of(form), "reason": reason})

    def test_a_partner_withdraws_its_claim_and_says_why(self):
        referral = self.refer()
        self.env.flush_all()
        response = self.withdraw(referral, "  ")
        self.assertEqual(response.status_code, 422)
        self.assertIn("Say why you withdraw it", self.text_of(response))
        self.env.invalidate_all()
        self.assertEqual(referral.state, "accepted")
        response = self.withdraw(referral, "They <i>chose</i> another tool")
        self.env.invalidate_all()
        self.assertRecordValues(referral, [{"state": "withdrawn", "decision_reason": "They <i>chose</i> another tool"}])
        message = referral.message_ids.filtered(lambda m: "Withdrawn by the partner" in (m.body or ""))
        self.assertEqual(message.author_id, self.ada_contact)
        self.assertNotIn("<i>chose", response.text)
        _response, tree = self.page(f"/my/referrals/{referral.id}")
        self.assertFalse(tree.xpath("//form[contains(@action, 'withdraw')]"), "once is enough")

    def test_a_claim_is_withdrawn_with_the_words_of_its_acceptance_too(self):
        referral = self.refer(decision_reason="By phone", user=self.manager)
        self.assertEqual(referral.sudo().accepted_reason, "By phone")
        self.env.flush_all()
        self.withdraw(referral, "By phone")
        self.env.invalidate_all()
        self.assertEqual(referral.state, "withdrawn")

    def test_withdrawing_twice_at_once_is_withdrawing(self):
        """A double click: the second request finds it withdrawn."""
        referral = self.refer()
        self.env.flush_all()
        _response, tree = self.page(f"/my/referrals/{referral.id}")
        [form] = tree.xpath(f"//form[@action='/my/referrals/{referral.id}/withdraw']")
        for _time in range(2):
            data = {**self.fields_of(form), "reason": "They chose another tool"}
            response = self.url_open(f"/my/referrals/{referral.id}/withdraw", data=data)
            self.assertEqual(response.status_code, 200)
            self.assertNotIn("cannot be rejected", self.text_of(response))
        self.env.invalidate_all()
        told = referral.message_ids.filtered(lambda message: "Withdrawn by the partner" in (message.body or ""))
        self.assertEqual((referral.state, len(told)), ("withdrawn", 1))

    def test_line_breaks_count_as_in_the_browser(self):
        """A text area of 2,000 characters sends two for each line break: nothing is cut or refused for that."""
        text = "\r\n".join(["x" * 9] * 200)
        referral = self.refer(accept=False)
        self.env.flush_all()
        self.withdraw(referral, text)
        self.env.invalidate_all()
        self.assertEqual(referral.decision_reason, "\n".join(["x" * 9] * 200))

    def test_characters_that_the_database_does_not_take(self):
        referral, line = self.refer(), self.earned_line(client=self.other_client)
        self.env.flush_all()
        for address in ("/my/referrals?search=Cob%00alt", "/my/commissions?search=%00"):
            self.page(address)
        response = self.withdraw(referral, "\x00 ")
        self.assertIn("Say why you withdraw it", self.text_of(response))
        token = {"csrf_token": Request.csrf_token(self)}
        for address, values in (
            (f"/my/referrals/{referral.id}/withdraw", {"reason": "\x00 Their \x00 choice"}),
            (f"/my/commissions/{line.id}/question", {"question": "Why\x00?"}),
            ("/my/referrals/send", {**GOOD, "note": "a\x00b"}),
        ):
            with self.subTest(address):
                self.assertEqual(self.url_open(address, data={**token, **values}).status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(referral.decision_reason, "Their  choice")
        self.assertEqual(line.question_ids.question, "Why?")
        self.assertEqual(self.sent().note, "ab")
        for country in ("²", "9" * 20, "9" * 5000, "-1", "1 OR 1=1"):
            with self.subTest(country):
                response = self.url_open("/my/referrals/send", data={**token, **GOOD, "country_id": country})
                self.assertEqual(response.status_code, 422)
                self.assertIn("Choose a country of the list", self.text_of(response))

    def test_an_acquired_client_is_not_withdrawn(self):
        referral = self.refer()
        self.env.flush_all()
        _response, tree = self.page(f"/my/referrals/{referral.id}")
        hidden = self.fields_of(tree.xpath("//form[contains(@action, 'withdraw')]")[0])
        referral.lead_id.action_set_won()
        self.env.flush_all()
        response = self.url_open(f"/my/referrals/{referral.id}/withdraw", data={**hidden, "reason": "x"})
        self.env.invalidate_all()
        self.assertEqual(response.status_code, 422)
        self.assertRecordValues(referral, [{"state": "acquired", "decision_reason": False}])
        self.assertIn("cannot be rejected or withdrawn any more", self.text_of(response))

    def test_referrals_of_others_do_not_exist(self):
        other = self.refer(enrollment=self.enrollment_byte, client=self.other_client, user=self.manager)
        own = self.refer()
        self.env.flush_all()
        _response, tree = self.page(f"/my/referrals/{own.id}")
        hidden = self.fields_of(tree.xpath("//form[contains(@action, 'withdraw')]")[0])
        token = other._portal_ensure_token()
        self.env.flush_all()
        for url in (f"/my/referrals/{other.id}", f"/my/referrals/{other.id}?access_token={token}"):
            self.assertEqual(self.url_open(url).status_code, 404)
        response = self.url_open(f"/my/referrals/{other.id}/withdraw", data={**hidden, "reason": "x"})
        self.assertEqual(response.status_code, 404)
        other.sudo().portal_token = "0" * 32
        self.env.flush_all()
        self.assertEqual(self.url_open(f"/my/referrals/sent/{'0' * 32}").status_code, 404)
        self.env.invalidate_all()
        self.assertEqual(other.state, "accepted")

    def test_search_sort_and_filter(self):
        cobalt = self.acquired()
        delta = self.refer(client=self.other_client, accept=False)
        self.refer(
            enrollment=self.enrollment_byte,
            client=self.env["res.partner"].create({"name": "Cobalt Copy", "is_company": True}),
            user=self.manager,
        )
        self.env.flush_all()
        for query, wanted in {
            "": {cobalt, delta},
            "?filterby=open": {delta},
            "?filterby=clients": {cobalt},
            "?filterby=closed": set(),
            "?search=cobalt": {cobalt},
            f"?search={delta.name}": {delta},
            "?search=%25": set(),
            "?search=hello@cobalt.example": set(),
            "?sortby=clock": {delta},
            "?sortby=clock&filterby=all": {cobalt, delta},
            "?sortby=status&filterby=x": {cobalt, delta},
        }.items():
            _response, tree = self.page(f"/my/referrals{query}")
            rows = tree.xpath("//tr[contains(@class, 'o_partner_program_referral')]//a/@href")
            self.assertEqual(
                {int(re.search(r"\d+$", href)[0]) for href in rows}, {referral.id for referral in wanted}, query
            )

    def test_messages_with_the_sales_team(self):
        referral = self.refer()
        referral.message_post(body="Wombatwhisper", message_type="comment", subtype_xmlid="mail.mt_note")
        referral.message_post(body="We called them today", message_type="comment", subtype_xmlid="mail.mt_comment")
        self.env.flush_all()
        params = {"thread_model": "partner.referral", "thread_id": referral.id}
        result = self.make_jsonrpc_request("/mail/chatter_fetch", params)
        bodies = str(result["data"])
        self.assertIn("We called them today", bodies)
        self.assertNotIn("Wombatwhisper", bodies)
        self.make_jsonrpc_request(
            "/mail/message/post",
            {
                **params,
                "post_data": {"body": "Good news", "message_type": "comment", "subtype_xmlid": "mail.mt_comment"},
            },
        )
        self.env.invalidate_all()
        message = referral.message_ids[0]
        self.assertEqual((message.author_id, "Good news" in message.body), (self.ada_contact, True))

    def test_decision_and_reason_are_shown(self):
        referral = self.refer(accept=False)
        referral.decision_reason = "We know them since 2019 & longer"
        referral.action_reject()
        self.env.flush_all()
        text = self.text_of(self.url_open(f"/my/referrals/{referral.id}"))
        self.assertIn("Rejected", text)
        self.assertIn("We know them since 2019 & longer", text)


class TestCommissionPages(PortalCommon):
    def setUp(self):
        super().setUp()
        self.enrollment_ada.account_manager_id = self.manager

    def ask(self, line, question):
        _response, tree = self.page(f"/my/commissions/{line.id}")
        forms = tree.xpath(f"//form[@action='/my/commissions/{line.id}/question']")
        return self.url_open(
            f"/my/commissions/{line.id}/question", data={**self.fields_of(forms[0]), "question": question}
        )

    def test_d15_a_questioned_line_is_held_answered_and_released(self):
        line = self.earned_line()
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        response = self.ask(line, " ")
        self.assertEqual(response.status_code, 422)
        self.assertIn("Write what you doubt", self.text_of(response))
        response = self.ask(line, "Is the <script>setup fee</script> in it?")
        self.assertIn("Your question has arrived", self.text_of(response))
        self.assertNotIn("<script>setup", response.text)
        self.env.invalidate_all()
        self.assertRecordValues(line, [{"state": "held", "hold_code": "question"}])
        question = line.question_ids
        self.assertEqual((question.asked_by_id, question.asked_on), (self.ada_contact, Date.to_date("2026-02-04")))
        self.assertEqual(question.activity_ids.user_id, self.manager)
        self.assertEqual(question.activity_ids.date_deadline, Date.to_date("2026-02-09"))
        self.assertFalse(self.run_bills(), "what is questioned is not billed")
        _response, tree = self.page(f"/my/commissions/{line.id}")
        self.assertFalse(tree.xpath("//form[contains(@action, 'question')]"), "one question at a time")

        question.with_user(self.manager).write({"answer": "No & never was", "outcome": "confirmed"})
        question.with_user(self.manager).action_answer()
        self.env.flush_all()
        mail = (
            self.env["mail.mail"]
            .sudo()
            .search([("subject", "=", "Your question on the commission for Cobalt Clinics")])
        )
        self.assertEqual(mail.recipient_ids, self.ada_contact)
        self.assertIn(f"/my/commissions/{line.id}", mail.body_html)
        text = self.text_of(self.url_open(f"/my/commissions/{line.id}"))
        self.assertIn("No & never was", text)
        self.assertIn("Figure confirmed", text)
        self.assertEqual(line.state, "earned")

    def test_asking_twice_makes_one_question(self):
        line = self.earned_line()
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        _response, tree = self.page(f"/my/commissions/{line.id}")
        hidden = self.fields_of(tree.xpath("//form[contains(@action, 'question')]")[0])
        for _time in (1, 2):
            response = self.url_open(f"/my/commissions/{line.id}/question", data={**hidden, "question": "Why?"})
        self.env.invalidate_all()
        self.assertEqual(len(line.question_ids), 1)
        self.assertTrue(response.url.endswith("?asked=1"), "a second click is told what the first one did")
        response = self.url_open(f"/my/commissions/{line.id}/question", data={**hidden, "question": "And why not?"})
        self.assertEqual(response.status_code, 422)
        self.assertIn("is being answered already", self.text_of(response))

    def test_lines_of_others_do_not_exist(self):
        line = self.earned_line()
        self.env.flush_all()
        self.authenticate("portal_byte", "portal_byte")
        self.page(f"/my/commissions/{line.id}", status=404)
        _response, tree = self.page("/my/referrals/new")
        hidden = self.fields_of(tree.xpath("//form[contains(@class, 'o_partner_program_referral_form')]")[0])
        response = self.url_open(f"/my/commissions/{line.id}/question", data={**hidden, "question": "x"})
        self.assertEqual(response.status_code, 404)
        self.env.invalidate_all()
        self.assertFalse(line.question_ids)

    def test_history_tells_billed_corrected_and_paid(self):
        line = self.billed_line()
        bill = line.bill_ids
        self.pay(bill, on="2026-02-04")
        self.go_to("2026-02-10")
        self.credit(line.move_id, 400.0)
        self.assertEqual(line.open_amount, -20.0)
        second = self.invoice(2000.0)
        self.pay(second)
        self.go_to("2026-03-12")
        self.run_bills()
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        _response, tree = self.page(f"/my/commissions/{line.id}")
        rows = [
            " ".join(row.text_content().replace("\xa0", " ").replace("\ufeff", "").split())
            for row in tree.xpath("//table[contains(@class, 'o_partner_program_history')]/tbody/tr")
        ]
        self.assertEqual(
            rows,
            [
                f"01/05/2026 Invoice {line.invoice_number} to your client",
                "01/05/2026 Your client has paid in full",
                f"02/04/2026 Billed on {bill.name} $ 50.00",
                "02/04/2026 Paid to you $ 50.00",
                "On a bill that is being checked $ -20.00",
            ],
        )
        text = " ".join(tree.text_content().split())
        self.assertIn("Month 1 of 12", text)
        self.assertIn(
            line.with_user(self.portal_ada).explanation.replace("\xa0", " ").replace("\ufeff", ""),
            text.replace("\xa0", " ").replace("\ufeff", ""),
        )

    def test_search_by_invoice_client_and_referral(self):
        line = self.earned_line()
        other = self.acquired(client=self.other_client)
        invoice = self.invoice(300.0, client=self.other_client)
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        other_line = self.line_of(invoice)
        for query, wanted in {
            "": {line, other_line},
            "?search=cobalt": {line},
            f"?search={invoice.name}": {other_line},
            f"?search={other.name}": {other_line},
            "?search=hello@cobalt.example": set(),
            "?search=300": set(),
            "?filterby=expected": {other_line},
            "?filterby=held": set(),
            "?filterby=to_pay&search=delta": set(),
        }.items():
            _response, tree = self.page(f"/my/commissions{query}")
            rows = tree.xpath("//tr[contains(@class, 'o_partner_program_line')]//a/@href")
            self.assertEqual({int(re.search(r"\d+$", href)[0]) for href in rows}, {found.id for found in wanted}, query)


class TestDashboard(PortalCommon):
    def setUp(self):
        super().setUp()
        self.enrollment_ada.account_manager_id = self.manager

    def tiles(self, tree):
        return {
            tile.xpath(".//dt")[0].text_content().strip(): " ".join(
                tile.xpath(".//dd")[0].text_content().replace("\xa0", " ").replace("\ufeff", "").split()
            )
            for tile in tree.xpath("//section[contains(@class, 'o_partner_program_money')]//dl/div")
        }

    def test_the_tile_of_the_year_says_what_it_sums_in_english_and_french(self):
        """What was billed last year is not in it; what has waited since last year, and a draft of this year, are."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(["partner_program"], ["fr_FR"])
        self.acquired()
        self.pay(self.invoice(1000.0))
        self.run_bills("2026-02-04").action_post()
        self.go_to("2027-01-10")
        late = self.invoice(400.0, on="2026-12-20")
        self.pay(late, on="2026-12-21")
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        _response, tree = self.page("/my/partner")
        self.assertEqual(self.tiles(tree)["Billed or to be billed"], "$ 20.00 on bills of 2027, or on none yet")
        self.run_bills("2027-01-20")
        self.env.flush_all()
        _response, tree = self.page("/my/partner")
        self.assertEqual(self.tiles(tree)["Billed or to be billed"], "$ 20.00 on bills of 2027, or on none yet")
        self.portal_ada.lang = "fr_FR"
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        _response, tree = self.page("/my/partner")
        text = self.tiles(tree)["Facturé ou à facturer"].replace("\u202f", " ")
        self.assertEqual(text, "$ 20,00 sur des factures de 2027, ou pas encore facturé")

    def test_figures_follow_the_story(self):
        self.acquired()
        paid, waiting = self.invoice(1000.0, product=self.starter), self.invoice(600.0)
        self.pay(paid)
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        _response, tree = self.page("/my/partner")
        self.assertEqual(
            self.tiles(tree),
            {
                "To be paid next": "$ 50.00 by 02/04/2026",
                "Billed or to be billed": "$ 50.00 on bills of 2026, or on none yet",
                "Expected": "$ 30.00 once 1 invoice is paid",
                "Held": "$ 0.00 nothing is missing",
            },
        )
        text = " ".join(tree.text_content().split())
        self.assertIn("Cobalt Clinics Starter · Month 1 of 12 · 1 invoice paid", text, "the package paid last")
        self.assertIn("Mona", text)
        self.assertIn("No meeting is planned", text)
        self.assertNotIn("Paid on time", text)

        self.run_bills("2026-02-04")
        bill = self.line_of(paid).bill_ids
        self.env.flush_all()
        _response, tree = self.page("/my/partner")
        self.assertEqual(self.tiles(tree)["To be paid next"], "$ 50.00 by 02/04/2026", "a draft bill is to be paid too")
        bill.action_post()
        self.pay(bill, on="2026-02-04")
        self.pay(waiting)
        self.env.flush_all()
        _response, tree = self.page("/my/partner")
        self.assertEqual(
            self.tiles(tree),
            {
                "To be paid next": "$ 30.00 by 03/06/2026",
                "Billed or to be billed": "$ 80.00 on bills of 2026, or on none yet",
                "Expected": "$ 0.00 no open invoices",
                "Held": "$ 0.00 nothing is missing",
            },
        )
        table = {
            row.xpath("./th")[0].text_content(): [
                cell.text_content().replace("\xa0", " ").replace("\ufeff", "").strip() for cell in row.xpath("./td")
            ]
            for row in tree.xpath("//section[contains(@class, 'o_partner_program_money')]//tbody/tr")
        }
        self.assertEqual(len(table), 12)
        self.assertEqual(table["Feb 2026"], ["$ 50.00", "$ 0.00"])
        self.assertEqual(table["Mar 2026"], ["$ 0.00", "$ 30.00"])
        self.assertIn("Paid on time: 100 %", " ".join(tree.text_content().split()))

    def test_d15_what_is_held_says_what_is_missing(self):
        self.program_referral.agreement_id = self.agreement
        self.acquired()
        self.pay(self.invoice(1000.0))
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        _response, tree = self.page("/my/partner")
        self.assertEqual(self.tiles(tree)["Held"], "$ 50.00 contract not signed")
        # What is missing where nothing is earned yet holds nothing.
        self.env["partner.program.enrollment"].create(
            {"partner_id": self.ada.id, "program_id": self.program_affiliate.id, "state": "onboarding"}
        )
        self.env.flush_all()
        _response, tree = self.page("/my/partner")
        self.assertEqual(self.tiles(tree)["Held"], "$ 50.00 contract not signed")
        self.assertEqual(self.tiles(tree)["To be paid next"], "nothing at the moment")

    def test_d16_corrections_come_off_the_next_payment(self):
        portal, currency = self.env["partner.program.portal"], self.company.currency_id
        day = Date.to_date
        total = {"company_id": self.company.id, "currency": currency, "corrections": -30.0, "posted": {}}
        for coming, wanted in [
            ({}, (0.0, None)),
            ({"2026-02-01": 20.0}, (0.0, None)),
            ({"2026-02-01": 20.0, "2026-03-01": 50.0}, (40.0, "2026-03-01")),
            ({"2026-01-01": 25.0, "2026-01-03": 25.0, "2026-03-01": 50.0}, (20.0, "2026-01-01")),
        ]:
            total["coming"] = {day(key): amount for key, amount in coming.items()}
            self.assertEqual(
                portal._get_next_payment(total, day("2026-01-15")), (wanted[0], day(wanted[1]) or None), coming
            )

    def test_d16_a_correction_comes_off_no_bill_that_was_posted(self):
        """It comes off what is on no posted bill yet: the posted one is paid as it is."""
        line = self.billed_line()
        self.pay(line.bill_ids)
        self.pay(self.invoice(10000.0))
        bill = self.run_bills("2026-03-06")
        bill.action_post()
        self.credit(line.move_id)
        self.assertEqual(line.open_amount, -50.0)
        self.pay(self.invoice(3000.0))
        portal, today = self.env["partner.program.portal"], Date.to_date("2026-03-06")
        for state in ("posted", "draft"):
            with self.subTest(state):
                [total] = portal._get_totals(self.ada)
                self.assertEqual(portal._get_next_payment(total, today), (500.0, today))
                payments = {str(day): amount for day, amount in portal._get_payments(total, today).items()}
                self.assertEqual(payments, {"2026-03-06": 500.0, "2026-04-05": 100.0})
                chart = portal._get_chart(total, {}, portal._get_months([total], today), today)
                self.assertEqual([row["to_come"] for row in chart if row["to_come"]], [500.0, 100.0])
            if state == "posted":
                bill.button_draft()  # to correct something of it; runs do not touch it

    def test_p10_the_promise_counts_bills_paid_in_time_and_late(self):
        line = self.billed_line()
        self.pay(line.bill_ids, on="2026-02-04")
        second = self.invoice(1000.0)
        self.pay(second)
        late = self.run_bills("2026-03-06")
        late.action_post()
        portal = self.env["partner.program.portal"]
        today = Date.to_date("2026-03-06")
        promise = portal._get_promise(portal._get_bills(self.ada), today)
        self.assertEqual((promise["kept"], promise["count"]), (1, 1), "not due before the day is over")
        self.pay(late, on="2026-03-08")
        promise = portal._get_promise(portal._get_bills(self.ada), Date.to_date("2026-03-08"))
        self.assertEqual((promise["kept"], promise["count"], promise["percent"]), (1, 2, 50))

    def test_p23_the_next_meeting_with_the_account_manager(self):
        def meet(start, partners, name):
            return (
                self.env["calendar.event"]
                .with_context(no_mail_to_attendees=True, dont_notify=True)
                .create({"name": name, "start": start, "stop": start, "partner_ids": [Command.set(partners.ids)]})
            )

        both = self.manager.partner_id + self.ada_contact
        meet("2026-01-02 10:00:00", both, "past")
        meet("2026-01-20 10:00:00", self.manager.partner_id, "alone")
        meet("2026-01-22 10:00:00", self.manager.partner_id + self.byte_contact, "with another")
        wanted = meet("2026-02-03 14:30:00", both, "ours")
        meet("2026-03-03 14:30:00", both, "later")
        portal = self.env["partner.program.portal"]
        self.assertEqual(portal._get_next_meeting_sudo(self.ada, self.manager), wanted)
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        response, _tree = self.page("/my/partner")
        self.assertIn("Next meeting: 02/03/2026", self.text_of(response))

    def test_a_manager_sees_the_page_of_the_partner_and_it_is_noted(self):
        self.acquired()
        self.pay(self.invoice(1000.0))
        other = self.acquired(
            client=self.other_client,
            enrollment=self.env["partner.program.enrollment"].create(
                {"partner_id": self.byte.id, "program_id": self.program_referral.id, "state": "active"}
            ),
        )
        self.invoice(777.0, client=self.other_client)
        self.env.flush_all()
        action = self.enrollment_ada.with_user(self.manager).action_see_as_partner()
        before = len(self.enrollment_ada.message_ids)
        self.authenticate("portal_ada", "portal_ada")
        _response, own = self.page("/my/partner")
        self.authenticate("mona", "mona")
        response, tree = self.page(action["url"])
        self.assertEqual(self.tiles(tree), self.tiles(own), "the same figures as the partner sees")
        self.assertIn("Cobalt Clinics", response.text)
        for foreign in (other.name, "Delta Dairies", "38.85"):
            self.assertNotIn(foreign, response.text)
        main = tree.xpath("//main")[0]
        self.assertFalse(main.xpath(".//form"), "nothing can be sent from there")
        self.assertFalse(main.xpath(".//*[starts-with(@href, '/my/') and not(starts-with(@href, '/my/home'))]"))
        self.env.invalidate_all()
        note = self.enrollment_ada.message_ids[0]
        self.assertEqual(len(self.enrollment_ada.message_ids), before + 1)
        self.assertEqual(note.author_id, self.manager.partner_id)
        self.assertIn("as the partner sees it", note.body)
        self.assertTrue(note.subtype_id.internal)
        self.page(action["url"])
        self.env.invalidate_all()
        self.assertEqual(len(self.enrollment_ada.message_ids), before + 1, "once a day")
        self.go_to("2026-01-06")
        self.authenticate("mona", "mona")
        self.page(action["url"])
        self.env.invalidate_all()
        self.assertEqual(len(self.enrollment_ada.message_ids), before + 2)
        for login in ("sally", "archie", "portal_ada", "portal_byte", "eddy"):
            self.authenticate(login, login)
            self.page(action["url"], status=404)

    def test_nothing_leads_on_from_the_page_of_a_partner_without_referrals(self):
        self.enrollment_ada.state = "suspended"
        self.env.flush_all()
        self.authenticate("mona", "mona")
        _response, tree = self.page(f"/my/partner/as/{self.enrollment_ada.id}")
        self.assertIn("There are no referrals yet", " ".join(tree.text_content().split()))
        links = tree.xpath("//main//*[starts-with(@href, '/my/') or starts-with(@href, '/partners')]/@href")
        self.assertFalse(set(links) - {"/my/home"})

    def test_a_manager_of_another_company_sees_no_page_of_our_partners(self):
        company = self.env["res.company"].create({"name": "Elsewhere Inc"})
        new_test_user(
            self.env, "elsie", "partner_program.group_manager", company_id=company.id, company_ids=company.ids
        )
        self.env.flush_all()
        before = self.enrollment_ada.message_ids
        self.authenticate("elsie", "elsie")
        self.page(f"/my/partner/as/{self.enrollment_ada.id}", status=404)
        self.env.invalidate_all()
        self.assertEqual(self.enrollment_ada.message_ids, before)

    def test_the_page_is_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(["portal", "partner_program"], ["fr_FR"])
        self.portal_ada.lang = "fr_FR"
        self.acquired()
        self.pay(self.invoice(1234.5))
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        response, tree = self.page("/my/partner")
        self.assertEqual(tree.get("lang"), "fr-FR")
        text = self.text_of(response)
        self.assertIn("Prochain versement", text)
        self.assertIn("au plus tard le", text)
        self.assertIn("61,73", text.replace("\u202f", " "))
        self.assertIn("04/02/2026", self.text_of(self.url_open("/my/commissions")))

    def test_queries_of_each_page_are_constant(self):
        self.refer(client=self.other_client, accept=False)
        self.acquired()
        self.pay(self.invoice(100.0))
        self.run_bills("2026-02-04").action_post()
        counts, made = {}, 1
        first = self.env["partner.commission.line"].search([], limit=1)
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        pages = {
            "/my/partner": 40,
            "/my/referrals": 30,
            "/my/commissions": 30,
            f"/my/commissions/{first.id}": 30,
            f"/my/referrals/{first.referral_id.id}": 30,
            "/my/referrals/new": 30,
        }
        for count in (1, 10, 100):
            moves = self.env["account.move"].create(
                [
                    {
                        "move_type": "out_invoice",
                        "partner_id": self.client.id,
                        "invoice_date": "2026-02-04",
                        "invoice_line_ids": [
                            self._prepare_invoice_line(
                                product_id=self.pro, price_unit=100, tax_ids=self.env["account.tax"]
                            )
                        ],
                    }
                    for _number in range(count - made)
                ]
            )
            moves.action_post()
            made = count
            for url in pages:
                self.env.flush_all()
                self.url_open(url)
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                self.url_open(url)
                counts[url, count] = self.cr.sql_log_count - before
        for url, limit in pages.items():
            self.assertLessEqual(counts[url, 100], limit, counts)
            self.assertLessEqual(counts[url, 100] - counts[url, 10], 2, counts)
            self.assertLessEqual(counts[url, 10] - counts[url, 1], 3, counts)
