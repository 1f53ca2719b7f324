"""What a mail says, as lines of text: what its sender has typed, and what stands in it from other mails."""

import re
from typing import NamedTuple

import lxml.html

MAX_TEXT = 20_000  # characters that are looked at: nobody types more about a client
_BLOCKS = ("address", "blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol")
_BLOCKS += ("p", "pre", "section", "table", "tr", "ul")
_CELLS = ("td", "th")
_UNSEEN = "//head|//style|//script|//title|//comment()|//processing-instruction()"
_BLANKS = re.compile(r"[\s\xa0]+")
_QUOTED = re.compile(r"^\s*>[\s>]*")
_SIGNATURE = re.compile(r"^\s*--\s*$")
_OTHER_MAIL = re.compile(r"^\s*(?:-{3,} ?\w[\w' ]* ?-{3,}|_{20,})\s*$")  # "-----Original Message-----"; Outlook's line
_FROM = re.compile(r"^\W{0,3}(?:From|Von|De|Da|Van|Från|Fra)\s{0,3}:", re.IGNORECASE)
_SENT = re.compile(
    r"^\W{0,3}(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Fecha|Inviato|Data|Verzonden|Skickat|Sendt)\W{0,3}:",
    re.IGNORECASE,
)


class MailText(NamedTuple):
    """The text of a mail in two parts.

    :ivar str own: what the sender has typed, without quotes, forwarded mails and what stands below a signature mark
    :ivar str quoted: quoted and forwarded mails; also signatures that mail programs put in as such
    """

    own: str
    quoted: str


def text_of(body: str | None) -> str:
    """The lines that a reader sees of a mail in HTML, as far as :data:`MAX_TEXT`.

    Odoo's ``html2plaintext`` has no new line for ``<div>``, with which Gmail and Apple write every line, and puts marks
    of its own beside links and bold words.
    """
    root = _parse(body)
    return "" if root is None else _get_text(root)


def read_mail(body: str | None) -> MailText:
    """Tell what the sender typed from the rest.

    Odoo marks quotes of the usual mail programs when it receives a mail (``tag_quote`` in ``odoo/tools/mail.py``);
    what has no tags is told by its lines.
    """
    root = _parse(body)
    if root is None:
        return MailText("", "")
    quotes = [node for node in root.xpath("//*[@data-o-mail-quote]") if node.getparent() is not None]
    outer = [node for node in quotes if not any(one.get("data-o-mail-quote") for one in node.iterancestors())]
    quoted = []
    for node in outer:
        tail, node.tail = node.tail, None
        quoted.append(_get_text(node))
        node.tail = tail
        node.drop_tree()
    own, below = _split_lines(_get_text(root))
    return MailText(own, "\n".join([*below, *filter(None, quoted)])[:MAX_TEXT])


def _parse(body):
    if not (body or "").strip():
        return None
    parser = lxml.html.HTMLParser(encoding="utf-8")
    try:
        root = lxml.html.document_fromstring(body.encode("utf-8", "replace"), parser=parser)
    except lxml.etree.ParserError:  # comments only
        return None
    for node in root.xpath(_UNSEEN):
        if node.getparent() is not None:
            node.drop_tree()
    return root


def _get_text(root) -> str:
    """The text of an element; within ``<pre>`` lines stay as they are, elsewhere blocks and ``<br>`` make them."""
    parts = []
    _collect(root, parts)
    lines = "".join(parts)[: 4 * MAX_TEXT].splitlines()
    return "\n".join(line.replace("\xa0", " ").strip() for line in lines).strip()[:MAX_TEXT]


def _collect(root, parts):
    # Not recursive: mails nest deeper than Python does.
    kept = 0  # open <pre>
    for event, node in lxml.etree.iterwalk(root, events=("start", "end")):
        is_start = event == "start"
        if node.tag == "pre":
            kept += 1 if is_start else -1
        if node.tag == "br":
            parts += ["\n"] if is_start else []
        elif node.tag in _BLOCKS and parts and not parts[-1].endswith("\n"):
            parts.append("\n")
        elif node.tag in _CELLS:
            parts.append(" ")
        text = node.text if is_start else node.tail if node is not root else None
        if text and not kept:
            text = _BLANKS.sub(" ", text)
            text = text.lstrip() if not parts or parts[-1].endswith("\n") else text
        if text:
            parts.append(text)


def _split_lines(text) -> tuple[str, list[str]]:
    own, quoted = [], []
    part = own
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if _QUOTED.match(line):
            quoted.append(_QUOTED.sub("", line))
            continue
        if part is own and _SIGNATURE.match(line):
            part = []  # describes who writes
        elif part is not quoted and _begins_other_mail(lines, number):
            part = quoted
        part.append(line)
    return "\n".join(own).strip(), quoted


def _begins_other_mail(lines, number) -> bool:
    """Whether a mail that is quoted or forwarded without any mark begins in this line."""
    line = lines[number]
    if _OTHER_MAIL.match(line):
        return True
    return bool(_FROM.match(line)) and any(_SENT.match(one) for one in lines[number + 1 : number + 5])
