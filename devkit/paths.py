"""Where things are: the checkout, and the cache that all checkouts of one user share."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def cache_root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG rules say that a relative path is to be ignored.
    parent = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return parent / "partner_program"


def digest(*parts: str) -> str:
    """A short name for a combination of things."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
