"""`./dev lint`: ruff and pylint-odoo, all findings are errors; and every XML file can be read."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree

from . import addons, process, python_env, system
from .console import Failure, say
from .locks import exclusive
from .paths import ROOT, cache_root

# `enable = odoolint` in pyproject.toml wins over any `disable` beside it, so these are said on the command line.
NOT_OURS = (
    "consider-merging-classes-inherited",  # a long model is split over files, one topic each (docs/decisions.md)
    "manifest-required-author",  # habits of the OCA: its own name as an author, a readme that its bot builds
    "missing-readme",
)
CHECKS = ("ruff", "format", "pylint", "xml")


def main(chosen: list[str]) -> int:
    """Run the checks, all of them unless some are chosen; 1 if any complains."""
    unknown = set(chosen) - set(CHECKS)
    if unknown:
        raise Failure(f"There is no check {', '.join(sorted(unknown))}; there are: {', '.join(CHECKS)}.")
    with exclusive(cache_root() / "lock", "setting up"):
        system.ensure([system.python_venv()])
        tools = python_env.ensure().parent
    failed = [check for check in chosen or CHECKS if not _passes(check, tools)]
    say(f"Lint: {', '.join(failed)} not clean." if failed else "Lint: clean.")
    return 1 if failed else 0


def _passes(check: str, tools: Path) -> bool:
    if check == "ruff":
        return _run(tools / "ruff", "check", ".", "dev")
    if check == "format":
        return _run(tools / "ruff", "format", "--check", ".", "dev")
    if check == "pylint":
        names = [str(addon.path.relative_to(ROOT)) for addon in addons.all_addons()]
        return not names or _run(tools / "pylint", "--disable", ",".join(NOT_OURS), *names)
    files = [path for addon in addons.all_addons() for path in sorted(addon.path.rglob("*.xml"))]
    return not [path for path in files if not _readable(path)]


def _run(*command: str | Path) -> bool:
    return process.finish(process.start(command, cwd=ROOT, stdin=subprocess.DEVNULL)) == 0


def _readable(path: Path) -> bool:
    try:
        ElementTree.parse(path)  # our own files
    except ElementTree.ParseError as error:
        say(f"{path.relative_to(ROOT)}: {error}")
        return False
    return True
