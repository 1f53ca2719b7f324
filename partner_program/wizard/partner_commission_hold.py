from odoo import fields, models
from odoo.exceptions import UserError


class PartnerCommissionHold(models.TransientModel):
    """Asks why commission lines are held by hand."""

    _name = "partner.commission.hold"
    _description = "Hold Commissions"

    line_ids = fields.Many2many("partner.commission.line", required=True)
    reason = fields.Char(required=True, help="The partner reads this reason.")

    def action_confirm(self):
        """Hold the lines until they are released."""
        self.ensure_one()
        if not self.reason.strip():
            raise UserError(self.env._("Say why the commissions are held: the partner reads it."))
        self.line_ids.write({"held_by_hand": True, "manual_hold_reason": self.reason.strip()})
        if sentences := self._explain_not_held():
            return self.line_ids._notify(sentences, {"type": "ir.actions.act_window_close"})
        return {"type": "ir.actions.act_window_close"}

    def _explain_not_held(self) -> list[str]:
        """A sentence for each bill that was posted and keeps these lines (invariant 7), whatever more is held."""
        lines_sudo = self.line_ids.sudo()  # whoever holds need not see bills, but has to know
        billings_sudo = lines_sudo.billing_ids._filter_live().filtered("bill_id.posted_before")
        sentences = []
        for bill_sudo, of_bill in billings_sudo.grouped("bill_id").items():
            values = {
                "commissions": ", ".join(of_bill.commission_line_id.mapped("display_name")),
                "bill": bill_sudo.display_name,
            }
            if bill_sudo.payment_state in ("paid", "in_payment"):
                sentence = self.env._(
                    "%(commissions)s: paid with the bill %(bill)s already, and only what is billed later is held.",
                    **values,
                )
            elif bill_sudo.state == "draft":
                sentence = self.env._(
                    "%(commissions)s: on the bill %(bill)s already, which was posted before, and only what is billed "
                    "later is held. To pay nothing meanwhile, cancel the bill.",
                    **values,
                )
            else:
                sentence = self.env._(
                    "%(commissions)s: on the posted bill %(bill)s already, and only what is billed later is held. To "
                    "pay nothing meanwhile, block the payment of the bill, or take it back with a credit note.",
                    **values,
                )
            sentences.append(sentence)
        return sentences
