"""A real Odoo 19: Debian's package unpacked into the cache, or any checkout in ODOO_SOURCE."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from .aside import built_aside
from .console import Failure
from .paths import cache_root
from .private_apt import Apt

# The asset links of the package point to files of these others, relative to a common prefix.
_PACKAGES = [
    "odoo-19",
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
]
# Named in mail's manifest, left out by Debian: without it every back-end bundle reports an error.
_LEFT_OUT = "addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"


@dataclass(frozen=True)
class OdooSource:
    python_path: Path  # the folder that holds the package `odoo`
    addons: tuple[Path, ...]
    version: str  # tells one state of the source from another


def ensure() -> OdooSource:
    given = os.environ.get("ODOO_SOURCE", "")
    return from_checkout(Path(given)) if given else from_debian()


def from_checkout(folder: Path) -> OdooSource:
    """Check what the user pointed at.

    :raise Failure: it is not an Odoo 19
    """
    root = folder.expanduser().resolve()
    release = root / "odoo" / "release.py"
    if not release.is_file():
        raise Failure(f"ODOO_SOURCE is {folder}, which is no Odoo checkout: it has no odoo/release.py.")
    series = _series(release)
    if series != "19.0":
        raise Failure(f"ODOO_SOURCE is {folder}, which holds Odoo {series or 'of unknown version'}, not Odoo 19.0.")
    addons = tuple(path for path in (root / "addons", root / "odoo" / "addons") if path.is_dir())
    if not any((path / "crm" / "__manifest__.py").is_file() for path in addons):
        raise Failure(f"ODOO_SOURCE is {folder}, which has no add-on crm in addons/ or odoo/addons/.")
    return OdooSource(root, addons, f"{series} {root} {_commit(root)}")


def _series(release: Path) -> str:
    match = re.search(r"^version_info\s*=\s*\(\s*['\"]?([^,'\"]+)['\"]?\s*,\s*(\d+)", release.read_text(), re.M)
    return f"{match[1]}.{match[2]}" if match else ""


def _commit(root: Path) -> str:
    """What git has checked out there; read by hand, as git may not be installed."""
    head = root / ".git" / "HEAD"
    if not head.is_file():
        return ""
    text = head.read_text().strip()
    branch = root / ".git" / text.removeprefix("ref: ")
    return branch.read_text().strip() if text.startswith("ref: ") and branch.is_file() else text


def from_debian() -> OdooSource:
    folder = cache_root() / "odoo"
    ready = sorted(path for path in folder.glob("*") if not path.name.startswith("."))
    if not ready:
        ready = [_unpack(folder)]
    prefix = ready[-1]
    packages = prefix / "usr/lib/python3/dist-packages"
    return OdooSource(packages, (packages / "odoo" / "addons",), f"debian {prefix.name}")


def _unpack(folder: Path) -> Path:
    apt = Apt("sid")
    apt.update()
    version = apt.version("odoo-19")
    if not version:
        raise Failure(
            "The package source of this machine has no odoo-19 in its suite sid: set ODOO_SOURCE to a checkout "
            "of Odoo 19 (branch 19.0) and try again."
        )
    final = folder / version
    with built_aside(final) as prefix:
        apt.unpack(_PACKAGES, prefix, "Odoo 19")
        absent = prefix / "usr/lib/python3/dist-packages/odoo" / _LEFT_OUT
        absent.parent.mkdir(parents=True, exist_ok=True)
        absent.touch()
    return final
