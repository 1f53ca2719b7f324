import logging
from collections import Counter, defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import amounts, windows
from .account_move import SETTLED

_logger = logging.getLogger(__name__)

SWEEP_BATCH = 1000
# What a row keeps of its referral, its invoice and its questions, so that lists and rules are fast.
COPIES = (
    *("enrollment_id", "partner_id", "program_id", "client_id", "rate"),
    *("company_id", "currency_id", "invoice_date", "is_questioned"),
)

# What follows from the facts.
FIGURES = (
    *("base_amount", "credited_amount", "amount", "earned_amount", "fully_paid_on", "due_on", "void_code"),
    *("billed_amount", "bills_paid", "open_amount", "hold_code", "state"),
)


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
    move_id = fields.Many2one(
        "account.move", "Customer Invoice", required=True, readonly=True, index=True, ondelete="restrict"
    )
    enrollment_id = fields.Many2one(related="referral_id.enrollment_id", store=True, index=True)
    partner_id = fields.Many2one(related="referral_id.partner_id", store=True, index=True)
    program_id = fields.Many2one(related="referral_id.program_id", store=True)
    client_id = fields.Many2one(related="referral_id.client_id", store=True, index=True)
    company_id = fields.Many2one(related="move_id.company_id", store=True)
    currency_id = fields.Many2one(related="move_id.currency_id", store=True)
    invoice_date = fields.Date(related="move_id.invoice_date", store=True)
    invoice_number = fields.Char(related="move_id.name")
    rate = fields.Float(related="referral_id.commission_rate", store=True, digits=(6, 3), aggregator=None)

    base_amount = fields.Monetary(
        compute="_compute_target", store=True, help="Untaxed amount of the commissionable invoice lines."
    )
    credited_amount = fields.Monetary(
        "Credited", compute="_compute_target", store=True, help="Untaxed amount of the linked credit notes."
    )
    amount = fields.Monetary(
        "Commission",
        compute="_compute_target",
        store=True,
        help="What the invoice is worth to the partner once fully paid.",
    )
    earned_amount = fields.Monetary(
        "Earned", compute="_compute_target", store=True, help="The commission, if the invoice is fully paid today."
    )
    fully_paid_on = fields.Date(compute="_compute_target", store=True)
    due_on = fields.Date(
        "Pay-by Date",
        compute="_compute_target",
        store=True,
        help="Full payment date plus the payout delay: when the partner has the money at the latest.",
    )
    void_code = fields.Selection(
        [
            ("cancelled", "Invoice cancelled"),
            ("other_client", "Invoiced to another customer"),
            ("outside_window", "Outside the window"),
            ("no_base", "Nothing commissionable"),
            ("credited", "Fully credited"),
            ("written_off", "Written off"),
            ("ended_for_cause", "Ended for cause"),
            ("rounds_to_zero", "Rounds to zero"),
        ],
        "Worth Nothing Because",
        compute="_compute_target",
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
    bills_paid = fields.Boolean(compute="_compute_billed", store=True)
    open_amount = fields.Monetary(
        "To Bill",
        compute="_compute_state",
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
    hold_code = fields.Selection(
        [
            ("manual", "By hand"),
            ("question", "Questioned by the partner"),
            ("suspended", "Partner suspended"),
            ("requirements", "Something missing"),
        ],
        "Held Because",
        compute="_compute_state",
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
    is_due = fields.Boolean("Due", compute="_compute_is_due", search="_search_is_due")
    days_left = fields.Integer(compute="_compute_is_due", help="Days until the pay-by date. Negative: late.")

    _one_per_invoice = models.UniqueIndex(
        "(referral_id, move_id)", "This invoice has a commission line for this referral already."
    )
    _to_bill = models.Index("(company_id, partner_id, currency_id, due_on) WHERE open_amount <> 0")

    # ------------------------------------------------------------
    # COMPUTE: THE TARGET
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
        "enrollment_id.state",
        "enrollment_id.for_cause",
        "enrollment_id.date_end",
        "referral_id.excluded_category_ids",
    )
    def _compute_target(self):
        targets = self._get_targets()
        for line in self:
            line.update(targets[line])

    def _get_targets(self, on_date=None) -> dict:
        """Values of ``_compute_target`` by line, from the facts of today; writes nothing.

        :param date on_date: look only at what has an accounting date until that day
        """
        lines_sudo = self.sudo()  # whoever looks at a line may not be allowed to open the invoice
        settlements = lines_sudo.move_id._get_settlement_facts(on_date)
        excluded = lines_sudo._get_excluded_amounts()
        targets = dict.fromkeys(self)  # the records of the caller, with the caller's rights
        for (referral, currency), of_terms in lines_sudo.grouped(
            lambda line: (line.referral_id, line.move_id.currency_id)
        ).items():
            terms = amounts.Terms(
                rate=amounts.decimal_of(referral.commission_rate),
                delay_days=referral.payout_delay_days,
                rounding=amounts.decimal_of(currency.rounding),
            )
            of_referral = self._get_referral_facts(referral)
            for line_sudo in of_terms:
                settlement = settlements[line_sudo.move_id.id]
                less = excluded.get(line_sudo, (0.0, 0.0))
                facts = self._prepare_facts(currency, settlement, of_referral, *less, on_date=on_date)
                target = amounts.target(facts, terms)
                targets[line_sudo] = {
                    "base_amount": float(facts.base),
                    "credited_amount": float(facts.credited),
                    "amount": float(target.amount),
                    "earned_amount": float(target.earned),
                    "fully_paid_on": target.fully_paid_on or False,
                    "due_on": target.due_on or False,
                    "void_code": target.void or False,
                }
        return targets

    @api.model
    def _prepare_facts(
        self, currency, settlement, of_referral, excluded_base, excluded_credit, on_date=None
    ) -> amounts.InvoiceFacts:
        """Facts of one invoice for the engine, of today or of a past day.

        :param currency: of the invoice
        :param settlement: what the books say of the invoice, see ``account.move._get_settlement_facts``
        :param of_referral: what ``_get_referral_facts`` says of the referral
        """
        window, client_id, earning_stops_on = of_referral
        base, credited = settlement.untaxed or 0.0, float(settlement.credited)
        if excluded_base or credited:
            base, credited = currency.round(base - excluded_base), currency.round(credited - excluded_credit)
        if on_date is None:
            settled = settlement.payment_state in SETTLED and currency.is_zero(settlement.residual or 0.0)
        else:  # from reconciliations alone
            closed = settlement.money + settlement.credited_gross + settlement.written_off
            settled = bool(closed) and currency.compare_amounts(settlement.total or 0.0, float(closed)) <= 0
        return amounts.InvoiceFacts(
            posted=settlement.state == "posted",
            cancelled=settlement.state == "cancel",
            settled=settled,
            in_window=windows.in_window(settlement.invoice_date, *window),
            of_client=settlement.client_id == client_id,
            base=amounts.decimal_of(base),
            credited=max(amounts.ZERO, amounts.decimal_of(credited)),
            payable=amounts.decimal_of(settlement.total) - settlement.credited_gross,
            written_off=settlement.written_off,
            settled_on=settlement.settled_on,
            earning_stops_on=earning_stops_on,
        )

    @api.model
    def _get_referral_facts(self, referral) -> tuple:
        """What all lines of a referral have in common: window, id of the client, day on which earning stops (D14)."""
        enrollment = referral.enrollment_id
        stops_on = enrollment.date_end if enrollment.for_cause and enrollment.state == "ended" else None
        return (referral.window_start, referral.window_end), referral.client_id.id, stops_on

    def _get_excluded_amounts(self) -> dict:
        """``{line: (untaxed amount, credited amount)}`` of products that earn nothing.

        Two queries for each set of excluded categories that referrals froze; none for the others.
        """
        excluded = {}
        excluding = self.referral_id.filtered("excluded_category_ids")
        concerned = self.filtered(lambda line: line.referral_id in excluding) if excluding else self.browse()
        for categories, lines in concerned.grouped(lambda line: line.referral_id.excluded_category_ids).items():
            in_category = Domain("product_id.categ_id", "child_of", categories.ids)
            AccountLine = self.env["account.move.line"]
            billed = dict(
                AccountLine._read_group(
                    in_category & Domain("move_id", "in", lines.move_id.ids), ["move_id"], ["price_subtotal:sum"]
                )
            )
            credited = defaultdict(float)
            for credit_note, amount in AccountLine._read_group(
                in_category
                & Domain("move_id.reversed_entry_id", "in", lines.move_id.ids)
                & Domain("parent_state", "=", "posted"),
                ["move_id"],
                ["price_subtotal:sum"],
            ):
                credited[credit_note.reversed_entry_id] += amount
            for line in lines:
                excluded[line] = (billed.get(line.move_id, 0.0), credited[line.move_id])
        return excluded

    # ------------------------------------------------------------
    # COMPUTE: BILLED, STATE, REASONS
    # ------------------------------------------------------------

    @api.depends("billing_ids.amount", "billing_ids.bill_id.state", "billing_ids.bill_id.payment_state")
    def _compute_billed(self):
        billed = self._get_billed()
        for line in self:
            line.update(billed[line])

    def _get_billed(self) -> dict:
        """Values of ``_compute_billed`` by line, from the live billings, read in one query; writes nothing."""
        self.env["partner.commission.billing"].flush_model()
        self.env["account.move"].flush_model(["state", "payment_state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT billing.commission_line_id,
                       SUM(billing.amount),
                       BOOL_AND(bill.state = 'posted' AND bill.payment_state IN ('paid', 'in_payment'))
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
        "amount",
        "earned_amount",
        "billed_amount",
        "bills_paid",
        "held_by_hand",
        "is_questioned",
        "enrollment_id.state",
        "enrollment_id.requirements_met",
    )
    def _compute_state(self):
        for line in self:
            line.update(line._get_state(line.amount, line.earned_amount, line.billed_amount, line.bills_paid))

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
        enrollment_sudo = self.sudo().enrollment_id  # the rule holds, whoever looks
        if self.held_by_hand:
            return "manual"
        if self.is_questioned:
            return "question"
        if enrollment_sudo.state == "suspended":
            return "suspended"
        # A partner who left in good standing keeps earning (D14) and still has to complete its papers.
        if not enrollment_sudo.requirements_met:
            return "requirements"
        return False

    @api.depends("hold_code", "void_code", "manual_hold_reason", "state")
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

    @api.depends("due_on", "state", "open_amount")
    def _compute_is_due(self):
        for line in self:
            today = line.company_id._partner_program_today() if line.company_id else fields.Date.today()
            line.days_left = (line.due_on - today).days if line.due_on else 0
            line.is_due = line.state == "earned" and line._is_billable(today)

    def _search_is_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        due = Domain.OR(
            Domain("company_id", "=", company.id) & self._due_domain(company._partner_program_today())
            for company in self.env.companies
        )
        return due if True in value else ~due

    def _is_billable(self, today) -> bool:
        """Whether the open amount may be billed on that day: its pay-by date less lead days, corrections at once."""
        self.ensure_one()
        if self.open_amount < 0:
            return True
        lead_days = self.sudo().program_id.bill_lead_days  # partners read the date, not the program
        return bool(self.due_on) and windows.billable_from(self.due_on, lead_days) <= today

    @api.model
    def _due_domain(self, today) -> Domain:
        """What may be billed on that day, for the database; lead days are at most 30 and differ by program."""
        programs_sudo = self.env["partner.program"].sudo().with_context(active_test=False)  # as in _is_billable
        by_lead = programs_sudo._read_group([], ["bill_lead_days"], ["id:array_agg"])
        due = Domain.OR(
            Domain("program_id", "in", ids) & Domain("due_on", "<=", windows.pay_by(today, lead_days))
            for lead_days, ids in by_lead
        )
        return Domain("state", "=", "earned") & (due | Domain("open_amount", "<", 0))

    @api.depends("move_id.name", "client_id.name")
    def _compute_display_name(self):
        for line in self:
            line_sudo = line.sudo()  # name of client and number of invoice only
            line.display_name = f"{line_sudo.client_id.name or ''} · {line_sudo.move_id.name or '/'}"

    # ------------------------------------------------------------
    # CRUD, HOLD, SWEEP
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
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        if self.sudo().billing_ids:  # sudo: billings of any bill count
            raise UserError(
                self.env._(
                    "A commission line that was billed cannot be deleted. Cancel or delete its draft bill first."
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

    @api.model
    def _cron_sync(self) -> int:
        """The sweep: compare every referral and every ledger row with the facts, and mend what differs.

        Says in the log how many rows it mended and in which figures. Where money
        that was billed already is concerned, the account manager gets an activity.

        :return: number of rows created or mended
        """
        mended, why = 0, Counter()
        enrollments = self.env["partner.program.enrollment"].search([("referral_ids", "!=", False)])
        self.env.add_to_compute(enrollments._fields["requirements_met"], enrollments)
        referrals = self.env["partner.referral"].search([("state", "in", ("acquired", "completed"))], order="id")
        for start in range(0, len(referrals), SWEEP_BATCH):
            created = len(referrals[start : start + SWEEP_BATCH]._sync_commission_lines())
            mended += created
            why["created"] += created
        last_id = 0
        while lines := self.search([("id", ">", last_id)], order="id", limit=SWEEP_BATCH):
            wrong = lines._mend_copies()
            for line, fnames in lines._mend().items():
                wrong[line] = wrong.get(line, []) + fnames
            mended += len(wrong)
            why.update(fname for fnames in wrong.values() for fname in fnames)
            billed = [line.id for line, fnames in wrong.items() if line.billing_ids or "billed_amount" in fnames]
            self.browse(billed)._report_mended()
            last_id = lines[-1].id
            self._commit_in_cron(processed=len(lines))
            self.env.invalidate_all()
        if mended:
            _logger.warning(
                "Partner commissions: the sweep mended %s rows (%s)",
                mended,
                ", ".join(f"{fname}: {count}" for fname, count in why.items() if count),
            )
        return mended

    def _find_stale_copies(self):
        """Those of these rows that say another partner, client, company or currency than referral and invoice do."""
        self.env["partner.referral"].flush_model(["enrollment_id", "partner_id", "program_id", "client_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM partner_commission_line line
                  JOIN partner_referral referral ON referral.id = line.referral_id
                  JOIN account_move invoice ON invoice.id = line.move_id
                 WHERE line.id = ANY(%s)
                   AND (line.enrollment_id, line.partner_id, line.program_id, line.client_id,
                        line.company_id, line.currency_id)
                       IS DISTINCT FROM
                       (referral.enrollment_id, referral.partner_id, referral.program_id, referral.client_id,
                        invoice.company_id, invoice.currency_id)
                """,
                self.ids,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _mend_copies(self) -> dict:
        """Copy again what the rows keep of referral, invoice and questions.

        :return: names of the fields that differed, by line
        """
        stored = {line: [line[fname] for fname in COPIES] for line in self}
        for fname in COPIES:
            self.env.add_to_compute(self._fields[fname], self)
        wrong = {}
        for line, before in stored.items():
            copies = zip(COPIES, before, strict=True)
            if different := [fname for fname, value in copies if line[fname] != value]:
                wrong[line] = different
        return wrong

    def _mend(self) -> dict:
        """Write the figures of the rows whose stored ones differ from what the facts say.

        :return: names of the figures that differed, by line
        """
        lines_sudo = self.sudo()  # figures follow from the facts, whoever asks
        targets, billed, wrong = lines_sudo._get_targets(), lines_sudo._get_billed(), {}
        for line, stored in lines_sudo._read_figures().items():
            figures = targets[line] | billed[line]
            figures |= line._get_state(
                figures["amount"], figures["earned_amount"], figures["billed_amount"], figures["bills_paid"]
            )
            columns = zip(FIGURES, stored, strict=True)
            if different := [fname for fname, value in columns if figures[fname] != (value or False)]:
                line.write(figures)
                wrong[line] = different
        return wrong

    def _read_figures(self) -> dict:
        """``FIGURES`` as they are stored, by line; nothing is ``None``.

        One statement instead of a dozen look-ups in the cache for each line: a run asks this of thousands.
        """
        self.flush_recordset(FIGURES)
        columns = SQL(", ").join(SQL.identifier(fname) for fname in FIGURES)
        rows = self.env.execute_query(
            SQL("SELECT id, %s FROM partner_commission_line WHERE id = ANY(%s)", columns, self.ids)
        )
        by_id = dict(zip(self._ids, self, strict=True))
        return {by_id[id_]: figures for id_, *figures in rows}

    def _report_mended(self):
        """Tell the account manager that a figure which was billed already has been mended."""
        summary = self.env._("A billed commission was corrected")
        for referral, lines in self.grouped("referral_id").items():
            if summary in referral.activity_ids.mapped("summary"):
                continue
            referral.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=summary,
                note=Markup("<br/>").join(line.explanation for line in lines),
                user_id=(referral.enrollment_id.account_manager_id or self.env.ref("base.user_admin")).id,
            )
