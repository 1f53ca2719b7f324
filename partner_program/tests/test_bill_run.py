"""The bill run with odd data, odd settings and many lines, and what accountants read of it (P11; D16; issue 3)."""

from unittest.mock import patch

from lxml import etree
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID
from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import partner_commission_line_sweep, partner_referral_acquisition
from ..models.partner_commission_line_sweep import SWEEP_POSITION
from ..models.partner_referral_acquisition import SYNC_POSITION
from ..wizard import partner_commission_bill_run
from .common import PartnerProgramCommon

RUN_LOG = "odoo.addons.partner_program.models.partner_commission_line_billing_run"


@tagged("post_install", "-at_install")
class TestOneDraft(PartnerProgramCommon):
    """One draft per partner, currency and company, whatever the journals of the programs."""

    def other_journal(self):
        return self.program_referral.bill_journal_id.copy({"name": "Other Commissions", "code": "OCOM"})

    def test_d16_two_programs_with_journals_of_their_own_set_off(self):
        first = self.billed_line()
        affiliate = self.env["partner.program.enrollment"].create(
            {"partner_id": self.ada.id, "program_id": self.program_affiliate.id, "state": "active"}
        )
        self.program_affiliate.write(
            {"bill_journal_id": self.other_journal(), "agreement_id": False, "trained_contacts_required": 0}
        )
        self.refer(enrollment=affiliate, client=self.other_client)
        starter = self.invoice(500, client=self.other_client, product=self.starter)
        self.pay(starter)
        self.credit(first.move_id)
        self.assertEqual((first.open_amount, self.line_of(starter).open_amount), (-50.0, 100.0))
        bill = self.run_bills("2026-03-06")
        self.assertBill(
            bill,
            amount_total=50.0,
            journal_id=self.program_affiliate.bill_journal_id.id,
            lines=[(self.client, -50.0), (self.other_client, 100.0)],
        )

    def test_the_draft_goes_on_when_the_program_gets_another_journal(self):
        bill = self.billed_line(post=False).billing_ids.bill_id
        invoice = self.invoice(400)
        self.pay(invoice)
        self.program_referral.bill_journal_id = self.other_journal()
        self.assertEqual(self.run_bills("2026-03-10"), bill)
        self.assertBill(bill, amount_total=70.0)

    def test_the_draft_goes_on_when_a_contact_of_the_partner_is_the_vendor(self):
        bill = self.billed_line(post=False).billing_ids.bill_id
        bill.partner_id = self.ada_contact
        self.pay(self.invoice(400))
        self.assertEqual(self.run_bills("2026-03-10"), bill)
        self.assertEqual(bill.amount_total, 70.0)

    def test_own_lines_without_a_product_stay_when_the_commissions_go(self):
        line = self.billed_line(post=False)
        bill = line.billing_ids.bill_id
        account = self.company_data["default_account_expense"]
        bill.invoice_line_ids = [Command.create({"name": "Travel", "account_id": account.id, "price_unit": 7.0})]
        line.move_id.line_ids.remove_move_reconcile()
        self.run_bills()
        self.assertEqual(bill.exists().invoice_line_ids.mapped("name"), ["Travel"])
        self.assertFalse(line.billing_ids)


@tagged("post_install", "-at_install")
class TestUnusualBill(PartnerProgramCommon):
    def unusual_bill(self, vendor=None):
        self.company.partner_program_alert_factor = 3
        line = self.billed_line(100, post=False)
        if vendor:
            line.billing_ids.bill_id.partner_id = vendor
        line.billing_ids.bill_id.action_post()
        self.pay(self.invoice(10000))
        return self.run_bills("2026-03-06")

    def test_the_warning_is_there_before_anybody_posts(self):
        bill = self.unusual_bill()
        warning = bill.with_user(self.accountant).commission_warning.replace("\xa0", " ")
        self.assertIn("This bill of $ 500.00 is more than 3 times the highest so far for Ada Advisory ($ 5.00", warning)
        self.assertIn("of the bills in USD at company_1_data", warning)
        self.company.partner_program_alert_factor = 0
        self.env.invalidate_all()
        self.assertFalse(bill.with_user(self.accountant).commission_warning)

    def test_odoo_itself_does_not_post_it_later(self):
        bill = self.unusual_bill()
        bill.with_user(self.accountant).auto_post = "at_date"
        robot = self.env["account.move"].with_user(self.env.ref("base.user_root")).sudo()
        with self.assertRefused("a partner manager with invoicing rights has to post it"):
            robot.browse(bill.id)._post()
        with self.assertRefused("a partner manager with invoicing rights has to post it"):
            bill.with_user(self.accountant).sudo()._post()
        bill.auto_post = "no"
        bill.action_post()
        self.assertEqual(bill.state, "posted")

    def test_a_bill_that_was_taken_back_is_no_measure(self):
        self.company.partner_program_alert_factor = 3
        line = self.billed_line(100, post=False)
        referral, first = line.referral_id, line.billing_ids.bill_id
        first.action_post()
        referral.commission_rate = 50.0  # a slip: it should be 5
        wrong = self.run_bills("2026-02-05")
        wrong.action_post()
        self.assertEqual(wrong.amount_total, 45.0)
        wrong._reverse_moves([{"invoice_date": Date.today(), "date": Date.today()}], cancel=True)
        referral.commission_rate = 5.0
        self.pay(self.invoice(2000))
        bill = self.run_bills("2026-03-07")
        self.assertEqual(bill.amount_total, 100.0)
        with self.assertRefused("more than 3 times the highest so far for Ada Advisory"):
            bill.with_user(self.accountant).action_post()

    def test_bills_to_a_contact_of_the_partner_count(self):
        bill = self.unusual_bill(vendor=self.ada_contact)
        with self.assertRefused("more than 3 times the highest so far for Ada Advisory"):
            bill.with_user(self.accountant).action_post()


