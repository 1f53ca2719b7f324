"""No line is due a minute early or late, wherever the company is and whatever its clocks do (D1, D6, D9)."""

from bisect import bisect_left
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from odoo import SUPERUSER_ID

from ..tools import zones
from .common import PartnerProgramCommon
from .many_clients import ManyClients

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

# When 4 February 2026 begins there, in UTC.
ZONES = {
    "Pacific/Kiritimati": "2026-02-03 10:00",
    "Pacific/Chatham": "2026-02-03 10:15",
    "Pacific/Apia": "2026-02-03 11:00",
    "Pacific/Auckland": "2026-02-03 11:00",
    "Pacific/Fiji": "2026-02-03 12:00",
    "Australia/Lord_Howe": "2026-02-03 13:00",
    "Australia/Adelaide": "2026-02-03 13:30",
    "Asia/Tokyo": "2026-02-03 15:00",
    "Australia/Eucla": "2026-02-03 15:15",
    "Asia/Yangon": "2026-02-03 17:30",
    "Asia/Kathmandu": "2026-02-03 18:15",
    "Asia/Kolkata": "2026-02-03 18:30",
    "Asia/Kabul": "2026-02-03 19:30",
    "Asia/Tehran": "2026-02-03 20:30",
    "Africa/Cairo": "2026-02-03 22:00",
    "Asia/Beirut": "2026-02-03 22:00",
    "Europe/Berlin": "2026-02-03 23:00",
    "Europe/London": "2026-02-04 00:00",
    "UTC": "2026-02-04 00:00",
    "Atlantic/Azores": "2026-02-04 01:00",
    "America/Santiago": "2026-02-04 03:00",
    "America/Sao_Paulo": "2026-02-04 03:00",
    "America/St_Johns": "2026-02-04 03:30",
    "America/Havana": "2026-02-04 05:00",
    "America/New_York": "2026-02-04 05:00",
    "America/Los_Angeles": "2026-02-04 08:00",
    "Pacific/Marquesas": "2026-02-04 09:30",
    "Pacific/Honolulu": "2026-02-04 10:00",
    "Pacific/Pago_Pago": "2026-02-04 11:00",
    "Etc/GMT+12": "2026-02-04 12:00",
}
# Days with 23 or 25 hours (Lord Howe: half an hour), and when they and the day after begin, in UTC. In Beirut, Cairo,
# Havana and Santiago the clock changes at midnight, so that the day begins at one, or its eve ends twice.
CHANGES = {
    "Europe/Berlin": {"2026-03-29": "28 23:00", "2026-10-25": "24 22:00"},
    "America/New_York": {"2026-03-08": "08 05:00", "2026-11-01": "01 04:00"},
    "Australia/Lord_Howe": {"2026-04-05": "04 13:00", "2026-10-04": "03 13:30"},
    "Pacific/Chatham": {"2026-04-05": "04 10:15", "2026-09-27": "26 11:15"},
    "America/Havana": {"2026-03-08": "08 05:00", "2026-11-01": "01 04:00"},
    "Africa/Cairo": {"2026-04-24": "23 22:00", "2026-10-30": "29 22:00"},
    "Asia/Beirut": {"2026-03-29": "28 22:00", "2026-10-25": "24 22:00"},
    "America/Santiago": {"2026-04-05": "05 04:00", "2026-09-06": "06 04:00"},
}
# Month ends, turns of the year, 29 February: in every zone.
EVERYWHERE = ("2026-02-28", "2026-03-31", "2026-04-30", "2026-12-31", "2027-01-01", "2028-02-29", "2028-03-01")


def first_minute(zone: str, day: date) -> datetime:
    """The UTC minute in which a day begins: the first whose local date is that day."""
    earliest = datetime.combine(day, datetime.min.time(), UTC) - timedelta(hours=15)
    minutes = [earliest + number * MINUTE for number in range(30 * 60)]
    found = minutes[bisect_left(minutes, day, key=lambda minute: minute.astimezone(ZoneInfo(zone)).date())]
    return found.replace(tzinfo=None)


