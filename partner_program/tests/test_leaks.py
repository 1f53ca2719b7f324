"""Nothing leaks (DESIGN, invariant 6): every route, every trick, every actor; a word in the wrong place fails.

A new route needs one row in ``VISITS``. What may be in it is said there; what must not be in any answer is
planted by ``LeakCommon``, one unique word or odd amount in every record, so that a leak names its source.
"""

import re
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from unittest.mock import patch

from odoo import http
from odoo.fields import Command, Domain
from odoo.tests import HttpCase
from odoo.tools import mute_logger

from .test_access import RIGHTS, AccessCommon

ADDON = "odoo.addons.partner_program"  # and the bridges, whose names begin with it
CONTACTS = (
    *("Cobalt", "Ada Advisory", "Ann of Ada", "Cole of Ada", "Zyxquartz", "Byte Builders", "Ben of Byte"),
    *("Xerusclient", "Elsewhere Experts", "Eve of Elsewhere", "555-7734", "secret@cobalt.example"),
    *("Ibexcomment", "Gazellestreet"),
)
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
MARKUP = "<script>alert('pwned')</script>"


@dataclass(frozen=True)
class Visit:
    """How to try one route.

    ``ids``: model whose records, own and foreign, fill the number in the route. ``texts``: what fills a text in it.
    ``posts``: bodies for a form, without the token that Odoo wants. ``json``: parameters of a jsonrpc route.
    """

    ids: str = ""
    texts: tuple = ()
    queries: tuple = ()
    posts: tuple = ()
    json: tuple = ()
    public: bool = False  # strangers may enter
    more: dict = field(default_factory=dict)  # model of a further number in the route, by its name


