from datetime import date

from odoo import api, models
from odoo.fields import Date, Domain

from .partner_commission_movement import KINDS

EARNINGS = Domain("kind", "in", ("earned", "correction"))


class PartnerCommissionMovement(models.Model):
    """A statement: opening balance, what moved it, closing balance; each figure is a sum of movements."""

    _inherit = "partner.commission.movement"

    @api.model
    def _get_statement(self, partner, companies, date_from: date, date_to: date) -> list[dict]:
        """One row per company and currency that ever moved, in two queries however many movements there are.

        Each row: ``company``, ``currency``, ``opening``, ``earned``, ``correction``, ``billed``, ``paid``,
        ``set_off``, ``closing`` (= opening + earned + correction − paid − set off), ``on_bills`` and ``not_billed``
        (the two parts of ``closing``), ``commissions`` (how many movements of commissions).
        """
        of_partner = self._of_partner(partner, companies)
        before = self._sum_by_kind(of_partner & Domain("date", "<", date_from))
        during = self._sum_by_kind(of_partner & Domain("date", ">=", date_from) & Domain("date", "<=", date_to))
        keys = dict.fromkeys([*before, *during])
        return [
            self._balance(company, currency, before.get((company, currency), {}), during.get((company, currency), {}))
            for company, currency in sorted(keys, key=lambda key: (key[0].name, key[1].name))
        ]

    @api.model
    def _get_months(self, partner, companies) -> list[dict]:
        """The same rows month by month, newest first, each with ``month`` (its first day); one query.

        Months in which nothing moved are left out.
        """
        months, so_far = [], {}
        grouped = {}
        for company, currency, month, kind, amount, count in self._read_group(
            self._of_partner(partner, companies),
            ["company_id", "currency_id", "date:month", "kind"],
            ["amount:sum", "__count"],
        ):
            kinds = grouped.setdefault((month, company, currency), {})
            kinds[kind] = (amount, count)
        for month, company, currency in sorted(grouped, key=lambda key: (key[0], key[1].name, key[2].name)):
            during, before = grouped[month, company, currency], so_far.setdefault((company, currency), {})
            last_day = Date.end_of(month, "month")
            months.append({"month": month, "last_day": last_day, **self._balance(company, currency, before, during)})
            so_far[company, currency] = {
                kind: (before.get(kind, (0, 0))[0] + during.get(kind, (0, 0))[0], 0) for kind in KINDS
            }
        return months[::-1]

    @api.model
    def _of_partner(self, partner, companies) -> Domain:
        """Movements of this partner company; the condition is here too, for callers with raised rights."""
        return Domain("partner_id", "=", partner.commercial_partner_id.id) & Domain("company_id", "in", companies.ids)

    @api.model
    def _sum_by_kind(self, domain) -> dict:
        sums = {}
        for company, currency, kind, amount, count in self._read_group(
            domain, ["company_id", "currency_id", "kind"], ["amount:sum", "__count"]
        ):
            sums.setdefault((company, currency), {})[kind] = (amount, count)
        return sums

    @api.model
    def _balance(self, company, currency, before, during) -> dict:
        opened, moved = ({kind: sums.get(kind, (0.0, 0))[0] for kind in KINDS} for sums in (before, during))
        opening = opened["earned"] + opened["correction"] - opened["paid"] - opened["set_off"]
        on_bills = sum(sums["billed"] - sums["paid"] - sums["set_off"] for sums in (opened, moved))
        closing = opening + moved["earned"] + moved["correction"] - moved["paid"] - moved["set_off"]
        figures = {**moved, "opening": opening, "closing": closing, "on_bills": on_bills}
        figures["not_billed"] = closing - on_bills
        return {
            "company": company,
            "currency": currency,
            **{name: currency.round(amount) + 0.0 for name, amount in figures.items()},
            "commissions": sum(during.get(kind, (0, 0))[1] for kind in ("earned", "correction")),
        }

    # ------------------------------------------------------------
    # WHAT IT CONSISTS OF
    # ------------------------------------------------------------

    @api.model
    def _get_commission_entries(self, partner, companies, date_from, date_to, limit=None, offset=0):
        """What was earned and corrected in the period, fetched at once: a query by id would read the whole table."""
        domain = self._get_period_domain(partner, companies, date_from, date_to)
        fnames = ["date", "kind", "commission_line_id", "company_id", "currency_id", "amount"]
        return self.search_fetch(domain & EARNINGS, fnames, limit=limit, offset=offset)

    @api.model
    def _has_more_entries_than(self, count, partner, companies, date_from, date_to) -> bool:
        domain = self._get_period_domain(partner, companies, date_from, date_to) & EARNINGS
        return self.search_count(domain, limit=count + 1) > count

    @api.model
    def _get_period_domain(self, partner, companies, date_from, date_to) -> Domain:
        period = Domain("date", ">=", date_from) & Domain("date", "<=", date_to)
        return self._of_partner(partner, companies) & period

    @api.model
    def _get_bill_entries(self, partner, companies, date_from, date_to) -> list[dict]:
        """What was billed, paid and set off in the period, one row for each bill and day: ``date``, ``kind``, ``bill``,
        ``company``, ``currency``, ``amount``."""
        domain = self._get_period_domain(partner, companies, date_from, date_to)
        rows = self._read_group(
            domain & Domain("kind", "in", ("billed", "paid", "set_off")),
            ["date:day", "kind", "bill_id", "company_id", "currency_id"],
            ["amount:sum"],
        )
        names = ("date", "kind", "bill", "company", "currency", "amount")
        entries = [dict(zip(names, row, strict=True)) for row in rows]
        return sorted(entries, key=lambda entry: (entry["date"], entry["kind"], entry["bill"].id or 0))

    def _explain(self) -> str:
        """The sentence of the ledger, which says why; a correction says that it is one."""
        self.ensure_one()
        line = self.commission_line_id
        origin = line._explain_origin()
        if self.kind != "correction":
            return origin
        # By the facts of today, as all of the sentence: that is why it says so.
        if self.amount < 0 and (reason := line._explain_loss()):
            return self.env._("Correction: %(how)s. Today: %(reason)s", how=origin, reason=reason)
        return self.env._("Correction: %(how)s", how=origin)
