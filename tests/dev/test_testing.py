"""The whole suite is spread over the cores; a part of it runs in one process."""

import pytest

from devkit import testing


@pytest.mark.parametrize("arguments", ([], ["-q", "--durations=5"], ["--long"]))
def test_the_whole_suite_is_spread(arguments):
    assert testing._workers(arguments)[0].startswith("--numprocesses=")


@pytest.mark.parametrize("arguments", (["tests/dev"], ["-k", "ledger"], ["--numprocesses=0"], ["--pdb"]))
def test_a_part_runs_in_one_process(arguments):
    assert testing._workers(arguments) == []
