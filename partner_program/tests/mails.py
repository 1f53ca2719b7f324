"""Raw mails for the tests of the gateway, as a mail server hands them over."""

from email.message import EmailMessage

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
