"""Databases with their filestores: clone, rename, drop; and those that live for one call only.

A database counts as there only under its final name, which it gets by a rename at the very end: what a
killed call leaves behind is swept away by the next one.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .console import say
from .locks import held
from .paths import ROOT, cache_root, digest
from .postgres import Server


class Databases:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.prefix = f"pp_{_cache_id()}"
        self.checkout = f"{self.prefix}_{digest(str(ROOT))[:6]}"

    @property
    def data_dir(self) -> Path:
        """Filestores and sessions; apart for each server, as database names are."""
        return cache_root() / "data" / self.server.identity

    def exists(self, name: str) -> bool:
        return bool(self.server.sql(f"SELECT 1 FROM pg_database WHERE datname = {_text(name)}"))

    def ours(self) -> list[str]:
        """All databases made from this cache."""
        rows = self.server.sql("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
        return [name for (name,) in rows if name.startswith(f"{self.prefix}_")]

    def demo(self) -> str:
        """The demo database of this checkout, which `./dev run` keeps."""
        return f"{self.checkout}_demo"

    def filestore(self, name: str) -> Path:
        return self.data_dir / "filestore" / name

    def drop(self, name: str) -> None:
        self.server.sql(f"DROP DATABASE IF EXISTS {_name(name)} WITH (FORCE)")
        shutil.rmtree(self.filestore(name), ignore_errors=True)

    def rename(self, old: str, new: str) -> None:
        """The rename of the database comes last: it is what makes the new name count."""
        shutil.rmtree(self.filestore(new), ignore_errors=True)
        if self.filestore(old).exists():
            self.filestore(old).rename(self.filestore(new))
        self.server.sql(f"ALTER DATABASE {_name(old)} RENAME TO {_name(new)}")

    def clone(self, source: str, name: str) -> None:
        self.drop(name)
        if self.filestore(source).exists():
            shutil.copytree(self.filestore(source), self.filestore(name), copy_function=_link)
        self.server.sql(f"CREATE DATABASE {_name(name)} TEMPLATE {_name(source)}")

    # Databases for one call

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[str]:
        """A name that only this call uses; a database under it is dropped at the end."""
        self.sweep()
        name = f"{self.checkout}_{purpose}_{os.getpid()}"
        lock = held(self._scratch_lock(name))
        try:
            yield name
        finally:
            for database in self.ours():
                if re.fullmatch(rf"{name}([_-].*)?", database):
                    self.drop(database)
            if lock:
                self._scratch_lock(name).unlink(missing_ok=True)
                lock.close()

    def sweep(self) -> None:
        """Drop the databases of calls that were killed."""
        for name in self.ours():
            match = re.match(rf"({self.prefix}_[0-9a-f]{{6}}_\w+?_\d+)([_-]|$)", name)
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


def _cache_id() -> str:
    """Tells our databases from those of others on a shared server."""
    path = cache_root() / "id"
    if not path.exists():
        path.write_text(secrets.token_hex(3))
    return path.read_text().strip()


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
