"""Mails to partners: one door, and a switch for each."""

import importlib.util
from pathlib import Path
from unittest.mock import patch

from markupsafe import Markup

from odoo.tests import tagged
from odoo.tools import email_normalize, file_path, mute_logger

from .common import PartnerProgramCommon
from .mails import mail


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

    def test_answers_to_many_mails_are_set_at_once(self):
        self.company.alias_domain_id = self.env["mail.alias.domain"].create({"name": "alias.test"})
        self.template.auto_delete = False
        partners = self.env["res.partner"].create([{"name": f"Partner {n}", "is_company": True} for n in range(10)])
        records = self.env["partner.program.enrollment"].create(
            [{"partner_id": one.id, "program_id": self.program_referral.id} for one in partners]
        )
        written = []
        write = self.registry["mail.mail"].write

        def count(mails, vals):
            written.append(vals)
            return write(mails, vals)

        with patch.object(self.registry["mail.mail"], "write", count):
            mails = self.env["mail.template"]._partner_program_send("partner_program.mail_template_for_test", records)
        self.assertEqual(len(mails), 10)
        self.assertIn("@alias.test", mails[0].reply_to)
        self.assertEqual(len([vals for vals in written if "reply_to" in vals]), 1)

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


@tagged("post_install", "-at_install")
class TestEachMail(PartnerProgramCommon):
    """All templates of the add-on, from the registry: each has a switch that works, and a preview."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "office@fieldpro.example"
        cls.manager.email = "mona@fieldpro.example"
        cls.enrollment_byte.write({"account_manager_id": cls.manager.id, "monthly_meeting": True})
        data = cls.env["ir.model.data"].search([("model", "=", "mail.template"), ("module", "=", "partner_program")])
        cls.templates = cls.env["mail.template"].browse(data.mapped("res_id"))
        cls.xmlids = {one.res_id: f"partner_program.{one.name}" for one in data}

    def sample(self, model):
        """A record that the mail could be about; the same one for all mails."""
        if model not in self.samples:
            self.samples[model] = self.make_sample(model)
        return self.samples[model]

    def setUp(self):
        super().setUp()
        self.samples = {}

    def make_sample(self, model):
        if model == "partner.program.enrollment":
            return self.enrollment_byte
        if model == "partner.referral":
            return self.refer(self.enrollment_byte, self.other_client, lead_id=False)
        if model == "partner.program.training":
            self.byte.training_ids.date_to = "2026-03-31"
            return self.byte.training_ids
        if model == "partner.program.meeting":
            return self.env[model]._of_events(self.enrollment_byte.meeting_ids[:1])
        if model == "partner.commission.question":
            return self.env[model].create({"commission_line_id": self.earned_line().id, "question": "Why not more?"})
        return (
            self.env[model]
            .sudo()  # the job makes statements
            .create(
                {
                    "partner_id": self.byte.id,
                    "company_id": self.company.id,
                    "date_from": "2025-12-01",
                    "date_to": "2025-12-31",
                    "recipient_ids": self.byte_contact.ids,
                }
            )
        )

    def test_the_switch_of_each_mail_works(self):
        self.assertGreater(len(self.templates), 20)
        for template in self.templates:
            with self.subTest(template=template.name):
                record, door = self.sample(template.model), self.env["mail.template"]._partner_program_send
                sent = door(self.xmlids[template.id], record).sudo()
                self.assertEqual(len(sent), 1)
                self.assertTrue(sent.recipient_ids or sent.email_to)
                template.active = False
                self.assertFalse(door(self.xmlids[template.id], record))

    def test_each_mail_can_be_answered(self):
        """What Odoo deletes once it is sent is no thread to answer to: the catchall would send the answer back."""
        self.company.alias_domain_id = self.env["mail.alias.domain"].create({"name": "fieldpro.example"})
        people = {"mona@fieldpro.example", "office@fieldpro.example"}
        for template in self.templates:
            with self.subTest(template=template.name):
                record = self.sample(template.model)
                sent = self.env["mail.template"]._partner_program_send(self.xmlids[template.id], record).sudo()
                answers_to = sent._prepare_outgoing_list()[0]["reply_to"] or sent.email_from  # the header that is sent
                if template.auto_delete:
                    self.assertIn(email_normalize(answers_to), people)
                    continue
                self.assertEqual(email_normalize(answers_to), self.company.catchall_email)
                answer = mail(
                    sender="ben@byte.example",
                    to=answers_to,
                    headers={"In-Reply-To": sent.message_id},
                    subject=f"Re: {sent.subject}",
                    number=f"answer-{template.id}",
                )
                with mute_logger("odoo.addons.mail.models.mail_thread"):
                    self.env["mail.thread"].message_process(False, answer)
                self.assertEqual(record.message_ids[:1].subject, f"Re: {sent.subject}")

    def test_all_mails_take_the_door_with_the_switch(self):
        for add_on in Path(__file__).parents[2].glob("partner_program*"):
            for path in add_on.rglob("*.py"):
                if "tests" not in path.parts and path.name != "mail_template.py":
                    self.assertNotRegex(path.read_text(), r"\.send_mail(_batch)?\(", path)

    def test_each_mail_can_be_previewed(self):
        for template in self.templates:
            with self.subTest(template=template.name):
                record = self.sample(template.model)
                preview = self.env["mail.template.preview"].create(
                    {"mail_template_id": template.id, "resource_ref": f"{record._name},{record.id}"}
                )
                self.assertFalse(preview.error_msg)
                self.assertTrue(preview.subject)
                for leftover in ("{{", "t-out", "False"):
                    self.assertNotIn(leftover, preview.body_html + preview.subject)


@tagged("post_install", "-at_install")
class TestUpdate(PartnerProgramCommon):
    """An update from 19.0.1.0.0 renews the mails that nobody has changed."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.ended = self.env.ref("partner_program.mail_template_ended")
        self.welcome = self.env.ref("partner_program.mail_template_welcome")
        self.contract = self.env.ref("partner_program.mail_template_agreement_new_version")
        self.mails = self.ended + self.welcome + self.contract
        self.texts = self.mails.mapped("body_html")
        earlier = [
            str(text)
            .replace("_get_account_manager()", "account_manager_id")
            .replace("_planned_series", "_planned_meetings")
            for text in self.texts
        ]
        earlier[2] = earlier[2].replace('<p t-if="object._get_signed_version()">', "<p>")
        other_contract = earlier[2].index('    <p t-else="">there is a contract')
        earlier[2] = earlier[2][:other_contract] + earlier[2][earlier[2].index("    <p t-if=", other_contract) :]
        for template, text in zip(self.mails, earlier, strict=True):
            template.body_html = text
        self.contract.subject = "Please sign the new version of our contract"
        self.contract.with_context(lang="fr_FR").subject = "Veuillez signer la nouvelle version"

    def update(self):
        path = file_path("partner_program/migrations/19.0.1.1.0/post-mails.py")
        spec = importlib.util.spec_from_file_location("post_mails", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.env.flush_all()
        script.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def test_unchanged_mails_are_renewed(self):
        self.ended.active = False
        self.update()
        self.assertEqual(self.mails.mapped("body_html"), self.texts)
        self.assertEqual(self.contract.subject, "Please sign our contract")
        self.assertEqual(
            self.contract.with_context(lang="fr_FR").subject, "Please sign our contract", "until Odoo loads it"
        )
        self.assertFalse(self.ended.active, "what is switched off stays so")

    def test_so_are_those_of_meetings_and_trainings(self):
        pack = self.env.ref("partner_program.mail_template_meeting_pack")
        training = self.env.ref("partner_program.mail_template_training_expires")
        texts, sender = (pack + training).mapped("body_html"), training.email_from
        pack.body_html = str(pack.body_html).replace("dt_format='short'", "dt_format='medium'")
        training.email_from = (
            "{{ (object.trainer_id.email_formatted or user.company_id.email_formatted or user.email_formatted) }}"
        )
        self.assertNotEqual(pack.body_html, texts[0])
        self.update()
        self.assertEqual((pack + training).mapped("body_html"), texts)
        self.assertEqual(training.email_from, sender)

    def test_the_pack_goes_to_own_people_whatever_its_words(self):
        pack = self.env.ref("partner_program.mail_template_meeting_pack")
        to_own = pack.partner_to
        self.assertIn("_get_pack_recipients", to_own)
        everybody = "{{ ','.join(str(id) for id in object.event_id.partner_ids.ids) }}"
        pack.write({"partner_to": everybody, "body_html": "<p>Ours</p>"})
        self.update()
        self.assertEqual((pack.partner_to, str(pack.body_html)), (to_own, "<p>Ours</p>"))
        pack.partner_to = "{{ object.user_id.partner_id.id }}"
        self.update()
        self.assertEqual(pack.partner_to, "{{ object.user_id.partner_id.id }}", "chosen by somebody")

    def test_changed_ones_are_left_alone(self):
        self.ended.body_html = self.ended.body_html.replace("Kind regards", "Yours")
        self.contract.subject = "A new contract"
        changed = (self.ended + self.contract).mapped("body_html")
        self.update()
        self.assertEqual((self.ended + self.contract).mapped("body_html"), changed)
        self.assertEqual(self.contract.subject, "A new contract")
        self.assertEqual(self.welcome.body_html, self.texts[1])
