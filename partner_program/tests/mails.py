"""Raw mails for the tests of the gateway, as a mail server hands them over."""

import re
from email.message import EmailMessage
from typing import NamedTuple

TO = "partners-affiliate@fieldpro.example"


def mail(
    sender='"Nora New" <nora@new.example>', subject="Partnership", text="We would like to join.", to=TO, **options
):
    """A mail as bytes.

    :param options: ``html`` (str), ``files`` (list of ``(name, bytes)``), ``headers`` (dict; ``None`` removes one),
        ``number`` (makes the message id unique)
    """
    message = EmailMessage()
    headers = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "Message-Id": f"<{options.get('number', subject)}@mail.example>".replace(" ", "-"),
        "Date": "Mon, 05 Jan 2026 08:00:00 +0000",
        **options.get("headers", {}),
    }
    for name, value in headers.items():
        if value is not None:
            message[name] = value
    message.set_content(text)
    if html := options.get("html"):
        message.add_alternative(html, subtype="html")
    for name, content in options.get("files", ()):
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes()


class MailProgram(NamedTuple):
    """How a mail program sets the lines of a mail, and how it marks what it quotes."""

    body: str  # with {first} (the first line), {lines} (the others) and {quote}
    line: str
    quote: str  # with {lines}


PROGRAMS = {
    "gmail": MailProgram(
        '<div dir="ltr">{first}{lines}</div>{quote}',
        "<div>{}</div>",
        '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Thu, FieldPro &lt;'
        '<a href="mailto:office@fieldpro.example">office@fieldpro.example</a>&gt; wrote:<br></div>'
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{lines}</blockquote></div>',
    ),
    "apple": MailProgram(
        '<html><body dir="auto">{first}{lines}<div dir="ltr">Sent from my iPhone</div>{quote}</body></html>',
        "<div>{}</div>",
        '<div dir="ltr"><br><blockquote type="cite">On 1 Jan, FieldPro wrote:<br></blockquote></div>'
        '<blockquote type="cite"><div dir="ltr">{lines}</div></blockquote>',
    ),
    "outlook": MailProgram(  # in French, as Word writes it
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal {{margin:0cm;}}</style>'
        "</head><body lang=FR><div class=WordSection1><p class=MsoNormal>{first}</p>{lines}{quote}</div></body></html>",
        "\n<p class=MsoNormal>{}<o:p></o:p></p>",
        '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class=MsoNormal><b>De&nbsp;:</b> FieldPro '
        "&lt;office@fieldpro.example&gt; <br><b>Envoy&eacute;&nbsp;:</b> lundi 5 janvier 2026 09:00<br>"
        "<b>&Agrave;&nbsp;:</b> Ann<br><b>Objet&nbsp;:</b> Bienvenue<o:p></o:p></p></div></div>{lines}",
    ),
    "outlook_web": MailProgram(
        '<html><body dir="ltr"><div>{first}</div>{lines}{quote}</body></html>',
        '\r\n<div class="elementToProof">{}</div>',
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr">'
        "<font><b>From:</b> FieldPro</font><div>&nbsp;</div></div><div>{lines}</div>",
    ),
    "thunderbird": MailProgram(  # one writes below what is quoted
        "<html><body>{quote}<p>{first}{lines}</p></body></html>",
        "<br>{}",
        '<div class="moz-cite-prefix">On 1/5/26 09:00, FieldPro wrote:<br></div>'
        '<blockquote type="cite" cite="mid:1@fieldpro.example">{lines}'
        '<pre class="moz-signature" cols="72">-- \nFieldPro</pre></blockquote>',
    ),
    "text": MailProgram(
        "<pre>{first}{lines}{quote}</pre>", "\n{}", "\n\n-----Original Message-----\nFrom: FieldPro\nSent: today{lines}"
    ),
}


def as_written_in(program, lines, quoted=()):
    """The HTML of a mail with these lines, and with others that it quotes, as a program of ``PROGRAMS`` writes it."""
    form = PROGRAMS[program]

    def show(line):
        if program == "text":
            return line
        if program == "outlook":
            line = line.replace(": ", "&nbsp;:\n", 1)
        return re.sub(r"([\w.]+@[\w.]+)", r'<a href="mailto:\1">\1</a>', line) or "<br>"

    def set_lines(part):
        return "".join(form.line.format(show(line)) for line in part)

    quote = form.quote.format(lines=set_lines(quoted)) if quoted else ""
    return form.body.format(first=show(lines[0]), lines=set_lines(lines[1:]), quote=quote)


BOUNCE = b"""\
From: MAILER-DAEMON@mail.example
To: partners-affiliate@fieldpro.example
Subject: Undelivered Mail Returned to Sender
Message-Id: <bounce@mail.example>
Return-Path: <>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver your mail.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
Final-Recipient: rfc822; nobody@new.example
Action: failed
--b--
"""

BROKEN_ENCODING = b"""\
From: =?utf-8?q?J=C3=BCrgen_Gro=C3=9F?= <juergen@gross.example>
To: partners-affiliate@fieldpro.example
Subject: =?iso-8859-1?q?Gr=FC=DFe?=
Message-Id: <broken@mail.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Wir m\xf6chten Partner werden \xff\xfe, sagt J\xc3\xbcrgen.
"""
