"""A partner in the browser, at a desk and on the phone: each tour ends on what was done, the console stays silent."""

from odoo.tests import HttpCase

from .common import PartnerProgramCommon


class TestPortalTours(PartnerProgramCommon, HttpCase):
    """At a desk."""

    def setUp(self):
        super().setUp()
        self.enrollment_ada.account_manager_id = self.manager
        self.acquired()
        first, _second = self.invoice(1000.0), self.invoice(200.0)
        self.pay(first)
        self.line = self.line_of(first)
        self.refer(client=self.other_client, accept=False)
        self.env.flush_all()

    def tour(self, path, name):
        self.start_tour(path, f"partner_program_portal_{name}", login="portal_ada", timeout=180)
        self.env.invalidate_all()

    def test_dashboard(self):
        self.tour("/my/partner", "dashboard")

    def test_referrals(self):
        self.tour("/my/referrals", "referrals")
        sent = self.env["partner.referral"].search([("source", "=", "portal")])
        self.assertRecordValues(
            sent, [{"prospect_name": "Ember Energy", "state": "withdrawn", "decision_reason": "Sent by mistake"}]
        )
        self.assertIn("Call them in the morning", "".join(sent.message_ids.mapped("body")))

    def test_question(self):
        self.tour("/my/commissions", "question")
        self.assertEqual(self.line.question_ids.question, "Is the setup fee in it?")
        self.assertEqual(self.line.hold_code, "question")


class TestPortalToursOnThePhone(TestPortalTours):
    """On the phone."""

    browser_size = "390x844"
    touch_enabled = True
