"""Dormancy and timely closing, without Odoo."""

from datetime import date, timedelta

import pytest
from engine import eligibility
from hypothesis import given
from hypothesis import strategies as st

REFERRED = date(2026, 3, 31)


def test_d8_dormancy_looks_twelve_months_back():
    assert eligibility.dormancy_start(REFERRED, 12) == date(2025, 3, 31)


def test_d8_dormancy_start_is_clamped_at_month_ends():
    assert eligibility.dormancy_start(REFERRED, 1) == date(2026, 2, 28)
    assert eligibility.dormancy_start(date(2024, 2, 29), 12) == date(2023, 2, 28)


def test_d8_no_months_means_no_check():
    assert eligibility.dormancy_start(REFERRED, 0) is None
    assert eligibility.is_eligible([REFERRED, date(2026, 3, 30)], REFERRED, 0)


def test_p7_a_client_never_spoken_to_is_eligible():
    assert eligibility.is_eligible([], REFERRED, 12)


@pytest.mark.parametrize(
    ("discussed_on", "eligible"),
    [
        (date(2025, 3, 30), True),  # the day before the year
        (date(2025, 3, 31), False),  # the first day of it
        (date(2025, 9, 1), False),
        (date(2026, 3, 30), False),
        (date(2026, 3, 31), False),  # the caller found it to be older than the referral
        (date(2026, 4, 1), True),  # what came later says nothing about the past
    ],
)
def test_p7_discussions_of_the_past_year_refuse_the_claim(discussed_on, eligible):
    assert eligibility.is_eligible([discussed_on], REFERRED, 12) is eligible


def test_p7_one_recent_discussion_among_old_ones_is_enough():
    assert not eligibility.is_eligible([date(2020, 1, 1), date(2025, 12, 24), date(2021, 1, 1)], REFERRED, 12)


@given(st.lists(st.dates(date(2020, 1, 1), date(2027, 1, 1))), st.integers(1, 24), st.integers(0, 24))
def test_d8_a_longer_dormancy_never_makes_a_client_eligible(days, months, more):
    if eligibility.is_eligible(days, REFERRED, months + more):
        assert eligibility.is_eligible(days, REFERRED, months)


@given(st.lists(st.dates(date(2020, 1, 1), date(2027, 1, 1))), st.dates(date(2020, 1, 1), date(2027, 1, 1)))
def test_p7_a_further_discussion_never_makes_a_client_eligible(days, further):
    if eligibility.is_eligible([*days, further], REFERRED, 12):
        assert eligibility.is_eligible(days, REFERRED, 12)


def test_d9_the_last_day_is_in_time_and_the_next_is_not():
    last = date(2026, 4, 15)
    assert eligibility.closed_in_time(last - timedelta(days=1), last)
    assert eligibility.closed_in_time(last, last)
    assert not eligibility.closed_in_time(last + timedelta(days=1), last)


def test_d13_a_claim_without_an_expiry_is_always_in_time():
    assert eligibility.closed_in_time(date(2099, 12, 31), None)
