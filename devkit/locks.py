"""Locks of the kernel: they vanish with the process, so a killed call never leaves one behind."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .console import Progress, say


def _open(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a")


@contextmanager
def exclusive(path: Path, doing: str) -> Iterator[None]:
    """Hold the lock; wait for it, and say so, when another call has it."""
    with _open(path) as handle:
        if not _try(handle, fcntl.LOCK_EX):
            say(f"Another ./dev is at work; waiting for it before {doing}.")
            progress = Progress("Waiting for the other ./dev")
            while not _try(handle, fcntl.LOCK_EX):
                progress.tick()
                time.sleep(0.2)
            progress.done()
        yield


class UseCount:
    """How many calls use something: each holds a share; who can get it alone is the last."""

    def __init__(self, path: Path) -> None:
        self.handle = _open(path)

    def join(self) -> None:
        fcntl.flock(self.handle, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        return _try(self.handle, fcntl.LOCK_EX)

    def leave(self) -> None:
        self.handle.close()


def held(path: Path) -> IO[str] | None:
    """The lock, to be closed when done with, or nothing if another call holds it."""
    handle = _open(path)
    if _try(handle, fcntl.LOCK_EX):
        return handle
    handle.close()
    return None


def _try(handle: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
