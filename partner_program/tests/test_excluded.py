"""D3: what earns nothing is settled when the invoice is posted, whatever becomes of the catalogue; down payments."""

from odoo.fields import Command, Date

from .common import PartnerProgramCommon


class ExcludedCommon(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Category = cls.env["product.category"]
        cls.catalogue = Category.create({"name": "Catalogue"})
        cls.hardware = Category.create({"name": "Hardware", "parent_id": cls.catalogue.id})
        cls.services = Category.create({"name": "Services"})
        cls.device = cls._create_product(name="Device", type="consu", categ_id=cls.hardware.id)
        cls.help = cls._create_product(name="Onboarding", type="service", categ_id=cls.services.id)
        cls.program_referral.excluded_category_ids = cls.hardware

    def mixed(self, on=None, **prices):
        """A posted invoice of a device and of help."""
        no_tax = self.env["account.tax"]
        return self._create_invoice(
            partner_id=self.client,
            invoice_date=on or "2026-01-05",
            invoice_line_ids=[
                self._prepare_invoice_line(product_id=product, price_unit=price, tax_ids=no_tax)
                for product, price in ((self.help, prices.get("help", 800)), (self.device, prices.get("device", 500)))
            ],
            post=True,
        )

    def billed(self):
        self.acquired()
        invoice = self.mixed()
        self.pay(invoice)
        self.run_bills("2026-02-04").action_post()
        line = self.line_of(invoice)
        self.assertLine(line, state="billed", billed_amount=40.0)
        return line

    def sweep(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["partner.commission.line"].sudo()._cron_sync()


class TestCatalogueChanges(ExcludedCommon):
    def test_d3_a_product_that_moves_to_an_excluded_category_reprices_nothing_that_was_invoiced(self):
        line = self.billed()
        self.help.categ_id = self.hardware
        self.assertEqual(self.sweep(), 0)
        self.assertFalse(self.run_bills("2026-03-20"))
        self.assertLine(line, state="billed", base_amount=800.0, open_amount=0.0)
        self.assertLine(self.line_of(self.mixed(on="2026-03-20")), void_code="no_base", base_amount=0.0)

    def test_d3_an_excluded_category_that_gets_another_name_reprices_nothing(self):
        accessories = self.env["product.category"].create({"name": "Accessories"})
        self.program_referral.excluded_category_ids = self.hardware + accessories
        line = self.billed()
        self.help.categ_id = self.hardware
        accessories.name = "Z"  # categories come in the order of their names
        self.env.invalidate_all()
        self.env["partner.commission.line"]._cron_sync()
        self.assertLine(line, state="billed", earned_amount=40.0, open_amount=0.0)

    def test_d3_a_category_that_moves_below_an_excluded_one_reprices_nothing_either(self):
        line = self.billed()
        self.services.parent_id = self.hardware
        self.assertEqual(self.sweep(), 0)
        self.assertLine(line, state="billed", open_amount=0.0)

    def test_d3_a_product_that_leaves_an_excluded_category_earns_from_then_on(self):
        line = self.billed()
        self.device.categ_id = self.services
        self.assertEqual(self.sweep(), 0)
        self.assertLine(line, state="billed", open_amount=0.0)
        self.assertLine(self.line_of(self.mixed(on="2026-02-05")), base_amount=1300.0, amount=65.0)

    def test_d3_a_credit_note_takes_back_what_the_invoice_brought_wherever_the_product_is_now(self):
        line = self.billed()
        self.device.categ_id = self.services
        credit_note = self.credit(line.move_id, post=False)
        credit_note.invoice_line_ids.filtered(lambda item: item.product_id == self.help).unlink()
        credit_note.action_post()
        self.env.flush_all()
        self.assertLine(line, credited_amount=0.0, open_amount=0.0)
        self.credit(line.move_id, 800)  # the first line: help
        self.assertLine(line, credited_amount=800.0, open_amount=-40.0)

    def test_d3_an_invoice_that_is_reset_to_draft_is_looked_at_anew(self):
        line = self.billed()
        self.help.categ_id = self.hardware
        invoice = line.move_id
        invoice.button_draft()
        self.env.flush_all()
        self.assertLine(line, base_amount=0.0)
        self.assertEqual(self.sweep(), 0)
        self.help.categ_id = self.services
        invoice.action_post()
        self.env.flush_all()
        self.assertLine(line, base_amount=800.0)

    def test_d3_what_was_not_noted_yet_is_noted_by_the_sweep_without_a_word(self):
        """As after an update."""
        line = self.billed()
        self.env.cr.execute("UPDATE partner_commission_line SET excluded_shares = NULL")
        self.env.invalidate_all()
        self.assertEqual(self.sweep(), 0)
        self.help.categ_id = self.hardware
        self.assertEqual(self.sweep(), 0)
        self.assertLine(line, base_amount=800.0, open_amount=0.0)

    def test_d4_an_invoice_that_comes_to_nothing_is_paid_when_it_is_made(self):
        """The base is not nothing: what is taken off is of a category that earns nothing."""
        self.acquired()
        self.invoice(100, on="2026-01-05")  # starts the window
        line = self.line_of(self.mixed(on="2026-01-07", device=-800))
        self.assertEqual(line.move_id.payment_state, "paid", "what Odoo says")
        self.assertLine(line, state="earned", earned_amount=40.0, fully_paid_on="2026-01-07", due_on="2026-02-06")
        rows = self.env["partner.commission.accrual"]._fill(Date.to_date("2026-01-07"))
        self.assertIn(40.0, rows.mapped("earned_amount"))

    def test_d3_a_category_that_terms_exclude_cannot_be_deleted(self):
        with self.assertRefused("no commission on the products of .*Hardware.*Rename the category"):
            self.hardware.unlink()
        self.acquired()
        self.program_referral.excluded_category_ids = [Command.clear()]
        with self.assertRefused("no commission on the products of .*Hardware.*Rename the category"):
            self.hardware.unlink()
        with self.assertRefused("no commission on the products of Catalogue"):
            self.catalogue.unlink()
        self.services.unlink()


class TestDownPayments(ExcludedCommon):
    def order(self, **prices):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.client.id,
                "order_line": [
                    Command.create({"product_id": product.id, "price_unit": price, "tax_ids": [Command.clear()]})
                    for product, price in ((self.device, prices.get("device")), (self.help, prices.get("help")))
                    if price
                ],
            }
        )
        order.action_confirm()
        order.order_line.qty_delivered = 1
        return order

    def invoice_order(self, order, method="delivered", amount=0):
        wizard = self.env["sale.advance.payment.inv"].create(
            {"sale_order_ids": order.ids, "advance_payment_method": method, "amount": amount}
        )
        before = order.invoice_ids
        wizard.create_invoices()
        invoice = order.invoice_ids - before
        invoice.invoice_date = "2026-01-05"
        invoice.action_post()
        self.env.flush_all()
        return self.line_of(invoice)

    def test_d3_a_down_payment_for_what_earns_nothing_earns_nothing(self):
        self.acquired()
        order = self.order(device=1000)
        self.assertLine(self.invoice_order(order, "percentage", 30), base_amount=0.0, void_code="no_base")
        self.assertLine(self.invoice_order(order), base_amount=0.0, void_code="no_base")

    def test_d3_down_payments_and_the_final_invoice_earn_on_what_earns_together(self):
        self.acquired()
        order = self.order(device=1000, help=500)
        deposit = self.invoice_order(order, "percentage", 60)
        self.assertEqual(deposit.move_id.amount_untaxed, 900)
        self.assertLine(deposit, base_amount=300.0, amount=15.0)
        # What is ordered later changes neither the deposit nor what is taken off for it.
        order.order_line = [
            Command.create({"product_id": self.device.id, "price_unit": 3000, "tax_ids": [Command.clear()]})
        ]
        order.order_line.filtered("product_id").qty_delivered = 1
        final = self.invoice_order(order)
        self.assertEqual(final.move_id.amount_untaxed, 3600)
        self.assertLine(final, base_amount=200.0, amount=10.0)
        self.assertEqual(self.sweep(), 0)
        self.assertLine(deposit, base_amount=300.0)

    def test_d3_a_down_payment_earns_where_nothing_is_excluded(self):
        self.acquired()
        self.assertLine(self.invoice_order(self.order(help=500), "percentage", 50), base_amount=250.0, amount=12.5)

    def test_d3_a_credit_note_of_a_down_payment_takes_back_its_part(self):
        self.acquired()
        deposit = self.invoice_order(self.order(device=1000, help=500), "percentage", 60)
        self.credit(deposit.move_id)
        self.assertLine(deposit, credited_amount=300.0, void_code="credited")
