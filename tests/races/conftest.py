"""A database with a thousand due commission lines, and processes that run on clones of it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from devkit import lifecycle

from . import scripts


@pytest.fixture(scope="session")
def prepared() -> str:
    """The database to clone: 10 partners, 50 clients, 1,000 lines that are due; with the fault points."""
    name = lifecycle.clone_demo()
    lifecycle.odoo("-d", name, "-i", "test_partner_program", "--stop-after-init")
    lifecycle.shell(name, scripts.PREPARE)
    return name


@pytest.fixture
def database(prepared) -> str:
    name = lifecycle.new_name("race")
    lifecycle.templates().databases.clone(prepared, name)
    yield name
    lifecycle.templates().databases.drop(name)


@pytest.fixture
def sql():
    """``sql(database, query)``: the rows."""

    def run(database, query):
        return [tuple(row) for row in lifecycle.templates().databases.server.sql(query, database)]

    return run


class Runner:
    """Odoo processes on one database, each with a script and faults of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[subprocess.Popen] = []

    def start(self, database: str, script: str, **faults: str) -> subprocess.Popen:
        """Start a process; it is ready, and waits, until ``go`` is called."""
        stack = lifecycle.templates().stack
        number = len(self.children)
        env = {
            **stack.env(),
            "RACE_FOLDER": str(self.folder),
            "RACE_NUMBER": str(number),
            **{f"PARTNER_PROGRAM_{name.upper()}": value for name, value in faults.items()},
        }
        with (self.folder / f"{number}.script").open("w+") as source, (self.folder / f"{number}.log").open("wb") as log:
            source.write(scripts.WAIT + script)
            source.seek(0)
            child = subprocess.Popen(
                stack.command("shell", "-d", database, "--no-http", "--log-level", "warn"),
                env=env,
                cwd=stack.databases.data_dir,
                stdin=source,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.children.append(child)
        return child

    def go(self) -> None:
        """Let all processes begin at the same moment."""
        end = time.monotonic() + 120
        while len(list(self.folder.glob("*.ready"))) < len(self.children):
            assert time.monotonic() < end, self.logs()
            assert all(child.poll() is None for child in self.children), self.logs()
            time.sleep(0.02)
        (self.folder / "go").touch()

    def finish(self, timeout: float = 300) -> list[int]:
        """Exit codes, once all have ended; -9 for the killed."""
        return [child.wait(timeout) for child in self.children]

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(self.folder.glob("*.log")))


@pytest.fixture
def runner(tmp_path):
    """``runner()``: a fresh set of processes; all are gone after the test."""
    made = []

    def make() -> Runner:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Runner(folder))
        return made[-1]

    yield make
    for each in made:
        for child in each.children:
            if child.poll() is None:
                child.kill()
                child.wait()
