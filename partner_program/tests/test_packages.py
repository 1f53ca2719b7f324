"""Packages of clients, what to up-sell, and quotations that skip the entry package (P12 to P15)."""

from odoo.exceptions import AccessError
from odoo.fields import Command, Date
from odoo.tests import HttpCase
from odoo.tools import SQL, mute_logger

from .common import PartnerProgramCommon
from .many_clients import ManyClients


class PackageCase(PartnerProgramCommon):
    def periods(self, client=None, user=None):
        """``[(package, from, to before)]`` of a client, oldest first."""
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["partner.program.client.package"].with_user(user or self.manager)
        rows = rows.search([("client_id", "=", (client or self.client).id)], order="date_start, id")
        return [(row.package_id.name, str(row.date_start), row.date_end and str(row.date_end)) for row in rows]

    def current(self, client=None):
        self.env.invalidate_all()
        return (client or self.client).with_user(self.manager).program_package_id.name

    def sell(self, product, on, client=None, amount=100.0):
        """An invoice of that day, paid on it."""
        invoice = self.invoice(amount, on=on, client=client, product=product)
        self.pay(invoice, on=on)
        return invoice

    def quotation(self, *products, client=None, user=None, **vals):
        return (
            self.env["sale.order"]
            .with_user(user or self.salesperson)
            .create(
                {
                    "partner_id": (client or self.client).id,
                    "user_id": self.salesperson.id,
                    "order_line": [Command.create({"product_id": product.id}) for product in products],
                    **vals,
                }
            )
        )


