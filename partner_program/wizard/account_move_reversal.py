from odoo import models
from odoo.exceptions import UserError


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        # EXTENDS account: the copy would pay commissions that the run bills again
        if is_modify and (bills := self.move_ids.filtered(lambda move: move._is_commission_bill())):
            raise UserError(
                self.env._(
                    "%(bill)s carries commissions, and a copy of it would bill them twice. Reverse it only: its "
                    "commissions become open again, and the next run drafts a new bill.",
                    bill=bills[0].display_name,
                )
            )
        return super().reverse_moves(is_modify)
