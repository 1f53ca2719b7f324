from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerCommissionBilling(models.Model):
    """This much of this commission line went onto that bill line.

    The only link between the ledger and accounting. Deleting the bill or the
    bill line deletes it and so frees the commission line; cancelling the bill
    keeps it, but it does not count any more (DESIGN, invariants 2 and 7).
    """

    _name = "partner.commission.billing"
    _description = "Commission Billing"
    _order = "id desc"
    _check_company_auto = True

    commission_line_id = fields.Many2one(
        "partner.commission.line", required=True, readonly=True, index=True, ondelete="restrict"
    )
    bill_line_id = fields.Many2one("account.move.line", required=True, readonly=True, index=True, ondelete="cascade")
    # Copies of the two lines. Not readonly, so that the values that a run gives are taken: Odoo computes readonly
    # ones record by record instead, which made up a third of a run. Nobody has the right to write billings anyway.
    bill_id = fields.Many2one(
        "account.move",
        compute="_compute_from_lines",
        store=True,
        precompute=True,
        readonly=False,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_from_lines", store=True, precompute=True, readonly=False
    )
    partner_id = fields.Many2one(
        "res.partner", compute="_compute_from_lines", store=True, precompute=True, readonly=False, index=True
    )
    client_id = fields.Many2one(related="commission_line_id.client_id")  # kept, it would be checked for every billing
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_from_lines", store=True, precompute=True, readonly=False
    )
    invoice_id = fields.Many2one(related="commission_line_id.move_id", string="Customer Invoice")
    bill_state = fields.Selection(related="bill_id.state", string="Bill Status")
    amount = fields.Monetary(required=True, readonly=True)
    revision = fields.Integer(
        required=True, readonly=True, help="1 for the first billing of a commission line; corrections count up."
    )
    was_held = fields.Boolean(
        "Held Past Its Day", readonly=True, help="Something of the partner was still missing on the pay-by date."
    )

    _held = models.Index("(bill_id) WHERE was_held")  # few
    _one_per_revision = models.UniqueIndex(
        "(commission_line_id, revision)", "This commission line was billed by another run in the meantime."
    )
    _not_zero = models.Constraint("CHECK (amount <> 0)", "A billing of nothing is none.")
    _revision_positive = models.Constraint("CHECK (revision > 0)", "Revisions count from 1.")

    @api.depends(
        "bill_line_id.move_id",
        "commission_line_id.company_id",
        "commission_line_id.partner_id",
        "commission_line_id.currency_id",
    )
    def _compute_from_lines(self):
        """What the billing shares with its two lines, together: a run makes thousands of billings."""
        for billing in self:
            line = billing.commission_line_id
            billing.bill_id = billing.bill_line_id.move_id
            billing.company_id = line.company_id
            billing.partner_id = line.partner_id
            billing.currency_id = line.currency_id

    @api.depends("commission_line_id", "revision")
    def _compute_display_name(self):
        for billing in self:
            billing.display_name = f"{billing.commission_line_id.display_name} ({billing.revision})"

    def _filter_live(self):
        """Those that count: a bill that was cancelled, or taken back by a credit note, frees what it carried."""
        return self.filtered(
            lambda billing: billing.bill_id.state != "cancel" and billing.bill_id.payment_state != "reversed"
        )

    def _explain_correction(self) -> str:
        """What an earlier bill carried of this commission line, and why it was taken back."""
        self.ensure_one()
        earlier = self.commission_line_id.billing_ids.filtered(
            lambda billing: billing.revision < self.revision
        )._filter_live()
        if not earlier:
            return ""
        line = self.commission_line_id
        correction = self.env._(
            "Correction: %(billed)s was billed before on %(bills)s.",
            billed=line._format(sum(earlier.mapped("amount"))),
            bills=", ".join(earlier.bill_id.mapped("display_name")),
        )
        # The facts are those of today: of an earlier correction, or with one still to come, they say nothing.
        last = max(line.billing_ids._filter_live().mapped("revision"))
        if self.amount > 0 or self.revision != last or line.open_amount or not (reason := line._explain_loss()):
            return correction
        return self.env._("%(correction)s Reason: %(reason)s.", correction=correction, reason=reason)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_live(self):
        """Billings go with their bill, never alone."""
        if live := self.filtered(lambda billing: billing.bill_id.state in ("draft", "posted")):
            raise UserError(
                self.env._(
                    "What was billed on %(bill)s is freed by deleting or cancelling that bill, not here.",
                    bill=live[0].bill_id.display_name,
                )
            )
