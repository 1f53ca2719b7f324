"""`./dev test`: the whole suite in one pytest run, on a fresh database."""

from __future__ import annotations

import os
from pathlib import Path

from . import addons, lifecycle, process, stack
from .console import say
from .paths import ROOT, cache_root
from .stack import Stack
from .templates import DEMO, TEST, Templates

WORKERS = 4  # each needs about half a gigabyte, and a browser now and then
ALONE = ("-n", "--numprocesses", "-k", "--lf", "--pdb", "--trace")  # say it otherwise, or choose a part


def main(arguments: list[str]) -> int:
    arguments = [_from_here(argument) for argument in arguments]
    with stack.ready(browser=True) as here:
        templates = Templates(here)
        if lifecycle.FOLDER.is_dir():
            templates.template(DEMO)
        with here.databases.scratch("test") as name:
            templates.clone(TEST, name)
            if addons.to_install(tests=True):
                templates.install(name, kind=TEST)
            return run_pytest(here, name, arguments)


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
    return [] if alone else [f"--numprocesses={min(os.cpu_count() or 1, WORKERS)}", "--dist=loadfile"]


def _from_here(argument: str) -> str:
    """pytest runs at the root of the checkout; a path is meant from where the user is."""
    path, separator, test = argument.partition("::")
    # os.path: the expression behind -k may be longer than any file name, which Path takes for an error.
    if path.startswith("-") or os.path.exists(ROOT / path) or not os.path.exists(path):  # noqa: PTH110
        return argument
    return str(Path(path).resolve()) + separator + test
