from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _compute_payment_state(self):
        # EXTENDS account: whatever happens to a bill comes through here; statements tell what of it is commissions.
        # Those are on self-billing journals only; no other vendor bill costs anything.
        result = super()._compute_payment_state()
        bills = self.filtered(lambda move: move.move_type == "in_invoice" and move.journal_id.is_self_billing)
        if bills.ids:
            bills.filtered(lambda bill: bill.payment_state == "reversed")._set_paid_unless_taken_back()
            self.env["partner.commission.change"]._note_bills_later(bills.ids)
        return result

    def _set_paid_unless_taken_back(self):
        """Odoo calls a bill reversed when refunds alone closed it, also those of something else that were set off.

        Such a commission bill is paid: "reversed" frees what it carries, and the next run would bill it again. Only
        the credit note on the bill itself takes it back.
        """
        bills_sudo = self.sudo()  # whoever reconciles need not see the ledger
        for bill_sudo in bills_sudo.filtered("commission_billing_ids"):
            counterparts_sudo = bill_sudo.line_ids.matched_debit_ids.debit_move_id.move_id
            if not counterparts_sudo & bill_sudo.reversal_move_ids:
                bill_sudo.payment_state = "paid"
