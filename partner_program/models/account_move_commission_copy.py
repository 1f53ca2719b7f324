from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_amount

NOT_COMPUTED = ("product", "line_section", "line_subsection", "line_note")  # what Odoo copies for "Reverse and Create"


class AccountMove(models.Model):
    """Copies and credit notes of commission bills: no commission gets onto a bill but by the run (invariant 2)."""

    _inherit = "account.move"

    def copy_data(self, default=None):
        # EXTENDS account: a copy is another bill, and its commissions are on the first one
        if (default or {}).get("reversed_entry_id"):  # a credit note takes back all that the bill says
            return super().copy_data(default)
        vals_list = super(AccountMove, self.with_context(leave_commissions_out=True)).copy_data(default)
        for move, vals in zip(self, vals_list, strict=True):
            if vals and move._is_commission_bill():  # Odoo computes taxes and payable anew
                vals["line_ids"] = [
                    (command, id_, line)
                    for command, id_, line in vals.get("line_ids", ())
                    if line["display_type"] in NOT_COMPUTED
                ]
        return vals_list

    def _copy_recurring_entries(self):
        # EXTENDS account: a bill of commissions only leaves nothing that could recur
        recurring = self.filtered(lambda move: not move._is_commission_bill() or move._get_own_bill_lines())
        return super(AccountMove, recurring)._copy_recurring_entries()

    def _get_copy_message_content(self, default):
        # EXTENDS account: says why the copy has fewer lines
        content = super()._get_copy_message_content(default)
        if default.get("reversed_entry_id") or not self._is_commission_bill():
            return content
        return self.env._(
            "%(copied)s. Its commissions stay on that bill: each is billed once, by the run.", copied=content
        )

    def _get_own_bill_lines(self):
        """The lines of this bill that carry no commissions: those that the accountant has added."""
        self.ensure_one()
        move_sudo = self.sudo()  # billings are the ledger's
        carrying_sudo = move_sudo.commission_billing_ids.bill_line_id
        return self.invoice_line_ids.filtered(
            lambda line: line.display_type == "product" and line.id not in carrying_sudo._ids
        )

    def _post(self, soft=True):
        # EXTENDS account: a credit note takes a commission bill back as a whole, or not at all
        posted = super()._post(soft)
        for credit_note in posted:
            if credit_note.move_type == "in_refund" and credit_note.reversed_entry_id:
                credit_note._check_takes_commissions_back()
        return posted

    def _check_takes_commissions_back(self):
        """Refuse a credit note that leaves a commission bill half alive.

        The ledger counts a bill in full, or not at all once it is reversed. With
        a credit note for a part of it, or beside its payment, Odoo would call the
        bill paid, and so would the partner's statement: the difference were lost.

        :raise UserError: with what to do instead
        """
        self.ensure_one()
        bill, currency = self.reversed_entry_id, self.currency_id
        if not bill._is_commission_bill():
            return
        values = {"credit_note": self.display_name, "bill": bill.display_name}
        if bill.currency_id != currency or currency.compare_amounts(self.amount_total, bill.amount_total):
            raise UserError(
                self.env._(
                    "A credit note on a commission bill takes the whole bill back: %(credit_note)s is of %(amount)s, "
                    "%(bill)s of %(whole)s. Make it equal. The commissions become open again then, and the next run "
                    "drafts a new bill with the right amounts; for a correction alone no credit note is needed.",
                    amount=format_amount(self.env, self.amount_total, currency),
                    whole=format_amount(self.env, bill.amount_total, bill.currency_id),
                    **values,
                )
            )
        if currency.is_zero(self.amount_residual) and bill.payment_state == "reversed":
            return
        if bill.payment_state == "reversed":
            raise UserError(
                self.env._("%(bill)s has been taken back already. Delete the credit note %(credit_note)s.", **values)
            )
        raise UserError(
            self.env._(
                "A credit note on a commission bill takes the whole bill back. Undo the payment of %(bill)s first, "
                "or leave it: what has changed is corrected on the next bill.",
                **values,
            )
        )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def copy_data(self, default=None):
        # EXTENDS account: see copy_data of the entry; Odoo leaves out what is empty
        vals_list = super().copy_data(default)
        if not self.env.context.get("leave_commissions_out"):
            return vals_list
        lines_sudo = self.sudo()  # billings are the ledger's
        return [
            None if line_sudo.commission_billing_ids else vals
            for line_sudo, vals in zip(lines_sudo, vals_list, strict=True)
        ]
