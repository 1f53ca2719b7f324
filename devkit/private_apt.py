"""Packages of another Debian suite, unpacked into a folder: the machine's own apt is not touched."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import process
from .console import Failure, Progress
from .paths import cache_root

SOURCES = Path("/etc/apt")


@dataclass(frozen=True)
class Source:
    """A package source of this machine: where it is, and by what keys it is trusted."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: tuple[tuple[str, str], ...]  # Signed-By and Trusted, as deb822 writes them

    @property
    def is_debian(self) -> bool:
        """An archive of whole suites, not one of security fixes, backports or a vendor."""
        return "main" in self.components and not any(
            re.search(r"security|backports", text) for text in (self.uri, *self.suites[:1])
        )


def machine_sources(folder: Path = SOURCES) -> list[Source]:
    """What this machine installs from, in both formats of apt, the likeliest Debian archive first."""
    found: list[Source] = []
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if path.is_file() and path.suffix == ".list":
            found += _one_line_format(path.read_text())
        elif path.is_file() and path.suffix == ".sources":
            found += _deb822_format(path.read_text())
    archives = [source for source in found if source.is_debian]
    return sorted(dict.fromkeys(archives), key=lambda source: not source.uri.rstrip("/").endswith("debian"))


def _one_line_format(text: str) -> list[Source]:
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if match:
            pairs = dict(pair.split("=", 1) for pair in (match[1] or "").split() if "=" in pair)
            names = {"signed-by": "Signed-By", "trusted": "Trusted"}
            options = tuple((names[key], value) for key, value in pairs.items() if key in names)
            found.append(Source(match[2], (match[3],), tuple(match[4].split()), options))
    return found


def _deb822_format(text: str) -> list[Source]:
    found = []
    for block in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[name] += "\n" + line
            elif ":" in line:
                name, value = line.split(":", 1)
                name = name.title()
                fields[name] = value.strip()
        if "deb" not in fields.get("Types", "").split() or fields.get("Enabled", "yes").lower() in ("no", "false"):
            continue
        options = tuple((key, fields[key]) for key in ("Signed-By", "Trusted") if key in fields)
        suites, components = fields.get("Suites", "").split(), fields.get("Components", "").split()
        found += [Source(uri, tuple(suites), tuple(components), options) for uri in fields.get("Uris", "").split()]
    return found


class Apt:
    """apt-get with lists, cache and package status of its own, looking at one suite."""

    def __init__(self, suite: str, *, empty_machine: bool = False) -> None:
        """:param empty_machine: resolve dependencies as if nothing were installed here."""
        self.suite = suite
        self.folder = cache_root() / "apt" / suite
        self.empty_machine = empty_machine

    def update(self) -> None:
        """Read the suite's list of packages from the first source of this machine that has it."""
        sources = machine_sources() if shutil.which("apt-get") else []
        if not sources:
            raise Failure(
                "This machine has no Debian package source to take Odoo 19 from: set ODOO_SOURCE to a checkout "
                "of Odoo 19 (branch 19.0) and try again."
            )
        for source in sources:
            self._write(source)
            try:
                process.quiet(
                    self._command("update", "-o", "APT::Update::Error-Mode=any"), f"Reading Debian's {self.suite}"
                )
            except Failure as failure:
                problem = failure
            else:
                return
        raise problem

    def _write(self, source: Source) -> None:
        for name in ("lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        fields = {"Types": "deb", "URIs": source.uri, "Suites": self.suite, "Components": "main"}
        text = "".join(f"{name}: {value}\n" for name, value in [*fields.items(), *source.options])
        (self.folder / "suite.sources").write_text(text)

    def _command(self, *arguments: str) -> list[str]:
        options = {
            "Dir::Etc::SourceList": self.folder / "suite.sources",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            # The user _apt may not look into our cache.
            "APT::Sandbox::User": "root",
            # A frozen mirror serves as well; what it serves is still checked against the keys.
            "Acquire::Check-Valid-Until": "false",
        }
        if self.empty_machine:
            options["Dir::State::Status"] = self.folder / "status"
        flags = [f"-o{name}={value}" for name, value in options.items()]
        return ["apt-get", *flags, *arguments]

    def version(self, package: str) -> str:
        """The version on offer, or nothing."""
        command = self._command("install", "--no-install-recommends", "--print-uris", "-qq", package)
        command[0] = "apt-cache"
        policy = process.output([*command[: command.index("install")], "show", "--no-all-versions", package]) or ""
        match = re.search(r"^Version: (.+)$", policy, re.M)
        return match[1] if match else ""

    def closure(self, package: str) -> list[str]:
        """The package with all that it depends on."""
        plan = process.output(self._command("install", "--simulate", "--no-install-recommends", package)) or ""
        return re.findall(r"^Inst (\S+)", plan, re.M)

    def unpack(self, packages: list[str], prefix: Path, title: str) -> None:
        """Download the packages and unpack them into one folder."""
        debs = self.folder / f"debs-{os.getpid()}"
        shutil.rmtree(debs, ignore_errors=True)
        debs.mkdir(parents=True)
        try:
            process.quiet(self._command("download", *packages), f"Downloading {title}", cwd=debs)
            progress = Progress(f"Unpacking {title}")
            for deb in sorted(debs.glob("*.deb")):
                log = process.log_file(f"unpack {deb.name}")
                with log.open("wb") as output:
                    child = process.start(["dpkg", "-x", str(deb), str(prefix)], stdout=output, stderr=output)
                    if process.finish(child, progress.tick):
                        raise Failure(process.explain(f"Unpacking {deb.name}", log))
                log.unlink()
            progress.done()
        finally:
            shutil.rmtree(debs, ignore_errors=True)
