"""`./dev test`: the whole suite on a fresh database, then the tests of the bridges on one with their applications."""

from __future__ import annotations

import os
from pathlib import Path

from . import addons, lifecycle, process, stack
from .console import say
from .paths import ROOT, cache_root
from .stack import Stack
from .templates import BRIDGES, DEMO, TEST, Templates

WORKERS = 4  # each needs about half a gigabyte, and a browser now and then
NOTHING_COLLECTED = 5  # exit status of pytest
ALONE = ("-n", "--numprocesses", "-k", "--lf", "--pdb", "--trace")  # say it otherwise, or choose a part


def main(arguments: list[str]) -> int:
    arguments = [_from_here(argument) for argument in arguments]
    with stack.ready(browser=True) as here:
        templates = Templates(here)
        if lifecycle.FOLDER.is_dir():
            templates.template(DEMO)
        codes = [_run(here, templates, kind, chosen) for kind, chosen in _parts(arguments)]
    failed = [code for code in codes if code not in (0, NOTHING_COLLECTED)]
    return failed[0] if failed else min(codes)


def _run(here: Stack, templates: Templates, kind: str, arguments: list[str]) -> int:
    with here.databases.scratch(kind) as name:
        templates.clone(kind, name)
        templates.install(name, kind=kind)
        return run_pytest(here, name, arguments)


def _parts(arguments: list[str]) -> list[tuple[str, list[str]]]:
    """What to run on which kind of database: the add-on without its bridges, and they with their applications.

    Paths say which of the two is meant; without a path both are.
    """
    folders = [addon.path for addon in addons.bridges()]
    paths = {argument: Path(argument.partition("::")[0]).resolve() for argument in arguments if _is_path(argument)}
    of_bridges = {argument for argument, path in paths.items() if any(path.is_relative_to(one) for one in folders)}
    parts = []
    if not paths or paths.keys() - of_bridges:
        parts.append((TEST, [argument for argument in arguments if argument not in of_bridges]))
    if folders and (not paths or of_bridges):
        chosen = [argument for argument in arguments if argument in of_bridges or argument not in paths]
        tests = [] if of_bridges else [str((folder / "tests").relative_to(ROOT)) for folder in folders]
        parts.append((BRIDGES, [*chosen, *tests]))
    return parts


def _is_path(argument: str) -> bool:
    # os.path: see _from_here
    return not argument.startswith("-") and os.path.exists(ROOT / argument.partition("::")[0])  # noqa: PTH110


def run_pytest(here: Stack, database: str, arguments: list[str]) -> int:
    pictures = cache_root() / "screenshots"
    command = [
        *(str(here.python), "-m", "pytest", f"--rootdir={ROOT}"),
        *(f"--odoo-config={here.config}", f"--odoo-database={database}", "--odoo-http"),
        f"--odoo-extra=screenshots={pictures}",
        *_workers(arguments),
        *arguments,
    ]
    env = {**here.env(), **lifecycle.describe(here, database)}
    child = process.start(command, env=env, cwd=ROOT)
    code = process.finish(child)
    if code and pictures.is_dir():
        say(f"Pictures of failed tours, if any: {pictures / database}")
    return code


def _workers(arguments: list[str]) -> list[str]:
    """Options that spread the whole suite over the cores, each with a clone of the database.

    A part of it is faster in one process, which has to load Odoo only once.
    """
    alone = any(not argument.startswith("-") or argument.startswith(ALONE) for argument in arguments)
    if alone:
        return []
    # In the order of conftest.py, the files that take minutes first: else one worker ends with them alone.
    return [f"--numprocesses={min(os.cpu_count() or 1, WORKERS)}", "--dist=loadfile", "--no-loadscope-reorder"]


def _from_here(argument: str) -> str:
    """pytest runs at the root of the checkout; a path is meant from where the user is."""
    path, separator, test = argument.partition("::")
    # os.path: the expression behind -k may be longer than any file name, which Path takes for an error.
    if path.startswith("-") or os.path.exists(ROOT / path) or not os.path.exists(path):  # noqa: PTH110
        return argument
    return str(Path(path).resolve()) + separator + test
