"""What the user sees: plain sentences, and a sign of life on every step that takes its time."""

from __future__ import annotations

import sys
import time


class Failure(Exception):
    """Something the user can do something about: printed as it is, exit status 2."""


def say(text: str) -> None:
    """Tell how things go. On standard error, so that what a script prints can be piped on."""
    print(text, file=sys.stderr, flush=True)


def seconds(elapsed: float) -> str:
    return f"{elapsed:.0f} s" if elapsed >= 9.95 else f"{elapsed:.1f} s"


class Progress:
    """One step. Quick ones stay silent; others tell their name, then the seconds gone by."""

    QUIET = 2.0
    EVERY = 15.0

    def __init__(self, title: str) -> None:
        self.title = title
        self.started = self.told = time.monotonic()
        self.visible = False
        self.live = sys.stderr.isatty()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def tick(self) -> None:
        """To be called several times a second while the step lasts."""
        if self.elapsed < self.QUIET:
            return
        now = time.monotonic()
        if self.live and now - self.told >= 0.5:
            sys.stderr.write(f"\r\033[K{self.title} … {seconds(self.elapsed)}")
            sys.stderr.flush()
            self.told, self.visible = now, True
        elif not self.live and (not self.visible or now - self.told >= self.EVERY):
            say(f"{self.title} … {seconds(self.elapsed)}")
            self.told, self.visible = now, True

    def done(self) -> None:
        if not self.visible:
            return
        if self.live:
            sys.stderr.write("\r\033[K")
        say(f"{self.title}: done in {seconds(self.elapsed)}")

    def broken(self) -> None:
        if self.visible and self.live:
            sys.stderr.write("\n")
