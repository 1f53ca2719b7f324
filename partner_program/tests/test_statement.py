"""Statements: what they say on which day, and that they add up to the ledger and to the posted bills."""

import itertools

from odoo.fields import Date

from .common import PartnerProgramCommon

FIGURES = ("opening", "earned", "correction", "billed", "paid", "closing", "on_bills", "not_billed")


class StatementCommon(PartnerProgramCommon):
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
        """All days together equal the ledger and the posted bills."""
        partner = partner or self.ada
        whole = self.statement(date_from="1900-01-01", date_to="2999-12-31", partner=partner)
        lines = self.env["partner.commission.line"].search([("partner_id", "=", partner.id)])
        live = self.env["partner.commission.billing"].search([("partner_id", "=", partner.id)])._filter_live()
        posted = live.filtered(lambda billing: billing.bill_state == "posted")
        paid = posted.filtered(lambda billing: billing.bill_id.payment_state in ("paid", "in_payment"))
        self.assertEqual(whole["earned"] + whole["correction"], round(sum(lines.mapped("earned_amount")), 2))
        self.assertEqual(whole["billed"], round(sum(posted.mapped("amount")), 2))
        unpaid = posted - paid
        if not unpaid.filtered(lambda billing: billing.bill_id.payment_state == "partial"):
            self.assertEqual(whole["paid"], round(sum(paid.mapped("amount")), 2))
        self.assertEqual(whole["closing"], round(whole["earned"] + whole["correction"] - whole["paid"], 2))


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
        self.pay(bill, 10.01, on="2026-02-10")
        self.pay(bill, 10.01, on="2026-03-10")
        self.pay(bill, 30.01, on="2026-04-10")
        self.assertEqual(
            [self.statement(month)["paid"] for month in ("2026-02", "2026-03", "2026-04")], [10.01, 10.01, 30.01]
        )
        self.assertAddsUp()

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
