"""The promise to pay in time: what the partner itself held up is not late, what we held up is (P10, D15)."""

import importlib.util

from lxml import html

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

    def due_line(self):
        self.acquired()
        self.pay(self.invoice(1000.0))
        return self.env["partner.commission.line"].search([("partner_id", "=", self.ada.id)])

    def promise(self):
        portal = self.env["partner.program.portal"]
        return portal._get_promise(portal._get_bills(self.ada), Date.to_date("2026-04-10"))

    def test_p10_of_a_partner_that_is_brought_in_and_misses_nothing_nothing_was_held(self):
        """README, step 7: enrolled today, with clients and invoices of long ago."""
        self.go_to("2026-03-20")
        late = self.env["partner.program.enrollment"].create(
            {
                "partner_id": self.byte.id,
                "program_id": self.program_referral.id,
                "state": "active",
                "date_start": "2026-01-01",
            }
        )
        self.assertEqual((late.requirements_met, late.missing_since), (True, False))
        self.acquired(client=self.other_client, enrollment=late, referred_on="2026-01-02 09:00:00")
        other_invoice = self.invoice(500.0, client=self.other_client, on="2026-01-05")
        self.pay(other_invoice, on="2026-01-05")
        line = self.line_of(other_invoice)
        self.assertEqual(line.due_on, Date.to_date("2026-02-04"))
        self.assertEqual(line._get_portal_state(), "Was due on 02/04/2026")
        bills = self.run_bills()
        self.assertFalse(any(bills.commission_billing_ids.mapped("was_held")))

    def test_p10_what_is_missing_after_the_pay_by_date_only_excuses_nothing(self):
        """Held by us until April; in March the bank account was closed, and another one came three days later."""
        self.program_referral.bank_account_required = True
        bank = self.env["res.partner.bank"].create({"acc_number": "1234567890", "partner_id": self.ada.id})
        line = self.due_line()
        line.write({"held_by_hand": True, "manual_hold_reason": "Looking at it"})
        self.go_to("2026-03-10")
        bank.active = False
        self.env.flush_all()
        self.assertFalse(self.enrollment_ada.requirements_met)
        self.go_to("2026-03-13")
        self.env["res.partner.bank"].create({"acc_number": "99999999", "partner_id": self.ada.id})
        self.env.flush_all()
        self.assertEqual(self.enrollment_ada.missing_since, Date.to_date("2026-03-10"))
        self.go_to("2026-04-10")
        line.action_release()
        self.assertEqual(line._get_portal_state(), "Was due on 02/04/2026")
        self.run_bills().action_post()
        self.assertFalse(line.billing_ids.was_held)
        self.assertEqual((self.promise()["kept"], self.promise()["count"]), (0, 1))

    def test_an_update_excuses_nothing_that_is_late(self):
        """Since when nothing is missing was not noted before."""
        path = file_path("partner_program/migrations/19.0.1.1.0/pre-migrate.py")
        spec = importlib.util.spec_from_file_location("pre_migrate", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE partner_program_enrollment SET complete_since = NULL, missing_since = NULL, "
            "create_date = '2025-06-01', requirements_met = (id = %s)",
            [self.enrollment_ada.id],
        )
        script._note_complete_since(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual(self.enrollment_ada.complete_since, Date.to_date("2025-06-01"))
        self.assertFalse(self.enrollment_ada.missing_since, "nothing was late by the partner")
        self.assertEqual(self.enrollment_byte.missing_since, Date.to_date("2025-06-01"), "as far as we know")

    def test_d16_a_raised_rate_is_added_to_the_next_bill_and_was_due_on_no_day_of_long_ago(self):
        line = self.billed_line()
        self.pay(line.bill_ids, on="2026-02-04")
        self.go_to("2026-05-10")
        line.referral_id.with_user(self.manager).commission_rate = 6
        self.env.flush_all()
        self.assertEqual((line.state, line.open_amount), ("earned", 10.0))
        self.assertEqual(line._get_portal_state(), "Will be added to your next bill")
        portal, today = self.env["partner.program.portal"].with_user(self.portal_ada), Date.to_date("2026-05-10")
        (total,) = portal._get_totals(self.ada)
        self.assertEqual(portal._get_next_payment(total, today), (10.0, today))

    def test_d16_a_difference_that_waits_for_its_pay_by_date_is_promised_for_that_day(self):
        line = self.billed_line()
        self.pay(line.bill_ids, on="2026-02-04")
        self.go_to("2026-05-10")
        line.move_id.line_ids.remove_move_reconcile()
        self.pay(line.move_id)
        line.referral_id.with_user(self.manager).commission_rate = 6
        self.env.flush_all()
        self.assertLine(line, state="earned", open_amount=10.0, due_on="2026-06-09")
        self.assertEqual(line._get_portal_state(), "To be paid by 06/09/2026")
        portal, today = self.env["partner.program.portal"].with_user(self.portal_ada), Date.to_date("2026-05-10")
        (total,) = portal._get_totals(self.ada)
        self.assertEqual(portal._get_next_payment(total, today), (10.0, Date.to_date("2026-06-09")))
        self.assertFalse(self.run_bills(), "a run waits, too")

    def test_d16_what_was_taken_back_too_often_is_to_be_paid_next(self):
        line = self.billed_line()
        line.move_id.line_ids.remove_move_reconcile()
        other = self.invoice(3000)
        self.pay(other)
        second = self.run_bills("2026-03-10")
        second.action_post()
        line.bill_ids.filtered(lambda bill: bill != second)._reverse_moves(
            [{"invoice_date": "2026-03-10", "date": "2026-03-10"}], cancel=True
        )
        self.env.flush_all()
        self.assertLine(line, earned_amount=0.0, billed_amount=-50.0, open_amount=50.0, due_on=False)
        self.pay(second, on="2026-03-10")
        self.go_to("2026-04-10")
        portal, today = self.env["partner.program.portal"].with_user(self.portal_ada), Date.to_date("2026-04-10")
        (total,) = portal._get_totals(self.ada)
        self.assertEqual(portal._get_next_payment(total, today), (50.0, today))

    def test_while_our_payment_is_a_draft_again_no_page_says_paid(self):
        line = self.billed_line()
        bill = line.bill_ids
        payment = self.pay(bill, on="2026-02-04")
        pages = ("/my/payouts", "/my/payouts?filterby=paid", "/my/commissions", f"/my/commissions/{line.id}")
        self.authenticate("portal_ada", "portal_ada")
        for address in pages:
            self.assertIn("Paid", self.paid_in(address), address)
        self.assertNotIn(bill.name, self.text_of(self.url_open("/my/payouts?filterby=to_pay")))
        payment.action_draft()
        self.env.flush_all()
        self.assertEqual(bill.payment_state, "paid", "what Odoo says")
        for address in pages:
            self.assertNotIn("Paid", self.paid_in(address), address)
        self.assertNotIn(bill.name, self.text_of(self.url_open("/my/payouts?filterby=paid")))
        self.assertIn(bill.name, self.text_of(self.url_open("/my/payouts?filterby=to_pay")))

    def paid_in(self, address):
        """The badges and the history of a page."""
        page = html.fromstring(self.url_open(address).content)
        nodes = page.xpath("//main//span[contains(@class, 'badge')] | //main//ol//li | //main//ul//li")
        return " ".join(" ".join(node.text_content().split()) for node in nodes)
