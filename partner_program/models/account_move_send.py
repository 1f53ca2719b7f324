from odoo import models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _get_move_constraints(self, move):
        # EXTENDS account: Community sends sales documents only; a commission bill is the partner's sales document
        constraints = super()._get_move_constraints(move)
        if move._is_sent_to_partner():
            constraints.pop("not_sale_document", None)
        return constraints
