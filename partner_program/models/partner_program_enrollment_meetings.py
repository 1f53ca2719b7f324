import calendar
from datetime import UTC, date, datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ..tools.one_by_one import try_each
from .calendar_event import QUIET
from .partner_program_enrollment_life import NO_MAIL
from .partner_program_manager_rule import LOOKED_AFTER

AT_ONCE = 12  # meetings of a series: never an endless one
PLAN_AHEAD_DAYS = 62  # the next series is planned when less than this is left
WEEKDAYS = {"MON": 0, "TUE": 1, "WED": 2, "THU": 3, "FRI": 4}
PLANNERS = {"state", "account_manager_id", "monthly_meeting", "program_id"}


def nth_weekday(year: int, month: int, week: int, weekday: int) -> date:
    """The first to fourth, or last (-1), Monday (0) to Sunday of a month."""
    days = [
        day
        for day in calendar.Calendar().itermonthdates(year, month)
        if day.month == month and day.weekday() == weekday
    ]
    return days[week - 1 if week > 0 else week]


def next_month(day: date) -> tuple[int, int]:
    """Year and month after those of ``day``."""
    return (day.year + day.month // 12, day.month % 12 + 1)


class PartnerProgramEnrollment(models.Model):
    """The monthly meeting of partner and account manager (P23)."""

    _inherit = "partner.program.enrollment"

    monthly_meeting = fields.Boolean(
        compute="_compute_monthly_meeting",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Whether meetings are planned with this partner. The program says so, unless you do.",
    )
    meeting_contact_id = fields.Many2one(
        "res.partner",
        "Attends Meetings",
        domain="[('id', 'child_of', partner_id)]",
        help="Who of the partner is invited. "
        "Empty: a contact with access to the portal, or else the first with an email.",
    )
    meeting_ids = fields.One2many("calendar.event", "enrollment_id", "Meetings")
    next_meeting_on = fields.Datetime("Next Meeting", compute="_compute_meeting_dates")
    last_meeting_on = fields.Datetime("Last Meeting", compute="_compute_meeting_dates")
    lacks_meeting = fields.Boolean(
        "No Meeting This Month", compute="_compute_lacks_meeting", search="_search_lacks_meeting"
    )

    @api.depends("program_id")
    def _compute_monthly_meeting(self):
        for enrollment in self:
            enrollment.monthly_meeting = enrollment.program_id.monthly_meeting

    @api.depends("meeting_ids.start", "meeting_ids.active")
    def _compute_meeting_dates(self):
        now = fields.Datetime.now()
        Event_sudo = self.env["calendar.event"].sudo()  # who may read the enrollment may know when one meets
        Event_sudo = Event_sudo.with_context(active_test=False)
        histories = {enrollment: enrollment._origin._with_previous() for enrollment in self}
        known_ids = self.union(*histories.values()).ids
        ours = Event_sudo._get_partner_meetings_domain() & fields.Domain("enrollment_id", "in", known_ids)
        past, ahead = ours & fields.Domain("start", "<=", now), ours & fields.Domain("start", ">", now)
        last = dict(Event_sudo._read_group(past, ["enrollment_id"], ["start:max"]))
        following = dict(Event_sudo._read_group(ahead, ["enrollment_id"], ["start:min"]))
        for enrollment, history in histories.items():
            enrollment.last_meeting_on = max((last[one] for one in history if one in last), default=False)
            enrollment.next_meeting_on = min((following[one] for one in history if one in following), default=False)

    @api.depends("state", "monthly_meeting", "meeting_ids.start", "meeting_ids.active")
    def _compute_lacks_meeting(self):
        lacking = self.filtered_domain(self._search_lacks_meeting("in", [True])) if self.ids else self.browse()
        for enrollment in self:
            enrollment.lacks_meeting = enrollment in lacking

    def _search_lacks_meeting(self, operator, value):
        if operator != "in":
            return NotImplemented
        first = fields.Datetime.context_timestamp(self, fields.Datetime.now()).date().replace(day=1)
        year, month = next_month(first)
        met = fields.Domain("start", ">=", first) & fields.Domain("start", "<", date(year, month, 1))
        Event_sudo = self.env["calendar.event"].sudo().with_context(active_test=False)  # as above
        events_sudo = Event_sudo.search(met & Event_sudo._get_partner_meetings_domain())
        domain = fields.Domain("state", "=", "active") & fields.Domain("monthly_meeting", "=", True)
        met_sudo = events_sudo.enrollment_id  # or met on the program of before
        domain &= fields.Domain("id", "not in", (met_sudo | met_sudo.current_enrollment_id).ids)
        if True in value and False in value:
            return fields.Domain.TRUE
        return domain if True in value else ~domain

    # ------------------------------------------------------------
    # SERIES
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        enrollments = super().create(vals_list)
        enrollments.filtered(lambda enrollment: enrollment.state == "active")._sync_meetings()
        return enrollments

    def write(self, vals):
        before = {}
        if "meeting_contact_id" in vals:
            before = {enrollment: enrollment._get_meeting_contact() for enrollment in self}
        result = super().write(vals)
        for enrollment, contact in before.items():
            enrollment._change_meeting_contact(contact)
        if PLANNERS & vals.keys():
            self._sync_meetings()
        return result

    def _sync_meetings(self):
        """Bring the calendar up to what holds today: a series for active partners, nothing ahead for former ones."""
        former = self.filtered(lambda enrollment: enrollment.state in ("ended", "rejected"))
        former._cancel_series()  # the mail that says so tells of it
        stopped = (self - former).filtered(lambda enrollment: not enrollment.monthly_meeting)._cancel_series()
        if not self.env.context.get(NO_MAIL):
            for enrollment, people in stopped.items():
                templates = self.env["mail.template"].with_context(
                    partner_program_attendees=", ".join(people.mapped("name"))
                )
                templates._partner_program_send(
                    "partner_program.mail_template_meetings_cancelled",
                    enrollment,
                    {"recipient_ids": [Command.set(people.ids)]} if people else None,
                )
        self.filtered(lambda e: e.state == "active" and e.monthly_meeting and e._filter_in_force())._plan_meetings()

    def action_plan_meetings(self):
        """Plan the next series now; says why when there is none to plan."""
        for enrollment in self:
            if enrollment.state != "active":
                raise UserError(
                    self.env._(
                        "%(partner)s is not an active partner: there is no series of meetings to plan. "
                        "Activate the enrollment first.",
                        partner=enrollment.partner_id.name,
                    )
                )
            if not enrollment._filter_in_force():
                raise UserError(
                    self.env._(
                        "Choose the account manager of %(partner)s first: the meetings take place with that person.",
                        partner=enrollment.partner_id.name,
                    )
                )
        before = self._get_planned_series()
        self.monthly_meeting = True
        self._plan_meetings()
        if before and before == self._get_planned_series():
            last = before.sorted("start")[-1]
            raise UserError(
                self.env._(
                    "Meetings with %(partner)s are planned until %(day)s; the next ones are planned by themselves two "
                    "months before. Move or add meetings in the calendar.",
                    partner=last.enrollment_id.partner_id.name,
                    day=format_date(self.env, last.enrollment_id.company_id._partner_program_local_date(last.start)),
                )
            )

    def _plan_meetings(self):
        """Plan the next twelve monthly meetings of each partner whose planned ones run out.

        :return: the first meeting of each new series
        """
        Event_sudo = self.env["calendar.event"].sudo()  # the calendar of the account manager, whoever activates
        # What people arranged beside the series, be it far ahead, does not stop it.
        series = [("enrollment_id", "in", self.ids), ("is_partner_series", "=", True)]
        planned = dict(Event_sudo._read_group(series, ["enrollment_id"], ["start:max"]))
        horizon = fields.Datetime.now() + timedelta(days=PLAN_AHEAD_DAYS)
        due = self.filtered(lambda e: e not in planned or planned[e] < horizon)
        if not due:
            return Event_sudo
        vals_list = [enrollment._prepare_meeting_vals(planned.get(enrollment)) for enrollment in due]
        # dont_notify: else the sync with Outlook takes it for a user's own series, and refuses it
        first_sudo = Event_sudo.with_context(
            skip_contact_description=True, mail_create_nosubscribe=True, dont_notify=True
        ).create(vals_list)
        first_sudo.recurrence_id.calendar_event_ids._set_partner_meeting_links()
        return first_sudo

    def _prepare_meeting_vals(self, last: datetime | None) -> dict:
        """Values of the first meeting of a series, in the month after the last one planned."""
        self.ensure_one()
        program, zone = self.program_id, self.company_id._partner_program_zone()
        today = self.company_id._partner_program_today()
        week, weekday = int(program.meeting_week), WEEKDAYS[program.meeting_weekday]
        day = nth_weekday(today.year, today.month, week, weekday)
        if last:
            following = nth_weekday(*next_month(self.company_id._partner_program_local_date(last)), week, weekday)
            day = max(day, following)  # after a long pause this month, if its day is ahead
        if day <= today:
            day = nth_weekday(*next_month(today), week, weekday)
        minutes = round(program.meeting_hour * 60)
        local = datetime.combine(day, time(minutes // 60, minutes % 60), zone)
        start = local.astimezone(UTC).replace(tzinfo=None)
        manager, contact = self.account_manager_id, self._get_meeting_contact()
        localized = self._in_partner_language()
        return {
            "name": localized.env._(
                "%(company)s and %(partner)s: monthly meeting",
                company=self.company_id.name,
                partner=self.partner_id.name,
            ),
            "description": localized.env._(
                "Sales made, objectives, support needed. The meeting pack comes three days before."
            ),
            "start": start,
            "stop": start + timedelta(hours=program.meeting_duration),
            "user_id": manager.id,
            "partner_ids": [Command.set((manager.partner_id | contact).ids)],
            "enrollment_id": self.id,
            "is_partner_series": True,
            "privacy": "confidential",
            "recurrency": True,
            "rrule_type": "monthly",
            "month_by": "day",
            "byday": program.meeting_week,
            "weekday": program.meeting_weekday,
            "interval": 1,
            "end_type": "count",
            "count": AT_ONCE,
            "event_tz": zone.key,
        }

    def _get_meeting_contact(self, without=()):
        """Who of the partner attends: the one chosen, a portal user, somebody with an email, or the company.

        :param without: contacts who do not attend any more
        """
        self.ensure_one()
        if chosen := self._filter_own_people(self.meeting_contact_id).filtered(lambda one: one not in without):
            return chosen
        contacts_sudo = self.sudo().partner_id.child_ids  # which of them log in is asked for the user
        contacts_sudo = contacts_sudo.filtered(lambda one: one.email and one not in without)
        people_sudo = self._filter_own_people(contacts_sudo).filtered(lambda person: person.type == "contact")
        portal_sudo = people_sudo.filtered(lambda person: any(user.share for user in person.user_ids))
        return (portal_sudo[:1] or people_sudo[:1] or self.partner_id).sudo(False)

    def _get_planned_meetings(self):
        """Meetings of these partners that are still ahead."""
        Event_sudo = self.env["calendar.event"].sudo()  # the calendar of the account manager, whoever asks
        return Event_sudo.search([("enrollment_id", "in", self.ids), ("start", ">", fields.Datetime.now())])

    def _get_planned_series(self):
        """Of the meetings ahead those that were planned here; what people arranged, once or regularly, is theirs."""
        return self._get_planned_meetings().filtered("is_partner_series")

    def _cancel_series(self) -> dict:
        """Take the meetings ahead out of the calendar; held ones stay, and those that people arranged themselves.

        :return: the enrollments that had some, each with those of the partner who have them in their calendar
        """
        events_sudo = self._get_planned_series() if self else self.env["calendar.event"]
        cancelled = {
            enrollment: enrollment._filter_own_people(series_sudo.partner_ids).sudo(False)
            for enrollment, series_sudo in events_sudo.grouped(lambda event: event.enrollment_id.sudo(False)).items()
        }
        events_sudo.with_context(**QUIET).unlink()
        return cancelled

    def _change_meeting_contact(self, former):
        """Somebody else of the partner attends from now on, and is invited once; others whom people invited stay.

        :param former: who attended so far, unless somebody was taken out of a meeting
        """
        self.ensure_one()
        contact, series_sudo = self._get_meeting_contact(), self._get_planned_series()
        if contact == former:
            return
        series_sudo = series_sudo.filtered(
            lambda event: former <= event.partner_ids or not self._filter_own_people(event.partner_ids)
        )
        series_sudo._swap_attendees(former, contact)
        if not self.env.context.get(NO_MAIL):
            attendees_sudo = series_sudo.sorted("start")[:1].attendee_ids
            attendees_sudo.filtered(lambda one: one.partner_id == contact)._send_invitation_emails()

    def _move_meetings(self, old_user, new_user):
        """Hand the meetings ahead over to another account manager; the partner is told by whoever hands over.

        :param old_user: the former account manager; meetings of a stand-in stay with the stand-in
        :return: the meetings moved
        """
        events_sudo = self._get_planned_meetings().filtered(lambda event: event.user_id == old_user)
        events_sudo.with_context(**QUIET).user_id = new_user
        events_sudo._swap_attendees(old_user.partner_id, new_user.partner_id)
        return events_sudo

    def _hand_meetings_to(self, successor):
        """The partner changes the program: the same people meet on the same days, unless the new one has no series."""
        if not successor.monthly_meeting:
            self.monthly_meeting = False  # and the partner is told
        events_sudo = self._get_planned_meetings()
        events_sudo.with_context(**QUIET).enrollment_id = successor
        meetings_sudo = self.env["partner.program.meeting"].sudo()  # as the events
        meetings_sudo.search([("event_id", "in", events_sudo.ids)]).enrollment_id = successor

    @api.ondelete(at_uninstall=False)
    def _unlink_except_planned_meetings(self):
        """The partner has them in the calendar too, and would never hear that they do not take place."""
        if events_sudo := self._get_planned_series():
            raise UserError(
                self.env._(
                    "Meetings with %(partner)s are planned. End the enrollment, or switch its monthly meeting off, so "
                    "that they are cancelled and the partner is told; then delete it.",
                    partner=events_sudo.enrollment_id[0].partner_id.name,
                )
            )

    def action_view_meetings(self):
        """Open the meetings with this partner."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_meeting_action")
        action["domain"] = [("enrollment_id", "in", self._with_previous().ids)]
        action["context"] = {"default_enrollment_id": self.id}
        return action

    @api.model
    def _cron_meetings(self):
        """Scheduled action: ask for missing account managers, plan what runs out, send the packs that are due."""
        managed = self.search([("state", "in", LOOKED_AFTER), ("account_manager_id", "!=", False)])
        try_each(managed, lambda some: some._sync_account_manager_to_dos())  # roles are lost in many ways
        enrollments = self.search([("state", "in", ("active", "suspended", "ended"))])
        try_each(enrollments, lambda some: some._sync_meetings())
        return self.env["partner.program.meeting"]._send_packs()
