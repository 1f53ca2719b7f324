"""The whole path, for both programs: from the first mail or form to the first payout."""

from odoo.fields import Command, Date
from odoo.tests import HttpCase, tagged

from .mails import mail
from .test_applications import ApplicationsCommon


@tagged("post_install", "-at_install")
class TestBecomingAPartner(ApplicationsCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("base.public_user").sudo().write(
            {"company_ids": [Command.link(cls.company.id)], "company_id": cls.company.id}
        )
        cls.agreement.body = "<p>{{company_name}} and {{partner_name}} agree on {{commission_rate}} %.</p>"
        cls.program_affiliate.write(
            {"bank_account_required": True, "tax_id_required": True, "account_manager_required": True}
        )
        cls.env["partner.program.manager.rule"].create(
            {"program_id": cls.program_affiliate.id, "user_id": cls.manager.id}
        )

    def settle(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.flush_all()

    def pay_out(self, invoice, login, rate):
        """The client pays, the run drafts, the accountant posts and pays; the partner sees it in the portal."""
        self.pay(invoice)
        bill = self.run_bills("2026-02-04")
        self.assertBill(bill, amount_total=invoice.amount_untaxed * rate, invoice_date_due="2026-02-04")
        bill.with_user(self.accountant).action_post()
        self.pay(bill)
        self.assertLine(self.line_of(invoice), state="paid", due_on="2026-02-04")
        self.authenticate(login, login)
        page = self.url_open("/my/commissions").text
        self.assertIn(invoice.name, page)
        return bill

    def test_p24_p25_p6_an_affiliate_from_the_form_to_the_first_payout(self):
        self.start_tour("/partners/apply", "partner_program_applies", login=None)
        application = self.enrollments.search([("application_source", "=", "form")])
        self.assertRecordValues(
            application,
            [
                {
                    "state": "applied",
                    "program_id": self.program_affiliate.id,
                    "suggested_program_id": self.program_affiliate.id,
                    "applicant_email": "nora@new.example",
                }
            ],
        )
        application.with_user(self.manager).action_onboard()
        user = application.applicant_id.sudo().user_ids
        user.password = user.login
        application.with_user(self.manager).trained_contact_ids = [Command.link(application.applicant_id.id)]
        self.settle()
        self.assertEqual(application.state, "onboarding")

        self.start_tour("/my/agreement", "partner_program_onboards", login=user.login)

        self.env.invalidate_all()
        self.assertEqual((application.state, application.missing_requirements), ("active", ""))
        self.assertEqual(application.signature_ids.user_id, user)
        self.receive(mail(text="Company: Delta Dairies\nEmail: hello@delta.example\nContact: Dee", number="referral"))
        referral = application.referral_ids
        self.assertEqual((referral.source, referral.state), ("email", "submitted"))
        referral.client_id = self.other_client
        referral.with_user(self.manager).action_accept()
        invoice = self.invoice(1000.0, client=self.other_client, product=self.starter)
        self.pay_out(invoice, user.login, 0.2)
        self.assertEqual(referral.acquired_on, Date.to_date("2026-01-05"))

    def test_p24_p6_a_referral_partner_from_the_mail_to_the_first_payout(self):
        application = self.receive(mail(sender="cleo@cobalt.example", to="partners@fieldpro.example", number=1))
        self.assertTrue(application.is_program_open)
        self.pay(self.invoice(100.0))  # a customer
        application.invalidate_recordset()
        self.assertEqual(application.suggested_program_id, self.program_referral)
        application.with_user(self.manager).action_use_suggestion()
        application.with_user(self.manager).action_onboard()
        self.settle()
        self.assertEqual(application.state, "active", "the program asks for nothing")
        user = self.client_contact.sudo().user_ids
        user.password = user.login
        self.receive(
            mail(
                sender="cleo@cobalt.example",
                to="partners@fieldpro.example",
                number=2,
                subject="Referral: Delta Dairies",
            )
        )
        referral = application.referral_ids
        self.assertEqual(referral.prospect_name, "Delta Dairies")
        referral.client_id = self.other_client
        referral.with_user(self.manager).action_accept()
        referral.lead_id.action_set_won()
        self.pay_out(self.invoice(1000.0, client=self.other_client), user.login, 0.05)
