"""The bank account of commission bills: renewed on drafts, and warned of while it is not trusted (P11; D15)."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestBillBankAccounts(PartnerProgramCommon):
    def setUp(self):
        super().setUp()
        self.enrollment_ada.account_manager_id = self.manager
        self.line = self.earned_line()

    def account(self, number="BE71 0961 2345 6769", trusted=False):
        account = self.env["res.partner.bank"].create({"acc_number": number, "partner_id": self.ada.id})
        account.allow_out_payment = trusted
        return account

    def next_night(self):
        self.run_bills()
        self.env.invalidate_all()

    def assertWarned(self, *patterns):  # noqa: N802
        """The account manager has one warning, or none, that says all of this."""
        activities = self.enrollment_ada.activity_ids
        self.assertEqual(len(activities), bool(patterns))
        for pattern in patterns:
            self.assertEqual(activities.user_id, self.manager)
            self.assertEqual(activities.summary, "Commissions cannot be paid: bank account not trusted")
            self.assertRegex(str(activities.note).replace("\xa0", " "), pattern)

    # ------------------------------------------------------------
    # WARNINGS
    # ------------------------------------------------------------

    def test_a_bank_account_that_is_not_trusted_is_told_while_there_is_time(self):
        account = self.account()
        bill = self.run_bills()
        self.assertEqual(bill.partner_bank_id, account)
        self.assertWarned(r"A bill of Ada Advisory cannot be paid yet: its bank account BE71.* is not trusted")
        self.assertTrue(bill.with_user(self.accountant).action_update_from_ledger(), "which is told, and stops nothing")
        self.next_night()
        self.assertEqual(str(self.enrollment_ada.activity_ids.note).count("is not trusted"), 1)

    def test_the_warning_goes_when_the_account_is_trusted(self):
        account = self.account()
        self.run_bills()
        account.allow_out_payment = True
        self.next_night()
        self.assertWarned()

    def test_the_warning_goes_when_the_bill_is_cancelled_or_paid(self):
        account = self.account()
        bill = self.run_bills()
        bill.button_cancel()
        self.line.write({"held_by_hand": True, "manual_hold_reason": "Dispute"})
        self.next_night()
        self.assertWarned()
        self.line.action_release()
        bill = self.run_bills()
        self.assertWarned("is not trusted")
        bill.action_post()
        self.next_night()
        self.assertWarned("is not trusted")
        account.allow_out_payment = True
        self.pay(bill)
        account.allow_out_payment = False
        self.next_night()
        self.assertWarned()

    def test_a_warning_says_what_is_true_today(self):
        first = self.account()
        bill = self.run_bills()
        self.assertWarned("BE71")
        bill.partner_bank_id = self.account("BE68 5390 0754 7034")
        first.allow_out_payment = True
        self.next_night()
        self.assertWarned("BE68")
        self.assertNotIn("BE71", str(self.enrollment_ada.activity_ids.note))

    def test_an_account_that_was_archived_on_purpose_is_not_to_be_trusted(self):
        wrong = self.account()
        bill = self.run_bills()
        bill.action_post()
        wrong.active = False
        self.next_night()
        self.assertWarned(r"account BE71.* was archived, and no other one is trusted\. Enter the right one")
        self.assertNotIn("Allow sending money to it", str(self.enrollment_ada.activity_ids.note))
        right = self.account("BE68 5390 0754 7034")
        self.next_night()
        self.assertWarned("no other one is trusted")
        right.allow_out_payment = True
        self.next_night()
        self.assertEqual(bill.partner_bank_id, wrong)
        self.assertWarned()
        payment = self.pay(bill)
        self.assertEqual((bill.payment_state, payment.partner_bank_id), ("paid", right))

    def test_an_account_that_was_archived_while_trusted_leaves_the_bill_to_one_that_is_not(self):
        old = self.account(trusted=True)
        bill = self.run_bills()
        bill.action_post()
        old.active = False
        self.next_night()
        self.assertWarned(r"account BE71.* was archived, and no other one is trusted\. Enter the right one")
        new = self.account("BE68 5390 0754 7034")
        self.next_night()
        self.assertEqual((bill.partner_bank_id, old.allow_out_payment), (old, True))
        self.assertWarned("no other one is trusted")
        new.allow_out_payment = True
        self.next_night()
        self.assertWarned()

    def test_an_account_that_is_for_another_company_pays_no_bill_of_this_one(self):
        wrong = self.account()
        self.run_bills().action_post()
        wrong.active = False
        self.account("BE68 5390 0754 7034", trusted=True).company_id = self.env["res.company"].create({"name": "Else"})
        self.next_night()
        self.assertWarned("no other one is trusted")

    def test_a_bill_whose_payment_is_blocked_is_not_warned_of(self):
        self.account()
        bill = self.run_bills()
        bill.action_post()
        bill.with_user(self.accountant).action_toggle_block_payment()
        self.next_night()
        self.assertWarned()
        bill.with_user(self.accountant).action_toggle_block_payment()
        self.next_night()
        self.assertWarned("is not trusted")

    def test_a_draft_whose_account_cannot_be_renewed_stops_neither_others_nor_warnings(self):
        broken = self.run_bills()
        self.refer(client=self.other_client, enrollment=self.enrollment_byte)
        self.pay(self.invoice(100, client=self.other_client, product=self.starter))
        other = self.run_bills("2026-03-06") - broken
        accounts = [self.account("BE68 5390 0754 7034"), self.account()]
        accounts[0].partner_id = self.byte
        renew = type(broken)._renew_bank_account

        def fail(moves):
            if broken in moves:
                raise ZeroDivisionError
            renew(moves)

        with (
            patch.object(self.registry["account.move"], "_renew_bank_account", fail),
            mute_logger("odoo.addons.partner_program.tools.one_by_one"),
        ):
            self.next_night()
        self.assertFalse(broken.partner_bank_id)
        self.assertEqual(other.partner_bank_id, accounts[0])
        self.assertIn("Commissions cannot be paid", "".join(self.enrollment_byte.activity_ids.mapped("summary")))

    def test_a_run_does_not_fail_for_the_look_at_accounts(self):
        def fail(moves):
            raise ZeroDivisionError

        with (
            patch.object(self.registry["account.move"], "_warn_of_blocked_payments", fail),
            self.assertLogs("odoo.addons.partner_program", "ERROR") as logs,
        ):
            self.assertTrue(self.run_bills())
        self.assertIn("could not be looked at", logs.output[0])
        self.assertEqual(self.line.state, "billed")

    def test_to_dos_of_people_stay(self):
        kind = self.env.ref("partner_program.mail_activity_type_bank_account")
        mine = self.enrollment_ada.activity_schedule(
            activity_type_id=kind.id, summary="Ask for the IBAN", user_id=self.manager.id, automated=False
        )
        self.next_night()
        self.assertTrue(mine.exists())

    def test_queries_do_not_depend_on_the_bills(self):
        partners = self.env["res.partner"].create([{"name": f"Partner {n}", "is_company": True} for n in range(11)])
        counts = {}
        for count, some in ((1, partners[:1]), (10, partners[1:])):
            accounts = self.env["res.partner.bank"].create(
                [{"acc_number": f"BE{partner.id}", "partner_id": partner.id} for partner in some]
            )
            accounts.allow_out_payment = True
            for partner in some:
                enrollment = self.env["partner.program.enrollment"].create(
                    {"partner_id": partner.id, "program_id": self.program_referral.id, "state": "active"}
                )
                client = self.env["res.partner"].create({"name": f"Client of {partner.name}", "is_company": True})
                self.acquired(client=client, enrollment=enrollment)
                self.pay(self.invoice(100, client=client), on="2026-01-05")
            self.run_bills("2026-03-06")
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["account.move"]._look_at_bank_accounts()
            self.env.flush_all()
            counts[count] = self.cr.sql_log_count - before
        self.assertLessEqual(counts[10], counts[1], counts)
        self.assertLessEqual(counts[10], 8, counts)

    # ------------------------------------------------------------
    # RENEWED ON DRAFTS
    # ------------------------------------------------------------

    def test_a_draft_gets_the_account_that_the_partner_tells_later(self):
        bill = self.run_bills()
        self.assertFalse(bill.partner_bank_id)
        account = self.account()
        self.next_night()
        self.assertEqual(bill.partner_bank_id, account)
        self.assertWarned("is not trusted")

    def test_a_draft_gets_the_account_that_took_the_place_of_an_archived_one(self):
        first = self.account(trusted=True)
        bill = self.run_bills()
        self.assertEqual(bill.partner_bank_id, first)
        first.active = False
        second = self.account("BE68 5390 0754 7034", trusted=True)
        bill.with_user(self.accountant).action_update_from_ledger()
        self.assertEqual(bill.partner_bank_id, second)
        second.active = False
        self.next_night()
        self.assertFalse(bill.partner_bank_id)

    def test_an_account_that_somebody_has_taken_off_the_draft_stays_off(self):
        account = self.account(trusted=True)
        bill = self.run_bills()
        self.cr.execute(
            "UPDATE res_partner_bank SET create_date = create_date - INTERVAL '1 day' WHERE id = %s", [account.id]
        )
        account.invalidate_recordset()
        bill.partner_bank_id = False
        self.next_night()
        self.assertFalse(bill.partner_bank_id)

    def test_a_posted_bill_keeps_its_account(self):
        first = self.account(trusted=True)
        bill = self.run_bills()
        bill.action_post()
        first.active = False
        self.account("BE68 5390 0754 7034", trusted=True)
        self.next_night()
        self.assertEqual(bill.partner_bank_id, first)
