"""Who sees and does what: four roles, a colleague without a group, and nobody (DESIGN, "Who sees what")."""

import json

from lxml import html

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date, Domain
from odoo.tests import HttpCase

from .common import PartnerProgramCommon

READ, KEEP, ALL, NONE = "r", "rwc", "rwcu", ""
# model: (salesperson, manager, accountant, portal)
RIGHTS = {
    "partner.program": (READ, ALL, READ, NONE),
    "partner.program.package": (READ, ALL, READ, NONE),
    "partner.program.enrollment": (READ, ALL, READ, NONE),
    "partner.program.agreement": (READ, ALL, READ, NONE),
    "partner.program.resource": (READ, ALL, READ, NONE),
    "partner.referral": (KEEP, ALL, READ, READ),
    "partner.referral.evidence": (READ, READ, NONE, NONE),
    "partner.referral.match": (READ, READ, NONE, NONE),
    "partner.referral.review": (NONE, "rw", NONE, NONE),
    "partner.commission.line": (READ, "rw", "rw", READ),
    "partner.commission.billing": (NONE, READ, READ, NONE),
    "partner.commission.question": (NONE, KEEP, KEEP, NONE),
    "partner.referral.decision": (KEEP, KEEP, NONE, NONE),
    "partner.commission.hold": (NONE, KEEP, KEEP, NONE),
    "partner.commission.bill.run": (NONE, NONE, KEEP, NONE),
    "partner.commission.accrual.date": (NONE, KEEP, KEEP, NONE),
    "partner.commission.accrual": (NONE, "rcu", "rcu", NONE),  # made and thrown away for each reader
    "partner.commission.integrity": (NONE, READ, READ, NONE),
    "partner.program.client.package": (READ, READ, READ, NONE),
    "partner.program.upsell": (READ, READ, NONE, NONE),
    "partner.referral.report": (READ, READ, NONE, NONE),
    "partner.program.training": (READ, ALL, READ, NONE),
    "partner.program.meeting": (NONE, ALL, NONE, NONE),
    "partner.program.meeting.action": (NONE, ALL, NONE, NONE),
    "partner.program.objective": (READ, ALL, READ, NONE),
    "partner.program.manager.rule": (NONE, ALL, NONE, NONE),
    "partner.program.signature": (NONE, READ, READ, NONE),  # made by signing only
    "partner.program.signature.upload": (NONE, KEEP, NONE, NONE),
    "partner.program.enrollment.decision": (NONE, KEEP, NONE, NONE),
    "partner.commission.change": (NONE, READ, READ, NONE),
    "partner.commission.movement": (NONE, READ, READ, READ),
    "partner.commission.statement": (NONE, READ, READ, NONE),
    "partner.commission.statement.period": (NONE, KEEP, KEEP, NONE),
    "partner.program.portal.log": (NONE, READ, NONE, NONE),
}
ARCHIVING = ("action_archive", "action_unarchive")
OPERATIONS = {"read": "r", "write": "w", "create": "c", "unlink": "u"}

# Planted where the partner Ada must not see it. One word each, so that a leak says where it comes from.
SECRETS = {
    "client of another partner": "Zyxquartz",
    "note of another partner": "Plovernote",
    "decision on another partner": "Quaggareason",
    "other partner": "Byte Builders",
    "internal note on the own referral": "Wombatwhisper",
    "evidence on the own client": "Narwhalproof",
    "lead of the own client": "Ocelotlead",
    "phone of the own client": "555-7734",
    "mail of the own client": "secret@cobalt.example",
    "note on the own client": "Ibexcomment",
    "invoice amount of another partner": "87,654.32",
    "commission of another partner": "17,530.86",
}


