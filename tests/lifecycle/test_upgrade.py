"""An update (`-u`) and the nightly sweep leave every figure as it was."""

from __future__ import annotations

import pytest
from figures import BOOKS, LEDGER

from devkit import lifecycle


@pytest.fixture(scope="module")
def database():
    return lifecycle.clone_demo()


# What a company sets up once, and an update must not set back.
CHANGES = (
    "UPDATE partner_program SET commission_rate = 7, payout_delay_days = 45 WHERE program_type = 'referral'",
    "UPDATE partner_program_package SET name = jsonb_set(name, '{en_US}', '\"Basic\"') WHERE is_entry",
    "UPDATE ir_cron SET active = false WHERE cron_name LIKE 'Partner program: draft%'",
)
SETTINGS = {
    "scheduled actions": "SELECT cron_name, active FROM ir_cron WHERE cron_name LIKE 'Partner program:%'",
    "agreements": "SELECT id, name, version, md5(body::text) FROM partner_program_agreement",
}


def test_update_keeps_every_figure_and_every_setting(database, read, sql):
    for change in CHANGES:
        sql(database, change)
    before = read(database, {**LEDGER, **BOOKS, **SETTINGS})
    for what in LEDGER:
        assert before[what], f"The demo data has no {what}: nothing would be compared"
    lifecycle.odoo("-d", database, "-u", "partner_program", "--stop-after-init")
    after = read(database, {**LEDGER, **BOOKS, **SETTINGS})
    for what, rows in before.items():
        assert after[what] == rows, f"{what} changed"


def test_sweep_after_the_update_finds_nothing_to_mend(database, read, in_shell):
    before = read(database, {**LEDGER, **BOOKS})
    mended = in_shell(
        database,
        """
env["partner.referral"]._cron_sync_referrals()
result = [env["partner.commission.line"]._cron_sync() for _night in range(2)]
""",
    )
    assert mended == [0, 0]
    assert read(database, {**LEDGER, **BOOKS}) == before


def test_sweep_mends_a_figure_that_was_falsified(database, read, sql, in_shell):
    """The twin of the test above: `0` means "compared and equal", not "not looked at"."""
    before = read(database, LEDGER)
    sql(
        database,
        "UPDATE partner_commission_line SET earned_amount = earned_amount + 1, amount = amount + 1 WHERE id = "
        "(SELECT min(id) FROM partner_commission_line WHERE earned_amount > 0) RETURNING id",
    )
    assert read(database, LEDGER) != before
    assert in_shell(database, 'result = env["partner.commission.line"]._cron_sync()') == 1
    assert read(database, LEDGER) == before
