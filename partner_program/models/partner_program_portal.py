from collections import defaultdict
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date
from odoo.tools.sql import escape_psql

from .partner_referral import EARNING_STATES

CHART_MONTHS = 12
MONTHS_AHEAD = 3
OPEN_STATES = ("expected", "earned", "held")  # the rows that the partial index `_portal_open` holds
OPEN_KEYS = ("company_id", "currency_id", "state", "hold_code", "due_on")  # what their sums are told by
PAID = ("paid", "in_payment")
SHOWN = 6  # referrals and clients on the dashboard


class PartnerProgramPortal(models.AbstractModel):
    """Everything that the pages of a partner add up, in one place and in a constant number of queries.

    Each method takes the partner company and names it in its domain: the reader may be one of its people, whom the
    access rules keep there anyway, or a manager who looks at what the partner sees.
    """

    _name = "partner.program.portal"
    _description = "Figures of the Partner Portal"

    @api.model
    def _own(self, partner) -> Domain:
        """What belongs to the partner company, in the companies of the reader."""
        return Domain("partner_id", "=", partner.commercial_partner_id.id) & Domain(
            "company_id", "in", self.env.companies.ids
        )

    @api.model
    def _told_sudo(self, records, fnames, text) -> Domain:
        """Rows in which one of these names has this text: what partners may look for behind what they cannot read.

        Only this condition has raised rights; which rows are the reader's stays with its access rules.

        :param list[str] fnames: names that partners read on each of the rows
        """
        records_sudo = records.sudo()  # see above
        domain = Domain.OR(Domain(fname, "ilike", escape_psql(text)) for fname in fnames).optimize_full(records_sudo)
        return Domain.custom(to_sql=lambda model, alias, query: domain._to_sql(model.sudo(), alias, query))

    @api.model
    def _get_enrollments_sudo(self, partner):
        """The enrollments of the partner company, the running ones first; applicants see their status page only."""
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # partners have no right on enrollments
        approved = Domain("state", "not in", ("applied", "rejected"))
        return enrollments_sudo.search(self._own(partner) & approved).sorted(
            lambda enrollment: (enrollment.state not in ("active", "suspended"), enrollment.id)
        )

    # ------------------------------------------------------------
    # BILLS
    # ------------------------------------------------------------

    @api.model
    def _get_bills(self, partner) -> list[dict]:
        """The live commission bills of a partner, oldest pay-by date first; read in one query.

        Drafts are among them: what they carry is still to be paid, but partners cannot open them.

        :return: ``{"id", "company_id", "currency_id", "state", "posted_before", "amount" (without tax), "open" and
            "set_off" (of the amount: what is still to pay, and what was set off instead of paid), "billed_on",
            "due_on", "paid_on", "set_off_on", "was_held"}``; the two days of payment are None while something is open
        """
        self.env["account.partial.reconcile"].flush_model()
        self.env["partner.commission.billing"].flush_model()
        self.env["account.move"].flush_model()
        self.env["account.move.line"].flush_model(["move_id", "account_id"])
        # LIMIT makes PostgreSQL look for one billing of each bill, instead of reading a million of them first.
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT bill.id, bill.company_id, bill.currency_id, bill.state, bill.posted_before,
                       bill.amount_untaxed AS amount,
                       COALESCE(bill.invoice_date_due, bill.date) AS due_on,
                       COALESCE(bill.invoice_date, bill.date) AS billed_on,
                       CASE WHEN bill.state <> 'posted' THEN 0
                            WHEN bill.amount_total <> 0 THEN COALESCE(closed.amount, 0) / bill.amount_total
                            WHEN bill.payment_state IN %(paid)s THEN 1
                            ELSE 0 END AS closed,
                       COALESCE(closed.set_off / NULLIF(bill.amount_total, 0), 0) AS set_off,
                       closed.paid_on, closed.set_off_on,
                       EXISTS (SELECT FROM partner_commission_billing held
                                WHERE held.bill_id = bill.id AND held.was_held) AS was_held
                  FROM account_move bill
                  JOIN LATERAL (
                       SELECT 1 FROM partner_commission_billing billing WHERE billing.bill_id = bill.id LIMIT 1
                  ) carried ON TRUE
                  LEFT JOIN LATERAL (%(closed)s) closed ON bill.state = 'posted'
                 WHERE bill.commercial_partner_id = %(partner_id)s
                   AND bill.company_id IN %(company_ids)s
                   AND bill.move_type = 'in_invoice'
                   AND bill.state <> 'cancel'
                   AND bill.payment_state IS DISTINCT FROM 'reversed'
                 ORDER BY due_on, bill.id
                """,
                paid=PAID,
                closed=self.env["partner.commission.change"]._get_closed_query(),
                partner_id=partner.commercial_partner_id.id,
                company_ids=tuple(self.env.companies.ids),
            )
        )
        for row in rows:
            row["currency_id"] = currency = self.env["res.currency"].browse(row["currency_id"])
            row["amount"], closed, set_off = (float(row[name]) for name in ("amount", "closed", "set_off"))
            row["open"] = currency.round(row["amount"] * max(1 - closed, 0.0))
            row["set_off"] = currency.round(row["amount"] * min(set_off, 1.0))
            del row["closed"]
            if row["open"]:
                row["paid_on"] = row["set_off_on"] = None
        return rows

    # ------------------------------------------------------------
    # TOTALS
    # ------------------------------------------------------------

    @api.model
    def _get_totals(self, partner, bills=None) -> list[dict]:
        """One row per company and currency, the biggest first: what one company corrects comes off its own bills (D16).

        :return: ``{"company_id", "currency", "title" (what tells it from the others), "expected", "expected_count",
            "open" (earned or held, not billed), "to_pay" (open, or on a bill that is not paid), "paid", "set_off",
            "held", "hold_codes", "coming" ({date: amount}, pay-by dates of what is to be paid), "posted" (of that, what
            is on bills that runs leave as they are), "corrections" (not positive)}``
        """
        totals, today = {}, self.env.company._partner_program_today()

        def of(company_id, currency):
            empty = dict.fromkeys(("expected", "open", "to_pay", "paid", "set_off", "held", "corrections"), 0.0)
            return totals.setdefault(
                (company_id, currency),
                empty
                | {"company_id": company_id, "currency": currency, "expected_count": 0, "hold_codes": set()}
                | {"coming": defaultdict(float), "posted": defaultdict(float)},
            )

        for company_id, currency_id, state, hold_code, due_on, value, later, count in self._get_open_rows(partner):
            currency, value, later = self.env["res.currency"].browse(currency_id), float(value), float(later)
            total = of(company_id, currency)
            if state == "expected":
                total["expected"] += value
                total["expected_count"] += count
                continue
            total["open"] += value
            total["to_pay"] += value
            if state == "held":
                total["held"] += value
                total["hold_codes"].add(hold_code)
            else:
                # The difference of what was billed before is on the next bill, once its pay-by date has come.
                for amount, day in ((value - later, due_on or today), (later, max(due_on or today, today))):
                    if amount > 0:
                        total["coming"][day] += amount
                    else:
                        total["corrections"] += amount
        for bill in self._get_bills(partner) if bills is None else bills:
            total = of(bill["company_id"], bill["currency_id"])
            total["paid"] += bill["amount"] - bill["open"] - bill["set_off"]
            total["set_off"] += bill["set_off"]
            total["to_pay"] += bill["open"]
            if bill["open"]:
                day = max(bill["due_on"], today) if bill["was_held"] else bill["due_on"]
                total["coming"][day] += bill["open"]
                if bill["posted_before"]:
                    total["posted"][day] += bill["open"]
        companies = {company_id for company_id, _currency in totals}
        companies_sudo = self.env["res.company"].sudo().browse(companies)  # partners are told who owes them
        names_sudo = {company.id: company.name for company in companies_sudo}
        for (company_id, currency), total in totals.items():
            total["title"] = f"{names_sudo[company_id]}, {currency.name}" if len(companies) > 1 else currency.name
        return sorted(totals.values(), key=lambda total: (-total["paid"] - total["to_pay"], total["title"]))

    @api.model
    def _get_open_rows(self, partner) -> list[tuple]:
        """Sums of what is expected, earned or held, under the reader's access rules, from the partial index alone.

        :return: ``(company id, currency id, state, hold code, pay-by date, amount, later, count)``; the amount is what
            is to be billed, and for what is expected what it will be worth; later is the part of it that changed on
            lines which were billed before
        """
        Line = self.env["partner.commission.line"]
        Line.flush_model()
        query = Line._search(self._own(partner) & Domain("state", "in", OPEN_STATES))
        # With their table: the rule of a salesperson, who may come here too, joins referrals.
        keys = [SQL.identifier(query.table, name) for name in OPEN_KEYS]
        value = SQL(
            "SUM(CASE %s WHEN 'expected' THEN %s ELSE %s END)",
            *(SQL.identifier(query.table, name) for name in ("state", "amount", "open_amount")),
        )
        # Of a line that was not billed before all that is earned is open.
        later = SQL(
            "SUM(CASE WHEN %(state)s = 'earned' AND %(open)s <> %(amount)s THEN %(open)s ELSE 0 END)",
            **{
                name: SQL.identifier(query.table, fname)
                for name, fname in (("state", "state"), ("open", "open_amount"), ("amount", "amount"))
            },
        )
        columns = query.select(*keys, value, later, SQL("COUNT(*)"))
        return self.env.execute_query(SQL("%s GROUP BY %s", columns, SQL(", ").join(keys)))

    @api.model
    def _get_payments(self, total, today: date) -> dict:
        """What will be paid, by its pay-by date, the earliest first.

        What is late is one payment, as of its earliest date. Corrections come off what is on no posted bill yet, the
        earliest first (D16): a posted bill stays as it is, and is paid as it is (invariant 7).
        """
        late = min(total["coming"], default=today)
        to_come, posted = defaultdict(float), defaultdict(float)
        for amounts, by_day in ((to_come, total["coming"]), (posted, total["posted"])):
            for day, amount in by_day.items():
                amounts[late if day < today else day] += amount
        payments, carried = {}, total["corrections"]
        for day in sorted(to_come):
            carried += to_come[day] - posted[day]
            payments[day] = posted[day] + max(carried, 0.0)
            carried = min(carried, 0.0)
        is_zero = total["currency"].is_zero
        return {day: amount for day, amount in payments.items() if not is_zero(amount)}

    @api.model
    def _get_next_payment(self, total, today: date) -> tuple:
        """``(amount, date)`` of what is to be paid next; ``(0.0, None)`` when nothing is."""
        day, amount = next(iter(self._get_payments(total, today).items()), (None, 0.0))
        return amount, day

    @api.model
    def _get_billed_or_to_bill(self, total, bills, today: date) -> float:
        """What is on bills of this year (drafts included), or on none yet, in the currency of the total.

        Not "earned this year": what has waited since last year is in it, as are corrections. Counted on bills rather
        than on the dates of the rows, which are a million.
        """
        billed = sum(
            bill["amount"]
            for bill in bills
            if (bill["company_id"], bill["currency_id"]) == (total["company_id"], total["currency"])
            and bill["billed_on"].year == today.year
        )
        return billed + total["open"]

    @api.model
    def _get_promise(self, bills, today: date) -> dict:
        """The promise kept: bills of the last twelve months that were paid on or before their pay-by date.

        A bill that is late and not paid counts as broken. Not counted is what was set off, and what could not be paid
        on its day because something of the partner was missing.

        :return: ``{"kept", "count", "percent", "text"}``
        """
        since = today - relativedelta(months=12)
        due = [bill for bill in bills if bill["state"] == "posted" and bill["due_on"] >= since and not bill["was_held"]]
        paid = [bill for bill in due if bill["paid_on"]]
        late = [bill for bill in due if bill["open"] and bill["due_on"] < today]
        kept = [bill for bill in paid if bill["paid_on"] <= bill["due_on"]]
        promise = {"kept": len(kept), "count": len(paid) + len(late)}
        if promise["count"]:
            promise["percent"] = 100 * promise["kept"] // promise["count"]
            promise["text"] = self.env._(
                "%(kept)s of %(count)s bills of the last twelve months were paid on or before their pay-by date.",
                **promise,
            )
        return promise

    @api.model
    def _get_months(self, totals, today: date) -> list[date]:
        """First days of the twelve months of the chart: up to the last pay-by date, three months ahead at most."""
        this_month = today.replace(day=1)
        last = max([this_month, *(day.replace(day=1) for total in totals for day in total["coming"])])
        last = min(last, this_month + relativedelta(months=MONTHS_AHEAD))
        return [last + relativedelta(months=offset) for offset in range(1 - CHART_MONTHS, 1)]

    @api.model
    def _get_paid_by_month(self, partner, months: list[date]) -> dict:
        """What was paid in each of these months, part payments too, under the days of the statements (P11).

        Statements tell the commissions on a bill, and a payout is the bill: lines of the accountant's own are paid too.

        :return: ``{(company id, currency id): {first day of the month: amount}}``
        """
        changes = self.env["partner.commission.change"]
        changes._note_pending()
        changes.flush_model()
        self.env["account.move"].flush_model(["amount_untaxed"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT paid.company_id, paid.currency_id, DATE_TRUNC('month', paid.date)::date,
                       SUM(paid.amount * COALESCE(bill.amount_untaxed / NULLIF(commissions.amount, 0), 1))
                  FROM partner_commission_change paid
             LEFT JOIN account_move bill ON bill.id = paid.bill_id
             LEFT JOIN LATERAL (
                       SELECT SUM(billed.amount) AS amount
                         FROM partner_commission_change billed
                        WHERE billed.bill_id = paid.bill_id AND billed.kind = 'billed') commissions ON TRUE
                 WHERE paid.partner_id = %(partner_id)s
                   AND paid.company_id IN %(company_ids)s
                   AND paid.kind = 'paid'
                   AND paid.date >= %(since)s
                 GROUP BY 1, 2, 3
                """,
                partner_id=partner.commercial_partner_id.id,
                company_ids=tuple(self.env.companies.ids),
                since=months[0],
            )
        )
        paid = defaultdict(dict)
        for company_id, currency_id, month, amount in rows:
            paid[company_id, currency_id][month] = self.env["res.currency"].browse(currency_id).round(float(amount))
        return paid

    @api.model
    def _get_chart(self, total, paid, months: list[date], today: date) -> list[dict]:
        """Paid and to come in each month, of one company in one currency; what is late comes this month.

        :param paid: see ``_get_paid_by_month``
        :return: ``[{"month", "paid", "to_come"}]``
        """
        paid_on = paid.get((total["company_id"], total["currency"].id), {})
        rows = {month: {"month": month, "paid": paid_on.get(month, 0.0), "to_come": 0.0} for month in months}
        for day, amount in self._get_payments(total, today).items():
            month = max(day, today).replace(day=1)
            if month in rows:
                rows[month]["to_come"] += amount
        return list(rows.values())

    # ------------------------------------------------------------
    # REFERRALS, CLIENTS, ACCOUNT MANAGER
    # ------------------------------------------------------------

    @api.model
    def _get_pipeline(self, partner) -> dict:
        """Referrals by state, and the open ones whose clock ends first.

        :return: ``{"counts": {state: count}, "states": [{"state", "label", "count"}] in their order, "referrals": at
            most SHOWN of the open ones}``
        """
        Referral = self.env["partner.referral"]
        own = self._own(partner)
        counts = dict(Referral._read_group(own, ["state"], ["__count"]))
        is_open = Domain("state", "in", ("submitted", "accepted"))
        states = Referral._fields["state"]._description_selection(self.env)
        return {
            "counts": counts,
            "states": [
                {"state": key, "label": label, "count": counts[key]} for key, label in states if counts.get(key)
            ],
            "referrals": Referral.search(own & is_open, order="expires_on, id", limit=SHOWN),
        }

    @api.model
    def _get_clients(self, partner):
        """The clients that earn now, as referrals; at most SHOWN, the newest first."""
        return self.env["partner.referral"].search(
            self._own(partner) & Domain("state", "=", "acquired"), order="acquired_on desc, id desc", limit=SHOWN
        )

    @api.model
    def _get_packages_sudo(self, referrals) -> dict:
        """The package that the client of each referral is on, by its paid invoices, by referral.

        Of clients that the partner brought: whether another company is our client is not for the partner to know.
        """
        referrals = referrals.filtered(lambda referral: referral.state in EARNING_STATES)
        referrals_sudo = referrals.sudo()  # partners read the name of the client only, and of the package
        packages = self.env["partner.program.client.package"]
        current = packages._get_current(referrals_sudo.client_id, referrals_sudo.company_id)
        return {
            referral: row.package_id
            for referral, referral_sudo in zip(referrals, referrals_sudo, strict=True)
            if (row := current.get((referral_sudo.client_id.id, referral_sudo.company_id.id)))
        }

    @api.model
    def _get_next_meeting_sudo(self, partner, manager_sudo):
        """The next meeting that the account manager and somebody of the partner company attend."""
        events_sudo = self.env["calendar.event"].sudo()  # partners are told the time, not the event
        if not manager_sudo:
            return events_sudo
        return events_sudo.search(
            [
                ("partner_ids.commercial_partner_id", "=", partner.commercial_partner_id.id),
                ("partner_ids", "in", manager_sudo.partner_id.ids),
                ("stop", ">=", fields.Datetime.now()),
            ],
            order="start, id",
            limit=1,
        )

    # ------------------------------------------------------------
    # DASHBOARD
    # ------------------------------------------------------------

    @api.model
    def _get_dashboard(self, partner) -> dict:
        """Everything that the dashboard of a partner shows."""
        today = self.env.company._partner_program_today()
        enrollments_sudo = self._get_enrollments_sudo(partner)
        bills = self._get_bills(partner)
        totals = self._get_totals(partner, bills)
        months = self._get_months(totals, today)
        paid = self._get_paid_by_month(partner, months)
        for total in totals:
            total["next_amount"], total["next_on"] = self._get_next_payment(total, today)
            total["next_text"] = total["next_on"] and self._get_next_text(total["next_on"], today)
            total["expected_text"] = self._get_expected_text(total["expected_count"])
            total["billed_or_to_bill"] = self._get_billed_or_to_bill(total, bills, today)
            total["billed_text"] = self.env._("on bills of %(year)s, or on none yet", year=today.year)
            own_sudo = enrollments_sudo.filtered(lambda one, total=total: one.company_id.id == total["company_id"])
            total["hold_reasons"] = self._get_hold_reasons(total["hold_codes"], own_sudo or enrollments_sudo)
            total["chart"] = self._get_chart(total, paid, months, today)
        clients = self._get_clients(partner)
        running = enrollments_sudo.filtered(lambda enrollment: enrollment.state in ("active", "suspended"))
        manager_sudo = (running or enrollments_sudo)._get_account_manager()[:1]
        return {
            "partner": partner,
            "today": today,
            "enrollments_sudo": enrollments_sudo,
            "totals": totals,
            "promise": self._get_promise(bills, today),
            "pipeline": self._get_pipeline(partner),
            "clients": clients,
            "packages_sudo": self._get_packages_sudo(clients),
            "may_refer": any(enrollment.state == "active" for enrollment in enrollments_sudo),
            "manager_sudo": manager_sudo,
            "meeting_sudo": self._get_next_meeting_sudo(partner, manager_sudo),
        }

    @api.model
    def _get_next_text(self, day: date, today: date) -> str:
        shown = format_date(self.env, day)
        return self.env._("was due on %(day)s", day=shown) if day < today else self.env._("by %(day)s", day=shown)

    @api.model
    def _get_expected_text(self, count: int) -> str:
        if not count:
            return self.env._("no open invoices")
        if count == 1:
            return self.env._("once 1 invoice is paid")
        return self.env._("once %(count)s invoices are paid", count=count)

    @api.model
    def _get_hold_reasons(self, hold_codes, enrollments_sudo) -> list[str]:
        """What is missing before held amounts are paid, in words (D15)."""
        reasons = []
        if "requirements" in hold_codes:
            lines_sudo = self.env["partner.commission.line"].sudo()  # partners have no right on enrollments
            held = Domain("enrollment_id", "in", enrollments_sudo.ids) & Domain("state", "=", "held")
            groups = lines_sudo._read_group(held & Domain("hold_code", "=", "requirements"), ["enrollment_id"])
            holding = {enrollment.id for (enrollment,) in groups}
            missing = enrollments_sudo.filtered(lambda enrollment: enrollment.id in holding)
            reasons += list(dict.fromkeys(missing.mapped("missing_requirements")))
        if "question" in hold_codes:
            reasons.append(self.env._("a question of yours is being answered"))
        if "suspended" in hold_codes:
            reasons.append(self.env._("the enrollment is suspended"))
        if "manual" in hold_codes:
            reasons.append(self.env._("under review, see the commissions"))
        return reasons
