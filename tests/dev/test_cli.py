"""The command line from outside."""

import os
import socket
import subprocess
import sys

import pytest

from devkit import locks, ports
from devkit.aside import built_aside
from devkit.paths import ROOT


def dev(*arguments, **env):
    return subprocess.run(
        [sys.executable, ROOT / "dev", *arguments], env={**os.environ, **env}, capture_output=True, text=True
    )


def test_help_names_every_command():
    text = dev("--help").stdout
    assert all(command in text for command in ("run", "test", "shell", "lint", "reset"))


def test_a_wrong_argument_is_status_2():
    assert dev("run", "--onec").returncode == 2


def test_an_odoo_that_is_not_19_is_one_sentence_and_status_2(tmp_path):
    result = dev("run", "--once", ODOO_SOURCE=str(tmp_path))
    assert result.returncode == 2
    assert "no Odoo checkout" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_cache_that_cannot_be_written_is_one_sentence_and_status_2():
    result = dev("reset", XDG_CACHE_HOME="/proc/nowhere")
    assert result.returncode == 2
    assert "XDG_CACHE_HOME" in result.stderr
    assert "Traceback" not in result.stderr


def test_nothing_to_reset(tmp_path):
    assert dev("reset", "--all", XDG_CACHE_HOME=str(tmp_path)).returncode == 0


def test_a_busy_port_is_passed_over():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert ports.free_port(port) > port


def test_a_folder_is_complete_or_not_there(tmp_path):
    final = tmp_path / "thing"
    with pytest.raises(RuntimeError), built_aside(final) as building:
        (building / "half").touch()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".building-thing-1").mkdir()  # of a call that was killed
    with built_aside(final) as building:
        (building / "whole").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["thing"]


def test_only_the_last_user_may_stop_what_is_shared(tmp_path):
    first, second = (locks.UseCount(tmp_path / "lock") for _ in range(2))
    first.join()
    second.join()
    assert not first.is_last()
    first.leave()
    assert second.is_last()
