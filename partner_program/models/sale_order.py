from odoo import api, fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    referral_id = fields.Many2one(
        "partner.referral",
        compute="_compute_referral_id",
        groups="sales_team.group_sale_salesman,account.group_account_invoice",
        help="The live claim of a partner on this customer.",
    )

    def action_register_referral(self):
        """Open the form that notes who referred the customer of this quotation, and when."""
        self.ensure_one()
        lead = self.opportunity_id
        if lead and lead.partner_id.commercial_partner_id == self.partner_id.commercial_partner_id:
            return self.env["partner.referral"]._get_register_action(default_lead_id=lead.id)
        return self.env["partner.referral"]._get_register_action(default_client_id=self.partner_id.id)

    def _action_confirm(self):
        # EXTENDS sale: whoever corrects the customer on the quotation only takes the client from its partner
        result = super()._action_confirm()
        for order in self.filtered("opportunity_id"):
            order.opportunity_id.sudo().referral_id._flag_customer_of_order(order)  # sudo: a manager has to know
        return result

    @api.depends("partner_id", "company_id")
    def _compute_referral_id(self):
        referrals = self.env["partner.referral"].search(
            [
                ("client_id", "in", self.partner_id.commercial_partner_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("state", "in", ("accepted", "acquired")),
            ]
        )
        by_client = {(referral.client_id, referral.company_id): referral for referral in referrals}
        for order in self:
            order.referral_id = by_client.get((order.partner_id.commercial_partner_id, order.company_id), False)
