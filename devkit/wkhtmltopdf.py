"""wkhtmltopdf, with which Odoo makes PDFs."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from . import process, system
from .aside import built_aside
from .console import Failure
from .paths import cache_root
from .private_apt import Apt

# Debian 13 has dropped it; Debian 12's runs there with the libraries it was built with.
_SUITE = "bookworm"
# These must be the machine's own: they belong to its loader, and newer ones serve older programs.
_OF_THE_MACHINE = {"libc6", "libcrypt1", "libgcc-s1", "libstdc++6"}


def ensure() -> Path | None:
    """The folder to put into PATH; nothing if the machine has the program itself."""
    private = cache_root() / "wkhtmltopdf"
    if (private / "wrapper").is_dir():
        return private / "wrapper"
    if shutil.which("wkhtmltopdf"):
        return None
    if system.privilege() is not None and system.has_candidate("wkhtmltopdf"):
        system.install(["wkhtmltopdf"])
        return None
    _unpack(private)
    return private / "wrapper"


def _unpack(final: Path) -> None:
    apt = Apt(_SUITE, empty_machine=True)
    apt.update()
    needed = apt.closure("wkhtmltopdf")
    packages = [name for name in needed if name.startswith(("lib", "wkhtml")) and name not in _OF_THE_MACHINE]
    if not packages:
        raise Failure(f"No wkhtmltopdf for PDFs: neither this machine's packages nor Debian's {_SUITE} offer it.")
    with built_aside(final) as prefix:
        apt.unpack(packages, prefix, "wkhtmltopdf")
        _check(_write_wrapper(prefix))


_WRAPPER = """#!/bin/sh
# Runs the program with the libraries and plugins that were unpacked beside it.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
for folder in "$here"/usr/lib/*-linux-gnu* "$here"/lib/*-linux-gnu*; do
    [ -d "$folder" ] && LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    [ -d "$folder/qt5/plugins" ] && QT_PLUGIN_PATH="$folder/qt5/plugins"
done
export LD_LIBRARY_PATH QT_PLUGIN_PATH QT_QPA_PLATFORM=offscreen
exec "$here/usr/bin/wkhtmltopdf" "$@"
"""


def _write_wrapper(prefix: Path) -> Path:
    """The program as others call it, in a folder of its own for PATH."""
    wrapper = prefix / "wrapper" / "wkhtmltopdf"
    wrapper.parent.mkdir()
    wrapper.write_text(_WRAPPER)
    wrapper.chmod(0o755)
    return wrapper


def _check(wrapper: Path) -> None:
    """Make a PDF before it is called ready."""
    with tempfile.TemporaryDirectory() as name:
        page, pdf = Path(name, "page.html"), Path(name, "page.pdf")
        page.write_text("<h1>It works</h1>")
        env = {**os.environ, "XDG_RUNTIME_DIR": name}
        process.quiet([wrapper, "--quiet", page, pdf], "Trying wkhtmltopdf", env=env)
        if not pdf.is_file() or not pdf.read_bytes().startswith(b"%PDF"):
            raise Failure("wkhtmltopdf was unpacked but makes no PDF.")
