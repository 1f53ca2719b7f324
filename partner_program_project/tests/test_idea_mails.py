"""Ideas that come by mail: all affiliates read what was typed, nobody who typed it (P5)."""

from odoo.tests import tagged

from ..tools.nameless import without_sender
from .common import TicketsCommon

TEXT = """\
Our crews work at night, and Byte Builders' tablets are too bright.
A dark mode would help.

Kind regards,
Ben of Byte
CTO, +33 1 23 45 67 89

On Mon, 5 Jan 2026 at 07:00, Mona <mona@fieldpro.example> wrote:
> Which features are missing at Byte Builders?
"""


@tagged("post_install", "-at_install")
class TestIdeaMails(TicketsCommon):
    def test_p5_an_idea_by_mail_has_its_text_and_the_vote_of_who_sent_it(self):
        idea = self.receive("ben@byte.example", 21, "ideas", "Dark mode for Byte Builders", TEXT)
        self.assertEqual((idea.partner_program_use, idea.partner_enrollment_id), ("ideas", self.enrollment_byte))
        self.assertEqual(idea.partner_vote_ids.partner_id, self.byte)
        text = self.page("/my/ideas", "portal_cypress")
        for words in ("Dark mode for …", "Our crews work at night", "A dark mode would help"):
            self.assertIn(words, text)
        for words in ("Byte", "Ben", "+33 1", "Which features are missing"):
            self.assertNotIn(words, text)
        self.assertIn("Byte Builders", idea.message_ids.mapped("body")[-1] + str(idea._get_spoken_messages()[0].body))
        self.assertRegex(self.page("/my/ideas", "portal_byte"), r'name="vote"[^>]*value="0"')

    def test_p18_a_ticket_by_mail_has_the_whole_mail(self):
        ticket = self.receive("ben@byte.example", 22, text=TEXT)
        self.assertIn("Ben of Byte", ticket.description)
        self.assertFalse(ticket.partner_vote_ids)

    def test_p5_a_mail_that_forwards_only_is_an_idea_with_a_title(self):
        text = TEXT[TEXT.index("On Mon") :]
        idea = self.receive("ben@byte.example", 23, "ideas", "Dark mode", text)
        self.assertEqual((idea.name, idea.partner_vote_count), ("Dark mode", 1))
        self.assertNotIn("Which features", self.page("/my/ideas", "portal_cypress"))

    def test_names_are_masked_and_nothing_else_is_lost(self):
        names = ["Byte Builders", "byte.example", "+1 415 555 0132", None, ""]
        for text, expected in (
            ("It will help.\nWill\nHead of tools", "It will help.\n…\nHead of tools"),
            ("It will help.\n\nwill@byte.example", "It will help.\n\n…"),
            ("One\nByte Builders Ltd\nwww.byte.example", "One\n… Ltd\nwww.…"),
            ("At Byte Builders it is dark.\nSo help.", "At … it is dark.\nSo help."),
            ("First\nWe at byte builders work at night\nLast", "First\nWe at … work at night\nLast"),
            ("Bytes are counted", "Bytes are counted"),
            ("Hello,\nat Byte Builders we need:\n- dark mode", "Hello,\nat … we need:\n- dark mode"),
            ("The tablets of\nByte Builders.\n\nIt should follow", "The tablets of\n….\n\nIt should follow"),
            ("The tablets of Byte\nBuilders are bright", "The tablets of … are bright"),
            ("So help.\nMARTIN DUPONT Will\nTel. +1 415 555 0132", "So help.\n…\nTel. …"),
            ("So help.\nDUPONT Will\nMobile 06 12 34 56 78, 2 of 10", "So help.\n…\nMobile …, 2 of 10"),
            ("Will Dupont-Martin, CTO", "…, CTO"),
            ("Until 2026-11-26 00:00, or 1 000 000 times", "Until 2026-11-26 00:00, or 1 000 000 times"),
        ):
            with self.subTest(text):
                self.assertEqual(without_sender(text, "Will Dupont Martin", names), expected)
        self.assertEqual(without_sender("As it is", None, []), "As it is")

    def test_p5_a_mail_program_that_many_use_names_nobody(self):
        self.byte.email = "byte.builders@gmail.com"
        text = "We all use mail:\nSync with gmail.com\nand with Outlook"
        idea = self.receive("ben@byte.example", 24, "ideas", "Mail", text)
        self.assertIn("Sync with gmail.com", idea.description)
        self.assertIn("and with Outlook", idea.description)
