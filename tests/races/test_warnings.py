"""Two jobs warn of claims that close soon, at the same moment: everybody is told once (P8)."""

import pytest

from devkit import lifecycle

from . import scripts

CLAIMS = "SELECT id FROM partner_referral WHERE prospect_email LIKE 'boss@_.example'"
TODOS = f"SELECT COUNT(*) FROM mail_activity WHERE res_model = 'partner.referral' AND res_id IN ({CLAIMS})"
MAILS = f"""
    SELECT COUNT(*)
      FROM mail_mail mail
      JOIN mail_message message ON message.id = mail.mail_message_id
     WHERE message.model = 'partner.referral' AND message.res_id IN ({CLAIMS})"""


@pytest.fixture(scope="module")
def prepared_warnings() -> str:
    """The database to clone: three claims to be warned of today."""
    name = lifecycle.clone_demo()
    lifecycle.odoo("-d", name, "-i", "test_partner_program", "--stop-after-init")
    lifecycle.shell(name, scripts.PREPARE_WARNINGS)
    return name


@pytest.fixture
def database(prepared_warnings):
    name = lifecycle.new_name("warnings")
    lifecycle.templates().databases.clone(prepared_warnings, name)
    yield name
    lifecycle.templates().databases.drop(name)


def count(sql, database):
    return [int(sql(database, query)[0][0]) for query in (TODOS, MAILS)]


def warn_at_once(runner, database, sql, tmp_path, **faults):
    """Two jobs that meet; ``(new to-dos, new mails, exit codes)``.

    For each claim two to-dos, and two mails: to the partner, and to account manager and salesperson.
    """
    before = count(sql, database)
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    racers = runner()
    for _number in range(2):
        racers.start(database, scripts.WARN, meeting=f"{meeting}:2", **faults)
    racers.go()
    codes = racers.finish()
    todos, mails = (now - then for now, then in zip(count(sql, database), before, strict=True))
    return (todos, mails, codes), racers.logs()


def test_p8_two_jobs_at_once_warn_once(runner, database, sql, tmp_path):
    """Both have found the claims. One locks them; the other goes without, or fails and has told nobody."""
    (todos, mails, codes), logs = warn_at_once(runner, database, sql, tmp_path, fault="warning:1:meet")
    assert (todos, mails) == (6, 6), logs
    assert 0 in codes, logs


def test_p8_the_marker_alone_keeps_the_second_job_from_warning(runner, database, sql, tmp_path):
    """Without the lock both make to-dos and mails; what the second one made is rolled back along with its marker."""
    (todos, mails, codes), logs = warn_at_once(
        runner, database, sql, tmp_path, without="lock", fault="warning due:1:meet"
    )
    assert (todos, mails) == (6, 6), logs
    assert sorted(codes) == [0, 1], logs


def test_twin_without_the_guards_everybody_is_warned_twice(runner, database, sql, tmp_path):
    (todos, mails, codes), logs = warn_at_once(
        runner, database, sql, tmp_path, without="lock,isolation", fault="warning due:1:meet"
    )
    assert (todos, mails, codes) == (12, 12, [0, 0]), logs