PERIOD = "?date_from=2026-01-01&date_to=2026-12-31"
# What is sent to every page besides what it knows; {token} and {secret} are somebody else's.
TRICKS = (
    "",
    "?access_token={token}",
    "?report_type=pdf&download=true",
    "?partner_id={partner}&user_id=2&company_id={company}&allowed_company_ids=[{company}]",
    "?sortby=partner_id&filterby=[]&groupby=partner_id&search_in=all&search={secret}",
    "?page=99999&date_begin=1900-01-01&date_end=2999-01-01",
)
# Every route of the add-on and its bridges, by hand.
VISITS = {
    "/my/partner": Visit(),
    "/my/partner/as/<int:enrollment_id>": Visit(ids="partner.program.enrollment"),
    "/my/referrals": Visit(queries=("?filterby=clients", "?sortby=clock", "?search=Zyxquartz")),
    "/my/referrals/page/<int:page>": Visit(),
    "/my/referrals/<int:referral_id>": Visit(ids="partner.referral"),
    "/my/referrals/<int:referral_id>/withdraw": Visit(ids="partner.referral", posts=({"reason": MARKUP},)),
    "/my/referrals/new": Visit(),
    "/my/referrals/send": Visit(
        posts=(
            {"company": MARKUP, "contact": MARKUP, "email": "nobody", "phone": MARKUP, "note": MARKUP},
            {"company": "Zyxquartz", "contact": "", "email": "x@zyx.example", "enrollment_id": "{enrollment}"},
        )
    ),
    "/my/referrals/sent/<string:token>": Visit(texts=("{portal_token}", "0" * 32, "x")),
    "/my/commissions": Visit(queries=("?filterby=expected", "?filterby=to_pay", "?filterby=paid", "?sortby=client")),
    "/my/commissions/page/<int:page>": Visit(),
    "/my/commissions/<int:line_id>": Visit(ids="partner.commission.line"),
    "/my/commissions/<int:line_id>/question": Visit(ids="partner.commission.line", posts=({"question": MARKUP},)),
    "/my/statements": Visit(queries=("?date_from=x&date_to=y&error=1",)),
    "/my/statements/page/<int:page>": Visit(),
    "/my/statements/period": Visit(queries=(PERIOD, "?date_from=2026-12-31&date_to=2026-01-01")),
    "/my/statements/period/page/<int:page>": Visit(queries=(PERIOD,)),
    "/my/statements/file/<string:extension>": Visit(texts=("pdf", "csv", "xlsx", "html"), queries=(PERIOD,)),
    "/my/statements/mail": Visit(posts=({"wanted": "1", "partner_id": "{partner}"},)),
    "/partner_program/statement/<int:enrollment_id>/<string:extension>": Visit(
        ids="partner.program.enrollment", texts=("csv", "pdf"), queries=(PERIOD,)
    ),
    "/my/payouts": Visit(queries=("?filterby=paid", "?filterby=to_pay")),
    "/my/payouts/page/<int:page>": Visit(),
    "/my/payouts/<int:bill_id>/pdf": Visit(ids="account.move"),
    "/my/resources": Visit(),
    "/my/resources/<int:resource_id>/file": Visit(ids="partner.program.resource"),
    "/my/team": Visit(),
    "/my/team/invite": Visit(
        posts=({"name": "Nina", "email": "ben@byte.example"}, {"name": MARKUP, "email": "not an address"})
    ),
    "/my/agreement": Visit(queries=("?message=signed",)),
    "/my/agreement/<int:enrollment_id>/sign": Visit(
        ids="partner.program.enrollment", json=({"agreement_id": 1, "name": "Mallory", "signature": "{pixel}"},)
    ),
    "/my/agreement/details": Visit(posts=({"acc_number": "", "vat": ""},)),
    "/my/agreement/document/<int:signature_id>": Visit(ids="partner.program.signature"),
    "/mail/attachment/upload": Visit(public=True, posts=({"thread_model": "partner.referral", "thread_id": "1"},)),
    "/partners/apply": Visit(
        public=True,
        queries=("?program={secret}",),
        posts=({"name": MARKUP, "email": "ben@byte.example", "company": MARKUP, "program_id": "{enrollment}"},),
    ),
    "/partners/apply/thanks": Visit(public=True),
    "/partners/packages": Visit(public=True),
    "/partners/status/<int:enrollment_id>/<string:token>": Visit(
        public=True, ids="partner.program.enrollment", texts=("x", "{token}", "False", "None")
    ),
    "/my/team/<int:user_id>/remove": Visit(ids="res.users", posts=({},)),
}
# Of the bridges, where they are installed.
BRIDGE_VISITS = {
    "/my/tickets": Visit(),
    "/my/tickets/new": Visit(posts=({"name": "", "description": MARKUP},)),
    "/my/tickets/<int:ticket_id>": Visit(ids="project.task"),
    "/my/tickets/<int:ticket_id>/file/<int:file_id>": Visit(ids="project.task", more={"file_id": "ir.attachment"}),
    "/my/tickets/<int:ticket_id>/reply": Visit(ids="project.task", posts=({"description": MARKUP},)),
    "/my/ideas": Visit(),
    "/my/ideas/new": Visit(posts=({"name": "", "description": MARKUP},)),
    "/my/ideas/<int:idea_id>/vote": Visit(ids="project.task", posts=({},)),
}
# Odoo's own pages on which our records can be asked for; {id} is each foreign record of the model.
OTHER_PAGES = (
    ("account.move", "/my/invoices/{id}"),
    ("account.move", "/my/invoices/{id}?access_token={token}"),
    ("account.move", "/my/invoices/{id}?report_type=pdf&download=true"),
    ("account.move", "/my/invoices/{id}?report_type=html&access_token={token}"),
    ("account.move", "/report/pdf/account.report_invoice/{id}"),
    ("account.move", "/report/html/account.report_invoice/{id}"),
    ("res.partner", "/report/html/partner_program.report_statement/{id}"),
    ("res.partner", "/web/image/res.partner/{id}/avatar_128"),
    ("ir.attachment", "/web/content/{id}"),
    ("ir.attachment", "/web/content/{id}?access_token={token}"),
    ("ir.attachment", "/web/image/{id}"),
    ("partner.program.resource", "/web/content/partner.program.resource/{id}/name"),
    ("partner.referral", "/web/content/partner.referral/{id}/note"),
    ("partner.referral", "/mail/view?model=partner.referral&res_id={id}"),
)
RPC_READS = (
    ("search_read", [[]], {}),
    ("web_search_read", [[], {"display_name": {}}], {}),
    ("formatted_read_group", [[], ["partner_id"], ["__count"]], {}),
    ("web_read_group", [[], ["partner_id"], ["__count"]], {}),
    ("read_group", [[], ["partner_id"], ["partner_id"]], {}),
    ("name_search", [""], {}),
    ("search", [[]], {}),
    ("search_count", [[]], {}),
    ("default_get", [["partner_id", "user_id"]], {}),
)
RPC_ON_IDS = (
    ("read", [], {}),
    ("web_read", [{"display_name": {}}], {}),
    ("export_data", [["id", "display_name", "partner_id/name"]], {}),
    ("get_formview_action", [], {}),
    ("write", [{"active": False}], {}),
    ("copy", [], {}),
    ("unlink", [], {}),
    ("message_post", [], {"body": "Zebrapost"}),
)


