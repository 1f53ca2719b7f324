"""A mail without who wrote it: ideas are read by all affiliates, and only we know whose they are."""

import re

from odoo.addons.partner_program.tools.mail_text import ADDRESS

MASK = "…"
_PHONE = re.compile(r"(?<![\w+])(?:\+|0)(?:[ .()-]{0,3}\d){8,14}(?!\w)")


def without_sender(text: str, person: str | None, names) -> str:
    """The text with a mark in place of who sent it; nothing else of what was typed is left out.

    A signature that is not marked as such keeps its lines: what looks like one may be the first line of a list.

    :param person: whose name is found in any order of its words; in part, as a line of its own only: many are words too
    :param names: how else the sender may be called: company, addresses
    """
    words = re.findall(r"\w+", person or "")
    # Longer ones first, or a part of them would be left. A mail program may have begun a new line within one.
    known = sorted({name.strip() for name in names if name and len(name.strip()) > 1}, key=len, reverse=True)
    called = [r"\s+".join(map(re.escape, name.split())) for name in known]
    if len(words) > 1:
        word = f"(?:{'|'.join(map(re.escape, words))})"
        called.insert(0, rf"{word}(?:[\s,.'’-]{{1,3}}{word}){{{len(words) - 1}}}")
    if called:
        text = re.sub(rf"(?<!\w)(?:{'|'.join(called)})(?!\w)", MASK, text, flags=re.IGNORECASE)
    text = _PHONE.sub(MASK, ADDRESS.sub(MASK, text))
    own = {word.lower() for word in words}
    lines = []
    for line in text.splitlines():
        found = set(re.findall(r"\w+", line.lower()))
        lines.append(MASK if found and found <= own else line)
    return "\n".join(lines).strip()
