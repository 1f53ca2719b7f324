from collections import defaultdict
from datetime import UTC, date, timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..engine import windows
from ..tools.zones import get_zone
from .partner_referral import OPEN_STATES

WARNING_DAYS = (7, 30)  # days before the last day, the most urgent first
WARNING_BATCH = 500
COUNTED_INVOICES = 999  # of one client; beyond, the clock says "more than": nobody needs a million counted
WARNING_ACTIVITY = "partner_program.mail_activity_type_claim_closing"
WARNING_MAIL = "partner_program.mail_template_claim_closing"
WARNING_MAIL_INTERNAL = "partner_program.mail_template_claim_closing_internal"


class PartnerReferral(models.Model):
    """Two clocks that everybody sees: until the claim has to be closed, then until it stops earning (P6, P8)."""

    _inherit = "partner.referral"

    days_left = fields.Integer(compute="_compute_clock")
    clock = fields.Char(compute="_compute_clock", help="How long the claim, or the commission, still runs.")
    earns = fields.Char("Earning", compute="_compute_earns", help="Until when the partner earns on this client.")
    # The warning that went out last, and the last day that it was about: another day is warned of anew.
    warned_days = fields.Integer(readonly=True, copy=False, groups="base.group_user")
    warned_for = fields.Date(readonly=True, copy=False, groups="base.group_user")
    closing_mail_partner_id = fields.Many2one(
        "res.partner", compute="_compute_closing_mail_partner_id", groups="base.group_user"
    )
    closing_readers = fields.Char(
        compute="_compute_closing_readers",
        groups="base.group_user",
        help="Technical: contacts of salesperson and account manager, who get the warning by mail too.",
    )

    # ------------------------------------------------------------
    # CLOCKS
    # ------------------------------------------------------------

    @api.depends("state", "expires_on", "window_start", "window_end", "commission_months", "lead_id.won_status")
    @api.depends_context("lang")
    def _compute_clock(self):
        facts = self._origin._get_clock_facts()
        waiting = self._find_kept_after_last_day(facts)
        for referral in self:
            today, paid, is_won = facts.get(referral._origin.id, (None, 0, False))
            if not today:  # not saved yet
                today = referral.company_id._partner_program_today() if referral.company_id else fields.Date.today()
            # Won, and a manager has to decide on it: nothing runs out any more.
            referral.days_left, referral.clock = (0, False) if is_won else referral._get_clock(today, paid)
            if referral._origin.id in waiting and not is_won:
                referral.days_left, referral.clock = 0, self.env._("Waiting for a decision")

    def _find_kept_after_last_day(self, facts) -> set[int]:
        """Ids of accepted claims whose last day is over, and that protect the client until somebody has decided."""
        overdue_sudo = self._origin.sudo().filtered(  # sudo: partners see the clock, not who has to decide
            lambda r: r.state == "accepted" and r.expires_on and r.id in facts and r.expires_on < facts[r.id][0]
        )
        return set((overdue_sudo - overdue_sudo._filter_expiring()).ids) if overdue_sudo else set()

    def _get_clock_facts(self) -> dict[int, tuple[date, int, bool]]:
        """``{id: (today at the company, paid invoices, whether a claim that is accepted has its lead won)}``.

        In one query. Counted are invoices of the client that are fully paid today and earn, not more than
        ``COUNTED_INVOICES`` + 1.

        The pipeline shows a clock on each card: the company, its contact and its working hours, of which only the
        time zone is wanted (``res.company._partner_program_zone``), would cost it two queries more.
        """
        if not self.ids:
            return {}
        self.env["res.company"].flush_model(["partner_id", "resource_calendar_id"])
        self.env["res.partner"].flush_model(["tz"])
        self.env["resource.calendar"].flush_model(["tz"])
        self.env["partner.commission.line"].flush_model(["referral_id", "fully_paid_on", "void_code"])
        self.env["crm.lead"].flush_model(["won_status"])
        self.flush_model(["company_id", "state", "program_id", "lead_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT referral.id, COALESCE(NULLIF(contact.tz, ''), NULLIF(hours.tz, ''), 'UTC'), paid.count,
                       referral.state = 'accepted' AND program.acquisition_event = 'lead_won'
                       AND COALESCE(lead.won_status, '') = 'won'
                  FROM partner_referral referral
                  JOIN partner_program program ON program.id = referral.program_id
             LEFT JOIN crm_lead lead ON lead.id = referral.lead_id
                  JOIN res_company company ON company.id = referral.company_id
                  JOIN res_partner contact ON contact.id = company.partner_id
             LEFT JOIN resource_calendar hours ON hours.id = company.resource_calendar_id
             LEFT JOIN LATERAL (
                       SELECT COUNT(*) AS count
                         FROM (
                             SELECT
                               FROM partner_commission_line line
                              WHERE referral.state = 'acquired'
                                AND line.referral_id = referral.id
                                AND line.fully_paid_on IS NOT NULL
                                AND line.void_code IS NULL
                              LIMIT %(most)s
                         ) counted
                       ) paid ON TRUE
                 WHERE referral.id IN %(ids)s
                """,
                ids=tuple(self.ids),
                most=COUNTED_INVOICES + 1,
            )
        )
        now = fields.Datetime.now().replace(tzinfo=UTC)
        today = {zone: now.astimezone(get_zone(zone)).date() for zone in {zone for _id, zone, _count, _is_won in rows}}
        return {id_: (today[zone], count, is_won) for id_, zone, count, is_won in rows}

    def _get_clock(self, today: date, paid_invoices: int) -> tuple[int, str | bool]:
        """``(days left, sentence)`` of the clock that runs for this referral; ``(0, False)`` when none does."""
        self.ensure_one()
        if self.state in OPEN_STATES and self.expires_on:
            return self._get_closing_clock(today)
        if self.state != "acquired":
            return 0, False
        if not self.window_start:
            return 0, self.env._("Waiting for the first invoice")
        days = (self.window_end - today).days
        month = windows.month_in_window(max(today, self.window_start), self.window_start)
        if month > self.commission_months:
            return days, self.env._("The window ended on %(day)s", day=self._format_short_day(self.window_end, today))
        values = {"month": month, "months": self.commission_months, "count": paid_invoices}
        if not paid_invoices:
            return days, self.env._("Month %(month)s of %(months)s · no invoice paid yet", **values)
        if paid_invoices == 1:
            return days, self.env._("Month %(month)s of %(months)s · 1 invoice paid", **values)
        if paid_invoices > COUNTED_INVOICES:
            values["count"] = COUNTED_INVOICES
            return days, self.env._("Month %(month)s of %(months)s · more than %(count)s invoices paid", **values)
        return days, self.env._("Month %(month)s of %(months)s · %(count)s invoices paid", **values)

    def _get_closing_clock(self, today: date) -> tuple[int, str]:
        """The clock of a claim that has to be closed by a day; on that day 0 days are left."""
        days = (self.expires_on - today).days
        values = {"day": self._format_short_day(self.expires_on, today), "days": days}
        if days < 0 and self.state == "submitted":  # nothing has expired: nobody has decided
            return days, self.env._("Last day was %(day)s", **values)
        if days < 0:
            return days, self.env._("Expired on %(day)s", **values)
        if not days:
            return days, self.env._("Close by %(day)s · last day", **values)
        if days == 1:
            return days, self.env._("Close by %(day)s · 1 day left", **values)
        return days, self.env._("Close by %(day)s · %(days)s days left", **values)

    def _format_short_day(self, day: date, today: date) -> str:
        """The day as people say it: "14 Feb", with the year only when it is another one."""
        return format_date(self.env, day, date_format="d MMM" if day.year == today.year else "d MMM yyyy")

    @api.depends("state", "expires_on", "window_start", "window_end", "commission_months", "lead_id.won_status")
    @api.depends_context("lang")
    def _compute_earns(self):
        """For quotations and contacts: until when invoices earn, in one sentence."""
        for referral in self:
            last_day = referral.window_end and self._format_day(referral.window_end - timedelta(days=1))
            referral.earns = False
            if referral.state == "accepted":
                won = referral._is_won() and self.env._("Won, waiting for a decision")
                referral.earns = won or referral.clock or self.env._("Not acquired yet, no limit")
            elif referral.state == "acquired" and last_day:
                referral.earns = self.env._("Earns on invoices dated until %(day)s", day=last_day)
            elif referral.state == "acquired":
                referral.earns = self.env._(
                    "Earns for %(months)s months from the first invoice", months=referral.commission_months
                )
            elif referral.state == "completed":
                referral.earns = self.env._("Earned on invoices dated until %(day)s", day=last_day)

    # ------------------------------------------------------------
    # WARNINGS BEFORE A CLAIM EXPIRES
    # ------------------------------------------------------------

    def _get_warning_due(self, today: date) -> int:
        """Which warning has to go out today: 30 or 7, the days before the last day; 0: none.

        A day on which the job did not run is caught up with; a claim that is accepted late gets the warning
        that fits, not both.
        """
        self.ensure_one()
        if self.state != "accepted" or not self.expires_on or self.expires_on < today or self._is_won():
            return 0
        left = (self.expires_on - today).days
        level = next((days for days in WARNING_DAYS if left <= days), 0)
        already = self.warned_days if self.warned_for == self.expires_on else 0
        return level if level and (not already or level < already) else 0

    @api.model
    def _get_closing_domain(self) -> Domain:
        """Accepted claims whose last day is near, on the calendar of their company."""
        companies_by_today = defaultdict(list)
        for (company,) in self._read_group([("state", "=", "accepted"), ("expires_on", "!=", False)], ["company_id"]):
            companies_by_today[company._partner_program_today()].append(company.id)
        return Domain("state", "=", "accepted") & Domain.OR(
            Domain("company_id", "in", ids)
            & Domain("expires_on", ">=", today)
            & Domain("expires_on", "<=", today + timedelta(days=max(WARNING_DAYS)))
            for today, ids in companies_by_today.items()
        )

    def _warn_closing(self):
        """Tell salesperson, account manager and partner that the claim closes soon; each of them once.

        The marker is written in the transaction that creates to-dos and mails, on rows that are locked: two jobs
        at once, or one that is run again, tell nobody twice.

        :return: the referrals that were warned of
        """
        today_by_company = {company: company._partner_program_today() for company in self.company_id}
        due = defaultdict(self.browse)
        for referral in self.try_lock_for_update():
            if days := referral._get_warning_due(today_by_company[referral.company_id]):
                due[days, referral.expires_on] += referral
        warned = self.browse().union(*due.values())
        if not warned:
            return warned
        warned.activity_unlink([WARNING_ACTIVITY])  # the earlier warning says less
        warned.mapped("display_name")  # all at once: the to-dos ask for them one by one
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            warned._prepare_closing_activities(today_by_company)
        )
        for (days, expires_on), referrals in due.items():
            referrals.write({"warned_days": days, "warned_for": expires_on})
        send = self.env["mail.template"]._partner_program_send
        send(WARNING_MAIL, warned.filtered("closing_mail_partner_id"))
        send(WARNING_MAIL_INTERNAL, warned.filtered("closing_readers"))  # Odoo's own mail on a to-do is one by one
        return warned

    def _prepare_closing_activities(self, today_by_company) -> list[dict]:
        """Values of the to-dos for salespeople and account managers, each in the language of the reader."""
        common = {
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "activity_type_id": self.env.ref(WARNING_ACTIVITY).id,
            "automated": True,
        }
        return [
            {
                **common,
                "res_id": referral.id,
                "user_id": user.id,
                "date_deadline": today_by_company[referral.company_id],
                "summary": referral.with_context(lang=user.lang).clock,
                "note": referral.with_context(lang=user.lang).env._(
                    "The claim of %(partner)s expires when it is not closed in time.", partner=referral.partner_id.name
                ),
            }
            for referral in self
            for user in referral._get_closing_users()
        ]

    def _get_closing_users(self):
        """Who looks after the claim: salesperson and account manager."""
        self.ensure_one()
        return self.user_id.filtered("active") | self.enrollment_id._get_account_manager()

    @api.depends("user_id", "enrollment_id.current_enrollment_id.account_manager_id")
    def _compute_closing_readers(self):
        for referral in self:
            contacts = referral._get_closing_users().partner_id.filtered("email")
            referral.closing_readers = ",".join(map(str, contacts.ids))

    @api.depends(
        "partner_id.email",
        "partner_id.child_ids.email",
        "partner_id.child_ids.is_company",
        "enrollment_id.current_enrollment_id.state",
    )
    def _compute_closing_mail_partner_id(self):
        """Who reads mails on this claim: the partner company, or else its first contact with an address."""
        for referral in self:
            company = referral.partner_id
            people = company.child_ids.filtered(lambda contact: contact.email and not contact.is_company)
            readers = company if company.email else people[:1]  # a subsidiary is another company
            is_active = referral.enrollment_id.current_enrollment_id.state == "active"
            referral.closing_mail_partner_id = readers if is_active else False

    def write(self, vals):
        # A claim that is not waiting to be closed any more needs no to-do for that, nor one with another last day.
        result = super().write(vals)
        if vals.get("state", "accepted") != "accepted":
            outdated = self.filtered("warned_for")
        elif "expires_on" in vals:
            outdated = self.filtered(lambda r: r.warned_for and r.warned_for != r.expires_on)
        else:
            return result
        if outdated:
            outdated.sudo().activity_unlink([WARNING_ACTIVITY])  # to-dos of colleagues too
        return result

    @api.model
    def _cron_warn_closing(self):
        """Daily, after claims were expired: the warnings 30 and 7 days before the last day."""
        ids = self.search(self._get_closing_domain(), order="id").ids
        commit = self.env["partner.commission.line"]._commit_in_cron
        commit(remaining=len(ids))
        for start in range(0, len(ids), WARNING_BATCH):
            batch = self.browse(ids[start : start + WARNING_BATCH]).exists()
            batch._warn_closing()
            if not commit(processed=len(batch)):
                break