@dataclass
class Actor:
    login: str | None
    forbidden: list = field(default_factory=list)
    enters: bool = True  # whether the pages let it in
    is_archived: bool = False  # while its session is open


class LeakCommon(AccessCommon):
    """Ada's world, Byte's, that of a partner of another company, and what is internal; each with its words."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls()
        cls._plant_resources()
        cls._plant_elsewhere()
        cls.client.street = "Gazellestreet 7"
        tax = cls.env["account.tax"].create({"name": "Odd", "amount": 23.457, "amount_type": "percent"})
        cls.taxed = self.invoice(500, tax=tax)
        assert cls.taxed.amount_total == 617.29, cls.taxed.amount_total
        cls.client.name = f"Cobalt Clinics {MARKUP}"
        cls.ada_colleague = cls.env["res.partner"].create(
            {"name": "Cole of Ada", "parent_id": cls.ada.id, "email": "cole@ada.example", "comment": "Ibexcomment"}
        )
        cls.portal_colleague = cls._new_user("portal_cole", "base.group_portal", partner=cls.ada_colleague)
        cls.archived = cls._new_user(
            "portal_gone",
            "base.group_portal",
            partner=cls.env["res.partner"].create({"name": "Gil Gone", "parent_id": cls.ada.id}),
        )
        cls.archived.active = False
        cls.words = {
            "ada": ["Cobalt", "Ada Advisory", "Ann of Ada", "Cole of Ada", cls.bill.name],
            "byte": [
                "Zyxquartz",
                "Plovernote",
                "Quaggareason",
                "Byte Builders",
                "Ben of Byte",
                "87,654.32",
                "87654.32",
                "17,530.86",
                "17530.86",
                "Gnuresource",
                "Gnulink",
                "Gnufile",
                cls.other_bill.name,
                "Yakattachment",
                "Tapirsigner",
                "Okapicontract",
            ],
            "elsewhere": ["Xerusclient", "Elsewhere Experts", "31,337.42", "31337.42", "Eve of Elsewhere", "626748.4"],
            "internal": [
                "Wombatwhisper",
                "Narwhalproof",
                "Ocelotlead",
                "555-7734",
                "secret@cobalt.example",
                "Ibexcomment",
                "Gazellestreet",
                "617.29",
                "Vicunaremark",
            ],
        }
        cls.referral.lead_id.description = "Vicunaremark"
        cls.other_signature = (
            cls.env["partner.program.signature"]
            .sudo()
            .create(
                {
                    "enrollment_id": cls.enrollment_byte.id,
                    "company_id": cls.company.id,
                    "partner_id": cls.byte.id,
                    "program_name": "Affiliate",
                    "agreement_id": cls.agreement.id,
                    "method": "portal",
                    "signed_at": "2026-01-02 09:00:00",
                    "signed_by": "Tapirsigner",
                    "user_id": cls.portal_byte.id,
                }
            )
        )
        cls.other_signature._keep_document("Okapicontract.pdf", b"Okapicontract")
        cls.other_token = "b" * 32
        cls.other_referral.portal_token = cls.other_token
        cls.actors = {
            "owner": Actor("portal_ada", cls._all_but("ada")),
            "colleague": Actor("portal_cole", cls._all_but("ada")),
            "other partner": Actor("portal_byte", cls._all_but("byte")),
            "partner of another company": Actor("portal_eve", cls._all_but("elsewhere")),
            # Names of contacts are for all employees to read.
            "employee without a group": Actor("eddy", [word for word in cls._all_but() if word not in CONTACTS]),
            "public": Actor(None, cls._all_but(), enters=False),
            "archived user": Actor("portal_gone", cls._all_but(), enters=False, is_archived=True),
        }
        cls.env.flush_all()

    @classmethod
    def _all_but(cls, *own):
        return [word for whose, words in cls.words.items() if whose not in own for word in words]

    @classmethod
    def _plant_resources(cls):
        attachments = cls.env["ir.attachment"].create(
            [
                {"name": "kit.html", "raw": b"<script>kit</script>", "mimetype": "text/html"},
                {"name": "Gnufile.txt", "raw": b"Gnufile"},
            ]
        )
        cls.own_resource, cls.other_resource = cls.env["partner.program.resource"].create(
            [
                {"name": "Kit", "attachment_id": attachments[0].id, "program_ids": cls.program_referral.ids},
                {
                    "name": "Gnuresource",
                    "url": "https://gnu.example/Gnulink",
                    "attachment_id": attachments[1].id,
                    "program_ids": cls.program_affiliate.ids,
                },
            ]
        )
        cls.other_attachment = cls.env["ir.attachment"].create(
            {
                "name": "Yakattachment.txt",
                "raw": b"Yakattachment",
                "res_model": cls.other_referral._name,
                "res_id": cls.other_referral.id,
            }
        )
        cls.env.flush_all()

    @classmethod
    def _plant_elsewhere(cls):
        """A partner of another company, with a copy of Byte's commission line; the books there do not matter."""
        cls.elsewhere = cls.env["res.company"].create({"name": "Elsewhere Inc"})
        program = cls.env["partner.program"].create(
            {"name": "Elsewhere", "program_type": "referral", "company_id": cls.elsewhere.id, "commission_rate": 5.0}
        )
        partner, client = cls.env["res.partner"].create(
            [{"name": "Elsewhere Experts", "is_company": True}, {"name": "Xerusclient", "is_company": True}]
        )
        cls.eve = cls.env["res.partner"].create({"name": "Eve of Elsewhere", "parent_id": partner.id})
        user = cls._new_user("portal_eve", "base.group_portal", partner=cls.eve)
        user.sudo().write({"company_ids": [Command.set(cls.elsewhere.ids)], "company_id": cls.elsewhere.id})
        cls.enrollment_elsewhere = cls.env["partner.program.enrollment"].create(
            {"partner_id": partner.id, "program_id": program.id, "state": "active"}
        )
        referral = cls.env["partner.referral"].create(
            {"enrollment_id": cls.enrollment_elsewhere.id, "client_id": client.id}
        )
        cls.env.flush_all()
        values = {
            "referral_id": referral.id,
            "enrollment_id": cls.enrollment_elsewhere.id,
            "partner_id": partner.id,
            "program_id": program.id,
            "client_id": client.id,
            "company_id": cls.elsewhere.id,
            "base_amount": 626748.40,
            "amount": 31337.42,
            "earned_amount": 31337.42,
            "first_earned_amount": 31337.42,
            "open_amount": 31337.42,
            "billed_amount": 0,
            "state": "earned",
        }
        cls.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'partner_commission_line' "
            "AND column_name <> 'id' AND table_schema = current_schema()"
        )
        columns = [name for (name,) in cls.env.cr.fetchall()]
        selected = ", ".join(f"%({name})s" if name in values else name for name in columns)
        cls.env.cr.execute(
            f"INSERT INTO partner_commission_line ({', '.join(columns)}) "
            f"SELECT {selected} FROM partner_commission_line WHERE id = %(original)s RETURNING id",
            {**values, "original": cls.other_line.id},
        )
        cls.line_elsewhere = cls.env["partner.commission.line"].browse(cls.env.cr.fetchone())
        cls.referral_elsewhere = referral

    # ------------------------------------------------------------
    # HELPERS
    # ------------------------------------------------------------

    def records(self, model):
        """Records of a model whose ids are tried, by whom they belong to."""
        records = {
            "account.move": self.bill + self.other_bill + self.paid + self.other_paid,
            "partner.program.enrollment": self.enrollment_ada + self.enrollment_byte + self.enrollment_elsewhere,
            "partner.program.resource": self.own_resource + self.other_resource,
            "partner.referral": self.referral + self.other_referral + self.referral_elsewhere,
            "partner.commission.line": self.line + self.other_line + self.line_elsewhere,
            "partner.commission.question": self.env["partner.commission.question"],
            "partner.program.signature": self.other_signature,
            "res.users": self.portal_byte + self.accountant,
            "res.partner": self.byte + self.zyx + self.client,
            "ir.attachment": self.other_attachment + self.other_resource.attachment_id,
        }
        if model == "project.task":  # of a bridge, which plants its own: partner_program_project/tests/test_leaks.py
            return self.env[model]
        return records[model]

    def routes(self):
        """Those that this class visits."""
        return self.all_routes()

    def all_routes(self):
        """Every route of the add-on and its bridges in the routing map: rule, type, methods, CSRF check."""
        threading.current_thread().dbname = self.env.cr.dbname  # as a thread that serves requests has it
        self.addCleanup(lambda: vars(threading.current_thread()).pop("dbname", None))
        found = {}
        for rule in self.env["ir.http"].sudo().routing_map().iter_rules():
            function = getattr(rule.endpoint, "func", rule.endpoint)
            function = getattr(function, "__func__", function)
            if getattr(function, "__module__", "").startswith(ADDON):
                found[rule.rule] = rule.endpoint.routing
        return found

    def visits(self):
        """The rows of the routes that there are."""
        return VISITS | {rule: BRIDGE_VISITS[rule] for rule in self.routes() if rule in BRIDGE_VISITS}

    def addresses(self, rule, visit, but_of=()):
        """The route with every number and text that is tried; without records of these partner companies."""
        addresses = [rule]
        for converter, name in re.findall(r"<(\w+)(?:\([^)]*\))?:(\w+)>", rule):
            if converter == "int" and name != "page":
                records = self.records(visit.more.get(name, visit.ids))
                values = [record.id for record in records if self.owner_of(record) not in but_of]
                values += [0, 2**31 - 1]
            elif converter == "int":
                values = [1, 2]
            else:
                values = visit.texts or ("x",)
            pattern = re.compile(rf"<{converter}(?:\([^)]*\))?:{name}>")
            addresses = [pattern.sub(str(value), address) for address in addresses for value in values]
        return addresses

    def owner_of(self, record):
        return "partner_id" in record and record.sudo().partner_id.commercial_partner_id

    def fill(self, text):
        values = {
            "token": self.other_bill._portal_ensure_token(),
            "secret": "Zyxquartz",
            "partner": self.byte.id,
            "company": self.elsewhere.id,
            "enrollment": self.enrollment_byte.id,
            "portal_token": self.other_token,
        }
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def visit(self, address, actor, **options):
        """Go there and follow every redirect.

        :return: ``(last answer, words found that this actor must not read)``
        """
        if actor.is_archived:  # the visit before has ended the session
            self.enter(actor)
            if "csrf_token" in options.get("data", ()):
                options["data"]["csrf_token"] = self.csrf_token()
        with mute_logger("odoo.http", "werkzeug"):
            response = self.url_open(address, timeout=60, **options)
        found = []
        for hop in (*response.history, response):
            # What was asked may come back (in a link, in a search box): only more than that is a leak.
            text = f"{hop.headers} {hop.text}".replace("\xa0", " ")
            asked = f"{address} {options}"
            found += [word for word in actor.forbidden if word in text and word not in asked]
        return response, found

    def csrf_token(self):
        return http.Request.csrf_token(self)

    def enter(self, actor):
        """Log in; whoever is archived is so only afterwards, and comes back with the session of before."""
        if actor.is_archived:
            self.archived.active = True
            self.env.flush_all()
            self.authenticate(actor.login, actor.login)
            self.archived.active = False
            self.env.flush_all()
        else:
            self.authenticate(actor.login if actor.enters else None, actor.login)


