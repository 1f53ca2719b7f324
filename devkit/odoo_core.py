"""`./dev test --odoo-core`: do Odoo's own tests say the same with our add-ons as without them?"""

from __future__ import annotations

import re
import time
from pathlib import Path

from . import process, stack
from .console import say, seconds
from .paths import cache_root
from .ports import free_port
from .stack import Stack
from .templates import TEST, Templates

MODULES = ("crm", "sale", "sale_crm", "portal", "account")
_STARTED = re.compile(r"odoo\.addons\.(\w+)\.tests\.\S+: Starting (\S+) \.\.\. *$", re.M)
_FAILED = re.compile(r" ERROR \S+ odoo\.addons\.(\w+)\.\S+: (FAIL|ERROR): (?:Subtest )?([\w.]+)", re.M)
_CLOSING = re.compile(r"\d+ failed, \d+ error\(s\) of \d+ tests")


class Run:
    """One run of Odoo's test runner, with its log in a file."""

    def __init__(self, label: str, log: Path) -> None:
        self.label = label
        self.log = log
        self.code: int | None = None

    def is_complete(self) -> bool:
        """Whether Odoo has written its closing line."""
        return bool(_CLOSING.search(self.log.read_text(errors="replace")))

    def results(self) -> dict[str, str]:
        """Each test that was started: `ok`, `FAIL` or `ERROR`."""
        text = self.log.read_text(errors="replace")
        found = {f"{module} {test}": "ok" for module, test in _STARTED.findall(text)}
        for module, verdict, test in _FAILED.findall(text):
            found[f"{module} {test}"] = verdict
        return found


def main(output: Path | None) -> int:
    folder = output or cache_root() / "odoo-core" / time.strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True, exist_ok=True)
    say(f"Logs and results: {folder}")
    with stack.ready(browser=True) as here:
        templates = Templates(here)
        with here.databases.scratch("core") as name:
            names = {"without": f"{name}_without", "with": f"{name}_with"}
            for database in names.values():
                templates.clone(TEST, database)
            templates.install(names["with"], kind=TEST)
            runs = _run_both(here, names, folder)
    return _report(runs, folder)


def _run_both(here: Stack, names: dict[str, str], folder: Path) -> list[Run]:
    tags = ",".join(f"/{module}" for module in MODULES)
    port = 8200
    runs, children = [], []
    for label, database in names.items():
        port = free_port(port + 1)
        run = Run(label, folder / f"{label}.log")
        with run.log.open("wb") as log:
            child = here.start(
                *("-d", database, "--test-tags", tags, "--stop-after-init", "--http-port", str(port)),
                *("--log-handler", ":WARNING", "--log-handler", "odoo.addons:INFO", "--log-handler", "odoo.tests:INFO"),
                *("--screenshots", str(folder / "screenshots")),
                stdout=log,
                stderr=log,
            )
        runs.append(run)
        children.append(child)
    started = told = time.monotonic()
    while any(run.code is None for run in runs):
        for run, child in zip(runs, children, strict=True):
            if run.code is None and child.poll() is not None:
                run.code = process.finish(child)
                say(f"{run.label} the add-on: finished after {seconds(time.monotonic() - started)}")
        if time.monotonic() - told > 60:
            told = time.monotonic()
            state = "; ".join(f"{run.label}: {_counts(run.results())}" for run in runs)
            say(f"Odoo's own tests … {seconds(told - started)}; {state}")
        time.sleep(1)
    return runs


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
