"""A database with a thousand due commission lines, and processes that run on clones of it."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from devkit import lifecycle

from . import scripts

PATIENCE = 300  # seconds; the machine may be busy


@pytest.fixture(scope="session")
def prepared() -> str:
    """The database to clone: 10 partners, 50 clients, 1,000 lines that are due; with the fault points."""
    name = lifecycle.clone_demo()
    lifecycle.odoo("-d", name, "-i", "test_partner_program", "--stop-after-init")
    lifecycle.shell(name, scripts.PREPARE)
    return name


def wait_for(condition, what) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what()
        time.sleep(0.01)


class Child:
    """A process that the nest has forked."""

    def __init__(self, nest: Path, name: str) -> None:
        self.code, self._pid = nest / f"{name}.code", nest / f"{name}.pid"
        wait_for(self._pid.exists, lambda: (nest / "log").read_text()[-3000:])

    def poll(self) -> int | None:
        return int(self.code.read_text()) if self.code.exists() else None

    def wait(self) -> int:
        wait_for(self.code.exists, lambda: "the process does not end")
        return int(self.code.read_text())

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(int(self._pid.read_text()), signal.SIGKILL)


class Nest:
    """Odoo, loaded once, which forks the processes of all tests."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.numbers = folder, itertools.count()
        stack = lifecycle.templates().stack
        with (folder / "script").open("w+") as source, (folder / "log").open("wb") as log:
            source.write(scripts.NEST)
            source.seek(0)
            start = subprocess.Popen(
                stack.command("shell", "-d", database, "--no-http", "--log-level", "warn"),
                env={**stack.env(), "RACE_NEST": str(folder), "RACE_TESTS": str(os.getpid())},
                cwd=stack.databases.data_dir,
                stdin=source,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for(
            lambda: (start.poll() or 0) != 0 or (folder / "ready").exists(),
            self.log,
        )
        assert start.wait() == 0, self.log()
        self.status = Path("/proc") / (folder / "ready").read_text() / "stat"

    def log(self) -> str:
        return (self.folder / "log").read_text()[-3000:]

    def fork(self, **job) -> Child:
        assert self.status.exists() and ") Z" not in self.status.read_text(), self.log()
        name = str(next(self.numbers))
        new = self.folder / f"{name}.writing"
        new.write_text(json.dumps(job))
        new.rename(self.folder / f"{name}.job")
        return Child(self.folder, name)

    def stop(self) -> None:
        (self.folder / "stop").touch()
        wait_for((self.folder / "gone").exists, self.log)


@pytest.fixture(scope="session")
def nest(prepared, tmp_path_factory):
    found = Nest(tmp_path_factory.mktemp("nest"), prepared)
    yield found
    found.stop()


@contextmanager
def a_clone(prepared):
    """Name of a database like the prepared one, for as long as it takes."""
    name = lifecycle.new_name("race")
    lifecycle.templates().databases.clone(prepared, name)
    try:
        yield name
    finally:
        lifecycle.templates().databases.drop(name)


@pytest.fixture
def database(prepared):
    with a_clone(prepared) as name:
        yield name


@pytest.fixture
def sql():
    """``sql(database, query)``: the rows."""

    def run(database, query):
        return [tuple(row) for row in lifecycle.templates().databases.server.sql(query, database)]

    return run


class Runner:
    """Odoo processes on one database, each with a script and faults of its own."""

    def __init__(self, nest: Nest, folder: Path) -> None:
        self.nest, self.folder = nest, folder
        self.children: list[Child] = []

    def start(self, database: str, script: str, options: dict | None = None, **faults: str) -> Child:
        """Start a process; it is ready, and waits, until ``go`` is called.

        :param options: of Odoo's configuration, such as another server
        """
        number = len(self.children)
        child = self.nest.fork(
            database=database,
            script=scripts.WAIT + script,
            log=str(self.folder / f"{number}.log"),
            options=options or {},
            env={
                "RACE_FOLDER": str(self.folder),
                "RACE_NUMBER": str(number),
                **{f"PARTNER_PROGRAM_{name.upper()}": value for name, value in faults.items()},
            },
        )
        self.children.append(child)
        return child

    def go(self) -> None:
        """Let all processes begin at the same moment."""

        def ready() -> bool:
            assert all(child.poll() is None for child in self.children), self.logs()
            return len(list(self.folder.glob("*.ready"))) == len(self.children)

        wait_for(ready, self.logs)
        (self.folder / "go").touch()

    def finish(self) -> list[int]:
        """Exit codes, once all have ended; -9 for the killed."""
        return [child.wait() for child in self.children]

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(self.folder.glob("*.log")))


@pytest.fixture
def runner(nest, tmp_path):
    """``runner()``: a fresh set of processes; all are gone after the test."""
    made = []

    def make() -> Runner:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Runner(nest, folder))
        return made[-1]

    yield make
    for each in made:
        for child in each.children:
            if child.poll() is None:
                child.kill()
                child.wait()
