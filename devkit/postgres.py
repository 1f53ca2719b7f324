"""The PostgreSQL server: a private cluster of ours, or the one that PGHOST and its kin name."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import process
from .console import Failure, Progress
from .locks import UseCount, exclusive
from .paths import cache_root, digest
from .system import Need

_VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")
# It holds nothing that cannot be made again, so speed comes before surviving a power cut.
_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0777
port = 5432
max_connections = 200
shared_buffers = 256MB
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 4GB
"""


@dataclass(frozen=True)
class Server:
    """How to reach the server; the password, if any, stays in the environment."""

    host: str
    port: str
    user: str
    identity: str
    env: dict[str, str] = field(default_factory=dict)

    def sql(self, statement: str, database: str = "postgres") -> list[list[str]]:
        """Run one statement, return its rows as text."""
        command = ["psql", "-XAtq", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement]
        log = process.log_file("sql")
        with log.open("w+b") as errors, tempfile.TemporaryFile("w+") as rows:
            child = process.start(command, env={**os.environ, **self.env}, stdout=rows, stderr=errors)
            if process.finish(child):
                raise Failure(process.explain(f"SQL on database {database}", log))
            rows.seek(0)
            lines = rows.read().splitlines()
        log.unlink()
        return [line.split("\x1f") for line in lines]


def is_external() -> bool:
    return any(os.environ.get(name) for name in _VARIABLES)


def needs() -> list[Need]:
    if is_external():
        return [Need("psql", "postgresql-client", lambda: bool(_program("psql")))]
    return [Need("PostgreSQL", "postgresql", lambda: bool(_programs()))]


def before_install(prefix: list[str]) -> None:
    """Debian starts a cluster of its own along with the package; ours is enough."""
    target = Path("/etc/postgresql-common/createcluster.conf")
    if target.exists() or is_external():
        return
    script = f"mkdir -p {target.parent} && echo 'create_main_cluster = false' > {target}"
    process.quiet([*prefix, "sh", "-c", script], "Telling Debian not to start a PostgreSQL of its own")


