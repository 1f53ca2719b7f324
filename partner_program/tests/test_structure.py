"""What holds for all models, views, routes and actions at once."""

import threading

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError
from odoo.tools.safe_eval import safe_eval

from .common import PartnerProgramCommon

MODULE = "partner_program"
# Every route of the add-on, by hand: (authentication, methods, read-only). A new one needs a row, and a thought.
ROUTES = {
    "/my/partner": ("user", None, True),
    "/my/partner/as/<int:enrollment_id>": ("user", ("GET",), False),  # for managers; writes down who looked
    "/my/referrals": ("user", None, True),
    "/my/referrals/page/<int:page>": ("user", None, True),
    "/my/referrals/<int:referral_id>": ("user", None, True),
    "/my/referrals/<int:referral_id>/withdraw": ("user", ("GET", "POST"), False),
    "/my/referrals/new": ("user", None, True),
    "/my/referrals/send": ("user", ("GET", "POST"), False),
    "/my/referrals/sent/<string:token>": ("user", None, False),  # a replica may not know yet what was made just now
    "/partners/apply": ("public", ("GET", "POST"), False),
    "/partners/apply/thanks": ("public", ("GET",), True),
    "/partners/status/<int:enrollment_id>/<string:token>": ("public", ("GET",), True),
    "/my/agreement": ("user", None, True),
    "/my/agreement/<int:enrollment_id>/sign": ("user", None, False),
    "/my/agreement/document/<int:signature_id>": ("user", None, False),  # notes who took it
    "/my/agreement/details": ("user", ("GET", "POST"), False),
    "/my/statements": ("user", None, True),
    "/my/statements/page/<int:page>": ("user", None, True),
    "/my/statements/period": ("user", None, True),
    "/my/statements/period/page/<int:page>": ("user", None, True),
    "/my/statements/file/<string:extension>": ("user", None, False),  # notes who took it
    "/my/statements/mail": ("user", ("GET", "POST"), False),
    "/partner_program/statement/<int:enrollment_id>/<string:extension>": ("user", None, True),
    "/my/payouts": ("user", None, True),
    "/my/payouts/page/<int:page>": ("user", None, True),
    "/my/payouts/<int:bill_id>/pdf": ("user", None, False),  # notes who took it
    "/my/resources": ("user", None, True),
    "/my/resources/<int:resource_id>/file": ("user", None, False),  # notes who took it
    "/my/team": ("user", None, True),
    "/my/team/invite": ("user", ("GET", "POST"), False),
    "/my/team/<int:user_id>/remove": ("user", ("GET", "POST"), False),
    "/mail/attachment/upload": ("public", ("POST",), False),  # Odoo's: with the limits of the form on referrals
    "/partners/packages": ("public", ("GET",), True),
    "/my/commissions": ("user", None, True),
    "/my/commissions/page/<int:page>": ("user", None, True),
    "/my/commissions/<int:line_id>": ("user", None, True),
    "/my/commissions/<int:line_id>/question": ("user", ("GET", "POST"), False),
}
CRONS = {
    "ir_cron_sync_training": ("partner.program.training", "model._cron_sync_training()"),
    "ir_cron_sync_referrals": ("partner.referral", "model._cron_sync_referrals()"),
    "ir_cron_sync": ("partner.commission.line", "model._cron_sync()"),
    "ir_cron_create_vendor_bills": ("partner.commission.line", "model._cron_create_vendor_bills()"),
    "ir_cron_run_in_background": ("partner.commission.bill.run", "model._cron_run_in_background()"),
    "ir_cron_mail_statements": ("partner.commission.statement", "model._cron_mail_statements()"),
    "ir_cron_meetings": ("partner.program.enrollment", "model._cron_meetings()"),
    "ir_cron_check_links": ("partner.program.resource", "model._cron_check_links()"),
    "ir_cron_warn_closing": ("partner.referral", "model._cron_warn_closing()"),
    "ir_cron_remind_to_sign": ("partner.program.enrollment", "model._cron_remind_to_sign()"),
}
OFF_BY_DEFAULT = {"ir_cron_check_links": "months"}  # all others run every day
# Rows that are shown inside others, or are made by a query.
WITHOUT_FORM = (
    *("partner.referral.evidence", "partner.commission.integrity", "partner.commission.movement"),
    "partner.commission.change",
)


