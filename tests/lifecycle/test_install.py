"""Installing: each company gets its self-billing journal, now or as soon as it keeps books; the ledger starts empty."""

from __future__ import annotations

import pytest
from figures import LEDGER

from devkit import lifecycle
from devkit.templates import TEST

# Before the add-on: a company that keeps books, and one that has no chart of accounts yet.
TWO_COMPANIES = """
main = env.ref("base.main_company")
env["account.chart.template"].try_loading("generic_coa", company=main, install_demo=False)
assert main.chart_template
bare = env["res.company"].create({"name": "Bare Ltd"})
assert not bare.chart_template
result = [main.id, bare.id]
"""

# After it: books for the bare one, a program of its own, and a company that is created now.
MORE_COMPANIES = """
chart = env["account.chart.template"]
Program = env["partner.program"]


def journal_of(company):
    journal = env["account.journal"].search([("company_id", "=", company.id), ("is_self_billing", "=", True)])
    return [[one.code, one.type] for one in journal]


def program_in(company):
    return Program.with_company(company).create({"name": company.name, "company_id": company.id})


main, bare = env["res.company"].browse(%(ids)s)
result = {"main": journal_of(main), "bare before its chart": journal_of(bare)}
early = program_in(bare)
result["early program before"] = early.bill_journal_id.code
chart.try_loading("generic_coa", company=bare, install_demo=False)
result["bare"] = journal_of(bare)
result["early program"] = [early.bill_journal_id.code, early.bill_journal_id.company_id == bare]

new = env["res.company"].create({"name": "New Ltd"})
env.user.company_ids += new
chart.try_loading("generic_coa", company=new, install_demo=False)
late = program_in(new)
result["new"] = journal_of(new)
result["late program"] = [late.bill_journal_id.code, late.bill_journal_id.company_id == new]

branch = env["res.company"].create({"name": "New Ltd, South", "parent_id": new.id})
result["branch"] = journal_of(branch)
result["program of the branch"] = program_in(branch).bill_journal_id.company_id == new
result["shipped programs"] = [
    [program.program_type, program.bill_journal_id.code, program.bill_journal_id.company_id == main]
    for program in Program.search([("company_id", "=", main.id)], order="sequence")]
chart._load_partner_program_journals()
result["twice changes nothing"] = journal_of(main) + journal_of(bare) + journal_of(new)
"""
ONE = [["COMM", "purchase"]]


@pytest.fixture(scope="module")
def database():
    """Odoo without demo data and without the add-on."""
    return lifecycle.clone_plain(TEST)


def test_each_company_gets_its_journal(database, in_shell, sql):
    ids = in_shell(database, TWO_COMPANIES)
    lifecycle.odoo("-d", database, "-i", "partner_program", "--stop-after-init")
    assert sql(database, "SELECT state, demo FROM ir_module_module WHERE name = 'partner_program'") == [
        ("installed", "f")
    ]
    assert in_shell(database, MORE_COMPANIES % {"ids": ids}) == {
        "main": ONE,
        "bare before its chart": [],
        "early program before": False,
        "bare": ONE,
        "early program": ["COMM", True],
        "new": ONE,
        "late program": ["COMM", True],
        "branch": [],
        "program of the branch": True,
        "shipped programs": [["referral", "COMM", True], ["affiliate", "COMM", True]],
        "twice changes nothing": ONE * 3,
    }


def test_without_demo_data_the_ledger_is_empty(database, read, sql, in_shell):
    for what in ("commission lines", "billings", "referrals", "evidence", "enrollments"):
        assert read(database, LEDGER)[what] == [], what
    terms = """
        SELECT program_type, commission_rate::float, commission_months, payout_delay_days, bill_lead_days, claim_months,
               dormancy_months, acquisition_event
          FROM partner_program program
          JOIN ir_model_data data ON data.model = 'partner.program' AND data.res_id = program.id
    """
    assert set(sql(database, terms)) == {
        ("referral", "5", "12", "30", "0", "3", "12", "lead_won"),
        ("affiliate", "20", "12", "30", "0", "0", "0", "entry_payment"),
    }
    assert in_shell(
        database,
        """
env["partner.referral"]._cron_sync_referrals()
result = [env["partner.commission.line"]._cron_sync(), len(env["partner.commission.line"]._cron_create_vendor_bills())]
""",
    ) == [0, 0]