@tagged("post_install", "-at_install")
class TestBrokenData(PartnerProgramCommon):
    """One partner with broken data is flagged with its reason, and does not stop the others (issue 3)."""

    def setUp(self):
        super().setUp()
        self.enrollment_ada.account_manager_id = self.manager
        self.other = self.env["partner.program.enrollment"].create(
            {"partner_id": self.env["res.partner"].create({"name": "Fine Fellows", "is_company": True}).id}
            | {"program_id": self.program_referral.copy({"name": "Second"}).id, "state": "active"}
        )
        self.acquired(enrollment=self.other, client=self.other_client)
        self.pay(self.invoice(2000, client=self.other_client))
        self.line = self.earned_line()

    def assertFlagged(self, pattern, *, billed=()):  # noqa: N802
        """The run bills the other partner, and the account manager of this one reads why."""
        with mute_logger(RUN_LOG):
            bills = self.run_bills()
        self.assertEqual(bills.partner_id, self.other.partner_id | self.env["res.partner"].union(*billed))
        self.assertEqual(self.line.state, "billed" if billed else "earned")
        activity = self.enrollment_ada.activity_ids
        self.assertEqual(activity.user_id, self.manager)
        self.assertEqual(activity.summary, "Commissions cannot be billed or paid yet")
        self.assertRegex(str(activity.note).replace("\xa0", " "), pattern)
        return activity

    def test_no_account_payable(self):
        for partner in self.ada + self.company.partner_id:
            partner.with_company(self.company).property_account_payable_id = False
        self.env["ir.default"].sudo().search(
            [("field_id.name", "=", "property_account_payable_id"), ("field_id.model", "=", "res.partner")]
        ).unlink()
        fine = self.company_data["default_account_payable"]
        self.other.partner_id.with_company(self.company).property_account_payable_id = fine
        self.assertFlagged("Ada Advisory has no account payable at company_1_data. Set one on the contact")

    def test_archived_journal(self):
        journal = self.program_referral.bill_journal_id
        self.other.program_id.bill_journal_id = journal.copy({"name": "Other Commissions", "code": "OCOM"})
        journal.active = False
        self.assertFlagged("is archived. Choose another one on the program")

    def test_a_journal_that_is_not_for_self_billing_any_more(self):
        journal = self.program_referral.bill_journal_id
        self.other.program_id.bill_journal_id = journal.copy({"name": "Other Commissions", "code": "OCOM"})
        journal.is_self_billing = False
        self.assertFlagged("The journal Partner Commissions.* is not for self-billing. Set “Self Billing” on it")

    def test_a_draft_in_a_journal_that_is_not_for_self_billing_any_more(self):
        self.run_bills()
        draft = self.line.billing_ids.bill_id
        draft.journal_id.is_self_billing = False
        with self.assertRefused("commissions, but its journal Partner Commissions.* is not for self-billing. Set"):
            draft.action_post()
        self.line.write({"held_by_hand": True, "manual_hold_reason": "Dispute"})
        self.assertFalse(draft.exists(), "what is on hold leaves it all the same")
        self.assertLine(self.line, state="held", billed_amount=0.0)

    def test_a_tax_included_in_the_price_that_the_account_or_the_fiscal_position_brings(self):
        account = self.commission_product.property_account_expense_id or self.company_data["default_account_expense"]
        included, added = self.env["account.tax"].create(
            [
                {
                    "name": name,
                    "amount": 20.0,
                    "type_tax_use": "purchase",
                    "price_include_override": f"tax_{name}",
                    "company_id": self.company.id,
                }
                for name in ("included", "excluded")
            ]
        )
        sentence = "of Ada Advisory: the line .*has the tax included, .*: it says .*41.67 untaxed, .*add up to .*50.00"
        account.tax_ids = included
        with self.assertRefused(sentence):
            self.line._create_vendor_bills()
        account.tax_ids = added
        abroad = self.env["account.fiscal.position"].create({"name": "Abroad", "company_id": self.company.id})
        included.write({"fiscal_position_ids": abroad.ids, "original_tax_ids": added.ids})
        self.ada.with_company(self.company).property_account_position_id = abroad
        with self.assertRefused(sentence):
            self.line._create_vendor_bills()

    def test_of_two_reasons_for_one_partner_both_are_told(self):
        euro = self.setup_other_currency("EUR")
        foreign = self.invoice(1000, currency_id=euro, on="2026-01-06")
        self.pay(foreign, on="2026-01-05")
        euro.active = False
        account = self.env["res.partner.bank"].create({"acc_number": "BE71 0961 2345 6769", "partner_id": self.ada.id})
        account.allow_out_payment = False
        lines = self.line | self.line_of(foreign)
        self.go_to("2026-02-06")
        told = lines.with_user(self.accountant).action_create_vendor_bills()["params"]["message"]
        self.assertIn("The currency EUR is archived", told)
        self.assertIn("is not trusted", told)

    def test_archived_currency(self):
        euro = self.setup_other_currency("EUR")
        foreign = self.invoice(1000, currency_id=euro, on="2026-01-06")
        self.pay(foreign, on="2026-01-05")
        euro.active = False
        self.go_to("2026-02-06")
        self.assertFlagged("The currency EUR is archived", billed=self.ada)
        self.assertEqual(self.line_of(foreign).state, "earned")

    def test_a_locked_period_takes_the_bill_into_the_next_open_one(self):
        self.company.sudo().fiscalyear_lock_date = "2026-02-28"
        bill = self.run_bills().filtered(lambda bill: bill.partner_id == self.ada)
        bill.action_post()
        self.assertEqual((bill.state, bill.invoice_date), ("posted", Date.to_date("2026-02-04")))
        self.assertGreater(bill.date, Date.to_date("2026-02-28"))

    def test_a_second_reason_is_told_too_and_the_same_one_once(self):
        journal = self.program_referral.bill_journal_id
        self.other.program_id.bill_journal_id = journal.copy({"name": "Other Commissions", "code": "OCOM"})
        journal.active = False
        self.assertFlagged("is archived")
        with mute_logger(RUN_LOG):
            self.run_bills("2026-02-05")
        self.assertEqual(str(self.enrollment_ada.activity_ids.note).count("is archived"), 1)
        journal.active = True
        self.commission_product.supplier_taxes_id = self.env["account.tax"].create(
            {
                "name": "Included",
                "amount": 20.0,
                "type_tax_use": "purchase",
                "price_include_override": "tax_included",
                "company_id": self.company.id,
            }
        )
        with mute_logger(RUN_LOG):
            self.run_bills("2026-02-06")
        activity = self.enrollment_ada.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertRegex(str(activity.note), "(?s)is archived.*included in the price")

    def test_what_the_database_refuses_is_said_in_words(self):
        Bill = self.registry["account.move"]

        def refuse(bills, *args, **kwargs):
            bills.env.cr.execute(
                "UPDATE partner_commission_billing SET revision = 0 WHERE bill_id = ANY(%s)", [bills.ids]
            )

        with (
            patch.object(Bill, "_ask_accountant_to_approve", refuse),
            mute_logger("odoo.sql_db"),
            self.assertRefused("Ada Advisory was not billed: Revisions count from 1"),
        ):
            self.line._create_vendor_bills()

    def test_what_nobody_has_foreseen_stops_no_other(self):
        Line = self.registry["partner.commission.line"]
        check = Line._check_can_bill

        def fail(lines):
            if self.line in lines:
                raise ZeroDivisionError("by zero")
            return check(lines)

        with patch.object(Line, "_check_can_bill", fail):
            self.assertFlagged("Ada Advisory was not billed: an unexpected error, “by zero”. The log")

    def test_who_stays_due_keeps_nobody_from_its_turn(self):
        """Time for one partner at each call, and the first one cannot be billed."""
        journal = self.program_referral.bill_journal_id
        self.other.program_id.bill_journal_id = journal.copy({"name": "Other Commissions", "code": "OCOM"})
        journal.active = False
        progress = {"_is_in_cron": lambda lines: True, "_commit_in_cron": lambda lines, **progress: 0.0}
        with patch.multiple(self.registry["partner.commission.line"], **progress), mute_logger(RUN_LOG):
            self.assertFalse(self.run_bills())
            self.assertEqual(self.run_bills().partner_id, self.other.partner_id)
            journal.active = True
            self.assertEqual(self.run_bills().partner_id, self.ada, "from the beginning again")

    def test_a_partner_that_loses_every_race_is_skipped_and_flagged(self):
        Line = self.registry["partner.commission.line"]
        run, attempts = Line._run_bills, []

        def lose(lines):
            if self.line in lines:
                attempts.append(1)
                raise SerializationFailure
            return run(lines)

        progress = {"_is_in_cron": lambda lines: True, "_commit_in_cron": lambda lines, **progress: 1.0}
        with patch.multiple(Line, _run_bills=lose, **progress), patch.object(self.cr, "rollback", lambda: None):
            self.assertFlagged("Ada Advisory was not billed: .*changed, 5 times in a row")
        self.assertEqual(len(attempts), 5)


