from odoo import models
from odoo.exceptions import UserError

from .account_move_commission_bill import LINES_NAMED


class AccountMove(models.Model):
    """Commission bills that are cancelled or reset to draft: nothing is paid by it that is not to be (invariant 3)."""

    _inherit = "account.move"

    def button_cancel(self):
        # EXTENDS account: nobody approves a bill that was cancelled
        result = super().button_cancel()
        if cancelled := self.filtered(lambda m: m.state == "cancel" and m._is_commission_bill()):
            cancelled._get_approvals().unlink()
        return result

    def button_draft(self):
        # EXTENDS account: a bill that was cancelled or taken back does not come back beside what took its place
        self._check_not_taken_back()
        cancelled = self.filtered(lambda m: m.state == "cancel" and m._is_commission_bill())
        if returning := cancelled | self._get_taken_back():
            returning._check_still_open()
            returning.filtered("posted_before")._check_still_earned()
        result = super().button_draft()
        if again := cancelled.filtered(lambda m: not m.posted_before):
            again_sudo = again.sudo()  # the to-do is another user's
            again_sudo._ask_accountant_to_approve()
        return result

    def _get_taken_back(self):
        """The commission bills that count for nothing as long as these are posted: their credit notes."""
        notes = self.filtered(lambda m: m.move_type == "in_refund" and m.state == "posted")
        return notes.reversed_entry_id.filtered(lambda m: m.payment_state == "reversed" and m._is_commission_bill())

    def _check_not_taken_back(self):
        """Refuse to reset a commission bill whose credit note is posted: the note would be left over, and the next
        bill set off against it.
        """
        for bill in self:
            # First what costs nothing: most entries that are reset are no bills.
            if bill.state != "posted" or bill.move_type != "in_invoice":
                continue
            credit_note = bill.reversal_move_ids.filtered(lambda m: m.move_type == "in_refund" and m.state == "posted")
            if credit_note and bill._is_commission_bill():
                if successors := bill._find_replaced().billing_ids._filter_live().bill_id - bill:
                    raise UserError(
                        self.env._(
                            "%(bill)s was taken back by %(credit_note)s, and its commissions have been billed again on "
                            "%(successor)s since. Leave all of them as they are: what changes is on the next bill.",
                            bill=bill.display_name,
                            credit_note=credit_note[0].display_name,
                            successor=", ".join(successors.mapped("display_name")),
                        )
                    )
                if bill.payment_state != "reversed":
                    raise UserError(
                        self.env._(
                            "%(bill)s was taken back by %(credit_note)s, and counts again since somebody has undone "
                            "their reconciliation. Reset %(credit_note)s to draft first, or reconcile the two again.",
                            bill=bill.display_name,
                            credit_note=credit_note[0].display_name,
                        )
                    )
                raise UserError(
                    self.env._(
                        "%(bill)s was taken back by %(credit_note)s. Reset %(credit_note)s to draft first, or leave "
                        "both as they are: the next run drafts a new bill with what is due.",
                        bill=bill.display_name,
                        credit_note=credit_note[0].display_name,
                    )
                )

    def _check_still_open(self):
        """Refuse to bring back bills whose commissions others carry by now, or that carry the same ones."""
        replaced_sudo = self._find_replaced()
        if successors := replaced_sudo.billing_ids._filter_live().bill_id:
            raise UserError(
                self.env._(
                    "%(bill)s would count again, but its commissions have been billed again on %(successor)s. Leave "
                    "it as it is, or cancel %(successor)s first.",
                    bill=self[0].display_name,
                    successor=", ".join(successors.mapped("display_name")),
                )
            )
        by_line = self.sudo().commission_billing_ids.grouped("commission_line_id")  # a check reads all there is
        for line_sudo in replaced_sudo:
            if len(bills := by_line[line_sudo].bill_id) > 1:
                raise UserError(
                    self.env._(
                        "%(bills)s carry the same commissions: bring one of them back, not all.",
                        bills=", ".join(bills.mapped("display_name")),
                    )
                )

    def _find_replaced(self):
        """The commissions (sudo) of which not all that these bills carry is still open."""
        by_line = self.sudo().commission_billing_ids.grouped("commission_line_id")  # a check reads all there is
        lines_sudo = self.env["partner.commission.line"].sudo().union(*by_line)
        # A correction has live billings beside it, too: what counts is whether all of it is still open.
        return lines_sudo.filtered(lambda line: not line._is_open(sum(by_line[line].mapped("amount"))))

    def _check_still_earned(self):
        """Refuse to bring back bills with what is on hold, or worth less by now.

        Of a draft, posting it asks that. These were posted before: the check at posting leaves those alone, as their
        figures are with the partner; but while they were cancelled or taken back they counted for nothing.
        """
        bills_sudo = self.sudo()  # a check reads all there is
        for bill_sudo in bills_sudo:
            if held := bill_sudo.commission_billing_ids.commission_line_id.filtered("hold_code").sorted("id"):
                named = [f"{line.display_name} ({line._get_hold_reason()})" for line in held[:LINES_NAMED]]
                raise UserError(
                    self.env._(
                        "%(bill)s of %(partner)s would count again, but carries commissions that are on hold: "
                        "%(commissions)s. Leave it as it is: once nothing holds them any more, the next run puts them "
                        "onto a new bill.",
                        bill=bill_sudo.display_name,
                        partner=bill_sudo.commercial_partner_id.name,
                        commissions=", ".join(named + ["…"] * (len(held) > LINES_NAMED)),
                    )
                )
            if changed := bill_sudo._find_replaced().sorted("id"):
                named = changed[:LINES_NAMED].mapped("display_name")
                raise UserError(
                    self.env._(
                        "%(bill)s of %(partner)s would count again, but carries commissions that are not worth any "
                        "more what it says: %(commissions)s. Leave it as it is: the next run drafts a new bill with "
                        "what is due.",
                        bill=bill_sudo.display_name,
                        partner=bill_sudo.commercial_partner_id.name,
                        commissions=", ".join(named + ["…"] * (len(changed) > LINES_NAMED)),
                    )
                )
