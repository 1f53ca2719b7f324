"""`./dev reset`: take this checkout's databases away; with --all, everything that was ever set up."""

from __future__ import annotations

import shutil

from . import postgres
from .console import say
from .databases import Databases
from .locks import exclusive
from .paths import cache_root


def main(*, everything: bool) -> int:
    root = cache_root()
    if not root.exists():
        say(f"Nothing to reset: {root} is not there.")
        return 0
    with exclusive(root / "lock", "resetting"):
        if postgres.is_external() or postgres.Private.exists():
            _drop(everything=everything)
        if everything:
            if not postgres.is_external() and postgres.Private.exists():
                postgres.Private().remove()
            shutil.rmtree(root)
            say(f"Removed {root}.")
    return 0


def _drop(*, everything: bool) -> None:
    server = postgres.server()
    try:
        databases = Databases(server.start())
        databases.sweep()
        names = databases.ours() if everything else [databases.demo()]
        for name in names:
            if databases.exists(name):
                databases.drop(name)
                say(f"Dropped {name}.")
    finally:
        server.stop()
