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
        for words in ("Byte", "Ben", "CTO", "+33 1", "Which features are missing"):
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

    def test_signatures_and_names_are_left_out(self):
        names = ["Will Byte", "Byte Builders", "will@byte.example", "byte.example", None, ""]
        for text, expected in (
            ("It will help.\nWill\nHead of tools", "It will help."),
            ("It will help.\n\nwill@byte.example", "It will help."),
            ("One\nByte Builders Ltd\nwww.byte.example", "One"),
            ("At Byte Builders it is dark.\nSo help.", "At … it is dark.\nSo help."),
            ("First\nWe at byte builders work at night\nLast", "First\nWe at … work at night\nLast"),
            ("Bytes are counted", "Bytes are counted"),
        ):
            with self.subTest(text):
                self.assertEqual(without_sender(text, names, "Will"), expected)
        self.assertEqual(without_sender("As it is", []), "As it is")
