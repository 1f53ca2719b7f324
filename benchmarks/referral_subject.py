"""What the part `referrals` does inside Odoo: a large CRM made by SQL, checks of claims in it, the daily run."""

from __future__ import annotations

import json
import os
from typing import Any

from odoo.release import version
from odoo.tools import SQL

BIG = "big.example"  # the largest client: many contacts, leads and messages
DAYS = 720  # over how many days the messages are spread


def _insert(cr: Any, table: str, original: int, count: int, /, **values: str) -> None:
    """Copies of one row; `values` are SQL expressions with the number `n` of the copy, from 1."""
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name = %s AND is_generated = 'NEVER' AND column_name <> 'id'",
        [table],
    )
    columns = [name for (name,) in cr.fetchall()]
    names = ", ".join(f'"{name}"' for name in columns)
    expressions = ", ".join(values.get(name, f'"{name}"') for name in columns)
    cr.execute(
        f"INSERT INTO {table} ({names}) SELECT {expressions} FROM {table}, generate_series(1, {count}) n"
        f" WHERE id = {original}"
    )


class Referrals:
    """Mixed into the subject that has this add-on; uses its `request` and `registry`."""

    def set_up_referrals(self) -> dict[str, Any]:
        """A partner, and the prospects and clients that it will refer."""
        with self.request() as env:
            partner = env["res.partner"].create({"name": "Referring partner", "is_company": True, "ref": "ref-partner"})
            env["partner.program.enrollment"].create(
                {
                    "partner_id": partner.id,
                    "program_id": env.ref("partner_program.program_referral").id,
                    "state": "active",
                    "date_start": "2020-01-01",
                }
            )
            for kind in ("small", "big"):
                client = env["res.partner"].create(
                    {"name": f"{kind.title()} client", "is_company": True, "ref": f"ref-{kind}"}
                )
                env["res.partner"].create({"name": f"Contact of {kind}", "parent_id": client.id, "ref": f"of-{kind}"})
            env["crm.lead"].create({"name": "Model lead", "type": "opportunity"}).message_post(body="Model")
            env["calendar.event"].create(
                {"name": "Model meeting", "start": "2020-01-01 10:00:00", "stop": "2020-01-01 11:00:00"}
            )
            env["sale.order"].create({"partner_id": env["res.partner"].search([("ref", "=", "of-small")]).id})
            return {"odoo": version, "postgresql": env.cr._cnx.server_version}

    def make_crm(self, contacts: int, leads: int, messages: int) -> dict[str, int]:
        """So many rows more, by SQL; one contact in five is a company. Returns how many there are then."""
        with self.registry.cursor() as cr:
            ids = {}
            for key, query in {
                "company": "SELECT id FROM res_partner WHERE ref = 'ref-small'",
                "contact": "SELECT id FROM res_partner WHERE ref = 'of-small'",
                "big": "SELECT id FROM res_partner WHERE ref = 'ref-big'",
                "big_contact": "SELECT id FROM res_partner WHERE ref = 'of-big'",
                "lead": "SELECT id FROM crm_lead WHERE name = 'Model lead'",
                "message": "SELECT MAX(id) FROM mail_message WHERE model = 'crm.lead'",
                "event": "SELECT id FROM calendar_event WHERE name = 'Model meeting'",
                "order": "SELECT MAX(id) FROM sale_order",
                "robot": "SELECT MAX(partner_id) FROM res_users WHERE login = 'admin'",
            }.items():
                cr.execute(query)
                ids[key] = cr.fetchone()[0]
            cr.execute("SELECT COALESCE(MAX(id), 0), nextval('res_partner_id_seq') FROM res_partner")
            first = max(cr.fetchone())
            companies = contacts // 5
            _insert(cr, "res_partner", ids["company"], companies, ref="'bench-made'")
            cr.execute("SELECT MIN(id), MAX(id) FROM res_partner WHERE ref = 'bench-made' AND id >= %s", [first])
            low, high = cr.fetchone()
            cr.execute(
                """
                UPDATE res_partner
                   SET name = 'Company ' || id, complete_name = 'Company ' || id, commercial_partner_id = id,
                       email = 'info@c' || id || '.example', email_normalized = 'info@c' || id || '.example',
                       phone_sanitized = '+3220' || id, vat = 'BE' || id
                 WHERE id BETWEEN %s AND %s
                """,
                [low, high],
            )
            company = f"({low} + n % {companies})"
            _insert(
                cr,
                "res_partner",
                ids["contact"],
                contacts - companies,
                name="'Contact ' || n",
                complete_name="'Contact ' || n",
                parent_id=company,
                ref="'bench-made'",
                commercial_partner_id=company,
                email=f"'p' || n || '@c' || {company} || '.example'",
                email_normalized=f"'p' || n || '@c' || {company} || '.example'",
                phone_sanitized="'+3250' || n",
            )
            _insert(
                cr,
                "res_partner",
                ids["big_contact"],
                contacts // 1000,
                name="'Big ' || n",
                email_normalized=f"'p' || n || '@{BIG}'",
                ref="'bench-big'",
            )
            cr.execute("SELECT MIN(id), MAX(id) FROM res_partner WHERE ref = 'bench-big'")
            big_low, big_high = cr.fetchone()
            cr.execute("SELECT MAX(id) FROM crm_lead")
            before = cr.fetchone()[0]
            spread = f"(now() AT TIME ZONE 'UTC') - n % {DAYS} * interval '1 day'"
            _insert(
                cr,
                "crm_lead",
                ids["lead"],
                leads,
                name="'Lead ' || n",
                partner_id=f"CASE WHEN n % 500 = 0 THEN {big_low} + n % {big_high - big_low + 1}"
                f" ELSE {low} + n % {contacts} END",
                email_domain_criterion=f"CASE WHEN n % 500 = 0 THEN '@{BIG}'"
                f" ELSE '@c' || {low} + n % {companies} || '.example' END",
                phone_sanitized="'+3270' || n",
                create_date=spread,
                date_last_stage_update=spread,
                won_status="CASE WHEN n % 3 = 0 THEN 'pending' ELSE 'lost' END",
                date_closed=spread,
            )
            cr.execute("SELECT MIN(id), MAX(id) FROM crm_lead WHERE id > %s", [before])
            lead_low, lead_high = cr.fetchone()
            _insert(
                cr,
                "mail_message",
                ids["message"],
                messages,
                model="CASE n % 4 WHEN 0 THEN 'res.partner' WHEN 1 THEN 'sale.order' ELSE 'crm.lead' END",
                res_id=f"CASE n % 4 WHEN 0 THEN CASE WHEN n % 400 = 0 THEN {big_low} + n % {big_high - big_low + 1}"
                f" ELSE {low} + n % {contacts} END WHEN 1 THEN n % 20000"
                f" ELSE {lead_low} + n % {lead_high - lead_low + 1} END",
                message_type="CASE WHEN n % 10 < 7 THEN 'notification' WHEN n % 10 = 7 THEN 'email' ELSE 'comment' END",
                date=spread,
                create_date=spread,
                message_id="'<' || n || '.' || random() || '@bench>'",
                parent_id="NULL",
                author_id=str(ids["robot"]),
                subject="'Message ' || n",
            )
            _insert(
                cr,
                "sale_order",
                ids["order"],
                leads // 5,
                name="'BENCH/' || n || '/' || random()",
                partner_id=f"{low} + n % {contacts}",
                access_token="NULL",
                date_order=spread,
                create_date=spread,
                state="CASE WHEN n % 2 = 0 THEN 'sale' ELSE 'draft' END",
            )
            cr.execute("SELECT MAX(id) FROM calendar_event")
            before = cr.fetchone()[0]
            _insert(cr, "calendar_event", ids["event"], leads // 5, start=spread, stop=spread, access_token="NULL")
            cr.execute(
                "INSERT INTO calendar_event_res_partner_rel (calendar_event_id, res_partner_id)"
                f" SELECT id, {low} + id % {contacts} FROM calendar_event WHERE id > {before}"
            )
            cr.commit()
            cr.execute("ANALYZE")
            cr.commit()
            counts = {}
            for table in ("res_partner", "crm_lead", "mail_message", "sale_order", "calendar_event"):
                cr.execute(f"SELECT COUNT(*) FROM {table}")
                counts[table] = cr.fetchone()[0]
        return counts

    def _prepare_check(self, env: Any, kind: str) -> dict[str, Any]:
        """Values of a referral of a client of that kind."""
        Partner = env["res.partner"]
        made = Partner.search([("ref", "=", "bench-made"), ("is_company", "=", True)], limit=1, offset=7)
        big = Partner.search([("ref", "=", "ref-big")])
        return {
            "a client": {"client_id": made.id},
            "the largest client": {"client_id": big.id},
            "a prospect that is known": {
                "prospect_name": made.name,
                "prospect_email": f"new@{made.email_normalized.partition('@')[2]}",
                "prospect_phone": made.phone_sanitized,
                "prospect_vat": made.vat,
            },
            "a prospect that nobody knows": {
                "prospect_name": "Nobody knows",
                "prospect_email": "hello@nobody.example",
                "prospect_phone": "+33 1 53 05 41 25",
                "prospect_vat": "FR00000000000",
            },
        }[kind]

    def check_referral(self, kind: str, times: int) -> dict[str, Any]:
        """One check of eligibility, warm: statements, seconds of each, what it finds, which tables it reads whole."""
        with self.request() as env:
            enrollment = env["partner.program.enrollment"].search([("partner_id.ref", "=", "ref-partner")])
            if kind == "the largest client":
                env["res.partner"].search([("ref", "=", "ref-big")]).write({"email": f"info@{BIG}"})
            referral = env["partner.referral"].create(
                {"enrollment_id": enrollment.id, **self._prepare_check(env, kind)}
            )
            seconds, statements, cpu = [], [], []
            for _number in range(times):
                env.flush_all()
                env.invalidate_all()
                with self.meter.measured() as figure:
                    referral.action_check_eligibility()
                    env.flush_all()
                statements.append(figure["sql"])
                seconds.append(figure["wall"])
                cpu.append(figure["cpu_python"] + (figure["cpu_server"] or 0))
            result = {
                "seconds": seconds[1:],
                "cpu": cpu[1:],
                "load": os.getloadavg()[0],
                "sql": max(statements[1:]),
                "verdict": referral.eligibility,
                "proofs": len(referral.evidence_ids),
                "matches": len(referral.match_ids),
                "whole": self._read_whole(env, referral),
            }
            referral.decision_reason = "Bench"
            referral.action_reject()
        return result

    def _read_whole(self, env: Any, referral: Any) -> list[str]:
        """Large tables that a query of the check reads from one end to the other."""
        wanted = [(0, kind, value) for kind, value in referral._get_criteria()]
        found: set[str] = set()
        for query in (referral._get_evidence_query(referral._find_matches()), referral._get_match_query(wanted)):
            [(plan,)] = env.execute_query(SQL("EXPLAIN (FORMAT JSON) %s", query))
            nodes = [(plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]]
            while nodes:
                node = nodes.pop()
                nodes += node.get("Plans", [])
                if node["Node Type"] == "Seq Scan":
                    found.add(node["Relation Name"])
        env.cr.execute("SELECT relname FROM pg_class WHERE relname IN %s AND reltuples > 5000", [tuple(found or "-")])
        return sorted(name for (name,) in env.cr.fetchall())

    def make_claims(self, count: int) -> None:
        """So many accepted claims whose last day is over, and as many that still run."""
        with self.request() as env:
            enrollment = env["partner.program.enrollment"].search([("partner_id.ref", "=", "ref-partner")])
            lead = env["crm.lead"].create({"name": "Model claim", "type": "opportunity"})
            referral = env["partner.referral"].create({"enrollment_id": enrollment.id, "lead_id": lead.id})
            referral.prospect_is_new = True
            referral.action_accept()
        with self.registry.cursor() as cr:
            cr.execute("SELECT MAX(id) FROM crm_lead")
            first = cr.fetchone()[0]
            _insert(cr, "crm_lead", lead.id, 2 * count, name="'Claim ' || n")
            cr.execute("SELECT MIN(id) FROM crm_lead WHERE id > %s", [first])
            low = cr.fetchone()[0]
            _insert(
                cr,
                "partner_referral",
                referral.id,
                2 * count,
                name="'CLAIM/' || n || '/' || random()",
                lead_id=f"{low} + n - 1",
                access_token="NULL",
                expires_on=f"CASE WHEN n <= {count} THEN CURRENT_DATE - 1 ELSE CURRENT_DATE + 30 END",
                client_id="NULL",
            )
            cr.execute(
                "UPDATE crm_lead SET referral_id = r.id FROM partner_referral r"
                " WHERE r.lead_id = crm_lead.id AND crm_lead.id >= %s",
                [low],
            )
            cr.commit()
            cr.execute("ANALYZE")

    def run_daily(self, keep: bool) -> dict[str, Any]:
        """The daily run over all claims."""
        with self.request(keep=keep, as_admin=False) as env:
            due = env["partner.referral"].search_count([("state", "=", "accepted"), ("expires_on", "<", "today")])
            with self.meter.measured() as result:
                env["partner.referral"]._cron_sync_referrals()
                env.flush_all()
            left = env["partner.referral"].search_count([("state", "=", "accepted"), ("expires_on", "<", "today")])
        return {"due": due, "left": left, **result}