@tagged("post_install", "-at_install")
class TestDialog(PartnerProgramCommon):
    """ "Create bills due until …" with very many lines."""

    def setUp(self):
        super().setUp()
        self.acquired()
        for amount, day in ((1000, "2026-01-05"), (400, "2026-01-15")):
            self.pay(self.invoice(amount), on=day)
        self.go_to("2026-02-20")
        self.cron = self.env.ref("partner_program.ir_cron_run_in_background").sudo()
        self.startPatcher(patch.object(partner_commission_bill_run, "IN_BACKGROUND_ABOVE", 0))

    def dialog(self):
        return self.env["partner.commission.bill.run"].with_user(self.accountant).create({"date_until": "2026-02-10"})

    def bills(self):
        return self.env["account.move"].search([("commission_billing_ids", "!=", False)])

    def test_the_background_bills_what_was_chosen_and_no_more(self):
        triggers = self.env["ir.cron.trigger"].sudo().search([])
        action = self.dialog().action_run()
        self.assertIn("in the background", action["params"]["message"])
        triggers = self.env["ir.cron.trigger"].sudo().search([]) - triggers
        self.assertEqual(triggers.cron_id, self.cron, "not the job that bills everything")
        self.assertFalse(self.bills())
        Run = self.env["partner.commission.bill.run"].with_user(SUPERUSER_ID)
        Run._cron_run_in_background()
        self.assertBill(self.bills(), amount_total=50.0, create_uid=self.accountant.id)
        before = self.snapshot()
        Run._cron_run_in_background()
        self.assertEqual(self.snapshot(), before)

    def test_until_a_day_before_the_first_one_it_says_so(self):
        dialog = self.dialog()
        dialog.date_until = "2026-02-01"
        sentence = (
            "Nothing to bill today with a pay-by date until 02/01/2026. "
            "Commission lines earned: 2, the first is due on 02/04/2026."
        )
        self.assertEqual(dialog.explanation, sentence)
        with self.assertRefused(sentence):
            dialog.action_run()

    def test_who_may_bill_no_more_keeps_nobody_waiting(self):
        former = self._new_user("fred", "account.group_account_invoice")
        Run = self.env["partner.commission.bill.run"]
        late = Run.with_user(former).create({"date_until": "2026-02-10"})
        late.action_run()
        self.dialog().action_run()
        former.group_ids = [Command.unlink(self.env.ref("account.group_account_invoice").id)]
        with self.assertLogs("odoo.addons.partner_program", "WARNING") as logs:
            Run.with_user(SUPERUSER_ID)._cron_run_in_background()
        self.assertIn("not billed for fred", logs.output[0])
        self.assertBill(self.bills(), amount_total=50.0, create_uid=self.accountant.id)
        self.assertFalse(late.waits)

    def test_without_its_scheduled_action_the_dialog_does_it_itself(self):
        self.cron.active = False
        self.dialog().action_run()
        self.assertEqual(self.bills().amount_total, 50.0)

    def test_out_of_time_the_rest_is_billed_at_the_next_call(self):
        self.run_out_of_time()
        self.assertEqual(len(self.bills()), 2)

    def test_who_stays_due_keeps_nobody_from_its_turn(self):
        Line = self.registry["partner.commission.line"]
        check, reason = Line._check_can_bill, "No bill for Ada."

        def refuse(lines):
            if lines.partner_id == self.ada:
                raise UserError(reason)
            return check(lines)

        with patch.object(Line, "_check_can_bill", refuse), mute_logger(RUN_LOG):
            self.run_out_of_time()
        self.assertNotIn(self.ada, self.bills().partner_id)
        self.assertEqual(len(self.bills()), 1)

    def run_out_of_time(self):
        """Two partners, and time for one at each call."""
        second = self.env["partner.program.enrollment"].create(
            {"partner_id": self.byte_contact.copy({"parent_id": False, "is_company": True}).id}
            | {"program_id": self.program_referral.id, "state": "active"}
        )
        self.acquired(enrollment=second, client=self.other_client)
        self.pay(self.invoice(600, client=self.other_client, on="2026-02-20"), on="2026-01-06")
        self.go_to("2026-04-20")
        self.dialog_run = self.dialog()
        self.dialog_run.date_until = "2026-04-20"
        self.dialog_run.action_run()
        Run = self.env["partner.commission.bill.run"].with_user(SUPERUSER_ID)
        Line = self.registry["partner.commission.line"]
        progress = {"_is_in_cron": lambda lines: True, "_commit_in_cron": lambda lines, **progress: 0.0}
        with patch.multiple(Line, **progress):
            Run._cron_run_in_background()
            self.assertLessEqual(len(self.bills()), 1)
            self.assertTrue(self.dialog_run.waits)
            Run._cron_run_in_background()
        self.assertFalse(self.dialog_run.waits)


