"""Failures are one sentence, and nothing outlives a call."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devkit import process
from devkit.console import Failure
from devkit.paths import ROOT


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def failure_of(script: str) -> str:
    with pytest.raises(Failure) as caught:
        process.run([sys.executable, "-c", script], "Doing it")
    return str(caught.value)


def test_the_end_of_a_traceback_is_told():
    assert "ValueError: too blue" in failure_of("raise ValueError('too blue')")


def test_the_log_is_kept_and_named():
    message = failure_of("print('detail'); raise SystemExit(3)")
    log = message.split("(log: ")[1].removesuffix(").")
    assert Path(log).read_text() == "detail\n"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("Temporary failure resolving 'x'", "cannot be reached"),
        ("ssl.SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "is not trusted"),
    ],
)
def test_known_causes_are_told_in_words(text, cause):
    assert cause in failure_of(f"print({text!r}); raise SystemExit(1)")


def test_stopping_takes_grandchildren_along():
    script = "import subprocess, sys; c = subprocess.Popen(['sleep', '60']); print(c.pid, flush=True); c.wait()"
    child = process.start([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    grandchild = int(child.stdout.readline())
    process.stop_all()
    assert child.poll() is not None
    assert not is_alive(grandchild)


def test_a_child_ends_when_its_parent_is_killed():
    script = "from devkit import process; print(process.start(['sleep', '60']).pid, flush=True); input()"
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert not is_alive(child)


def is_alive(pid: int) -> bool:
    """Whether it still runs two seconds from now; one that nobody has waited for yet is dead too."""
    for _ in range(20):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return False
        if state == "Z":
            return False
        time.sleep(0.1)
    return True
