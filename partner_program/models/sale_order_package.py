from odoo import api, fields, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """A quotation that skips the entry package says so (P13); and who referred the client, until when it earns."""

    _inherit = "sale.order"

    referral_partner_id = fields.Many2one(
        "res.partner",
        "Referred By",
        compute="_compute_referral_earns",
        groups="sales_team.group_sale_salesman,account.group_account_invoice",
    )
    referral_earns = fields.Char(
        "Partner Earns",
        compute="_compute_referral_earns",
        groups="sales_team.group_sale_salesman,account.group_account_invoice",
    )
    first_package_warning = fields.Char(compute="_compute_first_package_warning", groups="base.group_user")

    @api.depends("partner_id", "company_id")
    @api.depends_context("lang")
    def _compute_referral_earns(self):
        for order in self:
            order.referral_partner_id = order.referral_id.partner_id
            order.referral_earns = order.referral_id.earns

    @api.depends("state", "partner_id", "company_id", "order_line.product_id", "order_line.product_uom_qty")
    @api.depends_context("lang")
    def _compute_first_package_warning(self):
        self.first_package_warning = False
        skipping = self.filtered(
            lambda order: (
                order.state in ("draft", "sent") and order.company_id.partner_program_first_package != "ignore"
            )
        )._get_skipping_packages()
        for order, (package, entry) in skipping.items():
            order.first_package_warning = order._explain_first_package(package, entry)

    def _explain_first_package(self, package, entry) -> str:
        self.ensure_one()
        return self.env._(
            "%(client)s has never had a package: each client starts on %(entry)s, and this quotation sells "
            "%(package)s. Add %(entry)s, or make sure that the client can do without.",
            client=self.partner_id.commercial_partner_id.name,
            entry=entry.name,
            package=package.name,
        )

    def _get_skipping_packages(self) -> dict:
        """``{order: (highest package, entry package)}`` of those that sell a first package above the entry one.

        A client has a package once an invoice with one is posted, or another order with one confirmed, in the
        company; what is in the quotation itself counts too. As many queries for a hundred as for one.
        """
        entry = self.env["partner.program.package"].sudo().search([("is_entry", "=", True)])  # a name
        sold = {}
        for order in self.filtered("partner_id"):
            lines_sudo = order.sudo().order_line.filtered(lambda line: line.product_uom_qty > 0)  # products, names
            packages = lines_sudo.product_id.product_tmpl_id.package_id
            if packages and entry not in packages and max(packages.mapped("rank")) > entry.rank:
                sold[order] = packages.sorted("rank")[-1]
        if not sold or not entry:
            return {}
        known = self.browse().union(*sold)._get_clients_with_package()
        return {
            order: (package, entry)
            for order, package in sold.items()
            if (order.partner_id.commercial_partner_id, order.company_id) not in known
        }

    def _get_clients_with_package(self) -> set:
        """``{(client, company)}`` of these orders that were sold a package before."""
        clients = self.partner_id.commercial_partner_id
        companies = self.company_id
        invoices_sudo = self.env["account.move"].sudo()  # whether there is any: documents of colleagues count too
        with_package = [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("commercial_partner_id", "in", clients.ids),
            ("company_id", "in", companies.ids),
            ("invoice_line_ids.product_id.product_tmpl_id.package_id", "!=", False),
        ]
        invoiced = invoices_sudo._read_group(
            [*with_package, ("payment_state", "!=", "reversed")], ["commercial_partner_id", "company_id"]
        )
        # Reversed, for Odoo, is also what the client's credit for another invoice paid.
        reversed_sudo = invoices_sudo.search([*with_package, ("payment_state", "=", "reversed")])
        invoiced += [
            (invoice.commercial_partner_id, invoice.company_id)
            for invoice in reversed_sudo
            if not invoice._is_fully_credited()
        ]
        ordered = (
            self.env["sale.order.line"]
            .sudo()  # as above
            ._read_group(
                [
                    ("product_id.product_tmpl_id.package_id", "!=", False),
                    ("order_id.state", "=", "sale"),
                    ("order_id", "not in", self._origin.ids),
                    ("order_id.partner_id.commercial_partner_id", "in", clients.ids),
                    ("company_id", "in", companies.ids),
                ],
                ["order_id.partner_id.commercial_partner_id", "company_id"],
            )
        )
        return {(client.sudo(False), company.sudo(False)) for client, company in (*invoiced, *ordered)}

    def _is_first_package_blocked(self) -> bool:
        """Whether the company forbids to sell this, and the client has not paid for it yet."""
        self.ensure_one()
        if self.company_id.partner_program_first_package != "block":
            return False
        # sudo: the text is for employees, the customer's page asks too
        return bool(self.sudo().first_package_warning) and not (
            self.amount_paid and self._is_confirmation_amount_reached()
        )

    def _confirmation_error_message(self):
        # EXTENDS sale: the company may forbid to skip the entry package; what a client has paid for is confirmed
        message = super()._confirmation_error_message()
        if not message and self._is_first_package_blocked():
            return self.first_package_warning
        return message

    def action_quotation_send(self):
        # EXTENDS sale: nobody is to sign or pay what may not be confirmed
        for order in self:
            if order._is_first_package_blocked():
                raise UserError(order.first_package_warning)
        return super().action_quotation_send()

    def _has_to_be_signed(self):
        # EXTENDS sale: the customer's page says why (views/sale_order_package_templates.xml)
        return super()._has_to_be_signed() and not self._is_first_package_blocked()

    def _has_to_be_paid(self):
        # EXTENDS sale: as above, before any money is taken
        return super()._has_to_be_paid() and not self._is_first_package_blocked()
