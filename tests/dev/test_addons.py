"""Each bridge is what a bridge should be: exactly two sides, by itself, in French, with tests."""

import ast

import pytest

from devkit import addons, testing
from devkit.paths import ROOT
from devkit.templates import BRIDGES, TEST

FOUND = addons.bridges()


def manifest(bridge):
    return ast.literal_eval((bridge.path / "__manifest__.py").read_text())


def test_there_are_bridges():
    assert {bridge.name for bridge in FOUND} >= {
        "partner_program_survey",
        "partner_program_project",
        "partner_program_mass_mailing",
        "partner_program_website_slides",
    }


@pytest.mark.parametrize("bridge", FOUND, ids=[bridge.name for bridge in FOUND])
def test_a_bridge_has_two_sides_french_and_tests(bridge):
    other = bridge.name.removeprefix("partner_program_")
    assert manifest(bridge)["depends"] == [addons.MAIN, other]
    assert manifest(bridge)["auto_install"] is True
    assert (bridge.path / "i18n" / "fr.po").is_file()
    assert (bridge.path / "tests" / "test_translations.py").is_file()


def test_the_suite_of_the_add_on_runs_without_the_applications_of_the_bridges():
    applications = {name for bridge in FOUND for name in bridge.depends} - {addons.MAIN}
    needed = set(addons.dependencies(tests=True, with_bridges=False))
    assert not (applications | {"website"}) & needed
    assert applications <= set(addons.dependencies(tests=False, with_bridges=True))


def kinds(*arguments):
    return [kind for kind, _arguments in testing._parts(list(arguments))]


def test_paths_say_which_database_is_meant():
    tests = f"{FOUND[0].name}/tests"
    assert kinds() == kinds("-q") == [TEST, BRIDGES]
    assert kinds("partner_program/tests/test_structure.py") == [TEST]
    assert kinds(tests) == [BRIDGES]
    assert kinds("-k", "story", tests, "tests/dev") == [TEST, BRIDGES]


def test_without_a_path_the_tests_of_all_bridges_are_run():
    [_core, (_kind, arguments)] = testing._parts(["-q"])
    assert arguments == ["-q", *(str((bridge.path / "tests").relative_to(ROOT)) for bridge in FOUND)]
