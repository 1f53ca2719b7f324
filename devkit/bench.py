"""`./dev bench`: this add-on, Odoo alone and OCA's commissions side by side; see benchmarks/."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import plan, report

from . import addons, process, stack
from .aside import built_aside
from .console import Failure, say
from .locks import exclusive
from .paths import ROOT, cache_root, digest
from .stack import Stack
from .templates import TEST, Templates

REQUIREMENTS = ROOT / "requirements" / "bench.txt"
KINDS = ("odoo", "ours", "oca")


def oca_addons(here: Stack) -> Path:
    """The folder with OCA's add-ons, which pip puts there once."""
    folder = cache_root() / "oca" / digest(REQUIREMENTS.read_text())
    with exclusive(cache_root() / "oca.lock", "getting OCA's add-ons"):
        if not folder.is_dir():
            with built_aside(folder) as building:
                process.quiet(
                    [
                        *(here.python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"),
                        *("--no-deps", "--target", building, "-r", REQUIREMENTS),
                    ],
                    "Getting OCA's add-ons",
                )
    return folder / "odoo" / "addons"


class Worker:
    """A process of Odoo on one of the databases, driven line by line: benchmarks/worker.py."""

    def __init__(self, here: Stack, kind: str, database: str, options: list[str]) -> None:
        self.here, self.kind, self.database, self.options = here, kind, database, options
        self.log = process.log_file(f"bench {kind}")
        self.child: subprocess.Popen[str] | None = None

    def start(self) -> None:
        env = self.here.env()
        env["PYTHONPATH"] = f"{env['PYTHONPATH']}:{ROOT}"
        env["PYTHONDONTWRITEBYTECODE"] = "1"
        with self.log.open("ab") as log:
            self.child = process.start(
                [
                    *(str(self.here.python), "-m", "benchmarks.worker", self.kind),
                    *("-c", str(self.here.config), "-d", self.database, *self.options, "--log-level", "warn"),
                ],
                env=env,
                cwd=self.here.databases.data_dir,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def stop(self) -> None:
        """It ends by itself when there is nothing more to read."""
        if self.child and self.child.stdin and self.child.stdout:
            self.child.stdin.close()
            process.finish(self.child)
            self.child.stdout.close()
            self.child = None

    def restart(self) -> None:
        """Go on in a process that holds no memory of what was done before."""
        self.stop()
        self.start()

    def __call__(self, call: str, **arguments: Any) -> Any:
        assert self.child and self.child.stdin and self.child.stdout
        try:
            self.child.stdin.write(json.dumps({"call": call, "arguments": arguments}) + "\n")
            self.child.stdin.flush()
            line = self.child.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failure(process.explain(f"Benchmark of {self.kind}", self.log))
        answer = json.loads(line)
        if "error" in answer:
            with self.log.open("a") as log:
                log.write(answer["error"])
            raise Failure(process.explain(f"Benchmark of {self.kind}, step {call}", self.log))
        return answer["result"]


@contextmanager
def workers(here: Stack, scratch: str, kinds: tuple[str, ...] = KINDS) -> Iterator[dict[str, Worker]]:
    """The databases, one for each of the three kinds unless told otherwise, with their processes."""
    templates = Templates(here)
    paths = [*map(str, here.odoo.addons), str(ROOT)]
    with_oca = ["--addons-path", ",".join([*paths, str(oca_addons(here))])] if "oca" in kinds else []
    oca_names = [line.split("==")[0].removeprefix("odoo-addon-") for line in REQUIREMENTS.read_text().split()]
    modules = {"odoo": [], "ours": addons.to_install(tests=False), "oca": oca_names}
    found = {}
    for kind in kinds:
        database, options = f"{scratch}_{kind}", with_oca if kind == "oca" else []
        templates.clone(TEST, database)
        if modules[kind]:
            names = ",".join(modules[kind])
            log = here.run_odoo(
                f"Installing {names}", "-d", database, *options, "-i", names, "--stop-after-init", "--no-http"
            )
            log.unlink()
        found[kind] = Worker(here, kind, database, options)
        found[kind].start()
    yield found
    for worker in found.values():  # after a failure they are stopped with all the rest
        worker.stop()
        worker.log.unlink()


def main(options: argparse.Namespace) -> int:
    """Measure, print the table, write the results; 1 if a target is missed."""
    unknown = set(options.parts) - set(plan.PARTS)
    if unknown:
        raise Failure(f"There is no part {', '.join(sorted(unknown))}; there are: {', '.join(plan.PARTS)}.")
    sizes = sorted(set(options.sizes or plan.SIZES))
    if options.quick:
        sizes = sizes[:1]
    if any(size < 1 or size % plan.BATCH for size in sizes):
        raise Failure(f"Sizes are multiples of {plan.BATCH}: invoices are made in batches of that many.")
    # Looked at now, not after twenty minutes.
    output = (options.output or ROOT / "benchmarks" / "results").absolute()
    output.mkdir(parents=True, exist_ok=True)
    parts = options.parts or list(plan.PARTS)
    kinds = ("ours",) if set(parts) <= plan.OF_OURS_ALONE else KINDS
    results: dict[str, Any] = {"machine": machine()}
    try:
        with stack.ready() as here, here.databases.scratch("bench") as scratch, workers(here, scratch, kinds) as three:
            plan.measure(three, parts, sizes, results, statements=options.statements)
    except BaseException:
        unfinished = output / "unfinished.json"  # an hour's figures are not lost because the last step failed
        unfinished.write_text(json.dumps(results, indent=1) + "\n")
        say(f"What was measured so far: {unfinished}")
        raise
    rows = report.rows(results)
    print(report.table(rows), report.statements(results), sep="\n", flush=True)
    for path in report.write(results, rows, output):
        say(f"Written: {path}")
    return 0 if all(row.reached is not False for row in rows) else 1


def machine() -> dict[str, str]:
    """What the figures depend on besides the code."""
    models = re.findall(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.M)
    memory = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.M)
    git = ["git", "-C", str(ROOT)]
    commit = (process.output([*git, "rev-parse", "--short=12", "HEAD"]) or "no git").strip()
    changed = process.output([*git, "status", "--porcelain", "--", addons.MAIN]) or ""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cpu": models[0] if models else platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "unknown",
        "python": platform.python_version(),
        "commit": commit + (", with changes that are not committed" if changed.strip() else ""),
        "oca": ", ".join(line.removeprefix("odoo-addon-") for line in REQUIREMENTS.read_text().split()),
    }
