from odoo import api, models
from odoo.exceptions import UserError, ValidationError

from ..engine import windows


class PartnerCommissionLine(models.Model):
    """What the portal shows of the ledger; every read goes through the reader's access rules first."""

    _inherit = "partner.commission.line"

    # What a partner adds up and pages through, at a million lines of its own; see partner.program.portal.
    _portal_open = models.Index(
        "(partner_id, currency_id, state, hold_code, due_on) INCLUDE (company_id, amount, open_amount) "
        "WHERE state IN ('expected', 'earned', 'held')"
    )
    _portal_list = models.Index("(partner_id, invoice_date DESC, id DESC)")

    def _get_portal_state(self) -> str:
        """The state in words that a partner understands."""
        self.ensure_one()
        due_on = self.env["ir.qweb.field.date"].value_to_html(self.due_on, {}) if self.due_on else ""
        if self.state == "expected":
            return self.env._("Waiting until your client has paid")
        if self.state == "held":
            return self.env._("Held: %(reason)s", reason=self.hold_reason)
        if self.state == "earned" and self.open_amount < 0:
            return self.env._("Will be deducted from your next bill")
        today = self.company_id._partner_program_today()
        if self.state == "earned" and self.billed_amount and (not self.due_on or self.due_on <= today):
            return self.env._("Will be added to your next bill")
        if self.state in ("earned", "billed") and self.due_on and self.due_on < today:
            if self._was_held_past_its_day():
                return self.env._("Held until something from you had arrived, to be paid now")
            return self.env._("Was due on %(day)s", day=due_on)
        if self.state in ("earned", "billed"):
            return self.env._("To be paid by %(day)s", day=due_on) if due_on else self.env._("To be paid")
        if self.state == "paid":
            labels = dict(self._fields["closed_by"]._description_selection(self.env))
            return labels[self.closed_by or "money"]
        return self.void_reason or self.env._("Nothing due")

    def _was_held_past_its_day(self) -> bool:
        """Whether something of the partner was missing on the pay-by date: then we are not late."""
        self.ensure_one()
        line_sudo = self.sudo()  # partners have no right on billings and enrollments
        if line_sudo.billing_ids:
            return any(line_sudo.billing_ids.mapped("was_held"))
        since, until = line_sudo.enrollment_id.missing_since, line_sudo.enrollment_id.complete_since
        return bool(self.due_on and since and until and since <= self.due_on < until)

    def _get_portal_month(self) -> str:
        """Which month of the window the invoice is of; empty when it is outside."""
        self.ensure_one()
        referral_sudo = self.sudo().referral_id  # the partner's own referral
        start, day = referral_sudo.window_start, self.invoice_date
        if not start or not day or not windows.in_window(day, start, referral_sudo.window_end):
            return ""
        return self.env._(
            "Month %(month)s of %(months)s",
            month=windows.month_in_window(day, start),
            months=referral_sudo.commission_months,
        )

    def _get_portal_history(self) -> list[dict]:
        """What happened to this commission, oldest first: invoiced, paid, billed, corrected, paid out.

        :return: ``[{"date", "text", "amount"}]``; date and amount may be None
        """
        self.ensure_one()
        self.check_access("read")
        history = [
            {
                "date": self.invoice_date,
                "text": self.env._("Invoice %(invoice)s to your client", invoice=self.invoice_number),
                "amount": None,
            }
        ]
        if self.fully_paid_on:
            # What closed the invoice need not have been money.
            closed = self._explain_loss() if self.void_code in ("written_off", "credited") else ""
            text = closed or self.env._("Your client has paid in full")
            history.append({"date": self.fully_paid_on, "text": text, "amount": None})
        billings_sudo = self.sudo().billing_ids  # partners have no right on billings
        closings = billings_sudo.bill_id._get_closings()
        for billing_sudo in billings_sudo.sorted("revision"):
            history += self._get_portal_billing_history(billing_sudo, closings.get(billing_sudo.bill_id.id))
        return history

    def _get_portal_billing_history(self, billing_sudo, closing) -> list[dict]:
        bill_sudo, amount = billing_sudo.bill_id, billing_sudo.amount
        if bill_sudo.state == "draft":
            return [{"date": None, "text": self.env._("On a bill that is being checked"), "amount": amount}]
        if not bill_sudo.posted_before:
            return []  # a draft that was cancelled: the partner never saw it
        if billing_sudo._explain_correction():
            text = self.env._("Corrected on bill %(bill)s", bill=bill_sudo.name)
        else:
            text = self.env._("Billed on %(bill)s", bill=bill_sudo.name)
        history = [{"date": bill_sudo.invoice_date, "text": text, "amount": amount}]
        if bill_sudo.state == "cancel" or bill_sudo.payment_state == "reversed":
            taken_back = self.env._("Bill %(bill)s was taken back", bill=bill_sudo.name)
            history.append({"date": None, "text": taken_back, "amount": -amount})
        elif closing:
            paid_on, set_off_on = closing
            text = self._get_portal_closing_text(amount > 0, paid_on, set_off_on)
            history.append({"date": paid_on or set_off_on, "text": text, "amount": amount})
        return history

    @api.model
    def _get_portal_closing_text(self, is_added, paid_on, set_off_on) -> str:
        """What became of what a bill carries, now that it is closed: only money was paid."""
        if not set_off_on:
            return self.env._("Paid to you") if is_added else self.env._("Deducted from what was paid to you")
        if not paid_on:
            if is_added:
                return self.env._("Set off against what you owed")
            return self.env._("Deducted from what was set off against what you owed")
        if is_added:
            return self.env._("Paid to you, in part set off against what you owed")
        return self.env._("Deducted from what was paid to you and set off against what you owed")

    @api.model
    def _get_portal_bills(self, bills):
        """The newest posted commission bills of the reader's company.

        :param bills: as from ``partner.program.portal._get_bills``
        """
        return self.env["account.move"].search(
            [("id", "in", [bill["id"] for bill in bills if bill["state"] == "posted"])],
            order="invoice_date desc, id desc",
            limit=12,
        )

    # ------------------------------------------------------------
    # QUESTIONS
    # ------------------------------------------------------------

    def _get_portal_questions_sudo(self):
        """The questions on this line, oldest first: the partner reads its own words and our answers."""
        self.check_access("read")
        return self.sudo().question_ids.sorted("id")  # sudo: partners have no right on questions, only on this line

    def _may_be_questioned(self) -> bool:
        self.ensure_one()
        return self.state != "void" and not self.is_questioned

    def _may_be_held(self) -> bool:
        """Whether a question holds a payout: what is on a posted bill stays on it, and is corrected by the next."""
        self.ensure_one()
        if self.state not in ("billed", "paid"):
            return True
        bills_sudo = self.sudo().billing_ids.bill_id  # partners have no right on billings
        return any(bill.state == "draft" and not bill.posted_before for bill in bills_sudo)

    def _ask_from_portal(self, text):
        """The partner doubts this line: what is not on a posted bill is held until the account manager has answered.

        :return: the question (sudo)
        :raise UserError: a sentence for the partner: no text, or nothing to question
        """
        self.ensure_one()
        self.check_access("read")
        if not (text or "").strip():
            raise ValidationError(self.env._("Write what you doubt: we cannot answer an empty question."))
        open_sudo = self._get_portal_questions_sudo().filtered(lambda question: question.state == "open")
        if text.strip() in open_sudo.mapped("question"):  # a second click
            return open_sudo[:1]
        if self.is_questioned:
            raise UserError(self.env._("Your question on this commission is being answered already."))
        questions_sudo = self.env["partner.commission.question"].sudo()  # partners ask on lines they may read, only
        question_sudo = questions_sudo.create(
            {
                "commission_line_id": self.id,
                "question": text.strip(),
                "asked_by_id": self.env.user.partner_id.id,
                "asked_on": self.company_id._partner_program_today(),
            }
        )
        question_sudo.flush_recordset()
        return question_sudo
