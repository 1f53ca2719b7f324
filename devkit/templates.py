"""Templates, which are made once, and the installation of our add-ons in clones of them."""

from __future__ import annotations

import re
from pathlib import Path

from . import addons
from .console import Failure
from .locks import exclusive
from .paths import ROOT, cache_root, digest
from .stack import Stack

# What a database is for: to look at, with demo data and the bridges; for the suite, without anything that the add-on
# does not need; for the tests of the bridges, with the applications on their other side.
DEMO, TEST, BRIDGES = "demo", "test", "bridges"
INSTALLED = "SELECT name FROM ir_module_module WHERE state = 'installed'"


class Templates:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.databases = stack.databases

    def template(self, kind: str) -> str:
        """A database with what our add-ons depend on, but not with them; made when it is not there.

        :param kind: `demo` (with Odoo's demo data), `test` (without, but with Odoo's own lint tests) or `bridges`
        """
        modules = addons.dependencies(tests=kind == TEST, with_bridges=kind != TEST)
        name = f"{self.databases.prefix}_template_{kind}_{digest(self.stack.odoo.version, *modules)}"
        if self.databases.exists(name):
            return name
        with exclusive(cache_root() / f"template-{kind}.lock", f"making the template database {kind}"):
            if self.databases.exists(name):
                return name
            building = f"{name}_building"
            if kind == BRIDGES:  # most of it is in the template of the suite already
                self.databases.clone(self.template(TEST), building)
                modules = sorted(set(modules) - set(addons.dependencies(tests=True, with_bridges=False)))
            else:
                self.databases.drop(building)
            demo = ["--with-demo"] if kind == DEMO else []
            log = self.stack.run_odoo(
                f"Making the template database '{kind}' (once)",
                *("-d", building, "-i", ",".join(modules), *demo, "--stop-after-init", "--no-http"),
            )
            log.unlink()
            self.databases.rename(building, name)
        return name

    def install(self, name: str, *, kind: str) -> None:
        """Install the add-ons of this checkout; bridges have to come by themselves.

        :raise Failure: one of them, or its demo data, does not install
        """
        names = addons.to_install(tests=kind == TEST)
        if not names:
            raise Failure(f"There is no add-on in {ROOT}: nothing to install.")
        demo = ["--with-demo"] if kind == DEMO else []
        log = self.stack.run_odoo(
            f"Installing {', '.join(names)}",
            *("-d", name, "-i", ",".join(names), *demo, "--stop-after-init", "--no-http"),
        )
        expected = names if kind == TEST else [*names, *(bridge.name for bridge in addons.bridges())]
        self._check_installed(name, expected, log, demo=kind == DEMO)
        log.unlink()

    def update(self, name: str) -> None:
        """Bring the add-ons in a database up to the sources of this checkout."""
        # A database that is older than a bridge does not have the applications on its other side.
        installed = {row[0] for row in self.databases.server.sql(INSTALLED, name)}
        names = [*addons.to_install(tests=False), *(one.name for one in addons.bridges() if one.name in installed)]
        modules = ",".join(names)
        log = self.stack.run_odoo(
            f"Updating {', '.join(names)}", "-d", name, "-i", modules, "-u", modules, "--stop-after-init", "--no-http"
        )
        self._check_installed(name, names, log, demo=True)
        log.unlink()

    def _check_installed(self, name: str, names: list[str], log: Path, *, demo: bool) -> None:
        """Odoo only warns when demo data fails, and goes on without."""
        states = {
            row[0]: row[1:] for row in self.databases.server.sql("SELECT name, state, demo FROM ir_module_module", name)
        }
        for module in names:
            state, has_demo = states.get(module, ("absent", "f"))
            if state != "installed":
                raise Failure(f"{module} is {state} after its installation (log: {log}).")
            if demo and has_demo != "t":
                text = log.read_text(errors="replace")
                cause = re.findall(r"^(?:odoo\.|psycopg2\.|\w+Error).*", text, re.M)
                raise Failure(
                    f"The demo data of {module} does not install: {cause[-1] if cause else 'no reason'} (log: {log})."
                )

    def clone(self, kind: str, name: str) -> None:
        """A new database with what our add-ons depend on."""
        self.databases.clone(self.template(kind), name)

    def clone_with_addons(self, kind: str, name: str) -> None:
        """A new database with our add-ons, under its name only when complete."""
        building = f"{name}_building"
        self.clone(kind, building)
        self.install(building, kind=kind)
        self.databases.rename(building, name)
