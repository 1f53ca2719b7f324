"""Options of the whole suite."""

import os
import shutil
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the tests marked `long`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # A class of fixtures that is imported is taken for a test: Odoo's base class has a method `runTest`.
    items[:] = [item for item in items if item.name != "runTest"]
    slow = config.rootpath / "tests"  # races, uninstalls: minutes each
    items.sort(key=lambda item: not item.path.is_relative_to(slow))
    if config.getoption("--long"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: --long runs it"))


@pytest.fixture(scope="session", autouse=True)
def own_filestore(request):
    """A filestore for each worker, as each has a database.

    pytest-odoo lets the workers share one. Odoo collects garbage at the end of each test class
    (odoo/tests/common.py, ``_gc_filestore``), and the database of one worker knows nothing of the files of another.
    """
    if not os.environ.get("PYTEST_XDIST_WORKER") or not request.config.pluginmanager.has_plugin("odoo"):
        yield
        return
    request.getfixturevalue("load_registry")
    from odoo.tests.common import get_db_name
    from odoo.tools import config

    shared = Path(config.filestore(get_db_name()))
    own = shared.with_name(get_db_name())
    if shared.exists():
        shutil.copytree(shared, own, copy_function=os.link, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "filestore", type(config).filestore.__get__(config))
        yield
    shutil.rmtree(own, ignore_errors=True)
