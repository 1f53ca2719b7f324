"""`./dev shell`: Odoo's shell on the demo database, for a person or for a script."""

from __future__ import annotations

import signal
import subprocess
import sys

from . import demo, process, stack
from .console import Failure


def main(database: str | None) -> int:
    with stack.ready() as here:
        name = database or demo.ensure(here)
        if not here.databases.exists(name):
            raise Failure(f"There is no database {name}; there are: {', '.join(here.databases.ours()) or 'none'}.")
        arguments = ["shell", "-d", name, "--no-http", "--log-level", "warn"]
        if not sys.stdin.isatty():
            return process.finish(here.start(*arguments))
        # A person's shell needs the terminal, so it stays in our session, and Ctrl-C is for it alone.
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return subprocess.call(
                here.command(*arguments), env=here.env(), cwd=here.databases.data_dir, preexec_fn=_interruptible
            )
        finally:
            signal.signal(signal.SIGINT, previous)


def _interruptible() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
