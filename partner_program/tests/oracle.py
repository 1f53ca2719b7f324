"""The policy once more, from POLICY.md alone: plain Python that imports nothing of the add-on.

It keeps facts as a bookkeeper would note them and says what the ledger must show. Amounts are Decimals.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
DELAY = 30  # days (P10), unless a referral says otherwise


@dataclass(eq=False)
class Payment:
    """What a payment closed of one invoice. Reset to draft it closes it still, and pays nothing."""

    amount: Decimal
    day: date
    draft: bool = False


@dataclass
class Invoice:
    """A customer invoice, and what was booked against it. What closes is gross, what earns is untaxed."""

    client: str
    currency: str
    day: date
    untaxed: Decimal
    cancelled: bool = False
    draft: bool = False
    unit: Decimal = CENT  # of the currency: rounded once, to this
    tax: Decimal = Decimal(0)  # percent
    payments: list = field(default_factory=list)  # Payment
    credits: list = field(default_factory=list)  # credit notes that name this invoice: [untaxed, gross closed, day]
    unnamed: list = field(default_factory=list)  # those that name none: (closed, day, untaxed, gross)
    written_off: list = field(default_factory=list)  # bad debt: (amount, day)

    def gross(self, untaxed: Decimal) -> Decimal:
        return untaxed + (untaxed * self.tax / 100).quantize(self.unit, ROUND_HALF_UP)

    @property
    def total(self) -> Decimal:
        return self.gross(self.untaxed)

    @property
    def residual(self) -> Decimal:
        closed = sum(payment.amount for payment in self.payments) + sum(amount for amount, _day in self.written_off)
        return self.total - closed - self.closed_by_credit

    @property
    def closed_by_credit(self) -> Decimal:
        return sum(closed for _untaxed, closed, _day in self.credits) + sum(row[0] for row in self.unnamed)

    @property
    def credited(self) -> Decimal:
        """Untaxed. What names no invoice counts by the share of it that closed this one."""
        named = sum(untaxed for untaxed, _closed, _day in self.credits)
        return named + sum(closed * untaxed / gross for closed, _day, untaxed, gross in self.unnamed)

    @property
    def settled_on(self):
        """The latest accounting date that closed it; None while something is left to pay (D4, D5)."""
        if self.residual or self.cancelled or self.draft or any(payment.draft for payment in self.payments):
            return None
        days = [payment.day for payment in self.payments] + [day for _amount, day in self.written_off]
        days += [day for _untaxed, closed, day in self.credits if closed] + [row[1] for row in self.unnamed]
        return max([*days, self.day])

    @property
    def starts_window(self) -> bool:
        named = sum(self.gross(untaxed) for untaxed, _closed, _day in self.credits)
        return not self.cancelled and not self.draft and max(named, self.closed_by_credit) < self.total

    def worth(self, rate: Decimal) -> Decimal:
        """D3, D4: rate × untaxed amount less credit notes, by the share that was not written off; rounded once."""
        base = self.untaxed - self.credited
        if self.cancelled or base <= 0:
            return Decimal(0)
        payable = self.total - self.closed_by_credit
        lost = sum(amount for amount, _day in self.written_off)
        share = 1 - lost / payable if payable else Decimal(1)
        return (base * share * rate / 100).quantize(self.unit, ROUND_HALF_UP)


@dataclass
class Bill:
    """A vendor bill: what it carries of which invoice."""

    partner: str
    currency: str
    carries: dict  # invoice number → amount
    state: str = "draft"  # draft, reset (was posted), posted, paid, cancel, reversed (by a credit note), deleted
    was_posted: bool = False
    settled: bool = False  # by a payment; a bill that is reset to draft keeps it

    @property
    def live(self) -> bool:
        return self.state not in ("cancel", "reversed", "deleted")

    @property
    def total(self) -> Decimal:
        return sum(self.carries.values(), Decimal(0))


def is_billable(line: dict, today: date) -> bool:
    """D6, D16: what is earned from its pay-by date on. Corrections at once: also what was taken back too often, while
    the invoice is not paid and has no pay-by date."""
    return line["open"] < 0 or not line["due_on"] or line["due_on"] <= today


class Books:
    """All facts, and what follows from them."""

    def __init__(self, partner_of, rates, delays=None):
        self.partner_of = partner_of  # client → partner; nobody earns on the clients that are not in it
        self.rates = dict(rates)  # client → percent, frozen on the referral (D7)
        self.delays = dict(delays or {})  # client → days between full payment and pay-by date
        self.invoices: list[Invoice] = []
        self.bills: list[Bill] = []
        self.held: set[int] = set()
        self.suspended: set[str] = set()  # partners
        self.window_start: dict[str, date] = {}  # by client
        self.rows: set[int] = set()  # invoices that were posted within a window: the ledger has a row for each

    def billed(self, number: int) -> Decimal:
        return sum((bill.carries.get(number, Decimal(0)) for bill in self.bills if bill.live), Decimal(0))

    def look_at_windows(self) -> bool:
        """D1: from the first posted invoice that is not fully credited; frozen once something was billed.

        :return: whether a window that had begun has moved: the ledger looks at that at night
        """
        before = dict(self.window_start)
        for client in self.partner_of:
            numbers = [number for number, invoice in enumerate(self.invoices) if invoice.client == client]
            if not any(self.billed(number) or self._carried(number) for number in numbers):
                days = [self.invoices[number].day for number in numbers if self.invoices[number].starts_window]
                self.window_start[client] = min(days, default=None)
        for number, invoice in enumerate(self.invoices):
            if self.in_window(invoice) and not invoice.draft and not invoice.cancelled:
                self.rows.add(number)
        return any(start and self.window_start[client] != start for client, start in before.items())

    def in_window(self, invoice: Invoice) -> bool:
        start = self.window_start.get(invoice.client)
        return start is not None and invoice.day >= start  # the test ends before the twelve months do

    def _carried(self, number: int) -> bool:
        return any(number in bill.carries for bill in self.bills if bill.live)

    def line(self, number: int) -> dict:
        """What the ledger must show for this invoice."""
        invoice = self.invoices[number]
        amount = invoice.worth(self.rates[invoice.client]) if self.in_window(invoice) else Decimal(0)
        settled_on = invoice.settled_on
        earned = amount if settled_on else Decimal(0)
        billed = self.billed(number)
        held = self.is_held(number)
        carriers = [bill for bill in self.bills if bill.live and number in bill.carries]
        if earned != billed:
            state = "held" if held else "earned"
        elif billed:
            state = "paid" if carriers and all(bill.state == "paid" for bill in carriers) else "billed"
        else:
            state = "expected" if amount else "void"
        return {
            "amount": amount,
            "earned": earned,
            "billed": billed,
            "open": earned - billed,
            "state": state,
            "due_on": settled_on + timedelta(days=self.delays.get(invoice.client, DELAY)) if settled_on else None,
        }

    def is_held(self, number: int) -> bool:
        return number in self.held or self.partner_of[self.invoices[number].client] in self.suspended

    def hold(self, number: int, today: date) -> None:
        """D15: held by hand. What is on a draft leaves it at once."""
        self.held.add(number)
        if any(bill.state == "draft" and number in bill.carries for bill in self.bills):
            self.run(today, {number})

    def may_be_posted(self, bill: Bill, today: date) -> bool:
        """Invariant 3: no draft with something held on it, or that a run of today would change."""
        lines = {number: self.line(number) for number in bill.carries}
        return bill.was_posted or not any(
            self.is_held(number) or (line["open"] and is_billable(line, today)) for number, line in lines.items()
        )

    def may_come_back(self, bill: Bill) -> bool:
        """Invariant 3: of cancelled bills that were posted those with nothing that is held, or worth less by now."""
        if not bill.was_posted:
            return True  # posting it asks
        left = {number: self.line(number)["open"] for number in bill.carries}
        return not any(
            self.is_held(number) or not min(0, left[number]) <= amount <= max(0, left[number])
            for number, amount in bill.carries.items()
        )

    def merge(self, stranger: str, client: str) -> None:
        """D12: what was invoiced to the one contact was invoiced to the other."""
        for invoice in self.invoices:
            if invoice.client == stranger:
                invoice.client = client

    def lines(self) -> dict:
        """What the ledger must show, by number of the invoice."""
        return {number: self.line(number) for number in sorted(self.rows)}

    def run(self, today: date, chosen: set | None = None) -> None:
        """D6, D16, D17: bill what is open and due, one draft for each partner and currency, never a negative one.

        What is held leaves the draft, with all of its client, of which the rest comes back. With ``chosen``: only these
        invoices, and what is to be taken back from the same partners.
        """
        keys = {self._key(number) for number in (chosen if chosen is not None else self.rows)}
        groups: dict = {}
        freed = set()
        for draft in [b for b in self.bills if b.state == "draft" and (b.partner, b.currency) in keys]:
            clients = {self.invoices[number].client for number in draft.carries if self.is_held(number)}
            off = {number for number in draft.carries if self.invoices[number].client in clients}
            if off:
                draft.carries = {number: amount for number, amount in draft.carries.items() if number not in off}
                freed |= off
                groups[draft.partner, draft.currency] = {}
                if not draft.carries and draft is not self._draft(draft.partner, draft.currency):
                    draft.state = "deleted"
        for number, line in self.lines().items():
            asked = chosen is None or number in chosen or number in freed or line["open"] < 0
            is_open = line["state"] == "earned" and is_billable(line, today)
            if is_open and asked and self._key(number) in keys:
                groups.setdefault(self._key(number), {})[number] = line["open"]
        for (partner, currency), amounts in groups.items():
            draft = self._draft(partner, currency)
            if sum(amounts.values()) + (draft.total if draft else 0) <= 0:
                if draft:
                    draft.state = "deleted"
            elif draft:
                for number, amount in amounts.items():
                    draft.carries[number] = draft.carries.get(number, Decimal(0)) + amount
            else:
                self.bills.append(Bill(partner, currency, amounts))

    def _key(self, number: int) -> tuple:
        return self.partner_of[self.invoices[number].client], self.invoices[number].currency

    def _draft(self, partner: str, currency: str) -> Bill | None:
        drafts = (b for b in self.bills if (b.partner, b.currency, b.state) == (partner, currency, "draft"))
        return next(drafts, None)