def day_of(text: str) -> date:
    return date.fromisoformat(text)


class TestTime(ManyClients, PartnerProgramCommon):
    """The same rows, looked at from thirty time zones."""

    def at(self, moment: datetime):
        self.go_to(str(moment))

    @contextmanager
    def in_zone(self, zone):
        """The company moves there, and back again: nothing of what happened remains."""
        self.env.flush_all()
        savepoint = self.cr.savepoint()
        with savepoint:
            self.company.partner_id.tz = zone
            yield
            self.env.flush_all()
            savepoint.rollback()
        self.env.transaction.clear()

    def sync_referrals(self):
        self.env["partner.referral"].with_user(SUPERUSER_ID)._cron_sync_referrals()
        self.env.flush_all()
        self.env.invalidate_all()

    def program(self, **vals):
        # No check for discussions: the clients are the same everywhere.
        return self.program_referral.copy({"name": str(vals), "dormancy_months": 0, **vals})

    def enroll_byte(self, program):
        vals = {"partner_id": self.byte.id, "program_id": program.id, "state": "active", "date_start": "2000-01-01"}
        return self.env["partner.program.enrollment"].create(vals)

    def test_the_moments_that_these_tests_are_about_are_those_of_the_almanac(self):
        for zone, moment in ZONES.items():
            self.assertEqual(f"{first_minute(zone, date(2026, 2, 4)):%Y-%m-%d %H:%M}", moment, zone)
        for zone, days in CHANGES.items():
            for day, moment in days.items():
                self.assertEqual(f"{first_minute(zone, day_of(day)):%d %H:%M}", moment, (zone, day))
                hours = first_minute(zone, day_of(day) + DAY) - first_minute(zone, day_of(day))
                eve = first_minute(zone, day_of(day)) - first_minute(zone, day_of(day) - DAY)
                self.assertTrue({hours, eve} - {timedelta(hours=24)}, (zone, day))

    # ------------------------------------------------------------
    # D6: PAY-BY DATE AND LEAD DAYS
    # ------------------------------------------------------------

    def test_d6_a_line_is_billed_from_the_first_minute_of_its_day_and_not_in_the_last_before(self):
        billable_on = self.prepare_lines()
        moments = 0
        for zone in ZONES:
            with self.in_zone(zone):
                for day in sorted({*EVERYWHERE, *self.days_of_change(zone)}):
                    begin = first_minute(zone, day_of(day))
                    for moment, today in ((begin - MINUTE, day_of(day) - DAY), (begin, day_of(day))):
                        self.at(moment)
                        self.check_run(f"{zone}, {moment} UTC", billable_on, today)
                        moments += 1
        self.assertGreaterEqual(moments, 2 * len(ZONES) * len(EVERYWHERE))

    def prepare_lines(self):
        """``{line: the first day on which it is billed}``: one for each day, with 0, 5 or 30 lead days in turn."""
        leads = (0, 5, 30)
        programs = [self.program(bill_lead_days=lead, commission_months=36) for lead in leads]
        referrals = [self.acquire_many([str(lead)], program) for lead, program in zip(leads, programs, strict=True)]
        days = sorted({*EVERYWHERE, *(day for zone in CHANGES for day in self.days_of_change(zone))})
        billable_on = {}
        for number, referral in enumerate(referrals):
            of_days = [day_of(day) for day in days[number :: len(leads)]]
            invoices = self.env["account.move"].union(*(self.invoice_many(referral, 100.0) for _day in of_days))
            for invoice, day in zip(invoices, of_days, strict=True):
                self.pay_many({invoice: 100.0}, on=day - timedelta(days=30 - leads[number]))
                billable_on[self.line_of(invoice)] = day
        for line, day in billable_on.items():
            self.assertEqual(line.due_on, day + timedelta(days=line.program_id.bill_lead_days))
        return billable_on

    @staticmethod
    def days_of_change(zone):
        """The days on which clocks change there, and those after them."""
        return [str(day_of(day) + later) for day in CHANGES.get(zone, ()) for later in (0 * DAY, DAY)]

    def check_run(self, where, billable_on, today):
        Line = self.env["partner.commission.line"]
        billed = Line.search([("billing_ids", "!=", False)])
        due = {line for line, day in billable_on.items() if day <= today}
        self.assertEqual(set(Line.search([("is_due", "=", True)])), due - set(billed), where)
        self.assertEqual({line for line in billable_on if line.is_due}, due - set(billed), where)
        self.run_bills()
        self.assertEqual(set(Line.search([("billing_ids", "!=", False)])), due, where)

    # ------------------------------------------------------------
    # D9: LAST DAY OF A CLAIM
    # ------------------------------------------------------------

    def test_d9_a_claim_lives_until_the_last_minute_of_its_last_day(self):
        last_days = {
            "2025-11-30": "2026-02-28",
            "2027-11-30": "2028-02-29",
            "2026-01-31": "2026-04-30",
            "2026-12-31": "2027-03-31",
            "2027-02-28": "2027-05-28",
            "2025-12-29": "2026-03-29",  # clocks change in Europe
            "2026-08-01": "2026-11-01",  # and in America
            "2026-07-04": "2026-10-04",  # and on Lord Howe
        }
        enrollment = self.enroll_byte(self.program(claim_months=3))
        clients = self.env["res.partner"].create([{"name": f"Client {n}", "is_company": True} for n in range(4)])
        for number, zone in enumerate(ZONES):
            for referred_on, last in list(last_days.items())[number % 2 :: 2]:
                with self.in_zone(zone):
                    self.check_claims(enrollment, clients, zone, day_of(referred_on), day_of(last))

    def check_claims(self, enrollment, clients, zone, referred_on, last):
        where = f"{zone}, referred on {referred_on}"
        at_first, at_last = first_minute(zone, referred_on), first_minute(zone, referred_on + DAY) - MINUTE
        referrals = self.env["partner.referral"]
        for moment, of_moment in ((at_first, clients[:2]), (at_last, clients[2:])):
            self.at(moment)
            leads = self.env["crm.lead"].create(
                [{"name": c.name, "type": "opportunity", "partner_id": c.id} for c in of_moment]
            )
            referrals += self.env["partner.referral"].create(
                [
                    {"enrollment_id": enrollment.id, "client_id": lead.partner_id.id, "lead_id": lead.id}
                    for lead in leads
                ]
            )
        referrals.action_accept()
        self.assertEqual(set(referrals.mapped("expires_on")), {last}, where)
        in_time, too_late, never, also_in_time = referrals

        self.at(first_minute(zone, last + DAY) - MINUTE)
        self.sync_referrals()
        self.assertEqual(set(referrals.mapped("state")), {"accepted"}, where)
        (in_time + also_in_time).lead_id.action_set_won()
        self.assertEqual(set((in_time + also_in_time).mapped("state")), {"acquired"}, where)
        self.assertEqual(in_time.acquired_on, last, where)

        self.at(first_minute(zone, last + DAY))
        too_late.lead_id.action_set_won()
        self.assertEqual((too_late.state, never.state), ("expired", "accepted"), where)
        self.assertEqual(too_late.decision_reason, "The lead was won 1 day too late.")
        self.sync_referrals()
        self.assertEqual(never.state, "expired", where)
        self.assertEqual(set((in_time + also_in_time).mapped("state")), {"acquired"}, where)

    # ------------------------------------------------------------
    # D1: THE WINDOW
    # ------------------------------------------------------------

    def test_d1_the_window_is_twelve_months_of_local_days_and_its_end_is_not_in_it(self):
        ends = {
            "2028-02-29": "2029-02-28",
            "2027-02-28": "2028-02-28",
            "2026-01-31": "2027-01-31",
            "2026-12-31": "2027-12-31",
            "2026-03-29": "2027-03-29",
        }
        enrollment = self.enroll_byte(self.program())
        clients = {}
        for start, end in ends.items():
            client = clients[start] = self.env["res.partner"].create({"name": start, "is_company": True})
            for day in (day_of(start) - DAY, day_of(start), day_of(end) - DAY, day_of(end)):
                self.invoice(100.0, client=client, on=day)
        for zone in ZONES:
            for start, end in ends.items():
                with self.in_zone(zone):
                    self.check_window(enrollment, clients[start], zone, day_of(start), day_of(end))

    def check_window(self, enrollment, client, zone, start, end):
        where = f"{zone}, referred on {start}"
        # In the first minute of the day, or in its last: half of the zones each.
        self.at(first_minute(zone, start) if len(zone) % 2 else first_minute(zone, start + DAY) - MINUTE)
        lead = self.env["crm.lead"].create({"name": client.name, "type": "opportunity", "partner_id": client.id})
        referral = self.env["partner.referral"].create(
            {"enrollment_id": enrollment.id, "client_id": client.id, "lead_id": lead.id}
        )
        referral.action_accept()
        lead.action_set_won()
        self.assertEqual((referral.window_start, referral.window_end), (start, end), where)
        self.assertEqual(set(referral.commission_line_ids.mapped("invoice_date")), {start, end - DAY}, where)
        self.assertEqual(set(referral.commission_line_ids.mapped("amount")), {5.0}, where)
        self.at(first_minute(zone, end) - MINUTE)
        self.sync_referrals()
        self.assertEqual(referral.state, "acquired", where)
        self.at(first_minute(zone, end))
        self.sync_referrals()
        self.assertEqual(referral.state, "completed", where)


