"""A PostgreSQL of the test's own: one that may be restarted without anybody else noticing."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from devkit import lifecycle
from devkit.postgres import Private, Server

_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0777
fsync = off
"""


class OwnServer:
    """Started in a folder of its own; ``restart`` as often as the test likes."""

    def __init__(self) -> None:
        # Not under pytest's folder, into which the user that PostgreSQL runs as cannot look.
        self.home = Path(tempfile.mkdtemp(prefix="partner_program-"))
        self.private = Private()
        if self.private.owner:
            os.chown(self.home, self.private.owner.pw_uid, self.private.owner.pw_gid)
        self.home.chmod(0o755)
        self.data = self.home / "data"
        self._run("initdb", "-D", self.data, "-U", "odoo", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(socket=self.home))
        self.pg_ctl("start")
        env = {**lifecycle.templates().databases.server.env, "PGHOST": str(self.home), "PGPORT": "5432"}
        self.server = Server(str(self.home), "5432", "odoo", "own", {**env, "PGUSER": "odoo"})

    @property
    def options(self) -> dict:
        """For Odoo's configuration."""
        return {"db_host": str(self.home), "db_port": 5432, "db_user": "odoo"}

    def _run(self, program: str, *arguments) -> None:
        # Into a file: the server keeps what pg_ctl got as output open for as long as it runs.
        with (self.home / "output").open("ab") as output:
            subprocess.run(
                [self.private.programs / program, *arguments],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                **self.private._as_owner(),
            )

    def pg_ctl(self, action: str, *more: str) -> None:
        self._run("pg_ctl", action, "-w", "-D", self.data, "-l", self.home / "server.log", *more)

    def restart(self, mode: str) -> None:
        """``fast`` disconnects everybody and shuts down in order; ``immediate`` is a crash, with recovery."""
        self.pg_ctl("restart", "-m", mode)

    def copy(self, database: str) -> None:
        """A database of the usual server, under the same name."""
        self.server.sql(f'CREATE DATABASE "{database}"')
        dump = subprocess.Popen(
            [self.private.programs / "pg_dump", "--no-owner", database],
            env={**os.environ, **lifecycle.templates().databases.server.env},
            stdout=subprocess.PIPE,
        )
        subprocess.run(
            [self.private.programs / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database],
            env={**os.environ, **self.server.env},
            stdin=dump.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        assert dump.wait() == 0

    def sql(self, database: str, query: str) -> list[tuple]:
        return [tuple(row) for row in self.server.sql(query, database)]

    def remove(self) -> None:
        self.pg_ctl("stop", "-m", "immediate")
        shutil.rmtree(self.home, ignore_errors=True)
