"""docs/policy.md is a map: every row is on it, and each place that it names exists."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "policy.md"
ROWS = [*(f"P{number}" for number in range(1, 27)), *(f"D{number}" for number in range(1, 18))]
ADMITTED = ("not yet", "judgement")
_REFERENCE = re.compile(r"`([\w./]+)::(\w+)`")
_MENU = re.compile(r"\*([^*]+)\*")


def _table():
    """``{row: [what, screen, code, test]}``; a row written twice comes with both."""
    found = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"[PD]\d+", cells[0]):
            found.setdefault(cells[0], []).append(cells[1:])
    return found


TABLE = _table()
REFERENCES = sorted(set(_REFERENCE.findall(PAGE.read_text())))


@functools.cache
def _names(path):
    """What a file defines: functions, classes and assigned names of Python, ids of XML."""
    if path.suffix == ".xml":
        return {element.get("id") for element in ElementTree.parse(path).iter() if element.get("id")}
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names


def test_each_row_is_there_once():
    assert {row: len(lines) for row, lines in TABLE.items()} == dict.fromkeys(ROWS, 1)


@pytest.mark.parametrize("row", ROWS)
def test_each_row_names_code_and_test_or_admits_that_there_is_none(row):
    [(_what, screen, code, test)] = TABLE[row]
    for cell in (code, test):
        assert _REFERENCE.search(cell) or any(word in cell for word in ADMITTED)
    assert screen or code == "not yet"


@pytest.mark.parametrize(("path", "name"), REFERENCES, ids=["::".join(pair) for pair in REFERENCES])
def test_each_reference_exists(path, name):
    places = [ROOT / "partner_program" / path, ROOT / path]
    files = [place for place in places if place.is_file()]
    assert files, f"There is no {path}"
    assert any(name in _names(file) for file in files), f"{path} has no {name}"


def test_each_menu_exists():
    menus = ElementTree.parse(ROOT / "partner_program" / "views" / "partner_program_menus.xml")
    paths = set()

    def walk(parent, trail):
        for item in parent.findall("menuitem"):
            here = (*trail, item.get("name"))
            paths.add(here)
            walk(item, here)

    walk(menus.getroot(), ())
    named = {
        ("Partner Program", *text.split(" › "))
        for [(_what, screen, _code, _test)] in TABLE.values()
        for text in _MENU.findall(screen)
    }
    assert named, "The page names no menu"
    assert not named - paths
