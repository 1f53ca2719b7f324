"""What an invoice is worth, without Odoo: rounding, write-offs, void reasons, states."""

from dataclasses import FrozenInstanceError, fields, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from engine import amounts
from engine.amounts import InvoiceFacts, Terms
from hypothesis import given
from hypothesis import strategies as st

D = Decimal
PAID_ON = date(2026, 3, 15)
CENT, FIVE_CENTS, ONE = D("0.01"), D("0.05"), D(1)
REFERRAL = Terms(rate=D(5), delay_days=30, rounding=CENT)
AFFILIATE = Terms(rate=D(20), delay_days=30, rounding=CENT)

# 1,000.00 untaxed, 1,150.00 gross, fully paid
PAID = InvoiceFacts(
    posted=True, cancelled=False, settled=True, in_window=True, base=D("1000"), payable=D("1150"), settled_on=PAID_ON
)
OPEN = replace(PAID, settled=False, settled_on=None)

money = st.integers(0, 10**9).map(lambda cents: D(cents) / 100)
rates = st.integers(0, 100_000).map(lambda thousandths: D(thousandths) / 1000)
roundings = st.sampled_from([CENT, FIVE_CENTS, ONE, D("0.001")])
terms_of = st.builds(Terms, rate=rates, delay_days=st.integers(0, 90), rounding=roundings)


@st.composite
def facts_of(draw):
    base = draw(money)
    gross = base + draw(money)
    credited = draw(st.one_of(st.just(D(0)), money))
    settled = draw(st.booleans())
    return InvoiceFacts(
        posted=draw(st.booleans()),
        cancelled=draw(st.booleans()),
        settled=settled,
        in_window=draw(st.booleans()),
        base=base,
        credited=credited,
        payable=max(D(0), gross - credited),
        written_off=draw(st.one_of(st.just(D(0)), money)),
        settled_on=draw(st.one_of(st.none(), st.dates(date(2025, 1, 1), date(2027, 1, 1)))) if settled else None,
        earning_stops_on=draw(st.one_of(st.none(), st.dates(date(2025, 1, 1), date(2027, 1, 1)))),
    )


# --- rounding (D3) ---


@pytest.mark.parametrize(
    ("value", "rounding", "expected"),
    [
        ("12.344", CENT, "12.34"),
        ("12.345", CENT, "12.35"),
        ("12.355", CENT, "12.36"),
        ("0.005", CENT, "0.01"),
        ("0.0049999", CENT, "0.00"),
        ("-12.345", CENT, "-12.35"),
        ("12.32", FIVE_CENTS, "12.30"),
        ("12.325", FIVE_CENTS, "12.35"),
        ("12.374", FIVE_CENTS, "12.35"),
        ("12.375", FIVE_CENTS, "12.40"),
        ("12.49", ONE, "12"),
        ("12.5", ONE, "13"),
        ("13.5", ONE, "14"),
        ("0", CENT, "0"),
    ],
)
def test_d3_rounds_half_up_to_the_unit_of_the_currency(value, rounding, expected):
    assert amounts.round_currency(D(value), rounding) == D(expected)


@given(st.decimals(-(10**7), 10**7, places=6), roundings)
def test_d3_rounding_gives_a_multiple_at_most_half_a_unit_away_and_rounds_only_once(value, rounding):
    rounded = amounts.round_currency(value, rounding)
    assert rounded % rounding == 0
    assert abs(rounded - value) <= rounding / 2
    assert amounts.round_currency(rounded, rounding) == rounded


def test_d3_a_float_of_the_database_means_its_shortest_decimal():
    assert amounts.decimal_of(0.1) == D("0.1")
    assert amounts.decimal_of(1.005) == D("1.005")
    assert amounts.decimal_of(33.333) == D("33.333")
    assert amounts.decimal_of(0) == 0
    assert amounts.decimal_of(False) == 0
    assert amounts.decimal_of(None) == 0  # the sum of no rows
    assert amounts.decimal_of(D("0.10")) == D("0.1")


