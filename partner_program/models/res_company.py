from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from odoo import fields, models

from ..tools.zones import get_zone


class ResCompany(models.Model):
    _inherit = "res.company"

    partner_program_alert_factor = fields.Float(
        "Unusual Bill Factor",
        default=10.0,
        help="A commission bill above this many times the partner's highest so far shows a warning, "
        "and only a partner manager with invoicing rights can post it. 0: no check.",
    )
    partner_program_accountant_id = fields.Many2one(
        "res.users",
        "Accountant for Commission Bills",
        domain="[('share', '=', False)]",
        help="Gets a to-do on each commission bill that is drafted. Empty: the first accountant of the company.",
    )

    partner_program_referral_limit = fields.Integer(
        "Referrals per Hour",
        default=20,
        help="How many referrals one person may send in the portal within an hour. 0: no limit.",
    )
    partner_program_decision_days = fields.Integer(
        "Days to Answer",
        default=5,
        help="Within how many days a partner is promised an answer on a referral sent in the portal.",
    )

    def _partner_program_zone(self) -> ZoneInfo:
        """Time zone in which the company counts days: clocks end when its day ends.

        Odoo keeps no time zone on the company; its working hours have one, and
        so has its contact (the latter wins: it is what a user can see and set).
        """
        self.ensure_one()
        company_sudo = self.sudo()  # the zone of the company is no secret to its users
        return get_zone(company_sudo.partner_id.tz or company_sudo.resource_calendar_id.tz or "UTC")

    def _partner_program_local_date(self, moment: datetime) -> date:
        """The calendar day of a naive UTC ``moment`` at the company."""
        return moment.replace(tzinfo=UTC).astimezone(self._partner_program_zone()).date()

    def _partner_program_today(self) -> date:
        return self._partner_program_local_date(fields.Datetime.now())

    def _partner_program_bill_journal(self):
        """The self-billing journal made for this company (or, for a branch, for a parent)."""
        self.ensure_one()
        chart = self.env["account.chart.template"].with_company(self)
        return chart.ref("partner_program", raise_if_not_found=False) or self.env["account.journal"]

    def _partner_program_accountant(self):
        """Who approves commission bills: the user chosen, unless he has left or cannot open them any more, or else the
        first accountant here.
        """
        self.ensure_one()
        chosen_sudo = self.partner_program_accountant_id.sudo()  # only whether it may
        may_open = chosen_sudo and self in chosen_sudo.company_ids
        if may_open and chosen_sudo.active and chosen_sudo.has_group("account.group_account_invoice"):
            return self.partner_program_accountant_id
        accountants = self.env.ref("account.group_account_manager").sudo().all_user_ids  # sudo: reads a group
        return accountants.filtered(lambda user: user.active and not user.share and self in user.company_ids).sorted(
            "id"
        )[:1]
