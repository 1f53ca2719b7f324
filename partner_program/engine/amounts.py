"""What one customer invoice is worth to the partner (P6; D2, D3, D4, D5, D15, D17).

Notation
    *base* is the untaxed amount of the commissionable lines, *credited* the
    untaxed amount of the credit notes linked to the invoice, both in the
    currency of the invoice. *payable* is the gross total less what credit
    notes closed; *written_off* is the part of it that was closed by a journal
    entry which is neither a payment, a statement line nor a credit note.

Use
    ``target(facts, terms)`` says what is earned according to the facts given.
    ``line_state(...)`` names the state that follows from earned and billed.

Inner working
    amount = rate × (base − credited) × (payable − written_off) / payable,
    never below zero, rounded once. It is earned when nothing is left to pay.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from .windows import pay_by

ZERO = Decimal(0)


@dataclass(frozen=True)
class InvoiceFacts:
    """One customer invoice as the books show it today. Amounts in its currency."""

    posted: bool
    cancelled: bool
    settled: bool  # nothing left to pay
    in_window: bool
    base: Decimal
    of_client: bool = True  # invoiced to the client of the referral (D12)
    credited: Decimal = ZERO
    payable: Decimal = ZERO
    written_off: Decimal = ZERO
    settled_on: date | None = None  # latest accounting date that closed it (D5)
    earning_stops_on: date | None = None  # enrolment ended for cause (D14)
    not_acquired_from: date | None = None  # the acquisition was undone: only what was paid until then counts (P8, P9)


@dataclass(frozen=True)
class Terms:
    """The terms frozen on the referral (D7)."""

    rate: Decimal  # percent: 5 means 5 %
    delay_days: int
    rounding: Decimal  # smallest unit of the currency, such as 0.01


@dataclass(frozen=True)
class Target:
    """What the invoice is worth, what of it is earned, and why it is worth nothing."""

    amount: Decimal
    earned: Decimal
    fully_paid_on: date | None
    due_on: date | None
    void: (
        str | None
    )  # cancelled, other_client, not_acquired, outside_window, no_base, credited, written_off, ended_for_cause,
    # rounds_to_zero


def decimal_of(value: float) -> Decimal:
    """The decimal number that a float read from the database stands for (its shortest form)."""
    return Decimal(repr(float(value or 0)))


def round_currency(value: Decimal, rounding: Decimal) -> Decimal:
    """Round half away from zero to a multiple of ``rounding``, as Odoo rounds currencies."""
    return (value / rounding).quantize(Decimal(1), rounding=ROUND_HALF_UP) * rounding


def paid_share(facts: InvoiceFacts) -> Decimal:
    """The share of what was payable that is not written off (D4), between 0 and 1."""
    if facts.written_off <= 0 or facts.payable <= 0:
        return Decimal(1)
    return max(ZERO, 1 - facts.written_off / facts.payable)


def commission(facts: InvoiceFacts, terms: Terms) -> Decimal:
    """Rate × untaxed amount less credit notes and write-offs, rounded once (D3)."""
    net = (facts.base - facts.credited) * paid_share(facts)
    return max(ZERO, round_currency(net * terms.rate / 100, terms.rounding))


def _is_stopped(facts: InvoiceFacts, stop: date | None) -> bool:
    """Whether nothing is earned any more from that day on, and the invoice was not fully paid until then."""
    if not stop:
        return False
    return not (facts.settled and facts.settled_on and facts.settled_on <= stop)


def void_reason(facts: InvoiceFacts) -> str | None:
    """Why the invoice is worth nothing, whoever pays it; None when it is worth something."""
    if facts.cancelled:
        return "cancelled"
    if not facts.of_client:
        return "other_client"
    if facts.base <= 0:
        return "no_base"
    if facts.credited >= facts.base:
        return "credited"
    if paid_share(facts) == 0:
        return "written_off"
    if _is_stopped(facts, facts.not_acquired_from):
        return "not_acquired"
    # Last: an invoice that was taken back also starts no window (D1), which would hide the better reason.
    if not facts.in_window:
        return "outside_window"
    if _is_stopped(facts, facts.earning_stops_on):
        return "ended_for_cause"
    return None


def target(facts: InvoiceFacts, terms: Terms) -> Target:
    """Compare-against value of the ledger row; see the module docstring."""
    paid_on = facts.settled_on if facts.posted and facts.settled else None
    due_on = pay_by(paid_on, terms.delay_days) if paid_on else None
    void = void_reason(facts)
    amount = ZERO if void else commission(facts, terms)
    if not void and not amount:
        void = "rounds_to_zero"
    earned = amount if paid_on else ZERO
    return Target(amount, earned, paid_on, due_on, void)


def line_state(
    amount: Decimal | float, earned: Decimal | float, billed: Decimal | float, *, held: bool, bills_paid: bool
) -> str:
    """State of a ledger row, from facts alone (DESIGN, state machines). Rounded amounts, which are only compared."""
    if earned != billed:
        return "held" if held else "earned"
    if billed:
        return "paid" if bills_paid else "billed"
    return "expected" if amount else "void"
