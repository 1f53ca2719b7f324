"""System packages: what is missing, and getting it with apt when we may."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from . import process
from .console import Failure


@dataclass(frozen=True)
class Need:
    """A thing that only the system's package manager can bring."""

    what: str
    package: str
    is_there: Callable[[], bool]


BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")


def python_venv() -> Need:
    return Need(
        "Python's venv",
        f"python3.{sys.version_info.minor}-venv",
        lambda: all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
    )


def browser() -> Need:
    return Need("Chromium", "chromium", lambda: any(shutil.which(name) for name in BROWSERS))


def libmagic() -> Need:
    return Need("libmagic", "libmagic1", lambda: bool(ctypes.util.find_library("magic")))


def certificates() -> Need:
    """Chromium and Python look for the machine's certificates in this place."""
    return Need("certificates", "ca-certificates", lambda: Path("/etc/ssl/certs").is_dir())


def fonts() -> list[Need]:
    """Without any font, or without the list of folders where they are, PDFs and screens are empty boxes."""
    roots = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
    config = Need("the configuration of fonts", "fontconfig-config", Path("/etc/fonts/fonts.conf").is_file)
    some = Need("fonts", "fonts-liberation", lambda: any(root.is_dir() and any(root.iterdir()) for root in roots))
    return [config, some]


def ensure(needs: Iterable[Need], before_install: Callable[[list[str]], None] | None = None) -> None:
    """Install what is missing, or say the one command that would."""
    missing = [need for need in needs if not need.is_there()]
    if not missing:
        return
    packages = sorted({need.package for need in missing})
    install(packages, before_install)
    still = [need.what for need in missing if not need.is_there()]
    if still:
        raise Failure(f"{', '.join(still)} cannot be found even after installing {' '.join(packages)}.")


def install(packages: list[str], before_install: Callable[[list[str]], None] | None = None) -> None:
    prefix = privilege()
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not shutil.which("apt-get"):
        raise Failure(f"This machine has no apt: install these with its own package manager: {' '.join(packages)}.")
    if prefix is None:
        raise Failure(
            "Some system packages are missing and only root can install them; type this and try again:  "
            f"sudo sh -c {shlex.quote('apt-get update && ' + shlex.join(command))}"
        )
    if before_install:
        before_install(prefix)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # sudo forgets the environment, so what matters to apt is said again behind it.
    passed = ["env", "DEBIAN_FRONTEND=noninteractive"] if prefix else []
    process.quiet([*prefix, *passed, "apt-get", "update"], "Updating the list of system packages", env=env)
    process.quiet([*prefix, *passed, *command], f"Installing {' '.join(packages)}", env=env)


def privilege() -> list[str] | None:
    """What to put before a command to run it as root; nothing at all (None) if we may not."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and process.output(["sudo", "-n", "true"]) is not None:
        return ["sudo", "-n"]
    return None


def has_candidate(package: str) -> bool:
    """Whether the machine's own package sources offer this package."""
    text = process.output(["apt-cache", "policy", package]) or ""
    return "Candidate:" in text and "Candidate: (none)" not in text
