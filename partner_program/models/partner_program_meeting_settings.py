from odoo import fields, models


class PartnerProgram(models.Model):
    """When partners of the program meet their account manager (P23)."""

    _inherit = "partner.program"

    monthly_meeting = fields.Boolean(
        help="Partners of this program meet their account manager once a month: a series in the calendar, "
        "with a video link and a meeting pack. Programs without it have no meetings."
    )
    meeting_week = fields.Selection(
        [("1", "First"), ("2", "Second"), ("3", "Third"), ("4", "Fourth"), ("-1", "Last")],
        required=True,
        default="1",
        help="Which of these weekdays of the month. A change touches meetings that are planned later.",
    )
    meeting_weekday = fields.Selection(
        [("MON", "Monday"), ("TUE", "Tuesday"), ("WED", "Wednesday"), ("THU", "Thursday"), ("FRI", "Friday")],
        required=True,
        default="TUE",
    )
    meeting_hour = fields.Float(required=True, default=10.0, help="Start, in the time zone of the company.")
    meeting_duration = fields.Float("Meeting Length", required=True, default=1.0, help="In hours.")

    _meeting_hour_range = models.Constraint(
        "CHECK (meeting_hour >= 0 AND meeting_hour < 24)", "A meeting starts between 0:00 and 23:59."
    )
    _meeting_duration_range = models.Constraint(
        "CHECK (meeting_duration > 0 AND meeting_duration <= 8)", "A meeting takes more than 0 and at most 8 hours."
    )
