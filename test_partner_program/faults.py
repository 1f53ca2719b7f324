"""Where a run can be stopped, and which guard it does without: told by the environment of the process.

``PARTNER_PROGRAM_FAULT``
    ``place:number:action``: at the given place, when it is reached for the number-th time (``*``: each time), do
    ``kill`` (the process, at once) or ``meet`` (wait for the others, see below).
``PARTNER_PROGRAM_MEETING``
    ``folder:processes``: where the processes, or threads of one, that meet leave a file each, and how many they are.
``PARTNER_PROGRAM_WITHOUT``
    Guards that are switched off, with commas between them: ``lock``, ``isolation``, ``meeting``,
    ``amount``, ``revision``, ``transaction``, ``comparison``, ``holds``.

With none of them set, this add-on changes nothing.
"""

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

PATIENCE = 60  # seconds that a process waits for the others

_reached = Counter()


def without(guard: str) -> bool:
    """Whether this process does without that guard."""
    return guard in os.environ.get("PARTNER_PROGRAM_WITHOUT", "").split(",")


def commit(cursor) -> None:
    """Commit where an add-on must not: that is what these tests are about."""
    cursor.commit()


def reach(place: str) -> None:
    """The run has come to this place."""
    fault = os.environ.get("PARTNER_PROGRAM_FAULT")
    if not fault:
        return
    where, number, action = fault.split(":")
    _reached[place] += 1
    if where != place or number not in ("*", str(_reached[place])):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    _meet()


def _meet() -> None:
    folder, processes = os.environ["PARTNER_PROGRAM_MEETING"].rsplit(":", 1)
    (Path(folder) / f"{os.getpid()}-{threading.get_ident()}.here").touch()
    end = time.monotonic() + PATIENCE
    while len(list(Path(folder).glob("*.here"))) < int(processes):
        if time.monotonic() > end:
            raise RuntimeError("The other processes did not come.")
        time.sleep(0.01)
