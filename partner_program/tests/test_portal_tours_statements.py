"""Statements, payouts, resources and team in Chromium, at a desk and on a phone; it ends on amounts and names."""

from odoo.tests import HttpCase

from .common import PartnerProgramCommon


class TestStatementTour(PartnerProgramCommon, HttpCase):
    """At a desk."""

    def test_statements_payouts_resources_and_team(self):
        line = self.billed_line()
        self.pay(line.bill_ids, on="2026-02-20")
        self.env["partner.program.resource"].create(
            {"name": "Logos", "category": "branding", "url": "https://brand.example"}
        )
        self.go_to("2026-03-02")
        self.env.flush_all()
        self.start_tour("/my/commissions", "partner_program_partner_statements", login="portal_ada", timeout=180)
        self.env.invalidate_all()
        self.assertFalse(self.enrollment_ada.statement_by_mail)
        nina = self.env["res.users"].search([("login", "=", "nina@ada.example")])
        self.assertEqual((nina.partner_id.parent_id, nina._is_portal()), (self.ada, True))


class TestStatementTourOnThePhone(TestStatementTour):
    """On the phone."""

    browser_size = "390x844"
    touch_enabled = True