@tagged("post_install", "-at_install")
class TestSweepInPieces(PartnerProgramCommon):
    def test_a_sweep_goes_on_where_the_time_was_over(self):
        self.acquired()
        lines = self.env["account.move"].union(*(self.invoice(100 + n) for n in range(5))).commission_line_ids
        lines = lines.sorted("id")
        self.env.flush_all()
        self.cr.execute("UPDATE partner_commission_line SET amount = 1 WHERE id = ANY(%s)", [lines.ids])
        self.env.invalidate_all()
        Line, mended = self.env["partner.commission.line"].with_user(SUPERUSER_ID), []
        progress = {"_is_in_cron": lambda lines: True, "_commit_in_cron": lambda lines, **progress: 0.0}
        with (
            patch.multiple(self.registry["partner.commission.line"], **progress),
            patch.object(partner_commission_line_sweep, "SWEEP_BATCH", 2),
            mute_logger("odoo.addons.partner_program.models.partner_commission_line_sweep"),
        ):
            for _call in range(3):
                Line._cron_sync()
                self.env.invalidate_all()
                mended.append(len(lines.filtered(lambda line: line.amount != 1)))
        self.assertEqual(mended, [2, 4, 5])
        self.assertFalse(self.env["ir.config_parameter"].sudo().get_param(SWEEP_POSITION), "again from the start")

    def test_the_daily_look_at_claims_goes_on_where_the_time_was_over(self):
        """Claims that stay as they are come first: the one that expires was never reached."""
        clients = self.env["res.partner"].create([{"name": f"Client {n}", "is_company": True} for n in range(4)])
        for client in clients:
            self.refer(enrollment=self.enrollment_byte, client=client)
        last = self.refer()
        self.go_to("2026-05-01")
        Referral, states = self.env["partner.referral"].with_user(SUPERUSER_ID), []
        progress = {"_is_in_cron": lambda lines: True, "_commit_in_cron": lambda lines, **progress: 0.0}
        with (
            patch.multiple(self.registry["partner.commission.line"], **progress),
            patch.object(partner_referral_acquisition, "SYNC_BATCH", 2),
        ):
            for _call in range(3):
                Referral._cron_sync_referrals()
                states.append(last.state)
        self.assertEqual(states, ["accepted", "accepted", "expired"])
        self.assertFalse(self.env["ir.config_parameter"].sudo().get_param(SYNC_POSITION), "the next day from the start")

    def test_a_second_row_mended_is_added_to_the_note(self):
        first = self.billed_line()
        second_invoice = self.invoice(400)
        self.pay(second_invoice)
        self.run_bills("2026-03-10")
        second = self.line_of(second_invoice)
        for line in (first, second, second):
            self.env.flush_all()
            self.cr.execute("UPDATE partner_commission_line SET billed_amount = 1 WHERE id = %s", [line.id])
            self.env.invalidate_all()
            with mute_logger("odoo.addons.partner_program.models.partner_commission_line_sweep"):
                self.env["partner.commission.line"].with_user(SUPERUSER_ID)._cron_sync()
        activity = first.referral_id.activity_ids.filtered(lambda a: a.summary == "A billed commission was corrected")
        self.assertEqual(len(activity), 1)
        for line in (first, second):
            self.assertEqual(str(activity.note).count(line.move_id.name), 1)


