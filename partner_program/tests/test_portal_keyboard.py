"""A partner with a keyboard alone: real keys in Chromium, no script that clicks or sets the focus."""

import json
from contextlib import contextmanager

from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tests.common import ChromeBrowser

from .common import PartnerProgramCommon

KEYS = {
    "Tab": {"code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    " ": {"code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
}
STOPS_AT_MOST = 60  # of Tab, to a thing on a page
FOCUSED = "document.activeElement"
# What has the focus is inside the window and is drawn with a ring or frame around it.
SEEN = """
(() => {
    const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
    const ring = style.outlineStyle !== "none" || style.boxShadow !== "none";
    return ring && box.bottom > 0 && box.top < innerHeight && box.width > 0;
})()
"""


class Keyboard:
    """The keys of one browser."""

    def __init__(self, test, browser):
        self.test, self.browser = test, browser

    def ask(self, expression):
        """The value of a piece of JavaScript; it only looks."""
        answer = self.browser._websocket_request(
            "Runtime.evaluate", params={"expression": expression, "returnByValue": True}
        )
        self.test.assertNotIn("exceptionDetails", answer, expression)
        return answer["result"].get("value")

    def wait(self, expression):
        self.test.assertTrue(self.browser._wait_ready(expression, timeout=60), f"never true: {expression}")

    def open(self, address):
        self.browser.navigate_to(self.test.base_url() + address)
        self.wait("document.readyState === 'complete'")

    def press(self, key, modifiers=0):
        params = {"key": key, "modifiers": modifiers, **KEYS[key]}
        for kind in ("keyDown", "keyUp"):
            self.browser._websocket_request("Input.dispatchKeyEvent", params={"type": kind, **params})

    def type(self, text):
        self.browser._websocket_request("Input.insertText", params={"text": text})

    def tab_to(self, selector):
        """Press Tab until what has the focus is this, and see that one sees it."""
        for _stop in range(STOPS_AT_MOST):
            self.press("Tab")
            if self.ask(f"{FOCUSED}.matches({json.dumps(selector)})"):
                self.test.assertTrue(self.ask(SEEN), f"{selector} has the focus, and one does not see it")
                return
        self.test.fail(f"Tab does not reach {selector} from here: {self.ask('document.title')}")

    def follow(self, key="Enter"):
        """Press a key that leads to another page."""
        self.ask("void (window.isTheOldPage = true)")
        self.press(key)
        self.wait("!window.isTheOldPage && document.readyState === 'complete'")

    def back(self, selector):
        """The Back button of the browser, to the page with this; it comes from the browser's memory."""
        self.ask("void history.back()")
        self.wait(f"!!document.querySelector({json.dumps(selector)}) && document.readyState === 'complete'")

    def assert_shown(self, selector, text):
        shown = self.ask(f"document.querySelector({json.dumps(selector)})?.innerText || ''")
        self.test.assertIn(text, " ".join(shown.split()), selector)


@tagged("post_install", "-at_install")
class TestPortalKeyboard(PartnerProgramCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enrollment_ada.account_manager_id = cls.manager

    @contextmanager
    def keyboard(self, login):
        browser = ChromeBrowser(self)
        with self.allow_requests(browser=browser):
            try:
                self.authenticate(login, login, browser=browser)
                self.env.flush_all()
                self.cr.clear()
                yield Keyboard(self, browser)
            finally:
                browser.stop()
                self._wait_remaining_requests()
        self.env.invalidate_all()

    def test_a_referral_is_sent(self):
        with self.keyboard("portal_ada") as keys:
            keys.open("/my/referrals")
            keys.tab_to("a[href='/my/referrals/new']")
            keys.follow()
            keys.tab_to("input[name=company]")
            keys.tab_to("button[type=submit]:not([aria-label])")
            keys.follow()  # what is missing is said beside the field
            keys.assert_shown(".invalid-feedback", "Enter the name of the company")
            for field, text in (
                ("company", "Ember Energy"),
                ("contact", "Eve of Ember"),
                ("email", "eve@ember.example"),
                ("note", "They look for a tool"),
            ):
                keys.tab_to(f"[name={field}]")
                keys.type(text)
            keys.tab_to(".o_partner_program_referral_form button[type=submit]")
            keys.follow(" ")
            keys.assert_shown(".o_partner_program_sent", "has arrived")
        sent = self.env["partner.referral"].search([("source", "=", "portal")])
        self.assertRecordValues(sent, [{"prospect_name": "Ember Energy", "state": "submitted"}])

    def test_d10_back_another_company_and_send_makes_another_referral(self):
        with self.keyboard("portal_ada") as keys:
            keys.open("/my/referrals/new")
            for company in ("Ember Energy", "Fjord Foods"):
                name = company.split()[0].lower()
                for field, text in (("company", company), ("contact", name), ("email", f"ann@{name}.example")):
                    keys.tab_to(f"[name={field}]")  # selects what the page that came back has in it
                    keys.type(text)
                keys.tab_to(".o_partner_program_referral_form button[type=submit]")
                keys.follow(" ")
                keys.assert_shown("h1", company)
                keys.assert_shown(".o_partner_program_sent", "has arrived")
                keys.back(".o_partner_program_referral_form")
        sent = self.env["partner.referral"].search([("source", "=", "portal")], order="id")
        self.assertEqual(sent.mapped("prospect_name"), ["Ember Energy", "Fjord Foods"])
        self.assertEqual(sent.mapped("prospect_email"), ["ann@ember.example", "ann@fjord.example"])

    def test_a_commission_is_questioned(self):
        line = self.earned_line()
        with self.keyboard("portal_ada") as keys:
            keys.open("/my/commissions")
            keys.tab_to(f"a[href='/my/commissions/{line.id}']")
            keys.follow()
            keys.tab_to(".o_partner_program_questions summary")
            keys.press(" ")
            keys.tab_to(".o_partner_program_questions textarea")
            keys.type("Is the setup fee in it?")
            keys.tab_to(".o_partner_program_questions button")
            keys.follow()
            keys.assert_shown(".o_partner_program_question", "Is the setup fee in it?")
        self.assertEqual(line.question_ids.question, "Is the setup fee in it?")
        self.assertEqual(line.hold_code, "question")

    def test_the_contract_is_read_from_its_beginning_and_signed(self):
        """sign_contract.js: Odoo's form takes the focus when it comes; who has done nothing yet stays at the top."""
        self.agreement.body = "".join(f"<p>Clause {number}</p>" for number in range(60))
        self.enrollment_byte.write({"signed_on": False, "signed_by": False, "agreement_id": False})
        with self.keyboard("portal_byte") as keys:
            keys.open("/my/agreement")
            keys.wait("!!document.querySelector('.o_portal_sign_submit:enabled')")  # the form is there, and has drawn
            self.assertEqual(keys.ask("scrollY"), 0)
            self.assertTrue(keys.ask(f"{FOCUSED} === document.body"))
            keys.press("Tab")
            first = "document.querySelector('a[href]:not([tabindex=\"-1\"]), button')"
            self.assertTrue(keys.ask(f"{FOCUSED} === {first}"), keys.ask(f"{FOCUSED}.outerHTML"))
            keys.tab_to(".o_partner_program_contract")
            keys.tab_to("input[name=signer]")
            keys.ask(f"void {FOCUSED}.select()")
            keys.type("Ben of Byte Builders")
            self.assertTrue(keys.ask(f"{FOCUSED}.matches('input[name=signer]')"), "the focus stays where it is used")
            keys.wait("!!document.querySelector('.o_portal_sign_submit:enabled')")
            keys.tab_to(".o_portal_sign_submit")
            keys.follow()
            keys.assert_shown(".alert-success", "the contract is signed")
        self.assertRecordValues(
            self.enrollment_byte, [{"signed_by": "Ben of Byte Builders", "agreement_id": self.agreement.id}]
        )

    def test_a_colleague_is_removed_and_invited(self):
        colleague = self.env["res.partner"].create({"name": "Cole", "parent_id": self.ada.id, "email": "c@ada.example"})
        user = self._new_user("portal_cole", "base.group_portal", partner=colleague)
        self.enrollment_ada.team_manager_ids = [Command.link(self.ada_contact.id)]
        with self.keyboard("portal_ada") as keys:
            keys.open("/my/team")
            keys.tab_to(".o_partner_program_team summary")
            keys.press("Enter")
            keys.tab_to(f"form[action='/my/team/{user.id}/remove'] button")
            keys.follow()
            keys.tab_to("form[action='/my/team/invite'] input[name=name]")
            keys.type("Nina")
            keys.tab_to("form[action='/my/team/invite'] input[name=email]")
            keys.type("nina@ada.example")
            keys.follow()  # Enter in a field sends the form
            keys.assert_shown("main", "nina@ada.example")
        self.assertFalse(user.active)
        self.assertTrue(self.env["res.users"].search([("login", "=", "nina@ada.example")])._is_portal())
