"""The French of this add-on is complete."""

from odoo.tests import TransactionCase, tagged

from odoo.addons.partner_program.tests.test_translations import TranslationsMixin


@tagged("post_install", "-at_install")
class TestTranslations(TranslationsMixin, TransactionCase):
    module = "partner_program_website_slides"
    at_least = 8
