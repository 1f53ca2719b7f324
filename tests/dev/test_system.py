"""Missing system packages."""

import pytest

from devkit import system
from devkit.console import Failure

MISSING = system.Need("Frobnicator", "frob", lambda: False)


def test_who_is_not_root_is_told_the_one_command(monkeypatch):
    monkeypatch.setattr(system, "privilege", lambda: None)
    monkeypatch.setattr(system.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(Failure, match="apt-get install -y --no-install-recommends frob"):
        system.ensure([MISSING])


def test_without_apt_the_packages_are_named(monkeypatch):
    monkeypatch.setattr(system.shutil, "which", lambda name: None)
    with pytest.raises(Failure, match="its own package manager: frob"):
        system.ensure([MISSING])


def test_nothing_is_installed_when_nothing_is_missing(monkeypatch):
    monkeypatch.setattr(system, "install", lambda *_: pytest.fail("not needed"))
    system.ensure([system.Need("Python", "python3", lambda: True)])
