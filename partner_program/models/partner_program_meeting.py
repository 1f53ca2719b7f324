import base64
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date, html2plaintext

from ..tools.one_by_one import try_each

PACK_DAYS = 3
STALE_DAYS = 7  # before the meeting: a pack that somebody sent earlier is made again


class PartnerProgramMeeting(models.Model):
    """What a meeting with a partner leaves: the pack it started from, notes, and who does what until when (P23).

    Apart from the event in the calendar, which every colleague reads.
    """

    _name = "partner.program.meeting"
    _description = "Partner Meeting"
    _inherit = ["mail.thread"]
    _order = "start desc, id desc"
    _rec_name = "enrollment_id"

    event_id = fields.Many2one("calendar.event", "Meeting", required=True, index=True, ondelete="cascade")
    enrollment_id = fields.Many2one(
        "partner.program.enrollment", "Partner", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="enrollment_id.company_id", store=True, index=True)
    start = fields.Datetime("Date", related="event_id.start", store=True)
    user_id = fields.Many2one(related="event_id.user_id", string="Account Manager")
    notes = fields.Html(help="For the account managers. They are kept in the chatter of the enrollment too.")
    action_ids = fields.One2many("partner.program.meeting.action", "meeting_id", "Actions")
    pack_id = fields.Many2one("ir.attachment", "Meeting Pack", readonly=True, copy=False)
    pack_sent_on = fields.Datetime("Pack Sent", readonly=True, copy=False)
    state = fields.Selection(
        [("planned", "Planned"), ("held", "Held"), ("cancelled", "Cancelled")],
        default="planned",
        required=True,
        readonly=True,
        copy=False,
    )

    _event_uniq = models.Constraint("UNIQUE (event_id)", "This meeting has its notes already. Open those.")

    @api.depends("enrollment_id.partner_id.name", "start")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for meeting in self:
            start = meeting.start and fields.Datetime.context_timestamp(meeting, meeting.start).date()
            meeting.display_name = self.env._(
                "Meeting with %(partner)s, %(day)s",
                partner=meeting.enrollment_id.partner_id.name or "",
                day=format_date(self.env, start) if start else "",
            )

    @api.model
    def _of_events(self, events):
        """The meetings of these events of the calendar; made when they are not there yet."""
        found = self.search([("event_id", "in", events.ids)])
        missing = events.filtered("enrollment_id") - found.event_id
        return found | self.create(
            [{"event_id": event.id, "enrollment_id": event.enrollment_id.id} for event in missing]
        )

    # ------------------------------------------------------------
    # AFTER THE MEETING
    # ------------------------------------------------------------

    def _is_noted(self) -> bool:
        """Whether there is something to lose: notes, actions, that it was held, or a pack that was sent."""
        self.ensure_one()
        is_written = bool(html2plaintext(self.notes or "").strip())
        return is_written or self.state == "held" or bool(self.action_ids or self.pack_sent_on)

    def action_finish(self):
        """Note that the meeting was held: notes go to the chatter of the partner, actions become activities."""
        for meeting in self:
            if meeting.start and meeting.start > fields.Datetime.now():
                raise UserError(self.env._("This meeting has not taken place yet. Move it in the calendar first."))
            if meeting.state != "held" and html2plaintext(meeting.notes or "").strip():
                meeting.enrollment_id.message_post(
                    body=Markup("<p><strong>%s</strong></p>%s") % (meeting.display_name, meeting.notes),
                    subtype_xmlid="mail.mt_note",
                )
        self.action_ids._create_activities()
        self.state = "held"

    def action_open_event(self):
        """Open the meeting in the calendar."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "calendar.event",
            "res_id": self.event_id.id,
            "views": [(False, "form")],
        }

    def action_view_enrollment(self):
        """Open the partner."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.program.enrollment",
            "res_id": self.enrollment_id.id,
            "views": [(False, "form")],
        }

    # ------------------------------------------------------------
    # PACK
    # ------------------------------------------------------------

    @api.model
    def _send_packs(self):
        """Make the packs of the meetings of the next three days, and mail them to who attends; each once.

        A pack that somebody sent weeks ahead is no longer what there is to talk about: it comes again.

        :return: the meetings whose pack was sent
        """
        now = fields.Datetime.now()
        events = (
            self.env["calendar.event"]
            .search(
                [
                    ("start", ">", now),
                    ("start", "<=", now + timedelta(days=PACK_DAYS)),
                    "|",
                    ("enrollment_id.state", "in", ("active", "suspended")),
                    "&",  # the series goes on where the contract of another program is missing
                    ("enrollment_id.state", "=", "onboarding"),
                    ("is_partner_series", "=", True),
                ],
                order="start",
            )
            .filtered(self._has_host)
        )
        meetings = self._of_events(events).filtered(
            lambda one: not one.pack_sent_on or one.pack_sent_on < one.start - timedelta(days=STALE_DAYS)
        )
        commit = self.env["partner.commission.line"]._commit_in_cron
        commit(remaining=len(meetings))
        for meeting in meetings:
            try_each(meeting, lambda one: one._send_pack())
            if not commit(processed=1):
                break
        return meetings.filtered(lambda one: one.pack_sent_on and one.pack_sent_on >= now)

    @api.model
    def _has_host(self, event) -> bool:
        """Whoever has left meets nobody; nor does the account manager who is none any more."""
        enrollment, user = event.enrollment_id, event.user_id
        if user and user == enrollment.account_manager_id:
            return not enrollment.lacks_account_manager
        return not user or user.active

    def action_make_pack(self):
        """Make the pack anew with the figures of now, and attach it; one that was mailed stays as it was."""
        for meeting in self:
            lang = meeting.enrollment_id._get_meeting_contact().lang
            localized = meeting.with_context(lang=lang or self.env.lang)
            report = self.env["ir.actions.report"].sudo()  # reading the template of a report is technical
            content, _kind = report.with_context(lang=lang or self.env.lang)._render_qweb_pdf(
                "partner_program.action_report_meeting_pack", meeting.ids
            )
            values = {
                "name": localized._get_report_base_filename() + ".pdf",
                "datas": base64.b64encode(content),
                "mimetype": "application/pdf",
                "res_model": meeting._name,
                "res_id": meeting.id,
            }
            if meeting.pack_id and not meeting._is_pack_mailed():
                meeting.pack_id.write(values)
            else:
                meeting.pack_id = self.env["ir.attachment"].create(values)

    def _is_pack_mailed(self) -> bool:
        """Whether this pack was mailed, and not one made before it."""
        self.ensure_one()
        return bool(self.pack_sent_on) and self.pack_id.create_date.replace(microsecond=0) <= self.pack_sent_on

    def action_send_pack(self):
        """Make the pack, and mail it to who attends of the partner and of us; says why nobody gets it."""
        for meeting in self - self._send_pack():
            if not meeting._get_pack_recipients():
                raise UserError(
                    self.env._(
                        "Nobody who attends the meeting with %(partner)s has an email address: nobody gets the pack. "
                        "Give the contact an address, invite somebody else in the calendar, or make the pack and take "
                        "it along.",
                        partner=meeting.enrollment_id.partner_id.name,
                    )
                )
            raise UserError(
                self.env._(
                    "The email with the meeting pack is switched off: nobody gets the pack. Switch it on in Settings, "
                    "Choose and Edit Emails, or make the pack and take it along."
                )
            )

    def _send_pack(self):
        """Make the pack, and mail it to who attends of the partner and of us.

        :return: the meetings whose pack somebody gets
        """
        self.action_make_pack()
        sent = self.browse()
        for meeting in self.filtered(lambda one: one._get_pack_recipients()):
            if self.env["mail.template"]._partner_program_send(
                "partner_program.mail_template_meeting_pack",
                meeting,
                {"attachment_ids": meeting.pack_id.ids},
            ):
                sent |= meeting
        sent.pack_sent_on = fields.Datetime.now()
        return sent

    def _get_pack_recipients(self):
        """Who attends of the partner and of us: clients and other guests must not read the pack. For the template."""
        self.ensure_one()
        people_sudo = self.sudo().event_id.partner_ids  # whoever may read the meeting may know who attends
        colleagues_sudo = people_sudo.filtered(lambda one: any(user.active and not user.share for user in one.user_ids))
        return (self.enrollment_id._filter_own_people(people_sudo) | colleagues_sudo).filtered("email").sudo(False)

    def _is_pack_told(self) -> bool:
        """Whether the partner got the pack: not that of an event for clients and colleagues only."""
        self.ensure_one()
        event_sudo = self.sudo().event_id  # as above
        told = event_sudo.is_partner_series or self.enrollment_id._filter_own_people(event_sudo.partner_ids)
        return bool(self.pack_sent_on and told)

    def _get_report_base_filename(self) -> str:
        self.ensure_one()
        day = self.company_id._partner_program_local_date(self.start) if self.start else ""  # whoever makes it
        return self.env._("Meeting pack %(partner)s %(day)s", partner=self.enrollment_id.partner_id.name, day=day)

    def _get_pack(self) -> dict:
        """What the pack shows, as of now, since the last pack, or else since the meeting before; see the enrollment.

        What happened between that pack and its meeting, or a further one that was arranged at short notice and had
        none, is in no other one.
        """
        self.ensure_one()
        Event = self.env["calendar.event"].with_context(active_test=False)
        before = Event.search(
            Event._get_partner_meetings_domain()
            & Domain("enrollment_id", "in", self.enrollment_id._with_previous().ids)
            & Domain("start", "<", min(self.start, fields.Datetime.now())),
            order="start desc",
        )
        told = before.partner_meeting_ids.filtered(lambda meeting: meeting._is_pack_told())[:1]
        since = told.pack_sent_on or before[:1].start or fields.Datetime.now() - timedelta(days=31)
        return self.enrollment_id._get_meeting_pack(self.company_id._partner_program_local_date(since))


