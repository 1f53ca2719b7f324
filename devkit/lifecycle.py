"""For tests of what happens to a whole database: installing, updating, uninstalling, killing.

Used inside pytest, which `./dev test` has told by the environment how to run Odoo and reach the databases:

    from devkit import lifecycle

    def test_update_keeps_every_figure():
        name = lifecycle.clone_demo()
        before = lifecycle.shell(name, "print(env['partner.commission.line'].search_count([]))")
        lifecycle.odoo("-d", name, "-u", "partner_program", "--stop-after-init")
        assert lifecycle.shell(name, "print(env['partner.commission.line'].search_count([]))") == before
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path

from .odoo_source import OdooSource
from .paths import ROOT
from .postgres import Server
from .stack import Stack
from .templates import DEMO, Templates

FOLDER = ROOT / "tests" / "lifecycle"
_STACK, _SCRATCH = "PARTNER_PROGRAM_STACK", "PARTNER_PROGRAM_SCRATCH"
_numbers = itertools.count(1)


def describe(stack: Stack, scratch: str) -> dict[str, str]:
    """Environment variables for the functions below.

    :param scratch: databases are named after this one, and dropped together with it
    """
    return {_STACK: json.dumps(asdict(stack), default=str), _SCRATCH: scratch}


@functools.cache
def templates() -> Templates:
    text = os.environ.get(_STACK)
    if not text:
        raise RuntimeError("Lifecycle tests need Odoo: run them by ./dev test tests/lifecycle")
    values = json.loads(text)
    source = values["odoo"]
    return Templates(
        Stack(
            odoo=OdooSource(Path(source["python_path"]), tuple(map(Path, source["addons"])), source["version"]),
            python=Path(values["python"]),
            server=Server(**values["server"]),
            pdf=Path(values["pdf"]) if values["pdf"] else None,
        )
    )


def new_name(purpose: str) -> str:
    """A name for a database that is dropped at the end of the test run."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")  # the processes that share a test run share the scratch name
    return f"{os.environ[_SCRATCH]}_{worker}{purpose}{next(_numbers)}"


@functools.cache
def _installed_demo() -> str:
    name = new_name("demo")
    templates().clone_with_addons(DEMO, name)
    return name


def clone_demo() -> str:
    """A database of your own with the add-ons of the checkout and their demo data; takes a second after the first."""
    name = new_name("clone")
    templates().databases.clone(_installed_demo(), name)
    return name


def clone_plain(kind: str = DEMO) -> str:
    """A database of your own with what the add-ons depend on (`demo` or `test`), but without them."""
    name = new_name("plain")
    templates().clone(kind, name)
    return name


def odoo(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run Odoo's command line to its end; output and log together in `stdout`."""
    stack = templates().stack
    result = subprocess.run(
        stack.command(*arguments, "--no-http"),
        env=stack.env(),
        cwd=stack.databases.data_dir,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if check and result.returncode:
        raise AssertionError(f"odoo {' '.join(arguments)} failed:\n{result.stdout[-5000:]}")
    return result


def shell(database: str, script: str) -> str:
    """What a script prints in Odoo's shell; `env` is there, and nothing is committed but by the script."""
    stack = templates().stack
    result = subprocess.run(
        stack.command("shell", "-d", database, "--no-http", "--log-level", "warn"),
        env=stack.env(),
        cwd=stack.databases.data_dir,
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise AssertionError(f"The script failed:\n{result.stdout[-2000:]}\n{result.stderr[-5000:]}")
    return result.stdout
