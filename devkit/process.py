"""Running other programs: with progress, a log to look into, and nothing left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .console import Failure, Progress
from .paths import cache_root

Command = Sequence["str | os.PathLike[str]"]

_running: list[subprocess.Popen[Any]] = []

# What a program writes when the cause is not ours, and what to tell the user then.
_KNOWN_CAUSES = (
    (r"No space left on device|ENOSPC|not enough free space", "the disk is full: make room in {cache} and try again"),
    (
        r"Temporary failure (in name )?resol|Could not resolve|Name or service not known"
        r"|Failed to establish a new connection|Network is unreachable|Cannot initiate the connection"
        r"|Could not connect to|Connection timed out|ConnectTimeoutError|NewConnectionError",
        "the network (or the package registry this machine is set up with) cannot be reached: "
        "check the connection and try again",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|[Cc]ertificate verification failed",
        "the certificate of the package registry is not trusted: point PIP_CERT and SSL_CERT_FILE at the "
        "machine's bundle of certificates",
    ),
)
# What tells most: the end of a traceback with its second line, or what pip, apt and PostgreSQL call an error.
_ERROR = r"^(?:[\w.]+(?:Error|Exception|Violation): .+(?:\n(?!\d{4}-)\S.*)?|ERROR: .+|E: .+|psql: .+)$"


def _die_with_parent() -> None:
    """Ask the kernel (PR_SET_PDEATHSIG) to end the child when this call is killed outright."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def start(command: Command, **options: Any) -> subprocess.Popen[Any]:
    """A child in a session of its own, so that it can be stopped as a whole, whoever asks."""
    child = subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_parent, **options)
    _running.append(child)
    return child


def finish(child: subprocess.Popen[Any], tick: Callable[[], None] | None = None) -> int:
    """Wait for a child of `start`."""
    while True:
        try:
            code = child.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            if tick:
                tick()
            continue
        if child in _running:
            _running.remove(child)
        return code


def stop_all() -> None:
    """Stop what is still running: first as Ctrl-C would, then more firmly, then by force."""
    for number in (signal.SIGINT, signal.SIGTERM):
        for child in _running:
            _signal_group(child, number)
        deadline = time.monotonic() + 6
        while any(child.poll() is None for child in _running) and time.monotonic() < deadline:
            time.sleep(0.05)
    for child in _running:
        # Also what the child itself left behind, such as a browser.
        _signal_group(child, signal.SIGKILL)
    _running.clear()


def stop(child: subprocess.Popen[Any]) -> None:
    """Stop one child of `start`, with all that it started."""
    others = [other for other in _running if other is not child]
    _running[:] = [child]
    stop_all()
    _running[:] = others


def _signal_group(child: subprocess.Popen[Any], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def log_file(title: str) -> Path:
    folder = cache_root() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
    return folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{slug}-{os.getpid()}.log"


def run(
    command: Command,
    title: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    hint: str = "",
    **options: Any,
) -> Path:
    """Run to the end, output into a log that is kept when it fails. Returns the log (to read or to delete)."""
    log = log_file(title)
    progress = Progress(title)
    with log.open("wb") as output:
        child = start(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=cwd, **options
        )
        code = finish(child, progress.tick)
    if code:
        progress.broken()
        raise Failure(explain(title, log, hint))
    progress.done()
    return log


def quiet(command: Command, title: str, **options: Any) -> None:
    """Run to the end; the log matters only if it fails."""
    run(command, title, **options).unlink(missing_ok=True)


def explain(title: str, log: Path, hint: str = "") -> str:
    """One sentence on why a step failed: a cause we know, else the last line it wrote."""
    text = log.read_text(errors="replace")
    for pattern, cause in _KNOWN_CAUSES:
        if re.search(pattern, text):
            return f"{title} failed: {cause.format(cache=cache_root())} (log: {log})."
    errors = re.findall(_ERROR, text, re.M)
    lines = text.split("\n")
    last = next((line.strip() for line in reversed(errors or lines) if line.strip()), "it said nothing")
    return f"{title} failed: {hint or ' '.join(last.split())[:400].rstrip('.')} (log: {log})."


def output(command: Command, **options: Any) -> str | None:
    """What a quick program prints, or nothing if it fails or is not there."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, **options
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
