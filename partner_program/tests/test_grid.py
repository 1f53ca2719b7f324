"""Every combination of paid, credited, billed and due: the net to the partner is what the policy says."""

from collections import namedtuple
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .common import PartnerProgramCommon
from .many_clients import ManyClients

CENT = Decimal("0.01")
INVOICED = Decimal("1000.00")
FULL = Decimal("50.00")  # 5 % of it
OTHER = 4000, Decimal("200.00")  # a second invoice of those whose bill is out, and 5 % of it
PAID_FIRST = date(2026, 1, 5)
DELAY = timedelta(days=30)

# What became of the invoice in the end, as shares of 1,000.00, which does not divide by three.
SHARES = {"0": Decimal(0), "⅓": Decimal("333.33"), "½": Decimal("500.00"), "1": INVOICED}
# All of them with each other; and what is closed by money and a credit note to the last cent.
PAIRS = [(paid, credited) for paid in SHARES for credited in SHARES] + [("⅔", "⅓"), ("⅓", "⅔")]
AMOUNTS = {**SHARES, "⅔": INVOICED - SHARES["⅓"]}
BILLS = ("not billed", "bill draft", "bill posted", "bill paid")


class Cell(namedtuple("Cell", "paid credited bill")):
    """One combination, with its figures by the arithmetic of the policy."""

    def __str__(self):
        return f"paid {self.paid}, credited {self.credited}, {self.bill}"

    @property
    def left(self):
        """D4: what is left to pay. Credit above it stays on the client's account."""
        return max(Decimal(0), INVOICED - AMOUNTS[self.paid] - AMOUNTS[self.credited])

    @property
    def worth(self):
        """D3: rate × untaxed amount less linked credit notes, rounded once."""
        return ((INVOICED - AMOUNTS[self.credited]) * 5 / 100).quantize(CENT, ROUND_HALF_UP)

    @property
    def policy(self):
        """D17: nothing until nothing is left to pay, then all at once."""
        return Decimal(0) if self.left else self.worth

    @property
    def billed(self):
        return Decimal(0) if self.bill == "not billed" else FULL

    @property
    def state(self):
        """Of the commission line, before the next run."""
        if self.policy != self.billed:
            return "earned"
        if self.billed:
            return "paid" if self.bill == "bill paid" else "billed"
        return "expected" if self.worth else "void"

    @property
    def in_the_end(self):
        """Once what is to be taken back can be taken from something."""
        return self.policy + (OTHER[1] if self.bill in ("bill posted", "bill paid") else 0)

    def carried(self, today):
        """What bills carry after a run of today, from which nothing else is due."""
        if self.bill == "not billed":
            paid_on = PAID_FIRST if self.paid == "1" else today  # D5; the credit note closes nothing that is paid
            return self.policy if paid_on + DELAY <= today else Decimal(0)
        if self.bill == "bill draft":
            return self.policy  # nobody has it yet: it says what is right, or goes
        return self.billed  # D16: a correction alone makes no bill, it is carried forward


