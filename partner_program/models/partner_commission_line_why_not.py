from collections import Counter

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..engine import windows

PARTNERS_NAMED = 5  # partners with held lines that the explanation names


class PartnerCommissionLine(models.Model):
    """Why nothing was billed, and what to do about it."""

    _inherit = "partner.commission.line"

    def _check_can_bill(self):
        """A sentence for each way in which the books cannot take a bill."""
        company, currency, journal = self.company_id, self.currency_id, self._get_bill_journal()
        if not company.root_id.chart_template:
            raise UserError(
                self.env._(
                    "%(company)s has no chart of accounts. Install one in the accounting settings.",
                    company=company.name,
                )
            )
        if not journal:
            raise UserError(
                self.env._(
                    "%(company)s has no self-billing purchase journal. Create one and choose it on the program.",
                    company=company.name,
                )
            )
        if not journal.active:
            raise UserError(
                self.env._(
                    "The journal %(journal)s is archived. Choose another one on the program.",
                    journal=journal.display_name,
                )
            )
        if not journal.is_self_billing:
            raise UserError(
                self.env._(
                    "The journal %(journal)s is not for self-billing. Set “Self Billing” on it, or choose another one "
                    "on the program.",
                    journal=journal.display_name,
                )
            )
        if not currency.active:
            raise UserError(
                self.env._(
                    "The currency %(currency)s is archived. Activate it, then run again.", currency=currency.name
                )
            )
        vendor, own = self.partner_id.with_company(company), company.partner_id.with_company(company)
        if not (vendor.property_account_payable_id or own.property_account_payable_id):  # as Odoo looks for it
            raise UserError(
                self.env._(
                    "%(partner)s has no account payable at %(company)s. Set one on the contact, page Accounting.",
                    partner=vendor.name,
                    company=company.name,
                )
            )
        for product in self.program_id.commission_product_id.with_company(company):
            taxes = product.supplier_taxes_id._filter_taxes_by_company(company)
            if taxes.filtered("price_include"):
                raise UserError(
                    self.env._(
                        "The commission product %(product)s has a purchase tax that is included in the price, but "
                        "commissions are untaxed amounts. Choose a tax that is added to the price, or none.",
                        product=product.display_name,
                    )
                )
            accounts = product.product_tmpl_id.get_product_accounts()
            if not accounts["expense"] and not journal.default_account_id:
                raise UserError(
                    self.env._(
                        "The commission product %(product)s has no expense account. Set one on the product, "
                        "its category, or the journal %(journal)s.",
                        product=product.display_name,
                        journal=journal.display_name,
                    )
                )

    def _explain_no_bills(self) -> str:
        """Why a run over these lines made nothing: another one has them, or nothing of them can be billed today."""
        lines = self.exists()
        if lines - lines.try_lock_for_update():
            return self.env._(
                "Another run is billing these commissions right now. Look at the commission bills in a moment."
            )
        scope = Domain("id", "in", (lines | lines._get_companions()).ids)  # what is carried forward counts, too
        parts = [self.env._("Nothing of this selection can be billed today."), *self._explain_open(scope)]
        states = Counter(line.state for line in lines)
        if count := states["billed"] + states["paid"]:
            parts.append(self.env._("Billed already: %(count)s.", count=count))
        if count := states["expected"]:
            parts.append(self.env._("Waiting until the client has paid in full: %(count)s.", count=count))
        if count := states["void"]:
            parts.append(self.env._("Worth nothing: %(count)s.", count=count))
        return " ".join(parts)

    @api.model
    def _explain_nothing_due(self, until=None) -> str:
        """Why a run over all lines makes nothing.

        :param date until: it looked at pay-by dates until that day only
        """
        parts = self._explain_open()
        if not parts:
            return self.env._("Nothing to bill: no commission is earned and unbilled.")
        if until:
            day = format_date(self.env, until)
            opening = self.env._("Nothing to bill today with a pay-by date until %(day)s.", day=day)
        else:
            opening = self.env._("Nothing to bill today.")
        return " ".join([opening, *parts])

    @api.model
    def _explain_open(self, scope=Domain.TRUE) -> list[str]:
        """Sentences: how much is earned, when the first is due, what is carried forward, what is held."""
        earned = scope & Domain("state", "=", "earned") & Domain("open_amount", "!=", 0)
        count = self.search_count(earned & Domain("open_amount", ">", 0))
        first_due, owing = self._get_balances(earned)
        held = self._read_group(
            scope & Domain("state", "=", "held"), ["enrollment_id"], ["__count"], order="__count desc"
        )
        parts = []
        if count and first_due:
            parts.append(
                self.env._(
                    "Commission lines earned: %(count)s, the first is due on %(day)s.",
                    count=count,
                    day=format_date(self.env, first_due),
                )
            )
        elif count:
            parts.append(self.env._("Commission lines earned: %(count)s.", count=count))
        parts += self._explain_owing(owing)
        if held:
            reasons = [
                self.env._(
                    "%(partner)s (%(reason)s)",
                    partner=enrollment.partner_id.name,
                    reason=enrollment.missing_requirements
                    or (
                        enrollment.current_enrollment_id.state == "suspended"
                        and self.env._("The enrollment is suspended")
                    )
                    or self.env._("on hold"),
                )
                for enrollment, _count in held[:PARTNERS_NAMED]
            ]
            parts.append(
                self.env._(
                    "Held: %(count)s, of %(partners)s.",
                    count=sum(number for _enrollment, number in held),
                    partners=", ".join(reasons) + (" …" if len(held) > PARTNERS_NAMED else ""),
                )
            )
        return parts

    @api.model
    def _explain_owing(self, owing) -> list[str]:
        """Sentence about partners who have to make up for something first, if there are any.

        :param owing: ``[((partner, currency, company), balance)]``
        """
        if not owing:
            return []
        balances = [
            f"{partner.name} {format_amount(self.env, amount, currency)}"
            for (partner, currency, _company), amount in owing[:PARTNERS_NAMED]
        ]
        return [
            self.env._(
                "Carried forward until new commissions make up for it: %(balances)s.",
                balances=", ".join(balances) + (" …" if len(owing) > PARTNERS_NAMED else ""),
            )
        ]

    @api.model
    def _get_balances(self, earned) -> tuple:
        """When the next bill can be made, and what partners have to make up for first (D16).

        What is to be taken back, or was taken back too often, counts at once, what is earned from the day on which it
        may be billed.

        :param earned: which lines have something open that nothing holds
        :return: ``(day, owing)``: the pay-by date that turns the first balance positive, or False; and
            ``[((partner, currency, company), balance of today)]`` of those with something to take back
        """
        key = ["partner_id", "currency_id", "company_id"]
        dated = Domain("open_amount", ">", 0) & Domain("due_on", "!=", False)
        corrections = self._read_group(earned & ~dated, key, ["open_amount:sum"])
        rows = self._read_group(
            earned & dated,
            [*key, "program_id", "due_on:day"],
            ["open_amount:sum"],
            order="due_on:day",
        )
        balances = {tuple(of_key): amount for *of_key, amount in corrections}
        today, days = dict(balances), {}
        for *of_key, program, due_on, amount in rows:
            group = tuple(of_key)
            _partner, currency, company = group
            balances[group] = balances.get(group, 0.0) + amount
            if group not in days and currency.compare_amounts(balances[group], 0) > 0:
                days[group] = due_on
            lead_days = program.sudo().bill_lead_days  # accountants need not read programs
            if group in today and windows.billable_from(due_on, lead_days) <= company._partner_program_today():
                today[group] += amount
        owing = [(group, amount) for group, amount in today.items() if group[1].compare_amounts(amount, 0) <= 0]
        return min(days.values(), default=False), owing