@tagged("post_install", "-at_install")
class TestEditedDraft(PartnerProgramCommon):
    """The accountant has written another price on a commission line of a draft (invariant 2)."""

    def setUp(self):
        super().setUp()
        self.billed = self.earned_line()
        self.draft = self.run_bills().with_user(self.accountant)
        self.edit()

    def edit(self):
        self.draft.invoice_line_ids.write({"price_unit": 60, "quantity": 2})

    def test_a_run_names_what_is_on_the_draft_and_a_click_sets_it_back(self):
        new = self.invoice(400)
        self.pay(new)
        self.go_to("2026-06-20")
        sentence = r"says .\D*120\.00, but its commissions add up to .\D*50\.00\. Choose “Update from Ledger”"
        for _again in range(2):
            with self.assertRefused(sentence):
                self.line_of(new).with_user(self.accountant).action_create_vendor_bills()
        self.assertRegex(self.draft.commission_warning, sentence)
        self.draft.action_update_from_ledger()
        self.assertBill(self.draft, amount_total=50.0)
        self.line_of(new).with_user(self.accountant).action_create_vendor_bills()
        self.assertBill(self.draft, amount_total=70.0)
        self.draft.invalidate_recordset()
        self.assertFalse(self.draft.commission_warning)

    def test_one_that_was_posted_before_is_set_back_and_nothing_more(self):
        self.draft.action_update_from_ledger()
        self.draft.action_post()
        self.draft.button_draft()
        self.edit()
        with self.assertRefused("120.00"):
            self.draft.action_post()
        self.draft.action_update_from_ledger()
        self.assertBill(self.draft, amount_total=50.0)
        self.draft.action_post()

    def test_a_draft_that_is_cancelled_needs_no_approval_any_more(self):
        self.assertTrue(self.draft.activity_ids)
        self.draft.button_cancel()
        self.assertFalse(self.draft.activity_ids)
        self.draft.button_draft()
        self.assertEqual(len(self.draft.activity_ids), 1, "it waits for somebody again")