class PartnerProgramMeetingAction(models.Model):
    """Who does what until when: agreed in a meeting, followed up as an activity of the partner."""

    _name = "partner.program.meeting.action"
    _description = "Action of a Partner Meeting"
    _order = "date_deadline, id"

    meeting_id = fields.Many2one("partner.program.meeting", required=True, index=True, ondelete="cascade")
    enrollment_id = fields.Many2one(related="meeting_id.enrollment_id", store=True, index=True, string="Partner")
    company_id = fields.Many2one(related="meeting_id.company_id", store=True, index=True)
    name = fields.Char("What", required=True)
    by_partner = fields.Boolean("Partner Does It", help="The one responsible here asks the partner about it.")
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    date_deadline = fields.Date(
        "Until", required=True, default=lambda self: fields.Date.context_today(self) + timedelta(days=7)
    )
    activity_id = fields.Many2one("mail.activity", readonly=True, copy=False, ondelete="set null")
    state = fields.Selection(
        [("new", "Noted"), ("open", "To Do"), ("done", "Done")], compute="_compute_state", search="_search_state"
    )

    @api.depends("activity_id.active")
    def _compute_state(self):
        for action in self:
            activity_sudo = action.sudo().activity_id  # somebody else's to-do
            action.state = "new" if not activity_sudo else "open" if activity_sudo.active else "done"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        domains = {
            "new": fields.Domain("activity_id", "=", False),
            "open": fields.Domain("activity_id.active", "=", True),
            "done": fields.Domain("activity_id.active", "=", False) & fields.Domain("activity_id", "!=", False),
        }
        return fields.Domain.OR(domains[state] for state in value if state in domains)

    def _create_activities(self):
        """A to-do on the partner for each action that has none."""
        todo = self.env.ref("mail.mail_activity_data_todo")
        model_id = self.env["ir.model"]._get_id("partner.program.enrollment")
        new = self.filtered(lambda action: not action.activity_id)
        activities = self.env["mail.activity"].create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": action.enrollment_id.id,
                    "activity_type_id": todo.id,
                    "summary": self.env._("Partner: %(what)s", what=action.name) if action.by_partner else action.name,
                    "note": action.meeting_id.display_name,
                    "date_deadline": action.date_deadline,
                    "user_id": action.user_id.id,
                }
                for action in new
            ]
        )
        for action, activity in zip(new, activities, strict=True):
            action.activity_id = activity
