"""The three that are compared: Odoo alone, this add-on, and OCA's commissions.

Each request works as a web request or a job does: with a cursor and a cache of its own, committed at the end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from odoo import SUPERUSER_ID, api, fields
from odoo.release import version

from .clone import clone
from .measure import Meter, RssSampler, python_peak, statements
from .pipeline_subject import Pipeline
from .portal import PortalPages
from .referral_subject import Referrals

RATE = 5.0
PRICE = 100.0
PARTNERS, CLIENTS_PER_PARTNER = 10, 5
INVOICED, PAID = 60, 45  # days ago: so that what was paid thirty days ago is due, for OCA in an earlier month
# The clients of a partner are invoiced in a month of their own each. OCA makes one bill line a month, this add-on one
# a client: so both make the same bills, with five lines each.
MONTH = 31
PARTNER, CLIENT, OTHER = "bench-partner", "bench-client", "bench-other"

TABLES = (
    *("account_move", "account_move_line", "account_partial_reconcile", "account_payment", "account_account"),
    *("account_full_reconcile", "res_partner", "account_move__account_payment"),
)


class Odoo:
    """Odoo alone."""

    commission_table = "account_move"

    def __init__(self, registry: Any) -> None:
        self.registry = registry
        self.meter = Meter(registry)

    @contextmanager
    def request(self, *, as_admin: bool = True, keep: bool = True) -> Iterator[Any]:
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if as_admin:
                user = env.ref("base.user_admin")
                env = api.Environment(cr, user.id, dict(user.with_user(user).context_get()))
            yield env
            env.flush_all()
            if not keep:
                cr.rollback()
                env.transaction.clear()

    def analyze(self, *tables: str) -> None:
        """Tell the planner about new rows: autovacuum comes too late, and Odoo's own queries crawl until then."""
        with self.request() as env:
            env.cr.execute(f"ANALYZE {', '.join(tables or TABLES)}")

    # ------------------------------------------------------------
    # SET UP
    # ------------------------------------------------------------

    def set_up(self, partners: int, clients: int) -> dict[str, Any]:
        with self.request(as_admin=False) as env:
            if not env.company.chart_template:
                env["account.chart.template"].try_loading("generic_coa", env.company, install_demo=False)
            account = env["account.chart.template"].ref("account_journal_payment_debit_account_id")
            env["account.payment.method.line"].search([("journal_id.type", "in", ("bank", "cash"))]).write(
                {"payment_account_id": account.id}
            )
            env["product.product"].create(
                [
                    {
                        "name": name,
                        "default_code": code,
                        "type": "service",
                        "taxes_id": False,
                        "supplier_taxes_id": False,
                    }
                    for name, code in (("Subscription", "bench-sold"), ("Commission", "bench-commission"))
                ]
            )
            env["res.partner"].create(
                [
                    {"name": f"{name} {number:04}", "is_company": True, "ref": f"{ref}-{number:04}"}
                    for ref, name, count in (
                        (PARTNER, "Partner", partners),
                        (CLIENT, "Client", clients),
                        (OTHER, "Other client", clients),
                    )
                    for number in range(count)
                ]
            )
        with self.request() as env:
            pairs = self.pairs(env)
            self.refer(env, pairs)
        self.analyze()
        with self.request() as env:
            return {
                "odoo": version,
                "postgresql": env.cr._cnx.server_version,
                "modules": {
                    module.name: module.installed_version
                    for module in env["ir.module.module"].sudo().search([("state", "=", "installed")])
                },
            }

    def contacts(self, env: Any, ref: str) -> Any:
        return env["res.partner"].search([("ref", "=like", f"{ref}-%")], order="ref")

    def product(self, env: Any, code: str) -> Any:
        return env["product.product"].search([("default_code", "=", code)], limit=1)

    def pairs(self, env: Any) -> list[tuple[Any, Any]]:
        """Clients with their partners: the first client goes to the first partner, and so on in turn."""
        partners = self.contacts(env, PARTNER)
        return [(partners[at % len(partners)], client) for at, client in enumerate(self.contacts(env, CLIENT))]

    def refer(self, env: Any, pairs: list[tuple[Any, Any]]) -> None:
        """Have each client referred by its partner. Odoo alone knows nothing of it."""

    # ------------------------------------------------------------
    # INVOICES AND PAYMENTS
    # ------------------------------------------------------------

    def invoice_vals(self, env: Any, clients: Any, count: int, lines: int = 1, offset: int = 0) -> list[dict[str, Any]]:
        product = self.product(env, "bench-sold")
        day = fields.Date.today() - timedelta(days=INVOICED)
        line = {"product_id": product.id, "quantity": 1, "price_unit": PRICE, "tax_ids": [(5, 0, 0)]}
        return [
            {
                "move_type": "out_invoice",
                "partner_id": clients[(offset + at) % len(clients)].id,
                "invoice_date": day - timedelta(days=MONTH * self.month_of(clients[(offset + at) % len(clients)])),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [(0, 0, dict(line, name=f"Line {number}")) for number in range(lines)],
            }
            for at in range(count)
        ]

    def month_of(self, client: Any) -> int:
        """Which of a partner's clients this one is, from 0: see ``pairs``."""
        return int(client.ref.rsplit("-", 1)[1]) // PARTNERS % CLIENTS_PER_PARTNER

    def post(self, count: int, ref: str, offset: int = 0) -> dict[str, Any]:
        """Create and post customer invoices of one line, in one batch."""
        if not count:
            return {}
        with self.request() as env:
            vals = self.invoice_vals(env, self.contacts(env, ref), count, offset=offset)
        with self.meter.measured() as result, self.request() as env:
            env["account.move"].create(vals).action_post()
        self.analyze()
        return result

    def unpaid(self, env: Any, ref: str, count: int) -> list[int]:
        domain = [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "=", "not_paid"),
            ("partner_id.ref", "=like", f"{ref}-%"),
        ]
        return env["account.move"].search(domain, order="id", limit=count).ids

    def pay(self, count: int, ref: str) -> dict[str, Any]:
        """Register one payment for each of so many invoices, in one go."""
        with self.request() as env:
            invoices = self.unpaid(env, ref, count)
        with self.meter.measured() as result, self.request() as env:
            self.register(env, invoices)
        self.analyze()
        return result

    def pay_together(self, count: int, ref: str) -> None:
        """Pay so many invoices, with one payment for each client: not measured, only faster."""
        with self.request() as env:
            if count:
                invoices = env["account.move"].browse(self.unpaid(env, ref, count))
                for of_client in invoices.grouped("partner_id").values():
                    self.register(env, of_client.ids, group_payment=True)
        self.analyze()

    def pay_apart(self, count: int, ref: str) -> dict[str, Any]:
        """Register one payment after the other, each in a request of its own."""
        with self.request() as env:
            invoices = self.unpaid(env, ref, count)
        with self.meter.measured() as result:
            for invoice in invoices:
                with self.request() as env:
                    self.register(env, [invoice])
        self.analyze()
        return result

    def register(self, env: Any, invoices: list[int], **vals: Any) -> None:
        wizard = env["account.payment.register"].with_context(active_model="account.move", active_ids=invoices)
        wizard.create({"payment_date": fields.Date.today() - timedelta(days=PAID), **vals}).action_create_payments()

    def statements_of(self, what: str, ref: str) -> dict[str, int]:
        """What is sent to the database for a batch of invoices, a batch of payments, or a run; not kept."""
        with self.request() as env:
            vals = self.invoice_vals(env, self.contacts(env, ref), 100)
            unpaid = self.unpaid(env, ref, 100)
        with statements() as found, self.request(as_admin=what != "run", keep=False) as env:
            if what == "post":
                env["account.move"].create(vals).action_post()
            elif what == "pay":
                self.register(env, unpaid)
            else:
                self.bill(env)
        return dict(found)

    # ------------------------------------------------------------
    # RUNS
    # ------------------------------------------------------------

    def bill(self, env: Any) -> Any:
        """Make the bills for all that is due, and return them."""
        raise NotImplementedError

    def run(self, *, keep: bool, memory: bool = False, counted: tuple[str, ...] = ()) -> dict[str, Any]:
        """One run over all that is due.

        :param keep: post and commit what it made; else it can be made once more
        :param memory: also trace what Python holds at most; slow
        :param counted: tables whose rows read are to be counted
        """
        before = self.rows_read(counted)
        with self.request(as_admin=self.bills_as_admin, keep=keep) as env:
            with python_peak() if memory else no_peak() as peak, self.meter.measured(memory=True) as result:
                bills = self.bill(env)
                env.flush_all()
            result["bills"] = self.describe(bills)
            if keep:
                # The next run makes new ones. Many copies on one bill are an unusual sum: a partner manager posts it.
                bills.with_user(env.ref("base.user_admin")).action_post()
            if counted:
                flush_counters(env)
        result.update(peak)
        result["rows_read"] = {table: count - before[table] for table, count in self.rows_read(counted).items()}
        return result

    def rows_read(self, tables: tuple[str, ...]) -> dict[str, int]:
        """Rows of these tables read so far, by PostgreSQL's own counters."""
        if not tables:
            return {}
        with self.request() as env:
            flush_counters(env)
        with self.request() as env:
            env.cr.execute(
                "SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables "
                "WHERE relname IN %s",
                [tuple(tables)],
            )
            return {table: int(count) for table, count in env.cr.fetchall()}

    bills_as_admin = True

    def describe(self, bills: Any) -> list[dict[str, Any]]:
        """What is needed to make the same bills by hand."""
        return [
            {
                "partner": bill.partner_id.ref,
                "total": bill.amount_total,
                "lines": [(line.name, line.price_unit, line.quantity) for line in bill.invoice_line_ids],
            }
            for bill in bills
        ]

    def floor(self, bills: list[dict[str, Any]]) -> dict[str, Any]:
        """The same bills, made by `create` alone; not kept."""
        with self.request() as env:
            partners = {partner.ref: partner.id for partner in self.contacts(env, PARTNER)}
            journal = env["account.journal"].search([("type", "=", "purchase")], limit=1)
            product = self.product(env, "bench-commission")
            vals = [
                {
                    "move_type": "in_invoice",
                    "partner_id": partners[bill["partner"]],
                    "journal_id": journal.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_payment_term_id": False,
                    "invoice_date_due": fields.Date.today(),
                    "invoice_line_ids": [
                        (0, 0, {"product_id": product.id, "name": name, "price_unit": price, "quantity": quantity})
                        for name, price, quantity in bill["lines"]
                    ],
                }
                for bill in bills
            ]
        with self.meter.measured(memory=True) as result, self.request(as_admin=False, keep=False) as env:
            made = env["account.move"].create(vals)
            result["total"] = sum(made.mapped("amount_total"))
        return result

    # ------------------------------------------------------------
    # MANY ROWS
    # ------------------------------------------------------------

    def ids(self, env: Any, query: str, *arguments: Any) -> list[int]:
        env.cr.execute(query, arguments)
        return [id_ for (id_,) in env.cr.fetchall()]

    def of_invoices(self, env: Any, invoices: list[int]) -> dict[str, list[int]]:
        """Invoices with their lines, to be copied."""
        lines = self.ids(env, "SELECT id FROM account_move_line WHERE move_id = ANY(%s)", invoices)
        return {"account_move": invoices, "account_move_line": lines}

    def clone_unpaid(self, total: int) -> None:
        """Unpaid invoices of referred clients, up to so many."""
        with self.request(as_admin=False) as env:
            invoices = self.unpaid(env, CLIENT, 50)
            clone(env.cr, self.with_commissions(env, invoices), total // len(invoices) - 1)

    def clone_billed(self, total: int) -> int:
        """Invoices whose commission was billed, up to so many commissions; in Odoo alone as many invoices.

        :return: how many there are then
        """
        with self.request(as_admin=False) as env:
            invoices = self.billed(env)
            clone(env.cr, self.with_commissions(env, invoices), -(-(total - self.count(env)) // len(invoices)))
            return self.count(env)

    def billed(self, env: Any) -> list[int]:
        return self.ids(
            env,
            "SELECT id FROM account_move WHERE move_type = 'out_invoice' AND state = 'posted' ORDER BY id LIMIT 1000",
        )

    def count(self, env: Any) -> int:
        return self.ids(env, f"SELECT count(*) FROM {self.commission_table}")[0]

    def with_commissions(self, env: Any, invoices: list[int]) -> dict[str, list[int]]:
        """Invoices with all that hangs on them."""
        return self.of_invoices(env, invoices)

    def delete_draft(self, lines: int) -> dict[str, Any]:
        """Delete a draft invoice of so many lines."""
        with self.request() as env:
            vals = self.invoice_vals(env, self.contacts(env, CLIENT), 1, lines)
            invoice = env["account.move"].create(vals).id
        with self.meter.measured() as result, self.request() as env:
            env["account.move"].browse(invoice).unlink()
        return result


class Ours(Referrals, PortalPages, Pipeline, Odoo):
    """With this add-on."""

    commission_table = "partner_commission_line"
    bills_as_admin = False  # the scheduler's user

    def refer(self, env: Any, pairs: list[tuple[Any, Any]]) -> None:
        program = env.ref("partner_program.program_referral")
        program.commission_product_id.supplier_taxes_id = False
        program.claim_months = 0  # the invoices go back half a year, and the referrals further
        partners = {partner for partner, _client in pairs}
        enrollments = {
            partner: env["partner.program.enrollment"].create(
                {
                    "partner_id": partner.id,
                    "program_id": program.id,
                    "state": "active",
                    "date_start": "2020-01-01",
                }
            )
            for partner in sorted(partners, key=lambda one: one.ref)
        }
        leads = env["crm.lead"].create(
            [
                {"name": f"Lead on {client.name}", "type": "opportunity", "partner_id": client.id}
                for _partner, client in pairs
            ]
        )
        referrals = env["partner.referral"].create(
            [
                {
                    "enrollment_id": enrollments[partner].id,
                    "client_id": client.id,
                    "lead_id": lead.id,
                    "referred_on": fields.Datetime.now() - timedelta(days=INVOICED + MONTH * CLIENTS_PER_PARTNER),
                }
                for (partner, client), lead in zip(pairs, leads, strict=True)
            ]
        )
        for referral in referrals:
            referral.action_accept()
        leads.action_set_won()
        env.flush_all()
        if set(referrals.mapped("state")) != {"acquired"}:
            raise AssertionError(f"Referrals are {set(referrals.mapped('state'))} instead of acquired.")

    def bill(self, env: Any) -> Any:
        return env["partner.commission.line"]._cron_create_vendor_bills()

    def billed(self, env: Any) -> list[int]:
        query = "SELECT DISTINCT invoice.id FROM account_move invoice JOIN partner_commission_line line "
        query += "ON line.move_id = invoice.id WHERE line.state = 'billed' ORDER BY 1 LIMIT 1000"
        return self.ids(env, query)

    def with_commissions(self, env: Any, invoices: list[int]) -> dict[str, list[int]]:
        lines = self.ids(env, "SELECT id FROM partner_commission_line WHERE move_id = ANY(%s)", invoices)
        billings = self.ids(env, "SELECT id FROM partner_commission_billing WHERE commission_line_id = ANY(%s)", lines)
        rows = {"partner_commission_line": lines, "partner_commission_billing": billings}
        return self.of_invoices(env, invoices) | {table: ids for table, ids in rows.items() if ids}

    # The scheduled action over many partners

    def set_up_large(self, invoices_per_client: int) -> None:
        """One more partner with clients whose invoices are paid and due: to be copied."""
        with self.request() as env:
            partner = env["res.partner"].create({"name": "Copied partner", "is_company": True, "ref": "copied-partner"})
            clients = env["res.partner"].create(
                [
                    {"name": f"Copied client {number}", "is_company": True, "ref": f"copied-client-{number}"}
                    for number in range(CLIENTS_PER_PARTNER)
                ]
            )
            self.refer(env, [(partner, client) for client in clients])
        self.post(invoices_per_client * CLIENTS_PER_PARTNER, "copied-client")
        self.pay(invoices_per_client * CLIENTS_PER_PARTNER, "copied-client")
        with self.request() as env:  # so that the original stays as it is; the copies are released
            lines = env["partner.commission.line"].search([("partner_id.ref", "=", "copied-partner")])
            lines.write({"held_by_hand": True, "manual_hold_reason": "To be copied"})

    def clone_large(self, partners: int) -> int:
        """So many more partners with clients, invoices, payments and due commissions; returns the due lines."""
        with self.request(as_admin=False) as env:
            contacts = self.ids(env, "SELECT id FROM res_partner WHERE ref LIKE 'copied-%%'")
            enrollments = self.ids(
                env, "SELECT id FROM partner_program_enrollment WHERE partner_id = ANY(%s)", contacts
            )
            referrals = self.ids(env, "SELECT id FROM partner_referral WHERE client_id = ANY(%s)", contacts)
            leads = self.ids(env, "SELECT id FROM crm_lead WHERE partner_id = ANY(%s)", contacts)
            moves = self.ids(
                env,
                "SELECT id FROM account_move WHERE commercial_partner_id = ANY(%s) AND move_type <> 'in_invoice'",
                contacts,
            )
            of_moves = self.of_invoices(env, moves)
            move_lines = of_moves["account_move_line"]
            full = self.ids(
                env,
                "SELECT DISTINCT full_reconcile_id FROM account_move_line "
                "WHERE id = ANY(%s) AND full_reconcile_id IS NOT NULL",
                move_lines,
            )
            partial = self.ids(
                env, "SELECT id FROM account_partial_reconcile WHERE debit_move_id = ANY(%s)", move_lines
            )
            lines = self.ids(env, "SELECT id FROM partner_commission_line WHERE referral_id = ANY(%s)", referrals)
            rows = {
                "res_partner": contacts,
                "partner_program_enrollment": enrollments,
                "crm_lead": leads,
                "partner_referral": referrals,
                "account_move": moves,
                "account_full_reconcile": full,
                "account_move_line": move_lines,
                "account_partial_reconcile": partial,
                "partner_commission_line": lines,
            }
            clone(env.cr, rows, partners)
            return self.ids(env, DUE)[0]

    def run_scheduled(self) -> dict[str, Any]:
        """The scheduled action as the scheduler runs it, as often as it takes until nothing is due."""
        with self.request(as_admin=False) as env:
            due = left = self.ids(env, DUE)[0]
            bills = self.ids(env, BILLS)[0]
        jobs = 0
        with self.meter.measured(memory=True) as result, RssSampler() as sampler:
            while left:
                with self.request(as_admin=False) as env:
                    env.ref("partner_program.ir_cron_create_vendor_bills").method_direct_trigger()
                jobs += 1
                with self.request(as_admin=False) as env:
                    before, left = left, self.ids(env, DUE)[0]
                if left == before:
                    raise AssertionError(f"The scheduled action leaves {left} due lines alone: see the log.")
        with self.request(as_admin=False) as env:
            wrong = self.ids(env, WRONG)[0]
            bills = self.ids(env, BILLS)[0] - bills
        if wrong:
            raise AssertionError(f"{wrong} commission lines are not billed with what they earned.")
        if not due:
            raise AssertionError("Nothing is due: there is nothing to measure.")
        result.update(lines=due, bills=bills, jobs=jobs, rss=sampler.samples)
        return result


DUE = "SELECT count(*) FROM partner_commission_line WHERE state = 'earned' AND open_amount <> 0"
BILLS = "SELECT count(DISTINCT bill_id) FROM partner_commission_billing"
WRONG = """
SELECT count(*)
  FROM partner_commission_line line
  LEFT JOIN (SELECT commission_line_id, sum(amount) AS amount FROM partner_commission_billing GROUP BY 1) billed
    ON billed.commission_line_id = line.id
 WHERE line.earned_amount <> coalesce(billed.amount, 0) AND NOT coalesce(line.held_by_hand, false)
"""


class Oca(Odoo):
    """With OCA's commissions."""

    commission_table = "account_invoice_line_agent"

    def refer(self, env: Any, pairs: list[tuple[Any, Any]]) -> None:
        commission = env["commission"].search([("name", "=", "bench")], limit=1) or env["commission"].create(
            {"name": "bench", "commission_type": "fixed", "fix_qty": RATE, "invoice_state": "paid"}
        )
        for partner, client in pairs:
            partner.write({"agent": True, "commission_id": commission.id, "settlement": "monthly"})
            client.commission_agent_ids = partner

    def bill(self, env: Any) -> Any:
        settle = env["commission.make.settle"].create({"settlement_type": "sale_invoice"})
        action = settle.action_settle()
        settlements = env["commission.settlement"].search(action["domain"])
        wizard = env["commission.make.invoice"].with_context(settlement_ids=settlements.ids)
        action = wizard.create(
            {"product_id": self.product(env, "bench-commission").id, "grouped": True}
        ).button_create()
        return env["account.move"].search(action["domain"])

    def billed(self, env: Any) -> list[int]:
        query = "SELECT DISTINCT invoice_id FROM account_invoice_line_agent WHERE settled ORDER BY 1 LIMIT 1000"
        return self.ids(env, query)

    def with_commissions(self, env: Any, invoices: list[int]) -> dict[str, list[int]]:
        agents = self.ids(env, "SELECT id FROM account_invoice_line_agent WHERE invoice_id = ANY(%s)", invoices)
        settled = self.ids(
            env, "SELECT id FROM commission_settlement_line WHERE invoice_agent_line_id = ANY(%s)", agents
        )
        rows = {"account_invoice_line_agent": agents, "commission_settlement_line": settled}
        return self.of_invoices(env, invoices) | {table: ids for table, ids in rows.items() if ids}


SUBJECTS = {"odoo": Odoo, "ours": Ours, "oca": Oca}


@contextmanager
def no_peak() -> Iterator[dict[str, float]]:
    yield {}


def flush_counters(env: Any) -> None:
    """Have PostgreSQL publish what this connection has counted, once the transaction is over."""
    if env.cr._cnx.server_version >= 150000:
        env.cr.execute("SELECT pg_stat_force_next_flush()")
    else:  # it does so by itself, at most twice a second
        time.sleep(2)
