from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _compute_payment_state(self):
        # EXTENDS account: whatever happens to a bill comes through here; statements tell what of it is commissions.
        # Those are on self-billing journals only; no other vendor bill costs anything.
        result = super()._compute_payment_state()
        bills = self.filtered(lambda move: move.move_type == "in_invoice" and move.journal_id.is_self_billing)
        if bills.ids:
            self.env["partner.commission.change"]._note_bills_later(bills.ids)
        return result
