"""Databases: templates that are made once, and clones of them that are made in a second.

A database counts as there only under its final name, which it gets by a rename at the very end: what a
killed call leaves behind is swept away by the next one.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import addons
from .console import Failure, say
from .locks import exclusive, held
from .paths import ROOT, cache_root, digest
from .stack import Stack

DEMO, TEST = "demo", "test"


class Databases:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.checkout = digest(str(ROOT))[:6]

    # What is there

    def exists(self, name: str) -> bool:
        return bool(self.stack.server.sql(f"SELECT 1 FROM pg_database WHERE datname = {_text(name)}"))

    def ours(self) -> list[str]:
        """All databases made from this cache."""
        rows = self.stack.server.sql("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
        return [name for (name,) in rows if name.startswith(f"{self.stack.prefix}_")]

    def demo(self) -> str:
        """The demo database of this checkout, which `./dev run` keeps."""
        return f"{self.stack.prefix}_{self.checkout}_demo"

    def filestore(self, name: str) -> Path:
        return self.stack.data_dir / "filestore" / name

    # Simple operations

    def drop(self, name: str) -> None:
        self.stack.server.sql(f"DROP DATABASE IF EXISTS {_name(name)} WITH (FORCE)")
        shutil.rmtree(self.filestore(name), ignore_errors=True)

    def rename(self, old: str, new: str) -> None:
        """The rename of the database comes last: it is what makes the new name count."""
        shutil.rmtree(self.filestore(new), ignore_errors=True)
        if self.filestore(old).exists():
            self.filestore(old).rename(self.filestore(new))
        self.stack.server.sql(f"ALTER DATABASE {_name(old)} RENAME TO {_name(new)}")

    def clone(self, source: str, name: str) -> None:
        self.drop(name)
        if self.filestore(source).exists():
            shutil.copytree(self.filestore(source), self.filestore(name), copy_function=_link)
        self.stack.server.sql(f"CREATE DATABASE {_name(name)} TEMPLATE {_name(source)}")

    # Templates

    def template(self, kind: str) -> str:
        """A database with what our add-ons depend on, but not with them; made when it is not there.

        :param kind: `demo` (with Odoo's demo data) or `test` (without, but with Odoo's own lint tests)
        """
        modules = addons.dependencies(tests=kind == TEST)
        name = f"{self.stack.prefix}_template_{kind}_{digest(self.stack.odoo.version, *modules)}"
        if self.exists(name):
            return name
        with exclusive(cache_root() / f"template-{kind}.lock", f"making the template database {kind}"):
            if self.exists(name):
                return name
            building = f"{name}_building"
            self.drop(building)
            demo = ["--with-demo"] if kind == DEMO else []
            log = self.stack.run_odoo(
                f"Making the template database '{kind}' (once)",
                *("-d", building, "-i", ",".join(modules), *demo, "--stop-after-init", "--no-http"),
            )
            log.unlink()
            self.rename(building, name)
        return name

    # Databases with our add-ons

    def install(self, name: str, *, kind: str) -> None:
        """Install the add-ons of this checkout.

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
        self._check_installed(name, names, log, demo=kind == DEMO)
        log.unlink()

    def update(self, name: str) -> None:
        """Bring the add-ons in a database up to the sources of this checkout."""
        names = addons.to_install(tests=False)
        modules = ",".join(names)
        log = self.stack.run_odoo(
            f"Updating {', '.join(names)}", "-d", name, "-i", modules, "-u", modules, "--stop-after-init", "--no-http"
        )
        self._check_installed(name, names, log, demo=True)
        log.unlink()

    def _check_installed(self, name: str, names: list[str], log: Path, *, demo: bool) -> None:
        """Odoo only warns when demo data fails, and goes on without."""
        states = {row[0]: row[1:] for row in self.stack.server.sql("SELECT name, state, demo FROM ir_module_module", name)}
        for module in names:
            state, has_demo = states.get(module, ("absent", "f"))
            if state != "installed":
                raise Failure(f"{module} is {state} after its installation (log: {log}).")
            if demo and has_demo != "t":
                text = log.read_text(errors="replace")
                cause = re.findall(r"^(?:odoo\.|psycopg2\.|\w+Error).*", text, re.M)
                raise Failure(f"The demo data of {module} does not install: {cause[-1] if cause else 'no reason'} (log: {log}).")

    # Databases for one call

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[str]:
        """A name that only this call uses; a database under it is dropped at the end."""
        self.sweep()
        name = f"{self.stack.prefix}_{self.checkout}_{purpose}_{os.getpid()}"
        lock = held(self._scratch_lock(name))
        try:
            yield name
        finally:
            for database in self.ours():
                if database == name or database.startswith(f"{name}_"):
                    self.drop(database)
            if lock:
                self._scratch_lock(name).unlink(missing_ok=True)
                lock.close()

    def sweep(self) -> None:
        """Drop the databases of calls that were killed."""
        for name in self.ours():
            match = re.match(rf"({self.stack.prefix}_[0-9a-f]{{6}}_\w+?_\d+)(_|$)", name)
            if not match:
                continue
            path = self._scratch_lock(match[1])
            lock = held(path)
            if lock:
                say(f"Dropping {name}, left by a call that was killed.")
                self.drop(name)
                path.unlink(missing_ok=True)
                lock.close()

    def _scratch_lock(self, name: str) -> Path:
        return cache_root() / "scratch" / f"{name}.lock"


def _link(source: str, target: str) -> str:
    """Odoo never changes a file of its filestore, it only adds and removes: a hard link is a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
