"""Dates of the policy: windows, expiry, pay-by dates (P6, P8, P10; D1, D6, D9, D13).

All windows are half-open: ``start <= day < end``. All dates are plain
calendar days in the time zone of the company; the caller converts.
"""

import calendar
from datetime import date, timedelta


def add_months(day: date, months: int) -> date:
    """The same day of the month, ``months`` later; the last day where there is none.

    >>> add_months(date(2024, 1, 31), 1)
    datetime.date(2024, 2, 29)
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def window_end(start: date, months: int) -> date:
    """First day that no longer earns (D1: calendar months, end exclusive)."""
    return add_months(start, months)


def in_window(day: date | None, start: date | None, end: date | None) -> bool:
    """Whether an invoice of that day earns (D2). An unknown date or window never does."""
    return bool(day and start and end and start <= day < end)


def month_in_window(day: date, start: date) -> int:
    """Which month of the window the day is in, counted from 1: "month k of 12"."""
    months = (day.year - start.year) * 12 + day.month - start.month
    # The k-th month starts at add_months(start, k), which is clamped at month ends.
    if add_months(start, months) > day:
        months -= 1
    return months + 1


def claim_expiry(referred_on: date, months: int) -> date | None:
    """Last day on which the claim can still be closed (D9, inclusive); None: never (D13)."""
    return add_months(referred_on, months) if months else None


def pay_by(fully_paid_on: date, delay_days: int) -> date:
    """The pay-by date (D6): when the partner has its money at the latest."""
    return fully_paid_on + timedelta(days=delay_days)


def billable_from(due_on: date, lead_days: int) -> date:
    """First day on which the run may draft the bill (D6, lead days)."""
    return due_on - timedelta(days=lead_days)