class OfNewSystems:
    """``ZoneInfo`` of a system without the old names of time zones, such as Ubuntu 24.04."""

    from_file = ZoneInfo.from_file

    def __new__(cls, name):
        if name in ("Asia/Calcutta", "Nowhere/Land"):
            raise ZoneInfoNotFoundError(name)
        return ZoneInfo(name)


class TestOldNames(PartnerProgramCommon):
    def setUp(self):
        super().setUp()
        self.patch(zones, "ZoneInfo", OfNewSystems)
        zones.get_zone.cache_clear()
        self.addCleanup(zones.get_zone.cache_clear)

    def test_a_company_with_an_old_name_of_its_zone_counts_its_days_there(self):
        referral = self.acquired()
        # Browsers say so; what is not in the list of the system cannot be chosen, but is in databases.
        self.env.cr.execute("UPDATE res_partner SET tz = 'Asia/Calcutta' WHERE id = %s", [self.company.partner_id.id])
        self.go_to("2026-01-10 18:29:00")
        self.assertEqual(self.company._partner_program_today(), date(2026, 1, 10))
        self.go_to("2026-01-10 18:30:00")
        self.assertEqual(self.company._partner_program_today(), date(2026, 1, 11))
        invoice = self.invoice(1000)
        self.pay(invoice)
        self.assertLine(self.line_of(invoice), state="earned")
        self.assertIn("Month 1 of 12", referral.clock)

    def test_the_analysis_of_referrals_asks_the_database_for_no_old_name(self):
        referral = self.refer(referred_on="2026-01-04 20:00:00")
        report = self.env["partner.referral.report"].with_user(self.salesperson)
        for name, day in (("Asia/Calcutta", date(2026, 1, 5)), ("Nowhere/Land", date(2026, 1, 4))):
            self.env.flush_all()
            self.env.cr.execute("UPDATE res_partner SET tz = %s WHERE id = %s", [name, self.company.partner_id.id])
            self.env.invalidate_all()
            self.assertEqual(report.browse(referral.id).referred_on, day)

    def test_where_nobody_knows_the_zone_days_are_those_of_utc(self):
        self.env.cr.execute("UPDATE res_partner SET tz = 'Nowhere/Land' WHERE id = %s", [self.company.partner_id.id])
        self.go_to("2026-01-10 23:59:00")
        self.assertEqual(self.company._partner_program_today(), date(2026, 1, 10))
