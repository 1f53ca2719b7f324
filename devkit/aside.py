"""Folders that are either complete or not there: built under another name, then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MARK = ".building-"


@contextmanager
def built_aside(final: Path) -> Iterator[Path]:
    """A folder to build in, beside the final one; it takes the final name if all goes well.

    To be called under the lock of the cache: what a killed call left is swept away here.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    for left_over in final.parent.glob(f"{_MARK}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    building = final.parent / f"{_MARK}{final.name}-{os.getpid()}"
    building.mkdir()
    try:
        yield building
        building.rename(final)
    finally:
        shutil.rmtree(building, ignore_errors=True)
