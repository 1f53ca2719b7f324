"""From the first mail to the first payout in the browser, for both programs: what manager, partner and accountant see.

The mail comes through the gateway, the invitation is the link that was mailed, the clock is moved between the screens.
"""

import re
from urllib.parse import urlsplit

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .mails import mail
from .test_applications import ApplicationsCommon


@tagged("post_install", "-at_install")
class TestWholePath(ApplicationsCommon, HttpCase):
    browser_size = "1920x1080"  # the messages beside the form

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_client.write({"name": "Echo Energy", "email": "hello@echo.example"})  # nobody knows Delta Dairies yet
        cls.env.ref("base.public_user").sudo().write(
            {"company_ids": [Command.link(cls.company.id)], "company_id": cls.company.id}
        )

    def tour(self, path, name, login):
        self.env.flush_all()
        self.start_tour(path, f"partner_program_path_{name}", login=login, timeout=120)
        self.env.invalidate_all()

    def screen(self, program):
        action = "/odoo/action-partner_program.partner_program_enrollment_action"
        self.tour(action, f"{program}_manager", self.manager.login)
        self.env.cr.precommit.run()

    def invited(self, application):
        """The link in the invitation to the portal, as the applicant clicks it."""
        mails = self.env["mail.mail"].sudo().search([("recipient_ids", "in", application.applicant_id.ids)])
        [link] = {
            found for body in mails.mapped("body_html") for found in re.findall(r'href="([^"]*token=[^"]*)"', body)
        }
        parts = urlsplit(link.replace("&amp;", "&"))
        return f"{parts.path}?{parts.query}"

    def accept(self, application):
        """The salesperson knows the prospect of no contact."""
        referral = application.referral_ids
        self.assertRecordValues(
            referral, [{"source": "portal", "prospect_name": "Delta Dairies", "state": "submitted"}]
        )
        referral.with_user(self.manager).action_accept()
        self.assertRecordValues(referral, [{"client_id": False, "state": "accepted"}])
        return referral

    def pay_out(self, program, login):
        """Thirty days after the client has paid the accountant bills and pays, and the partner sees it."""
        self.go_to("2026-02-04")
        queue = "/odoo/action-partner_program.partner_commission_line_action_queue"
        self.tour(queue, f"{program}_accountant", self.accountant.login)
        line = self.env["partner.commission.line"].search([("client_id.name", "=", "Delta Dairies")])
        self.assertRecordValues(line, [{"state": "paid"}])
        self.tour("/my/payouts", f"{program}_payout", login)

    def test_p24_p25_p26_p6_an_affiliate(self):
        self.agreement.body = "<p>{{company_name}} and {{partner_name}} agree on {{commission_rate}} %.</p>"
        self.program_affiliate.write(
            {"bank_account_required": True, "tax_id_required": True, "account_manager_required": True}
        )
        self.env["partner.program.manager.rule"].create(
            {"program_id": self.program_affiliate.id, "user_id": self.manager.id}
        )
        application = self.receive(mail())
        self.screen("affiliate")
        self.assertRecordValues(application, [{"state": "onboarding", "account_manager_id": self.manager.id}])
        self.assertTrue(application.partner_id.training_ids.proof)

        self.tour(self.invited(application), "affiliate_partner", None)
        self.assertRecordValues(application, [{"state": "active", "missing_requirements": ""}])
        user = application.applicant_id.sudo().user_ids
        self.assertEqual(application.signature_ids.user_id, user)

        referral = self.accept(application)
        # The client buys Starter by itself: the shop makes the contact, and nobody of ours is involved (P5).
        client = self.env["res.partner"].create(
            {"name": "Delta Dairies", "is_company": True, "email": "hello@delta.example"}
        )
        self.pay(self.invoice(1000.0, client=client, product=self.starter))
        self.assertEqual(referral.state, "accepted")
        self.go_to("2026-01-06")
        self.run_all()
        user.password = user.login
        self.tour(f"/odoo/partner.referral/{referral.id}", "affiliate_client", self.manager.login)
        self.assertRecordValues(referral, [{"client_id": client.id, "state": "acquired"}])
        self.assertEqual(str(referral.acquired_on), "2026-01-05", "the day of the payment")
        self.pay_out("affiliate", user.login)

    def test_p2_p24_p6_a_referral_partner(self):
        self.pay(self.invoice(100.0))  # a customer
        application = self.receive(mail(sender="cleo@cobalt.example", to="partners@fieldpro.example"))
        self.screen("referral")
        self.assertRecordValues(application, [{"state": "active", "program_id": self.program_referral.id}])

        self.tour(self.invited(application), "referral_partner", None)
        referral = self.accept(application)
        referral.lead_id.action_set_won()
        user = application.applicant_id.sudo().user_ids
        user.password = user.login
        self.pay(self.invoice(1000.0, client=referral.lead_id.partner_id))
        self.pay_out("referral", user.login)