class TestPackages(ManyClients, PackageCase):
    def test_p12_a_client_climbs_the_ladder_with_its_paid_invoices(self):
        self.assertEqual((self.periods(), self.current()), ([], False))
        self.go_to("2026-06-01")
        self.sell(self.starter, "2026-01-10")
        self.sell(self.starter, "2026-02-10")
        unpaid = self.invoice(500, on="2026-03-10", product=self.pro)
        self.assertEqual((self.periods(), self.current()), ([("Starter", "2026-01-10", False)], "Starter"))
        self.pay(unpaid, on="2026-05-20")
        self.sell(self.enterprise, "2026-04-10")
        self.assertEqual(
            self.periods(),
            [
                ("Starter", "2026-01-10", "2026-03-10"),
                ("Pro", "2026-03-10", "2026-04-10"),
                ("Enterprise", "2026-04-10", False),
            ],
        )
        self.assertEqual(self.current(), "Enterprise")
        self.assertEqual(self.current(self.client_contact), "Enterprise", "a contact is on what its company is on")
        self.sell(self.starter, "2026-05-10")
        self.assertEqual(self.current(), "Starter", "a client can step down, too")
        self.assertEqual(len(self.periods()), 4)

    def test_p12_credit_notes_and_undone_payments_take_it_back(self):
        self.go_to("2026-06-01")
        self.sell(self.starter, "2026-01-10")
        pro = self.invoice(500, on="2026-03-10", product=self.pro)
        payment = self.pay(pro, on="2026-03-20")
        self.assertEqual(self.current(), "Pro")
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual((self.periods(), self.current()), ([("Starter", "2026-01-10", False)], "Starter"))
        self.reconcile(pro, payment.move_id)
        self.assertEqual(self.current(), "Pro")
        partial = self.credit(pro, 200)
        self.assertEqual(self.current(), "Pro", "a part is still sold")
        partial.button_draft()
        partial.button_cancel()
        self.credit(pro)
        self.assertEqual(self.current(), "Starter")

    def test_p12_what_is_not_money_is_no_package(self):
        self.invoice(0, product=self.enterprise)  # given away: Odoo takes it as paid
        written_off = self.invoice(300, product=self.enterprise)
        entry = self.journal_entry(300)
        self.reconcile(written_off, entry)
        self.assertEqual(written_off.payment_state, "paid")
        self.sell(self.commission_product, "2026-01-05")  # a product of no package
        self.assertEqual((self.periods(), self.current()), ([], False))

    def test_p12_an_invoice_with_two_packages_counts_as_the_higher(self):
        no_tax = self.env["account.tax"]
        invoice = self._create_invoice(
            partner_id=self.client_contact,
            invoice_date="2026-01-07",
            post=True,
            invoice_line_ids=[
                self._prepare_invoice_line(product_id=self.pro, price_unit=900, tax_ids=no_tax),
                self._prepare_invoice_line(product_id=self.starter, price_unit=100, tax_ids=no_tax),
            ],
        )
        self.pay(invoice)
        self.assertEqual(self.periods(), [("Pro", "2026-01-07", False)])
        self.pro.package_id = False
        self.assertEqual(self.periods(), [("Starter", "2026-01-07", False)], "a product that left its package")

    def test_p12_invoices_that_no_money_closed_neither_start_nor_end_nor_part_a_period(self):
        self.go_to("2026-08-01")
        bought = [
            *[("starter", "01"), ("starter", "02"), ("starter", "03"), ("pro", "04"), ("starter", "05")],
            *[("pro", "06"), ("pro", "07")],
        ]
        invoices = [self.invoice(100, on=f"2026-{month}-10", product=getattr(self, key)) for key, month in bought]
        for written_off in (0, 2, 3, 6):
            self.reconcile(invoices[written_off], self.journal_entry(100))
        for paid in (1, 4, 5):
            self.pay(invoices[paid])
        self.assertEqual(set(self.env["account.move"].union(*invoices).mapped("payment_state")), {"paid"})
        self.assertEqual(self.periods(), [("Starter", "2026-02-10", "2026-06-10"), ("Pro", "2026-06-10", False)])
        rows = self.env["partner.program.client.package"].search(
            [("client_id", "=", self.client.id)], order="date_start"
        )
        self.assertEqual([str(day) for day in rows.mapped("last_invoice_on")], ["2026-05-10", "2026-06-10"])

    def test_money_is_looked_for_where_a_period_starts_and_ends_only(self):
        """Each look reads a few rows of three tables: for 100,000 invoices that took longer than all the rest."""
        self.clone_paid_invoice(self.sell(self.starter, "2026-01-05", client=self.other_client), 2000)
        self.go_to("2026-06-01")
        looks = {}
        for count in (3, 12):
            months = range(len(self.env["account.move"].search([("partner_id", "=", self.client.id)])), count)
            invoices = [self.invoice(100, on=f"2025-{month + 1:02}-10", product=self.starter) for month in months]
            self.pay(self.env["account.move"].union(*invoices))
            self.assertEqual(self.periods(), [("Starter", "2025-01-10", False)])
            looks[count] = sum(node["Actual Loops"] for node in self.plan() if self.is_look(node))
        self.assertGreater(looks[3], 0)
        self.assertEqual(looks[3], looks[12], "as many looks for twelve invoices as for three")

    def test_the_package_of_a_client_reads_its_own_invoices(self):
        self.sell(self.starter, "2026-01-05")
        self.clone_paid_invoice(self.sell(self.starter, "2026-01-05", client=self.other_client), 2000)
        indexes = {node.get("Index Name") for node in self.plan()}
        self.assertIn("account_move_client_invoices", indexes)
        self.assertIn("account_move_line__move_id_index", indexes)

    def plan(self):
        """What PostgreSQL did to find the package of the client: all nodes of the plan."""
        self.env.flush_all()
        query = self.env["partner.program.client.package"]._search([("client_id", "=", self.client.id)]).select()
        [[[found]]] = self.env.execute_query(SQL("EXPLAIN (ANALYZE, FORMAT JSON) %s", query))
        nodes = [found["Plan"]]
        for node in nodes:
            nodes += node.get("Plans", [])
        return nodes

    def is_look(self, node):
        return node.get("Relation Name") == "account_partial_reconcile"

    def test_packages_of_others_stay_closed_to_a_salesperson_with_own_documents(self):
        self.sell(self.starter, "2026-01-05")
        self.client.user_id = self.other_salesperson
        self.assertFalse(self.periods(user=self.salesperson))
        self.assertTrue(self.periods(user=self.other_salesperson))
        self.refer(client=self.client, accept=False)
        self.assertTrue(self.periods(user=self.salesperson), "the client of the own referral")

    def test_the_package_of_many_contacts_is_one_query(self):
        counts = {}
        clients = self.env["res.partner"]
        for count in (1, 10):
            while len(clients) < count:
                clients += self.env["res.partner"].create({"name": f"Client {len(clients)}", "is_company": True})
                self.sell(self.starter, "2026-01-05", client=clients[-1])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(set(clients.mapped("program_package_id.name")), {"Starter"})
            counts[count] = self.env.cr.sql_log_count - before
        self.assertLessEqual(counts[10], counts[1] + 1, counts)


