from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """The payment state of what the program pays and is paid by."""

    _inherit = "account.move"

    def _compute_payment_state(self):
        # EXTENDS account: whatever happens to a bill comes through here; statements tell what of it is commissions.
        # Those are on self-billing journals only; no other vendor bill costs anything. Where that was unticked later,
        # the sweep tells of them; what it must never do is bill again what was set off.
        self._unblock_settled()
        result = super()._compute_payment_state()
        bills = self.filtered(lambda move: move.move_type == "in_invoice")
        bills.filtered(lambda bill: bill.payment_state == "reversed")._set_paid_unless_taken_back()
        if of_commissions := bills.filtered("journal_id.is_self_billing").ids:
            self.env["partner.commission.change"]._note_bills_later(of_commissions)
        return result

    def _unblock_settled(self):
        """What is "blocked" stays so in Odoo whatever closes it; with nothing left to pay there is nothing to block.

        Only of what the ledger asks about: invoices of referred clients, and commission bills.
        """
        for move in self:
            if move.payment_state != "blocked" or not move.currency_id.is_zero(move.amount_residual):
                continue
            is_invoice = move.move_type == "out_invoice" and move.commercial_partner_id.referral_watch
            if is_invoice or (move.move_type == "in_invoice" and move._is_commission_bill()):
                move.payment_state = "not_paid"  # Odoo looks at what closed it, as for any other

    def action_toggle_block_payment(self):
        # EXTENDS account: a bill that was taken back would count again
        if self.payment_state == "reversed" and self._is_commission_bill():
            raise UserError(
                self.env._(
                    "%(bill)s was taken back by a credit note: there is no payment to block.", bill=self.display_name
                )
            )
        return super().action_toggle_block_payment()

    def _set_paid_unless_taken_back(self):
        """Odoo calls a bill reversed when refunds alone closed it, also those of something else that were set off.

        Such a commission bill is paid: "reversed" frees what it carries, and the next run would bill it again. Only
        the credit note on the bill itself takes it back, while it is posted: reset to draft, it stays reconciled.
        """
        bills_sudo = self.sudo()  # whoever reconciles need not see the ledger
        for bill_sudo in bills_sudo.filtered("commission_billing_ids"):
            counterparts_sudo = bill_sudo.line_ids.matched_debit_ids.debit_move_id.move_id
            own_sudo = counterparts_sudo & bill_sudo.reversal_move_ids
            if "posted" not in own_sudo.mapped("state"):
                bill_sudo.payment_state = "paid"
