"""Resources: files, links, and the check for broken ones, which never looks into the network of the server."""

import base64
import ipaddress
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.fields import Command
from odoo.tests import tagged

from ..tools import link_check
from .common import PartnerProgramCommon

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


class Pages(BaseHTTPRequestHandler):
    """A small web site: /ok, /gone, /login, /moved (to /ok), /loop, /nohead.

    /inside is a redirect into the network, /odd one to nowhere.
    """

    asked = []

    def answer(self):
        self.asked.append((self.command, self.path))
        status, location = {
            "/ok": (200, None),
            "/login": (401, None),
            "/moved": (302, "/ok"),
            "/loop": (302, "/loop"),
            "/inside": (302, "http://10.0.0.1/secret"),
            "/file": (302, "file:///etc/passwd"),
            "/Pr%C3%A9sentation%202026.pdf?de=%C3%A9t%C3%A9": (200, None),
            "/moved-there": (302, "/Présentation 2026.pdf?de=été".encode().decode("latin-1")),
            "/odd": (302, "http://[/"),
            "/nohead": (405 if self.command == "HEAD" else 200, None),
        }.get(self.path, (404, None))
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.end_headers()

    do_HEAD = do_GET = answer  # noqa: N815

    def log_message(self, *args):
        """Quiet."""


