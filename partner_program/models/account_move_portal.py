from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


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
        self.env["account.partial.reconcile"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payable.move_id, MAX(partial.max_date)
                  FROM account_move_line payable
                  JOIN account_account account ON account.id = payable.account_id
                  JOIN account_partial_reconcile partial ON partial.credit_move_id = payable.id
                 WHERE payable.move_id = ANY(%s) AND account.account_type = 'liability_payable'
                 GROUP BY payable.move_id
                """,
                paid.ids,
            )
        )
        return dict(rows)
