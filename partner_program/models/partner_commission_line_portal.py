from odoo import api, models

from .partner_referral_acquisition import LIVE_BILL


class PartnerCommissionLine(models.Model):
    """What the portal shows of the ledger; every read goes through the reader's access rules first."""

    _inherit = "partner.commission.line"

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
        if self.state in ("earned", "billed"):
            return self.env._("To be paid by %(day)s", day=due_on) if due_on else self.env._("To be paid")
        if self.state == "paid":
            return self.env._("Paid")
        return self.void_reason or self.env._("Nothing due")

    @api.model
    def _get_portal_totals(self) -> list[dict]:
        """One row per currency: expected, to be paid, paid; as text in the currency's format."""
        own = [("partner_id", "=", self.env.user.commercial_partner_id.id)]
        totals = {}

        def add(currency, key, amount):
            empty = {"currency": currency, "expected": 0.0, "to_pay": 0.0, "paid": 0.0}
            totals.setdefault(currency, empty)[key] += amount

        for currency, state, amount, open_amount in self._read_group(
            own, ["currency_id", "state"], ["amount:sum", "open_amount:sum"]
        ):
            add(currency, "expected", amount if state == "expected" else 0.0)
            add(currency, "to_pay", open_amount if state in ("earned", "held") else 0.0)
        billings_sudo = self.env["partner.commission.billing"].sudo()  # portal users have no right on billings
        for currency, payment_state, billed in billings_sudo._read_group(
            [*own, *LIVE_BILL], ["currency_id", "bill_id.payment_state"], ["amount:sum"]
        ):
            add(currency, "paid" if payment_state in ("paid", "in_payment") else "to_pay", billed)
        return list(totals.values())

    @api.model
    def _get_portal_bills(self):
        """The posted commission bills of the reader's company, newest first."""
        lines = self.search([("partner_id", "=", self.env.user.commercial_partner_id.id), ("billed_amount", "!=", 0)])
        bill_ids = lines.sudo().billing_ids.bill_id.ids  # sudo: portal users have no right on billings
        return self.env["account.move"].search(
            [("id", "in", bill_ids), ("state", "=", "posted"), ("move_type", "=", "in_invoice")],
            order="invoice_date desc, id desc",
        )
