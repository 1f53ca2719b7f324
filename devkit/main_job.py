"""The main job on the demo data, run in Odoo's shell: bill what is due, print the bills, check the sum.

Exit status: 0 bills were made, 3 none was due (those made earlier are printed), 1 the sums disagree (nothing is
kept then). What is due is worked out here from the plain fields, not by the add-on's own search: a second opinion.
"""

# ruff: noqa: F821 (`env` comes from Odoo's shell)

import sys
from collections import defaultdict

COLUMNS = ("Partner", "Client", "Invoices", "Base", "Rate", "Amount", "Pay by")
RIGHT_ALIGNED = (3, 4, 5)
INVOICES_SHOWN = 2


def money(amount, currency):
    return f"{amount:,.{currency.decimal_places}f} {currency.name}"


def due_by_account():
    """What the run should bill for each partner, currency and company, and what it carries forward.

    Amounts taken back (negative) are billed at once; a balance that is not positive makes no bill.
    """
    from odoo import fields

    lines = env["partner.commission.line"].search([("state", "=", "earned"), ("open_amount", "!=", 0)])
    due, carried = defaultdict(float), defaultdict(float)
    for account, group in lines.grouped(lambda line: (line.partner_id, line.currency_id, line.company_id)).items():
        partner, currency, company = account
        today = fields.Date.context_today(company.with_context(tz=company.partner_id.tz or "UTC"))
        ready = group.filtered(
            lambda line, today=today: (
                line.open_amount < 0 or (line.due_on and (line.due_on - today).days <= line.program_id.bill_lead_days)
            )
        )
        drafts = env["partner.commission.billing"].search(
            [("partner_id", "=", partner.id), ("bill_id.state", "=", "draft"), ("currency_id", "=", currency.id)]
        )
        amount = sum(ready.mapped("open_amount"))
        balance = amount + sum(drafts.filtered(lambda one, company=company: one.company_id == company).mapped("amount"))
        (due if currency.compare_amounts(balance, 0) > 0 else carried)[account] = currency.round(amount)
    return due, carried


def base_of(billing):
    """The base of what is billed now: all of the invoice's, or what changed of it since the first billing."""
    line = billing.commission_line_id
    if billing.revision == 1 and line.billing_ids == billing:
        return line.base_amount - line.credited_amount
    return billing.currency_id.round(billing.amount * 100 / line.rate) if line.rate else 0


def invoice_of(billing):
    return billing.commission_line_id.move_id.name + (" (correction)" if billing.revision > 1 else "")


def rows(billings):
    """One row for each bill and client, in the order of the bills."""
    found = []
    for (_bill, _client), group in billings.grouped(lambda one: (one.bill_id, one.client_id)).items():
        lines = group.commission_line_id
        currency = group.currency_id
        numbers = [invoice_of(one) for one in group.sorted(lambda one: one.commission_line_id.invoice_date)]
        more = len(numbers) - INVOICES_SHOWN
        found.append(
            (
                group.partner_id.name,
                group.client_id.name,
                ", ".join(numbers[:INVOICES_SHOWN]) + (f" +{more}" if more > 0 else ""),
                money(sum(base_of(one) for one in group), currency),
                ", ".join(sorted({f"{rate:g} %" for rate in lines.mapped("rate")})),
                money(sum(group.mapped("amount")), currency),
                str(group.bill_id.invoice_date_due),
            )
        )
    return found


def print_table(table):
    widths = [max(len(row[number]) for row in [COLUMNS, *table]) for number in range(len(COLUMNS))]
    for row in [COLUMNS, ["-" * width for width in widths], *table]:
        cells = [
            cell.rjust(width) if number in RIGHT_ALIGNED else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def totals(billings):
    """Sum of the billings per currency."""
    return {currency: sum(group.mapped("amount")) for currency, group in billings.grouped("currency_id").items()}


def main():
    Billing = env["partner.commission.billing"]
    before = Billing.search([])
    due, carried = due_by_account()
    env["partner.commission.line"]._cron_create_vendor_bills()
    new = (Billing.search([]) - before).sorted(lambda one: (one.bill_id.id, one.client_id.name or "", one.id))

    wanted = defaultdict(float)
    for (_partner, currency, _company), amount in due.items():
        wanted[currency] += amount
    made = totals(new)
    wrong = [
        f"{money(made.get(currency, 0), currency)} was billed, but {money(wanted[currency], currency)} was due."
        for currency in set(wanted) | set(made)
        if currency.compare_amounts(made.get(currency, 0), wanted[currency])
    ]
    if wrong:
        env.cr.rollback()
        print("\n".join(wrong), "Nothing was kept.", sep="\n")
        return 1
    env.cr.commit()

    shown = new or before.sorted(lambda one: (one.bill_id.id, one.client_id.name or "", one.id))
    if new:
        print(f"\n{len(new.bill_id)} draft vendor bills for what is due today:\n")
    else:
        print(f"\nNothing new is due today. The {len(shown.bill_id)} bills made earlier:\n")
    print_table(rows(shown))
    print()
    for currency, amount in totals(shown).items():
        print(f"Total: {money(amount, currency)}" + (", equal to the sum of what was due" if new else ""))
    for (partner, currency, _company), amount in carried.items():
        if amount:
            print(f"Carried forward, as the balance is not positive: {partner.name} {money(amount, currency)}")
    sys.stdout.flush()
    return 0 if new else 3


sys.exit(main())
