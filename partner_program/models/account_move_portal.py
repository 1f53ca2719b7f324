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

    def _get_closings(self) -> dict:
        """When those of these bills were closed that are paid, by id; one query.

        Odoo calls a bill paid also while its payment is a draft again: it is not among them.

        :return: ``{id: (day of the last payment, day of the last setting off)}``; None for what there was not
        """
        paid = self.filtered(lambda move: move.payment_state in ("paid", "in_payment"))
        if not paid:
            return {}
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.move"].flush_model(["state", "origin_payment_id", "statement_line_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bill.id, closed.paid_on, closed.set_off_on
                  FROM account_move bill
                 CROSS JOIN LATERAL (%s) closed
                 WHERE bill.id = ANY(%s)
                   AND NOT EXISTS (
                       SELECT 1
                         FROM account_move_line payable
                         JOIN account_partial_reconcile partial ON partial.credit_move_id = payable.id
                         JOIN account_move_line counterpart_line ON counterpart_line.id = partial.debit_move_id
                         JOIN account_move counterpart ON counterpart.id = counterpart_line.move_id
                        WHERE payable.move_id = bill.id AND counterpart.state <> 'posted')
                """,
                self.env["partner.commission.change"]._get_closed_query(),
                paid.ids,
            )
        )
        return {bill_id: closing for bill_id, *closing in rows}

    @api.model
    def _get_paid_domain(self) -> Domain:
        """The bills that `_get_closings` knows; access rules apply on top of it."""
        bills_sudo = self.sudo()  # partners read no payments
        undone_sudo = bills_sudo._search(
            Domain("move_type", "=", "in_invoice")
            & Domain("commercial_partner_id", "=", self.env.user.commercial_partner_id.id)
            & Domain("line_ids.matched_debit_ids.debit_move_id.parent_state", "!=", "posted")
        )
        return Domain("payment_state", "in", ("paid", "in_payment")) & Domain("id", "not in", undone_sudo)

    def _filter_held(self):
        """Those of these bills that could not be paid on their day because something of the partner was missing."""
        billings_sudo = self.env["partner.commission.billing"].sudo()  # partners have no right on billings
        return billings_sudo.search([("bill_id", "in", self.ids), ("was_held", "=", True)]).bill_id.with_env(self.env)
