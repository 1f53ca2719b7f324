from odoo import models
from odoo.exceptions import UserError

from odoo.addons.base.models.res_bank import sanitize_account_number

from ..tools.matching import compact_number


class PartnerProgramEnrollment(models.Model):
    """Bank account and tax ID, as partners tell them in the portal (D15)."""

    _inherit = "partner.program.enrollment"

    def _get_missing_details(self) -> set[str]:
        """What partners can tell by themselves: ``acc_number``, ``vat``."""
        missing = set()
        running = self.filtered(lambda enrollment: enrollment.state != "ended" or not enrollment.requirements_met)
        if any(one.program_id.bank_account_required and not one.partner_id.bank_ids for one in running):
            missing.add("acc_number")
        if any(one.program_id.tax_id_required and not one.partner_id.vat for one in running):
            missing.add("vat")
        return missing

    def _add_details(self, acc_number="", vat=""):
        """Add what is not known yet; called with raised rights for a person of the partner.

        What is known is never changed this way: whoever takes over a log-in must not redirect payments. The account is
        not trusted for outgoing payments until an accountant says so. What is known as it was typed is saved already:
        that was a second click, or a colleague.

        :raise UserError: a sentence for the reader; nothing is saved
        """
        self.ensure_one()
        partner = self.partner_id
        if not acc_number and not vat:
            raise UserError(self.env._("Please fill in at least one of the fields."))
        if acc_number and sanitize_account_number(acc_number) in partner.bank_ids.mapped("sanitized_acc_number"):
            acc_number = ""
        if vat and partner.vat and compact_number(vat) == compact_number(partner.vat):
            vat = ""
        if not acc_number and not vat:
            return
        if acc_number and partner.bank_ids:
            raise UserError(self.env._("A bank account is known already. Write to your account manager to change it."))
        if vat and partner.vat:
            raise UserError(self.env._("A tax ID is known already. Write to your account manager to change it."))
        if acc_number:
            self._check_account_number(acc_number)
            self._check_account_not_closed(acc_number)
            self.env["res.partner.bank"].create({"acc_number": acc_number, "partner_id": partner.id})
        if vat:
            partner.vat = vat
        self.message_post(
            body=self.env._(
                "The partner entered in the portal: %(what)s.", what=self._describe_details(acc_number, vat)
            ),
            subtype_xmlid="mail.mt_note",
        )

    def _check_account_number(self, acc_number):
        digits = [char for char in acc_number if char.isdigit()]
        if len(digits) < 4 or len(acc_number) > 64:
            raise UserError(self.env._("This is not a bank account number. Enter the IBAN, or the account number."))

    def _check_account_not_closed(self, acc_number):
        """An accountant has archived this account: only an accountant takes it up again."""
        accounts = self.env["res.partner.bank"].with_context(active_test=False)
        domain = [
            ("partner_id", "=", self.partner_id.id),
            ("sanitized_acc_number", "=", sanitize_account_number(acc_number)),
        ]
        if accounts.search_count(domain, limit=1):
            raise UserError(
                self.env._(
                    "This bank account was closed on our side. Enter another one, or write to your account manager."
                )
            )

    def _describe_details(self, acc_number, vat) -> str:
        parts = []
        if acc_number:
            parts.append(self.env._("bank account"))
        if vat:
            parts.append(self.env._("tax ID"))
        return ", ".join(parts)
