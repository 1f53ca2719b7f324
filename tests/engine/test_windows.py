"""Dates of the policy, without Odoo: month ends, leap years, half-open windows."""

from datetime import date, timedelta

import pytest
from engine import windows
from hypothesis import given
from hypothesis import strategies as st

DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31))
MONTHS = st.integers(min_value=1, max_value=60)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 15), 3, date(2026, 4, 15)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -12, date(2025, 1, 15)),
        (date(2025, 2, 28), -12, date(2024, 2, 28)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_are_calendar_months_and_end_on_the_last_day_there_is(day, months, expected):
    assert windows.add_months(day, months) == expected


@given(DAYS, st.integers(min_value=-60, max_value=60))
def test_months_land_in_the_right_month_and_never_later_in_it(day, months):
    later = windows.add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day
    if later.day < day.day:
        assert (later + timedelta(days=1)).day == 1, "clamped only at the end of a month"


def test_d1_window_is_twelve_calendar_months():
    assert windows.window_end(date(2026, 2, 10), 12) == date(2027, 2, 10)


def test_d1_window_of_a_29_february_ends_on_the_28th():
    assert windows.window_end(date(2024, 2, 29), 12) == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (date(2026, 2, 9), False),
        (date(2026, 2, 10), True),
        (date(2027, 2, 9), True),
        (date(2027, 2, 10), False),
        (date(2027, 2, 11), False),
    ],
)
def test_d1_window_end_is_exclusive(day, inside):
    assert windows.in_window(day, date(2026, 2, 10), date(2027, 2, 10)) is inside


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_d2_an_unknown_date_or_window_never_earns(missing):
    arguments = [date(2026, 3, 1), date(2026, 2, 10), date(2027, 2, 10)]
    arguments[missing] = None
    assert windows.in_window(*arguments) is False


@given(DAYS, MONTHS)
def test_d1_windows_that_follow_each_other_share_no_day_and_leave_none_out(start, months):
    end = windows.window_end(start, months)
    last = end - timedelta(days=1)
    assert windows.in_window(start, start, end)
    assert windows.in_window(last, start, end)
    assert not windows.in_window(end, start, end)
    assert windows.in_window(end, end, windows.window_end(end, months))
    assert not windows.in_window(last, end, windows.window_end(end, months))


@pytest.mark.parametrize(
    ("day", "start", "month"),
    [
        (date(2026, 1, 15), date(2026, 1, 15), 1),
        (date(2026, 2, 14), date(2026, 1, 15), 1),
        (date(2026, 2, 15), date(2026, 1, 15), 2),
        (date(2027, 1, 14), date(2026, 1, 15), 12),
        (date(2027, 1, 15), date(2026, 1, 15), 13),
        (date(2026, 2, 27), date(2026, 1, 31), 1),
        (date(2026, 2, 28), date(2026, 1, 31), 2),
        (date(2026, 3, 30), date(2026, 1, 31), 2),
        (date(2026, 3, 31), date(2026, 1, 31), 3),
        (date(2025, 2, 27), date(2024, 2, 29), 12),
        (date(2025, 2, 28), date(2024, 2, 29), 13),
    ],
)
def test_p6_month_k_of_12(day, start, month):
    assert windows.month_in_window(day, start) == month


@given(DAYS, MONTHS, st.data())
def test_p6_each_day_of_the_window_is_in_month_1_to_n(start, months, data):
    end = windows.window_end(start, months)
    day = data.draw(st.dates(min_value=start, max_value=end - timedelta(days=1)))
    month = windows.month_in_window(day, start)
    assert 1 <= month <= months
    assert windows.add_months(start, month - 1) <= day < windows.add_months(start, month)


def test_p6_the_first_day_after_the_window_is_in_month_13():
    start = date(2026, 1, 31)
    assert windows.month_in_window(windows.window_end(start, 12), start) == 13


def test_d9_claim_ends_three_calendar_months_after_the_referral():
    assert windows.claim_expiry(date(2026, 1, 15), 3) == date(2026, 4, 15)


def test_d9_claim_of_a_30_november_ends_on_the_last_of_february():
    assert windows.claim_expiry(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert windows.claim_expiry(date(2023, 11, 30), 3) == date(2024, 2, 29)


def test_d13_no_months_means_that_the_claim_never_expires():
    assert windows.claim_expiry(date(2026, 1, 15), 0) is None


def test_d6_pay_by_date_is_thirty_days_not_a_month_after_the_full_payment():
    assert windows.pay_by(date(2026, 1, 31), 30) == date(2026, 3, 2)
    assert windows.pay_by(date(2024, 1, 31), 30) == date(2024, 3, 1)
    assert windows.pay_by(date(2026, 1, 31), 0) == date(2026, 1, 31)


def test_d6_lead_days_bring_the_bill_forward_but_not_the_pay_by_date():
    assert windows.billable_from(date(2026, 3, 2), 0) == date(2026, 3, 2)
    assert windows.billable_from(date(2026, 3, 2), 7) == date(2026, 2, 23)


@given(DAYS, st.integers(0, 90), st.integers(0, 30))
def test_d6_no_bill_before_the_payment_while_lead_days_stay_below_the_delay(paid_on, delay, lead):
    if lead <= delay:
        assert windows.billable_from(windows.pay_by(paid_on, delay), lead) >= paid_on
