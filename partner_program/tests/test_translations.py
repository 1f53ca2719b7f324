"""The French file keeps up with the code: what is shown is said in French, with the same placeholders."""

import re

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import TranslationModuleReader

PLACEHOLDER = re.compile(r"%\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|%%")
TAG = re.compile(r"</?[a-zA-Z][\w.]*")


class TranslationsMixin:
    """For each add-on: its ``module``, and how many terms it has ``at_least`` (fewer would prove nothing)."""

    module: str
    at_least: int

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # module, type, name, xmlid or line, source, value, comments
        reader = TranslationModuleReader(cls.env.cr, modules=[cls.module])
        cls.terms = {source.strip() for _, _, name, xmlid, source, _, _ in reader if cls.is_ours(name, xmlid)}
        cls.french = {entry.msgid.strip(): entry for entry in polib.pofile(file_path(f"{cls.module}/i18n/fr.po"))}

    @classmethod
    def is_ours(cls, name, xmlid):
        """Say whether a term is of this add-on; what a mixin adds depends on the other add-ons in the database."""
        if name.partition(",")[0] != "ir.model.fields":
            return True
        record = cls.env.ref(xmlid)
        return cls.env[record.model]._fields[record.name]._module == cls.module

    def assert_none(self, wrong, problem):
        self.assertFalse(wrong, f"{self.module}/i18n/fr.po: {problem}:\n" + "\n".join(map(repr, sorted(wrong))))

    def test_every_term_of_the_code_is_in_the_french_file(self):
        self.assertGreater(len(self.terms), self.at_least, "the export found next to nothing, so it proves nothing")
        self.assert_none(self.terms - set(self.french), "add these terms of the code, in French")

    def test_every_term_is_translated_and_none_is_fuzzy(self):
        unsure = {
            term
            for term in self.terms & set(self.french)
            if self.french[term].fuzzy or self.french[term].obsolete or not self.french[term].msgstr.strip()
        }
        self.assert_none(unsure, "translate these terms")

    def test_placeholders_and_tags_are_those_of_the_source(self):
        for pattern in (PLACEHOLDER, TAG):
            differing = {
                msgid
                for msgid, entry in self.french.items()
                if entry.msgstr and sorted(pattern.findall(msgid)) != sorted(pattern.findall(entry.msgstr))
            }
            self.assert_none(differing, "these terms have other placeholders or tags than their source")


@tagged("post_install", "-at_install")
class TestTranslations(TranslationsMixin, TransactionCase):
    module = "partner_program"
    at_least = 400
