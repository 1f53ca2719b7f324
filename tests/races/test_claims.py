"""Two partners claim one client at the same instant: the database decides, one is refused cleanly (D10)."""

import pytest

from devkit import lifecycle

from . import scripts

CLAIMS = {
    "client": (
        scripts.CLIENT,
        "client_id IN (SELECT id FROM res_partner WHERE name = 'Race client')",
        "claim_per_client",
    ),
    "told differently": (scripts.TOLD_DIFFERENTLY, "prospect_email LIKE '%@different.example'", None),
    "prospect": (scripts.PROSPECT, "prospect_email = 'boss@raced.example'", "claim_per_prospect"),
}


@pytest.fixture(scope="module")
def prepared_claims() -> str:
    """The database to clone: two undecided claims on one client, and two on one prospect."""
    name = lifecycle.clone_demo()
    lifecycle.odoo("-d", name, "-i", "test_partner_program", "--stop-after-init")
    lifecycle.shell(name, scripts.PREPARE_CLAIMS)
    return name


@pytest.fixture
def database(prepared_claims):
    name = lifecycle.new_name("claims")
    lifecycle.templates().databases.clone(prepared_claims, name)
    yield name
    lifecycle.templates().databases.drop(name)


def claim_at_once(runner, database, sql, tmp_path, of, **faults):
    """Both have checked that the client is free before either writes; the states of the two, sorted."""
    which, condition, _index = CLAIMS[of]
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    racers = runner()
    for _number in range(2):
        racers.start(database, scripts.CLAIM % which, fault="claim checked:1:meet", meeting=f"{meeting}:2", **faults)
    racers.go()
    assert racers.finish() == [0, 0], racers.logs()
    return racers.logs(), sorted(
        state for (state,) in sql(database, f"SELECT state FROM partner_referral WHERE {condition}")
    )


@pytest.mark.parametrize("of", CLAIMS)
def test_d10_two_claims_at_the_same_instant(of, runner, database, sql, tmp_path):
    logs, states = claim_at_once(runner, database, sql, tmp_path, of)
    assert states == ["accepted", "submitted"], logs
    assert logs.count("ACCEPTED") == 1, logs
    assert logs.count("REFUSED") == 1, logs
    assert "protected by another referral" in logs, logs


@pytest.mark.parametrize("of", ["client", "prospect"])
def test_as_long_as_the_index_is_there(of, runner, database, sql, tmp_path):
    """Claims that are not accepted one after the other meet the unique index."""
    logs, states = claim_at_once(runner, database, sql, tmp_path, of, without="claims")
    assert states == ["accepted", "submitted"], logs


@pytest.mark.parametrize("of", CLAIMS)
def test_twin_without_the_guards_two_partners_get_the_client(of, runner, database, sql, tmp_path):
    if index := CLAIMS[of][2]:
        sql(database, f"DROP INDEX partner_referral_one_{index}")
    logs, states = claim_at_once(runner, database, sql, tmp_path, of, without="claims")
    assert states == ["accepted", "accepted"], logs