@tagged("post_install", "-at_install")
class TestTwoPartnersInOneRun(PartnerProgramCommon):
    """Ada has a draft and something new; Cory, next in the same run, has no draft."""

    def setUp(self):
        super().setUp()
        self.cory = self.ada.copy({"name": "Cory Consulting", "is_company": True})
        enrollment = self.enrollment_ada.copy({"partner_id": self.cory.id, "date_start": "2025-01-01"})
        enrollment.with_context(partner_program_no_mail=True).action_activate()
        self.acquired()
        self.acquired(client=self.other_client, enrollment=enrollment)
        for client in (self.client, self.other_client):
            self.pay(self.invoice(1000, client=client))
        drafts = self.run_bills("2026-02-04")
        self.draft = drafts.filtered(lambda bill: bill.partner_id == self.ada)
        (drafts - self.draft).action_post()
        self.posted_invoice = (drafts - self.draft).commission_billing_ids.commission_line_id.move_id
        new = self.invoice(400)
        self.pay(new)
        self.lines = self.line_of(new)

    def bill(self):
        """Both partners by button; returns how often the run started over."""
        Line = self.registry["partner.commission.line"]
        draft_bills, calls = Line._draft_bills, []

        def spy(lines, groups, withdrawn):
            calls.append(groups)
            return draft_bills(lines, groups, withdrawn)

        self.go_to("2026-03-20")
        with patch.object(Line, "_draft_bills", spy):
            self.lines.with_user(self.accountant).action_create_vendor_bills()
        self.assertBill(self.draft, amount_total=70.0, partner_id=self.ada.id)
        return len(calls)

    def test_d16_what_is_due_to_the_next_partner_goes_onto_a_bill_of_its_own(self):
        due = self.invoice(600, client=self.other_client)
        self.pay(due)
        self.lines |= self.line_of(due)
        self.assertEqual(self.bill(), 1, "all at once")
        self.assertBill(self.line_of(due).bill_ids, amount_total=30.0, partner_id=self.cory.id)

    def test_d16_what_is_to_be_taken_back_of_the_next_partner_takes_no_draft_back(self):
        self.credit(self.posted_invoice)
        self.lines |= self.line_of(self.posted_invoice)
        self.assertEqual(self.bill(), 1, "all at once")
        self.assertEqual(self.line_of(self.posted_invoice).open_amount, -50.0, "carried forward")

    def test_d16_the_dialog_shows_what_is_billed_and_names_what_is_carried_forward(self):
        self.credit(self.posted_invoice)
        self.go_to("2026-03-20")
        dialog = self.env["partner.commission.bill.run"].with_user(self.accountant).create({})
        self.assertEqual((dialog.line_count, dialog.partner_count), (1, 1))
        self.assertRegex(dialog.amounts, r"20\.00")
        self.assertRegex(dialog.explanation, r"^Carried forward until .*: Cory Consulting \D*50\.00\.$")
        dialog.action_run()
        self.assertBill(self.draft, amount_total=70.0)
        after = self.env["partner.commission.bill.run"].with_user(self.accountant).create({})
        self.assertFalse(after.line_count)
        self.assertRegex(after.explanation, r"^Nothing to bill today .*Carried forward until .* Cory Consulting")
        with self.assertRefused("Carried forward"):
            after.action_run()

    def test_d16_the_dialog_shows_what_a_draft_will_be_reduced_by(self):
        self.credit(self.line_of(self.lines.move_id).move_id)
        self.credit(self.draft.commission_billing_ids.commission_line_id.move_id)
        dialog = self.env["partner.commission.bill.run"].with_user(self.accountant).create({})
        self.assertEqual(dialog.line_count, 1)
        dialog.action_run()
        self.assertFalse(self.draft.exists())


