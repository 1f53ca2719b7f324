from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..engine import amounts
from .led_fields import LedBoolean, LedDate, LedMonetary, LedSelection, with_leaders

SHOWN = ("explanation", "is_due", "days_left", "void_reason", "hold_reason")


class PartnerCommissionLine(models.Model):
    """Ledger row: what one customer invoice is worth to the partner of one referral.

    ``earned_amount`` is the target, according to the facts of today;
    ``billed_amount`` is what bills carry of it; ``open_amount`` is the
    difference that the next run bills. Nothing here is written by hand but the hold.
    """

    _name = "partner.commission.line"
    _description = "Commission Line"
    # Not by pay-by date, as the views do: whoever reads the lines of an invoice would have to compute that date first.
    _order = "id"
    _check_company_auto = True

    referral_id = fields.Many2one("partner.referral", required=True, readonly=True, index=True, ondelete="restrict")
    # Not for partners: the name of an invoice or a client tells total, address, email and tax ID when the context of
    # the call asks for it. They read the number and the name.
    move_id = fields.Many2one(
        "account.move",
        "Customer Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        groups="base.group_user",
    )
    enrollment_id = fields.Many2one(related="referral_id.enrollment_id", store=True, index=True)
    partner_id = fields.Many2one(related="referral_id.partner_id", store=True, index=True)
    program_id = fields.Many2one(related="referral_id.program_id", store=True)
    client_id = fields.Many2one(related="referral_id.client_id", store=True, index=True, groups="base.group_user")
    client_name = fields.Char("Name of the Client", related="client_id.name")
    company_id = fields.Many2one(related="move_id.company_id", store=True)
    currency_id = fields.Many2one(related="move_id.currency_id", store=True)
    invoice_date = fields.Date(related="move_id.invoice_date", store=True)
    invoice_number = fields.Char(related="move_id.name")
    rate = fields.Float(related="referral_id.commission_rate", store=True, digits=(6, 3), aggregator=None)

    base_amount = LedMonetary(
        compute="_compute_target",
        leader="earned_amount",
        store=True,
        help="Untaxed amount of the commissionable invoice lines.",
    )
    credited_amount = LedMonetary(
        "Credited",
        compute="_compute_target",
        leader="earned_amount",
        store=True,
        help="Untaxed amount of the linked credit notes.",
    )
    amount = LedMonetary(
        "Commission",
        compute="_compute_target",
        leader="earned_amount",
        store=True,
        help="What the invoice is worth to the partner once fully paid.",
    )
    earned_amount = fields.Monetary(
        "Earned", compute="_compute_target", store=True, help="The commission, if the invoice is fully paid today."
    )
    fully_paid_on = LedDate(compute="_compute_target", leader="earned_amount", store=True)
    due_on = LedDate(
        "Pay-by Date",
        compute="_compute_target",
        leader="earned_amount",
        store=True,
        help="Full payment date plus the payout delay: when the partner has the money at the latest.",
    )
    void_code = LedSelection(
        [
            ("cancelled", "Invoice cancelled"),
            ("other_client", "Invoiced to another customer"),
            ("not_acquired", "The client does not count as won"),
            ("outside_window", "Outside the window"),
            ("other_referral", "Earned by another referral"),
            ("no_base", "Nothing commissionable"),
            ("credited", "Fully credited"),
            ("written_off", "Written off"),
            ("ended_for_cause", "Ended for cause"),
            ("rounds_to_zero", "Rounds to zero"),
        ],
        "Worth Nothing Because",
        compute="_compute_target",
        leader="earned_amount",
        store=True,
    )
    void_reason = fields.Char(compute="_compute_reasons")

    billing_ids = fields.One2many(
        "partner.commission.billing",
        "commission_line_id",
        "Billings",
        readonly=True,
        groups="account.group_account_invoice,account.group_account_readonly,partner_program.group_manager",
    )
    billed_amount = fields.Monetary("Billed", compute="_compute_billed", store=True)
    bills_paid = LedBoolean(compute="_compute_billed", leader="billed_amount", store=True)
    open_amount = LedMonetary(
        "To Bill",
        compute="_compute_state",
        leader="state",
        store=True,
        help="Earned less billed. Negative: the next bill carries a correction.",
    )
    bill_ids = fields.Many2many(
        "account.move",
        string="Bills",
        compute="_compute_bill_ids",
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    held_by_hand = fields.Boolean("On Hold", copy=False)
    manual_hold_reason = fields.Char("Reason for the Hold", copy=False)
    question_ids = fields.One2many(
        "partner.commission.question",
        "commission_line_id",
        "Questions",
        readonly=True,
        groups="account.group_account_invoice,account.group_account_readonly,partner_program.group_manager",
    )
    is_questioned = fields.Boolean(
        "Questioned", compute="_compute_is_questioned", store=True, help="The partner waits for an answer."
    )
    hold_code = LedSelection(
        [
            ("manual", "By hand"),
            ("question", "Questioned by the partner"),
            ("suspended", "Partner suspended"),
            ("requirements", "Something missing"),
        ],
        "Held Because",
        compute="_compute_state",
        leader="state",
        store=True,
    )
    hold_reason = fields.Char(compute="_compute_reasons")
    state = fields.Selection(
        [
            ("expected", "Expected"),
            ("earned", "Earned"),
            ("held", "Held"),
            ("billed", "Billed"),
            ("paid", "Paid"),
            ("void", "Void"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
    )

    _one_per_invoice = models.UniqueIndex(
        "(referral_id, move_id)", "This invoice has a commission line for this referral already."
    )
    # A run reads what is due and what is to be taken back, beside a million lines that are neither.
    _to_bill = models.Index("(company_id, due_on, partner_id, currency_id) WHERE open_amount <> 0")
    _to_take_back = models.Index("(company_id, partner_id, currency_id) WHERE open_amount < 0")

    # ------------------------------------------------------------
    # COMPUTE: THE TARGET, BILLED, STATE, REASONS
    # ------------------------------------------------------------

    @api.depends(
        "move_id.state",
        "move_id.payment_state",
        "move_id.amount_untaxed",
        "move_id.amount_total",
        "move_id.invoice_date",
        "move_id.commercial_partner_id",
        "client_id",
        # Their amounts change while they are drafts only. Each path to an amount costs every payment in Odoo.
        "move_id.reversal_move_ids.state",
        "referral_id.commission_rate",
        "referral_id.payout_delay_days",
        "referral_id.window_start",
        "referral_id.window_end",
        "enrollment_id.current_enrollment_id.state",
        "enrollment_id.current_enrollment_id.for_cause",
        "enrollment_id.current_enrollment_id.date_end",
        "referral_id.excluded_category_ids",
    )
    def _compute_target(self):
        targets = self._get_targets()
        for line in self:
            line.update(targets[line])
        self._forget_shown()

    @api.depends("billing_ids.amount", "billing_ids.bill_id.state", "billing_ids.bill_id.payment_state")
    def _compute_billed(self):
        billed = self._get_billed()
        for line in self:
            line.update(billed[line])

    def _get_billed(self) -> dict:
        """Values of ``_compute_billed`` by line, from the live billings, read in one query; writes nothing."""
        self.env["partner.commission.billing"].flush_model()
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.move"].flush_model(["state", "payment_state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT billing.commission_line_id,
                       SUM(billing.amount),
                       BOOL_AND(
                           bill.state = 'posted' AND bill.payment_state IN ('paid', 'in_payment')
                           AND NOT EXISTS (  -- a payment that was reset to draft stays reconciled
                               SELECT 1
                                 FROM account_move_line payable
                                 JOIN account_partial_reconcile partial ON partial.credit_move_id = payable.id
                                 JOIN account_move_line counterpart_line ON counterpart_line.id = partial.debit_move_id
                                 JOIN account_move counterpart ON counterpart.id = counterpart_line.move_id
                                WHERE payable.move_id = bill.id AND counterpart.state <> 'posted'))
                  FROM partner_commission_billing billing
                  JOIN account_move bill ON bill.id = billing.bill_id
                 WHERE billing.commission_line_id IN %(ids)s
                   AND bill.state <> 'cancel'
                   AND bill.payment_state IS DISTINCT FROM 'reversed'
                 GROUP BY billing.commission_line_id
                """,
                ids=self._origin._ids or (0,),
            )
        )
        billed = {line_id: (float(amount), paid) for line_id, amount, paid in rows}
        values = {}
        for line in self:
            amount, paid = billed.get(line._origin.id, (0.0, False))
            values[line] = {"billed_amount": amount, "bills_paid": paid}
        return values

    @api.depends("question_ids.state")
    def _compute_is_questioned(self):
        for line in self:
            line.is_questioned = any(question.state == "open" for question in line.question_ids)

    @api.depends(
        "earned_amount",  # with the rest of the target
        "billed_amount",  # and whether those bills are paid
        "held_by_hand",
        "is_questioned",
        "enrollment_id.current_enrollment_id.state",
        "enrollment_id.requirements_met",
    )
    def _compute_state(self):
        for line in self:
            line.update(line._get_state(line.amount, line.earned_amount, line.billed_amount, line.bills_paid))
        self._forget_shown()

    def _forget_shown(self):
        """The figures have changed: what says so in words is computed anew when it is read next."""
        self.invalidate_recordset(SHOWN, flush=False)

    def _get_state(self, amount, earned, billed, bills_paid) -> dict:
        """Values of ``_compute_state`` that follow from these amounts; writes nothing."""
        self.ensure_one()
        hold_code = self._get_hold_code()
        state = amounts.line_state(amount, earned, billed, held=bool(hold_code), bills_paid=bills_paid)
        open_amount = self.currency_id.round(earned - billed) if billed else earned
        return {"open_amount": open_amount, "hold_code": hold_code, "state": state}

    def _get_hold_code(self):
        """What holds the payout of this line, if anything (D15)."""
        self.ensure_one()
        if self.held_by_hand:
            return "manual"
        if self.is_questioned:
            return "question"
        enrollment_sudo = self.sudo().enrollment_id  # the rule holds, whoever looks
        if enrollment_sudo.current_enrollment_id.state == "suspended":
            return "suspended"
        # A partner who left in good standing keeps earning (D14) and still has to complete its papers.
        if not enrollment_sudo.requirements_met:
            return "requirements"
        return False

    # Like all that is only shown it names no figure that it depends on, see led_fields and _forget_shown.
    @api.depends("manual_hold_reason")
    @api.depends_context("lang")
    def _compute_reasons(self):
        void_labels = dict(self._fields["void_code"]._description_selection(self.env))
        for line in self:
            line.void_reason = line.state == "void" and void_labels.get(line.void_code)
            line.hold_reason = line.state == "held" and line._get_hold_reason()

    def _get_hold_reason(self) -> str:
        self.ensure_one()
        enrollment_sudo = self.sudo().enrollment_id  # partners read what is missing of their own
        if self.hold_code == "manual":
            return self.manual_hold_reason or self.env._("Under review")
        if self.hold_code == "question":
            return self.env._("The question of the partner is being answered")
        if self.hold_code == "suspended":
            return self.env._("The enrollment is suspended")
        return enrollment_sudo.missing_requirements or ""

    @api.depends("billing_ids.bill_id")
    def _compute_bill_ids(self):
        for line in self:
            line.bill_ids = line.billing_ids.bill_id

    @api.depends("move_id.name", "client_id.name")
    def _compute_display_name(self):
        for line in self:
            line_sudo = line.sudo()  # name of client and number of invoice only
            line.display_name = f"{line_sudo.client_id.name or ''} · {line_sudo.move_id.name or '/'}"

    def _recompute_model(self, fnames=None):
        # EXTENDS orm: what follows a field is not pending itself
        return super()._recompute_model(with_leaders(self, fnames))

    def _recompute_recordset(self, fnames=None):
        # EXTENDS orm: as above
        return super()._recompute_recordset(with_leaders(self, fnames))

    # ------------------------------------------------------------
    # CRUD, HOLD
    # ------------------------------------------------------------

    def write(self, vals):
        if not self.env.su and (guarded := vals.keys() - {"held_by_hand", "manual_hold_reason"}):
            raise AccessError(
                self.env._(
                    "Commission lines follow from invoices and payments: %(fields)s cannot be edited. "
                    "Hold the line, or correct the invoice.",
                    fields=", ".join(
                        sorted(self._fields[fname].get_description(self.env)["string"] for fname in guarded)
                    ),
                )
            )
        result = super().write(vals)
        if vals.get("held_by_hand"):
            self._leave_drafts()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        lines_sudo = self.sudo()  # billings of any bill count
        if lines_sudo.billing_ids:
            raise UserError(
                self.env._(
                    "A commission line that was billed cannot be deleted. Delete its draft or cancelled bill first: a "
                    "bill that was posted keeps it."
                )
            )

    def action_hold(self):
        """Hold by hand; the wizard asks for the reason."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_commission_hold_action"),
            "context": {"default_line_ids": self.ids},
        }

    def action_release(self):
        """Release what was held by hand; the pay-by date stays, so that it may show as late."""
        self.filtered("held_by_hand").write({"held_by_hand": False, "manual_hold_reason": False})

    def action_ask(self):
        """Write down the doubt of a partner; the line is held until it is answered."""
        self.ensure_one()
        return {
            "name": self.env._("Question of the Partner"),
            "type": "ir.actions.act_window",
            "res_model": "partner.commission.question",
            "views": [(False, "form")],
            "context": {"default_commission_line_id": self.id, "default_asked_by_id": self.partner_id.id},
        }

    def action_view_bills(self):
        """Open the vendor bills that carry this commission."""
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_in_invoice_type")
        action["domain"] = [("id", "in", self.billing_ids.bill_id.ids)]
        action["context"] = {"default_move_type": "in_invoice"}
        return action

    def action_view_invoice(self):
        """Open the customer invoice."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }
