"""Whether a client may be claimed at all (P7, D8) and whether it was won in time (P8, D9)."""

from collections.abc import Iterable
from datetime import date

from .windows import add_months


def dormancy_start(referred_on: date, dormancy_months: int) -> date | None:
    """First day whose discussions count against the claim; None: nothing is checked."""
    return add_months(referred_on, -dormancy_months) if dormancy_months else None


def is_eligible(discussed_on: Iterable[date], referred_on: date, dormancy_months: int) -> bool:
    """True when nothing was discussed in the months before the referral (P7).

    A discussion on the day of the referral itself counts only when the caller
    found it to be older than the moment of the referral.
    """
    start = dormancy_start(referred_on, dormancy_months)
    if start is None:
        return True
    return not any(start <= day <= referred_on for day in discussed_on)


def closed_in_time(closed_on: date, expires_on: date | None) -> bool:
    """P8: closed on or before the expiry date; a claim without one never expires."""
    return not expires_on or closed_on <= expires_on
