"""Three people at their screens: each tour starts from data made here and ends on exact amounts and names."""

from odoo.fields import Date
from odoo.tests import HttpCase, tagged

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestTours(PartnerProgramCommon, HttpCase):
    def tour(self, path, name, user):
        self.env.flush_all()
        self.start_tour(path, f"partner_program_{name}", login=user.login)
        self.env.invalidate_all()

    def test_salesperson_registers_accepts_and_wins(self):
        lead = self.lead()
        self.tour(f"/odoo/crm/{lead.id}", "salesperson_refers", self.salesperson)
        self.assertRecordValues(
            lead.referral_id,
            [
                {
                    "state": "acquired",
                    "partner_id": self.ada.id,
                    "client_id": self.client.id,
                    "acquired_on": Date.to_date("2026-01-05"),
                    "eligibility": "eligible",
                }
            ],
        )
        self.assertEqual(lead.won_status, "won")
        second = self.env["partner.referral"].search([("partner_id", "=", self.byte.id)])
        self.assertRecordValues(second, [{"state": "rejected", "client_id": self.client.id}])

    def test_p7_p8_refused_by_evidence_overridden_expired_and_revived(self):
        referral = self.refer(accept=False)
        self.assertEqual(referral.eligibility, "eligible")
        self.invoice(10, on="2025-06-01")
        path = f"/odoo/action-partner_program.partner_referral_action/{referral.id}"
        self.tour(path, "claim_is_refused_by_evidence", self.salesperson)
        self.assertEqual((referral.state, referral.eligibility), ("submitted", "ineligible"))
        self.tour(path, "manager_accepts_it_anyway", self.manager)
        self.assertEqual((referral.state, referral.decision_reason), ("accepted", "That invoice was for spare parts"))
        self.go_to("2026-04-06")
        self.run_all()
        self.assertEqual(referral.state, "expired")
        self.tour(path, "claim_has_expired", self.salesperson)
        self.tour(path, "manager_revives_it", self.manager)
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "accepted",
                    "decision_reason": "They were on holiday",
                    "expires_on": Date.to_date("2026-04-20"),
                }
            ],
        )

    def test_p13_a_quotation_that_skips_the_entry_package_says_so(self):
        order = self.env["sale.order"].create(
            {"partner_id": self.other_client.id, "company_id": self.company.id, "user_id": self.salesperson.id}
        )
        self.tour(f"/odoo/sales/{order.id}", "quotation_skips_the_entry_package", self.salesperson)
        self.assertEqual(order.order_line.product_id, self.pro + self.starter)

    def test_accountant_bills_what_is_due(self):
        self.acquired()
        first, second = self.invoice(1000.0), self.invoice(500.0)
        self.pay(first + second)
        self.go_to("2026-01-15")
        third = self.invoice(200.0)
        self.pay(third)
        self.assertEqual((first + second + third).mapped("name"), [f"INV/2026/0000{n}" for n in (1, 2, 3)])
        self.go_to("2026-02-04")

        self.tour(
            "/odoo/action-partner_program.partner_commission_line_action_queue", "accountant_bills", self.accountant
        )

        for invoice, state, billed in ((first, "billed", 50.0), (second, "billed", 25.0), (third, "earned", 0.0)):
            self.assertRecordValues(self.line_of(invoice), [{"state": state, "billed_amount": billed}])
        bill = self.line_of(first).bill_ids
        self.assertBill(bill, state="posted", partner_id=self.ada.id, amount_total=75.0, lines=[(self.client, 75.0)])

    def test_partner_sees_its_line_why_and_its_bill(self):
        self.acquired()
        self.acquired(client=self.other_client, enrollment=self._enroll_byte_as_referrer())
        first, second = self.invoice(1000.0), self.invoice(200.0)
        self.pay(first)
        self.pay(self.invoice(400.0, client=self.other_client))
        self.assertEqual((first + second).mapped("name"), ["INV/2026/00001", "INV/2026/00002"])
        bills = self.run_bills("2026-02-04")
        bills.action_post()
        self.assertEqual(len(bills), 2, "one of each partner")

        self.tour("/my", "partner_sees_commissions", self.portal_ada)

    def _enroll_byte_as_referrer(self):
        return self.env["partner.program.enrollment"].create(
            {"partner_id": self.byte.id, "program_id": self.program_referral.id, "state": "active"}
        )
