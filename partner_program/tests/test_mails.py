"""Mails to partners: one door, and a switch for each."""

from markupsafe import Markup

from odoo.tests import tagged

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestMails(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["mail.template"].create(
            {
                "name": "Test Mail",
                "model_id": cls.env["ir.model"]._get_id("partner.program.enrollment"),
                "subject": "About {{ object.program_id.name }}",
                "partner_to": "{{ object.partner_id.id }}",
                "body_html": Markup("<p>Hello</p>"),
            }
        )
        cls.env["ir.model.data"].create(
            {
                "module": "partner_program",
                "name": "mail_template_for_test",
                "model": "mail.template",
                "res_id": cls.template.id,
            }
        )

    def send(self, user):
        records = self.enrollment_ada.with_user(user)
        return (
            self.env["mail.template"]
            .with_user(user)
            ._partner_program_send("partner_program.mail_template_for_test", records)
        )

    def test_whoever_triggers_a_mail_needs_no_right_on_templates(self):
        mail = self.send(self.portal_ada)
        self.assertEqual(mail.sudo().subject, "About Referral")
        self.assertEqual(mail.sudo().recipient_ids, self.ada)

    def test_a_template_switched_off_or_deleted_sends_nothing(self):
        self.template.active = False
        self.assertFalse(self.send(self.manager))
        self.template.unlink()
        self.assertFalse(self.send(self.manager))

    def test_the_settings_list_our_templates_also_those_switched_off(self):
        self.template.active = False
        action = self.env["res.config.settings"].create({}).action_partner_program_mails()
        found = self.env["mail.template"].with_context(active_test=False).search(action["domain"])
        self.assertIn(self.template, found)
        self.assertFalse(found.filtered(lambda one: "partner_program" not in one.get_external_id()[one.id]))
