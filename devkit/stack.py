"""Everything that Odoo needs to run, set up and ready."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import odoo_source, postgres, process, python_env, system, wkhtmltopdf
from .console import Failure
from .databases import Databases
from .locks import exclusive
from .odoo_source import OdooSource
from .paths import ROOT, cache_root, digest
from .postgres import Server

SUB_COMMANDS = {"shell": 1, "i18n": 2}  # words of the sub-command before its options


@dataclass(frozen=True)
class Stack:
    odoo: OdooSource
    python: Path
    server: Server
    pdf: Path | None

    @property
    def databases(self) -> Databases:
        return Databases(self.server)

    @property
    def config(self) -> Path:
        return cache_root() / "etc" / f"{digest(str(ROOT), self.odoo.version, self.server.identity)}.conf"

    def env(self) -> dict[str, str]:
        """The environment of programs that work with Odoo."""
        env = {**os.environ, **self.server.env}
        folders = [str(self.python.parent), *([str(self.pdf)] if self.pdf else []), env.get("PATH", os.defpath)]
        env["PATH"] = os.pathsep.join(folders)
        env["PYTHONPATH"] = str(self.odoo.python_path)
        # Newer libraries call deprecated what Odoo 19 still uses; nothing for us to mend.
        env["PYTHONWARNINGS"] = "ignore"
        env.setdefault("LANG", "C.UTF-8")
        for name in ("ODOO_RC", "OPENERP_SERVER"):
            env.pop(name, None)
        return env

    def command(self, *arguments: str) -> list[str]:
        """Odoo's own command line; the sub-command, if any, comes first."""
        size = SUB_COMMANDS.get(arguments[0], 0) if arguments else 0
        sub, rest = arguments[:size], arguments[size:]
        return [str(self.python), "-m", "odoo", *sub, "-c", str(self.config), *rest]

    def run_odoo(self, title: str, *arguments: str) -> Path:
        """Run Odoo to its end, and return the log.

        :raise Failure: it failed
        """
        # Not from the current folder: Python looks there first, and Odoo's own has an `http.py`.
        return process.run(self.command(*arguments), title, env=self.env(), cwd=self.databases.data_dir)

    def start(self, *arguments: str, **options: Any) -> Any:
        """Start Odoo, to be waited for with `process.finish`."""
        return process.start(self.command(*arguments), env=self.env(), cwd=self.databases.data_dir, **options)

    def write_config(self) -> None:
        for path in (self.databases.data_dir, self.config.parent):
            path.mkdir(parents=True, exist_ok=True)
        settings = {
            "db_host": self.server.host,
            "db_port": self.server.port,
            "db_user": self.server.user,
            "data_dir": str(self.databases.data_dir),
            "addons_path": ",".join(map(str, [*self.odoo.addons, ROOT])),
            "http_interface": "127.0.0.1",
            "list_db": "False",
            "max_cron_threads": "0",
        }
        text = "[options]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
        aside = self.config.with_suffix(f".{os.getpid()}")
        aside.write_text(text)
        aside.rename(self.config)


@contextmanager
def ready(*, browser: bool = False) -> Iterator[Stack]:
    """Set up what is missing, start the database server, and stop it at the end if nobody else needs it."""
    if "," in str(ROOT):
        raise Failure(f"Odoo cannot load add-ons from a path with a comma: move the checkout out of {ROOT}.")
    with exclusive(cache_root() / "lock", "setting up"):
        packages = [system.python_venv(), *postgres.needs(), system.certificates(), system.libmagic(), *system.fonts()]
        system.ensure([*packages, *([system.browser()] if browser else [])], postgres.before_install)
        odoo = odoo_source.ensure()
        pdf = wkhtmltopdf.ensure()
        python = python_env.ensure()
    server = postgres.server()
    try:
        stack = Stack(odoo, python, server.start(), pdf)
        stack.write_config()
        yield stack
    finally:
        process.stop_all()
        server.stop()
