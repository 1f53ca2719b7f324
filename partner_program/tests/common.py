"""Fixtures shared by all tests of the add-on: a company of its own, both programs, one user per role."""

from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

START = "2026-01-05 09:00:00"  # a Monday


@tagged("post_install", "-at_install")
class PartnerProgramCommon(AccountTestInvoicingCommon):
    """A company with a chart of accounts, made later than the add-on, in UTC, on 5 January 2026.

    The clock stands still; ``go_to`` moves it. Dates are ISO strings in arguments.
    """

    @classmethod
    def setUpClass(cls):
        cls.clock = cls.startClassPatcher(freeze_time(START))
        super().setUpClass()
        # The timestamps of records follow the clock too.
        cls.startClassPatcher(patch.object(cls.cr, "now", lambda: datetime.now()))
        cls.company.partner_id.tz = "UTC"
        cls._set_up_products()
        cls._set_up_programs()
        cls._set_up_people()

    @classmethod
    def get_default_groups(cls):
        return (
            super().get_default_groups()
            | cls.quick_ref("sales_team.group_sale_manager")
            | cls.quick_ref("partner_program.group_manager")
        )

    @classmethod
    def _set_up_products(cls):
        packages = {name: cls.env.ref(f"partner_program.package_{name}") for name in ("starter", "pro", "enterprise")}
        cls.package_starter, cls.package_pro, cls.package_enterprise = packages.values()
        cls.starter, cls.pro, cls.enterprise = (
            cls._create_product(
                name=f"FieldPro {name.title()}",
                type="service",
                package_id=package,
                supplier_taxes_id=cls.env["account.tax"],
            )
            for name, package in packages.items()
        )
        cls.commission_product = cls._create_product(
            name="Partner Commission",
            type="service",
            taxes_id=cls.env["account.tax"],
            supplier_taxes_id=cls.env["account.tax"],
        )

    @classmethod
    def _set_up_programs(cls):
        common = {
            "company_id": cls.company.id,
            "commission_months": 12,
            "payout_delay_days": 30,
            "bill_lead_days": 0,
            "commission_product_id": cls.commission_product.id,
        }
        cls.agreement = cls.env["partner.program.agreement"].create({"name": "Test Agreement", "body": "<p>Terms</p>"})
        cls.program_referral, cls.program_affiliate = cls.env["partner.program"].create(
            [
                {
                    **common,
                    "name": "Referral",
                    "program_type": "referral",
                    "commission_rate": 5.0,
                    "claim_months": 3,
                    "dormancy_months": 12,
                    "acquisition_event": "lead_won",
                },
                {
                    **common,
                    "name": "Affiliate",
                    "program_type": "affiliate",
                    "commission_rate": 20.0,
                    "claim_months": 0,
                    "dormancy_months": 0,
                    "acquisition_event": "entry_payment",
                    "agreement_id": cls.agreement.id,
                    "trained_contacts_required": 1,
                },
            ]
        )

    @classmethod
    def _set_up_people(cls):
        cls.ada, cls.byte = cls.env["res.partner"].create(
            [
                {"name": "Ada Advisory", "is_company": True, "email": "office@ada.example"},
                {"name": "Byte Builders", "is_company": True, "email": "office@byte.example"},
            ]
        )
        cls.ada_contact, cls.byte_contact = cls.env["res.partner"].create(
            [
                {"name": "Ann of Ada", "parent_id": cls.ada.id, "email": "ann@ada.example"},
                {"name": "Ben of Byte", "parent_id": cls.byte.id, "email": "ben@byte.example"},
            ]
        )
        cls.client, cls.other_client = cls.env["res.partner"].create(
            [
                {"name": "Cobalt Clinics", "is_company": True, "email": "hello@cobalt.example"},
                {"name": "Delta Dairies", "is_company": True, "email": "hello@delta.example"},
            ]
        )
        cls.client_contact = cls.env["res.partner"].create(
            {"name": "Cleo of Cobalt", "parent_id": cls.client.id, "email": "cleo@cobalt.example"}
        )
        cls.enrollment_ada, cls.enrollment_byte = cls.env["partner.program.enrollment"].create(
            [
                {
                    "partner_id": cls.ada.id,
                    "program_id": cls.program_referral.id,
                    "state": "active",
                    "date_start": "2025-01-01",
                },
                {
                    "partner_id": cls.byte.id,
                    "program_id": cls.program_affiliate.id,
                    "state": "active",
                    "date_start": "2025-01-01",
                    "signed_on": "2026-01-02",
                    "signed_by": "Ben of Byte",
                    "trained_contact_ids": [Command.set(cls.byte_contact.ids)],
                },
            ]
        )
        cls.salesperson = cls._new_user("sally", "sales_team.group_sale_salesman")
        cls.other_salesperson = cls._new_user("sven", "sales_team.group_sale_salesman")
        cls.manager = cls._new_user("mona", "partner_program.group_manager")
        cls.accountant = cls._new_user("archie", "account.group_account_invoice")
        cls.employee = cls._new_user("eddy", "base.group_user")
        cls.portal_ada = cls._new_user("portal_ada", "base.group_portal", partner=cls.ada_contact)
        cls.portal_byte = cls._new_user("portal_byte", "base.group_portal", partner=cls.byte_contact)

    @classmethod
    def _new_user(cls, login, groups, partner=None):
        vals = {"company_id": cls.company.id, "company_ids": [Command.set(cls.company.ids)]}
        if partner:
            vals.update(partner_id=partner.id, name=partner.name, email=partner.email)
        else:
            vals["name"] = login.title()
        return new_test_user(cls.env(su=True), login=login, groups=groups, **vals).with_env(cls.env)

    def setUp(self):
        super().setUp()
        self.clock.move_to(START)

    # ------------------------------------------------------------
    # HELPERS
    # ------------------------------------------------------------

    def go_to(self, moment):
        """Move the clock to a day (nine in the morning, UTC) or to a moment; no transaction lasts until then."""
        self.env.flush_all()
        self.env["partner.commission.change"]._note_pending()
        self.clock.move_to(moment if len(moment) > 10 else f"{moment} 09:00:00")
        self.env.invalidate_all()

    def lead(self, client=None, **vals):
        """A lead of the salesperson."""
        client = self.client if client is None else client
        return self.env["crm.lead"].create(
            {
                "name": f"Lead on {client.name or 'somebody'}",
                "type": "opportunity",
                "partner_id": client.id,
                "user_id": self.salesperson.id,
                "company_id": self.company.id,
                **vals,
            }
        )

    def refer(self, enrollment=None, client=None, accept=True, user=None, **vals):
        """A referral, by default of Ada on the client, registered and accepted by the salesperson."""
        enrollment = enrollment or self.enrollment_ada
        client = self.client if client is None else client
        user = user or self.salesperson
        if "lead_id" not in vals and enrollment.program_id.acquisition_event == "lead_won":
            vals["lead_id"] = self.lead(client).id
        referral = (
            self.env["partner.referral"]
            .with_user(user)
            .create({"enrollment_id": enrollment.id, "client_id": client.id, "user_id": self.salesperson.id, **vals})
        )
        if accept:
            referral.action_accept()
        return referral.with_env(self.env)

    def acquired(self, client=None, **vals):
        """A referral of Ada whose lead is won today."""
        referral = self.refer(client=client, **vals)
        referral.lead_id.action_set_won()
        self.assertEqual(referral.state, "acquired")
        return referral

    def invoice(self, amount=1000.0, on=None, client=None, product=None, tax=None, post=True, **vals):
        """A customer invoice over one line, without tax unless given."""
        return self._create_invoice_one_line(
            product_id=product or self.pro,
            price_unit=amount,
            tax_ids=tax or self.env["account.tax"],
            partner_id=client or self.client,
            invoice_date=on or fields.Date.today(),
            post=post,
            **vals,
        )

    def pay(self, moves, amount=None, on=None, **vals):
        """Register a payment as a user does; the whole amount unless given."""
        vals["payment_date"] = on or fields.Date.today()
        if amount is not None:
            vals["amount"] = amount
        payments = self._register_payment(moves, **vals)
        self.env.flush_all()
        return payments

    def credit(self, invoice, amount=None, on=None, post=True):
        """A credit note that names the invoice it reverses; of the whole amount unless given."""
        credit_note = self._reverse_invoice(invoice, date=on or fields.Date.today())
        if amount is not None:
            credit_note.invoice_line_ids[1:].unlink()
            credit_note.invoice_line_ids.write({"price_unit": amount, "quantity": 1, "discount": 0})
        if post:
            credit_note.action_post()
        self.env.flush_all()
        return credit_note

    def reconcile(self, *moves):
        """Reconcile the receivable lines of these entries."""
        lines = self.env["account.move"].union(*moves).line_ids
        receivable = lines.filtered(lambda line: line.account_type == "asset_receivable" and not line.reconciled)
        receivable.reconcile()
        self.env.flush_all()

    def journal_entry(self, amount, on=None, account=None, client=None, currency=None):
        """A journal entry that credits the client's receivable, such as a bad debt."""
        receivable = self.company_data["default_account_receivable"]
        account = account or self.company_data["default_account_expense"]
        common = {"partner_id": (client or self.client).id}
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": on or fields.Date.today(),
                "line_ids": [
                    Command.create({**common, "account_id": account.id, "debit": amount}),
                    Command.create({**common, "account_id": receivable.id, "credit": amount}),
                ],
            }
        )
        entry.action_post()
        return entry

    def line_of(self, invoice):
        """The one commission line of an invoice."""
        line = self.env["partner.commission.line"].search([("move_id", "=", invoice.id)])
        self.assertEqual(len(line), 1, "one commission line per invoice of an acquired client")
        return line

    def run_bills(self, on=None):
        """The scheduled action, as the scheduler runs it; returns the bills it made or extended."""
        if on:
            self.go_to(on)
        bills = self.env["partner.commission.line"].with_user(SUPERUSER_ID)._cron_create_vendor_bills()
        self.env.flush_all()
        return bills.with_env(self.env)

    def run_all(self):
        """All scheduled actions of the add-on, in their order; returns the bills and the rows mended."""
        lines = self.env["partner.commission.line"].with_user(SUPERUSER_ID)
        self.env["partner.referral"].with_user(SUPERUSER_ID)._cron_sync_referrals()
        mended = lines._cron_sync()
        bills = lines._cron_create_vendor_bills()
        self.env.flush_all()
        return bills.with_env(self.env), mended

    def earned_line(self, amount=1000.0, **vals):
        """A commission line that is earned and due today: client paid thirty days ago."""
        self.acquired(**vals)
        invoice = self.invoice(amount, client=vals.get("client"))
        self.pay(invoice)
        self.go_to("2026-02-04")
        line = self.line_of(invoice)
        self.assertEqual((line.state, line.due_on), ("earned", fields.Date.to_date("2026-02-04")))
        return line

    def billed_line(self, amount=1000.0, post=True, **vals):
        """A commission line that is billed; its bill is posted unless told otherwise."""
        line = self.earned_line(amount, **vals)
        bill = self.run_bills()
        self.assertEqual(line.state, "billed")
        if post:
            bill.action_post()
        return line

    def assertLine(self, line, **expected):  # noqa: N802
        """Compare fields of a commission line; dates as ISO strings."""
        line.invalidate_recordset()
        for fname in ("fully_paid_on", "due_on"):
            if expected.get(fname):
                expected[fname] = fields.Date.to_date(expected[fname])
        self.assertRecordValues(line, [expected])

    def assertBill(self, bill, **expected):  # noqa: N802
        """Compare a bill; ``lines`` are ``(client, amount)``."""
        lines = expected.pop("lines", None)
        for fname in ("invoice_date", "invoice_date_due"):
            if expected.get(fname):
                expected[fname] = fields.Date.to_date(expected[fname])
        self.assertRecordValues(bill, [expected])
        if lines is not None:
            actual = [
                (line.commission_billing_ids.commission_line_id.client_id.name, line.price_subtotal)
                for line in bill.invoice_line_ids
            ]
            self.assertCountEqual(actual, [(client.name, amount) for client, amount in lines])
            for line in bill.invoice_line_ids:
                self.assertEqual(
                    bill.currency_id.compare_amounts(
                        line.price_subtotal, sum(line.commission_billing_ids.mapped("amount"))
                    ),
                    0,
                    "a bill line's amount is the sum of its billings",
                )

    def snapshot(self):
        """Every stored figure of the ledger and of its bills, to compare before and after."""
        self.env.flush_all()
        self.env.invalidate_all()
        tables = {
            "partner.referral": ["state", "acquired_on", "window_start", "window_end", "decision_reason"],
            "partner.commission.line": [
                *("base_amount", "credited_amount", "amount", "earned_amount", "billed_amount", "open_amount"),
                *("state", "fully_paid_on", "due_on", "void_code", "hold_code"),
            ],
            "partner.commission.billing": ["commission_line_id", "bill_line_id", "amount", "revision"],
        }
        rows = {model: self.env[model].sudo().search_read([], fnames, order="id") for model, fnames in tables.items()}
        bills = self.env["account.move"].search([("move_type", "=", "in_invoice")], order="id")
        rows["bills"] = [(bill.id, bill.state, bill.amount_total, bill.line_ids.mapped("balance")) for bill in bills]
        return rows

    @contextmanager
    def assertRefused(self, pattern, error=UserError):  # noqa: N802
        """What is done inside is refused with a sentence like that, and leaves nothing behind.

        A constraint of the database counts with the sentence that the user would read.
        """
        message = None
        self.env.flush_all()
        try:
            with mute_logger("odoo.sql_db"), self.cr.savepoint():
                yield
                self.env.flush_all()
        except error as refused:
            message = str(refused)
        except IntegrityError as refused:
            self.env.transaction.clear()
            owner = next(
                (model._name for model in self.env.registry.values() if model._table == refused.diag.table_name), "base"
            )
            message = self.env[owner]._sql_error_to_message(refused)
        self.env.invalidate_all()
        self.assertIsNotNone(message, f"nothing refused this; expected: {pattern}")
        self.assertRegex(message.replace("\xa0", " "), pattern)
