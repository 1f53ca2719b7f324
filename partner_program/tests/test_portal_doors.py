"""Doors of the portal beside its forms: calls with files, odd addresses; part payments; who gets the log-in."""

from lxml import html

from odoo import fields
from odoo.tests import HttpCase
from odoo.tools import mute_logger

from .common import PartnerProgramCommon
from .test_statement import StatementCommon


class TestDoors(PartnerProgramCommon, HttpCase):
    def test_a_call_brings_no_file(self):
        """Odoo takes files of partners by its upload only, where ``controllers/uploads.py`` looks at them."""
        referral = self.refer()
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        params = {"model": referral._name, "method": "message_post", "args": [[referral.id]]}
        params["kwargs"] = {"body": "x", "attachments": [["run.html", "<script>x</script>"]]}
        with mute_logger("odoo.http"):
            answer = self.url_open("/web/dataset/call_kw", json={"params": params}, timeout=60).json()
        self.assertIn("You are not allowed to access 'Attachment'", answer["error"]["data"]["message"])
        self.env.invalidate_all()
        self.assertFalse(self.env["ir.attachment"].sudo().search([("name", "=", "run.html")]))

    def test_addresses_with_letters_that_are_no_token_are_not_found(self):
        self.enrollment_ada._ensure_status_token()
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        for odd in ("%C3%A9", "a-b"):
            for page in ("/my/referrals/sent/", f"/partners/status/{self.enrollment_ada.id}/"):
                with self.subTest(page + odd), mute_logger("odoo.http"):
                    self.assertEqual(self.url_open(page + odd).status_code, 404)


class TestPartPayments(PartnerProgramCommon):
    def test_what_was_paid_of_a_bill_is_not_to_be_paid_again(self):
        line = self.billed_line()
        bill = line.bill_ids
        self.pay(bill, amount=20.0)
        self.env.flush_all()
        [total] = self.env["partner.program.portal"]._get_totals(self.ada)
        self.assertEqual((total["paid"], total["to_pay"]), (20.0, 30.0))
        self.assertEqual(sum(total["coming"].values()), 30.0)
        self.pay(bill)
        [total] = self.env["partner.program.portal"]._get_totals(self.ada)
        self.assertEqual((total["paid"], total["to_pay"], dict(total["coming"])), (50.0, 0.0, {}))


class TestWhatWasSetOff(StatementCommon, HttpCase):
    """Only money is paid: what a refund for something else closed is nowhere told as our payment."""

    def setUp(self):
        super().setUp()
        self.line = self.billed_line()
        self.bill = self.line.bill_ids

    def told(self):
        """What the pages say of the bill: totals, promise, chart, state, last line of the history, list of payouts."""
        portal, today = self.env["partner.program.portal"], fields.Date.today()
        self.env.flush_all()
        self.env.invalidate_all()
        bills = portal._get_bills(self.ada)
        [total] = portal._get_totals(self.ada, bills)
        chart = portal._get_chart(total, bills, portal._get_months([total], today), today)
        self.authenticate("portal_ada", "portal_ada")
        pages = [
            html.fromstring(self.url_open(address).content).xpath(f"//tr[contains(@class, '{row}')]")
            for address, row in (
                ("/my/payouts", "o_partner_program_payout"),
                ("/my/commissions", "o_partner_program_bill"),
            )
        ]
        texts = [" ".join(rows[0].text_content().split()) for rows in pages]
        return {
            "totals": (total["paid"], total["set_off"], total["to_pay"]),
            "promise": portal._get_promise(bills, today)["count"],
            "on time": self.program_referral.with_user(self.manager).on_time_rate,
            "chart": sum(row["paid"] for row in chart),
            "state": self.line._get_portal_state(),
            "why": self.line.explanation.rpartition(", paid in full on 01/05/2026, ")[2],
            "history": self.line._get_portal_history()[-1]["text"],
            "payouts": texts,
        }

    def test_a_bill_that_was_set_off_is_not_paid(self):
        self.set_off(self.bill, 80.0)
        self.assertEqual(self.line.state, "paid", "nothing is left to pay")
        told = self.told()
        payouts = told.pop("payouts")
        self.assertTrue(all("Set off on 02/04/2026 against what you owed" in text for text in payouts), payouts)
        self.assertEqual(
            told,
            {
                "totals": (0.0, 50.0, 0.0),
                "promise": 0,
                "on time": False,
                "chart": 0.0,
                "state": "Set off",
                "why": "set off against what the partner owed.",
                "history": "Set off against what you owed",
            },
        )

    def test_a_bill_that_was_set_off_in_part_is_paid_for_the_rest(self):
        self.set_off(self.bill, 20.0)
        self.pay(self.bill)
        told = self.told()
        payouts = told.pop("payouts")
        wanted = "Paid on 02/04/2026, in part set off against what you owed"
        self.assertTrue(all(wanted in text for text in payouts), payouts)
        self.assertEqual(
            told,
            {
                "totals": (30.0, 20.0, 0.0),
                "promise": 1,
                "on time": "100 %",
                "chart": 30.0,
                "state": "Paid, in part set off",
                "why": "paid to the partner, in part set off against what it owed.",
                "history": "Paid to you, in part set off against what you owed",
            },
        )


class TestWhoApplied(PartnerProgramCommon):
    def apply(self):
        contacts = self.env["res.partner"].create(
            [
                {"name": "Sam", "parent_id": company.id, "email": "sam@both.example"}
                for company in (self.client, self.other_client)
            ]
        )
        stray = self.env["res.partner"].create({"name": "sam@both.example", "email": "sam@both.example"})
        application = self.env["partner.program.enrollment"].create(
            {
                "partner_id": stray.id,
                "program_id": self.program_referral.id,
                "applicant_id": stray.id,
                "applicant_email": "sam@both.example",
                "ambiguous_partner_ids": (self.client + self.other_client).ids,
            }
        )
        return contacts, stray, application

    def test_choosing_the_company_chooses_its_contact_who_gets_the_log_in(self):
        contacts, _stray, application = self.apply()
        application.partner_id = self.other_client
        self.assertEqual(application.applicant_id, contacts[1])
        application.action_onboard()
        self.assertEqual(application.applicant_id.user_ids.commercial_partner_id, self.other_client)

    def test_an_applicant_without_a_company_becomes_a_contact_of_the_one_chosen(self):
        _contacts, stray, application = self.apply()
        new = self.env["res.partner"].create({"name": "New Company", "is_company": True})
        application.partner_id = new
        self.assertEqual((application.applicant_id, stray.parent_id), (stray, new))

    def test_somebody_of_another_company_gets_no_log_in_for_it(self):
        application = self.env["partner.program.enrollment"].create(
            {"partner_id": self.client.id, "program_id": self.program_referral.id, "applicant_id": self.byte_contact.id}
        )
        self.assertEqual(application._get_portal_contact().commercial_partner_id, self.client)

    def test_facts_of_another_company_are_not_told(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.sudo().company_ids += other
        program = self.env["partner.program"].create(
            {"name": "Kakapoprogram", "program_type": "referral", "company_id": other.id, "commission_rate": 5}
        )
        self.env["partner.program.enrollment"].create({"partner_id": self.client.id, "program_id": program.id})
        application = self.env["partner.program.enrollment"].create(
            {"partner_id": self.client.id, "program_id": self.program_referral.id}
        )
        self.assertNotIn("Kakapoprogram", application.screening_facts)
