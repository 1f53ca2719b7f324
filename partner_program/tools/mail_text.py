"""What a mail says, as lines of text: what its sender has typed, and what it quotes or forwards."""

import re
from typing import NamedTuple

import lxml.html

MAX_TEXT = 20_000  # characters that are looked at: nobody types more about a client
ADDRESS = re.compile(r"(?<![\w.+-])\w[\w.+'-]{0,63}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,63}(?![\w-])")
_BLOCKS = {"address", "blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p"}
_BLOCKS |= {"pre", "section", "table", "tr", "ul"}
_CELLS = {"td", "th"}
_UNSEEN = {"head", "script", "style", "title"}
_OUTLOOK_QUOTE = "divRplyFwdMsg"  # begins what Outlook quotes: all that follows
_EDGE = "\x1e"  # where a block begins or ends: a new line, unless there is one
_EDGES = re.compile(rf"\n? ?{_EDGE}[ {_EDGE}]*")
_SPACES = re.compile(rf"[^\S\n{_EDGE}]+")
_BLANKS = re.compile(r"\s+")
_QUOTED = re.compile(r"^\s*>[\s>]*")
_SIGNATURE = re.compile(r"^\s*--\s*$")
_FROM = re.compile(r"^\W{0,3}(?:From|Von|De|Da|Van|Från|Fra)\s{0,3}:", re.IGNORECASE)
_SENT = re.compile(
    r"^\W{0,3}(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Fecha|Inviato|Data|Verzonden|Skickat|Sendt)\s{0,3}:",
    re.IGNORECASE,
)


class MailText(NamedTuple):
    """The text of a mail in two parts; signatures, as far as they are marked, are in neither.

    :ivar str own: what the sender has typed
    :ivar str quoted: quoted and forwarded mails
    """

    own: str
    quoted: str


def text_of(body: str | None) -> str:
    """The lines that a reader sees of a mail in HTML, as far as :data:`MAX_TEXT`.

    Odoo's ``html2plaintext`` has no new line for ``<div>``, with which Gmail and Apple write every line, and puts marks
    of its own beside links and bold words.
    """
    return _to_lines([piece for _is_quoted, piece in _walk(body)])


def read_mail(body: str | None) -> MailText:
    """Tell what the sender typed from the rest.

    Odoo marks quotes of the usual mail programs when it receives a mail (``tag_quote`` in ``odoo/tools/mail.py``);
    what has no tags is told by its lines.
    """
    pieces = {False: [], True: []}
    last = False
    for is_quoted, piece in _walk(body, with_signatures=False):
        if is_quoted != last:
            pieces[is_quoted].append(_EDGE)
            last = is_quoted
        pieces[is_quoted].append(piece)
    own, below = _split_lines(_to_lines(pieces[False]))
    marked, deeper = _split_lines(_to_lines(pieces[True]))
    return MailText("\n".join(own).strip(), "\n".join([*marked, *deeper, *below]).strip())


def _walk(body, with_signatures=True):
    """Pieces of the text in the order of the mail, each with whether it is quoted; not recursive, mails nest deep."""
    walker = lxml.etree.iterwalk(_parse(body), events=("start", "end", "comment", "pi"))
    above = [_Element()]  # the elements that are open
    length = 0
    is_rest_quoted = False
    for event, node in walker:
        piece, is_block = "", node.tag in _BLOCKS
        if event == "start":
            is_rest_quoted = is_rest_quoted or node.get("id") == _OUTLOOK_QUOTE
            above.append(above[-1].open(node))
            if node.tag in _UNSEEN or (not with_signatures and _is_signature(node)):
                walker.skip_subtree()
            else:
                piece = node.text or ""
        is_quoted = above[-1].is_quoted or is_rest_quoted
        if is_block:
            yield is_quoted, _EDGE
        elif event == "start" and node.tag == "br":
            yield is_quoted, "\n"
        elif event == "end" and node.tag in _CELLS:
            yield is_quoted, " "
        if event == "end":
            above.pop()
        if event != "start":
            piece = node.tail or ""
        length += len(piece)
        if piece:
            yield above[-1].is_quoted or is_rest_quoted, piece if above[-1].is_kept else _BLANKS.sub(" ", piece)
        if length > 4 * MAX_TEXT:
            return


def _parse(body):
    parser = lxml.html.HTMLParser(encoding="utf-8")
    try:
        return lxml.html.document_fromstring((body or "").encode("utf-8", "replace"), parser=parser)
    except lxml.etree.ParserError:  # nothing in it
        return lxml.html.Element("html")


class _Element:
    """An element that is open during the walk."""

    def __init__(self, is_quoted=False, is_kept=False, has_quotes=False, is_typed=False):
        self.is_quoted = is_quoted
        self.is_kept = is_kept  # its lines are as in the source
        self.has_quotes = has_quotes
        self.is_past_quote = False
        self.is_typed = is_typed  # although it is marked

    def open(self, node):
        """The element below this one.

        Gmail puts what is typed below a quote beside it, into the same element, and Odoo marks all of that: there the
        ``<blockquote>`` is the quote, with the line about its author that stands before.
        """
        is_typed = self.is_typed or self.is_past_quote
        is_marked = bool(node.get("data-o-mail-quote")) and not is_typed
        has_quotes = is_marked and node.find("blockquote") is not None
        if node.tag == "blockquote":
            self.is_past_quote = self.has_quotes
            is_quote = True
        elif self.has_quotes:
            is_quote = not is_typed
        else:
            is_quote = is_marked and not has_quotes
        return _Element(self.is_quoted or is_quote, self.is_kept or node.tag == "pre", has_quotes, is_typed)


def _is_signature(node) -> bool:
    return node.get("data-smartmail") == "gmail_signature" or node.get("id") == "Signature"


def _to_lines(pieces) -> str:
    text = _EDGES.sub("\n", _SPACES.sub(" ", "".join(pieces)))
    return "\n".join(line.strip() for line in text.split("\n")).strip()[:MAX_TEXT]


def _split_lines(text) -> tuple[list[str], list[str]]:
    """Lines, and those that are quoted in them; what stands below a signature mark describes who writes."""
    own, quoted = [], []
    part, quote = own, quoted
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _QUOTED.match(line):
            unquoted = _QUOTED.sub("", line)
            quote = [] if _SIGNATURE.match(unquoted) else quote
            quote.append(unquoted)
            continue
        quote = quoted
        if _begins_other_mail(lines, number):
            part = quoted
        elif _SIGNATURE.match(line):
            part = []
        part.append(line)
    return own, quoted


def _begins_other_mail(lines, number) -> bool:
    """Whether a mail that is quoted or forwarded without any mark begins in this line: who sent it, and when."""
    for first, second in ((_FROM, _SENT), (_SENT, _FROM)):
        if first.match(lines[number]) and any(second.match(one) for one in lines[number + 1 : number + 5]):
            return True
    return False
