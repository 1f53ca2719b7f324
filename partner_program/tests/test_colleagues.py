"""Colleagues without a role of ours go on working with Odoo's records as if the add-on were not there."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .colleagues import ColleaguesCommon
from .common import PartnerProgramCommon

LUNCH = {"name": "Lunch", "start": "2026-01-12 11:00:00", "stop": "2026-01-12 12:00:00"}
WEEKLY = {"recurrency": True, "rrule_type": "weekly", "interval": 1, "end_type": "count", "count": 4, "mon": True}
# Odoo's records that the add-on extends: who works with them and has no role of ours, or the one that Odoo asks for;
# model, values, and what is changed.
WORK = (
    ("base.group_partner_manager", "res.partner", {"name": "Eve", "is_company": True}, {"email": "eve@e.example"}),
    ("base.group_user", "calendar.event", LUNCH, {"name": "Dinner"}),
    ("product.group_product_manager", "product.template", {"name": "Chair"}, {"list_price": 3.0}),
    ("product.group_product_manager", "product.product", {"name": "Chair"}, {"list_price": 3.0}),
    ("product.group_product_manager", "product.category", {"name": "Chairs"}, {"name": "Tables"}),
    ("base.group_user", "ir.attachment", {"name": "a.txt", "raw": b"a"}, {"name": "b.txt"}),
    ("base.group_system", "res.users", {"name": "Joe", "login": "joe"}, {"email": "joe@e.example"}),
    ("base.group_system", "res.company", {"name": "Second"}, {"email": "second@e.example"}),
    ("sales_team.group_sale_salesman", "crm.lead", {"name": "Somebody"}, {"phone": "+32 2 555 00 00"}),
    ("sales_team.group_sale_salesman", "sale.order", {}, {"client_order_ref": "4711"}),
    ("account.group_account_invoice", "account.move", {"move_type": "in_invoice"}, {"ref": "4711"}),
    ("base.group_system", "mail.template", {"name": "Hello"}, {"subject": "Hello"}),
)
KEPT = ("res.company", "crm.lead", "sale.order")  # Odoo lets nobody delete them, or managers only


@tagged("post_install", "-at_install")
class TestColleagues(ColleaguesCommon):
    def test_of_hidden_fields_only_those_of_meetings_are_copied(self):
        """They are left out of the copies of who may not see them (``copy_data`` of ``calendar.event``)."""
        meetings = {"calendar.event.enrollment_id", "calendar.event.is_partner_series"}
        self.assertEqual(self.hidden_and_copied_fields(), meetings)

    def test_records_are_opened_changed_copied_and_deleted_as_ever(self):
        worked_with = {model for _group, model, *_vals in WORK} | {"account.move.line"}
        self.assertLessEqual(self.extended_models(), worked_with)
        line = {"name": "Chair", "price_unit": 3.0}
        more = {
            "sale.order": {"partner_id": self.client.id},
            "account.move": {"partner_id": self.client.id, "invoice_line_ids": [Command.create(line)]},
            "mail.template": {"model_id": self.env["ir.model"]._get_id("res.partner")},
        }
        for group, model, vals, change in WORK:
            with self.subTest(model=model):
                vals = {**vals, **more.get(model, {})}
                self.work(group, model, vals, change, is_copied=model != "res.company", is_deleted=model not in KEPT)


@tagged("post_install", "-at_install")
class TestCalendarOfColleagues(PartnerProgramCommon):
    def setUp(self):
        super().setUp()
        self.Event = self.env["calendar.event"].with_user(self.employee)
        self.enrollment_byte.account_manager_id = self.manager

    def series_with_partner(self):
        """The monthly meetings with Byte, as the employee sees them."""
        self.enrollment_byte.monthly_meeting = True
        return self.of_partner().with_user(self.employee)

    def of_partner(self):
        return self.env["calendar.event"].search([("enrollment_id", "=", self.enrollment_byte.id)], order="start")

    def later(self, event, update):
        """The employee moves the meeting, and what ``update`` says, by an hour."""
        hour = timedelta(hours=1)
        event.write({"recurrence_update": update, "start": event.start + hour, "stop": event.stop + hour})

    def test_an_employee_repeats_moves_and_duplicates_meetings_of_his(self):
        self.Event.create({**LUNCH, **WEEKLY})
        lunches = self.Event.search([("name", "=", "Lunch")], order="start")
        self.assertEqual(len(lunches), 4)
        self.later(lunches[2], "future_events")
        self.later(lunches[0], "all_events")
        lunches = self.Event.search([("name", "=", "Lunch")], order="start")
        self.assertEqual([one.start.hour for one in lunches], [12, 12, 12, 12])
        lunches[0].copy()
        self.assertEqual(self.Event.search_count([("name", "=", "Lunch")]), 5)
        self.assertFalse(self.of_partner())

    def test_a_series_with_a_partner_stays_one_when_an_employee_moves_it(self):
        for update, number in (("all_events", 0), ("all_events", 3), ("future_events", 5)):
            with self.subTest(update=update, number=number):
                series = self.series_with_partner()
                before = series.mapped("start")
                self.later(series[number], update)
                moved = self.of_partner()
                self.assertEqual(len(moved), 12)
                self.assertEqual(set(moved.mapped("is_partner_series")), {True})
                first = number if update == "future_events" else 0
                self.assertEqual(
                    moved.mapped("start"), before[:first] + [one + timedelta(hours=1) for one in before[first:]]
                )
                self.env["partner.program.enrollment"]._cron_meetings()
                self.assertEqual(self.of_partner(), moved, "no second series is planned")

    def test_an_employee_puts_meetings_with_a_partner_away(self):
        series = self.series_with_partner()
        series[0].unlink()
        series[4].action_mass_archive("self_only")
        series[9].action_mass_deletion("future_events")
        self.assertEqual(self.of_partner().with_user(self.employee), series[1:4] + series[5:9])

    def test_what_an_employee_copies_or_repeats_of_a_meeting_with_a_partner(self):
        """A copy is his own meeting; what he repeats is with the partner, as the first one, but not planned by us."""
        coffee = self.env["calendar.event"].create({**LUNCH, "enrollment_id": self.enrollment_byte.id})
        coffee.with_user(self.employee).copy()
        self.assertEqual(self.of_partner(), coffee)
        coffee.with_user(self.employee).write(WEEKLY)
        self.assertEqual(len(self.of_partner()), 4)
        self.assertFalse(any(self.of_partner().mapped("is_partner_series")))

    def test_an_employee_neither_sees_nor_sets_the_partner_of_a_meeting(self):
        """Whom he made a partner's meeting with himself would mail him the pack."""
        event = self.Event.create(LUNCH)
        link = {"enrollment_id": self.enrollment_byte.id}
        for refused in (
            lambda: self.Event.create({**LUNCH, **link}),
            lambda: self.Event.with_context(default_enrollment_id=self.enrollment_byte.id).create(LUNCH),
            lambda: event.write(link),
            lambda: event.write({"is_partner_series": True}),
            lambda: event.read(["enrollment_id"]),
            lambda: self.Event.search_read([("enrollment_id", "!=", False)]),
        ):
            with self.assertRefused("enrollment_id|is_partner_series", AccessError):
                refused()
        event.copy(link)
        self.assertFalse(self.of_partner())
        self.assertNotIn("enrollment_id", self.Event.fields_get())
