"""Exactly once: runs at the same time, runs that are killed, runs that are repeated (DESIGN, invariants 2 to 4).

Which guard covers what, as the twins below show:

- the lock on the commission lines, PostgreSQL's repeatable reads, and the amount, which the statement that notes it
  takes from the row itself, each alone keep two runs from billing a line twice: only without all of them does a line
  come onto two bills;
- the row on which two runs over one partner meet keeps them from making two drafts for it;
- one transaction for bill and billings keeps a killed run from leaving a bill that nothing explains;
- comparing before writing keeps a repeated run from writing anything.
"""

import random
import time

import pytest

from . import scripts
from .conftest import Runner, a_clone, wait_for
from .own_server import OwnServer
from .verifier import BILLINGS, DUE, WRITTEN, damage

PLACES = ("started", "claimed", "met", "bill made", "billings made", "before commit", "after commit")
SEED = 20261124


@pytest.fixture
def bill_once(database, sql, runner):
    """``bill_once()``: one quiet run; after it everything that was due is billed, once."""

    def run(name=database):
        quiet = runner()
        quiet.start(name, scripts.CRON)
        quiet.go()
        assert quiet.finish() == [0], quiet.logs()
        assert damage(sql, name) == {}
        assert sql(name, DUE) == [("0",)]

    return run


def race(runner, database, *, processes=8, **faults):
    """Scheduled actions and buttons on the same lines at the same moment; exit codes and seconds."""
    racers = runner()
    for number in range(processes):
        racers.start(database, scripts.BUTTON if number % 2 else scripts.CRON, **faults)
    racers.go()
    started = time.monotonic()
    return racers, racers.finish(), time.monotonic() - started


def races(runner, database, sql, bill_once):
    due = int(sql(database, DUE)[0][0])
    known = int(sql(database, BILLINGS)[0][0])
    assert due >= 1000
    racers, codes, seconds = race(runner, database)
    assert damage(sql, database) == {}, racers.logs()
    assert 0 in codes, racers.logs()
    bill_once()
    assert int(sql(database, BILLINGS)[0][0]) - known == due, "each line exactly once"
    print(f"8 runs over {due} lines: {seconds:.1f} s, exit codes {codes}, {racers.logs().count('TRIES')} buttons")


def test_eight_runs_at_the_same_time_bill_each_line_once(database, sql, runner, bill_once):
    races(runner, database, sql, bill_once)


@pytest.mark.long
@pytest.mark.parametrize("number", range(19))
def test_eight_runs_at_the_same_time_again(number, database, sql, runner, bill_once):
    races(runner, database, sql, bill_once)


def test_twin_without_any_of_the_guards_two_runs_bill_twice(database, sql, runner, tmp_path):
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    racers = runner()
    for _number in range(2):
        racers.start(
            database,
            scripts.CRON,
            without="lock,isolation,meeting,amount",
            fault="claimed:1:meet",
            meeting=f"{meeting}:2",
        )
    racers.go()
    racers.finish()
    found = damage(sql, database)
    assert "a commission is billed more than once" in found or "one revision twice" in found, racers.logs()


def race_of_programs(runner, database, tmp_path, **faults):
    """Two accountants at the same moment: each bills what one partner has earned on one of its two programs."""
    preparing = runner()
    preparing.start(database, scripts.SECOND_PROGRAM)
    preparing.go()
    assert preparing.finish() == [0], preparing.logs()
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    racers = runner()
    for operator in ("=", "!="):
        script = scripts.BUTTON_OF_PROGRAM.replace("OPERATOR", repr(operator))
        racers.start(database, script, fault="claimed:1:meet", meeting=f"{meeting}:2", **faults)
    racers.go()
    assert racers.finish() == [0, 0], racers.logs()
    return racers


def test_two_programs_of_one_partner_billed_at_the_same_time_are_one_draft(database, sql, runner, bill_once, tmp_path):
    racers = race_of_programs(runner, database, tmp_path)
    assert damage(sql, database) == {}, racers.logs()
    bill_once()


def test_twin_without_the_row_on_which_they_meet_there_are_two_drafts(database, sql, runner, tmp_path):
    racers = race_of_programs(runner, database, tmp_path, without="meeting")
    assert list(damage(sql, database)) == ["two drafts for one partner, currency and company"], racers.logs()


@pytest.mark.long
@pytest.mark.parametrize(
    "without",
    [
        *("lock", "isolation", "meeting", "amount"),
        *("isolation,meeting,amount", "lock,meeting,amount", "lock,isolation,meeting"),  # one alone is left
    ],
)
def test_as_long_as_one_of_the_guards_is_there(without, database, sql, runner, bill_once, tmp_path):
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    racers = runner()
    for _number in range(2):
        racers.start(database, scripts.CRON, without=without, fault="claimed:1:meet", meeting=f"{meeting}:2")
    racers.go()
    racers.finish()
    assert damage(sql, database) == {}, racers.logs()
    bill_once()


def killed(runner, database, place, number):
    victim = runner()
    victim.start(database, scripts.CRON, fault=f"{place}:{number}:kill")
    victim.go()
    assert victim.finish() == [-9], victim.logs()


@pytest.mark.parametrize("place", PLACES)
def test_killed_at(place, database, sql, runner, bill_once):
    """Nothing is half-saved, and the next run goes on. The third time: two partners are done by then."""
    killed(runner, database, place, 3)
    assert damage(sql, database) == {}
    assert int(sql(database, DUE)[0][0]) > 0, "it was killed before it was done"
    bill_once()


