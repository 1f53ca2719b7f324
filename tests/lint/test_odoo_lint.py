"""Odoo's own lint tests (its add-on test_lint), looking at the add-ons of this checkout only.

The classes imported here are collected by pytest as if they were written here. Those that look at files ask for
all manifests, and get ours; those that look at models take the whole registry, which has ours in it. Left out:
what tests the linters themselves, what is about other modules (l10n), and ESLint, which is not on every machine.
"""

from pathlib import Path
from unittest.mock import patch

import pytest

from odoo import tools
from odoo.modules.module import Manifest

from odoo.addons.test_lint.tests.test_docstring import TestDocstring
from odoo.addons.test_lint.tests.test_dunderinit import TestDunderinit
from odoo.addons.test_lint.tests.test_i18n import TestI18n
from odoo.addons.test_lint.tests.test_index import TestIndex
from odoo.addons.test_lint.tests.test_jstranslate import TestJsTranslations
from odoo.addons.test_lint.tests.test_manifests import ManifestLinter
from odoo.addons.test_lint.tests.test_naming import TestNaming
from odoo.addons.test_lint.tests.test_onchange_domains import TestOnchangeDomains
from odoo.addons.test_lint.tests.test_orm_import import TestDunderinit as TestOrmImport
from odoo.addons.test_lint.tests.test_override_signatures import TestLintOverrideSignatures
from odoo.addons.test_lint.tests.test_pofile import PotLinter
from odoo.addons.test_lint.tests.test_pylint import TestPyLint
from odoo.addons.test_lint.tests.test_routes import RoutesLinter
from odoo.addons.test_lint.tests.test_test_holes import TestTestHoles

ROOT = Path(__file__).resolve().parents[2]
OURS = [manifest for manifest in Manifest.all_addon_manifests() if Path(manifest.path).parent == ROOT]


@pytest.fixture(autouse=True)
def only_our_addons(caplog):
    """Show the tests our manifests only; what they merely log as a warning is an error here."""
    assert OURS, "no add-on of this checkout is in the addons path"
    caplog.set_level("WARNING", logger="odoo.addons.test_lint")
    with (
        patch.object(Manifest, "all_addon_manifests", lambda: OURS),
        patch.object(tools.config, "root_path", OURS[0].path),
    ):
        yield
    complaints = [record.getMessage() for record in caplog.records if record.name.startswith("odoo.addons.test_lint")]
    assert not complaints, "\n".join(complaints)
