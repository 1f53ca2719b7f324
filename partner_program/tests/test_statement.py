"""Statements: what they say on which day, and that they add up to the ledger and to the posted bills."""

import importlib.util
import itertools

from odoo.fields import Command, Date
from odoo.tools import file_path

from .common import PartnerProgramCommon

FIGURES = ("opening", "earned", "correction", "billed", "paid", "set_off", "closing", "on_bills", "not_billed")


class StatementCommon(PartnerProgramCommon):
    def earn_in_other_company(self, *amounts):
        """Paid invoices of the client in another company, where the partner is referral partner too."""
        other = self.setup_other_company()["company"]
        program = self.program_referral.copy({"company_id": other.id, "bill_journal_id": False})
        enrollment = self.env["partner.program.enrollment"].create(
            {"partner_id": self.ada.id, "program_id": program.id, "state": "active"}
        )
        self.env.user.company_ids += other
        lead = self.lead(company_id=other.id, user_id=False)
        referral = self.env["partner.referral"].create(
            {"enrollment_id": enrollment.id, "client_id": self.client.id, "lead_id": lead.id}
        )
        referral.action_accept()
        lead.action_set_won()
        invoices = (
            self.env["account.move"]
            .with_company(other)
            .create(
                [
                    {
                        "move_type": "out_invoice",
                        "partner_id": self.client.id,
                        "invoice_date": "2026-01-05",
                        "company_id": other.id,
                        "invoice_line_ids": [
                            Command.create({"name": "x", "price_unit": amount, "tax_ids": [Command.clear()]})
                        ],
                    }
                    for amount in amounts
                ]
            )
        )
        invoices.action_post()
        for invoice in invoices:
            self.pay(invoice)
        return invoices

    def statement(self, month=None, date_from=None, date_to=None, partner=None):
        """The figures of the one currency and company, by name; zeros when nothing ever moved."""
        if month:
            date_from, date_to = f"{month}-01", Date.end_of(Date.to_date(f"{month}-01"), "month")
        self.env.flush_all()
        rows = self.env["partner.commission.movement"]._get_statement(
            partner or self.ada, self.company, Date.to_date(date_from), Date.to_date(date_to)
        )
        self.assertLessEqual(len(rows), 1)
        return {name: rows[0][name] if rows else 0.0 for name in FIGURES}

    def assertStatement(self, month, **expected):  # noqa: N802
        """Figures that are not named are zero."""
        self.assertEqual(self.statement(month), dict.fromkeys(FIGURES, 0.0) | expected, month)

    def assertAddsUp(self, partner=None):  # noqa: N802
        """All days together equal the ledger and the posted bills, currency by currency."""
        partner = partner or self.ada
        self.env.flush_all()
        rows = self.env["partner.commission.movement"]._get_statement(
            partner, self.company, Date.to_date("1900-01-01"), Date.to_date("2999-12-31")
        )
        lines = self.env["partner.commission.line"].search([("partner_id", "=", partner.id)])
        live = self.env["partner.commission.billing"].search([("partner_id", "=", partner.id)])._filter_live()
        posted = live.filtered(lambda billing: billing.bill_state == "posted")
        paid = posted.filtered(lambda billing: billing.bill_id.payment_state in ("paid", "in_payment"))
        self.assertLessEqual(
            lines.filtered("earned_amount").currency_id,
            self.env["res.currency"].union(*(row["currency"] for row in rows)),
        )
        for row in rows:

            def total(records, fname, currency=row["currency"]):
                return round(sum(records.filtered(lambda one: one.currency_id == currency).mapped(fname)), 2)

            self.assertEqual(round(row["earned"] + row["correction"], 2), total(lines, "earned_amount"))
            self.assertEqual(row["billed"], total(posted, "amount"))
            unpaid = (posted - paid).filtered(lambda billing: billing.bill_id.payment_state == "partial")
            if row["currency"] not in unpaid.currency_id:
                self.assertEqual(round(row["paid"] + row["set_off"], 2), total(paid, "amount"))
            moved = row["earned"] + row["correction"] - row["paid"] - row["set_off"]
            self.assertEqual(row["closing"], round(moved, 2))

    def set_off(self, bill, amount):
        """The partner is a supplier too: a refund for something else is set off against the bill."""
        refund = self.env["account.move"].create(
            {
                "move_type": "in_refund",
                "partner_id": self.ada.id,
                "invoice_date": "2026-02-04",
                "invoice_line_ids": [
                    Command.create({"name": "Rent", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
            }
        )
        refund.action_post()
        payable = (bill + refund).line_ids.filtered(lambda item: item.account_type == "liability_payable")
        payable.reconcile()
        self.env.flush_all()


class TestStatement(StatementCommon):
    """P11: partners see their statements."""

    def test_earned_when_the_client_paid_billed_on_the_bill_paid_with_the_payment(self):
        self.acquired()
        invoice = self.invoice(1000)
        self.go_to("2026-01-20")
        self.pay(invoice)
        bill = self.run_bills("2026-02-19")
        self.assertStatement("2026-01", earned=50.0, closing=50.0, not_billed=50.0)
        self.assertStatement("2026-02", opening=50.0, closing=50.0, not_billed=50.0)  # a draft is not for partners
        bill.action_post()
        self.assertStatement("2026-02", opening=50.0, billed=50.0, closing=50.0, on_bills=50.0)
        self.pay(bill, on="2026-03-02")
        self.assertStatement("2026-02", opening=50.0, billed=50.0, closing=50.0, on_bills=50.0)
        self.assertStatement("2026-03", opening=50.0, paid=50.0)
        self.assertAddsUp()

    def test_a_credit_note_after_the_bill_is_a_correction_of_its_month(self):
        line = self.billed_line()  # paid in January, billed on 4 February
        self.go_to("2026-03-10")
        self.credit(line.move_id, 200.0)
        self.assertStatement("2026-01", earned=50.0, closing=50.0, not_billed=50.0)
        corrected = {"opening": 50.0, "correction": -10.0, "closing": 40.0, "on_bills": 50.0, "not_billed": -10.0}
        self.assertStatement("2026-03", **corrected)
        other = self.invoice(1000)
        self.pay(other)
        self.run_bills("2026-04-09").action_post()
        self.assertStatement("2026-01", earned=50.0, closing=50.0, not_billed=50.0)
        self.assertStatement("2026-03", **corrected | {"earned": 50.0, "closing": 90.0, "not_billed": 40.0})
        self.assertStatement("2026-04", opening=90.0, billed=40.0, closing=90.0, on_bills=90.0)
        self.assertAddsUp()

    def test_a_credit_note_between_payment_and_bill_leaves_the_month_of_payment_as_it_was_told(self):
        line = self.earned_line()
        self.go_to("2026-02-02")
        told = {"earned": 50.0, "closing": 50.0, "not_billed": 50.0}
        self.assertStatement("2026-01", **told)
        self.credit(line.move_id, 333.0)
        corrected = {"opening": 50.0, "correction": -16.65, "closing": 33.35, "not_billed": 33.35}
        self.assertStatement("2026-01", **told)
        self.assertStatement("2026-02", **corrected)
        self.run_bills("2026-02-04").action_post()
        self.assertStatement("2026-01", **told)
        self.assertStatement("2026-02", **corrected | {"billed": 33.35, "on_bills": 33.35, "not_billed": 0.0})
        self.assertAddsUp()

    def test_a_payment_that_is_undone_after_the_bill_is_taken_back_on_the_day_of_the_undoing(self):
        line = self.billed_line()
        self.go_to("2026-03-10")
        line.move_id.line_ids.remove_move_reconcile()
        self.assertStatement("2026-01", earned=50.0, closing=50.0, not_billed=50.0)
        self.assertStatement("2026-03", opening=50.0, correction=-50.0, on_bills=50.0, not_billed=-50.0)
        self.assertAddsUp()

    def test_a_bill_that_is_reversed_goes_out_again(self):
        line = self.billed_line()
        self.go_to("2026-03-10")
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=line.bill_ids.ids)
            .create({"date": "2026-03-10", "journal_id": line.bill_ids.journal_id.id})
        )
        refund = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        refund.invoice_date = "2026-03-10"
        refund.action_post()
        (line.bill_ids + refund).line_ids.filtered(
            lambda item: item.account_type == "liability_payable" and not item.reconciled
        ).reconcile()
        self.assertEqual(line.bill_ids.payment_state, "reversed")
        self.assertStatement("2026-02", opening=50.0, billed=50.0, closing=50.0, on_bills=50.0)
        self.assertStatement("2026-03", opening=50.0, billed=-50.0, closing=50.0, not_billed=50.0)
        self.assertAddsUp()

    def test_instalments_of_a_bill_cover_their_share_and_the_last_takes_what_is_left(self):
        line = self.billed_line(1000.5)  # 50.03
        bill = line.bill_ids
        self.assertEqual(bill.amount_total, 50.03)
        for day, amount in (("2026-02-10", 10.01), ("2026-03-10", 10.01), ("2026-04-10", 30.01)):
            self.go_to(day)
            self.pay(bill, amount)
        self.assertEqual(
            [self.statement(month)["paid"] for month in ("2026-02", "2026-03", "2026-04")], [10.01, 10.01, 30.01]
        )
        self.assertAddsUp()

    def test_two_credit_notes_are_corrections_each_on_its_day(self):
        line = self.billed_line()
        told = []
        for day, amount in (("2026-03-10", 200.0), ("2026-04-10", 100.0)):
            self.go_to(day)
            self.credit(line.move_id, amount)
            told.append(self.statement("2026-03"))
        self.assertEqual(told[0], told[1], "March was told")
        self.assertEqual([self.statement(month)["correction"] for month in ("2026-03", "2026-04")], [-10.0, -5.0])
        line.write({"held_by_hand": True})
        self.env.cr.execute("UPDATE partner_commission_line SET write_date = '2026-06-01' WHERE id = %s", [line.id])
        self.env.invalidate_all()
        self.assertEqual(self.statement("2026-03"), told[0])
        self.assertAddsUp()

    def test_a_correction_has_the_day_of_the_company(self):
        """At eleven in the evening of 31 March in UTC it is April in Paris."""
        line = self.billed_line()
        self.company.partner_id.tz = "Europe/Paris"
        self.go_to("2026-03-31 23:00:00")
        line.move_id.line_ids.remove_move_reconcile()
        self.env.flush_all()
        self.assertEqual([self.statement(month)["correction"] for month in ("2026-03", "2026-04")], [0.0, -50.0])

    def test_what_is_told_late_does_not_change_a_month_that_is_over(self):
        """Paid by the client in January, entered in February; the bill likewise."""
        self.acquired()
        invoice = self.invoice(1000)
        self.go_to("2026-02-03")
        self.pay(invoice, on="2026-01-20")
        self.assertEqual(self.line_of(invoice).fully_paid_on, Date.to_date("2026-01-20"))
        self.assertEqual([self.statement(month)["earned"] for month in ("2026-01", "2026-02")], [0.0, 50.0])
        bill = self.run_bills("2026-02-19")
        self.go_to("2026-03-02")
        bill.action_post()
        self.pay(bill, on="2026-02-28")
        self.assertEqual(bill.date, Date.to_date("2026-02-19"))
        self.assertStatement("2026-02", earned=50.0, closing=50.0, not_billed=50.0)
        self.assertStatement("2026-03", opening=50.0, billed=50.0, paid=50.0)
        self.assertAddsUp()

    def test_the_history_of_a_partner_that_is_brought_in_today_is_as_the_books_tell_it(self):
        self.go_to("2026-03-02")
        byte = self.env["res.partner"].create({"name": "Old Friend", "is_company": True})
        enrollment = self.env["partner.program.enrollment"].create(
            {"partner_id": byte.id, "program_id": self.program_referral.id, "state": "active"}
            | {"date_start": "2025-01-01"}
        )
        self.acquired(enrollment=enrollment, referred_on="2026-01-05 09:00:00")
        invoice = self.invoice(1000, on="2026-01-10")
        self.pay(invoice, on="2026-02-10")
        self.assertEqual(self.line_of(invoice).first_earned_on, Date.to_date("2026-02-10"))

    def test_a_bill_that_is_set_off_in_full_is_paid_and_not_billed_again(self):
        """Odoo calls it reversed, whatever the refund was for."""
        line = self.billed_line()
        bill = line.bill_ids
        self.set_off(bill, 80.0)
        self.assertEqual(bill.payment_state, "paid")
        self.assertLine(line, state="paid", billed_amount=50.0, open_amount=0.0)
        bills, mended = self.run_all()
        self.assertFalse(bills)
        self.assertFalse(mended)
        self.assertStatement("2026-02", opening=50.0, billed=50.0, set_off=50.0)
        self.assertAddsUp()

    def test_a_bill_that_its_credit_note_takes_back_is_billed_again(self):
        line = self.billed_line()
        bill = line.bill_ids
        refund = bill._reverse_moves([{"invoice_date": "2026-02-04"}], cancel=True)
        self.env.flush_all()
        self.assertEqual((bill.payment_state, refund.state), ("reversed", "posted"))
        self.assertLine(line, state="earned", billed_amount=0.0, open_amount=50.0)

    def test_what_is_set_off_is_not_our_payment(self):
        """A refund for something else closes 20 of a bill over 50, money the rest."""
        bill = self.billed_line().bill_ids
        self.set_off(bill, 20.0)
        self.pay(bill)
        self.assertStatement("2026-02", opening=50.0, billed=50.0, set_off=20.0, paid=30.0)
        self.assertAddsUp()

    def test_a_payment_of_ours_that_is_reset_to_draft_is_none(self):
        bill = self.billed_line().bill_ids
        payment = self.pay(bill)
        self.assertEqual(self.statement("2026-02")["paid"], 50.0)
        self.go_to("2026-03-02")
        payment.action_draft()
        self.env.flush_all()
        self.assertEqual([self.statement(month)["paid"] for month in ("2026-02", "2026-03")], [50.0, -50.0])
        self.assertEqual(self.statement("2026-03")["on_bills"], 50.0)

    def test_currencies_and_companies_are_added_up_apart(self):
        self.acquired()
        euro = self.setup_other_currency("EUR", rates=[("2025-01-01", 2.0)])
        for amount, currency in ((1000, self.company.currency_id), (600, euro)):
            self.pay(self.invoice(amount, currency_id=currency.id), currency_id=currency.id)
        other = self.earn_in_other_company(2000.0)[0].company_id
        self.env.flush_all()
        january = Date.to_date("2026-01-01"), Date.to_date("2026-01-31")
        rows = self.env["partner.commission.movement"]._get_statement(self.ada, self.company + other, *january)
        self.assertCountEqual(
            [(row["company"], row["currency"], row["earned"], row["closing"]) for row in rows],
            [
                (self.company, self.company.currency_id, 50.0, 50.0),
                (self.company, euro, 30.0, 30.0),
                (other, other.currency_id, 100.0, 100.0),
            ],
        )
        months = self.env["partner.commission.movement"]._get_months(self.ada, self.company + other)
        self.assertCountEqual(
            [(row["company"], row["currency"]) for row in months], [(r["company"], r["currency"]) for r in rows]
        )

    def test_an_invoice_whose_commission_was_told_is_cancelled_not_deleted(self):
        self.acquired()
        self.invoice(100)  # acquires nothing, but starts the window
        invoice = self.invoice(1000)
        self.pay(invoice)
        self.go_to("2026-02-03")
        invoice.button_draft()
        with self.assertRefused("Cancel the invoice instead of deleting it"):
            invoice.unlink()
        invoice.button_cancel()
        self.assertEqual([self.statement(m)["closing"] for m in ("2026-01", "2026-02")], [50.0, 0.0])

    def test_an_acquisition_that_is_undone_next_month_is_a_correction_of_that_month(self):
        referral = self.acquired()
        lead, stage = referral.lead_id, self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        invoice = self.invoice(1000)
        self.go_to("2026-01-10")
        self.pay(invoice)
        told = {"earned": 50.0, "closing": 50.0, "not_billed": 50.0}
        self.go_to("2026-02-03")
        self.assertStatement("2026-01", **told)
        later = self.invoice(200)  # nobody has been told of this one
        self.pay(later)
        lead.stage_id = stage
        self.assertEqual(referral.state, "accepted")
        self.assertStatement("2026-01", **told)
        self.assertStatement("2026-02", opening=50.0, correction=-50.0)
        self.assertLine(self.line_of(invoice), state="void", amount=0.0, open_amount=0.0)
        self.assertFalse(later.commission_line_ids)
        self.assertFalse(self.run_bills("2026-03-10"))
        lead.action_set_won()
        self.assertStatement("2026-01", **told)
        self.assertStatement("2026-02", opening=50.0, correction=-50.0)
        self.assertStatement("2026-03", earned=10.0, correction=50.0, closing=60.0, not_billed=60.0)
        self.assertEqual(self.run_bills().amount_untaxed, 60.0)
        self.assertFalse(self.run_bills("2026-05-01"), "and once only")
        self.assertAddsUp()

    def test_a_first_payment_that_bounces_next_month_is_a_correction_of_that_month(self):
        referral = self.refer(enrollment=self.enrollment_byte)
        starter = self.invoice(100, product=self.starter)
        self.pay(starter)
        self.go_to("2026-02-03")
        starter.line_ids.remove_move_reconcile()
        self.run_all()
        self.assertEqual(referral.state, "accepted")
        january, february = (self.statement(month, partner=self.byte) for month in ("2026-01", "2026-02"))
        self.assertEqual((january["earned"], january["closing"]), (20.0, 20.0))
        self.assertEqual((february["correction"], february["closing"]), (-20.0, 0.0))
        self.assertFalse(self.run_bills("2026-03-10"))
        self.pay(starter)
        self.assertEqual(referral.state, "acquired")
        self.assertEqual(self.statement("2026-01", partner=self.byte), january)
        self.assertEqual(self.statement("2026-03", partner=self.byte)["correction"], 20.0)
        self.assertEqual(self.run_bills("2026-04-10").amount_untaxed, 20.0)
        self.assertAddsUp(self.byte)

    def test_a_question_stays_when_the_acquisition_is_undone(self):
        referral = self.acquired()
        invoice = self.invoice(1000)
        question = self.env["partner.commission.question"].create(
            {"commission_line_id": self.line_of(invoice).id, "question": "Why 5 %?"}
        )
        referral.lead_id.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        self.env.flush_all()
        self.assertEqual(question.exists().commission_line_id.state, "void")
        self.assertEqual(self.statement("2026-01"), dict.fromkeys(FIGURES, 0.0))
        referral.write({"state": "withdrawn", "decision_reason": "A mistake"})
        with self.assertRefused("part of the partner's history"):
            referral.unlink()

    def test_what_was_told_of_a_client_who_does_not_count_stays_and_earns_no_more(self):
        referral = self.refer(enrollment=self.enrollment_byte)
        starter = self.invoice(100, product=self.starter)
        kept, undone, unpaid = (self.invoice(amount) for amount in (400, 700, 900))
        self.pay(starter + kept)
        self.go_to("2026-01-31")
        self.pay(undone)
        bill = self.run_bills("2026-02-04")
        self.assertEqual(bill.amount_untaxed, 100.0)
        bill.action_post()
        january = self.statement("2026-01", partner=self.byte)
        self.assertEqual((january["earned"], january["closing"]), (240.0, 240.0))
        self.go_to("2026-02-10")
        (starter + undone).line_ids.remove_move_reconcile()
        self.run_all()
        review = referral.review_ids.with_user(self.manager)
        review.reason = "The client never paid"
        review.action_refuse()
        self.assertEqual(referral.state, "rejected")
        self.assertFalse(unpaid.commission_line_ids)
        self.assertLine(self.line_of(undone), state="void", amount=0.0, open_amount=0.0)
        self.go_to("2026-02-20")
        self.pay(undone)
        self.run_all()
        self.assertEqual(self.statement("2026-01", partner=self.byte), january)
        self.assertEqual(self.statement("2026-02", partner=self.byte)["correction"], -160.0)
        self.assertLine(self.line_of(undone), state="void", amount=0.0, open_amount=0.0)
        self.assertLine(self.line_of(kept), state="billed", billed_amount=80.0, open_amount=0.0)
        self.assertLine(self.line_of(starter), open_amount=-20.0)
        self.assertFalse(self.run_bills("2026-04-01"), "there is only something to take back")
        self.assertAddsUp(self.byte)

    def joining(self):
        """Ada's client is a person; what it paid is billed and told."""
        person = self.env["res.partner"].create({"name": "Pia Person"})
        line = self.billed_line(client=person)
        self.go_to("2026-02-10")
        return person, line

    def assertNothingTakenBack(self, line):  # noqa: N802
        self.env.flush_all()
        self.assertLine(line, state="billed", earned_amount=50.0, open_amount=0.0)
        self.assertStatement("2026-01", earned=50.0, closing=50.0, not_billed=50.0)
        self.assertStatement("2026-02", opening=50.0, billed=50.0, closing=50.0, on_bills=50.0)
        self.assertFalse(self.run_bills())
        self.assertAddsUp()

    def test_d12_a_client_that_joins_a_company_loses_nothing_until_the_nightly_job(self):
        person, line = self.joining()
        company = self.env["res.partner"].create({"name": "Pia's Company", "is_company": True})
        person.with_user(self.salesperson).parent_id = company
        self.assertEqual(line.referral_id.client_id, company)
        self.assertNothingTakenBack(line)
        self.assertTrue(self.invoice(100, client=company).commission_line_ids)

    def test_d12_invoices_to_an_address_of_the_client_that_joins_a_company_go_along(self):
        person = self.env["res.partner"].create({"name": "Pia Person"})
        line = self.billed_line(
            client=person.create({"name": "Pia's Books", "type": "invoice", "parent_id": person.id})
        )
        self.go_to("2026-02-10")
        person.with_user(self.salesperson).parent_id = self.client
        self.assertEqual(line.referral_id.client_id, self.client)
        self.assertNothingTakenBack(line)

    def test_d12_a_client_that_is_called_a_person_belongs_to_its_parent(self):
        branch = self.env["res.partner"].create({"name": "Branch", "is_company": True, "parent_id": self.client.id})
        line = self.billed_line(client=branch)
        self.go_to("2026-02-10")
        branch.with_user(self.salesperson).is_company = False
        self.assertEqual(line.referral_id.client_id, self.client)
        self.assertNothingTakenBack(line)

    def test_d12_what_was_invoiced_to_a_contact_stays_with_the_company_that_it_leaves(self):
        line = self.billed_line(client=self.client_contact)
        self.go_to("2026-02-10")
        self.client_contact.with_user(self.salesperson).parent_id = self.other_client
        self.assertEqual(line.referral_id.client_id, self.client)
        self.assertNothingTakenBack(line)

    def test_d10_a_client_that_joins_a_company_another_partner_claims(self):
        person, line = self.joining()
        claim = self.refer(enrollment=self.enrollment_byte)
        person.parent_id = self.client
        self.assertNothingTakenBack(line)
        self.assertRecordValues(
            line.referral_id + claim,
            [
                {"state": "acquired", "client_id": self.client.id},
                {"state": "submitted", "client_id": self.client.id},
            ],
        )
        self.assertRecordValues(
            claim.review_ids, [{"kind": "conflict", "state": "open", "other_id": line.referral_id.id}]
        )

    def test_d10_a_client_does_not_join_a_company_on_which_another_partner_earns(self):
        person, line = self.joining()
        self.acquired()
        with self.assertRefused("Partners earn commissions on more than one of these contacts"):
            person.parent_id = self.client
        self.assertEqual(line.referral_id.client_id, person)
        self.assertNothingTakenBack(line)

    def test_d11_a_client_does_not_join_the_partner_itself(self):
        person, line = self.joining()
        with self.assertRefused("partner and client have to be different companies"):
            person.parent_id = self.ada
        self.assertNothingTakenBack(line)

    def test_d12_a_completed_client_that_joins_a_company_another_partner_claims_loses_nothing(self):
        person, line = self.joining()
        self.pay(line.bill_ids)
        self.go_to("2027-03-01")
        self.run_all()
        self.assertEqual(line.referral_id.state, "completed")
        claim = self.refer(enrollment=self.enrollment_byte)
        person.parent_id = self.client
        self.run_all()
        self.assertLine(line, state="paid", earned_amount=50.0, open_amount=0.0)
        self.assertStatement("2027-03")
        self.assertRecordValues(
            line.referral_id + claim,
            [
                {"state": "completed", "client_id": self.client.id},
                {"state": "accepted", "client_id": self.client.id},
            ],
        )

    def test_d12_what_joined_without_a_hook_is_followed_or_flagged_at_night(self):
        person, line = self.joining()
        self.acquired()
        self.env.cr.execute(
            "UPDATE res_partner SET parent_id = %s, commercial_partner_id = %s WHERE id = %s",
            [self.client.id, self.client.id, person.id],
        )
        self.env.invalidate_all()
        for _night in range(2):
            self.run_all()
        flagged = line.referral_id.activity_ids.filtered(lambda activity: "cannot look" in (activity.summary or ""))
        self.assertIn("more than one of these contacts", flagged.note)
        self.assertEqual((len(flagged), line.referral_id.state), (1, "acquired"))

    def test_the_sweep_notes_what_nobody_noted(self):
        line = self.billed_line()
        self.pay(line.bill_ids)
        self.assertStatement("2026-02", opening=50.0, billed=50.0, paid=50.0)
        self.env.cr.execute("DELETE FROM partner_commission_change")
        self.env.cr.execute("UPDATE partner_commission_line SET first_earned_amount = 49 WHERE id = %s", [line.id])
        self.env.invalidate_all()
        Line = self.env["partner.commission.line"].sudo()
        self.assertEqual(Line._cron_sync(), 3, "the line, what is billed, what is paid")
        self.assertStatement("2026-02", opening=49.0, correction=1.0, billed=50.0, paid=50.0)
        self.assertEqual(Line._cron_sync(), 0)

    def test_months_are_the_same_as_statements_of_months(self):
        line = self.billed_line()
        self.pay(line.bill_ids, on="2026-02-20")
        self.go_to("2026-03-10")
        self.credit(line.move_id, 200.0)
        self.env.flush_all()
        months = self.env["partner.commission.movement"]._get_months(self.ada, self.company)
        self.assertEqual([row["month"].isoformat() for row in months], ["2026-03-01", "2026-02-01", "2026-01-01"])
        for row in months:
            self.assertEqual({name: row[name] for name in FIGURES}, self.statement(row["month"].isoformat()[:7]))
        for later, earlier in itertools.pairwise(months):
            self.assertEqual(later["opening"], earlier["closing"])


class TestUpdate(StatementCommon):
    """Until 19.0.1.0 billings noted what statements told."""

    def script(self, name):
        path = file_path(f"partner_program/migrations/19.0.1.1.0/{name}.py")
        spec = importlib.util.spec_from_file_location(name.replace("-", "_"), path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        return script

    def test_a_bill_that_was_set_off_is_not_billed_again_after_the_update(self):
        """It was stored as reversed, and its commission was open again."""
        line = self.billed_line()
        self.set_off(line.bill_ids, 80.0)
        self.env.cr.execute("UPDATE account_move SET payment_state = 'reversed' WHERE id = %s", line.bill_ids.ids)
        self.env.invalidate_all()
        line._mend()
        self.assertLine(line, billed_amount=0.0, open_amount=50.0)
        self.script("post-migrate")._pay_what_was_set_off(self.env)
        self.assertLine(line, state="paid", billed_amount=50.0, open_amount=0.0)
        self.assertFalse(self.run_bills())
        self.assertStatement("2026-02", opening=50.0, billed=50.0, set_off=50.0)
        self.assertAddsUp()

    def test_an_update_takes_over_what_was_told(self):
        self.assertTakenOver(credited=200.0, corrected=10.0)

    def test_an_update_takes_over_what_was_told_of_what_was_taken_back_in_full(self):
        self.assertTakenOver(credited=1000.0, corrected=50.0)

    def assertTakenOver(self, credited, corrected):  # noqa: N802
        line = self.billed_line()
        self.go_to("2026-02-20")
        self.pay(line.bill_ids)
        self.go_to("2026-03-10")
        self.credit(line.move_id, credited)
        other = self.invoice(2000)
        self.pay(other)
        self.run_bills("2026-04-09").action_post()
        months = ("2026-01", "2026-02", "2026-03", "2026-04")
        told = [self.statement(month) for month in months]
        self.assertEqual([row["correction"] for row in told], [0.0, 0.0, -corrected, 0.0])
        self.env.cr.execute(
            """
            ALTER TABLE partner_commission_billing
              ADD COLUMN earned_on date, ADD COLUMN earned_amount numeric, ADD COLUMN corrected_on date;
            UPDATE partner_commission_billing SET earned_on = '2026-01-05', earned_amount = 50 WHERE amount = 50;
            UPDATE partner_commission_billing SET earned_amount = 0, corrected_on = '2026-03-10' WHERE amount < 0;
            UPDATE partner_commission_billing billing SET earned_on = line.fully_paid_on
              FROM partner_commission_line line
             WHERE line.id = billing.commission_line_id AND line.move_id = %s;
            DELETE FROM partner_commission_change;
            ALTER TABLE partner_commission_line DROP COLUMN first_earned_on, DROP COLUMN first_earned_amount;
            """,
            [other.id],
        )
        self.env.invalidate_all()
        for name in ("pre-migrate", "post-migrate"):
            self.script(name).migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        self.assertEqual([self.statement(month) for month in months], told)
        self.assertEqual(self.env["partner.commission.line"].sudo()._cron_sync(), 0)
