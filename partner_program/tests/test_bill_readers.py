"""Who reads what a run tells, and in which language: the scheduler itself has none (issue 3)."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PartnerProgramCommon

RUN_LOG = "odoo.addons.partner_program.models.partner_commission_line_billing_run"


@tagged("post_install", "-at_install")
class TestReaders(PartnerProgramCommon):
    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.enrollment_ada.account_manager_id = self.manager
        self.company.partner_program_accountant_id = self.accountant
        self.line = self.earned_line()

    def run_in_cron(self, **methods):
        Line = self.registry["partner.commission.line"]
        progress = {"_is_in_cron": lambda lines: True, "_commit_in_cron": lambda lines, **progress: 1.0}
        with patch.multiple(Line, **progress, **methods), mute_logger(RUN_LOG):
            return self.run_bills()

    def test_the_accountant_and_the_account_manager_read_it_in_their_languages(self):
        (self.manager + self.accountant).lang = "fr_FR"
        bill = self.run_in_cron()
        self.assertEqual(bill.activity_ids.summary, "Approuver la facture de commission")
        bill.unlink()
        self.program_referral.bill_journal_id.active = False
        self.assertFalse(self.run_in_cron())
        warning = self.enrollment_ada.activity_ids
        self.assertEqual(warning.user_id, self.manager)
        self.assertRegex(str(warning.note), "Ada Advisory n'a pas été facturé.*: Le journal .* est archivé")

    def test_what_is_taken_off_a_draft_is_said_in_the_language_of_the_manager(self):
        self.manager.lang = "fr_FR"
        bill = self.run_in_cron()
        bill.invoice_line_ids = [Command.create({"name": "Bonus", "price_unit": 7.0, "tax_ids": False})]
        self.enrollment_ada.state = "suspended"
        self.run_in_cron()
        self.assertLine(self.line, state="held", billed_amount=0.0)
        self.assertIn("Retiré, car bloqué", "".join(bill.message_ids.mapped("body")))

    def test_a_line_that_was_deleted_meanwhile_stops_no_run(self):
        gone = self.line.browse(self.line.id + 1000)
        self.assertFalse(gone.exists())
        self.assertTrue((gone + self.line)._bill_until_done())
        self.assertFalse(gone._bill_until_done())
        self.assertEqual(gone._note_conflict(), [])
        (problem,) = (gone + self.line)._note_conflict()
        self.assertEqual(problem[0], self.line.enrollment_id.id)

    def test_a_partner_that_is_always_being_changed(self):
        self.manager.lang = "fr_FR"

        def lose(lines):
            raise SerializationFailure

        with patch.object(self.cr, "rollback", lambda: None):
            self.run_in_cron(_run_bills=lose)
        self.assertIn("5 fois de suite", self.enrollment_ada.activity_ids.note)

    def test_the_button_answers_its_user_not_in_the_language_of_the_partner(self):
        self.ada.lang = "fr_FR"
        self.program_referral.bill_journal_id.active = False
        with self.assertRefused("Ada Advisory was not billed: The journal .* is archived"):
            self.line.with_user(self.accountant).action_create_vendor_bills()

    def test_a_question_from_the_portal_is_noted_in_the_language_of_the_manager(self):
        self.portal_ada.lang = "fr_FR"
        other = self.invoice(400, client=self.client)
        self.pay(other)
        bill = self.run_bills("2026-03-10")
        self.line.with_user(self.portal_ada).with_context(lang="fr_FR")._ask_from_portal("Pourquoi ?")
        self.env.flush_all()
        self.assertIn("Taken off, as it is on hold", "".join(bill.message_ids.mapped("body")))

    def test_an_accountant_who_has_left_gets_no_bills_to_approve(self):
        colleague = self._new_user("carla", "account.group_account_manager")
        self.accountant.active = False
        others = self.env.ref("account.group_account_manager").all_user_ids
        others = others.filtered(lambda user: user.active and not user.share and self.company in user.company_ids)
        self.assertIn(colleague, others)
        self.assertEqual(self.run_bills().activity_ids.user_id, others.sorted("id")[0])
