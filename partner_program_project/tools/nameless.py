"""A mail without who wrote it: ideas are read by all affiliates, and only we know whose they are."""

import re

MASK = "…"
_FEW = 15  # characters beside a name in a line of a signature: "CTO of", "Tel."


def without_sender(text: str, names, first_name: str = "") -> str:
    """The text without its signature, and with a mark in place of names that are left.

    A signature is not always marked as such: it begins at the first line, after the first one, that has little but a
    name in it. What stands below it goes too.

    :param names: how the sender may be called: person, company, addresses
    :param first_name: looked for as a line of its own only: many are words too
    """
    # Longer ones first, or a part of them would be left.
    known = sorted({name.strip() for name in names if name and len(name.strip()) > 1}, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in known) or r"(?!)", re.IGNORECASE)
    kept = []
    for number, line in enumerate(text.splitlines()):
        rest = pattern.sub("", line)
        is_name = bool(first_name) and line.strip(" ,.!").lower() == first_name.lower()
        if number and (is_name or (rest != line and len(rest.strip()) <= _FEW)):
            break
        kept.append(pattern.sub(MASK, line))
    return "\n".join(kept).strip()