def test_d3_a_half_cent_that_floats_would_lose_is_rounded_up():
    # 5 % of 20.10 is 1.005, which as a binary float is less than that.
    facts = replace(PAID, base=amounts.decimal_of(20.10), payable=D("20.10"))
    assert amounts.commission(facts, REFERRAL) == D("1.01")


# --- rate and base (P6, D3) ---


@pytest.mark.parametrize(
    ("terms", "base", "expected"),
    [
        (REFERRAL, "1000", "50"),
        (AFFILIATE, "1000", "200"),
        (REFERRAL, "1234.56", "61.73"),  # 61.728
        (AFFILIATE, "99.99", "20.00"),  # 19.998
        (REFERRAL, "0.09", "0.00"),  # 0.0045
        (REFERRAL, "0.10", "0.01"),  # 0.005
        (replace(REFERRAL, rate=D("7.125")), "800", "57"),
        (replace(REFERRAL, rounding=FIVE_CENTS), "1234.56", "61.75"),
        (replace(REFERRAL, rounding=ONE), "1234.56", "62"),
        (replace(REFERRAL, rate=D(0)), "1000", "0"),
        (replace(REFERRAL, rate=D(100)), "1000", "1000"),
    ],
)
def test_p6_commission_is_rate_times_untaxed_amount(terms, base, expected):
    assert amounts.commission(replace(PAID, base=D(base)), terms) == D(expected)


def test_d3_linked_credit_notes_come_off_the_base_and_the_difference_is_rounded_once():
    facts = replace(PAID, base=D("100.10"), credited=D("33.30"))
    assert amounts.commission(facts, REFERRAL) == D("3.34")  # 66.80 × 5 %


def test_d3_more_credited_than_invoiced_is_worth_nothing_not_less():
    assert amounts.commission(replace(PAID, credited=D(1500)), REFERRAL) == 0


# --- paid and not paid (D4, D6, D17) ---


def test_d17_nothing_is_earned_before_the_full_payment_but_the_worth_is_shown():
    target = amounts.target(OPEN, REFERRAL)
    assert (target.amount, target.earned) == (D(50), D(0))
    assert (target.fully_paid_on, target.due_on, target.void) == (None, None, None)


def test_p10_full_payment_earns_all_at_once_and_starts_the_thirty_days():
    target = amounts.target(PAID, REFERRAL)
    assert (target.amount, target.earned, target.void) == (D(50), D(50), None)
    assert (target.fully_paid_on, target.due_on) == (PAID_ON, date(2026, 4, 14))


def test_d4_an_invoice_taken_back_to_draft_earns_nothing_although_it_is_reconciled():
    target = amounts.target(replace(PAID, posted=False), REFERRAL)
    assert (target.amount, target.earned, target.due_on) == (D(50), D(0), None)


def test_d17_a_part_payment_has_a_date_but_earns_nothing():
    target = amounts.target(replace(OPEN, settled_on=PAID_ON), REFERRAL)
    assert (target.amount, target.earned, target.fully_paid_on, target.due_on) == (D(50), D(0), None, None)


def test_facts_that_are_not_given_are_the_harmless_ones():
    facts = InvoiceFacts(posted=True, cancelled=False, settled=True, in_window=True, base=D(1000))
    target = amounts.target(facts, REFERRAL)
    assert (target.amount, target.earned, target.fully_paid_on, target.void) == (D(50), D(0), None, None)
    assert amounts.target(replace(facts, settled_on=PAID_ON), REFERRAL).earned == D(50)
    assert amounts.paid_share(replace(facts, written_off=D(10))) == 1, "nothing was payable"


@pytest.mark.parametrize("frozen", [PAID, REFERRAL, amounts.target(PAID, REFERRAL)], ids=lambda it: type(it).__name__)
def test_facts_terms_and_verdicts_do_not_change_once_made(frozen):
    with pytest.raises(FrozenInstanceError):
        setattr(frozen, fields(frozen)[0].name, None)


