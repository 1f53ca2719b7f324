"""What the partner's pages cost at 10, 10,000 and 1,000,000 commission lines of one partner company.

The rows are copies by SQL of ten real ones. All copies share the ten invoices (the index that forbids it is dropped
in this throw-away database), so that a million lines take a minute and not an hour; the pages read the same rows of
the ledger. Each page is asked for as a browser does, in this process, where statements are counted.
"""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import Any

from werkzeug.test import Client

import odoo
from odoo import fields, sql_db
from odoo.service import security

from .clone import clone
from .portal_report import PAGES

PARTNER, CLIENT, LOGIN = "portal-partner", "portal-client", "bench-portal"
BILLED = 8  # of ten; one more is earned and not due yet, one waits for its client
WARM = 3


class PortalPages:
    """Mixed into the subject that has the add-on."""

    def set_up_portal(self) -> None:
        """One partner with a client, ten invoices, a paid bill and somebody who looks at it."""
        with self.request() as env:
            if not env.company.chart_template:
                env["account.chart.template"].try_loading("generic_coa", env.company, install_demo=False)
            partner, client = env["res.partner"].create(
                [{"name": name, "is_company": True, "ref": name} for name in (PARTNER, CLIENT)]
            )
            contact = env["res.partner"].create(
                {"name": "Bea Bench", "parent_id": partner.id, "email": "bea@bench.example"}
            )
            env["res.users"].with_context(no_reset_password=True).create(
                {
                    "login": LOGIN,
                    "password": LOGIN,
                    "partner_id": contact.id,
                    "group_ids": [(6, 0, env.ref("base.group_portal").ids)],
                }
            )
            self.refer(env, [(partner, client)])
        today = fields.Date.today()
        with self.request() as env:
            client = self.contacts_of(env, CLIENT)
            product = env["product.product"].create({"name": "Portal", "type": "service", "taxes_id": False})
            days = [*range(60, 60 - BILLED, -1), 12, 10]
            invoices = env["account.move"].create(
                [
                    {
                        "move_type": "out_invoice",
                        "partner_id": client.id,
                        "invoice_date": today - timedelta(days=ago),
                        "invoice_line_ids": [(0, 0, {"product_id": product.id, "price_unit": 100.0, "tax_ids": []})],
                    }
                    for ago in days
                ]
            )
            invoices.action_post()
            for invoice, ago in zip(invoices[:-1], days, strict=False):
                self.pay_in_full(env, invoice, today - timedelta(days=ago - 10))
        with self.request(as_admin=False) as env:
            bill = env["partner.commission.line"].search([("partner_id.ref", "=", PARTNER)])._create_vendor_bills()
            bill.action_post()
            self.pay_in_full(env, bill, today)

    def contacts_of(self, env: Any, ref: str) -> Any:
        return env["res.partner"].search([("ref", "=", ref)])

    def pay_in_full(self, env: Any, move: Any, day: Any) -> None:
        context = {"active_model": "account.move", "active_ids": move.ids}
        env["account.payment.register"].with_context(**context).create({"payment_date": day})._create_payments()

    def clone_portal(self, total: int) -> int:
        """Copies of the ten commission lines and their billings, up to so many lines; how many there are then."""
        with self.request(as_admin=False) as env:
            env.cr.execute("DROP INDEX IF EXISTS partner_commission_line_one_per_invoice")
            partner = self.contacts_of(env, PARTNER).id
            lines = self.ids(
                env, "SELECT id FROM partner_commission_line WHERE partner_id = %s ORDER BY id LIMIT 10", partner
            )
            billings = self.ids(
                env, "SELECT id FROM partner_commission_billing WHERE commission_line_id = ANY(%s)", lines
            )
            now = self.ids(env, "SELECT count(*) FROM partner_commission_line WHERE partner_id = %s", partner)[0]
            rows = {"partner_commission_line": lines, "partner_commission_billing": billings}
            clone(env.cr, rows, (total - now) // len(lines))
            return self.ids(env, "SELECT count(*) FROM partner_commission_line WHERE partner_id = %s", partner)[0]

    def vacuum_portal(self) -> None:
        """As autovacuum does soon: index-only scans need it."""
        connection = sql_db.db_connect(self.registry.db_name)
        with connection.cursor() as cr:
            cr._cnx.rollback()
            cr._cnx.autocommit = True
            for table in (
                "partner_commission_line",
                "partner_commission_billing",
                "partner_commission_change",
                "account_move",
            ):
                cr.execute(f"VACUUM ANALYZE {table}")
            cr._cnx.autocommit = False

    def visit_portal(self, lines: int) -> dict[str, Any]:
        """Each page cold once and then warm; statements and milliseconds of the warm ones (median)."""
        client = self._browser()
        today = fields.Date.today()
        names = {"last": max(1, lines // 80), "first": today.replace(day=1), "today": today}
        found = {}
        for name, (address, _most, _milliseconds) in PAGES.items():
            figures = []
            for _time in range(WARM + 1):
                counted, started = sql_db.sql_counter, time.perf_counter()
                response = client.get(address.format(**names))
                body = response.get_data()
                figures.append((sql_db.sql_counter - counted, 1000 * (time.perf_counter() - started)))
                if response.status_code == 404:
                    break
                if response.status_code != 200:
                    raise AssertionError(f"{address} answers {response.status_code}: {body[:300]!r}")
            else:
                sql, wall = zip(*figures[1:], strict=True)
                found[name] = {"sql": max(sql), "ms": statistics.median(wall), "cold_ms": figures[0][1]}
        return found

    def _browser(self) -> Client:
        session = odoo.http.root.session_store.new()
        with self.request() as env:
            user = env["res.users"].search([("login", "=", LOGIN)])
            session.update(
                odoo.http.get_default_session(), db=self.registry.db_name, _trace_disable=True, uid=user.id, login=LOGIN
            )
            session.context.update(lang="en_US", uid=user.id)
            session.session_token = security.compute_session_token(session, env(user=user.id))
        odoo.http.root.session_store.save(session)
        client = Client(odoo.http.root)
        client.set_cookie("session_id", session.sid, domain="localhost")
        return client