class TestGrid(ManyClients, PartnerProgramCommon):
    """One client and one partner for each cell.

    The invoice is paid in full on 5 January, and so its pay-by date is 4 February. Where a bill comes into it, it is
    made on the day of the payment, by a program with thirty lead days, and left as draft, posted, or posted and paid.
    Then the payment bounces (unless it is to stay), the share that is to be paid is paid, and the credit note is made:
    before the pay-by date, or after it. Then the scheduled action runs.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.early = cls.program_referral.copy({"name": "Early bills", "bill_lead_days": 30})

    def test_the_net_is_the_policy_when_things_change_before_the_pay_by_date(self):
        self.play(date(2026, 1, 20))

    def test_the_net_is_the_policy_when_things_change_after_the_pay_by_date(self):
        self.play(date(2026, 2, 20))

    def play(self, day):
        self.cells = [Cell(*pair, bill) for bill in BILLS for pair in PAIRS]
        unbilled = [cell for cell in self.cells if cell.bill == "not billed"]
        billed = self.cells[len(unbilled) :]
        referrals = self.acquire_many([str(cell) for cell in unbilled], self.program_referral)
        referrals += self.acquire_many([str(cell) for cell in billed], self.early)
        self.invoices = dict(zip(self.cells, self.invoice_many(referrals, float(INVOICED)), strict=True))
        others = self.invoice_many(referrals[2 * len(PAIRS) :], OTHER[0])
        self.make_bills(self.pay_many(dict.fromkeys(self.invoices.values(), float(INVOICED))))

        self.go_to(day.isoformat())
        self.change()
        self.check("net after the change", lambda cell, line: (cell.policy, self.carried(cell) + line["open_amount"]))
        self.check("state after the change", lambda cell, line: (cell.state, line["state"]))

        self.run_bills()
        self.check("net after the run", lambda cell, line: (cell.policy, self.carried(cell) + line["open_amount"]))
        self.check("bills after the run", lambda cell, line: (cell.carried(day), self.carried(cell)))

        # With more earned than is to be taken back, and everything due, the bills say what the policy says.
        self.pay_many(dict.fromkeys(others, OTHER[0]))
        self.run_bills((day + DELAY).isoformat())
        self.check("bills in the end", lambda cell, line: (cell.in_the_end, self.carried(cell, whole=True)))
        self.check("open in the end", lambda cell, line: (0, line["open_amount"]))
        bills = self.env["account.move"].search([("commission_billing_ids", "!=", False), ("state", "=", "draft")])
        bills.action_post()
        self.check("posted in the end", lambda cell, line: (cell.in_the_end, self.carried(cell, whole=True)))

    def make_bills(self, payments):
        self.payments = dict(zip(self.cells, payments, strict=True))
        bills = {bill.partner_id.name: bill for bill in self.run_bills()}
        by_cell = {cell: bills.pop(f"Partner of {cell}") for cell in self.cells if cell.bill != "not billed"}
        self.assertFalse(bills, "nobody else has a bill")
        posted = [bill for cell, bill in by_cell.items() if cell.bill != "bill draft"]
        self.env["account.move"].union(*posted).action_post()
        self.pay(self.env["account.move"].union(*(b for cell, b in by_cell.items() if cell.bill == "bill paid")))
        self.check("bills in the beginning", lambda cell, line: (cell.billed, self.carried(cell)))

    def change(self):
        undone = [cell for cell in self.cells if cell.paid != "1"]
        self.env["account.payment"].union(*(self.payments[cell] for cell in undone)).action_cancel()
        self.pay_many({self.invoices[cell]: float(AMOUNTS[cell.paid]) for cell in undone if cell.paid != "0"})
        credited = [cell for cell in self.cells if cell.credited != "0"]
        self.credit_many({self.invoices[cell]: float(AMOUNTS[cell.credited]) for cell in credited})
        for cell, invoice in self.invoices.items():
            self.assertEqual(self.money(invoice.amount_residual), cell.left, cell)

    # ------------------------------------------------------------
    # WHAT THE DATABASE SAYS
    # ------------------------------------------------------------

    def check(self, what, compare):
        """Compare a figure in all cells; say at once which ones differ."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT move_id, state, open_amount FROM partner_commission_line WHERE move_id = ANY(%s)",
            [[invoice.id for invoice in self.invoices.values()]],
        )
        lines = {
            move_id: {"state": state, "open_amount": self.money(amount)}
            for move_id, state, amount in self.cr.fetchall()
        }
        self.bill_lines = self.read_bill_lines()
        wrong = []
        for cell, invoice in self.invoices.items():
            expected, seen = compare(cell, lines[invoice.id])
            if expected != seen:
                wrong.append(f"{cell}: {expected} expected, {seen} seen")
        if wrong:
            self.fail("\n".join([f"{what}: {len(wrong)} of {len(self.cells)} cells differ", *wrong]))

    def read_bill_lines(self):
        """``{(partner, invoice): amount}`` on bills that count, and ``{(partner, None): their total}``."""
        self.env.cr.execute(
            """
            SELECT partner.name, line.move_id, SUM(billing.amount)
              FROM partner_commission_billing billing
              JOIN partner_commission_line line ON line.id = billing.commission_line_id
              JOIN account_move_line bill_line ON bill_line.id = billing.bill_line_id
              JOIN account_move bill ON bill.id = bill_line.move_id AND bill.state <> 'cancel'
              JOIN res_partner partner ON partner.id = bill.partner_id
             GROUP BY partner.name, line.move_id
             UNION ALL
            SELECT partner.name, NULL, SUM(bill.amount_total)
              FROM account_move bill
              JOIN res_partner partner ON partner.id = bill.partner_id
             WHERE bill.move_type = 'in_invoice' AND bill.state <> 'cancel'
             GROUP BY partner.name
            """
        )
        return {(name, move_id): self.money(amount) for name, move_id, amount in self.cr.fetchall()}

    def carried(self, cell, *, whole=False):
        """What bills carry of the invoice; or the bills themselves, to the cent."""
        move_id = None if whole else self.invoices[cell].id
        return self.bill_lines.get((f"Partner of {cell}", move_id), Decimal(0))

    @staticmethod
    def money(amount):
        return Decimal(str(amount or 0)).quantize(CENT, ROUND_HALF_UP)
