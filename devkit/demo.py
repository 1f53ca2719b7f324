"""The demo database that `./dev run` keeps and `./dev shell` opens."""

from __future__ import annotations

from . import addons
from .console import say
from .locks import exclusive
from .paths import cache_root
from .stack import Stack
from .templates import DEMO, Templates


def ensure(stack: Stack) -> str:
    """The name of this checkout's demo database; made when it is not there, updated when the sources changed."""
    templates = Templates(stack)
    name = stack.databases.demo()
    state = cache_root() / "demo" / f"{name}.sources"
    with exclusive(state.with_suffix(".lock"), "preparing the demo database"):
        now = addons.source_digest()
        if not stack.databases.exists(name):
            templates.clone_with_addons(DEMO, name)
        elif not state.exists() or state.read_text() != now:
            say("The add-on has changed since the demo database was made: updating it (./dev reset makes a new one).")
            templates.update(name)
        else:
            return name
        state.write_text(now)
    return name
