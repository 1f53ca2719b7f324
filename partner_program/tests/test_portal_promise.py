"""The promise to pay in time: what the partner itself held up is not late, what we held up is (P10, D15)."""

import importlib.util

from odoo.fields import Date
from odoo.tools import file_path

from .test_portal import PortalCommon


class TestPromise(PortalCommon):
    def test_d15_what_waited_for_papers_of_the_partner_breaks_no_promise(self):
        """Held until long after its day, then paid: we are not late, and the partner is not told so."""
        self.program_referral.bank_account_required = True
        self.acquired()
        self.pay(self.invoice(1000.0))
        line = self.env["partner.commission.line"].search([("partner_id", "=", self.ada.id)])
        self.assertFalse(self.run_bills("2026-04-10"))
        self.env["res.partner.bank"].create({"acc_number": "1234567890", "partner_id": self.ada.id})
        self.assertEqual(self.enrollment_ada.complete_since, Date.to_date("2026-04-10"))
        told = "Held until something from you had arrived, to be paid now"
        self.assertEqual((line.state, line._get_portal_state()), ("earned", told))
        bill = self.run_bills()
        bill.action_post()
        self.go_to("2026-04-12")
        self.assertEqual((line.state, line._get_portal_state()), ("billed", told))
        self.authenticate("portal_ada", "portal_ada")
        for address in ("/my/partner", "/my/payouts", "/my/commissions", f"/my/commissions/{line.id}"):
            text = self.text_of(self.url_open(address))
            self.assertNotIn("as due on 02/04/2026", text, address)
            self.assertNotIn("Paid on time", text, address)
        portal, program = self.env["partner.program.portal"], self.program_referral.with_user(self.manager)
        for step in (lambda: None, lambda: self.pay(bill)):
            step()
            promise = portal._get_promise(portal._get_bills(self.ada), Date.to_date("2026-04-12"))
            program.invalidate_recordset()
            self.assertEqual((promise["count"], program.on_time_rate), (0, False))

    def test_p10_what_is_late_by_us_is_late_though_something_was_missing_before(self):
        self.program_referral.bank_account_required = True
        self.acquired()
        self.pay(self.invoice(1000.0))
        self.go_to("2026-01-20")
        self.env["res.partner.bank"].create({"acc_number": "1234567890", "partner_id": self.ada.id})
        bill = self.run_bills("2026-04-10")
        bill.action_post()
        self.assertEqual(bill.commission_billing_ids.commission_line_id._get_portal_state(), "Was due on 02/04/2026")
        portal = self.env["partner.program.portal"]
        promise = portal._get_promise(portal._get_bills(self.ada), Date.to_date("2026-04-10"))
        self.assertEqual((promise["kept"], promise["count"]), (0, 1))

    def test_an_update_excuses_nothing_that_is_late(self):
        """Since when nothing is missing was not noted before."""
        path = file_path("partner_program/migrations/19.0.1.1.0/pre-migrate.py")
        spec = importlib.util.spec_from_file_location("pre_migrate", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.env.flush_all()
        self.env.cr.execute("UPDATE partner_program_enrollment SET complete_since = NULL, create_date = '2025-06-01'")
        script._note_complete_since(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual(self.enrollment_ada.complete_since, Date.to_date("2025-06-01"))
