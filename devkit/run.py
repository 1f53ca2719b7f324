"""`./dev run`: the main job on the demo data, then Odoo to look at it."""

from __future__ import annotations

from . import demo, process, serve, stack
from .console import Failure, say
from .paths import ROOT
from .stack import Stack
from .templates import DEMO, Templates

MADE_BILLS, NONE_DUE = 0, 3


def main(*, once: bool) -> int:
    with stack.ready() as here:
        if once:
            # A database of its own, so that there is always something due.
            with here.databases.scratch("once") as name:
                Templates(here).clone_with_addons(DEMO, name)
                return 0 if _main_job(here, name) == MADE_BILLS else 1
        name = demo.ensure(here)
        if _main_job(here, name) not in (MADE_BILLS, NONE_DUE):
            raise Failure("The main job failed, as told above.")
        return serve.main(here, name)


def _main_job(here: Stack, database: str) -> int:
    say(f"Running the main job on database {database}.")
    with (ROOT / "devkit" / "main_job.py").open() as script:
        return process.finish(here.start("shell", "-d", database, "--no-http", "--log-level", "warn", stdin=script))
