"""Pages of a partner with 1, 10 and 100 rows, over HTTP: the queries are few and do not grow."""

from dateutil.relativedelta import relativedelta
from lxml import html

from odoo.fields import Command, Date
from odoo.tests import HttpCase
from odoo.tools import SQL

from .common import PartnerProgramCommon
from .many_clients import ManyClients

PERIOD = "?date_from=2010-01-01&date_to=2026-12-31"
COUNTS = (1, 10, 100)


class TestQueriesOfPages(ManyClients, PartnerProgramCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.acquired()
        self.paid = self.invoice(1000)
        self.pay(self.paid)
        self.line = self.line_of(self.paid)
        self.go_to("2026-02-04")
        self.bill = self.run_bills()
        self.bill.action_post()
        self.pay(self.bill)
        self.env.flush_all()

    def text(self, node):
        return " ".join(node.text_content().replace("\xa0", " ").split())

    def assertConstant(self, url, rows, make, limit):  # noqa: N802
        """:param rows: XPath of a row of the page
        :param make: adds so many rows to those that are there
        """
        self.authenticate("portal_ada", "portal_ada")
        counts, made = {}, 1
        for count in COUNTS:
            if count > made:
                make(count - made)
            made = count
            self.analyze()
            self.env.flush_all()
            self.url_open(url)  # fills the caches, and is noted
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            response = self.url_open(url)
            counts[count] = self.cr.sql_log_count - before
            self.assertEqual(response.status_code, 200)
            shown = len(html.fromstring(response.content).xpath(rows))
            self.assertGreaterEqual(shown, min(count, 10), (url, count))
        self.assertLessEqual(counts[100], limit, counts)
        # With one row some things are not asked at all (nobody else to remove from a team).
        self.assertLessEqual(counts[10] - counts[1], 4, counts)
        self.assertLessEqual(counts[100] - counts[10], 1, counts)

    def earn_more(self, count):
        """So many further invoices of the client that earned, one a month, backwards."""
        self.env.flush_all()
        known = self.env["partner.commission.line"].search_count([("partner_id", "=", self.ada.id)])
        moves = self._clone_rows(
            self.paid, count, {"name": SQL("source.name || '/' || %s || '/' || number.value", known)}
        )
        first = Date.to_date("2026-01-05") - relativedelta(months=known)
        self._clone_rows(
            self.line,
            count,
            {
                "move_id": SQL("(%s::int[])[number.value]", moves),
                "first_earned_on": SQL("(%s::date - number.value * interval '1 month')::date", first),
            },
        )
        self.env.invalidate_all()

    def bill_more(self, count):
        """So many further bills, posted and paid, each with its billing."""
        self.env.flush_all()
        known = self.env["account.move"].sudo().search_count([("commission_billing_ids", "!=", False)])
        moves = self._clone_rows(
            self.bill, count, {"name": SQL("source.name || '/' || %s || '/' || number.value", known)}
        )
        billing = self.bill.sudo().commission_billing_ids
        for line in self.bill.line_ids:
            lines = self._clone_rows(line, count, {"move_id": SQL("(%s::int[])[number.value]", moves)})
            for partial in line.matched_debit_ids:
                self._clone_rows(partial, count, {"credit_move_id": SQL("(%s::int[])[number.value]", lines)})
            if line == billing.bill_line_id:
                self._clone_rows(
                    billing,
                    count,
                    {
                        "bill_line_id": SQL("(%s::int[])[number.value]", lines),
                        "bill_id": SQL("(%s::int[])[number.value]", moves),
                        "revision": SQL("%s + number.value", known),
                    },
                )
        self.env.invalidate_all()

    def invite_more(self, count):
        people = self.env["res.partner"].create(
            [{"name": f"Colleague {number}", "parent_id": self.ada.id} for number in range(count)]
        )
        users = self.env["res.users"].sudo().with_context(no_reset_password=True)
        known = users.search_count([])
        users.create(
            [
                {
                    "login": f"colleague_{known + number}",
                    "partner_id": person.id,
                    "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                }
                for number, person in enumerate(people)
            ]
        )

    def test_months_of_statements(self):
        self.assertConstant("/my/statements", "//tr[contains(@class, 'o_partner_program_month')]", self.earn_more, 25)

    def test_a_statement(self):
        self.assertConstant(
            f"/my/statements/period{PERIOD}",
            "//table[contains(@class, 'o_partner_program_entries')]/tbody/tr",
            self.earn_more,
            25,
        )

    def test_commissions(self):
        def earn_and_bill_more(count):
            self.earn_more(count)
            self.bill_more(count)

        rows = "//tr[contains(@class, 'o_partner_program_line')]"
        self.assertConstant("/my/commissions", rows, earn_and_bill_more, 30)

    def test_payouts(self):
        rows = "//tr[contains(@class, 'o_partner_program_payout')]"
        self.assertConstant("/my/payouts", rows, self.bill_more, 30)

    def test_the_team(self):
        rows = "//table[contains(@class, 'o_partner_program_team')]/tbody/tr"
        self.assertConstant("/my/team", rows, self.invite_more, 30)

    def test_a_statement_adds_up_each_company_and_currency_apart(self):
        euro = self.setup_other_currency("EUR", rates=[("2025-01-01", 2.0)])
        second = self.env["res.company"].create({"name": "Second Inc", "currency_id": euro.id})
        self.portal_ada.sudo().company_ids = [Command.link(second.id)]
        invoice = self.invoice(600, currency_id=euro.id, on="2026-01-07")
        self.pay(invoice, currency_id=euro.id)
        self.env.flush_all()
        for number, (currency, amount) in enumerate(((euro, 70.25), (self.company.currency_id, 8.5))):
            [move] = self._clone_rows(self.paid, 1, {"name": f"Second/{number}"})
            values = {"company_id": second.id, "currency_id": currency.id, "move_id": move}
            self._clone_rows(
                self.line, 1, {**values, **dict.fromkeys(("amount", "earned_amount", "first_earned_amount"), amount)}
            )
        self.env.invalidate_all()
        self.authenticate("portal_ada", "portal_ada")
        page = html.fromstring(self.url_open("/my/statements/period?date_from=2026-01-01&date_to=2026-12-31").content)
        tables = page.xpath("//table[contains(@class, 'o_partner_program_balances')]")
        earned = [self.text(table.xpath(".//tr[@name='earned']/td")[0]) for table in tables]
        closing = [self.text(table.xpath(".//tr[@name='closing']/td")[0]) for table in tables]
        heads = [self.text(table.xpath("./caption")[0]) for table in tables]
        self.assertEqual(
            dict(zip(heads, zip(earned, closing, strict=True), strict=True)),
            {
                "EUR, Second Inc": ("70.25 €", "70.25 €"),
                "USD, Second Inc": ("$ 8.50", "$ 8.50"),
                f"EUR, {self.company.name}": ("30.00 €", "30.00 €"),
                f"USD, {self.company.name}": ("$ 50.00", "$ 0.00"),
            },
        )
