"""The add-ons of this checkout, as their manifests tell."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path

from .console import Failure
from .paths import ROOT

MAIN = "partner_program"


@dataclass(frozen=True)
class Addon:
    path: Path
    depends: frozenset[str]
    auto_install: bool

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_for_tests(self) -> bool:
        return self.name.startswith("test_")


def all_addons() -> list[Addon]:
    found = []
    for manifest in sorted(ROOT.glob("*/__manifest__.py")):
        try:
            content = ast.literal_eval(manifest.read_text())
        except (SyntaxError, ValueError) as error:
            raise Failure(f"{manifest} cannot be read: {error}.") from error
        if content.get("installable", True):
            depends, auto = frozenset(content.get("depends", ["base"])), bool(content.get("auto_install"))
            found.append(Addon(manifest.parent, depends, auto))
    return found


def bridges() -> list[Addon]:
    """The add-ons that install themselves as soon as both of their sides are there."""
    return [addon for addon in all_addons() if addon.auto_install]


def to_install(*, tests: bool) -> list[str]:
    """Names of the add-ons to ask for; those made for tests only where wanted, bridges come by themselves."""
    return [addon.name for addon in all_addons() if not addon.auto_install and (tests or not addon.is_for_tests)]


def dependencies(*, tests: bool, with_bridges: bool) -> list[str]:
    """What the add-ons need from Odoo: this is what a template database is made of."""
    names = {addon.name for addon in all_addons()}
    chosen = [addon for addon in all_addons() if tests or not addon.is_for_tests]
    needed = {name for addon in chosen for name in addon.depends if with_bridges or not addon.auto_install}
    return sorted((needed - names) | {"base"} | ({"test_lint"} if tests else set()))


def source_digest() -> str:
    """Changes whenever a file of the add-ons does."""
    total = hashlib.sha256()
    for addon in all_addons():
        for path in sorted(addon.path.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(str(path.relative_to(ROOT)).encode())
                total.update(path.read_bytes())
    return total.hexdigest()[:16]
