"""Who of a partner saw or did what in the portal, and what writing it down costs (issue 5, Team)."""

import threading
from unittest.mock import patch

from odoo.http import Request
from odoo.tests import HttpCase
from odoo.tools import SQL, mute_logger

from .test_access import AccessCommon

PERIOD = "?date_from=2026-01-01&date_to=2026-12-31"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class TestPortalLog(AccessCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Log = cls.env["partner.program.portal.log"]
        cls.pages = {
            "/my/partner": ("partner_dashboard", False),
            "/my/referrals": ("referrals", False),
            "/my/referrals/new": ("referral_form", False),
            f"/my/referrals/{cls.referral.id}": ("referral", cls.referral.display_name),
            "/my/commissions": ("commissions", False),
            f"/my/commissions/{cls.line.id}": ("commission", cls.line.display_name),
            "/my/statements": ("statements", False),
            f"/my/statements/period{PERIOD}": ("statement", False),
            "/my/payouts": ("payouts", False),
            "/my/agreement": ("agreement", False),
            "/my/resources": ("resources", False),
            "/my/team": ("team", False),
        }

    def rows(self):
        self.env.invalidate_all()
        return [(row.user_name, row.action, row.page, row.detail) for row in self.Log.search([], order="id")]

    def visit(self, page, status=200):
        """Go there; whether the page was served with a cursor that only reads."""
        modes = []
        note = type(self.Log)._note_view

        def noting(log, *args):
            modes.append(log.env.cr.readonly)
            return note(log, *args)

        with patch.object(type(self.Log), "_note_view", noting), mute_logger("odoo.http"):
            response = self.url_open(page)
        self.assertEqual(response.status_code, status, page)
        return modes

    def post(self, address, **data):
        return self.url_open(address, data={"csrf_token": Request.csrf_token(self), **data})

    def test_each_page_is_noted_once_a_day_and_else_only_read(self):
        self.authenticate("portal_ada", "portal_ada")
        for page in self.pages:
            self.assertEqual(self.visit(page), [False], page)
        expected = [("Ann of Ada", "view", *what) for what in self.pages.values()]
        self.assertEqual(self.rows(), expected)
        self.assertEqual(set(self.Log.search([]).partner_id), {self.ada})
        for page in self.pages:
            self.assertEqual(self.visit(page), [True], f"{page}: a replica could serve it")
        self.assertEqual(self.rows(), expected)
        self.visit("/my/commissions/page/2")
        self.assertEqual(self.rows(), expected, "another page of the same list")
        self.go_to("2026-01-06")
        self.assertEqual(self.visit("/my/partner"), [False])
        self.assertEqual(self.visit("/my/partner"), [True])
        self.assertEqual(self.rows(), [*expected, expected[0]])

    def test_everybody_has_rows_of_their_own(self):
        colleague = self.env["res.partner"].create({"name": "Cole of Ada", "parent_id": self.ada.id})
        self._new_user("portal_cole", "base.group_portal", partner=colleague)
        for login in ("portal_ada", "portal_cole", "portal_byte"):
            self.authenticate(login, login)
            self.visit("/my/partner")
        self.assertEqual(
            [(row.user_name, row.partner_id) for row in self.Log.search([], order="id")],
            [("Ann of Ada", self.ada), ("Cole of Ada", self.ada), ("Ben of Byte", self.byte)],
        )

    def test_two_requests_at_once_make_one_row(self):
        Log = self.Log.with_user(self.portal_ada)
        with patch.object(type(self.Log), "_same_visit", lambda *_args: SQL("FALSE")):  # neither sees the other
            Log._note_view("referral", self.referral)
            Log._note_view("referral", self.referral)
            Log._note_view("referrals")
        self.assertEqual([row[2] for row in self.rows()], ["referral", "referrals"])

    def test_what_is_not_seen_is_not_noted(self):
        self.authenticate("portal_ada", "portal_ada")
        for page in (f"/my/referrals/{self.other_referral.id}", f"/my/commissions/{self.other_line.id}"):
            self.assertEqual(self.visit(page, status=404), [])
        self.assertEqual(self.rows(), [])

    def test_who_is_of_no_partner_writes_nothing(self):
        self.authenticate("sally", "sally")
        self.assertTrue(self.Log.with_user(self.salesperson)._is_noted("partner_dashboard"))
        self.assertEqual(self.visit("/my/partner"), [], "and a page without figures")
        self.authenticate(None, None)
        self.assertEqual(self.visit("/my/partner"), [])
        self.assertEqual(self.rows(), [])

    def test_seeing_as_the_partner_is_noted_as_the_employee(self):
        self.authenticate("mona", "mona")
        self.visit(f"/my/partner/as/{self.enrollment_ada.id}")
        self.assertEqual(self.rows(), [(self.manager.name, "preview", False, "")])
        row = self.Log.search([])
        self.assertEqual((row.partner_id, row.user_id), (self.ada, self.manager))
        self.authenticate("portal_ada", "portal_ada")
        self.assertNotIn(self.manager.name, self.url_open("/my/team").text, "the log is of its own people there")

    def test_what_is_done_is_noted(self):
        self.authenticate("portal_ada", "portal_ada")
        self.post("/my/referrals/send", company="Quill Ltd", contact="Quin", email="quin@quill.example", token="a" * 32)
        self.post("/my/referrals/send", company="Quill Ltd", contact="Quin", email="quin@quill.example", token="a" * 32)
        referral = self.env["partner.referral"].search([("prospect_name", "=", "Quill Ltd")])
        self.post(f"/my/referrals/{referral.id}/withdraw", reason="")  # refused: nothing was done
        self.post(f"/my/referrals/{referral.id}/withdraw", reason="A mistake")
        self.post(f"/my/commissions/{self.line.id}/question", question="Why?")
        self.post("/my/agreement/details", acc_number="BE71 0961 2345 6769", vat="")
        done = [row for row in self.rows() if row[1] != "view"]
        self.assertEqual(
            done,
            [
                ("Ann of Ada", "refer", False, referral.name),
                ("Ann of Ada", "withdraw", False, referral.name),
                ("Ann of Ada", "question", False, self.line.display_name),
                ("Ann of Ada", "details", False, ""),
            ],
        )

    def test_the_signature_and_taking_the_contract_are_noted(self):
        self.enrollment_byte.write({"signed_on": False, "signed_by": False})
        self.env.flush_all()
        self.authenticate("portal_byte", "portal_byte")
        params = {"agreement_id": self.agreement.id, "name": "Ben of Byte", "signature": PIXEL}
        checksum = self.agreement._get_text_checksum(self.enrollment_byte)
        self.url_open(f"/my/agreement/{self.enrollment_byte.id}/sign?checksum={checksum}", json={"params": params})
        signature = self.env["partner.program.signature"].sudo().search([("partner_id", "=", self.byte.id)])
        self.url_open(f"/my/agreement/document/{signature.id}")
        self.assertEqual([row[1] for row in self.rows()], ["sign", "contract"])

    def test_the_team_page_shows_it_to_whoever_manages_the_team(self):
        colleague = self.env["res.partner"].create({"name": "Cole of Ada", "parent_id": self.ada.id})
        self._new_user("portal_cole", "base.group_portal", partner=colleague)
        self.Log.with_user(self.portal_byte)._log("setting", "Byteword")
        self.env.flush_all()
        self.authenticate("portal_cole", "portal_cole")
        self.visit(f"/my/referrals/{self.referral.id}")
        self.assertNotIn("Who did what", self.url_open("/my/team").text)
        self.authenticate("portal_ada", "portal_ada")
        text = " ".join(self.url_open("/my/team").text.split())
        self.assertIn("Who did what", text)
        self.assertRegex(text, f"Cole of Ada.*Looked at a page.*Referral.*{self.referral.name}")
        self.assertNotIn("Byteword", text)

    def test_every_page_of_partners_is_noted(self):
        """A route that a replica may serve asks first, unless it gives no page of its own."""
        threading.current_thread().dbname = self.env.cr.dbname  # as a thread that serves requests has it
        self.addCleanup(lambda: vars(threading.current_thread()).pop("dbname", None))
        known = dict(self.Log._fields["page"].selection)
        no_page = {"/my/referrals/sent/<string:token>"}
        found = set()
        for rule in self.env["ir.http"].sudo().routing_map().iter_rules():
            readonly = rule.endpoint.routing.get("readonly")
            function = getattr(rule.endpoint, "func", rule.endpoint)
            module = getattr(getattr(function, "__func__", function), "__module__", "")
            ours = "addons.partner_program" in module and rule.rule.startswith("/my/")
            if ours and readonly and rule.rule not in no_page:
                self.assertTrue(callable(readonly), f"{rule.rule}: who looked?")
                found.add(rule.rule)
        self.assertGreaterEqual(len(found), len(self.pages))
        self.assertLessEqual({page for page, _detail in self.pages.values()}, known.keys())
