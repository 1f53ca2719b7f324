"""The monthly meeting: a series that never ends by being forgotten and never is endless; pack, notes, actions (P23)."""

import base64
import importlib.util
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import file_path, mute_logger

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestMeetings(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Enrollment = cls.env["partner.program.enrollment"]
        cls.Event = cls.env["calendar.event"]
        # second Wednesday, half past two, in the time zone of a company with summer time
        cls.company.partner_id.tz = "Europe/Brussels"
        cls.program_affiliate.write(
            {"monthly_meeting": True, "meeting_week": "2", "meeting_weekday": "WED", "meeting_hour": 14.5}
        )
        cls.enrollment_byte.account_manager_id = cls.manager

    def meetings(self, enrollment=None):
        return self.Event.search([("enrollment_id", "=", (enrollment or self.enrollment_byte).id)], order="start")

    def night(self):
        """What the scheduler does every night."""
        sent = self.Enrollment._cron_meetings()
        self.env.flush_all()
        return sent

    def test_p23_a_partner_with_a_manager_gets_twelve_meetings(self):
        self.assertFalse(self.enrollment_byte.monthly_meeting, "enrolled before the program had meetings")
        self.enrollment_byte.monthly_meeting = True
        events = self.meetings()
        self.assertEqual(len(events), 12)
        self.assertEqual(events[0].start, fields.Datetime.to_datetime("2026-01-14 13:30:00"))
        self.assertEqual(events[6].start, fields.Datetime.to_datetime("2026-07-08 12:30:00"), "summer time")
        self.assertEqual(events.user_id, self.manager)
        self.assertEqual(events.partner_ids, self.manager.partner_id + self.byte_contact)
        self.assertEqual({event.recurrence_id.end_type for event in events}, {"count"}, "never endless")
        links = events.mapped("videocall_location")
        self.assertTrue(all("/calendar/join_videocall/" in link for link in links))
        self.assertEqual(len(set(links)), 12)
        self.assertEqual(self.enrollment_byte.next_meeting_on, events[0].start)
        self.assertFalse(self.enrollment_byte.lacks_meeting)

    def test_p23_the_invitation_is_in_the_language_of_the_partner_whoever_plans(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.byte.lang = "fr_FR"
        self.enrollment_byte.with_context(lang=False).monthly_meeting = True
        event = self.meetings()[0]
        self.assertIn("réunion mensuelle", event.name)
        self.assertIn("Ventes", event.description)

    def test_p23_the_button_says_what_is_planned_already(self):
        enrollment = self.enrollment_byte.with_user(self.manager)
        self.assertFalse(enrollment.monthly_meeting)
        enrollment.action_plan_meetings()
        first = self.meetings()
        self.assertEqual(len(first), 12)
        with self.assertRefused("Byte Builders are planned until 12/09/2026"):
            enrollment.action_plan_meetings()
        self.assertEqual(self.meetings(), first)

    def test_p23_a_manager_whose_calendar_is_synced_with_outlook_plans_and_hands_over(self):
        """That sync refuses what a user does to repeated events in Odoo; Odoo's own work says ``dont_notify``."""
        Event = type(self.Event)
        create, write = Event.create, Event.write

        def refuse(events, is_repeated):
            if is_repeated and not events.env.context.get("dont_notify"):
                raise UserError(events._name)

        def create_in_outlook(events, vals_list):
            refuse(events, any(vals.get("recurrency") for vals in vals_list))
            return create(events, vals_list)

        def write_in_outlook(events, vals):
            refuse(events, "active" not in vals and any(events.mapped("recurrency")))
            return write(events, vals)

        self.startPatcher(patch.multiple(Event, create=create_in_outlook, write=write_in_outlook))
        enrollment = self.enrollment_byte.with_user(self.manager)
        enrollment.action_plan_meetings()
        series = self.meetings()
        self.assertEqual(len(series), 12)
        self.refer(self.enrollment_byte)
        successor = enrollment._change_program(self.program_affiliate.copy())
        self.assertEqual(self.meetings(successor), series)
        other = self._new_user("otto", "partner_program.group_manager")
        successor.write({"account_manager_id": other.id, "meeting_contact_id": self.byte_contact.copy().id})
        self.assertEqual(series.user_id, other)
        successor.monthly_meeting = False
        self.assertFalse(series.exists())

    def test_p23_activation_plans_and_a_program_without_meetings_does_not(self):
        fresh = self.Enrollment.create(
            {"partner_id": self.ada.id, "program_id": self.program_affiliate.id, "account_manager_id": self.manager.id}
        )
        self.assertTrue(fresh.monthly_meeting)
        self.assertFalse(self.meetings(fresh))
        fresh.action_onboard()
        self.assertFalse(self.meetings(fresh))
        fresh.action_activate()
        self.assertEqual(len(self.meetings(fresh)), 12)
        self.enrollment_ada.account_manager_id = self.manager
        self.assertFalse(self.meetings(self.enrollment_ada))

    def test_p23_thirteen_months_by_themselves(self):
        """Each month exactly one meeting, with one pack three days before it; the series goes on before it runs out."""
        self.enrollment_byte.monthly_meeting = True
        packs = self.env["partner.program.meeting"]
        day = fields.Date.to_date("2026-01-05")
        for _month in range(13):
            meeting = self.meetings().filtered(lambda event: event.start > fields.Datetime.now())[0]
            for before in (4, 3, 2):
                day = meeting.start.date() - timedelta(days=before)
                self.go_to(f"{day} 20:00:00")
                sent = self.night()
                packs |= sent
                self.assertEqual(sent.event_id, meeting if before == 3 else self.Event, f"{before} days before")
            self.assertFalse(self.night(), "running it twice changes nothing")
            self.go_to(str(meeting.start.date() + timedelta(days=1)))
        self.assertEqual(len(packs), 13)
        events = self.meetings()
        months = [(event.start.year, event.start.month) for event in events]
        self.assertEqual(len(events), 24, "the second twelve, and no more")
        self.assertEqual(len(set(months)), 24, "one in each month")
        self.assertEqual({event.start.weekday() for event in events}, {2})
        self.assertEqual({(event.start.day - 1) // 7 for event in events}, {1}, "the second Wednesday")

    def test_p23_a_meeting_beside_the_series_does_not_stop_it(self):
        self.enrollment_byte.monthly_meeting = True
        extra = {"name": "Next year's fair", "start": "2027-06-01 08:00:00", "stop": "2027-06-01 09:00:00"}
        self.Event.create({**extra, "enrollment_id": self.enrollment_byte.id, "user_id": self.manager.id})
        self.go_to("2026-11-20")
        self.night()
        starts = self.meetings().mapped("start")
        self.assertIn(fields.Datetime.to_datetime("2027-01-13 13:30:00"), starts)
        self.assertEqual(len(starts), 25)

    def test_p23_a_partner_that_fails_stops_neither_the_others_nor_the_packs(self):
        self.enrollment_byte.monthly_meeting = True
        other = self.Enrollment.create(
            {"partner_id": self.ada.id, "program_id": self.program_affiliate.id, "state": "active"}
        )
        other.with_context(tracking_disable=True).account_manager_id = self.manager
        self.meetings(other).unlink()
        self.go_to("2026-11-20")
        prepare = type(self.Enrollment)._prepare_meeting_vals

        def fails(enrollment, last):
            if enrollment == self.enrollment_byte:
                raise ValueError("of another add-on")
            return prepare(enrollment, last)

        with (
            patch.object(type(self.Enrollment), "_prepare_meeting_vals", fails),
            mute_logger("odoo.addons.partner_program.models.partner_program_enrollment_meetings"),
        ):
            self.night()
        self.assertEqual(len(self.meetings()), 12)
        self.assertEqual(len(self.meetings(other)), 12)

    def test_p23_a_pack_that_fails_stops_no_other(self):
        self.enrollment_byte.monthly_meeting = True
        other = self.Enrollment.create(
            {"partner_id": self.ada.id, "program_id": self.program_affiliate.id, "state": "active"}
        )
        other.account_manager_id = self.manager
        self.go_to("2026-01-12")
        make = self.env.registry["partner.program.meeting"].action_make_pack

        def fails(meetings):
            if meetings.enrollment_id == self.enrollment_byte:
                raise ValueError("of a template that somebody edited")
            return make(meetings)

        with (
            patch.object(self.env.registry["partner.program.meeting"], "action_make_pack", fails),
            mute_logger("odoo.addons.partner_program.models.partner_program_meeting"),
        ):
            self.assertEqual(self.night().enrollment_id, other)

    def test_p23_after_a_pause_the_series_begins_this_month_if_its_day_is_ahead(self):
        self.enrollment_byte.monthly_meeting = True
        self.meetings().filtered(lambda event: event.start.month > 1).unlink()
        self.go_to("2026-04-01")
        self.enrollment_byte.action_plan_meetings()
        self.assertEqual(str(self.meetings()[1].start), "2026-04-08 12:30:00")
        self.meetings()[1:].unlink()
        self.go_to("2026-04-20")
        self.enrollment_byte.action_plan_meetings()
        self.assertEqual(str(self.meetings()[1].start), "2026-05-13 12:30:00", "that of April is over")

    def test_p23_what_was_noted_of_a_meeting_outlives_its_event(self):
        self.enrollment_byte.monthly_meeting = True
        events = self.meetings()
        held, planned, written, sent = self.env["partner.program.meeting"]._of_events(events[:4]).sorted("start")
        held.state, sent.pack_sent_on = "held", "2026-01-05"
        written.notes = "<p>They want a second demo</p>"
        with self.assertRaises(AccessError):
            events[2].with_user(self.portal_byte).unlink()
        events.with_user(self.manager).unlink()
        self.assertEqual((held + planned + written + sent).exists(), held + written + sent)
        self.assertFalse(self.meetings(), "they are out of the calendar")
        self.assertIn("second demo", written.with_user(self.manager).notes)
        self.assertEqual((held + written + sent).mapped("state"), ["held", "cancelled", "cancelled"])
        (held + written).event_id.action_unarchive()
        self.assertEqual((held + written).mapped("state"), ["held", "planned"], "taken back")

    def test_p23_a_meeting_that_was_held_counts_whatever_became_of_its_event(self):
        self.enrollment_byte.monthly_meeting = True
        january = self.env["partner.program.meeting"]._of_events(self.meetings()[0])
        self.go_to("2026-01-15")
        january.action_finish()
        held_on = january.start
        january.event_id.with_user(self.manager).unlink()
        self.assertFalse(self.enrollment_byte.lacks_meeting)
        self.assertEqual(self.enrollment_byte.last_meeting_on, held_on)
        with patch.object(type(self.Enrollment), "_get_meeting_pack", lambda _enrollment, since: since):
            february = self.env["partner.program.meeting"]._of_events(self.meetings()[0])
            self.assertEqual(february._get_pack(), held_on.date())

    def test_p23_no_series_for_an_ended_partner(self):
        self.enrollment_byte.monthly_meeting = True
        self.go_to("2026-02-01")
        self.enrollment_byte.action_end()
        self.assertEqual(len(self.meetings()), 1, "the one that was held stays")
        self.night()
        self.assertEqual(len(self.meetings()), 1)
        with self.assertRefused("not an active partner"):
            self.enrollment_byte.action_plan_meetings()
        self.assertFalse(self.enrollment_byte.lacks_meeting)

    def test_p23_no_meeting_stays_in_the_calendars_of_a_partner_who_is_deleted(self):
        self.enrollment_byte.monthly_meeting = True
        self.go_to("2026-02-01")
        with self.assertRefused("Meetings with Byte Builders are planned"):
            self.enrollment_byte.unlink()
        self.enrollment_byte.monthly_meeting = False
        self.enrollment_byte.unlink()
        self.assertFalse(self.enrollment_byte.exists())

    def test_p23_without_a_manager_there_is_nobody_to_meet(self):
        self.enrollment_byte.write({"account_manager_id": False, "monthly_meeting": True})
        self.assertFalse(self.meetings())
        with self.assertRefused("Choose the account manager"):
            self.enrollment_byte.action_plan_meetings()
        self.assertTrue(self.enrollment_byte.lacks_meeting)
        self.assertEqual(self.Enrollment.search([("lacks_meeting", "=", True)]), self.enrollment_byte)
        self.assertNotIn(self.enrollment_byte, self.Enrollment.search([("lacks_meeting", "=", False)]))
        self.enrollment_byte.account_manager_id = self.manager
        self.assertFalse(self.Enrollment.search([("lacks_meeting", "=", True)]))
        self.meetings()[0].unlink()
        self.assertEqual(self.Enrollment.search([("lacks_meeting", "=", True)]), self.enrollment_byte)

    def test_p22_handing_over_moves_the_meetings_ahead(self):
        self.enrollment_byte.monthly_meeting = True
        self.go_to("2026-03-01")
        new = self._new_user("nick", "partner_program.group_manager")
        stand_in = self.meetings()[4]
        stand_in.user_id = self.salesperson
        self.enrollment_byte.account_manager_id = new
        events = self.meetings()
        self.assertEqual(events[:2].user_id, self.manager, "what was held was held by the former manager")
        self.assertEqual(stand_in.user_id, self.salesperson)
        self.assertEqual(events[5:].user_id, new)
        self.assertEqual(events[5].partner_ids, new.partner_id + self.byte_contact)
        self.assertEqual(events[5].attendee_ids.partner_id, new.partner_id + self.byte_contact)
        self.assertEqual(len(events), 12, "no second series")

    def test_p23_the_pack_says_what_there_is_to_talk_about(self):
        self.enrollment_byte.monthly_meeting = True
        self.env["partner.program.objective"].create(
            {
                "enrollment_id": self.enrollment_byte.id,
                "year": "2026",
                "quarter": "1",
                "target_clients": 4,
                "target_revenue": 10000,
            }
        )
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(1000, product=self.starter, on="2026-01-06"), on="2026-01-20")
        self.invoice(
            500, product=self.starter, on="2026-01-10", invoice_date_due="2026-01-31", invoice_payment_term_id=False
        )
        self.byte.training_ids.date_to = "2026-02-20"
        self.go_to("2026-02-09")
        self.env["partner.program.resource"].create({"name": "Deck 2026", "url": "https://deck.example"})
        first = self.env["partner.program.meeting"]._of_events(self.meetings()[0])
        first.action_ids = [Command.create({"name": "Call Cobalt", "user_id": self.manager.id})]
        first.action_finish()
        meeting = self.env["partner.program.meeting"]._of_events(self.meetings()[1])
        pack = meeting._get_pack()
        self.assertEqual(pack["since"], fields.Date.to_date("2026-01-14"))
        self.assertEqual(pack["acquired"].client_id, self.client)
        self.assertEqual(pack["sales"].mapped("earned_amount"), [200])
        self.assertEqual(pack["late"].mapped("amount"), [100])
        self.assertEqual(pack["upsells"], [{"client": "Cobalt Clinics", "package": "Starter", "next": "Pro"}])
        self.assertFalse(pack["held"])
        self.assertEqual(
            [(figure["label"], figure["actual"], figure["objective"], figure["share"]) for figure in pack["figures"]],
            [("Acquired clients", 1, 4, 25), ("Revenue", 1500.0, 10000.0, 15)],
        )
        self.assertEqual(pack["training"]["expiring"].contact_id, self.byte_contact)
        self.assertEqual(pack["resources"].mapped("name"), ["Deck 2026"])
        self.assertEqual(pack["actions"].mapped("name"), ["Call Cobalt"])
        self.agreement = self.env["partner.program.agreement"].create({"name": "Second", "body": "<p>More</p>"})
        self.program_affiliate.agreement_id = self.agreement
        self.assertEqual(meeting._get_pack()["held"].mapped("open_amount"), [200])

        self.assertEqual(self.night(), meeting)
        html = base64.b64decode(meeting.pack_id.datas).decode()
        for text in ("Cobalt Clinics", "200.00", "Deck 2026", "Call Cobalt", "contract not signed", "25 %"):
            self.assertIn(text, html.replace("\xa0", " "))
        mail = self.env["mail.mail"].search([("model", "=", meeting._name), ("res_id", "=", meeting.id)])
        self.assertEqual(mail.recipient_ids, self.manager.partner_id + self.byte_contact)
        self.assertIn(meeting.pack_id, mail.attachment_ids)
        self.assertIn(meeting.event_id.videocall_location, mail.body_html)

    def test_p23_nothing_falls_between_two_packs(self):
        self.enrollment_byte.monthly_meeting = True
        self.refer(self.enrollment_byte)
        late = self.invoice(500, product=self.starter, on="2026-01-06")
        self.pay(self.invoice(1000, product=self.starter, on="2026-01-06"), on="2026-01-06")
        self.go_to("2026-01-11 20:00:00")
        first = self.night()
        self.assertEqual(first._get_pack()["sales"].mapped("earned_amount"), [200])
        self.go_to("2026-01-12")
        self.refer(self.enrollment_byte, client=self.other_client)
        self.pay(self.invoice(100, product=self.starter, client=self.other_client))
        self.env["partner.program.resource"].create({"name": "Deck 2026", "url": "https://deck.example"})
        self.go_to("2026-01-20")
        self.pay(late, on="2026-01-07")
        self.go_to("2026-02-08 20:00:00")
        pack = self.night()._get_pack()
        self.assertEqual(pack["since"], fields.Date.to_date("2026-01-11"))
        self.assertEqual(sorted(pack["sales"].mapped("earned_amount")), [20, 100])
        self.assertEqual(pack["acquired"].client_id, self.other_client)
        self.assertEqual(pack["resources"].mapped("name"), ["Deck 2026"])

    def test_p23_nor_does_it_around_a_meeting_without_a_pack_or_without_the_partner(self):
        self.enrollment_byte.monthly_meeting = True
        self.go_to("2026-01-11 20:00:00")
        self.assertTrue(self.night())
        self.go_to("2026-01-16")
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(1000, product=self.starter))
        demo = self.arrange()
        demo.partner_ids = self.manager.partner_id + self.client_contact
        self.go_to("2026-01-18")
        self.assertEqual(self.night().event_id, demo, "read by the account manager only")
        self.go_to("2026-01-22 16:00:00")
        call = self.arrange()
        call.write({"start": "2026-01-22 14:00:00", "stop": "2026-01-22 15:00:00"})
        call.partner_ids = self.manager.partner_id + self.byte_contact
        self.go_to("2026-02-08 20:00:00")
        pack = self.night()._get_pack()
        self.assertEqual(pack["since"], fields.Date.to_date("2026-01-11"))
        self.assertEqual(pack["sales"].mapped("earned_amount"), [200])

    def test_p23_what_was_told_in_a_meeting_that_people_arranged_is_not_told_again(self):
        self.enrollment_byte.monthly_meeting = True
        self.go_to("2026-01-11 20:00:00")
        self.assertTrue(self.night())
        self.arrange().partner_ids = self.manager.partner_id + self.byte_contact
        self.go_to("2026-01-18")
        self.assertTrue(self.night())
        self.go_to("2026-02-08 20:00:00")
        self.assertEqual(self.night()._get_pack()["since"], fields.Date.to_date("2026-01-18"))

    def test_p23_a_meeting_that_is_put_off_gets_a_new_pack(self):
        self.enrollment_byte.monthly_meeting = True
        self.go_to("2026-01-12")
        meeting = self.night()
        meeting.event_id.with_user(self.manager).start = "2026-01-14 15:00:00"
        self.go_to("2026-01-13")
        self.assertFalse(self.night(), "two hours later")
        mailed = meeting.pack_id
        meeting.event_id.with_user(self.manager).start = "2026-02-04 15:00:00"
        self.assertFalse(meeting.pack_id)
        self.assertFalse(self.night())
        self.go_to("2026-02-02")
        self.assertEqual(self.night(), meeting)
        self.assertNotEqual(meeting.pack_id, mailed)

    def test_p23_a_pack_that_was_sent_weeks_ahead_comes_again_and_one_of_the_week_does_not(self):
        self.enrollment_byte.monthly_meeting = True
        meeting = self.env["partner.program.meeting"]._of_events(self.meetings()[1])
        for day, is_again in (("2026-01-15", True), ("2026-02-06", False)):
            meeting.pack_sent_on = f"{day} 09:00:00"
            self.go_to("2026-02-09")
            self.assertEqual(self.night(), meeting if is_again else meeting.browse())
            self.assertFalse(self.night(), "once")

    def test_p23_the_file_has_the_day_of_the_meeting_at_the_company(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        self.enrollment_byte.monthly_meeting = True
        meeting = self.env["partner.program.meeting"]._of_events(self.meetings()[0])
        self.assertEqual(str(meeting.start), "2026-01-14 01:30:00")
        meeting.event_id.write({"start": "2026-01-13 20:00:00", "stop": "2026-01-13 21:00:00"})
        self.assertIn("2026-01-14", meeting.with_context(tz="UTC")._get_report_base_filename())

    def test_p23_a_pack_that_was_mailed_stays_as_it_was(self):
        self.enrollment_byte.monthly_meeting = True
        meeting = self.env["partner.program.meeting"]._of_events(self.meetings()[0]).with_user(self.manager)
        meeting.action_make_pack()
        draft = meeting.pack_id
        meeting.action_send_pack()
        self.assertEqual(meeting.pack_id, draft)
        self.env["partner.program.resource"].create({"name": "Deck 2026", "url": "https://deck.example"})
        meeting.action_make_pack()
        self.assertNotIn("Deck 2026", draft.raw.decode())
        self.assertIn("Deck 2026", meeting.pack_id.raw.decode())

    def test_p23_making_a_pack_again_keeps_the_one_that_was_mailed_and_one_more(self):
        self.enrollment_byte.monthly_meeting = True
        meeting = self.env["partner.program.meeting"]._of_events(self.meetings()[0]).with_user(self.manager)
        meeting.action_send_pack()
        mailed = meeting.pack_id
        for hour in (10, 11, 12):
            self.go_to(f"2026-01-05 {hour}:00:00")
            meeting.action_make_pack()
        files = self.env["ir.attachment"].search([("res_model", "=", meeting._name), ("res_id", "=", meeting.id)])
        self.assertEqual(files.sorted("id"), mailed + meeting.pack_id)
        self.go_to("2026-01-05 13:00:00")
        meeting.action_send_pack()
        self.go_to("2026-01-05 14:00:00")
        second = meeting.pack_id
        meeting.action_make_pack()
        self.assertNotEqual(meeting.pack_id, second)

    def test_p23_a_copy_of_a_meeting_is_not_of_the_series(self):
        self.enrollment_byte.monthly_meeting = True
        event = self.meetings()[0]
        copy = event.copy({"start": "2026-01-20 10:00:00", "stop": "2026-01-20 11:00:00"})
        self.assertEqual((event.is_partner_series, copy.is_partner_series), (True, False))
        self.enrollment_byte.monthly_meeting = False
        self.assertEqual(self.meetings(), copy)

    def test_p23_the_pack_goes_to_nobody_but_the_partner_and_us(self):
        demo = self.arrange()
        former = self._new_user("fred", "base.group_user")
        people = self.manager + self.salesperson + former
        demo.partner_ids = people.partner_id + self.byte_contact + self.client_contact + self.ada_contact
        former.active = False
        self.go_to("2026-01-18")
        meeting = self.night()
        self.assertEqual(meeting.event_id, demo, "arranged by hand, and with this partner")
        mail = self.env["mail.mail"].search([("model", "=", meeting._name), ("res_id", "=", meeting.id)])
        self.assertEqual(mail.recipient_ids, (self.manager + self.salesperson).partner_id + self.byte_contact)

    def test_p23_a_pack_that_nobody_gets_is_not_sent(self):
        self.enrollment_byte.monthly_meeting = True
        self.go_to("2026-01-11 13:30:00")
        template = self.env.ref("partner_program.mail_template_meeting_pack")
        template.active = False
        self.assertFalse(self.night())
        meeting = self.env["partner.program.meeting"]._of_events(self.meetings()[0]).with_user(self.manager)
        self.assertTrue(meeting.pack_id, "made all the same, to take along")
        self.assertFalse(meeting.pack_sent_on)
        with self.assertRefused("switched off.* Settings"):
            meeting.action_send_pack()
        template.active = True
        (self.manager.partner_id + self.byte_contact).email = False
        self.assertFalse(self.night())
        with self.assertRefused("Nobody who attends .* has an email address"):
            meeting.action_send_pack()
        self.assertFalse(meeting.pack_sent_on)
        self.byte_contact.email = "ben@byte.example"
        self.assertEqual(self.night(), meeting)
        self.assertTrue(meeting.pack_sent_on)

    def cancellations(self):
        """The mails that say that the series stops."""
        return self.env["mail.mail"].search([("subject", "=", "Our monthly meetings")])

    def arrange(self):
        """A meeting that people arranged beside the series."""
        return self.Event.with_user(self.manager).create(
            {
                "name": "Coffee",
                "start": "2026-01-20 09:00:00",
                "stop": "2026-01-20 10:00:00",
                "enrollment_id": self.enrollment_byte.id,
            }
        )

    def test_p23_what_people_arranged_stays_in_the_calendar(self):
        coffee = self.arrange()
        self.night()
        self.assertTrue(coffee.exists(), "there is no series with this partner, and nothing to cancel")
        self.enrollment_byte.monthly_meeting = True
        self.enrollment_byte.with_user(self.manager).monthly_meeting = False
        self.assertEqual(self.meetings(), coffee)
        self.enrollment_byte.action_end()
        self.night()
        self.assertEqual(self.meetings(), coffee)

    def test_p23_so_do_regular_meetings_that_people_arranged(self):
        quarterly = self.arrange()
        quarterly.write({"recurrency": True, "rrule_type": "monthly", "interval": 3, "end_type": "count", "count": 4})
        arranged = self.meetings()
        self.assertEqual(len(arranged), 4)
        self.night()
        self.assertEqual(self.meetings(), arranged)
        self.assertFalse(self.cancellations())
        self.enrollment_byte.monthly_meeting = True
        self.assertEqual(len(self.meetings()), 16, "nor do they stop the series")
        self.enrollment_byte.monthly_meeting = False
        self.assertEqual(self.meetings(), arranged)

    def test_p23_an_update_marks_the_series_that_were_planned_by_themselves(self):
        self.enrollment_byte.monthly_meeting = True
        moved = self.meetings()[6]  # Odoo splits the series, neither part of it has twelve meetings
        moved.write(
            {
                "recurrence_update": "future_events",
                "start": moved.start + timedelta(hours=1),
                "stop": moved.stop + timedelta(hours=1),
            }
        )
        series, coffee = self.meetings(), self.arrange()
        self.assertEqual(len(series.recurrence_id), 2)
        coffee.write({"recurrency": True, "rrule_type": "monthly", "interval": 3, "end_type": "count", "count": 4})
        self.env.flush_all()
        self.env.cr.execute("UPDATE calendar_event SET is_partner_series = NULL")
        self.env.invalidate_all()
        path = file_path("partner_program/migrations/19.0.1.1.0/post-migrate.py")
        spec = importlib.util.spec_from_file_location("post_migrate", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script._mark_series(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual(set(series.mapped("is_partner_series")), {True})
        self.assertFalse(coffee.is_partner_series)

    def test_p23_who_left_the_partner_gets_no_pack_and_somebody_else_attends(self):
        self.enrollment_byte.monthly_meeting = True
        self.enrollment_byte.meeting_contact_id = self.byte_contact
        bea = self.env["res.partner"].create({"name": "Bea", "parent_id": self.byte.id, "email": "bea@byte.example"})
        self.byte_contact.parent_id = self.ada
        self.assertEqual(self.meetings().partner_ids, self.manager.partner_id + bea)
        self.assertEqual(self.enrollment_byte._get_meeting_contact(), bea)

    def test_p23_whoever_is_chosen_to_attend_takes_the_place_of_the_former_one(self):
        paul, otto = self.env["res.partner"].create(
            [{"name": name, "parent_id": self.byte.id, "email": f"{name}@byte.example"} for name in ("paul", "otto")]
        )
        self.enrollment_byte.monthly_meeting = True
        events, stand_in = self.meetings(), self.meetings()[3]
        stand_in._swap_attendees(self.byte_contact, otto)
        messages_sudo = self.env["mail.message"].sudo()
        last = messages_sudo.search([], order="id desc", limit=1)
        self.enrollment_byte.with_user(self.manager).meeting_contact_id = paul
        self.assertEqual((events - stand_in).partner_ids, self.manager.partner_id + paul)
        self.assertEqual((events - stand_in).attendee_ids.partner_id, self.manager.partner_id + paul)
        self.assertEqual(stand_in.partner_ids, self.manager.partner_id + otto)
        invited = messages_sudo.search([("id", ">", last.id), ("model", "=", "calendar.event")])
        self.assertEqual(invited.notified_partner_ids, paul)
        self.assertEqual(invited.mapped("res_id"), events[0].ids, "one invitation, not twelve")

    def test_p23_those_who_attend_are_told_that_the_series_stops(self):
        otto = self.env["res.partner"].create({"name": "Otto", "parent_id": self.byte.id, "email": "otto@byte.example"})
        self.enrollment_byte.monthly_meeting = True
        self.meetings()._swap_attendees(self.byte_contact, otto)
        self.meetings()[2].partner_ids = [Command.link(self.client_contact.id)]
        self.enrollment_byte.monthly_meeting = False
        self.assertEqual(self.cancellations().recipient_ids, otto)
        self.assertIn("Hello Otto,", self.cancellations().body_html)

    def test_p23_neither_a_subsidiary_nor_an_invoice_address_attends(self):
        self.byte_contact.email = False
        self.env["res.partner"].create(
            [
                {"name": "Aaa North", "parent_id": self.byte.id, "is_company": True, "email": "north@north.example"},
                {"name": "Aab Invoices", "parent_id": self.byte.id, "type": "invoice", "email": "bills@byte.example"},
            ]
        )
        self.assertEqual(self.enrollment_byte._get_meeting_contact(), self.byte)

    def test_p23_nothing_is_mailed_where_mails_are_switched_off(self):
        self.enrollment_byte.monthly_meeting = True
        self.enrollment_byte.with_context(partner_program_no_mail=True).monthly_meeting = False
        self.assertFalse(self.meetings())
        self.assertFalse(self.cancellations())

    def test_p23_who_attends_is_told_that_the_series_stops(self):
        self.enrollment_byte.monthly_meeting = True
        self.enrollment_byte.with_user(self.manager).monthly_meeting = False
        self.night()
        told = self.cancellations()
        self.assertEqual(len(told), 1)
        self.assertEqual(told.recipient_ids, self.byte_contact)
        self.enrollment_byte.monthly_meeting = True
        self.enrollment_byte.action_end()
        self.assertEqual(self.cancellations(), told, "the mail on the end says it already")

    def test_d14_a_change_of_program_keeps_the_meetings_or_says_that_there_are_none(self):
        self.refer(self.enrollment_byte)
        self.enrollment_byte.monthly_meeting = True
        self.program_referral.monthly_meeting = True
        events = self.meetings()
        notes = self.env["partner.program.meeting"]._of_events(events[0])
        successor = self.enrollment_byte.with_user(self.manager)._change_program(self.program_referral)
        self.assertFalse(self.cancellations())
        self.assertEqual(self.meetings(successor), events)
        self.assertEqual(notes.enrollment_id, successor)
        self.program_affiliate.monthly_meeting = False
        self.refer(successor, client=self.other_client)
        further = successor.with_user(self.manager)._change_program(self.program_affiliate)
        self.assertEqual(len(self.cancellations()), 1)
        self.assertNotIn("Nothing else", self.cancellations().body_html, "the program has just changed")
        self.assertFalse(self.meetings(successor) + self.meetings(further))

    def test_d14_packs_go_on_while_the_contract_of_the_new_program_is_missing(self):
        self.enrollment_byte.monthly_meeting = True
        contract = self.agreement.create({"name": "Referral Terms", "body": "<p>Terms</p>"})
        self.program_referral.write({"monthly_meeting": True, "agreement_id": contract.id})
        self.refer(self.enrollment_byte)
        successor = self.enrollment_byte._change_program(self.program_referral)
        self.assertEqual(successor.state, "onboarding")
        self.go_to("2026-01-12")
        self.assertEqual(self.night().enrollment_id, successor)

    def test_d14_after_a_change_of_program_the_pack_speaks_of_the_clients_won_before(self):
        self.enrollment_byte.monthly_meeting = True
        self.program_referral.write({"monthly_meeting": True, "agreement_id": self.agreement.id})
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(1000, product=self.starter, on="2026-01-06"), on="2026-01-06")
        expiring = self.refer(self.enrollment_byte, client=self.other_client)
        expiring.expires_on = "2026-02-20"
        first = self.env["partner.program.meeting"]._of_events(self.meetings()[0])
        self.go_to("2026-01-15")
        first.action_ids = [Command.create({"name": "Call Cobalt", "user_id": self.manager.id})]
        first.action_finish()
        successor = self.enrollment_byte._change_program(self.program_referral)
        self.assertEqual(str(successor.last_meeting_on), "2026-01-14 13:30:00", "on the former program")
        self.assertFalse(successor.lacks_meeting)
        self.pay(self.invoice(500, product=self.pro, on="2026-01-16"), on="2026-01-16")
        self.invoice(70, on="2026-01-17", invoice_date_due="2026-01-20", invoice_payment_term_id=False)
        self.go_to("2026-02-05")
        meeting = self.env["partner.program.meeting"]._of_events(self.meetings(successor)[0])
        pack = meeting._get_pack()
        self.assertEqual(pack["since"], fields.Date.to_date("2026-01-14"), "the meeting before the change")
        self.assertEqual(pack["sales"].mapped("earned_amount"), [100])
        self.assertEqual(pack["late"].mapped("amount"), [14])
        self.assertEqual(pack["expiring"], expiring)
        self.assertEqual(pack["actions"].mapped("name"), ["Call Cobalt"])
        self.assertEqual([one["client"] for one in pack["upsells"]], ["Cobalt Clinics"])
        self.agreement = self.env["partner.program.agreement"].create({"name": "Second", "body": "<p>More</p>"})
        self.program_affiliate.agreement_id = self.agreement
        self.assertEqual(sorted(meeting._get_pack()["held"].mapped("open_amount")), [100, 200])

    def test_p23_notes_and_actions_become_activities(self):
        self.enrollment_byte.monthly_meeting = True
        meeting = self.env["partner.program.meeting"].browse(
            self.meetings()[0].with_user(self.manager).action_open_partner_meeting()["res_id"]
        )
        meeting = meeting.with_user(self.manager)
        meeting.notes = "<p>They want a second demo</p>"
        meeting.action_ids = [
            Command.create({"name": "Send offer", "date_deadline": "2026-01-20"}),
            Command.create({"name": "Name three prospects", "by_partner": True, "date_deadline": "2026-01-30"}),
        ]
        with self.assertRefused("not taken place yet"):
            meeting.action_finish()
        self.go_to("2026-01-14 18:00:00")
        meeting.action_finish()
        activities = self.enrollment_byte.activity_ids.sorted("date_deadline")
        self.assertEqual(activities.mapped("summary"), ["Send offer", "Partner: Name three prospects"])
        self.assertEqual(activities.user_id, self.manager)
        self.assertIn("second demo", self.enrollment_byte.message_ids[:1].body)
        self.assertEqual(meeting.action_ids.mapped("state"), ["open", "open"])
        activities[0].action_done()
        meeting.invalidate_recordset()
        meeting.action_ids.invalidate_recordset()
        self.assertEqual(meeting.action_ids.mapped("state"), ["done", "open"])
        meeting.action_ids = [Command.create({"name": "One more", "date_deadline": "2026-02-01"})]
        meeting.action_finish()
        self.assertEqual(len(self.enrollment_byte.activity_ids), 2, "the done one is gone, none comes twice")

    def test_notes_and_packs_are_for_managers(self):
        self.enrollment_byte.monthly_meeting = True
        meeting = self.env["partner.program.meeting"]._of_events(self.meetings()[0])
        for user in (self.salesperson, self.employee, self.accountant, self.portal_byte):
            with self.assertRefused(".", AccessError):
                meeting.with_user(user).read(["notes"])
        self.meetings()[0].with_user(self.employee).read()

    def test_planning_costs_no_more_for_each_partner_than_its_meetings(self):
        """Nothing to plan: a constant number of queries, however many partners there are."""
        counts = []
        for size in (1, 9, 90):
            companies = self.env["res.partner"].create([{"name": f"P{n}", "is_company": True} for n in range(size)])
            self.Enrollment.create(
                [
                    {"partner_id": one.id, "program_id": self.program_affiliate.id, "state": "active"}
                    for one in companies
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.night()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[0] + 2, counts)


@tagged("post_install", "-at_install")
class TestObjectives(PartnerProgramCommon):
    def test_p23_an_up_sell_to_a_client_of_two_claims_counts_once(self):
        self.program_referral.dormancy_months = 0
        first = self.acquired()
        self.pay(self.invoice(100, product=self.starter))
        self.go_to("2027-02-01")
        self.env["partner.referral"]._cron_sync_referrals()
        second = self.acquired()
        self.assertEqual((first + second).mapped("state"), ["completed", "acquired"])
        self.pay(self.invoice(200, product=self.pro))
        objective = self.env["partner.program.objective"].create(
            {"enrollment_id": self.enrollment_ada.id, "year": "2027", "quarter": "1"}
        )
        self.assertEqual(objective.actual_upsells, 1)

    def objective(self, quarter="1", **vals):
        return self.env["partner.program.objective"].create(
            {"enrollment_id": self.enrollment_byte.id, "year": "2026", "quarter": quarter, **vals}
        )

    def test_p23_actuals_follow_from_clients_and_invoices(self):
        first, second = self.objective("1"), self.objective("2")
        self.refer(self.enrollment_byte)
        self.go_to("2026-06-30")
        self.pay(self.invoice(100, product=self.starter, on="2026-01-06"), on="2026-01-20")
        pro = self.invoice(900, product=self.pro, on="2026-03-31")
        self.credit(self.invoice(400, product=self.pro, on="2026-04-01"), 150, on="2026-04-02")
        enterprise = self.invoice(2000, product=self.enterprise, on="2026-05-01")
        self.pay(self.invoice(100, product=self.starter, on="2026-06-01"), on="2026-06-30")
        self.pay(self.invoice(7000, product=self.enterprise, client=self.other_client, on="2026-02-01"))
        self.assertEqual((first + second).mapped("actual_upsells"), [0, 0], "invoiced is not paid")
        self.pay(pro, on="2026-06-30")
        self.pay(enterprise, on="2026-06-30")
        (first + second).invalidate_recordset()
        self.assertRecordValues(
            first + second,
            [
                {"actual_clients": 1, "actual_revenue": 1000.0, "actual_upsells": 1},
                {"actual_clients": 0, "actual_revenue": 2350.0, "actual_upsells": 1},
            ],
        )

    def test_p23_revenue_goes_on_after_the_months_that_earn(self):
        last, later = self.objective("4"), self.objective("1", year="2027")
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(100, product=self.starter, on="2026-01-06"))
        self.go_to("2027-03-01")
        self.invoice(600, on="2026-12-01")
        self.invoice(900, on="2027-02-10")
        self.credit(self.invoice(300, on="2027-02-11"), 50, on="2027-02-12")
        (last + later).invalidate_recordset()
        self.assertEqual((last + later).mapped("actual_revenue"), [600.0, 1150.0])

    def test_p23_objectives_count_on_after_a_change_of_program(self):
        before = self.objective("1", target_clients=2)
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(100, product=self.starter, on="2026-01-06"))
        waiting = self.refer(self.enrollment_byte, client=self.other_client)
        successor = self.enrollment_byte._change_program(self.program_referral)
        after = self.objective("1", enrollment_id=successor.id, target_clients=3)
        self.pay(self.invoice(300, product=self.starter, client=self.other_client, on="2026-01-07"))
        self.assertEqual(waiting.state, "acquired")
        (before + after).invalidate_recordset()
        for objective in before + after:
            self.assertEqual((objective.actual_clients, objective.actual_revenue), (2, 400.0))
        pack = successor._get_meeting_pack(fields.Date.today())
        self.assertEqual(pack["objective"], after)
        after.unlink()
        self.assertEqual(successor._get_meeting_pack(fields.Date.today())["objective"], before)

    def test_revenue_is_counted_in_the_currency_of_the_company(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        objective = self.objective()
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(100, product=self.starter, on="2026-01-05"))
        self.invoice(600, on="2026-01-06", currency_id=euro.id)
        self.assertEqual(objective.actual_revenue, 400.0)

    def test_partners_see_their_objectives_and_nobody_elses(self):
        self.objective(target_clients=2)
        for user, partner, shown in (
            (self.portal_byte, self.byte, [("Acquired clients", 0, 2)]),
            (self.portal_ada, self.ada, []),
        ):
            objectives = self.env["partner.program.portal"].with_user(user)._get_dashboard(partner)["objectives"]
            figures = [figure for _objective, figures in objectives for figure in figures]
            self.assertEqual([(one["label"], one["actual"], one["objective"]) for one in figures], shown)
        for user in (self.portal_byte, self.employee):
            with self.assertRefused(".", AccessError):
                self.env["partner.program.objective"].with_user(user).search([])

    def test_partners_see_the_share_of_a_revenue_and_not_what_their_client_was_invoiced(self):
        self.objective(target_revenue=1000.0)
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(437.0, product=self.starter, on="2026-01-05"))
        portal = self.env["partner.program.portal"].with_user(self.portal_byte)
        values = portal._get_dashboard(self.byte)
        page = str(portal.env["ir.qweb"]._render("partner_program.portal_dashboard_objectives", values))
        event = self.env["calendar.event"].create(
            {
                "name": "Review",
                "start": "2026-01-06 09:00:00",
                "stop": "2026-01-06 10:00:00",
                "enrollment_id": self.enrollment_byte.id,
            }
        )
        meeting = self.env["partner.program.meeting"]._of_events(event)
        meeting.action_make_pack()
        for shown in (page, meeting.pack_id.raw.decode()):
            self.assertIn("44 %", shown)
            self.assertNotIn("437.00", shown)

    def test_partners_see_the_objectives_of_each_of_their_programs_and_no_old_ones(self):
        other = self.env["partner.program.enrollment"].create(
            {"partner_id": self.byte.id, "program_id": self.program_referral.id, "state": "active"}
        )
        portal = self.env["partner.program.portal"].with_user(self.portal_byte)

        def shown():
            return [one for one, _figures in portal._get_dashboard(self.byte)["objectives"]]

        old = self.objective("4", year="2025", target_clients=1)
        self.assertEqual(shown(), [old])
        both = self.objective(target_clients=2) + self.objective(enrollment_id=other.id, target_clients=3)
        self.assertCountEqual(shown(), both)
        self.go_to("2026-04-02")
        self.refer(self.enrollment_byte)
        successor = self.enrollment_byte._change_program(self.program_affiliate.copy())
        after = self.objective("2", enrollment_id=successor.id, target_clients=4)
        self.objective("2", target_clients=4)
        self.assertEqual(shown(), [after], "what another enrollment took over counts there")
        self.go_to("2026-10-15")
        self.assertFalse(shown())

    def test_one_row_per_partner_and_quarter_and_nothing_odd(self):
        self.objective()
        with self.assertRefused("objectives for that quarter already"):
            self.objective()
        with self.assertRefused("four digits"):
            self.objective("2", year="26")
        with self.assertRefused("cannot be negative"):
            self.objective("3", target_clients=-1)

    def test_actuals_of_many_objectives_in_two_queries(self):
        for quarter in "1234":
            self.objective(quarter)
        objectives = self.env["partner.program.objective"].search([])
        for size in (1, 4):
            chosen = objectives[:size]
            self.env.flush_all()
            self.env.invalidate_all()
            chosen.mapped("date_from")
            with self.assertQueryCount(2):
                chosen.mapped("actual_revenue")