# --- write-offs (D4) ---


@pytest.mark.parametrize(
    ("payable", "written_off", "share"),
    [
        ("1150", "0", "1"),
        ("1150", "-5", "1"),
        ("1150", "-0.50", "1"),
        ("2", "0.50", "0.75"),
        ("0.50", "0.25", "0.5"),
        ("1150", "575", "0.5"),
        ("1150", "1150", "0"),
        ("1150", "1200", "0"),
        ("0", "10", "1"),
    ],
)
def test_d4_share_that_was_not_written_off(payable, written_off, share):
    assert amounts.paid_share(replace(PAID, payable=D(payable), written_off=D(written_off))) == D(share)


def test_d4_what_a_journal_entry_wrote_off_earns_nothing():
    facts = replace(PAID, written_off=D("287.50"))  # a quarter of 1,150
    assert amounts.target(facts, REFERRAL).earned == D("37.50")


def test_d4_credit_note_and_write_off_together():
    # 1,000 less 200 credited; 920 payable, of which 230 written off: three quarters of 800.
    facts = replace(PAID, credited=D(200), payable=D(920), written_off=D(230))
    assert amounts.target(facts, AFFILIATE).earned == D(120)


# --- worth nothing, and why ---


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cancelled": True}, "cancelled"),
        ({"of_client": False}, "other_client"),
        ({"in_window": False}, "outside_window"),
        ({"base": D(0)}, "no_base"),
        ({"base": D(-5)}, "no_base"),
        ({"credited": D(1000)}, "credited"),
        ({"credited": D(1100)}, "credited"),
        ({"written_off": D(1150)}, "written_off"),
        ({"earning_stops_on": PAID_ON - timedelta(days=1)}, "ended_for_cause"),
        ({"not_acquired_from": PAID_ON - timedelta(days=1)}, "not_acquired"),
        ({"not_acquired_from": PAID_ON - timedelta(days=1), "in_window": False}, "not_acquired"),
        ({"base": D("0.09")}, "rounds_to_zero"),
    ],
)
def test_each_reason_for_being_worth_nothing(change, reason):
    target = amounts.target(replace(PAID, **change), REFERRAL)
    assert (target.void, target.amount, target.earned) == (reason, D(0), D(0))


def test_a_rate_of_zero_says_that_it_rounds_to_zero():
    assert amounts.target(PAID, replace(REFERRAL, rate=D(0))).void == "rounds_to_zero"


def test_a_cancelled_invoice_says_so_first():
    facts = replace(PAID, cancelled=True, in_window=False, base=D(0), written_off=D(1150))
    assert amounts.void_reason(facts) == "cancelled"


def test_d14_paid_on_the_day_of_the_end_for_cause_still_earns():
    assert amounts.target(replace(PAID, earning_stops_on=PAID_ON), REFERRAL).earned == D(50)


def test_d14_not_yet_paid_at_the_end_for_cause_is_void_at_once():
    target = amounts.target(replace(OPEN, earning_stops_on=PAID_ON), REFERRAL)
    assert (target.void, target.amount) == ("ended_for_cause", D(0))


def test_d14_a_part_payment_before_the_end_for_cause_does_not_earn():
    facts = replace(OPEN, settled_on=PAID_ON - timedelta(days=1), earning_stops_on=PAID_ON)
    assert amounts.void_reason(facts) == "ended_for_cause"


def test_p9_paid_on_the_day_on_which_the_acquisition_was_undone_still_earns():
    assert amounts.target(replace(PAID, not_acquired_from=PAID_ON), REFERRAL).earned == D(50)


def test_p9_not_yet_paid_when_the_acquisition_was_undone_is_void_at_once():
    assert amounts.void_reason(replace(OPEN, not_acquired_from=PAID_ON)) == "not_acquired"


# --- state of the ledger row ---


