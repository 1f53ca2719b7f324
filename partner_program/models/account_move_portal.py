from odoo import api, models
from odoo.fields import Domain


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _get_payouts_domain(self) -> Domain:
        """The posted bills with commissions of the reader's company; access rules apply on top of it."""
        billed_sudo = self.sudo()._search([("commission_billing_ids", "!=", False)])  # portal users read no billings
        return (
            Domain("move_type", "=", "in_invoice")
            & Domain("state", "=", "posted")
            & Domain("commercial_partner_id", "=", self.env.user.commercial_partner_id.id)
            & Domain("id", "in", billed_sudo)
        )

    def _get_payment_dates(self) -> dict:
        """Day of the last payment of each bill that is paid in full, by id; one query."""
        paid = self.filtered(lambda move: move.payment_state in ("paid", "in_payment"))
        if not paid:
            return {}
        Movement = self.env["partner.commission.movement"]
        rows = Movement._read_group(
            [
                ("partner_id", "in", paid.commercial_partner_id.ids),
                ("kind", "in", ("paid", "set_off")),
                ("bill_id", "in", paid.ids),
            ],
            ["bill_id"],
            ["date:max"],
        )
        return {bill.id: day for bill, day in rows}
