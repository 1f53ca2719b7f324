"""Doors of the portal beside its forms: calls with files, odd addresses; part payments; who gets the log-in."""

from odoo.tests import HttpCase
from odoo.tools import mute_logger

from .common import PartnerProgramCommon


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
