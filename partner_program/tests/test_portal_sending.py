"""Sending a referral in the portal, once and again: the Back button, the file, and what a script may send."""

import io

from lxml import html

from .test_portal import GOOD, PDF, PortalCommon

OTHER = {**GOOD, "company": "Fjord Foods", "contact": "Finn of Fjord", "email": "finn@fjord.example", "phone": ""}


class TestSendingAgain(PortalCommon):
    def setUp(self):
        super().setUp()
        self.enrollment_ada.account_manager_id = self.manager
        self.authenticate("portal_ada", "portal_ada")

    def empty_form(self):
        _response, tree = self.page("/my/referrals/new")
        return self.fields_of(tree.xpath("//form[contains(@class, 'o_partner_program_referral_form')]")[0])

    def pdf(self, name="offer.pdf", content=PDF):
        return {"attachment": (name, io.BytesIO(content), "application/pdf")}

    def files(self):
        return sorted(self.sent().message_ids.attachment_ids.mapped("name"))

    def test_d10_another_company_in_the_form_that_the_back_button_shows_is_another_referral(self):
        hidden = self.empty_form()
        first = self.send(GOOD, hidden=hidden)
        second = self.send(OTHER, hidden=hidden, files=self.pdf())
        ember, fjord = self.sent().sorted("id")
        self.assertEqual((ember.prospect_name, fjord.prospect_name), ("Ember Energy", "Fjord Foods"))
        self.assertTrue(first.url.endswith(f"/my/referrals/{ember.id}?sent=1"), first.url)
        self.assertTrue(second.url.endswith(f"/my/referrals/{fjord.id}?sent=1"), second.url)
        self.assertFalse(ember.message_ids.attachment_ids, "the file is about the other company")
        self.assertEqual(fjord.message_ids.attachment_ids.mapped("name"), ["offer.pdf"])

    def test_the_same_company_with_something_changed_is_asked_about(self):
        hidden = self.empty_form()
        self.send(GOOD, hidden=hidden)
        for values, files in (({**GOOD, "phone": "+49 30 99"}, None), (GOOD, self.pdf())):
            response = self.send(values, hidden=hidden, files=files)
            self.assertIn("You have referred a company like this already", self.text_of(response))
        self.assertEqual(len(self.sent()), 1)

    def test_sending_again_attaches_the_file_once(self):
        hidden = self.empty_form()
        for _time in range(3):
            response = self.send(GOOD, hidden=hidden, files=self.pdf())
            self.assertIn("has arrived", self.text_of(response))
        self.assertEqual(len(self.sent()), 1)
        self.assertEqual(self.files(), ["offer.pdf"])

    def test_a_form_that_is_shown_again_asks_for_the_file_again(self):
        self.send(GOOD)
        for values in ({**GOOD, "email": "none"}, GOOD):
            for files, is_asked in ((self.pdf(), True), (None, False)):
                response = self.send(values, files=files)
                tree = html.fromstring(response.content)
                hint = tree.xpath("//*[contains(@class, 'o_partner_program_choose_again')]")
                self.assertEqual(bool(hint), is_asked, values)
                if hint:
                    self.assertIn("choose your file again", hint[0].text_content())
                    field = tree.get_element_by_id("partner_program_attachment")
                    self.assertIn(hint[0].get("id"), field.get("aria-describedby").split())

    def test_files_that_came_through_another_door_have_the_limits_of_the_form(self):
        referral = self.refer()
        files = self.env["ir.attachment"].with_user(self.portal_ada).sudo()  # as the composer of another document does

        def post(name, content):
            vals = {"name": name, "raw": content, "res_model": "mail.compose.message", "res_id": 0}
            file = files.create(vals)
            as_mail_does = referral.with_user(self.portal_ada).sudo()
            message = as_mail_does.message_post(
                body="See", message_type="comment", subtype_xmlid="mail.mt_comment", attachment_ids=file.ids
            )
            return message.attachment_ids

        for name, content, sentence in (
            ("run.exe", b"MZ" + bytes(100), "cannot be sent"),
            ("page.pdf", b"<html><script>x</script></html>", "cannot be sent"),
            ("big.pdf", PDF + bytes(10 * 1024 * 1024), "larger than 10 MB"),
        ):
            with self.subTest(name), self.assertRefused(sentence):
                post(name, content)
        self.assertEqual(post("offer.pdf", PDF).mapped("name"), ["offer.pdf"])


class TestSendingAfterTheSession(PortalCommon):
    """The form was open when the session ended: after the log-in the reader is told that nothing was sent."""

    def test_every_form_leads_back_to_its_page(self):
        referral = self.refer(accept=False)
        line = self.earned_line(client=self.other_client)
        self.env.flush_all()
        for address, page in (
            ("/my/referrals/send", "/my/referrals/new"),
            (f"/my/referrals/{referral.id}/withdraw", f"/my/referrals/{referral.id}"),
            (f"/my/commissions/{line.id}/question", f"/my/commissions/{line.id}"),
            ("/my/team/invite", "/my/team"),
            (f"/my/team/{self.portal_ada.id}/remove", "/my/team"),
            ("/my/agreement/details", "/my/agreement"),
            ("/my/statements/mail", "/my/statements"),
        ):
            with self.subTest(address):
                self.authenticate(None, None)
                login = self.url_open(address, data=GOOD)
                self.assertIn("/web/login", login.url)
                [form] = html.fromstring(login.content).xpath("//form[contains(@class, 'oe_login_form')]")
                values = {**self.fields_of(form), "login": "portal_ada", "password": "portal_ada"}
                response = self.url_open("/web/login", data=values)
                self.assertEqual(response.status_code, 200)
                self.assertTrue(response.url.endswith(f"{page}?not_sent=1"), response.url)
                self.assertIn("Nothing was sent", self.text_of(response))
        self.assertNotIn("Nothing was sent", self.text_of(self.url_open("/my/referrals/new")))
        self.assertFalse(self.sent())
