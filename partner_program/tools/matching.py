"""What makes two records the same company: the forms of a name, a number and an address that are compared."""

import re

# Without dots and blanks; enough for "Cobalt Clinics Ltd." to be found by "Cobalt Clinics", and the other way round.
LEGAL_FORMS = (
    *("ab", "ag", "aps", "as", "asa", "bv", "bvba", "co", "corp", "eurl", "gmbh", "gmbhcokg", "gmbhcoohg", "inc"),
    *("kft", "kg", "lda", "llc", "llp", "ltd", "limited", "nv", "oy", "oyj", "plc", "pty", "ptyltd", "pvtltd"),
    *("sa", "sarl", "sas", "sasu", "sl", "slu", "snc", "sp", "spa", "spzoo", "srl", "sro", "ug"),
)
# The same characters as in the index of res.partner (models/res_partner_matching.py): both have to agree.
_BETWEEN = re.compile(r"""[ .,;:'"&()/+_-]+""")


def squash_name(name: str | None) -> str:
    """The name in lower case, without blanks and punctuation: ``"Cobalt Clinics, Ltd."`` is ``"cobaltclinicsltd"``."""
    return _BETWEEN.sub("", (name or "").lower())


def name_variants(name: str | None) -> set[str]:
    """Squashed forms of a company's name, with each legal form and with none; empty for an empty name.

    A legal form is only taken away where it is a word of its own: "Delta Sas" is "Delta", "Gasas" stays.
    """
    words = [squash_name(word) for word in (name or "").split()]
    words = [word for word in words if word]
    if not words:
        return set()
    base = words
    for count in range(min(4, len(words) - 1), 0, -1):
        if "".join(words[-count:]) in LEGAL_FORMS:
            base = words[:-count]
            break
    core = "".join(base)
    return {core, "".join(words), *(core + form for form in LEGAL_FORMS)}


def name_words(name: str | None) -> set[str]:
    """The words of a company's name, without legal forms unless it consists of them."""
    words = {word for word in _BETWEEN.split((name or "").lower()) if word}
    return words - set(LEGAL_FORMS) or words


def is_another_name(name: str | None, known) -> bool:
    """Whether a name is that of another company than those that are known by ``known``.

    A part of its words, or more of them, may be the same company. An empty name is no other, and without one that is
    known there is no other.
    """
    known, words = [one for one in known if one], name_words(name)
    return bool(words and known) and not any(
        words <= name_words(one) or name_words(one) <= words or name_variants(one) & name_variants(name)
        for one in known
    )


def compact_number(number: str | None) -> str:
    """A tax ID without blanks and punctuation, in capitals; empty for none, and for "/", which means none."""
    return re.sub(r"[^A-Z0-9]", "", (number or "").upper())