@tagged("post_install", "-at_install")
class TestResources(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.site = f"http://127.0.0.1:{server.server_port}"
        cls.Resource = cls.env["partner.program.resource"].with_user(cls.manager)

    def setUp(self):
        super().setUp()
        Pages.asked.clear()

    def allow_loopback(self):
        self.env["ir.config_parameter"].sudo().set_param("partner_program.link_check_networks", "127.0.0.0/8, nonsense")

    def resource(self, path, **vals):
        return self.Resource.create({"name": path, "url": path if "://" in path else self.site + path, **vals})

    def test_p16_broken_links_are_found_and_shown(self):
        self.allow_loopback()
        expected = {
            "/ok": ("ok", False),
            "/gone": ("broken", "The server answers with error 404."),
            "/login": ("unclear", "The server answers with error 401."),
            "/moved": ("ok", False),
            "/nohead": ("ok", False),
            "/loop": ("broken", "The page sends visitors on too many times."),
        }
        resources = self.Resource.union(*[self.resource(path) for path in expected])
        self.assertEqual(set(resources.mapped("link_state")), {"unchecked"})
        broken = self.Resource._cron_check_links()
        self.assertEqual({one.name: (one.link_state, one.link_problem) for one in resources}, expected)
        self.assertEqual(set((broken & resources).mapped("name")), {"/gone", "/loop"})
        self.assertTrue(all(resources.mapped("link_checked_on")))
        resources[1].url = self.site + "/ok"
        self.assertEqual((resources[1].link_state, resources[1].link_problem), ("unchecked", False))
        resources[1].action_check_links()
        self.assertEqual(resources[1].link_state, "ok")

    def test_p16_each_link_is_asked_once_in_a_round_however_long_it_takes(self):
        self.allow_loopback()
        self.Resource.search([("url", "!=", False)]).unlink()
        first, second, third = (self.resource(path) for path in ("/ok", "/gone", "/moved"))
        left = []

        def no_time(lines, remaining=None, **progress):
            left.extend([remaining] if remaining is not None else [])
            return 0.0

        Line = self.registry["partner.commission.line"]
        with patch.multiple(Line, _is_in_cron=lambda lines: True, _commit_in_cron=no_time):
            for _run in range(4):
                self.Resource._cron_check_links()
        self.assertEqual(left, [3, 2, 1, 3], "Odoo runs the job again until nothing is left; then a month later")
        asked = [path for method, path in Pages.asked if method == "HEAD"]
        self.assertEqual(asked, ["/ok", "/gone", "/moved", "/ok", "/ok"], "/moved leads to /ok")
        self.assertEqual((first + second + third).mapped("link_state"), ["ok", "broken", "ok"])

    def test_p16_who_looks_after_the_program_hears_of_a_broken_link_once(self):
        self.allow_loopback()
        other = self._new_user("otto", "partner_program.group_manager")
        self.program_affiliate.manager_rule_ids = [Command.create({"user_id": self.manager.id})]
        self.program_referral.manager_rule_ids = [Command.create({"user_id": other.id})]
        self.resource("/ok")
        resource = self.resource("/gone", program_ids=self.program_affiliate.ids)

        def told():
            messages_sudo = self.env["mail.message"].sudo()  # of the recipients alone
            return messages_sudo.search([("model", "=", resource._name), ("res_id", "=", resource.id)])

        for _month in range(2):
            self.Resource.with_user(SUPERUSER_ID)._cron_check_links()
            self.assertEqual(told().notified_partner_ids, self.manager.partner_id)
        self.assertEqual(told().subject, "A broken link: /gone")
        self.assertIn("The server answers with error 404.", told().body)
        resource.url = self.site + "/loop"
        resource.action_check_links()
        self.assertEqual(len(told()), 1, "who asks sees the answer")
        resource.url = self.site + "/gone"
        resource.with_user(other).action_check_links()
        self.assertEqual(told()[0].notified_partner_ids, self.manager.partner_id)
        resource.write({"url": self.site + "/loop", "program_ids": False})
        self.Resource.with_user(SUPERUSER_ID)._cron_check_links()
        self.assertLessEqual(
            (self.manager + other).partner_id, told()[0].notified_partner_ids, "it is for all partners"
        )

    def test_the_check_never_asks_the_servers_own_network(self):
        for url in (
            self.site + "/ok",
            "http://localhost/",
            "http://10.0.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://2130706433/",
            "http://0/",
        ):
            result = link_check.check(url)
            self.assertEqual((result.state, result.problem), ("broken", "private"), url)
        self.assertFalse(Pages.asked)
        resource = self.resource("/ok")
        resource.action_check_links()
        self.assertIn("is not on the public internet", resource.link_problem)

    def test_a_redirect_goes_through_the_same_gate(self):
        self.assertEqual(link_check.check(self.site + "/inside", LOOPBACK).problem, "private")
        self.assertEqual(link_check.check(self.site + "/file", LOOPBACK).problem, "address")
        self.assertEqual(link_check.check(self.site + "/odd", LOOPBACK).problem, "address")
        self.assertEqual(Pages.asked, [("HEAD", "/inside"), ("HEAD", "/file"), ("HEAD", "/odd")])

    def test_p16_letters_beyond_english_and_blanks_are_asked_for_as_browsers_do(self):
        for path in (
            "/Présentation 2026.pdf?de=été",
            "/Pr%C3%A9sentation%202026.pdf?de=%C3%A9t%C3%A9",
            "/moved-there",
        ):
            result = link_check.check(self.site + path, LOOPBACK)
            self.assertEqual((result.state, result.problem), ("ok", ""), path)

    def test_bad_addresses_have_a_sentence(self):
        for url, problem in (
            ("http://", "address"),
            ("http://user:secret@example.com/", "address"),
            ("http://example.com:99999/", "address"),
            ("http://no-such-name.invalid/", "unknown"),
            ("http://127.0.0.1:1/", "unreachable"),
        ):
            self.assertEqual(link_check.check(url, LOOPBACK).problem, problem, url)
        with self.assertRefused("no link to check"):
            self.resource("/ok", file=base64.b64encode(b"x"), url=False).action_check_links()

    def test_p19_a_copy_of_a_resource_has_a_file_of_its_own(self):
        resource = self.Resource.create({"name": "Logos", "file": base64.b64encode(b"logo"), "file_name": "logos.zip"})
        attachment = resource.attachment_id
        copy = resource.copy()
        self.assertEqual((copy.attachment_id.raw, copy.attachment_id.res_id), (b"logo", copy.id))
        self.assertEqual((resource.attachment_id, attachment.res_id), (attachment, resource.id))
        copy.unlink()
        self.assertEqual(resource.file, attachment.datas)

    def test_p19_a_file_is_uploaded_with_the_resource_and_follows_its_rights(self):
        resource = self.Resource.create(
            {"name": "Logos", "category": "branding", "file": base64.b64encode(b"logo"), "file_name": "logos.zip"}
        )
        attachment = resource.attachment_id
        self.assertEqual((attachment.name, attachment.raw), ("logos.zip", b"logo"))
        self.assertEqual((attachment.res_model, attachment.res_id), (resource._name, resource.id))
        self.assertEqual((resource.file, resource.file_name), (attachment.datas, "logos.zip"))
        resource.file_name = "logos 2026.zip"
        self.assertEqual((attachment.name, resource.attachment_id), ("logos 2026.zip", attachment))
        resource.write({"url": "https://example.com/logos", "file": False})
        self.assertFalse(resource.attachment_id)
        with self.assertRefused("a link or a file"):
            resource.url = False

    def test_the_check_is_off_by_default(self):
        self.assertFalse(self.env.ref("partner_program.ir_cron_check_links").active)
