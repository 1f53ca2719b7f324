import logging

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import html2plaintext

from ..tools.one_by_one import try_each

_logger = logging.getLogger(__name__)

BANK_ACTIVITY = "partner_program.mail_activity_type_bank_account"


class AccountMove(models.Model):
    """The bank account of commission bills: that of the partner today, and told while nobody can pay to it."""

    _inherit = "account.move"

    @api.model
    def _look_at_bank_accounts(self):
        """Nightly: what drafts say of the account, and the warnings, follow the accounts of today.

        After the run, whose bills are made: where it fails the job does not, and the next night makes up for it.
        """
        try:
            with self.env.cr.savepoint():
                self._follow_bank_accounts()
        except Exception:
            self.env.invalidate_all(flush=False)
            _logger.exception("Partner commissions: the bank accounts of bills could not be looked at")

    @api.model
    def _follow_bank_accounts(self):
        drafts = [("state", "=", "draft"), ("posted_before", "=", False)]
        without = Domain("partner_bank_id", "=", False) & Domain("commercial_partner_id.bank_ids", "!=", False)
        outdated = without | Domain("partner_bank_id.active", "=", False)
        moves_sudo = self.sudo()  # bills, accounts and to-dos of all companies and users, whoever starts it
        if bills_sudo := moves_sudo.search(self._get_commission_bill_domain() & Domain(drafts) & outdated):
            try_each(bills_sudo, lambda some: some._renew_bank_account())
        moves_sudo._warn_of_blocked_payments()

    @api.model
    def _get_commission_bill_domain(self) -> Domain:
        return Domain("move_type", "=", "in_invoice") & Domain("commission_billing_ids", "!=", False)

    def _renew_bank_account(self):
        """Give those of these drafts that have none, or an archived one, the account of the partner.

        Odoo chooses it when vendor or currency change only, and a draft may be there for months. Where somebody has
        emptied it, and the partner has told no other since the bill was drafted, it stays empty.
        """
        outdated = self.filtered(
            lambda bill: (
                not bill.partner_bank_id.active
                if bill.partner_bank_id
                else any(account.create_date >= bill.create_date for account in bill.bank_partner_id.bank_ids)
            )
        )
        self.env.add_to_compute(self._fields["partner_bank_id"], outdated)

    def _get_blocked_payments(self) -> list:
        """Enrollment and a sentence for each of these bills that nobody can pay: its bank account is not trusted.

        The bill is right, and drafted all the same: there is time until its pay-by date.
        """
        return [
            (bill.commission_billing_ids.commission_line_id.enrollment_id[:1].id, bill._explain_blocked_payment())
            for bill in self.filtered(lambda bill: bill._is_payment_blocked())
        ]

    def _is_payment_blocked(self) -> bool:
        """Whether the account of this bill is not trusted. In place of an archived one Odoo pays to another one.

        That one has to be trusted, whether the archived one was or not.
        """
        self.ensure_one()
        account = self.partner_bank_id
        if account.active:
            return not account.allow_out_payment
        # As Odoo's dialog offers them: those of any company, or of this one.
        others = self.bank_partner_id.bank_ids.filtered(lambda other: other.company_id <= self.company_id)
        return bool(account) and not any(others.mapped("allow_out_payment"))

    def _explain_blocked_payment(self) -> str:
        values = {"partner": self.commercial_partner_id.name, "account": self.partner_bank_id.display_name}
        if not self.partner_bank_id.active:  # on purpose, more often than not
            return self.env._(
                "A bill of %(partner)s cannot be paid yet: its bank account %(account)s was archived, and no other one "
                "is trusted. Enter the right one on the contact, page Accounting, and allow sending money to that one.",
                **values,
            )
        return self.env._(
            "A bill of %(partner)s cannot be paid yet: its bank account %(account)s is not trusted. "
            "Allow sending money to it on the contact, page Accounting, before the bill is paid.",
            **values,
        )

    @api.model
    def _warn_of_blocked_payments(self):
        """Warn the account managers of what nobody can pay; a warning whose reason is gone goes, too.

        A level: it says what is true today, whoever has trusted an account, changed it, or paid in another way. What is
        blocked is not to be paid now.
        """
        to_pay = Domain("state", "!=", "cancel") & Domain("payment_state", "in", ("not_paid", "partial"))
        # Odoo leaves the trust to an account that is archived.
        asked = Domain("partner_bank_id.allow_out_payment", "=", False) | Domain("partner_bank_id.active", "=", False)
        bills = self.search(self._get_commission_bill_domain() & to_pay & asked, order="id")
        bills = bills.filtered(lambda bill: bill._is_payment_blocked())
        of_enrollment = bills.grouped(lambda bill: bill.commission_billing_ids.commission_line_id.enrollment_id[:1])
        kind = self.env.ref(BANK_ACTIVITY)
        warnings = self.env["mail.activity"].search(
            [("activity_type_id", "=", kind.id), ("automated", "=", True), ("res_id", "!=", False)]
        )
        gone = warnings.filtered(lambda warning: warning.res_id not in {one.id for one in of_enrollment})
        gone.unlink()
        given = (warnings - gone).grouped("res_id")
        vals_list = []
        for enrollment, blocked in of_enrollment.items():
            manager = enrollment._get_responsibles()[:1]
            blocked = blocked.with_context(lang=manager.lang)
            sentences = dict.fromkeys(bill._explain_blocked_payment() for bill in blocked)
            note = Markup("<br/>").join(sentences)
            if warning := given.get(enrollment.id):
                if html2plaintext(warning[0].note or "") != html2plaintext(note):
                    warning[0].note = note
                continue
            vals_list.append(
                {
                    "automated": True,
                    "activity_type_id": kind.id,
                    "summary": blocked.env._("Commissions cannot be paid: bank account not trusted"),
                    "note": note,
                    "res_model_id": self.env["ir.model"]._get_id(enrollment._name),
                    "res_id": enrollment.id,
                    "user_id": manager.id,
                }
            )
        self.env["mail.activity"].create(vals_list)
