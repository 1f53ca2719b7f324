from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from .account_move import ACCOUNTING


class AccountMove(models.Model):
    """The vendor bill that carries commissions: balance, approval, sending."""

    _inherit = "account.move"

    commission_warning = fields.Text(compute="_compute_commission_warning", groups=ACCOUNTING)

    def _is_commission_bill(self) -> bool:
        """Whether this is a self-billed vendor bill that carries commissions."""
        self.ensure_one()
        return bool(
            self.move_type == "in_invoice"
            and self.journal_id.is_self_billing
            and self.sudo().commission_billing_ids  # whoever handles the bill need not see the ledger
        )

    # ------------------------------------------------------------
    # CHECKS BEFORE POSTING
    # ------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS account: what is posted equals the ledger, and nobody waves an unusual sum through alone
        bills = self.filtered(lambda m: m.move_type == "in_invoice" and m.journal_id.is_self_billing)
        if bills:
            bills._check_commission_balance()
            bills._check_unusual_amount()
        return super()._post(soft)

    def _check_commission_balance(self):
        """Refuse a bill whose commission lines no longer equal their billings (invariant 2).

        :raise UserError: with the line and both amounts
        """
        billed = (
            self.env["partner.commission.billing"]
            .sudo()
            ._read_group(  # sudo: a check reads all there is
                [("bill_id", "in", self.ids)], ["bill_line_id"], ["amount:sum"]
            )
        )
        for line_sudo, amount in billed:
            bill = line_sudo.move_id
            if bill.currency_id.compare_amounts(line_sudo.price_subtotal, amount):
                raise UserError(
                    self.env._(
                        "The line “%(line)s” says %(on_bill)s, but its commissions add up to %(billed)s. "
                        "Set it back to that amount, or delete the line to bill it later; "
                        "for anything else add a line of your own.",
                        line=(line_sudo.name or "").split("\n")[0],
                        on_bill=format_amount(self.env, line_sudo.price_subtotal, bill.currency_id),
                        billed=format_amount(self.env, amount, bill.currency_id),
                    )
                )

    def _check_unusual_amount(self):
        """Only a partner manager posts a bill far above what the partner was ever billed.

        :raise UserError: with both amounts
        """
        if self.env.su or self.env.user.has_group("partner_program.group_manager"):
            return
        for bill in self:
            if warning := bill.sudo()._get_unusual_amount_warning():  # sudo: compares with bills of other users
                raise UserError(warning)

    @api.depends("state", "amount_untaxed")
    @api.depends_context("lang")
    def _compute_commission_warning(self):
        for move in self:
            is_draft_bill = move.state == "draft" and move.move_type == "in_invoice" and move.journal_id.is_self_billing
            move.commission_warning = is_draft_bill and move.sudo()._get_unusual_amount_warning()  # as above

    def _get_unusual_amount_warning(self):
        """Sentence when this bill is above the alert factor × the partner's highest so far, else False."""
        self.ensure_one()
        factor = self.company_id.partner_program_alert_factor
        if not factor or not self.commission_billing_ids:
            return False
        highest = self.search(
            [
                ("move_type", "=", "in_invoice"),
                ("state", "=", "posted"),
                ("commission_billing_ids", "!=", False),
                ("partner_id", "=", self.partner_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("company_id", "=", self.company_id.id),
                ("id", "!=", self._origin.id),
            ],
            order="amount_untaxed desc",
            limit=1,
        ).amount_untaxed
        if not highest or self.amount_untaxed <= factor * highest:
            return False
        return self.env._(
            "This bill of %(amount)s is more than %(factor)g times the highest so far for %(partner)s (%(highest)s). "
            "Check its commission lines; a partner manager has to post it.",
            amount=format_amount(self.env, self.amount_untaxed, self.currency_id),
            factor=factor,
            partner=self.partner_id.name,
            highest=format_amount(self.env, highest, self.currency_id),
        )

    def button_draft(self):
        # EXTENDS account: a cancelled bill does not come back beside the one that took its place
        cancelled = self.filtered(lambda m: m.state == "cancel" and m._is_commission_bill())
        if cancelled:
            lines_sudo = cancelled.sudo().commission_billing_ids.commission_line_id  # a check reads all there is
            successors = lines_sudo.billing_ids.bill_id.filtered(lambda bill: bill.state != "cancel")
            if successors:
                raise UserError(
                    self.env._(
                        "The commissions of %(bill)s have been billed again on %(successor)s since it was cancelled. "
                        "Leave it cancelled, or cancel that bill first.",
                        bill=cancelled[0].display_name,
                        successor=", ".join(successors.mapped("display_name")),
                    )
                )
        return super().button_draft()

    # ------------------------------------------------------------
    # APPROVAL AND SENDING
    # ------------------------------------------------------------

    def _ask_accountant_to_approve(self):
        """Give the accountant of the company a to-do on a bill that the run has drafted."""
        self.ensure_one()
        accountant = self.company_id._partner_program_accountant()
        if accountant:
            # quick update: a to-do in the list is enough, a run over a thousand partners sends no thousand mails
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Approve the commission bill"),
                date_deadline=self.invoice_date_due,
                user_id=accountant.id,
            )

    def _compute_display_send_button(self):
        # EXTENDS account: commission bills are sent to the partner
        result = super()._compute_display_send_button()
        for move in self:
            if move.state == "posted" and not move.display_send_button:
                move.display_send_button = move._is_commission_bill()
        return result

    def _get_invoice_pdf_proforma(self):
        # EXTENDS account: what the portal offers before the bill was sent carries the final name
        values = super()._get_invoice_pdf_proforma()
        if self._is_commission_bill():
            values["filename"] = self._get_invoice_report_filename()
        return values
