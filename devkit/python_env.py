"""The virtual environment Odoo runs in: one per Python version and set of requirements."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import process, system
from .paths import ROOT, cache_root, digest

REQUIREMENTS = ("odoo.txt", "test.txt", "lint.txt")
CONSTRAINTS = "constraints.txt"  # versions of what those need in turn


def folder() -> Path:
    texts = [(ROOT / "requirements" / name).read_text() for name in (*REQUIREMENTS, CONSTRAINTS)]
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    return cache_root() / "venv" / f"{minor}-{digest(os.path.realpath(sys.executable), *texts)}"


def ensure() -> Path:
    """The Python of the environment.

    A virtual environment cannot be moved: its programs name the path they were made for. So it is not built
    aside like the rest, and a mark written at the end tells that it is complete.
    """
    final = folder()
    python = final / "bin" / "python"
    complete = final / ".complete"
    if complete.is_file() and python.exists():
        return python
    system.ensure([system.python_venv()])
    process.quiet([sys.executable, "-m", "venv", "--clear", final], "Making a Python environment")
    files = [argument for name in REQUIREMENTS for argument in ("-r", str(ROOT / "requirements" / name))]
    constraints = ROOT / "requirements" / CONSTRAINTS
    process.quiet(
        [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *files, "-c", constraints],
        "Installing the Python packages",
    )
    complete.touch()
    return python
