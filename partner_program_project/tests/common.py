"""Two affiliates who ask for help, in the portal and by mail."""

import importlib.util
import re

from odoo import SUPERUSER_ID
from odoo.tests import HttpCase
from odoo.tools import file_path

from odoo.addons.partner_program.tests.common import PartnerProgramCommon

MAIL = """\
From: {sender}
To: {to}@fieldpro.example
Subject: {subject}
Message-Id: <{number}@mail.example>
Date: Mon, 05 Jan 2026 08:00:00 +0000
Content-Type: text/plain; charset=utf-8

{text}
"""


class TicketsCommon(PartnerProgramCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Task = cls.env["project.task"].sudo()
        cls.enrollment_byte.account_manager_id = cls.manager
        cls.ada_contact.email, cls.byte_contact.email = "ann@ada.example", "ben@byte.example"  # log-ins bring others
        # a second affiliate, with a log-in
        cls.cypress = cls.env["res.partner"].create({"name": "Cypress Consult", "is_company": True})
        cls.cypress_contact = cls.env["res.partner"].create(
            {"name": "Cy of Cypress", "parent_id": cls.cypress.id, "email": "cy@cypress.example"}
        )
        cls.enrollment_cypress = cls.env["partner.program.enrollment"].create(
            {"partner_id": cls.cypress.id, "program_id": cls.program_affiliate.id, "state": "active"}
        )
        cls.portal_cypress = cls._new_user("portal_cypress", "base.group_portal", partner=cls.cypress_contact)

    def page(self, path, login, data=None, files=None, status=200, token_from=None):
        self.authenticate(login, login)
        if data is not None:
            text = self.url_open(token_from or "/my/tickets", timeout=60).text
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"|csrf_token: "([^"]+)"', text)
            data = {**data, "csrf_token": token[1] or token[2]}
        response = self.url_open(path, data=data, files=files, timeout=60)
        self.assertEqual(response.status_code, status, path)
        self.env.invalidate_all()
        return response.text

    def ticket(self, enrollment=None, use="support", **values):
        enrollment = enrollment or self.enrollment_byte
        values = {"name": "Help me", "description": "<p>With the import</p>", **values}
        return self.Task._create_partner_task_sudo(use, enrollment, enrollment.partner_id.child_ids[:1], values)

    def answer(self, ticket, user=None, subtype="mail.mt_comment", body="Here is how"):
        author = (user or self.manager).partner_id
        return ticket.message_post(body=body, author_id=author.id, message_type="comment", subtype_xmlid=subtype)

    def receive(self, sender, number, use="support", subject="Import fails", text="It stops at row 12."):
        domain = self.env["mail.alias.domain"].sudo().search([("name", "=", "fieldpro.example")]) or self.env[
            "mail.alias.domain"
        ].sudo().create({"name": "fieldpro.example"})
        self.company.sudo().alias_domain_id = domain
        to = {"support": "help", "ideas": "wishes"}[use]
        self.company._get_partner_project(use).write({"alias_name": to, "alias_domain_id": domain.id})
        before = self.Task.search([])
        raw = MAIL.format(sender=sender, number=number, to=to, subject=subject, text=text).encode()
        self.env["mail.thread"].with_user(SUPERUSER_ID).message_process(False, raw)
        return self.Task.search([]) - before

    def update(self):
        path = file_path("partner_program_project/migrations/19.0.1.1.0/post-migrate.py")
        spec = importlib.util.spec_from_file_location("post_migrate", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script.migrate(self.env.cr, "19.0.1.0.0")
        self.env.flush_all()
        self.env.invalidate_all()
