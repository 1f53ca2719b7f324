"""`./dev test --odoo-core`: do Odoo's own tests say the same with our add-ons as without them?"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from . import process, stack
from .console import say, seconds
from .paths import cache_root
from .ports import free_port
from .stack import Stack
from .templates import BRIDGES, Templates

MODULES = ("crm", "sale", "sale_crm", "portal", "account", "calendar", "mail")
# The other sides of our bridges.
MODULES += ("project", "survey", "website_slides", "mass_mailing")
# Odoo runs the tests "at install" while it loads a module: before ours are loaded, so that these prove nothing. Here
# they run when all is loaded.
AT_INSTALL = """
import os, sys
from odoo import tools
from odoo.tests.loader import make_suite, run_suite
tools.config["test_tags"] = "{tags}"
print(run_suite(make_suite({modules}, "at_install")), file=sys.stderr, flush=True)
os._exit(0)
"""
_STARTED = re.compile(r"odoo\.addons\.(\w+)\.tests\.\S+: Starting (\S+) \.\.\. *$", re.M)
_FAILED = re.compile(r" ERROR \S+ odoo\.addons\.(\w+)\.\S+: (FAIL|ERROR): (?:Subtest )?([\w.]+)", re.M)
_CLOSING = re.compile(r"\d+ failed, \d+ error\(s\) of \d+ tests")


class Run:
    """One run of Odoo's test runner, with its log in a file."""

    def __init__(self, label: str, log: Path) -> None:
        self.label = label
        self.log = log

    def is_complete(self) -> bool:
        """Whether Odoo has written its closing lines: of the tests after the installation, and of those at it."""
        return len(_CLOSING.findall(self.log.read_text(errors="replace"))) == 2

    def results(self) -> dict[str, str]:
        """Each test that was started: `ok`, `FAIL` or `ERROR`."""
        text = self.log.read_text(errors="replace")
        found = {f"{module} {test}": "ok" for module, test in _STARTED.findall(text)}
        for module, verdict, test in _FAILED.findall(text):
            found[f"{module} {test}"] = verdict
        return found


def main(output: Path | None, modules: tuple[str, ...] = MODULES) -> int:
    """Run the tests of these modules of Odoo with our add-ons and without them.

    :return: 0 when no test is worse with our add-ons
    """
    folder = output or cache_root() / "odoo-core" / time.strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True, exist_ok=True)
    say(f"Logs and results: {folder}")
    with stack.ready(browser=True) as here:
        templates = Templates(here)
        with here.databases.scratch("core") as name:
            names = {"without": f"{name}_without", "with": f"{name}_with"}
            for database in names.values():
                templates.clone(BRIDGES, database)
            templates.install(names["with"], kind=BRIDGES)
            runs = _run_both(here, names, folder, modules)
    return _report(runs, folder)


def _run_both(here: Stack, names: dict[str, str], folder: Path, modules: tuple[str, ...]) -> list[Run]:
    runs = [Run(label, folder / f"{label}.log") for label in names]
    tags = ",".join(f"/{module}" for module in modules)
    script = folder / "at_install.py"
    script.write_text(AT_INSTALL.format(modules=modules, tags=tags))
    started = time.monotonic()
    port = 8200
    for after, arguments in (
        ("", ("--test-tags", f"{tags},-at_install", "--stop-after-init", "--screenshots", str(folder / "screenshots"))),
        ("shell", ("--no-http",)),
    ):
        children = []
        for run in runs:
            port = free_port(port + 1)
            with run.log.open("ab") as log, script.open("rb") as lines:
                child = here.start(
                    *([after] if after else []),
                    *("-d", names[run.label], "--http-port", str(port), *arguments),
                    *("--log-handler", ":WARNING", "--log-handler", "odoo.addons:INFO"),
                    *("--log-handler", "odoo.tests:INFO"),
                    stdin=lines if after else None,
                    stdout=log,
                    stderr=log,
                )
            children.append(child)
        _wait(runs, children, started)
    return runs


def _wait(runs: list[Run], children: list[Any], started: float) -> None:
    waiting = dict(zip(children, runs, strict=True))
    told = time.monotonic()
    while waiting:
        for child in [child for child in waiting if child.poll() is not None]:
            process.finish(child)
            say(f"{waiting.pop(child).label} the add-on: finished after {seconds(time.monotonic() - started)}")
        if time.monotonic() - told > 60:
            told = time.monotonic()
            state = "; ".join(f"{run.label}: {_counts(run.results())}" for run in runs)
            say(f"Odoo's own tests … {seconds(told - started)}; {state}")
        time.sleep(1)


def _counts(results: dict[str, str]) -> str:
    bad = [test for test, verdict in results.items() if verdict != "ok"]
    return f"{len(results)} tests, {len(bad)} not ok"


def _report(runs: list[Run], folder: Path) -> int:
    results = {run.label: run.results() for run in runs}
    for label, verdicts in results.items():
        lines = [f"{verdict}\t{test}\n" for test, verdict in sorted(verdicts.items())]
        (folder / f"{label}.txt").write_text("".join(lines))
    tests = sorted(set(results["with"]) | set(results["without"]))
    pairs = [(test, results["without"].get(test, "not run"), results["with"].get(test, "not run")) for test in tests]
    lines = [f"{test}: {before} without, {after} with" for test, before, after in pairs if before != after]
    worse = [test for test, before, after in pairs if after != before and after != "ok"]
    summary = [f"{label}: {_counts(verdicts)}" for label, verdicts in results.items()]
    text = "\n".join([*summary, f"Differences: {len(lines)}", *lines])
    (folder / "difference.txt").write_text(text + "\n")
    print(text, flush=True)
    unfinished = [run.label for run in runs if not run.is_complete()]
    for label in unfinished:
        say(f"The run {label} the add-on did not come to its end: see {folder / label}.log")
    return 1 if worse or unfinished else 0
