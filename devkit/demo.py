"""The demo database that `./dev run` keeps and `./dev shell` opens."""

from __future__ import annotations

from . import addons
from .console import say
from .databases import DEMO, Databases
from .locks import exclusive
from .paths import cache_root


def ensure(databases: Databases) -> str:
    """The name of this checkout's demo database; made when it is not there, updated when the sources changed."""
    name = databases.demo()
    state = cache_root() / "demo" / f"{name}.sources"
    with exclusive(state.with_suffix(".lock"), "preparing the demo database"):
        now = addons.source_digest()
        if not databases.exists(name):
            fresh(databases, name)
        elif not state.exists() or state.read_text() != now:
            say("The add-on has changed since the demo database was made: updating it.")
            databases.update(name)
        else:
            return name
        state.write_text(now)
    return name


def fresh(databases: Databases, name: str) -> None:
    """The demo template with our add-ons and their demo data."""
    building = f"{name}_building"
    databases.clone(databases.template(DEMO), building)
    databases.install(building, kind=DEMO)
    databases.rename(building, name)
