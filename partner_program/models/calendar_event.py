import uuid
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command, Domain

from .res_partner import READERS

# Series are planned and moved by the system; people get one invitation, not twelve.
QUIET = {"skip_attendee_notification": True, "dont_notify": True, "mail_notrack": True}
LINK = ("enrollment_id", "is_partner_series")
MOVED = timedelta(days=1)  # by more than that the meeting needs another pack


class CalendarEvent(models.Model):
    """A meeting with a partner: the link survives whatever people do with the series in their calendar."""

    _inherit = "calendar.event"

    enrollment_id = fields.Many2one(
        "partner.program.enrollment",
        "Partner of the Program",
        index="btree_not_null",
        ondelete="set null",
        groups=READERS,
        help="Meeting of the account manager with this partner.",
    )
    partner_meeting_ids = fields.One2many("partner.program.meeting", "event_id", groups=READERS)
    is_partner_series = fields.Boolean(
        "Planned by the Program",
        readonly=True,
        groups=READERS,
        help="One of the monthly meetings that are planned, moved and cancelled by themselves.",
    )

    def write(self, vals):
        # EXTENDS calendar: figures are those of the days before the meeting, whenever that takes place
        before = {event: event.start for event in self} if "start" in vals else {}
        result = super().write(vals)
        now = fields.Datetime.now()
        if later := self.exists().filtered(
            lambda event: event in before and event.start > max(now, before[event] + MOVED)
        ):
            meetings_sudo = self.env["partner.program.meeting"].sudo()  # whoever moves the event need not see the pack
            sent_sudo = meetings_sudo.search([("event_id", "in", later.ids), ("pack_sent_on", "!=", False)])
            sent_sudo.write({"pack_sent_on": False, "pack_id": False})  # the file that was mailed stays attached
        if "active" in vals:
            self._follow_archive(vals["active"])
        return result

    def _follow_archive(self, active):
        """What was put away does not take place, and does when it is taken back."""
        meetings_sudo = self.env["partner.program.meeting"].sudo()  # whoever archives the event need not see the pack
        before, after = ("cancelled", "planned") if active else ("planned", "cancelled")
        meetings_sudo.search([("event_id", "in", self.ids), ("state", "=", before)]).state = after

    def copy_data(self, default=None):
        # EXTENDS calendar: colleagues without a role of ours duplicate and repeat meetings too, and may read neither
        hidden = [name for name in LINK if not self._has_field_access(self._fields[name], "read")]
        vals_list = super().copy_data({**(default or {}), **dict.fromkeys(hidden, False)})
        return [vals and {name: vals[name] for name in vals if name not in hidden} for vals in vals_list]

    def copy(self, default=None):
        # EXTENDS calendar: a copy is a meeting that somebody arranged; the series is made by copy_data
        return super().copy({"is_partner_series": False, **(default or {})})

    def unlink(self):
        # EXTENDS calendar: what was noted of a meeting exists nowhere else, so the meeting is only put away
        meetings_sudo = self.env["partner.program.meeting"].sudo()  # whoever deletes the event need not see the notes
        noted = meetings_sudo.search([("event_id", "in", self.ids)]).filtered(lambda one: one._is_noted())
        put_away = self & noted.event_id.with_env(self.env)
        put_away.active = False
        return super(CalendarEvent, self - put_away).unlink()

    @api.model
    def _get_partner_meetings_domain(self):
        """Meetings in the calendar, and held ones that were put away; to search without ``active_test``."""
        held = Domain("partner_meeting_ids", "any!", [("state", "=", "held")])
        return Domain("enrollment_id", "!=", False) & (Domain("active", "=", True) | held)

    def _set_partner_meeting_links(self):
        """Give each meeting its own video link, as Odoo does: one that is deleted takes no other's link along."""
        for event in self.with_context(dont_notify=True, skip_attendee_notification=True):
            token = uuid.uuid4().hex
            link = f"{event.get_base_url()}/{event.DISCUSS_ROUTE}/{token}"
            event.write({"access_token": token, "videocall_location": link})

    def _swap_attendees(self, leaving, joining):
        """Take people out of these meetings and others in, without mails; each who comes has an attendee of each.

        Odoo makes none for who attends another meeting of the same write, or is taken out and in again by it. So
        meetings in which the same people change are written together.
        """
        events = self.with_context(active_test=False, **QUIET)  # an archived attendee is one, too
        changes = events.grouped(lambda event: (leaving & event.partner_ids - joining, joining - event.partner_ids))
        for (gone, new), some in changes.items():
            if gone or new:
                some.partner_ids = [*map(Command.unlink, gone.ids), *map(Command.link, new.ids)]

    def action_open_partner_meeting(self):
        """Open pack, notes and actions of this meeting."""
        self.ensure_one()
        meeting = self.env["partner.program.meeting"]._of_events(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": meeting._name,
            "res_id": meeting.id,
            "views": [(False, "form")],
        }
