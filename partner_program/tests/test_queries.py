"""How many queries things take with 1, 10 and 100 records: what is constant stays constant."""

from contextlib import contextmanager

from .common import PartnerProgramCommon
from .statements import statements


class TestQueries(PartnerProgramCommon):
    def analyze(self):
        """Tell the planner about the rows of this transaction, which autovacuum has not seen.

        Otherwise Odoo's own query for the payments of an invoice takes minutes with a hundred of them.
        """
        self.env.flush_all()
        self.env.cr.execute(
            "ANALYZE account_move, account_move_line, account_partial_reconcile, account_payment, account_account"
        )

    @contextmanager
    def counted(self, counts, key):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        yield
        self.env.flush_all()
        counts[key] = self.env.cr.sql_log_count - before

    def draft_invoices(self, client, count):
        return self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": client.id,
                    "invoice_date": "2026-01-05",
                    "invoice_line_ids": [
                        self._prepare_invoice_line(product_id=self.pro, price_unit=100, tax_ids=self.env["account.tax"])
                    ],
                }
                for _number in range(count)
            ]
        )

    def warm_up(self, client):
        """Let Odoo read once what it keeps from then on."""
        moves = self.draft_invoices(client, 2)
        with self.counted({}, "unused"):
            moves.action_post()

    def test_posting_invoices_of_an_acquired_client_in_one_batch(self):
        self.acquired()
        counts = {}
        for client in (self.other_client, self.client):
            self.warm_up(client)
        for count in (1, 10, 100):
            for client in (self.other_client, self.client):
                moves = self.draft_invoices(client, count)
                with self.counted(counts, (client, count)):
                    moves.action_post()
        extra = {count: counts[self.client, count] - counts[self.other_client, count] for count in (1, 10, 100)}
        self.assertEqual(len(self.env["partner.commission.line"].search([("client_id", "=", self.client.id)])), 113)
        self.assertLessEqual(extra[1], 20, (extra, counts))
        self.assertLessEqual(extra[10] - extra[1], 3, (extra, counts))
        self.assertLessEqual(extra[100] - extra[1], 3, (extra, counts))

    def test_posting_for_a_client_without_referral_costs_next_to_nothing(self):
        counts = {}
        self.warm_up(self.other_client)
        moves = self.draft_invoices(self.other_client, 10)
        with self.counted(counts, "with"):
            moves.action_post()
        moves = self.draft_invoices(self.other_client, 10)
        self.patch(self.env.registry["partner.referral"], "_sync_for_invoices", lambda *args, **kwargs: None)
        self.patch(self.env.registry["account.move"], "_check_commission_balance", lambda *args: None)
        with self.counted(counts, "without"):
            moves.action_post()
        self.assertLessEqual(counts["with"] - counts["without"], 0, counts)

    def test_paying_an_invoice_of_an_acquired_client(self):
        self.acquired()
        counts = {}
        for client in (self.other_client, self.client, self.other_client, self.client):
            invoice = self.invoice(100, client=client)
            self.analyze()
            wizard = (
                self.env["account.payment.register"]
                .with_context(active_model="account.move", active_ids=invoice.ids)
                .create({})
            )
            with self.counted(counts, client):
                wizard._create_payments()
        self.assertLessEqual(counts[self.client] - counts[self.other_client], 12)

    def test_paying_an_invoice_of_a_client_without_referral_looks_up_no_to_do(self):
        invoice = self.invoice(100, client=self.other_client)
        self.env.invalidate_all()
        looked_up = []
        self.patch(
            self.env.registry["mail.activity.type"], "exists", lambda types: looked_up.append(types) or types
        )  # as a reference to one does
        self.pay(invoice)
        self.assertFalse(looked_up)

    def test_paying_many_invoices_of_an_acquired_client_one_by_one_in_one_go(self):
        self.acquired()
        counts = {}
        for count in (1, 10, 100):
            for client in (self.other_client, self.client):
                moves = self.draft_invoices(client, count)
                moves.action_post()
                self.analyze()
                wizard = (
                    self.env["account.payment.register"]
                    .with_context(active_model="account.move", active_ids=moves.ids)
                    .create({"group_payment": False})
                )
                with self.counted(counts, (client, count)):
                    wizard._create_payments()
        extra = {count: counts[self.client, count] - counts[self.other_client, count] for count in (1, 10, 100)}
        for count, queries in extra.items():
            self.assertLessEqual(queries, 12, f"of {count} payments: {counts}")

    def test_a_run_over_many_partners_costs_little_more_than_the_bills_themselves(self):
        partners = self.env["res.partner"].create([{"name": f"Partner {n}", "is_company": True} for n in range(20)])
        enrollments = self.env["partner.program.enrollment"].create(
            [
                {"partner_id": partner.id, "program_id": self.program_referral.id, "state": "active"}
                for partner in partners
            ]
        )
        clients = self.env["res.partner"].create([{"name": f"Client {n}", "is_company": True} for n in range(20)])
        for client, enrollment in zip(clients, enrollments, strict=True):
            self.acquired(client=client, enrollment=enrollment)
            self.pay(self.invoice(100, client=client))
        self.go_to("2026-02-04")
        lines = self.env["partner.commission.line"].search([("partner_id", "in", partners.ids)])
        counts = {}
        for count, some in ((1, lines[:1]), (10, lines[1:11]), (9, lines[11:])):
            with self.counted(counts, count):
                self.assertEqual(len(some._create_vendor_bills()), count)
        self.assertLessEqual(counts[10], 400, counts)
        self.assertLessEqual((counts[10] - counts[1]) / 9, 20, counts)

    def test_a_run_over_many_due_lines_of_one_client_is_constant(self):
        self.acquired()
        self.pay(self.invoice(100))
        self.go_to("2026-02-04")
        self.run_bills().action_post()
        self.go_to("2026-01-05")
        counts = {}
        for count in (1, 10, 100):
            moves = self.draft_invoices(self.client, count)
            moves.action_post()
            self.analyze()
            self.pay(moves, group_payment=True)
            self.analyze()
            self.go_to("2026-02-04")
            with self.counted(counts, count):
                bill = self.run_bills()
            self.assertEqual(bill.amount_total, 5.0 * count)
            self.assertEqual(len(bill.invoice_line_ids), 1)
            bill.action_post()
            self.go_to("2026-01-05")
        self.assertLessEqual(abs(counts[10] - counts[1]), 3)
        self.assertLessEqual(abs(counts[100] - counts[1]), 5)

    def test_the_sweep_over_many_lines_that_are_right_is_constant(self):
        self.acquired()
        counts = {}
        made = 0
        for count in (1, 10, 100):
            self.draft_invoices(self.client, count - made).action_post()
            self.analyze()
            made = count
            Line = self.env["partner.commission.line"].sudo()
            with self.counted(counts, count):
                self.assertEqual(Line._cron_sync(), 0)
        self.assertLessEqual(counts[10] - counts[1], 2)
        self.assertLessEqual(counts[100] - counts[1], 2)

    def test_the_kanban_of_referred_leads_is_constant(self):
        counts = {}
        leads = self.env["crm.lead"]
        specification = {
            name: {"fields": {"display_name": {}}} if self.env["crm.lead"]._fields[name].relational else {}
            for name in (
                *("name", "partner_id", "stage_id", "expected_revenue"),
                *("referral_id", "referral_partner_id", "referral_state", "referral_clock", "referral_days_left"),
            )
        }
        Lead = self.env["crm.lead"].with_user(self.salesperson)
        for count in (1, 10):
            while len(leads) < count:
                client = self.env["res.partner"].create({"name": f"Client {len(leads)}", "is_company": True})
                leads += self.refer(client=client).lead_id
            if count == 1:
                Lead.web_search_read([("id", "in", leads.ids)], specification)  # fills the caches of views and rights
            with self.counted(counts, count):
                rows = Lead.web_search_read([("id", "in", leads.ids)], specification)["records"]
            self.assertEqual(len(rows), count)
            self.assertTrue(all(row["referral_partner_id"]["display_name"] == "Ada Advisory" for row in rows))
        self.assertLessEqual(counts[10], counts[1] + 1)

    def test_the_list_of_commission_lines_is_constant(self):
        self.acquired()
        Line = self.env["partner.commission.line"].with_user(self.accountant)
        fnames = [
            "partner_id",
            "client_id",
            "amount",
            "state",
            "hold_reason",
            "explanation",
            "is_due",
            "days_left",
            "display_name",
        ]
        counts = {}
        made = 0
        for count in (1, 10, 100):
            self.draft_invoices(self.client, count - made).action_post()
            self.analyze()
            made = count
            if count == 1:
                Line.search([]).read(fnames)
            with self.counted(counts, count):
                self.assertEqual(len(Line.search([]).read(fnames)), count)
        self.assertLessEqual(counts[100] - counts[1], 3)

    def test_deleting_a_draft_asks_nothing_of_the_ledger(self):
        """A draft that was never posted has no commission; one that was posted is asked for."""
        self.acquired()
        drafts = self.draft_invoices(self.client, 3)
        drafts[0].action_post()
        drafts[0].button_draft()
        ours = ("partner_commission_line", "partner_commission_billing", "partner_referral")
        for draft, asks in ((drafts[1], False), (drafts[0], True)):
            self.env.flush_all()
            self.env.invalidate_all()
            with statements() as sent:
                draft.unlink()
                self.env.flush_all()
            self.assertEqual(any(f'FROM "{table}"' in query for query in sent for table in ours), asks)
        self.assertEqual(self.env["partner.commission.line"].search_count([("client_id", "=", self.client.id)]), 0)

    def test_a_vendor_bill_that_is_none_of_ours_asks_nothing_of_the_ledger(self):
        """Only bills in self-billing journals are compared with what statements told."""
        for name, asks in (("Purchases", False), ("Commissions", True)):
            bill = self.env["account.move"].create(
                {
                    "move_type": "in_invoice",
                    "partner_id": self.client.id,
                    "invoice_date": "2026-01-05",
                    "journal_id": self.env["account.journal"]
                    .create({"name": name, "code": name[:4], "type": "purchase", "is_self_billing": asks})
                    .id,
                    "invoice_line_ids": [self._prepare_invoice_line(product_id=self.pro, price_unit=100)],
                }
            )
            self.env.flush_all()
            with statements() as sent:
                bill.action_post()
                self.env.flush_all()
                self.env.cr.precommit.run()
            asked = any("FROM partner_commission_change" in query for query in sent)
            self.assertEqual(asked, asks, name)