class TestStructure(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.roles = {
            "salesperson": cls.salesperson,
            "manager": cls.manager,
            "accountant": cls.accountant,
            "administrator": cls.env.user,
        }

    def own_models(self):
        return [
            model
            for name, model in sorted(self.env.registry.items())
            if model._original_module == MODULE and not model._abstract
        ]

    def records_of_module(self, model):
        data = self.env["ir.model.data"].sudo().search([("module", "=", MODULE), ("model", "=", model)])
        return self.env[model].sudo().browse(data.mapped("res_id")).exists()

    def test_every_model_has_access_rows(self):
        for model in self.own_models():
            rows = self.env["ir.model.access"].sudo().search([("model_id.model", "=", model._name)])
            self.assertTrue(rows, model._name)
            self.assertTrue(all(row.group_id for row in rows), f"{model._name}: a row without a group is for everybody")

    def test_every_model_with_a_company_has_a_global_company_rule(self):
        for model in self.own_models():
            if "company_id" not in model._fields or model._transient:
                continue
            rules = self.env["ir.rule"].sudo().search([("model_id.model", "=", model._name)])
            company_rules = rules.filtered(lambda rule: "company_id" in (rule.domain_force or "") and not rule.groups)
            self.assertTrue(company_rules, model._name)
            for operation in ("read", "write", "create", "unlink"):
                self.assertTrue(company_rules.filtered(f"perm_{operation}"), f"{model._name}: {operation}")

    def test_every_model_has_a_description_and_every_field_a_label(self):
        for model in self.own_models():
            self.assertNotEqual(model._description, model._name)
            for field in model._fields.values():
                if field._module == MODULE:
                    self.assertTrue(field.string, field)

    def test_money_on_the_ledger_has_the_currency_of_the_invoice(self):
        for name in ("partner.commission.line", "partner.commission.billing"):
            for field in self.env[name]._fields.values():
                if field.type == "monetary":
                    self.assertEqual(field.get_currency_field(self.env[name]), "currency_id", field)

    def test_every_view_loads_for_every_role_that_reads_its_model(self):
        views = self.records_of_module("ir.ui.view").filtered(lambda view: view.type != "qweb")
        self.assertGreater(len(views), 20)
        loaded = 0
        for view in views:
            for role, user in self.roles.items():
                Model = self.env[view.model].with_user(user)
                if not Model.has_access("read"):
                    continue
                root = view
                while root.mode == "extension" and root.inherit_id:
                    root = root.inherit_id
                with self.subTest(view=view.xml_id, role=role):
                    arch = Model.get_views([(root.id, root.type)])["views"][root.type]["arch"]
                    self.assertTrue(arch)
                    loaded += 1
        self.assertGreater(loaded, 60)

    def test_no_view_shows_what_depends_on_a_field_that_its_reader_may_not_read(self):
        # What Odoo would write into the log of each update.
        views = self.records_of_module("ir.ui.view").filtered(lambda view: view.type != "qweb")
        with self.assertNoLogs("odoo.addons.base.models.ir_ui_view", "WARNING"):
            views._check_xml()

    def test_every_list_form_and_search_exists_for_each_stored_model(self):
        for model in self.own_models():
            # A view of other rows has no form of its own: its rows open what they are about.
            if model._transient or not model._auto or model._name in WITHOUT_FORM:
                continue
            types = set(self.env["ir.ui.view"].sudo().search([("model", "=", model._name)]).mapped("type"))
            self.assertLessEqual({"list", "form", "search"}, types, model._name)

    def test_every_window_opens_for_every_role_that_may(self):
        actions = self.records_of_module("ir.actions.act_window")
        self.assertGreater(len(actions), 8)
        for action in actions:
            for role, user in self.roles.items():
                Model = self.env[action.res_model].with_user(user)
                menus = self.env["ir.ui.menu"].sudo().search([("action", "=", f"{action._name},{action.id}")])
                visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
                if not Model.has_access("read") or (menus and visible.isdisjoint(menus.ids)):
                    continue
                with self.subTest(action=action.xml_id, role=role):
                    names = {
                        "uid": user.id,
                        "active_id": 1,
                        "active_ids": [1],
                        "context": {},
                        "allowed_company_ids": [1],
                    }
                    context = safe_eval(action.context or "{}", dict(names))
                    domain = safe_eval(action.domain or "[]", dict(names))
                    views = [(view_id or False, view_type) for view_id, view_type in action.views]
                    if action.search_view_id:
                        views.append((action.search_view_id.id, "search"))
                    result = Model.with_context(**context).get_views(views)
                    self.assertEqual(set(result["views"]), {view_type for _id, view_type in views})
                    fnames = [name for name in result["models"][action.res_model]["fields"] if name != "id"]
                    specification = {
                        name: {}
                        for name in fnames
                        if name in Model._fields and Model._has_field_access(Model._fields[name], "read")
                    }
                    Model.with_context(**context).web_search_read(domain, specification, limit=5)

    def test_every_menu_leads_to_a_window_its_readers_may_open(self):
        menus = self.records_of_module("ir.ui.menu").filtered("action")
        self.assertGreater(len(menus), 6)
        for role, user in self.roles.items():
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            for menu in menus.filtered(lambda menu, visible=visible: menu.id in visible):
                with self.subTest(menu=menu.complete_name, role=role):
                    self.env[menu.action.res_model].with_user(user).check_access("read")

    def test_a_colleague_without_a_group_sees_no_menu(self):
        visible = self.env["ir.ui.menu"].with_user(self.employee)._visible_menu_ids()
        self.assertFalse(self.records_of_module("ir.ui.menu").filtered(lambda menu: menu.id in visible))

    def test_every_route_is_in_the_table(self):
        threading.current_thread().dbname = self.env.cr.dbname  # as a thread that serves requests has it
        self.addCleanup(delattr, threading.current_thread(), "dbname")
        found = {}
        for rule in self.env["ir.http"].sudo().routing_map().iter_rules():
            function = getattr(rule.endpoint, "func", rule.endpoint)
            function = getattr(function, "__func__", function)
            if getattr(function, "__module__", "").startswith(f"odoo.addons.{MODULE}."):
                routing = rule.endpoint.routing
                methods = routing.get("methods")
                found[rule.rule] = (routing["auth"], methods and tuple(methods), bool(routing.get("readonly")))
        self.assertEqual(found, ROUTES)

    def test_every_cron_exists_and_runs(self):
        crons = self.records_of_module("ir.cron")
        names = (
            self.env["ir.model.data"].sudo().search([("module", "=", MODULE), ("model", "=", "ir.cron")]).mapped("name")
        )
        self.assertEqual(set(names), set(CRONS))
        self.earned_line()
        for name, (model, code) in CRONS.items():
            cron = self.env.ref(f"{MODULE}.{name}").sudo()
            active = name not in OFF_BY_DEFAULT
            self.assertEqual((cron.model_id.model, cron.code.strip(), cron.active), (model, code, active))
            interval = OFF_BY_DEFAULT.get(name, "days")
            self.assertEqual((cron.interval_number, cron.interval_type, cron.user_id.id), (1, interval, SUPERUSER_ID))
        order = crons.sorted("priority").mapped("code")
        self.assertEqual(
            order, [code for _model, code in CRONS.values()], "claims, then the ledger, then the bills, then statements"
        )
        for cron in crons.sorted("priority"):
            cron.ir_actions_server_id.with_user(SUPERUSER_ID).run()
        self.assertEqual(self.env["account.move"].search([("partner_id", "=", self.ada.id)]).amount_total, 50.0)

    def test_server_action_bills_for_an_accountant_and_nobody_else(self):
        line = self.earned_line()
        action = self.env.ref(f"{MODULE}.action_server_create_vendor_bills")
        context = {"active_model": line._name, "active_ids": line.ids, "active_id": line.id}
        for user in (self.salesperson, self.manager):
            with self.assertRefused(".", AccessError):
                action.with_user(user).with_context(**context).run()
        result = action.with_user(self.accountant).with_context(**context).run()
        bill = self.env["account.move"].browse(result["res_id"])
        self.assertEqual((bill.partner_id, bill.amount_total), (self.ada, 50.0))

    def test_server_action_asks_for_the_reason_of_a_hold(self):
        line = self.earned_line()
        action = self.env.ref(f"{MODULE}.action_server_hold")
        result = (
            action.with_user(self.accountant)
            .with_context(active_model=line._name, active_ids=line.ids, active_id=line.id)
            .run()
        )
        self.assertEqual(result["res_model"], "partner.commission.hold")

    def test_data_of_the_policy(self):
        """P1, P6, P7, P8, P9, P12, P25, P26: the programs and packages as they are installed."""
        referral, affiliate = (
            self.env.ref(f"{MODULE}.program_referral").sudo(),
            self.env.ref(f"{MODULE}.program_affiliate").sudo(),
        )
        self.assertRecordValues(
            referral + affiliate,
            [
                {
                    "program_type": "referral",
                    "commission_rate": 5.0,
                    "commission_months": 12,
                    "payout_delay_days": 30,
                    "bill_lead_days": 0,
                    "claim_months": 3,
                    "dormancy_months": 12,
                    "acquisition_event": "lead_won",
                    "trained_contacts_required": 0,
                },
                {
                    "program_type": "affiliate",
                    "commission_rate": 20.0,
                    "commission_months": 12,
                    "payout_delay_days": 30,
                    "bill_lead_days": 0,
                    "claim_months": 0,
                    "dormancy_months": 0,
                    "acquisition_event": "entry_payment",
                    "trained_contacts_required": 1,
                },
            ],
        )
        self.assertFalse(referral.agreement_id)
        self.assertTrue(affiliate.agreement_id.body)
        packages = self.package_starter + self.package_pro + self.package_enterprise
        self.assertEqual(packages.mapped("name"), ["Starter", "Pro", "Enterprise"])
        self.assertEqual(packages.mapped("is_entry"), [True, False, False])
        self.assertEqual(packages, packages.sorted("rank"))