@tagged("post_install", "-at_install")
class TestWhyNot(PartnerProgramCommon):
    def test_d16_the_balance_of_today_and_the_day_that_makes_up_for_it(self):
        line = self.billed_line()
        due, later = self.invoice(400), self.invoice(2000)
        self.pay(due)
        self.go_to("2026-02-20")
        self.pay(later)
        self.credit(line.move_id)
        self.go_to("2026-03-07")
        lines = self.line_of(due) + self.line_of(later)
        self.assertEqual([*lines.mapped("open_amount"), line.open_amount], [20.0, 100.0, -50.0])
        with self.assertRefused(
            r"Commission lines earned: 2, the first is due on 03/22/2026\. "
            r"Carried forward until new commissions make up for it: Ada Advisory \$ -.?30\.00\."
        ):
            lines.with_user(self.accountant).action_create_vendor_bills()
        self.assertEqual(self.run_bills("2026-03-22").amount_total, 70.0)

    def test_the_answer_to_a_selection_is_about_the_selection(self):
        cory = self.ada.copy({"name": "Cory Consulting", "is_company": True})
        enrollment = self.enrollment_ada.copy({"partner_id": cory.id, "date_start": "2025-01-01"})
        enrollment.with_context(partner_program_no_mail=True).action_activate()
        due = self.earned_line()
        self.acquired(client=self.other_client, enrollment=enrollment)
        later, held, unpaid = (self.invoice(amount, client=self.other_client) for amount in (200, 600, 700))
        self.pay(later)
        self.pay(held)
        self.line_of(held).write({"held_by_hand": True})
        selection = (later + held + unpaid).commission_line_ids.with_user(self.accountant)
        with self.assertRefused(
            r"^Nothing of this selection can be billed today\. "
            r"Commission lines earned: 1, the first is due on 03/06/2026\. "
            r"Held: 1, of Cory Consulting \(on hold\)\. Waiting until the client has paid in full: 1\.$"
        ):
            selection.action_create_vendor_bills()
        self.assertTrue(due.is_due)
        self.run_bills()
        with self.assertRefused(r"^Nothing of this selection can be billed today\. Billed already: 1\.$"):
            due.with_user(self.accountant).action_create_vendor_bills()

    def explanation(self, invoice):
        return invoice.with_user(self.accountant).commission_explanation

    def test_inv8_why_an_invoice_has_no_commission(self):
        """One sentence for each reason."""
        self.refer(enrollment=self.enrollment_byte)
        early, waiting = self.invoice(100, on="2026-01-04"), self.invoice(100)
        draft = self.invoice(100, post=False)
        self.assertIn("no commission, the invoice is not posted", self.explanation(draft))
        self.assertIn("is dated before the referral of 01/05/2026", self.explanation(early))
        self.assertIn("no commission yet, the client is not acquired", self.explanation(waiting))
        third_client = self.other_client.copy({"name": "Cassini"})
        self.refer(client=third_client)  # its lead is open
        self.assertIn(
            "no commission yet, the client is not acquired (Lead won)",
            self.explanation(self.invoice(100, client=third_client)),
        )
        self.acquired(client=self.other_client)
        late = self.invoice(100, client=self.other_client)
        outside = self.invoice(100, on="2027-01-05", client=self.other_client)
        self.assertIn("outside the earning window (01/05/2026 until before 01/05/2027)", self.explanation(outside))
        self.line_of(late).sudo().unlink()
        self.env.invalidate_all()
        self.assertIn("its commission line is made when the books are compared next", self.explanation(late))

    def test_inv8_no_window_yet_is_said_so(self):
        self.acquired()
        invoice = self.invoice(100)
        self.credit(invoice)
        self.line_of(invoice).sudo().unlink()
        self.env.invalidate_all()
        explanation = self.explanation(invoice)
        self.assertIn("the earning window starts with the first invoice", explanation)
        self.assertNotIn("( until", explanation)

    def test_inv8_the_line_of_a_former_referral_does_not_hide_the_present_one(self):
        first = self.acquired()
        invoice = self.invoice(100)
        first.with_user(self.manager).commission_months = 1
        self.go_to("2026-03-01")
        self.env["partner.referral"].with_user(SUPERUSER_ID)._cron_sync_referrals()
        self.assertEqual(first.state, "completed")
        self.refer(enrollment=self.enrollment_byte)
        explanation = self.explanation(invoice)
        self.assertIn("Ada Advisory: 5 % of", explanation)
        self.assertIn("Byte Builders: no commission, the invoice is dated before the referral", explanation)


