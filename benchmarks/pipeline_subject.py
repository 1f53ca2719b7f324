"""What the part `pipeline` does inside Odoo: referred leads on the kanban, packages of clients over many invoices."""

from __future__ import annotations

import time
from typing import Any

from lxml import etree

from odoo import Command, fields, sql_db
from odoo.release import version

from .clone import clone

CLIENTS = 20  # that have paid an invoice with a package each; what is copied are their invoices


class Pipeline:
    """Mixed into the subject that has this add-on; uses its `request`."""

    def versions(self) -> dict[str, Any]:
        """What the figures depend on, for the parts that set up nothing else."""
        with self.request() as env:
            return {"odoo": version, "postgresql": env.cr._cnx.server_version}

    def set_up_pipeline(self) -> None:
        """A partner, and clients of it on Starter."""
        with self.request() as env:
            partner = env["res.partner"].create(
                {"name": "Pipeline partner", "is_company": True, "ref": "pipeline-partner"}
            )
            enrollment = env["partner.program.enrollment"].create(
                {
                    "partner_id": partner.id,
                    "program_id": env.ref("partner_program.program_referral").id,
                    "state": "active",
                    "date_start": "2020-01-01",
                }
            )
            product = env["product.product"].create(
                {
                    "name": "Pipeline Starter",
                    "type": "service",
                    "taxes_id": [],
                    "package_id": env.ref("partner_program.package_starter").id,
                }
            )
            clients = env["res.partner"].create(
                [{"name": f"Package client {n}", "is_company": True, "ref": "pipeline-client"} for n in range(CLIENTS)]
            )
            referrals = env["partner.referral"].create(
                [{"enrollment_id": enrollment.id, "client_id": client.id} for client in clients]
            )
            referrals.action_accept()
            referrals.lead_id.action_set_won()
            invoices = env["account.move"].create(
                [
                    {
                        "move_type": "out_invoice",
                        "partner_id": client.id,
                        "invoice_date": fields.Date.today(),
                        "invoice_line_ids": [Command.create({"product_id": product.id, "price_unit": 100.0})],
                    }
                    for client in clients
                ]
            )
            invoices.action_post()
            for invoice in invoices:
                env["account.payment.register"].with_context(
                    active_model="account.move", active_ids=invoice.ids
                ).create({})._create_payments()

    def more_referred_leads(self, total: int) -> None:
        """Open leads of the partner on prospects, up to so many."""
        with self.request() as env:
            enrollment = env["partner.program.enrollment"].search([("partner_id.ref", "=", "pipeline-partner")])
            domain = [("enrollment_id", "=", enrollment.id), ("prospect_name", "!=", False)]
            missing = total - env["partner.referral"].search_count(domain)
            referrals = env["partner.referral"].create(
                [{"enrollment_id": enrollment.id, "prospect_name": f"Prospect {total}-{n}"} for n in range(missing)]
            )
            referrals.lead_id.type = "opportunity"
            referrals.action_accept()

    def _timed(self, call: Any, times: int) -> dict[str, Any]:
        """What a call costs in a request of its own, warm."""
        seconds, statements, rows = [], 0, 0
        for number in range(times):
            with self.request(keep=False) as env:
                sql, started = sql_db.sql_counter, time.perf_counter()
                rows = call(env)
                if number:
                    seconds.append(time.perf_counter() - started)
                statements = sql_db.sql_counter - sql
        return {"seconds": seconds, "sql": statements, "rows": rows}

    def open_kanban(self, times: int) -> dict[str, Any]:
        """All that the lead kanban reads of these leads, with and without the fields of this add-on."""

        def call(env: Any, *, ours: bool) -> int:
            Lead = env["crm.lead"].with_context(lang="en_US")
            names = self._kanban_fields(env)
            specification = {
                name: {"fields": {"display_name": {}}} if Lead._fields[name].type == "many2one" else {}
                for name in names
                if ours or Lead._fields[name]._module != "partner_program"
            }
            domain = [("referral_partner_id.ref", "=", "pipeline-partner"), ("won_status", "=", "pending")]
            return len(Lead.web_search_read(domain, specification, limit=80)["records"])

        without = self._timed(lambda env: call(env, ours=False), times)
        found = self._timed(lambda env: call(env, ours=True), times)
        return {**found, "sql_without": without["sql"], "seconds_without": without["seconds"]}

    def _kanban_fields(self, env: Any) -> list[str]:
        if not hasattr(self, "_names"):
            view = env.ref("crm.crm_case_kanban_view_leads")
            arch = etree.fromstring(env["crm.lead"].get_view(view.id, "kanban")["arch"])
            self._names = sorted({node.get("name") for node in arch.iter("field")})
        return self._names

    def make_paid_invoices(self, total: int) -> int:
        """Copies of the paid invoices and their payments, up to so many; how many there are then."""
        with self.request(as_admin=False) as env:
            moves = self.ids(
                env,
                "SELECT move.id FROM account_move move JOIN res_partner client ON client.id = move.partner_id "
                "WHERE client.ref = 'pipeline-client'",
            )
            lines = self.ids(env, "SELECT id FROM account_move_line WHERE move_id = ANY(%s)", moves)
            partials = self.ids(env, "SELECT id FROM account_partial_reconcile WHERE debit_move_id = ANY(%s)", lines)
            rows = {"account_move": moves, "account_move_line": lines, "account_partial_reconcile": partials}
            clone(env.cr, rows, total // CLIENTS - 1)
            return self.ids(env, "SELECT count(*) FROM account_move WHERE move_type = 'out_invoice'")[0]

    def open_upsell(self, times: int) -> dict[str, Any]:
        """The list of clients to up-sell, as the web client reads it."""
        specification = {
            name: {"fields": {"display_name": {}}}
            for name in ("client_id", "package_id", "next_package_id", "partner_id", "user_id", "lead_id")
        }
        return self._timed(
            lambda env: env["partner.program.upsell"].web_search_read([], specification, limit=80)["length"], times
        )

    def open_client(self, times: int) -> dict[str, Any]:
        """The package on the contact of one client."""

        def call(env: Any) -> int:
            client = env["res.partner"].search([("ref", "=", "pipeline-client")], limit=1)
            return len(client.program_package_id)

        return self._timed(call, times)
