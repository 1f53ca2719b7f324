"""The whole suite is spread over the cores; a part of it runs in one process."""

from pathlib import Path

import pytest

from devkit import testing


@pytest.mark.parametrize("arguments", ([], ["-q", "--durations=5"], ["--long"]))
def test_the_whole_suite_is_spread(arguments):
    assert testing._workers(arguments)[0].startswith("--numprocesses=")


@pytest.mark.parametrize("arguments", (["tests/dev"], ["-k", "ledger"], ["--numprocesses=0"], ["--pdb"]))
def test_a_part_runs_in_one_process(arguments):
    assert testing._workers(arguments) == []


def test_each_worker_has_a_filestore_of_its_own():
    """Without it (pytest-odoo's way), one worker's garbage collection removes the files of another."""
    from odoo.tests.common import get_db_name
    from odoo.tools import config

    assert Path(config.filestore(get_db_name())).name == get_db_name()