@pytest.fixture(scope="module")
def seconds_of_a_run(prepared, nest, tmp_path_factory):
    """How long a quiet run over everything takes on this machine: in this time a kill strikes it."""
    with a_clone(prepared) as name:
        quiet = Runner(nest, tmp_path_factory.mktemp("quiet"))
        quiet.start(name, scripts.CRON)
        quiet.go()
        started = time.monotonic()
        assert quiet.finish() == [0], quiet.logs()
        return time.monotonic() - started


@pytest.fixture
def kill_at_random(prepared, runner, sql, bill_once, seconds_of_a_run):
    """``kill_at_random(chance)``: at a random moment of its work a run, or its connection, is killed; then all that
    is left is billed. A kill that came too late, as this time the run was faster, counts for nothing and is repeated.
    """

    def kill(chance):
        for _attempt in range(20):
            with a_clone(prepared) as name:
                victim = runner()
                child = victim.start(name, scripts.CRON)
                victim.go()
                how, moment = chance.choice(("process", "connection")), chance.uniform(0, seconds_of_a_run)
                time.sleep(moment)
                if how == "process":
                    child.kill()
                else:
                    sql(
                        "postgres",
                        f"SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'",
                    )
                struck = victim.finish() != [0]
                assert damage(sql, name) == {}, victim.logs()
                if struck:
                    print(f"{how} killed after {moment:.2f} s, {sql(name, DUE)[0][0]} lines not billed yet")
                    bill_once(name)
                    return
        pytest.fail("None of twenty kills struck a run that was at work.")

    return kill


@pytest.mark.parametrize("number", range(2))
def test_killed_at_a_random_moment(number, kill_at_random):
    kill_at_random(random.Random(SEED + number))


@pytest.mark.long
@pytest.mark.parametrize("number", range(100))
def test_two_hundred_kills(number, database, sql, runner, bill_once, kill_at_random):
    """A hundred at the fault points, a hundred at random moments; each run had something due when it was struck."""
    chance = random.Random(SEED + 100 + number)
    place, time_ = PLACES[number % len(PLACES)], chance.randint(1, 9)
    killed(runner, database, place, time_)
    assert damage(sql, database) == {}
    assert int(sql(database, DUE)[0][0]) > 0, "it was killed before it was done"
    bill_once()
    kill_at_random(chance)


@pytest.fixture(scope="module")
def own_server(prepared):
    """A server that may be restarted, with a copy of the database."""
    found = OwnServer()
    found.copy(prepared)
    yield found
    found.remove()


@pytest.mark.long
def test_database_server_restarted_under_a_run(own_server, prepared, runner, tmp_path):
    """At each place in turn, in order and as a crash, and at random moments; then all is billed, once."""
    chance = random.Random(SEED)
    known = int(own_server.sql(prepared, BILLINGS)[0][0])
    due = int(own_server.sql(prepared, DUE)[0][0])
    for number, place in enumerate(PLACES * 2):
        first_round = number < len(PLACES)
        meeting = tmp_path / f"meeting{number}"
        meeting.mkdir()
        victim = runner()
        victim.start(
            prepared,
            scripts.CRON,
            options=own_server.options,
            fault=f"{place}:{1 if first_round else 2}:meet",
            meeting=f"{meeting}:2",
        )
        victim.go()
        wait_for(lambda folder=meeting, run=victim.children[0]: any(folder.iterdir()) or run.poll() is not None, str)
        assert victim.children[0].poll() is None, "the restart meets a run at its work"
        own_server.restart("immediate" if first_round else "fast")
        (meeting / "the server is back.here").touch()
        victim.finish()
        assert damage(own_server.sql, prepared) == {}, victim.logs()
    for _number in range(6):
        victim = runner()
        victim.start(prepared, scripts.CRON, options=own_server.options)
        victim.go()
        time.sleep(chance.uniform(0, 1))
        own_server.restart(chance.choice(("immediate", "fast")))
        victim.finish()
        assert damage(own_server.sql, prepared) == {}, victim.logs()
    quiet = runner()
    quiet.start(prepared, scripts.CRON, options=own_server.options)
    quiet.go()
    assert quiet.finish() == [0], quiet.logs()
    assert damage(own_server.sql, prepared) == {}
    assert int(own_server.sql(prepared, BILLINGS)[0][0]) - known == due, "each line exactly once"


def test_twin_without_one_transaction_a_killed_run_leaves_a_bill_that_nothing_explains(database, sql, runner):
    victim = runner()
    victim.start(database, scripts.CRON, without="transaction", fault="bill committed alone:1:kill")
    victim.go()
    assert victim.finish() == [-9], victim.logs()
    assert "a line on a self-billing draft that nothing explains" in damage(sql, database)


def written(sql, database):
    sql(database, "SELECT pg_stat_force_next_flush()")
    return sql(database, WRITTEN)


def repeat(runner, database, *, times, **faults):
    again = runner()
    again.start(database, (scripts.CRON + scripts.SWEEP) * times, **faults)
    again.go()
    assert again.finish() == [0], again.logs()
    return again


def test_a_repeated_run_and_sweep_write_nothing(database, sql, runner):
    """PostgreSQL's own counters of written rows: the first run writes, nine more do not."""
    untouched = written(sql, database)
    repeat(runner, database, times=1)
    before = written(sql, database)
    assert before != untouched, "the counters count"
    repeat(runner, database, times=9)
    assert [row for row in written(sql, database) if row not in before] == []


def test_twin_without_comparing_first_a_repeated_run_writes(database, sql, runner):
    repeat(runner, database, times=1)
    before = written(sql, database)
    repeat(runner, database, times=1, without="comparison")
    assert "partner_commission_line" in {table for table, _count in written(sql, database)} - {
        table for table, count in written(sql, database) if (table, count) in before
    }