@tagged("post_install", "-at_install")
class TestDocuments(PartnerProgramCommon):
    """What the partner gets of a bill, and what Odoo finds for the draft."""

    def test_a_draft_has_fiscal_position_and_bank_account_of_the_partner(self):
        tax, mapped = self.env["account.tax"].create(
            [
                {"name": name, "amount": amount, "type_tax_use": "purchase", "company_id": self.company.id}
                for name, amount in (("20 %", 20.0), ("0 % reverse charge", 0.0))
            ]
        )
        position = self.env["account.fiscal.position"].create({"name": "Abroad", "company_id": self.company.id})
        mapped.write({"fiscal_position_ids": position.ids, "original_tax_ids": tax.ids})
        self.commission_product.supplier_taxes_id = tax
        self.ada.with_company(self.company).property_account_position_id = position
        account = self.env["res.partner.bank"].create(
            {"acc_number": "BE71 0961 2345 6769", "partner_id": self.ada.id, "allow_out_payment": True}
        )
        bill = self.billed_line(post=False).billing_ids.bill_id
        self.assertBill(
            bill,
            fiscal_position_id=position.id,
            partner_bank_id=account.id,
            amount_untaxed=50.0,
            amount_total=50.0,
            lines=[(self.client, 50.0)],
        )
        self.assertEqual(bill.invoice_line_ids.tax_ids, mapped)

    def corrected_bill(self):
        line = self.billed_line()
        other = self.invoice(2000)
        self.pay(other)
        self.credit(line.move_id, amount=400)
        return self.run_bills("2026-03-10")

    def test_the_annex_explains_each_commission_and_adds_up(self):
        bill = self.corrected_bill()
        html, _type = self.env["ir.actions.report"]._render_qweb_html("account.report_invoice", bill.ids)
        annex = etree.fromstring(html, etree.HTMLParser()).xpath("//div[contains(@class, 'o_partner_program_annex')]")
        (table,) = annex[0].xpath(".//table")
        rows = [
            [" ".join("".join(cell.itertext()).split()).replace("\xa0", " ") for cell in row.xpath("./td")]
            for row in table.xpath("./tbody/tr")
        ]
        first, second = bill.commission_billing_ids.commission_line_id.move_id.sorted("name")
        self.assertEqual([row[:2] for row in rows], [[self.client.name, first.name], [self.client.name, second.name]])
        self.assertIn("less credit notes of $ 400.00", rows[0][2])
        self.assertIn("Correction: $ 50.00 was billed before on COMM", rows[0][2])
        self.assertIn("5 % of $ 2,000.00", rows[1][2])
        self.assertEqual([row[3].replace("\ufeff", "") for row in rows], ["$ -20.00", "$ 100.00"])
        total = " ".join("".join(table.xpath("./tfoot")[0].itertext()).split()).replace("\xa0", " ")
        self.assertEqual(total, "Total of the commissions, untaxed $ 80.00")

    def test_the_annex_of_a_bill_whose_invoice_has_lost_its_date(self):
        """Reset to draft, its date emptied: Odoo gives it a new one when it is posted again."""
        bill = self.corrected_bill()
        invoice = bill.commission_billing_ids.invoice_id[0]
        invoice.button_draft()
        invoice.invoice_date = False
        html, _type = self.env["ir.actions.report"]._render_qweb_html("account.report_invoice", bill.ids)
        for name in bill.commission_billing_ids.invoice_id.mapped("name"):
            self.assertIn(name, html.decode())

    def test_a_commission_bill_is_sent_to_the_partner_by_email(self):
        bill = self.corrected_bill()
        bill.action_post()
        self.assertSent(bill)

    def test_the_credit_note_that_takes_a_bill_back_is_sent_to_the_partner_by_email(self):
        bill = self.corrected_bill()
        bill.action_post()
        credit_note = bill._reverse_moves([{"invoice_date": Date.today(), "date": Date.today()}], cancel=True)
        self.assertTrue(credit_note.display_send_button)
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "account.report_invoice", credit_note.ids, data={"proforma": True}
        )
        self.assertIn("Self Billing Credit Note", html.decode())
        self.assertSent(credit_note)

    def assertSent(self, bill):  # noqa: N802
        """By the accountant, to the partner, with the PDF."""
        wizard = (
            self.env["account.move.send.wizard"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({"sending_methods": ["email"]})
        )
        sent = self.env["mail.mail"].sudo().search([])
        with patch.object(self.registry["ir.actions.report"], "_run_wkhtmltopdf", lambda *args, **kwargs: b"%PDF-1.4"):
            wizard.action_send_and_print(allow_fallback_pdf=True)
        message = bill.message_ids.filtered(lambda message: message.message_type in ("comment", "email_outgoing"))[:1]
        self.assertIn(self.ada, message.partner_ids, sent)
        self.assertIn(bill.name.replace("/", "_"), "".join(message.attachment_ids.mapped("name")))
        self.assertTrue(bill.is_move_sent)


@tagged("post_install", "-at_install")
class TestQuestionWords(PartnerProgramCommon):
    def answer(self, line, outcome="confirmed"):
        question = self.env["partner.commission.question"].create(
            {"commission_line_id": line.id, "question": "Why?", "asked_by_id": self.ada_contact.id}
        )
        question.write({"answer": "So.", "outcome": outcome})
        template = self.env.ref("partner_program.mail_template_question_answered")
        question.action_answer()
        self.env.flush_all()
        return " ".join(str(template._render_field("body_html", question.ids)[question.id]).split()).replace(
            "\xa0", " "
        )

    def test_the_answer_says_what_is_true_of_the_commission_now(self):
        line = self.earned_line()
        self.assertIn("Your commission now: To be paid by 02/04/2026", self.answer(line))
        line.write({"held_by_hand": True, "manual_hold_reason": "Dispute"})
        self.assertIn("Your commission now: Held: Dispute", self.answer(line))
        line.action_release()
        self.run_bills().action_post()
        mail = self.answer(line)
        self.assertNotIn("held", mail)
        self.assertIn("Your commission now: To be paid by", mail)

    def test_a_question_holds_what_is_not_on_a_posted_bill(self):
        line = self.billed_line(post=False)
        self.assertTrue(line._may_be_held())
        line.billing_ids.bill_id.action_post()
        self.assertFalse(line._may_be_held())


@tagged("post_install", "-at_install")
class TestIntegrity(PartnerProgramCommon):
    def test_the_report_names_all_bills_and_says_as_of_when(self):
        line = self.billed_line()
        line.referral_id.commission_rate = 7
        second = self.run_bills("2026-02-05")
        second.action_post()
        self.credit(line.move_id, 500)
        row = self.env["partner.commission.integrity"].with_user(self.accountant).search([])
        self.assertRecordValues(row, [{"kind": "facts", "bill_id": second.id, "on_bill": 70.0, "should_be": 35.0}])
        for bill in line.billing_ids.bill_id:
            self.assertIn(bill.name, row.bills)
        cron = self.env.ref("partner_program.ir_cron_sync").sudo()
        Integrity = self.env["partner.commission.integrity"].with_user(self.accountant)
        cron.lastcall = False
        self.assertIn("has not been compared with the books yet", Integrity.get_empty_list_help(""))
        cron.lastcall = "2026-02-05 03:00:00"
        self.assertRegex(
            Integrity.get_empty_list_help("<p>All</p>"), "<p>All</p>.*compared with the books last on .*2026"
        )