class TestLeaksOverPages(LeakCommon, HttpCase):
    # What a bridge replaces by its own; see partner_program_project/tests/test_leaks.py.
    other_pages = OTHER_PAGES
    chatter_models = ("partner.referral", "partner.program.enrollment", "account.move", "res.partner")
    page_actors = ("owner", "public", "employee without a group", "partner of another company")
    models = tuple(RIGHTS)
    forms_at_least, actions_at_least, visits_at_least = 6, 31, 201

    def test_every_route_of_the_addon_and_its_bridges_has_a_row(self):
        routes = set(self.routes())
        self.assertFalse(routes - VISITS.keys() - BRIDGE_VISITS.keys(), "without a row")
        self.assertFalse(VISITS.keys() - routes, "gone")

    def scan(self, rules=None, actors=None, tricks=TRICKS):
        """Visit everything; ``{(actor, address): words}`` of what leaked."""
        self.go_to("2026-02-04")
        leaks, visited = {}, 0
        for name, actor in self.actors.items():
            if actors and name not in actors:
                continue
            self.enter(actor)
            for rule, visit in self.visits().items():
                if rules and rule not in rules:
                    continue
                if visit.json:  # see the test of forms
                    continue
                addresses = self.addresses(rule, visit)
                if not actor.enters:
                    addresses = addresses[:1]
                for address in addresses:
                    queries = (*visit.queries, *self.tricks(name, rule, tricks))
                    for query in queries if not visit.posts or visit.public else ("",):
                        where = self.fill(address + query)
                        response, words = self.visit(where, actor)
                        visited += 1
                        self.assertLess(response.status_code, 500, where)
                        if words:
                            leaks[name, where] = words
                        if not (actor.enters or visit.posts or visit.json or visit.public):
                            self.assertIn("/web/login", response.url, f"{name}: {where}")
                        if "text/html" in response.headers["Content-Type"]:
                            self.assertNotIn(MARKUP, response.text, f"not escaped: {where}")
        return leaks, visited

    def tricks(self, name, rule, tricks):
        """The owner tries all tricks, on numbered pages those with tokens; the others ask as they would."""
        if name != "owner" or "/page/" in rule:
            return tricks[:1]
        return tricks[:2] if "<" in rule else tricks

    def test_no_page_shows_what_belongs_to_somebody_else(self):
        leaks, visited = self.scan()
        self.assertFalse(leaks)
        self.assertGreaterEqual(visited, self.visits_at_least)

    def test_the_session_of_whoever_is_archived_ends(self):
        """It was one that the pages let in; the twin of the row "archived user" of the other tests."""
        actor = self.actors["archived user"]
        self.archived.active = True
        self.env.flush_all()
        self.authenticate(actor.login, actor.login)
        sid = self.opener.cookies["session_id"]
        self.assertIn(self.bill.name, self.url_open("/my/payouts").text)
        self.archived.active = False
        self.env.flush_all()
        for address in ("/my/payouts", "/my/partner", f"/my/statements/file/csv{PERIOD}"):
            self.enter(actor)
            self.assertNotEqual(self.opener.cookies["session_id"], sid)
            response, words = self.visit(address, actor)
            self.assertFalse(words, address)
            self.assertIn("/web/login", response.url, address)

    def test_forms_want_the_token_and_leak_nothing(self):
        """CSRF: every form is refused without the token, whoever sends it; with it, foreign ids do nothing."""
        posts = {
            rule: routing
            for rule, routing in self.routes().items()
            if routing["type"] == "http" and "POST" in (routing.get("methods") or ())
        }
        self.assertGreaterEqual(len(posts), self.forms_at_least)
        before = self.world()
        for name, actor in self.actors.items():
            self.enter(actor)
            for rule, routing in posts.items():
                self.assertTrue(routing.get("csrf", True), rule)
                visit = self.visits()[rule]
                self.assertTrue(visit.posts, f"{rule}: what does it send?")
                for address in self.addresses(rule, visit, but_of=self.company_of(name)):
                    for post in visit.posts:
                        data = {key: self.fill(value) for key, value in post.items()}
                        response, words = self.visit(address, actor, data=data or {"x": "y"})
                        self.assertFalse(words, f"{name}: {address}")
                        if actor.enters or visit.public:
                            self.assertEqual(response.status_code, 400, f"{name}: {address} without a token")
                        else:
                            self.assertIn("/web/login", response.url, f"{name}: {address}")
                        data["csrf_token"] = self.csrf_token()
                        response, words = self.visit(address, actor, data=data)
                        self.assertFalse(words, f"{name}: {address}")
                        self.assertLess(response.status_code, 500, f"{name}: {address}")
                        self.assertNotIn(MARKUP, response.text, f"not escaped: {address}")
            for rule, visit in VISITS.items():
                for address in self.addresses(rule, visit, but_of=self.company_of(name)) if visit.json else ():
                    for params in visit.json:
                        params = {key: PIXEL if value == "{pixel}" else value for key, value in params.items()}
                        response, words = self.visit(address, actor, json={"params": params})
                        self.assertFalse(words, f"{name}: {address}")
        self.env.invalidate_all()
        self.assertEqual(self.world(), before)

    def world(self):
        """What no request here may change."""
        return {
            "ledger": self.snapshot(),
            "users": self.env["res.users"].sudo().with_context(active_test=False).search([]).mapped("active"),
            "moves": [(move.id, move.state) for move in self.records("account.move")],
            "byte": self.enrollment_byte.statement_by_mail,
            "signatures": self.env["partner.program.signature"].sudo().search([]).ids,
        }

    def test_searching_is_no_oracle(self):
        """A word that only foreign records have is answered exactly like a word that nobody has."""
        actor = self.actors["owner"]
        self.enter(actor)
        for rule, visit in self.visits().items():
            if visit.posts or "<" in rule.replace("<int:page>", ""):
                continue
            texts = {}
            for word in ("Zyxquartz", "Nobodyword"):
                address = self.addresses(rule, visit)[0] + f"?search={word}&search_in=all"
                text = self.url_open(address).text.replace(word, "")
                texts[word] = re.sub(r"csrf_token[^,}]*|[0-9a-f]{40}o\d+|value=\"[0-9a-f]+o\d+\"", "", text)
            self.assertEqual(*texts.values(), rule)

    def test_pages_of_odoo_with_our_records(self):
        for name in self.page_actors:
            actor = self.actors[name]
            self.enter(actor)
            for model, page in self.other_pages:
                for record in self.records(model):
                    if name == "owner" and record in (self.bill, self.referral):
                        continue
                    address = page.format(id=record.id, token="{token}")
                    if "token" in page and record == self.other_bill:
                        address = address.replace("{token}", "x" * 36)  # with the right one it is the document
                    _response, words = self.visit(self.fill(address), actor)
                    self.assertFalse(words, f"{name}: {address}")

    def test_chatter_of_foreign_records_and_internal_notes_of_the_own(self):
        for name in ("owner", "public", "other partner"):
            actor = self.actors[name]
            self.enter(actor)
            for model in self.chatter_models:
                for record in self.records(model):
                    for route in ("/mail/thread/messages", "/mail/chatter_fetch", "/portal/chatter_init"):
                        params = {
                            "thread_model": model,
                            "thread_id": record.id,
                            "res_model": model,
                            "res_id": record.id,
                            "token": self.other_bill.access_token,
                            "fetch_params": {},
                        }
                        _response, words = self.visit(route, actor, json={"params": params})
                        self.assertFalse(words, f"{name}: {route} {model} {record.id}")

    def test_calls_of_every_model(self):
        """search_read, groups, exports, writing and deleting, by the session of a partner."""
        before = self.world()
        for name in ("owner", "other partner", "partner of another company", "employee without a group", "public"):
            actor = self.actors[name]
            self.enter(actor)
            for model in self.models:
                reads, on_ids = RPC_READS, RPC_ON_IDS
                if name != "owner":  # the rules are the same for every call: one of each kind
                    reads, on_ids = RPC_READS[:1], tuple(call for call in RPC_ON_IDS if call[0] in ("read", "write"))
                calls = list(reads)
                ids = self.env[model].sudo().search([], limit=40).ids if not self.env[model]._transient else [1]
                foreign = [i for i in ids if i not in self.own_ids(name, model)][:3]
                calls += [(method, [foreign, *args], kwargs) for method, args, kwargs in on_ids]
                for method, args, kwargs in calls:
                    params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
                    _response, words = self.visit(
                        "/web/dataset/call_kw", actor, json={"jsonrpc": "2.0", "params": params}
                    )
                    self.assertFalse(words, f"{name}: {model}.{method}")
        self.env.invalidate_all()
        self.assertEqual(self.world(), before)

    def company_of(self, name):
        """The partner company of this actor, if it has one."""
        companies = {"owner": self.ada, "colleague": self.ada, "other partner": self.byte}
        companies["partner of another company"] = self.eve.parent_id
        return companies.get(name, self.env["res.partner"])

    def own_ids(self, name, model):
        company = self.company_of(name)
        if not company or "partner_id" not in self.env[model]._fields:
            return ()
        return self.env[model].sudo().search([("partner_id", "=", company.id)]).ids

    def test_every_action_with_foreign_ids(self):
        before = self.world()
        actor = self.actors["owner"]
        self.enter(actor)
        called = 0
        for model in self.models:
            records = (
                self.env[model]
                .sudo()
                .search([], limit=40)
                .filtered(lambda row, model=model: row.id not in self.own_ids("owner", model))
            )
            for method in dir(self.env.registry[model]):
                if not method.startswith("action_"):
                    continue
                called += 1
                params = {"model": model, "method": method, "args": [records[:2].ids or [1]], "kwargs": {}}
                _response, words = self.visit("/web/dataset/call_kw", actor, json={"params": params})
                self.assertFalse(words, f"{model}.{method}")
        self.assertGreaterEqual(called, self.actions_at_least)
        self.env.invalidate_all()
        self.assertEqual(self.world(), before)

    def test_downloads_are_saved_and_never_run(self):
        self.enter(self.actors["owner"])
        response = self.url_open(f"/my/resources/{self.own_resource.id}/file")
        self.assertEqual(response.status_code, 200)
        self.assertIn("attachment", response.headers["Content-Disposition"])
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        self.assertIn("default-src 'none'", response.headers["Content-Security-Policy"])
        for address in (f"/my/payouts/{self.bill.id}/pdf", f"/my/statements/file/csv{PERIOD}"):
            response = self.url_open(address)
            self.assertEqual(response.status_code, 200, address)
            self.assertIn("attachment", response.headers["Content-Disposition"])
            self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")

    # ------------------------------------------------------------
    # EACH GUARD TAKEN AWAY: THE TEST HAS TO SEE IT
    # ------------------------------------------------------------

    def without(self, *guards):
        """Take these guards away for a while."""
        stack = ExitStack()
        for guard in guards:
            stack.enter_context(guard)
        return stack

    def open_rule(self, name):
        rule = self.env.ref(f"partner_program.{name}").sudo()
        before = rule.domain_force
        stack = ExitStack()
        rule.domain_force = "[(1, '=', 1)]"
        stack.callback(rule.write, {"domain_force": before})
        return stack

    def replace(self, model, method, function):
        return patch.object(self.env.registry[model], method, function)

    def test_without_its_guards_each_page_is_found_leaking(self):
        Movement = "partner.commission.movement"
        everybody = self.replace(Movement, "_of_partner", lambda *_args: Domain.TRUE)
        cases = {
            "statement": (
                ["/my/statements/period", "/my/statements/file/<string:extension>"],
                [everybody, self.open_rule("partner_commission_movement_rule_portal")],
            ),
            "resources": (
                ["/my/resources", "/my/resources/<int:resource_id>/file"],
                [
                    self.replace(
                        "partner.program.resource",
                        "_get_portal_resources_sudo",
                        lambda model: model.sudo().search([]),
                    )
                ],
            ),
            "team": (
                ["/my/team"],
                [
                    self.replace(
                        "partner.program.enrollment",
                        "_get_team_sudo",
                        lambda model: model.env["res.users"].sudo().search([("share", "=", True)]),
                    )
                ],
            ),
            "payouts": (
                ["/my/payouts/<int:bill_id>/pdf"],
                [
                    self.replace(
                        "account.move", "_get_payouts_domain", lambda _model: Domain("move_type", "=", "in_invoice")
                    ),
                    self.replace("account.move", "check_access", lambda _model, _operation: None),
                    self.replace("account.move", "search_count", lambda _model, _domain, limit=None: 1),
                ],
            ),
        }
        for name, (rules, guards) in cases.items():
            with self.subTest(name), self.without(*guards):
                self.env.flush_all()
                self.env.registry.clear_cache()
                leaks, _visited = self.scan(rules, ["owner"], tricks=("",))
                self.assertTrue(leaks, "the guards are gone and the test sees nothing")
            self.env.registry.clear_cache()

    def test_the_words_are_where_they_should_be(self):
        """Those who may read them do: a test that looks for words which are nowhere cannot fail."""
        self.go_to("2026-02-04")
        shown = {
            "portal_ada": ("Cobalt", self.bill.name, "Ann of Ada", "Cole of Ada"),
            "portal_byte": ("Zyxquartz", "17,530.86", "Gnuresource", "Gnulink", "Ben of Byte", self.other_bill.name),
            "portal_eve": ("Eve of Elsewhere", "Xerusclient", "31,337.42"),
        }
        for login, words in shown.items():
            self.authenticate(login, login)
            pages = ("/my/team", f"/my/statements/period{PERIOD}", "/my/resources", "/my/payouts", "/my/commissions")
            text = " ".join(self.url_open(page).text.replace("\xa0", " ") for page in pages)
            for word in words:
                self.assertIn(word, text, login)
