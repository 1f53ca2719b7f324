"""What ODOO_SOURCE may point at."""

import pytest

from devkit.console import Failure
from devkit.odoo_source import from_checkout


def checkout(folder, version, addons="addons"):
    (folder / "odoo").mkdir(parents=True)
    (folder / "odoo" / "release.py").write_text(f"version_info = {version!r}\n")
    (folder / addons / "crm").mkdir(parents=True)
    (folder / addons / "crm" / "__manifest__.py").write_text("{}")
    return folder


@pytest.mark.parametrize("addons", ["addons", "odoo/addons"])
def test_a_checkout_of_19_is_taken(tmp_path, addons):
    folder = checkout(tmp_path / "my odoo", (19, 0, 0, "final", 0, ""), addons)
    source = from_checkout(folder)
    assert source.python_path == folder
    assert folder / addons in source.addons


@pytest.mark.parametrize("version", [(18, 0, 0, "final", 0, ""), ("saas~19", 2, 0, "final", 0, "")])
def test_another_version_is_refused_by_name(tmp_path, version):
    with pytest.raises(Failure, match=rf"holds Odoo {version[0]}\.{version[1]}, not Odoo 19\.0"):
        from_checkout(checkout(tmp_path, version))


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(Failure, match="no Odoo checkout"):
        from_checkout(tmp_path)


def test_a_new_commit_is_another_version(tmp_path):
    """So that the template database is made anew."""
    folder = checkout(tmp_path, (19, 0, 0, "final", 0, ""))
    (folder / ".git" / "refs" / "heads").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/19.0\n")
    versions = set()
    for commit in ("aaa", "bbb"):
        (folder / ".git" / "refs" / "heads" / "19.0").write_text(f"{commit}\n")
        versions.add(from_checkout(folder).version)
    assert len(versions) == 2
