"""What account managers and partners do together, in the demo data: trainings, meetings, objectives, resources."""

import base64
from datetime import timedelta

from odoo import fields
from odoo.fields import Command

RESOURCES = (  # category, name, link, days ago
    ("knowledge", "Knowledge base", "https://docs.fieldpro.example.com/", 300),
    ("deck", "Company deck", "https://www.fieldpro.example.com/partners/deck.pdf", 120),
    ("case_study", "Castel Optics: 40 % more visits", "https://www.fieldpro.example.com/cases/castel-optics", 4),
    ("website", "What each package holds", "https://www.fieldpro.example.com/packages", 300),
    ("training", "Onboarding a client in ten steps", "https://docs.fieldpro.example.com/onboarding", 90),
)
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><text y="28" font-size="24">FieldPro</text></svg>'
)


def tell(story):
    """Called at the end of the story, when clients and invoices are there."""
    _resources(story)
    _trainings(story)
    _meeting(story)
    _objectives(story)
    _payments(story)


def _payments(story):
    """Payments count as entered on their day: the pack tells of those that came since the one before."""
    invoices = story.env["account.move"].union(*story.invoices.values())
    payments = invoices.line_ids.matched_credit_ids
    payments.flush_recordset()
    story.env.cr.execute(
        "UPDATE account_partial_reconcile SET create_date = max_date WHERE id = ANY(%s)", [payments.ids]
    )
    payments.invalidate_recordset(["create_date"])


def _resources(story):
    Resource = story.env["partner.program.resource"]
    if not Resource.search_count([], limit=1):
        made = Resource.create(
            [{"category": category, "name": name, "url": url} for category, name, url, _ago in RESOURCES]
        )
        # Odoo writes this date itself; partners see the newest marked, so not everything may be of today.
        made.flush_recordset()
        for resource, (*_what, ago) in zip(made, RESOURCES, strict=True):
            story.env.cr.execute(
                "UPDATE partner_program_resource SET create_date = create_date - %s * interval '1 day' WHERE id = %s",
                [ago, resource.id],
            )
        made.invalidate_recordset(["create_date"])
        Resource.create(
            {
                "category": "branding",
                "name": "Logo",
                "file": base64.b64encode(LOGO.encode()),
                "file_name": "fieldpro-logo.svg",
            }
        )


def _trainings(story):
    """Brightside's training was noted with the enrollment; a second person's expires soon."""
    enrollment = story.enrollments["brightside"]
    enrollment.partner_id.training_ids.write({"date_from": story.day(440), "trainer_id": story.user["manager"].id})
    contact = story.env["res.partner"].create(
        {"name": "Ben Bright", "email": "ben@brightside.example.com", "parent_id": enrollment.partner_id.id}
    )
    story.env["partner.program.training"].create(
        {
            "contact_id": contact.id,
            "date_from": story.day(345),
            "date_to": story.day(-20),
            "trainer_id": story.user["manager"].id,
            "note": "Onboarding workshop, two days",
        }
    )


def _meeting(story):
    """The last meeting with Brightside: held, with notes, and one thing still to do."""
    enrollment = story.enrollments["brightside"]
    manager = story.user["manager"]
    start = fields.Datetime.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=24)
    event = story.env["calendar.event"].create(
        {
            "name": f"{story.company.name} and {enrollment.partner_id.name}: monthly meeting",
            "start": start,
            "stop": start + timedelta(hours=1),
            "user_id": manager.id,
            "partner_ids": [Command.set((manager.partner_id | enrollment._get_meeting_contact()).ids)],
            "enrollment_id": enrollment.id,
        }
    )
    meeting = story.env["partner.program.meeting"]._of_events(event)
    meeting.notes = "<p>Castel Optics is ready for Enterprise; the Jackson Group wants to see reports first.</p>"
    meeting.action_ids = [
        Command.create({"name": "Demo of reports for the Jackson Group", "user_id": manager.id}),
        Command.create({"name": "Name three prospects in retail", "by_partner": True, "user_id": manager.id}),
    ]
    meeting.action_finish()


def _objectives(story):
    """Of this quarter and the one before, for both affiliates."""
    today = story.today
    quarter = (today.month + 2) // 3
    before = (today.year, quarter - 1) if quarter > 1 else (today.year - 1, 4)
    story.env["partner.program.objective"].create(
        [
            {
                "enrollment_id": story.enrollments[key].id,
                "year": str(year),
                "quarter": str(number),
                "target_clients": clients,
                "target_revenue": revenue,
                "target_upsells": upsells,
            }
            for key, clients, revenue, upsells in (("brightside", 2, 8000, 1), ("nordlicht", 1, 2500, 0))
            for year, number in ((today.year, quarter), before)
        ]
    )