class AccessCommon(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.public = cls.env.ref("base.public_user")
        self = cls()  # the helpers are methods; the records live as long as the class
        self.clock = cls.clock
        cls.client.write({"phone": "555-7734", "email": "secret@cobalt.example", "comment": "Ibexcomment"})
        cls.zyx = cls.env["res.partner"].create({"name": "Zyxquartz Ltd", "is_company": True})

        # Ada: acquired client with a paid invoice that is billed and posted, and an unpaid one
        cls.referral = self.refer(lead_id=self.lead(name="Ocelotlead").id)
        cls.referral.lead_id.action_set_won()
        cls.env["partner.referral.evidence"].sudo().create(
            {"referral_id": cls.referral.id, "date": "2025-06-01", "kind": "message", "description": "Narwhalproof"}
        )
        cls.referral.message_post(body="Wombatwhisper", message_type="comment", subtype_xmlid="mail.mt_note")
        cls.paid = self.invoice(1000)
        self.pay(cls.paid)

        # Byte: the same with other words
        cls.other_referral = self.refer(
            enrollment=cls.enrollment_byte,
            client=cls.zyx,
            note="Plovernote",
            user=cls.manager,
            user_id=cls.other_salesperson.id,
        )
        cls.other_referral.decision_reason = "Quaggareason"
        cls.other_paid = self.invoice(87654.32, client=cls.zyx, product=cls.starter)
        self.pay(cls.other_paid)

        cls.bills = self.run_bills("2026-02-04")
        cls.bills.action_post()
        cls.bill = cls.bills.filtered(lambda bill: bill.partner_id == cls.ada)
        cls.other_bill = cls.bills - cls.bill
        cls.open = self.invoice(500)
        cls.line, cls.open_line = self.line_of(cls.paid), self.line_of(cls.open)
        cls.other_line = self.line_of(cls.other_paid)
        cls.env.flush_all()
        assert cls.other_line.amount == 17530.86, cls.other_line.amount

    def runTest(self):  # noqa: N802
        """Lets the fixtures be made by an instance."""

    def setUp(self):
        super().setUp()
        self.go_to("2026-02-04")

    def own_rows(self):
        return {"partner.referral": self.referral, "partner.commission.line": self.line + self.open_line}


class TestRights(AccessCommon):
    def test_every_model_of_the_addon_is_in_the_table(self):
        ours = {
            name
            for name, model in self.env.registry.items()
            if model._original_module == "partner_program" and not model._abstract
        }
        self.assertEqual(ours, set(RIGHTS))

    def test_rights_of_each_role_on_each_model(self):
        users = (self.salesperson, self.manager, self.accountant, self.portal_ada, self.employee, self.public.sudo())
        for model, rights in RIGHTS.items():
            for user, letters in zip(users, (*rights, NONE, NONE), strict=True):
                for operation, letter in OPERATIONS.items():
                    with self.subTest(model=model, user=user.login, operation=operation):
                        self.assertEqual(self.env[model].with_user(user).has_access(operation), letter in letters)

    def test_a_salesperson_sees_own_documents_only(self):
        Referral, Line = (
            self.env[name].with_user(self.salesperson) for name in ("partner.referral", "partner.commission.line")
        )
        self.assertEqual(Referral.search([]), self.referral)
        self.assertEqual(Line.search([]), self.line + self.open_line)
        self.assertEqual(
            self.env["partner.referral.evidence"].with_user(self.salesperson).search([]), self.referral.evidence_ids
        )
        for record in (self.other_referral, self.other_line):
            with self.assertRaises(AccessError):
                record.with_user(self.salesperson).read(["display_name"])
        self.assertEqual(Referral.with_user(self.other_salesperson).search([]), self.other_referral)
        self.assertFalse(self.env["partner.referral.evidence"].with_user(self.other_salesperson).search([]))

    def test_a_manager_sees_all(self):
        self.assertEqual(
            self.env["partner.referral"].with_user(self.manager).search([]), self.referral + self.other_referral
        )
        self.assertEqual(len(self.env["partner.commission.line"].with_user(self.manager).search([])), 3)

    def test_an_accountant_sees_the_whole_ledger_but_decides_no_claim(self):
        lines = self.env["partner.commission.line"].with_user(self.accountant).search([])
        self.assertEqual(lines, self.line + self.open_line + self.other_line)
        self.assertEqual(len(self.env["partner.commission.billing"].with_user(self.accountant).search([])), 2)
        submitted = self.refer(client=self.other_client, accept=False, lead_id=False)
        for method in ("action_accept", "action_check_eligibility"):
            with self.subTest(method), self.assertRefused(".", AccessError):
                getattr(submitted.with_user(self.accountant), method)()
        submitted.decision_reason = "Because"
        for method in ("action_reject", "action_withdraw"):
            with self.subTest(method), self.assertRefused(".", AccessError):
                getattr(submitted.with_user(self.accountant), method)()

    def test_a_salesperson_cannot_write_state_terms_or_eligibility(self):
        submitted = self.refer(client=self.other_client, accept=False).with_user(self.salesperson)
        values = {
            "state": "acquired",
            "commission_rate": 99.0,
            "commission_months": 99,
            "payout_delay_days": 1,
            "expires_on": "2030-01-01",
            "acquired_on": "2026-01-01",
            "acquisition_move_id": self.paid.id,
            "window_start": "2025-01-01",
            "window_end": "2030-01-01",
            "eligibility": "eligible",
            "eligibility_checked_on": "2026-01-01 00:00:00",
            "evidence_ids": [Command.clear()],
        }
        for record in (submitted, self.referral.with_user(self.salesperson)):
            for fname, value in values.items():
                with self.subTest(fname), self.assertRefused("Only a partner manager changes", AccessError):
                    record.write({fname: value})

    def test_a_salesperson_cannot_smuggle_them_in_when_creating(self):
        vals = {
            "enrollment_id": self.enrollment_ada.id,
            "client_id": self.other_client.id,
            "user_id": self.salesperson.id,
        }
        Referral = self.env["partner.referral"].with_user(self.salesperson)
        self.invoice(10, client=self.other_client, on="2026-02-01")  # makes the client ineligible
        for fname, value in (
            ("state", "acquired"),
            ("eligibility", "eligible"),
            ("window_start", "2025-01-01"),
            ("acquired_on", "2025-01-01"),
        ):
            with self.subTest(fname), self.assertRefused("Only a partner manager changes", AccessError):
                Referral.create({**vals, fname: value})
            with self.subTest(f"default_{fname}"), self.cr.savepoint():
                try:
                    referral = Referral.with_context(**{f"default_{fname}": value}).create(vals)
                except (AccessError, UserError):
                    continue
                self.assertNotEqual(str(referral.sudo()[fname]), value)
                referral.sudo().write({"state": "rejected"})
        fresh = self.env["res.partner"].create({"name": "Fresh Fruits", "is_company": True})
        referral = Referral.with_context(default_commission_rate=99, default_commission_months=99).create(
            {**vals, "client_id": fresh.id, "commission_rate": 99}
        )
        referral.action_accept()
        self.assertRecordValues(referral, [{"commission_rate": 5.0, "commission_months": 12}])

    def test_a_salesperson_cannot_move_a_decided_claim(self):
        for vals in (
            {"enrollment_id": self.enrollment_byte.id},
            {"client_id": self.other_client.id},
            {"referred_on": "2025-01-01 00:00:00"},
        ):
            with self.subTest(str(vals)), self.assertRefused("was decided", AccessError):
                self.referral.with_user(self.salesperson).write(vals)

    def test_a_salesperson_cannot_reach_them_through_other_models(self):
        update = [Command.update(self.referral.id, {"commission_rate": 99})]
        with self.assertRefused(".", AccessError):
            self.client.with_user(self.manager).with_user(self.salesperson).write({"client_referral_ids": update})
        with self.assertRefused(".", AccessError):
            self.referral.lead_id.with_user(self.salesperson).write({"referral_ids": update})
        self.assertEqual(self.referral.commission_rate, 5.0)

    def test_nobody_writes_the_figures_of_a_commission_line(self):
        values = {
            "amount": 1.0,
            "earned_amount": 9999.0,
            "billed_amount": 0.0,
            "open_amount": 9999.0,
            "base_amount": 1.0,
            "rate": 99.0,
            "state": "earned",
            "due_on": "2020-01-01",
            "fully_paid_on": "2020-01-01",
            "void_code": False,
            "partner_id": self.byte.id,
            "client_id": self.zyx.id,
            "referral_id": self.other_referral.id,
            "move_id": self.open.id,
            "billing_ids": [Command.clear()],
            "hold_code": False,
        }
        for user in (self.salesperson, self.manager, self.accountant, self.env.user, self.portal_ada):
            for fname, value in values.items():
                with self.subTest(user=user.login, field=fname), self.assertRefused(".", AccessError):
                    self.line.with_user(user).write({fname: value})
        self.assertLine(self.line, amount=50.0, earned_amount=50.0, billed_amount=50.0, state="billed")

    def test_nobody_makes_or_changes_billings(self):
        for user in (self.manager, self.accountant, self.env.user):
            billing = self.line.billing_ids.with_user(user)
            with self.assertRefused(".", AccessError):
                billing.amount = 1
            with self.assertRefused(".", AccessError):
                billing.copy({"revision": 7})
            with self.assertRefused("."):
                billing.unlink()

    def test_a_salesperson_cannot_hold_release_or_bill(self):
        line = self.line.with_user(self.salesperson)
        with self.assertRefused(".", AccessError):
            line.write({"held_by_hand": True})
        with self.assertRefused(".", AccessError):
            line.action_create_vendor_bills()
        self.line.write({"held_by_hand": True, "manual_hold_reason": "x"})
        with self.assertRefused(".", AccessError):
            line.action_release()

    def test_a_manager_approves_claims_but_makes_no_bills(self):
        self.pay(self.open)
        self.go_to("2026-03-06")
        with self.assertRefused(".", AccessError):
            self.open_line.with_user(self.manager).action_create_vendor_bills()
        self.assertFalse(self.open_line.billing_ids)

    def test_a_salesperson_posts_nothing_but_winning_a_lead_makes_lines(self):
        """Raised rights do their work without lending them (D9)."""
        referral = self.refer(client=self.other_client)
        invoice = self.invoice(100, client=self.other_client)
        self.assertFalse(invoice.commission_line_ids)
        referral.lead_id.with_user(self.salesperson).action_set_won()
        self.assertEqual(self.line_of(invoice).amount, 5.0)

    def test_an_accountant_without_sales_rights_posts_and_pays_for_an_acquired_client(self):
        invoice = self.invoice(100, post=False)
        invoice.with_user(self.accountant).action_post()
        self.env["account.payment.register"].with_user(self.accountant).with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertLine(self.line_of(invoice), state="earned", earned_amount=5.0)

    def test_a_salesperson_reads_own_lead_and_order_with_a_referral_of_another(self):
        lead = self.lead(client=self.zyx, user_id=self.salesperson.id)
        order = self.env["sale.order"].create(
            {"partner_id": self.zyx.id, "company_id": self.company.id, "user_id": self.salesperson.id}
        )
        self.env.invalidate_all()
        self.assertEqual(lead.with_user(self.salesperson).read()[0]["name"], lead.name)
        self.assertEqual(order.with_user(self.salesperson).read(["referral_id", "name"])[0]["name"], order.name)

    def _have_something_of_each_model(self):
        """Another contact of the client's domain, a case for a manager, and a client to up-sell."""
        self.env["res.partner"].create({"name": "Delta", "is_company": True, "email": "other@delta.example"})
        self.go_to("2026-01-09")
        referral = self.refer(client=self.other_client, accept=False)
        self.env["partner.referral.review"]._ask([{"referral_id": referral.id, "kind": "skipped_entry"}])
        self.pay(self.invoice(100, product=self.starter))
        self.env.flush_all()

    def test_a_branch_reads_the_partners_of_its_parent_but_none_of_its_claims(self):
        """Programs and enrollments hold for branches too; claims and what they earn are of the company that pays."""
        self._have_something_of_each_model()
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        colleague = self._new_user("branch", "partner_program.group_manager,sales_team.group_sale_salesman_all_leads")
        colleague.sudo().write({"company_id": branch.id, "company_ids": [Command.set(branch.ids)]})
        for model, seen in (
            ("partner.program", True),
            ("partner.program.enrollment", True),
            ("partner.referral", False),
            ("partner.referral.evidence", False),
            ("partner.referral.match", False),
            ("partner.referral.review", False),
            ("partner.referral.report", False),
            ("partner.program.upsell", False),
            ("partner.program.client.package", False),
            ("partner.commission.line", False),
        ):
            self.env.invalidate_all()
            rows = self.env[model].with_user(colleague).search([("company_id", "=", self.company.id)])
            self.assertEqual(bool(rows), seen, model)
        referral = self.env["partner.referral"].search([("company_id", "=", self.company.id)], limit=1)
        with self.assertRaises(AccessError):
            referral.with_user(colleague).read(["state"])
        with self.assertRaisesRegex(UserError, f"a partner of {self.company.name}, .*: choose that company"):
            self.env["partner.referral"].with_user(colleague).create(
                {"enrollment_id": self.enrollment_ada.id, "prospect_name": "Somebody"}
            )
        # whoever works for both sees both, one by one or together
        colleague.sudo().company_ids += self.company
        both = self.env["partner.referral"].with_user(colleague)
        self.assertFalse(both.with_context(allowed_company_ids=branch.ids).search([]))
        self.assertTrue(both.with_context(allowed_company_ids=(branch + self.company).ids).search([]))

    def test_a_branch_moves_no_partner_of_its_parent_whose_claims_it_does_not_see(self):
        referral = self.enrollment_ada.referral_ids[:1]
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        colleague = self._new_user("branch", "partner_program.group_manager")
        colleague.sudo().write({"company_id": branch.id, "company_ids": [Command.set((branch + self.company).ids)]})
        self.env.invalidate_all()
        enrollment = self.enrollment_ada.with_user(colleague).with_context(allowed_company_ids=branch.ids)
        self.assertFalse(enrollment.referral_ids)
        self.assertTrue(enrollment.has_referrals)
        decision = self.env["partner.program.enrollment.decision"].with_env(enrollment.env)
        decision = decision.create({"enrollment_id": enrollment.id, "kind": "change"})
        self.assertTrue(decision.has_referrals)
        decision.program_id = self.program_affiliate
        with self.assertRefused(".", AccessError):
            decision.action_confirm()
        with self.assertRefused("cannot move to another partner"):
            enrollment.partner_id = self.byte
        with self.assertRefused(".", AccessError):
            enrollment.account_manager_id = self.manager
        with self.assertRefused(".", AccessError):
            enrollment.program_id.commission_rate = 50.0
        with self.assertRefused("has referrals"):
            enrollment.with_context(allowed_company_ids=self.company.ids).unlink()
        self.assertEqual((referral.partner_id, referral.program_id), (self.ada, self.program_referral))
        enrollment.with_context(allowed_company_ids=self.company.ids).account_manager_id = self.manager

    def test_companies_are_kept_apart(self):
        self._have_something_of_each_model()
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        stranger = self._new_user("stranger", "partner_program.group_manager,account.group_account_invoice")
        stranger.sudo().write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        for model in (
            "partner.program",
            "partner.program.enrollment",
            "partner.referral",
            "partner.commission.line",
            "partner.commission.billing",
            "partner.referral.evidence",
            "partner.referral.match",
            "partner.referral.review",
            "partner.referral.report",
            "partner.program.upsell",
        ):
            ours = self.env[model].sudo().search([("company_id", "=", self.company.id)])
            self.assertTrue(ours, f"{model}: nothing to keep apart")
            found = self.env[model].with_user(stranger).with_company(other).search([])
            self.assertFalse(found.sudo().filtered(lambda row: row.company_id == self.company), model)
        with self.assertRaises(AccessError):
            self.line.with_user(stranger).with_company(other).read(["amount"])


class TestPortalRights(AccessCommon):
    """What a partner can get out of the models, whatever it sends (invariant 6)."""

    def portal(self, model):
        return self.env[model].with_user(self.portal_ada)

    def test_own_rows_only(self):
        for model, own in self.own_rows().items():
            self.assertEqual(self.portal(model).search([]), own, model)
            self.assertEqual(self.portal(model).search_count([]), len(own))

    def test_rows_of_others_cannot_be_read_by_id(self):
        for record in (self.other_referral, self.other_line):
            record = record.with_user(self.portal_ada)
            for fname in ("display_name", "partner_id"):
                with self.assertRaises(AccessError):
                    record.read([fname])
            with self.assertRaises(AccessError):
                record.web_read({"display_name": {}})

    def test_name_search_finds_own_rows_only(self):
        for model, own in self.own_rows().items():
            found = {row[0] for row in self.portal(model).name_search("")}
            self.assertLessEqual(found, set(own.ids), model)
            for secret in SECRETS.values():
                self.assertFalse(
                    {row[0] for row in self.portal(model).name_search(secret)} - set(own.ids), (model, secret)
                )

    def test_groups_and_sums_are_over_own_rows_only(self):
        Line = self.portal("partner.commission.line")
        [(count, amount, base)] = Line._read_group([], [], ["__count", "amount:sum", "base_amount:sum"])
        self.assertEqual((count, amount, base), (2, 75.0, 1500.0))
        for groupby in ("client_id", "move_id"):
            with self.assertRaises(AccessError):
                Line.formatted_read_group([], [groupby], ["__count"])
        for groupby in ("partner_id", "referral_id", "state", "program_id"):
            for row in Line.formatted_read_group([], [groupby], ["__count", "amount:sum"]):
                text = json.dumps(row, default=str)
                for what, secret in SECRETS.items():
                    self.assertNotIn(secret, text, f"{groupby}: {what}")
        self.assertEqual(self.portal("partner.referral")._read_group([], [], ["__count"]), [(1,)])

    def test_domains_over_relations_are_no_oracle(self):
        probes = {
            "partner.commission.line": [
                ("partner_id.name", "=", "Byte Builders"),
                ("client_id.name", "ilike", "Zyxquartz"),
                ("client_id.email", "=", "secret@cobalt.example"),
                ("client_id.phone", "like", "555"),
                ("client_id.comment", "ilike", "Ibex"),
                ("move_id.amount_total", ">", 0),
                ("move_id.invoice_line_ids.name", "!=", False),
                ("referral_id.note", "ilike", "Plover"),
                ("referral_id.lead_id.name", "ilike", "Ocelot"),
                ("referral_id.lead_id", "!=", False),
                ("referral_id.evidence_ids", "!=", False),
                ("referral_id.evidence_ids.description", "ilike", "Narwhal"),
                ("referral_id.eligibility", "=", "ineligible"),
                ("referral_id.message_ids.body", "ilike", "Wombat"),
                ("billing_ids.bill_id.ref", "=", False),
                ("enrollment_id.end_reason", "=", False),
            ],
            "partner.referral": [
                ("partner_id", "=", self.byte.id),
                ("client_id.email", "=", "secret@cobalt.example"),
                ("client_id.invoice_ids", "!=", False),
                ("lead_id", "!=", False),
                ("lead_id.name", "ilike", "Ocelot"),
                ("evidence_ids.description", "ilike", "Narwhal"),
                ("eligibility", "=", "eligible"),
                ("acquisition_move_id", "!=", False),
                ("enrollment_id.account_manager_id", "=", False),
                ("message_ids.body", "ilike", "Wombat"),
                ("program_id.commission_rate", ">", 0),
            ],
        }
        for model, domains in probes.items():
            for leaf in domains:
                with self.subTest(model=model, leaf=str(leaf)), self.cr.savepoint():
                    try:
                        found = self.portal(model).search(Domain(*leaf))
                    except (AccessError, UserError, ValidationError, ValueError):
                        continue
                    self.assertFalse(found, "an answer here tells the partner something it may not read")

    def test_fields_that_are_not_for_partners(self):
        referral = self.referral.with_user(self.portal_ada)
        for fname in ("evidence_ids", "eligibility", "eligibility_checked_on", "lead_id", "acquisition_move_id"):
            with self.subTest(fname), self.assertRaises(AccessError):
                referral.read([fname])
            self.assertNotIn(fname, referral.fields_get())

    def test_all_that_is_readable_names_nobody_else_and_nothing_internal(self):
        for model, own in self.own_rows().items():
            fnames = list(self.portal(model).fields_get())
            for fname in fnames:
                with self.subTest(model=model, field=fname), self.cr.savepoint():
                    try:
                        text = json.dumps(own.with_user(self.portal_ada).read([fname]), default=str)
                    except AccessError:
                        continue
                    for what, secret in SECRETS.items():
                        self.assertNotIn(secret, text, f"{model}.{fname}: {what}")

    def test_messages_of_the_own_referral_are_without_internal_notes(self):
        messages = (
            self.env["mail.message"]
            .with_user(self.portal_ada)
            .search([("model", "=", "partner.referral"), ("res_id", "in", (self.referral + self.other_referral).ids)])
        )
        text = "".join(str(message.sudo().body) for message in messages)
        self.assertNotIn("Wombatwhisper", text)
        self.assertFalse(messages.sudo().filtered(lambda message: message.res_id == self.other_referral.id))
        self.assertFalse(messages.sudo().tracking_value_ids, "tracked changes are internal")

    def test_export_gives_nothing_of_others(self):
        for model in self.own_rows():
            with self.assertRaises(UserError):
                self.env[model].sudo().search([]).with_user(self.portal_ada).export_data(["id", "display_name"])

    def test_the_client_and_its_invoices_stay_closed(self):
        for record in (self.client, self.zyx, self.client_contact, self.paid, self.other_paid, self.other_bill):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.with_user(self.portal_ada).read(["name"])
        self.assertFalse(self.env["account.move"].with_user(self.portal_ada).search([]) - self.bill)
        self.assertEqual(self.bill.with_user(self.portal_ada).amount_total, 50.0)

    def test_models_that_are_not_for_partners(self):
        for model, rights in RIGHTS.items():
            if rights[3] == NONE:
                with self.subTest(model), self.assertRaises(AccessError):
                    self.portal(model).search([])

    def test_the_own_bill_does_not_open_the_ledger(self):
        bill = self.bill.with_user(self.portal_ada)
        for fname in ("commission_billing_ids", "commission_line_ids", "commission_explanation"):
            with self.subTest(fname):
                try:
                    text = json.dumps(bill.read([fname]), default=str)
                except AccessError:
                    continue
                for secret in SECRETS.values():
                    self.assertNotIn(secret, text)
        bill_line = self.bill.invoice_line_ids.with_user(self.portal_ada)
        with self.assertRaises(AccessError):
            bill_line.commission_billing_ids.read(["amount"])

    def _support_records(self):
        start = {"start": "2026-03-02 10:00:00", "stop": "2026-03-02 11:00:00"}
        event = self.env["calendar.event"].create({"name": "x", "enrollment_id": self.enrollment_byte.id, **start})
        meeting = self.env["partner.program.meeting"].create(
            {"event_id": event.id, "enrollment_id": self.enrollment_byte.id}
        )
        return {
            "partner.program.training": self.enrollment_byte.partner_id.training_ids,
            "partner.program.meeting": meeting,
            "partner.program.meeting.action": self.env["partner.program.meeting.action"].create(
                {"meeting_id": meeting.id, "name": "x", "user_id": self.manager.id}
            ),
            "partner.program.objective": self.env["partner.program.objective"].create(
                {"enrollment_id": self.enrollment_byte.id, "year": "2026", "quarter": "1"}
            ),
        }

    def _sign_for_byte(self):
        self.enrollment_byte.signed_on = False
        self.enrollment_byte.action_sign()
        return self.enrollment_byte.signature_ids

    def test_no_action_of_any_model_does_anything(self):
        records = {
            **self.own_rows(),
            "partner.program": self.program_referral,
            "partner.program.package": self.package_pro,
            "partner.program.enrollment": self.enrollment_ada,
            "partner.program.agreement": self.agreement,
            "partner.program.resource": self.env["partner.program.resource"].create(
                {"name": "Kit", "url": "https://kit.example"}
            ),
            "partner.referral.evidence": self.referral.evidence_ids,
            "partner.referral.match": self.env["partner.referral.match"]
            .sudo()
            .create({"referral_id": self.referral.id, "partner_id": self.other_client.id, "by_name": True}),
            "partner.referral.review": self.env["partner.referral.review"]
            .sudo()
            .create({"referral_id": self.referral.id, "kind": "conflict", "other_id": self.other_referral.id}),
            "partner.commission.billing": self.line.billing_ids,
            "partner.commission.question": self.env["partner.commission.question"].create(
                {"commission_line_id": self.open_line.id, "question": "x", "answer": "y", "outcome": "confirmed"}
            ),
            "partner.referral.decision": self.env["partner.referral.decision"].create(
                {"referral_ids": [Command.set(self.referral.ids)], "decision": "withdrawn", "reason": "x"}
            ),
            "partner.commission.hold": self.env["partner.commission.hold"].create(
                {"line_ids": [Command.set(self.line.ids)], "reason": "x"}
            ),
            "partner.commission.bill.run": self.env["partner.commission.bill.run"].create({}),
            "partner.commission.accrual.date": self.env["partner.commission.accrual.date"].create(
                {"date": "2026-01-31"}
            ),
            "partner.commission.accrual": self.env["partner.commission.accrual"]._fill(Date.to_date("2026-01-31")),
            "partner.commission.integrity": self.env["partner.commission.integrity"],
            **self._support_records(),
            "partner.program.manager.rule": self.env["partner.program.manager.rule"].create(
                {"program_id": self.program_referral.id, "user_id": self.manager.id}
            ),
            "partner.program.signature": self._sign_for_byte(),
            "partner.program.signature.upload": self.env["partner.program.signature.upload"].create(
                {"enrollment_id": self.enrollment_byte.id, "signed_by": "x", "document": "eA=="}
            ),
            "partner.program.enrollment.decision": self.env["partner.program.enrollment.decision"].create(
                {"enrollment_id": self.enrollment_ada.id, "kind": "end", "reason": "x"}
            ),
            "partner.commission.movement": self.env["partner.commission.movement"].search([]),
            "partner.commission.change": self.env["partner.commission.change"].search([]),
            "partner.commission.statement": self.env["partner.commission.statement"],
            "partner.commission.statement.period": self.env["partner.commission.statement.period"].create(
                {"enrollment_id": self.enrollment_ada.id}
            ),
            "partner.program.portal.log": self.env["partner.program.portal.log"],
            "partner.program.client.package": self.env["partner.program.client.package"].search([], limit=1),
            "partner.program.upsell": self.env["partner.program.upsell"].search([], limit=1),
            "partner.referral.report": self.env["partner.referral.report"].search([], limit=1),
        }
        self.assertEqual(set(records), set(RIGHTS))
        self.referral.decision_reason = "A reason"
        self.line.write({"held_by_hand": True})
        self.env.flush_all()
        before = self.snapshot()
        called = 0
        for model, own in records.items():
            for name in dir(self.env.registry[model]):
                if not name.startswith("action_") or (name in ARCHIVING and "active" not in own._fields):
                    continue
                with self.subTest(f"{model}.{name}"), self.cr.savepoint() as savepoint:
                    called += 1
                    try:
                        record = own[:1].with_user(self.portal_ada)
                        result = getattr(record.with_context(active_id=record.id or 1, active_model=model), name)()
                        self.env.flush_all()
                    except UserError:
                        continue
                    # Opening a window gives nothing away; access rules decide what it then shows.
                    self.assertIsInstance(result, dict, "did something instead of opening a window")
                    self.assertEqual(self.snapshot(), before)
                    text = json.dumps(result, default=str)
                    self.assertFalse([secret for secret in SECRETS.values() if secret in text])
                    savepoint.rollback()
                self.env.invalidate_all()
        self.assertGreater(called, 30)
        self.assertEqual(self.snapshot(), before)

    def test_the_run_and_the_sweeps_are_out_of_reach(self):
        for model, name in [
            ("partner.commission.line", "_create_vendor_bills"),
            ("partner.commission.line", "_cron_sync"),
            ("partner.referral", "_sync_acquisition"),
        ]:
            self.assertTrue(hasattr(self.env[model], name))
            self.assertTrue(name.startswith("_"), "not callable over RPC")


class TestPortalPages(AccessCommon, HttpCase):
    """The pages as a partner's browser gets them."""

    PAGES = (
        "/my",
        "/my/home",
        "/my/partner",
        "/my/commissions",
        "/my/commissions/page/2",
        "/my/commissions?filterby=expected",
        "/my/commissions?filterby=to_pay",
        "/my/commissions?filterby=paid",
        "/my/commissions?sortby=due",
        "/my/commissions?sortby=client",
        "/my/commissions?filterby=%5B%5D&sortby=partner_id",
        "/my/invoices",
    )

    def text(self, response):
        return " ".join(html.fromstring(response.content).text_content().replace("\xa0", " ").split())

    def test_the_counter_of_the_home_card_counts_own_rows_and_stops_nobody_else(self):
        for login, expected in (("portal_ada", 1), ("eddy", 0), ("sally", 0)):
            with self.subTest(login=login):
                self.authenticate(login, login)
                counters = self.make_jsonrpc_request("/my/counters", {"counters": ["partner_program_count"]})
                self.assertEqual(counters["partner_program_count"], expected)

    def test_own_lines_and_bills_and_nothing_of_others(self):
        self.authenticate("portal_ada", "portal_ada")
        response = self.url_open("/my/commissions")
        self.assertEqual(response.status_code, 200)
        text = self.text(response)
        for wanted in ("Cobalt Clinics", self.paid.name, self.open.name, "50.00", "25.00", self.bill.name):
            self.assertIn(wanted, text)
        self.assertIn("Waiting until your client has paid", text)
        page = html.fromstring(response.content)
        self.assertEqual(len(page.xpath("//tr[contains(@class, 'o_partner_program_line')]")), 2)
        self.assertEqual(len(page.xpath("//tr[contains(@class, 'o_partner_program_bill')]")), 1)

    def test_no_page_shows_anything_of_others_or_anything_internal(self):
        self.authenticate("portal_ada", "portal_ada")
        for page in self.PAGES:
            response = self.url_open(page)
            with self.subTest(page):
                self.assertEqual(response.status_code, 200)
                for what, secret in SECRETS.items():
                    self.assertNotIn(secret, response.text, what)

    def test_each_filter_shows_its_rows(self):
        self.authenticate("portal_ada", "portal_ada")
        shown = {
            "expected": {self.open.name},
            "to_pay": {self.paid.name},
            "paid": set(),
            "all": {self.open.name, self.paid.name},
        }
        for filterby, wanted in shown.items():
            page = html.fromstring(self.url_open(f"/my/commissions?filterby={filterby}").content)
            rows = page.xpath("//tr[contains(@class, 'o_partner_program_line')]")
            text = " ".join(row.text_content() for row in rows)
            self.assertEqual({name for name in (self.open.name, self.paid.name) if name in text}, wanted, filterby)

    def test_the_other_partner_sees_its_own(self):
        self.authenticate("portal_byte", "portal_byte")
        text = self.text(self.url_open("/my/commissions"))
        self.assertIn("Zyxquartz Ltd", text)
        self.assertIn("17,530.86", text)
        self.assertNotIn("Cobalt", text)
        self.assertNotIn("Ada Advisory", text)

    def test_bill_of_the_own_company_opens_and_others_do_not(self):
        self.authenticate("portal_ada", "portal_ada")
        own = self.url_open(f"/my/invoices/{self.bill.id}")
        self.assertEqual(own.status_code, 200)
        self.assertIn(self.bill.name, own.text)
        noted = self.env["partner.program.portal.log"].search([("action", "=", "bill")])
        self.assertEqual(noted.mapped("detail"), [self.bill.name], "who opens a bill by Odoo's page is in the log")
        for move in (self.other_bill, self.paid, self.other_paid):
            response = self.url_open(f"/my/invoices/{move.id}")
            for what, secret in SECRETS.items():
                self.assertNotIn(secret, response.text, what)
            self.assertNotIn(move.name, response.text)

    def test_rpc_with_the_portal_session(self):
        self.authenticate("portal_ada", "portal_ada")
        for model in RIGHTS:
            response = self.url_open(
                "/web/dataset/call_kw",
                data=json.dumps(
                    {"params": {"model": model, "method": "search_read", "args": [[], ["display_name"]], "kwargs": {}}}
                ),
                headers={"Content-Type": "application/json"},
            )
            with self.subTest(model):
                for what, secret in SECRETS.items():
                    self.assertNotIn(secret, response.text, what)
                if RIGHTS[model][3] == NONE:
                    self.assertIn("error", response.json())

    def test_public_is_sent_to_the_login(self):
        for page in ("/my/commissions", "/my/commissions/page/1"):
            response = self.url_open(page, allow_redirects=False)
            self.assertEqual(response.status_code, 303)
            self.assertIn("/web/login", response.headers["Location"])

    def test_a_portal_user_who_is_no_partner_sees_an_empty_page(self):
        guest = self.env["res.partner"].create({"name": "Gus Guest", "email": "gus@guest.example"})
        self._new_user("portal_guest", "base.group_portal", partner=guest)
        self.authenticate("portal_guest", "portal_guest")
        response = self.url_open("/my/commissions")
        self.assertEqual(response.status_code, 200)
        self.assertIn("no commissions yet", self.text(response))
        for secret in (*SECRETS.values(), "Cobalt", "Ada Advisory"):
            self.assertNotIn(secret, response.text)
