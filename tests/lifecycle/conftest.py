"""Reading a whole database without Odoo, so that what is compared does not depend on what is tested."""

from __future__ import annotations

import json

import pytest

from devkit import lifecycle


@pytest.fixture
def sql():
    """``sql(database, query)``: the rows."""

    def run(database, query):
        return [tuple(row) for row in lifecycle.templates().databases.server.sql(query, database)]

    return run


@pytest.fixture
def read(sql):
    """``read(database, LEDGER)``: all rows of each query, in order, ready to be compared."""

    def run(database, queries):
        return {what: sorted(sql(database, query)) for what, query in queries.items()}

    return run


@pytest.fixture
def in_shell():
    """``in_shell(database, script)``: what the script puts into ``result``, through JSON; committed at the end."""

    def run(database, script):
        marker = "RESULT "
        output = lifecycle.shell(
            database,
            f"result = None\n{script}\n\nenv.cr.commit()\nimport json\nprint('{marker}' + json.dumps(result))\n",
        )
        return json.loads([line for line in output.splitlines() if line.startswith(marker)][-1].removeprefix(marker))

    return run