def _programs() -> Path | None:
    """The folder with the server's programs: Debian keeps them out of PATH."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name)
    )
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _program(name: str) -> str | None:
    folder = _programs()
    return str(folder / name) if folder and (folder / name).exists() else shutil.which(name)


class External:
    """A server that somebody else runs."""

    def start(self) -> Server:
        host = os.environ.get("PGHOST", "localhost")
        port = os.environ.get("PGPORT", "5432")
        user = os.environ.get("PGUSER") or pwd.getpwuid(os.geteuid()).pw_name
        server = Server(host, port, user, digest(host, port, user), {"PGHOST": host, "PGPORT": port, "PGUSER": user})
        if user == "postgres":
            raise Failure(
                "Odoo refuses to work as the database user postgres: create another one and set PGUSER to it."
            )
        try:
            ((version, may_create),) = server.sql(
                "SELECT current_setting('server_version_num'), rolcreatedb OR rolsuper"
                " FROM pg_roles WHERE rolname = current_user"
            )
            offered = server.sql("SELECT name FROM pg_available_extensions WHERE name IN ('pg_trgm', 'unaccent')")
        except Failure as failure:
            raise Failure(f"The PostgreSQL server on {host}, port {port}, cannot be used: {failure}") from failure
        if int(version) < 130000:
            raise Failure(f"The PostgreSQL server on {host} is older than 13, the oldest that Odoo 19 works with.")
        if may_create != "t":
            raise Failure(
                f"User {user} may not create databases on {host}: let its owner run ALTER ROLE {user} CREATEDB."
            )
        if len(offered) < 2:
            raise Failure(f"The PostgreSQL server on {host} lacks the extensions pg_trgm and unaccent (contrib).")
        return server

    def stop(self) -> None:
        """It is not ours to stop."""


class Private:
    """A cluster of our own, on a Unix socket only: no port to be busy, nobody else to reach it.

    It runs while at least one call needs it; the last one stops it.
    """

    def __init__(self) -> None:
        programs = _programs()
        if not programs:
            raise Failure("PostgreSQL's programs initdb and pg_ctl cannot be found.")
        self.programs = programs
        self.locks = cache_root() / "postgres"
        # PostgreSQL refuses to run as root. Then it runs as another user, who cannot look into /root: so its
        # folder is under /var/cache, named after the cache it belongs to.
        self.owner = self._other_user() if os.geteuid() == 0 else None
        home = Path("/var/cache/partner_program") / digest(str(cache_root())) if self.owner else self.locks
        version = re.search(r"\) (\d+)", process.output([programs / "postgres", "--version"]) or "")
        self.home = home / (version[1] if version else "unknown")
        self.data = self.home / "data"
        self.socket = self.home
        if len(str(self.socket)) > 80:  # the kernel takes 107 bytes, file name included
            self.socket = Path("/tmp") / f"partner_program-{digest(str(self.home))}"
        self.use = UseCount(self.locks / "users.lock")

    @classmethod
    def exists(cls) -> bool:
        """Whether there is one on this machine."""
        return bool(_programs()) and cls().data.exists()

    @staticmethod
    def _other_user() -> pwd.struct_passwd:
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise Failure(
            "PostgreSQL does not run as root, and there is neither a user postgres nor nobody: start as another user."
        )

    def _as_owner(self) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": "/", "env": {**os.environ, "LC_ALL": "C.UTF-8"}}
        if self.owner:
            options |= {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}
        return options

    def _folder(self, path: Path) -> None:
        """A folder that only the cluster's user (and root) can look into: that is all its access control."""
        path.mkdir(parents=True, exist_ok=True, mode=0o755)
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        owner = self.owner.pw_uid if self.owner else os.geteuid()
        if path.stat().st_uid != owner:
            raise Failure(f"{path} belongs to somebody else: remove it and try again.")
        path.chmod(0o700)

    def is_running(self) -> bool:
        status = [self.programs / "pg_ctl", "status", "-D", self.data]
        return self.data.exists() and process.output(status, **self._as_owner()) is not None

    def start(self) -> Server:
        with exclusive(self.locks / "start.lock", "starting PostgreSQL"):
            if not self.data.exists():
                self._create()
            self._folder(self.socket)
            if not self.is_running():
                log = self.home / "server.log"
                command = [self.programs / "pg_ctl", "start", "-w", "-D", self.data, "-l", log]
                hint = f"PostgreSQL does not start: see {log}"
                process.quiet(command, "Starting PostgreSQL", hint=hint, **self._as_owner())
            self.use.join()
        env = {"PGHOST": str(self.socket), "PGPORT": "5432", "PGUSER": "odoo"}
        env["PATH"] = os.pathsep.join([str(self.programs), os.environ.get("PATH", os.defpath)])
        return Server(str(self.socket), "5432", "odoo", "private", env)

    def _create(self) -> None:
        self._folder(self.home)
        building = self.home / "building"
        if building.exists():
            shutil.rmtree(building)
        process.quiet(
            [
                *(self.programs / "initdb", "-D", building, "-U", "odoo", "-A", "trust"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            "Creating a private PostgreSQL cluster",
            **self._as_owner(),
        )
        with (building / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(socket=str(self.socket).replace("'", "''")))
        building.rename(self.data)

    def stop(self) -> None:
        """Stop it unless another call still works with it."""
        with exclusive(self.locks / "start.lock", "stopping PostgreSQL"):
            if self.use.is_last() and self.is_running():
                progress = Progress("Stopping PostgreSQL")
                command = [self.programs / "pg_ctl", "stop", "-w", "-m", "fast", "-D", self.data]
                process.output(command, **self._as_owner())
                progress.done()
        self.use.leave()

    def remove(self) -> None:
        """Stop it for good and take its data away.

        :raise Failure: another call still works with it
        """
        if not self.use.is_last():
            raise Failure("Another ./dev is still at work with the databases: stop it, then try again.")
        if self.is_running():
            command = [self.programs / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.data]
            process.output(command, **self._as_owner())
        shutil.rmtree(self.home, ignore_errors=True)
        if self.socket != self.home:
            shutil.rmtree(self.socket, ignore_errors=True)


def server() -> External | Private:
    return External() if is_external() else Private()
