"""What one piece of work costs: statements, CPU of Python and of PostgreSQL, wall time, memory, rows read."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import re
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from odoo import sql_db
from odoo.tools import SQL

TICK = 1 / os.sysconf("SC_CLK_TCK")


def process_cpu(pid: int) -> float | None:
    """Seconds of CPU that a process has used; nothing if it is not of this machine or not for us to see."""
    try:
        nanoseconds = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        if nanoseconds:
            return nanoseconds / 1e9
    except (OSError, ValueError, IndexError):
        pass
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) * TICK


def _memory(name: str) -> float:
    """MiB of this process, as the kernel counts them: VmRSS (now) or VmHWM (the most so far)."""
    match = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    return int(match[1]) / 1024 if match else 0.0


def tidy_memory() -> None:
    """Collect garbage, give freed memory back to the kernel, and start counting the peak anew."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # musl has no malloc_trim
        ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


class Meter:
    """Measures in one process; the server's part from the backends that work for its database."""

    def __init__(self, registry: Any) -> None:
        self.registry = registry

    def backends(self) -> dict[int, float | None]:
        with self.registry.cursor() as cr:
            cr.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            return {pid: process_cpu(pid) for (pid,) in cr.fetchall()}

    @contextlib.contextmanager
    def measured(self, *, memory: bool = False) -> Iterator[dict[str, Any]]:
        """Cost of what is done inside; `memory` tidies up before, which takes a moment."""
        result: dict[str, Any] = {}
        if memory:
            tidy_memory()
            result["rss_before"] = _memory("VmRSS")
        before = self.backends()
        sql, cpu, wall = sql_db.sql_counter, time.process_time(), time.perf_counter()
        yield result
        wall, cpu, sql = time.perf_counter() - wall, time.process_time() - cpu, sql_db.sql_counter - sql
        after = self.backends()
        known = None not in (*before.values(), *after.values())
        server = sum(after[pid] - (before.get(pid) or 0.0) for pid in after) if known else None
        result.update(sql=sql, cpu_python=cpu, cpu_server=server, wall=wall)
        if memory:
            result["peak"] = _memory("VmHWM") - result["rss_before"]


class RssSampler(threading.Thread):
    """Notes how large the process is, twice a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.samples: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            self.samples.append(_memory("VmRSS"))

    def __enter__(self) -> RssSampler:
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.over.set()
        self.join()


@contextlib.contextmanager
def python_peak() -> Iterator[dict[str, float]]:
    """MiB that Python objects took at most. Slows everything down: for a pass of its own."""
    result: dict[str, float] = {}
    gc.collect()
    tracemalloc.start()
    try:
        yield result
        result["python_peak"] = tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


_SHAPES = (
    (re.compile(r"(%s(?:::\w+)?, *)+%s"), "%s"),
    (re.compile(r'^SELECT "(\w+)"\."id", .* FROM "\1" '), r'SELECT … FROM "\1" '),
    (re.compile(r'^(UPDATE "\w+") SET .*'), r"\1 SET …"),
    (re.compile(r'^(INSERT INTO "\w+") .*'), r"\1 …"),
    (re.compile(r" ORDER BY .*$"), ""),
    (re.compile(r"savepoint \S+", re.I), "SAVEPOINT"),
)


@contextlib.contextmanager
def statements() -> Iterator[Counter[str]]:
    """How often each shape of statement was sent, through Odoo's own hook."""
    found: Counter[str] = Counter()

    def note(_cursor: Any, query: Any, *_: Any) -> None:
        shape = query.code if isinstance(query, SQL) else str(query)
        shape = " ".join(shape.split())
        for pattern, replacement in _SHAPES:
            shape = pattern.sub(replacement, shape)
        found[shape] += 1

    thread: Any = threading.current_thread()
    thread.query_hooks = [note]
    try:
        yield found
    finally:
        del thread.query_hooks
