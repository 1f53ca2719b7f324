"""`./dev i18n`: the terms of the code into each add-on's .pot, and the .po files brought up to it.

The first half runs as part of `./dev`; the second half, below, runs in Odoo's Python environment, which has polib.
"""

from __future__ import annotations

import sys
from pathlib import Path

LISTED = 40  # missing terms shown


def main() -> int:
    from . import addons, stack
    from .console import say
    from .templates import BRIDGES, TEST, Templates

    translated = [addon for addon in addons.all_addons() if not addon.is_for_tests]
    # Each where only its own side of the applications is there: other add-ons add fields to its models.
    parts = {
        TEST: [addon for addon in translated if not addon.auto_install],
        BRIDGES: [addon for addon in translated if addon.auto_install],
    }
    missing = 0
    with stack.ready() as here:
        for kind, chosen in parts.items():
            if chosen:
                missing |= _bring_up(here, Templates(here), kind, chosen)
    say("Some terms wait for their translation." if missing else "Every term is translated.")
    return 0


def _bring_up(here, templates, kind, chosen) -> int:
    """Export the terms of some add-ons from a fresh database, and merge them; 1 if any waits for its translation."""
    from . import process

    with here.databases.scratch("i18n") as name:
        templates.clone(kind, name)
        templates.install(name, kind=kind)
        for addon in chosen:
            (addon.path / "i18n").mkdir(exist_ok=True)
        names = [addon.name for addon in chosen]
        here.run_odoo("Exporting the terms", "i18n", "export", "-d", name, *names, "-l", "pot").unlink()
        folders = [str(addon.path / "i18n") for addon in chosen]
        return process.finish(process.start([str(here.python), __file__, *folders], env=here.env()))


# In Odoo's Python environment from here on


def merge(folder: Path) -> list[str]:
    """Bring the .po files of a folder up to its .pot; returns the terms that wait for a translation."""
    import polib

    template = polib.pofile(str(next(folder.glob("*.pot"))), wrapwidth=78)
    template.metadata.pop("POT-Creation-Date", None)
    template.metadata.pop("PO-Revision-Date", None)
    template.save()
    waiting = []
    for path in sorted(folder.glob("*.po")) or [folder / "fr.po"]:
        texts = polib.pofile(str(path), wrapwidth=78) if path.exists() else _new(template)
        known = {entry.msgid: entry for entry in texts if not entry.obsolete}
        merged = polib.POFile(wrapwidth=78)
        merged.header, merged.metadata = texts.header, texts.metadata
        for entry in template:
            old = known.get(entry.msgid)
            entry.msgstr = old.msgstr if old else ""
            merged.append(entry)
            if not entry.msgstr:
                waiting.append(f"{path.parent.parent.name}/{path.name}: {entry.msgid!r}")
        merged.save(str(path))
    return waiting


def _new(template):
    import polib

    texts = polib.POFile(wrapwidth=78)
    texts.header = template.header
    texts.metadata = {**template.metadata, "Language": "fr", "Plural-Forms": "nplurals=2; plural=n > 1;"}
    return texts


if __name__ == "__main__":
    found = [term for folder in sys.argv[1:] for term in merge(Path(folder))]
    for line in found[:LISTED]:
        print(line)
    if len(found) > LISTED:
        print(f"… and {len(found) - LISTED} more")
    sys.exit(1 if found else 0)