class TestUpsell(PackageCase):
    def rows(self, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["partner.program.upsell"].with_user(user or self.manager).search([])

    def test_p14_p15_starter_to_pro_and_pro_to_enterprise(self):
        self.acquired()
        self.acquired(client=self.other_client)
        self.assertFalse(self.rows())
        self.sell(self.starter, "2026-01-05")
        self.sell(self.pro, "2026-01-05", client=self.other_client)
        names = {(row.client_id.name, row.package_id.name, row.next_package_id.name) for row in self.rows()}
        self.assertEqual(names, {("Cobalt Clinics", "Starter", "Pro"), ("Delta Dairies", "Pro", "Enterprise")})
        self.assertEqual(set(self.rows().partner_id), {self.ada})
        self.go_to("2026-02-01")
        self.sell(self.enterprise, "2026-02-01", client=self.other_client)
        self.assertEqual(self.rows().client_id, self.client, "there is nothing above Enterprise")

    def test_p14_who_was_invoiced_for_the_next_package_is_not_in_the_list(self):
        self.acquired()
        self.sell(self.starter, "2026-01-05")
        pro = self.invoice(500, product=self.pro)
        self.assertFalse(self.rows())
        self.credit(pro)
        self.assertTrue(self.rows())

    def test_p14_one_click_opens_an_opportunity_and_a_second_one_the_same(self):
        self.acquired()
        self.sell(self.starter, "2026-01-05")
        row = self.rows(self.salesperson)
        action = row.action_open_opportunity()
        lead = self.env["crm.lead"].browse(action["res_id"])
        self.assertEqual(
            (lead.name, lead.partner_id, lead.type, lead.user_id),
            ("Cobalt Clinics: from Starter to Pro", self.client, "opportunity", self.salesperson),
        )
        self.assertEqual(lead.referral_partner_id, self.ada, "the partner of the client is on it")
        self.assertEqual(row.lead_id, lead)
        self.assertEqual(self.rows(self.salesperson).action_open_opportunity()["res_id"], lead.id)
        with mute_logger("odoo.sql_db"), self.assertRefused("open opportunity for this up-sell already"):
            lead.copy({"upsell_referral_id": lead.upsell_referral_id.id, "upsell_package_id": self.package_pro.id})

        # lost: another try is another opportunity; won, and paid: the next step
        lead.action_set_lost()
        self.assertNotEqual(self.rows().action_open_opportunity()["res_id"], lead.id)
        self.go_to("2026-02-01")
        self.sell(self.pro, "2026-02-01")
        self.assertEqual(self.rows().next_package_id, self.package_enterprise)
        self.assertFalse(self.rows().lead_id)

    def test_p14_an_up_sell_goes_to_nobody_who_has_left(self):
        self.acquired()
        self.sell(self.starter, "2026-01-05")
        self.salesperson.active = False
        lead = self.env["crm.lead"].browse(self.rows(self.manager).action_open_opportunity()["res_id"])
        self.assertEqual(lead.user_id, self.manager, "who opened it")

    def test_p14_who_may_not_see_the_referral_of_an_up_sell_reads_whom_to_ask(self):
        self.acquired()
        self.sell(self.starter, "2026-01-05")
        lead = self.env["crm.lead"].browse(self.rows().action_open_opportunity()["res_id"])
        lead.user_id = self.other_salesperson
        with self.assertRefused("is looked after by Sally"):
            lead.with_user(self.other_salesperson).action_view_referral()
        self.assertEqual(lead.with_user(self.manager).action_view_referral()["res_id"], lead.referral_id.id)

    def test_p14_an_up_sell_is_no_claim(self):
        referral = self.acquired()
        self.sell(self.starter, "2026-01-05")
        lead = self.env["crm.lead"].browse(self.rows().action_open_opportunity()["res_id"])
        before = (referral.state, referral.window_start, referral.lead_id)
        lead.action_set_lost()
        self.assertEqual((referral.state, referral.window_start, referral.lead_id), before)

    def test_p15_the_client_of_a_partner_that_earns_no_more_counts_for_the_latest(self):
        self.go_to("2026-01-05")
        self.acquired()
        self.sell(self.starter, "2026-01-05")
        self.go_to("2027-01-05")
        self.env["partner.referral"]._cron_sync_referrals()
        self.assertEqual(self.rows().referral_id.state, "completed")
        self.assertEqual(self.rows().partner_id, self.ada)
        self.refer(enrollment=self.enrollment_byte, user=self.manager, decision_reason="A new start")
        self.sell(self.starter, "2027-01-05")
        self.assertEqual(self.rows().partner_id, self.byte)

    def test_a_salesperson_with_own_documents_sees_own_clients(self):
        self.acquired()
        self.sell(self.starter, "2026-01-05")
        self.assertTrue(self.rows(self.salesperson))
        self.assertFalse(self.rows(self.other_salesperson))
        for user in (self.accountant, self.employee, self.portal_ada):
            with self.assertRefused(".", AccessError):
                self.rows(user)

    def test_p14_the_portal_gets_names_and_days_of_own_clients(self):
        self.acquired()
        self.sell(self.starter, "2026-01-05")
        Upsell = self.env["partner.program.upsell"].with_user(self.portal_ada)
        self.assertEqual(
            Upsell._get_portal_upsells(self.portal_ada.partner_id),
            [
                {
                    "referral_id": self.rows().referral_id.id,
                    "client": "Cobalt Clinics",
                    "package": "Starter",
                    "since": Date.to_date("2026-01-05"),
                    "next_package": "Pro",
                }
            ],
        )
        portal = self.env["partner.program.portal"].with_user(self.portal_ada)
        values = portal._get_dashboard(self.ada)
        page = str(
            portal.env["ir.qweb"]._render("partner_program.portal_dashboard_clients", {**values, "preview": False})
        )
        section = page[page.index("o_partner_program_upsell") :]
        for text in ("Cobalt Clinics", "Starter", "Pro", f"/my/referrals/{self.rows().referral_id.id}"):
            self.assertIn(text, section)
        self.assertNotIn("These are not all", section)
        self.assertFalse(Upsell._get_portal_upsells(self.byte))
        self.enrollment_ada.state = "suspended"
        self.assertFalse(Upsell._get_portal_upsells(self.ada))

    def test_p14_the_portal_shows_the_first_of_many_clients_and_says_that_there_are_more(self):
        clients = self.env["res.partner"].create([{"name": f"Client {n}", "is_company": True} for n in range(8)])
        for client in clients:
            self.acquired(client=client)
            self.sell(self.starter, "2026-01-05", client=client)
        portal = self.env["partner.program.portal"].with_user(self.portal_ada)
        values = portal._get_dashboard(self.ada)
        self.assertEqual([row["client"] for row in values["upsells"]], clients[:6].mapped("name"))
        page = str(
            portal.env["ir.qweb"]._render("partner_program.portal_dashboard_clients", {**values, "preview": False})
        )
        self.assertIn("These are not all", page[page.index("o_partner_program_upsell") :])


class TestFirstPackage(PackageCase):
    def test_p13_a_first_package_above_the_entry_one_says_why_it_warns(self):
        order = self.quotation(self.pro, client=self.client_contact)
        self.assertIn("Cobalt Clinics has never had a package", order.first_package_warning)
        self.assertIn("starts on Starter", order.first_package_warning)
        self.assertIn("sells Pro", order.first_package_warning)
        order.action_confirm()
        self.assertFalse(order.first_package_warning, "sold: too late for a warning")
        self.assertFalse(self.quotation(self.enterprise).first_package_warning, "the second package is no first one")

    def test_p13_what_does_not_skip_the_entry_package_is_silent(self):
        self.assertFalse(self.quotation(self.starter).first_package_warning)
        self.assertFalse(self.quotation(self.starter, self.pro).first_package_warning)
        self.assertFalse(self.quotation(self.commission_product).first_package_warning)
        self.invoice(100, product=self.starter)
        self.assertFalse(self.quotation(self.pro).first_package_warning)
        self.assertTrue(self.quotation(self.pro, client=self.other_client).first_package_warning)

    def test_p13_a_fully_credited_starter_was_no_package(self):
        self.credit(self.invoice(100, product=self.starter))
        self.assertTrue(self.quotation(self.pro).first_package_warning)

    def test_p13_the_company_chooses_ignore_warn_or_block(self):
        self.company.partner_program_first_package = "ignore"
        order = self.quotation(self.pro)
        self.assertFalse(order.first_package_warning)
        self.company.partner_program_first_package = "block"
        self.env.invalidate_all()
        self.assertTrue(order.first_package_warning)
        with self.assertRefused("starts on Starter, and this quotation sells Pro"):
            order.action_confirm()
        self.assertEqual(order.state, "draft")
        order.order_line = [Command.create({"product_id": self.starter.id})]
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_p13_quotations_of_a_list_cost_two_queries_more(self):
        clients = self.env["res.partner"].create([{"name": f"Client {n}", "is_company": True} for n in range(10)])
        orders = self.env["sale.order"].union(*(self.quotation(self.pro, client=client) for client in clients))
        counts = {}
        for some in (orders[:1], orders):
            self.env.flush_all()
            self.env.invalidate_all()
            some.order_line.product_id.product_tmpl_id.package_id.mapped("rank")
            some.partner_id.commercial_partner_id.mapped("name")
            before = self.env.cr.sql_log_count
            self.assertTrue(all(some.mapped("first_package_warning")))
            counts[len(some)] = self.env.cr.sql_log_count - before
        self.assertEqual(counts[1], counts[10], counts)

    def test_the_quotation_and_the_contact_say_who_referred_the_client_and_until_when_it_earns(self):
        referral = self.refer()
        order = self.quotation(self.starter)
        client = self.client.with_user(self.salesperson)
        self.assertEqual((order.referral_partner_id, order.referral_earns), (self.ada, "Close by 5 Apr · 90 days left"))
        referral.lead_id.action_set_won()
        self.env.invalidate_all()
        self.assertEqual(order.referral_earns, "Earns for 12 months from the first invoice")
        self.invoice(100)
        self.env.invalidate_all()
        self.assertEqual(order.referral_earns, "Earns on invoices dated until 01/04/2027")
        self.assertEqual((client.referral_partner_id, client.referral_earns), (self.ada, order.referral_earns))
        self.go_to("2027-01-05")
        self.env["partner.referral"]._cron_sync_referrals()
        self.env.invalidate_all()
        self.assertFalse(order.referral_partner_id)
        self.assertEqual(client.referral_earns, "Earned on invoices dated until 01/04/2027")


class TestBlockedOnline(HttpCase, PackageCase):
    def test_p13_blocked_it_is_neither_sent_nor_signed_nor_paid_but_what_is_paid_is_confirmed(self):
        self.company.write({"partner_program_first_package": "block"})
        order = self.quotation(self.pro)
        order.write({"require_signature": True, "require_payment": True, "prepayment_percent": 1.0})
        self.assertFalse(order._has_to_be_signed() or order._has_to_be_paid())
        with self.assertRefused("starts on Starter, and this quotation sells Pro"):
            order.action_quotation_send()
        self.authenticate(None, None)
        page = self.url_open(order.get_portal_url()).text
        self.assertIn("it can be neither signed nor paid yet", page)
        self.assertNotIn('data-bs-target="#modalaccept"', page)
        provider = self.env["payment.provider"].sudo().create({"name": "Test", "code": "none", "state": "test"})
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": self.env.ref("payment.payment_method_unknown").id,
                    "reference": order.name,
                    "amount": order.amount_total,
                    "currency_id": order.currency_id.id,
                    "partner_id": order.partner_id.id,
                    "sale_order_ids": [Command.set(order.ids)],
                    "state": "done",
                }
            )
        )
        transaction._check_amount_and_confirm_order()
        self.assertEqual(order.state, "sale")