@pytest.mark.parametrize(
    ("amount", "earned", "billed", "held", "bills_paid", "state"),
    [
        (50, 0, 0, False, False, "expected"),
        (50, 0, 0, True, False, "expected"),  # there is nothing to hold yet
        (50, 50, 0, False, False, "earned"),
        (50, 50, 0, True, False, "held"),
        (50, 50, 50, False, False, "billed"),
        (50, 50, 50, True, False, "billed"),
        (50, 50, 50, False, True, "paid"),
        (0, 0, 0, False, False, "void"),
        (0, 0, 0, True, False, "void"),
        (50, 0, 50, False, True, "earned"),  # payment undone after the bill: minus 50 is open
        (40, 40, 50, False, True, "earned"),  # credited after the bill: minus 10 is open
        (40, 40, 50, True, True, "held"),
        (0, 0, 50, False, True, "earned"),  # fully credited after the bill
        (60, 60, 50, False, False, "earned"),  # a higher rate after the bill: 10 is open
    ],
)
def test_state_follows_from_earned_and_billed(amount, earned, billed, held, bills_paid, state):
    assert amounts.line_state(D(amount), D(earned), D(billed), held=held, bills_paid=bills_paid) == state


@given(money, st.booleans(), money, st.booleans(), st.booleans())
def test_state_is_total_and_says_what_is_open(amount, is_earned, billed, held, bills_paid):
    earned = amount if is_earned else D(0)
    state = amounts.line_state(amount, earned, billed, held=held, bills_paid=bills_paid)
    assert state in {"expected", "earned", "held", "billed", "paid", "void"}
    assert (state in {"earned", "held"}) == (earned != billed), "open means earned or held, and only that"
    assert (state == "held") == (earned != billed and held)
    if state in {"billed", "paid"}:
        assert billed == earned > 0
    if state == "void":
        assert amount == earned == billed == 0


# --- properties of the target ---


@given(facts_of(), terms_of)
def test_inv5_never_more_than_rate_times_base_and_never_negative(facts, terms):
    target = amounts.target(facts, terms)
    assert D(0) <= target.earned <= target.amount
    assert target.amount <= max(D(0), facts.base - facts.credited) * terms.rate / 100 + terms.rounding / 2
    assert target.amount % terms.rounding == 0


@given(facts_of(), terms_of)
def test_a_target_is_worth_something_or_says_why_not(facts, terms):
    target = amounts.target(facts, terms)
    assert bool(target.void) == (target.amount == 0)


@given(facts_of(), terms_of)
def test_earned_only_when_posted_settled_and_dated(facts, terms):
    target = amounts.target(facts, terms)
    if target.earned:
        assert facts.posted
        assert facts.settled
        assert facts.in_window
        assert not facts.cancelled
        assert target.due_on == facts.settled_on + timedelta(days=terms.delay_days)
    assert (target.due_on is None) == (target.fully_paid_on is None)


@given(facts_of(), terms_of, money)
def test_more_base_is_never_worth_less(facts, terms, more):
    assert amounts.target(replace(facts, base=facts.base + more), terms).amount >= amounts.target(facts, terms).amount


@given(facts_of(), terms_of, money)
def test_a_further_credit_note_is_never_worth_more(facts, terms, more):
    credited = replace(facts, credited=facts.credited + more)
    assert amounts.target(credited, terms).amount <= amounts.target(facts, terms).amount


@given(facts_of(), terms_of, money)
def test_a_further_write_off_is_never_worth_more(facts, terms, more):
    written_off = replace(facts, written_off=facts.written_off + more)
    assert amounts.target(written_off, terms).amount <= amounts.target(facts, terms).amount


@given(facts_of(), terms_of, rates)
def test_a_higher_rate_is_never_worth_less(facts, terms, rate):
    low, high = sorted([terms.rate, rate])
    assert (
        amounts.target(facts, replace(terms, rate=low)).amount
        <= amounts.target(facts, replace(terms, rate=high)).amount
    )
