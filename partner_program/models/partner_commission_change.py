from collections import namedtuple
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL, split_every

from ..engine.amounts import ZERO, decimal_of, round_currency

BILLS_AT_ONCE = 1000
PENDING = "partner_program_bills_to_note"  # of the transaction: bills whose payment state was computed

# A bill, or a commission line, that says something else than was noted: how much, and when that came about.
Difference = namedtuple(
    "Difference", "line_id bill_id kind partner_id company_id currency_id amount fact_on noted_on brought_in"
)


class PartnerCommissionChange(models.Model):
    """What a statement says beside the first earning: the journal of changes, appended to and never edited.

    Notation
        *correction*: by how much ``earned_amount`` of a commission line has
        changed since it was first earned (which the line keeps itself);
        *billed*, *paid*, *set off*: by how much the commissions on a posted
        bill, and what closes them, have changed.

    Use
        Summed over all days, first earning + corrections is the
        ``earned_amount`` of the ledger, and billed, paid and set off are what
        the books say today. A day that has passed gets no further rows unless
        its month is still running: what a statement told of a month that is
        over never changes.

    Inner working
        Levels, not events: what is noted is always the difference between the
        facts of now and the sum of what was noted. So nothing can be noted
        twice, and the sweep finds what was missed. Corrections are noted where
        the target is computed; bills at the end of the transaction, as
        ``account.move`` computes their payment state again and again.
    """

    _name = "partner.commission.change"
    _description = "Commission Change"
    _order = "date desc, id desc"
    _check_company_auto = True

    date = fields.Date(required=True, readonly=True, help="When it was noticed; see the documentation of statements.")
    kind = fields.Selection(
        [("correction", "Correction"), ("billed", "Billed"), ("paid", "Paid"), ("set_off", "Set Off")],
        required=True,
        readonly=True,
    )
    commission_line_id = fields.Many2one("partner.commission.line", readonly=True, index=True, ondelete="cascade")
    bill_id = fields.Many2one("account.move", readonly=True, index="btree_not_null", ondelete="set null")
    partner_id = fields.Many2one(related="commission_line_id.partner_id", store=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)

    # What changes to and fro on one day is one change.
    _one_correction_a_day = models.UniqueIndex("(commission_line_id, date) WHERE commission_line_id IS NOT NULL")
    _one_of_a_kind_a_day = models.UniqueIndex("(bill_id, kind, date) WHERE bill_id IS NOT NULL")
    _paid_idx = models.Index("(partner_id, date) WHERE kind = 'paid'")  # the chart of a partner with a million lines

    # ------------------------------------------------------------
    # DAYS
    # ------------------------------------------------------------

    @api.model
    def _get_day(self, company, fact_on, brought_in):
        """The day under which something is noted today: that of the fact, unless its month is over; then today.

        :param fact_on: its accounting date
        :param brought_in: when the partner's enrollment was created. On that day its history is taken as the books
            tell it: nobody has been told anything yet.
        """
        today = company._partner_program_today()
        is_new = bool(brought_in) and company._partner_program_local_date(brought_in) == today
        is_new = is_new or self.env.context.get("partner_program_history")  # an update takes over what was told
        return fact_on if fact_on and (is_new or fact_on >= today.replace(day=1)) else today

    def _append(self, differences):
        """Note these differences, each under its day; what is taken back is never dated before what was noted."""
        rows = []
        for one in differences:
            company = self.env["res.company"].browse(one.company_id)
            if one.amount > 0 and one.kind != "correction":
                day = self._get_day(company, one.fact_on, one.brought_in)
            else:
                day = max(filter(None, (company._partner_program_today(), one.noted_on)))
            rows.append(
                (one.line_id, one.bill_id, one.kind, one.partner_id, one.company_id, one.currency_id, one.amount, day)
            )
        if not rows:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO partner_commission_change AS change (
                    commission_line_id, bill_id, kind, partner_id, company_id, currency_id, amount, date,
                    create_uid, create_date
                )
                SELECT line_id, bill_id, kind, partner_id, company_id, currency_id, amount, date, %(uid)s, %(now)s
                  FROM unnest(%(line_ids)s::int[], %(bill_ids)s::int[], %(kinds)s::varchar[], %(partner_ids)s::int[],
                              %(company_ids)s::int[], %(currency_ids)s::int[], %(amounts)s::numeric[], %(days)s::date[])
                       AS noted (line_id, bill_id, kind, partner_id, company_id, currency_id, amount, date)
                    ON CONFLICT %(target)s DO UPDATE SET amount = change.amount + EXCLUDED.amount
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                target=SQL("(commission_line_id, date) WHERE commission_line_id IS NOT NULL")
                if rows[0][0]
                else SQL("(bill_id, kind, date) WHERE bill_id IS NOT NULL"),
                **dict(
                    zip(
                        (
                            *("line_ids", "bill_ids", "kinds", "partner_ids"),
                            *("company_ids", "currency_ids", "amounts", "days"),
                        ),
                        map(list, zip(*rows, strict=True)),
                        strict=True,
                    )
                ),
            )
        )
        self.invalidate_model(flush=False)

    # ------------------------------------------------------------
    # BILLS
    # ------------------------------------------------------------

    @api.model
    def _note_bills_later(self, bill_ids):
        """Compare these bills with what was noted of them, once, at the end of the transaction or before it is read."""
        precommit = self.env.cr.precommit
        if PENDING not in precommit.data:
            precommit.add(self.sudo()._note_pending)  # sudo: whoever pays a bill need not see the ledger
        precommit.data.setdefault(PENDING, set()).update(bill_ids)

    @api.model
    def _note_pending(self):
        if bill_ids := self.env.cr.precommit.data.pop(PENDING, None):
            self.sudo()._note_bills(sorted(bill_ids))  # sudo: see above

    @api.model
    def _sweep_bills(self) -> int:
        """Compare all bills that ever carried commissions with what was noted of them; how much was missing."""
        self.env["account.move"].flush_model(["payment_state"])
        self._note_pending()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bill_id FROM partner_commission_billing
                 UNION
                SELECT bill_id FROM partner_commission_change WHERE bill_id IS NOT NULL
                 ORDER BY 1
                """
            )
        )
        return sum(self._note_bills(ids) for ids in split_every(BILLS_AT_ONCE, [id_ for (id_,) in rows], list))

    @api.model
    def _note_bills(self, bill_ids) -> int:
        """Note what of these bills differs from what was noted of them; returns how many differences there were."""
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.move"].flush_model(
            ["state", "payment_state", "date", "amount_total", "origin_payment_id", "statement_line_id"]
        )
        self.env["account.move.line"].flush_model(["price_subtotal", "display_type"])
        self.env["partner.commission.billing"].flush_model()
        noted = {}
        for bill_id, kind, amount, noted_on, *owner in self.env.execute_query(
            SQL(
                """
                SELECT bill_id, kind, SUM(amount), MAX(date), MAX(partner_id), MAX(company_id), MAX(currency_id)
                  FROM partner_commission_change WHERE bill_id = ANY(%s) GROUP BY bill_id, kind
                """,
                bill_ids,
            )
        ):
            noted[bill_id, kind] = amount, noted_on, owner
        differences = []
        for (bill_id, kind), (amount, fact_on, owner, brought_in) in self._get_bill_levels(bill_ids, noted).items():
            before, noted_on, _owner = noted.get((bill_id, kind), (ZERO, None, None))
            if change := amount - decimal_of(before):
                differences.append(Difference(None, bill_id, kind, *owner, change, fact_on, noted_on, brought_in))
        self._append(differences)
        return len(differences)

    @api.model
    def _get_bill_levels(self, bill_ids, noted) -> dict:
        """``{(bill, kind): (amount, accounting date, (partner, company, currency), brought in)}`` of now.

        Amounts are of the commissions on the bill: what closes a part of it closes this part of them. What neither
        payment nor bank statement closed is set off: against a refund, an invoice of ours, an entry. A bill that is
        no longer posted, or was reversed, carries nothing.
        """
        levels = {key: (ZERO, None, owner, None) for key, (_amount, _day, owner) in noted.items()}
        for bill_id, brought_in, billed_on, paid_on, set_off_on, is_paid, rounding, *rest in self.env.execute_query(
            self._get_bills_query(bill_ids)
        ):
            owner, (commissions, total, closed, set_off) = rest[:3], map(decimal_of, rest[3:])
            if not total:
                closed, total = Decimal(int(is_paid)), Decimal(1)

            whole, part = (
                round_currency(commissions * amount / total, decimal_of(rounding)) if amount < total else commissions
                for amount in (closed, set_off)
            )
            levels[bill_id, "billed"] = commissions, billed_on, owner, brought_in
            levels[bill_id, "paid"] = whole - part, paid_on or billed_on, owner, brought_in
            levels[bill_id, "set_off"] = part, set_off_on, owner, brought_in
        return levels

    @api.model
    def _get_bills_query(self, bill_ids) -> SQL:
        """The commissions on those of these bills that count, and which shares of the bills are closed."""
        return SQL(
            """
            SELECT bill.id, carried.brought_in, bill.date, closed.paid_on, closed.set_off_on,
                   bill.payment_state IN ('paid', 'in_payment'), currency.rounding,
                   bill.commercial_partner_id, bill.company_id, bill.currency_id,
                   carried.commissions, bill.amount_total, closed.amount, closed.set_off
              FROM account_move bill
              JOIN res_currency currency ON currency.id = bill.currency_id
              JOIN LATERAL (
                   SELECT SUM(line.price_subtotal) AS commissions, MIN(enrollment.brought_in) AS brought_in
                     FROM account_move_line line
                     JOIN LATERAL (
                          SELECT enrollment.create_date AS brought_in
                            FROM partner_commission_billing billing
                            JOIN partner_commission_line commission ON commission.id = billing.commission_line_id
                            JOIN partner_program_enrollment enrollment ON enrollment.id = commission.enrollment_id
                           WHERE billing.bill_line_id = line.id
                           LIMIT 1) enrollment ON TRUE
                    WHERE line.move_id = bill.id AND line.display_type = 'product'
                   ) carried ON carried.commissions IS NOT NULL
              LEFT JOIN LATERAL (%s) closed ON TRUE
             WHERE bill.id = ANY(%s)
               AND bill.move_type = 'in_invoice'
               AND bill.state = 'posted'
               AND bill.payment_state IS DISTINCT FROM 'reversed'
            """,
            self._get_closed_query(),
            bill_ids,
        )

    @api.model
    def _get_closed_query(self) -> SQL:
        """What closed the payable of ``bill``, for a LATERAL join: payments and bank statements are money.

        What else closed it is set off. Neither what is not posted counts, nor exchange differences.

        :return: query of one row: ``amount`` (all of it), ``set_off``, and the last day of each, ``paid_on`` and
            ``set_off_on``
        """
        return SQL(
            """
            SELECT SUM(partial.credit_amount_currency) AS amount,
                   SUM(partial.credit_amount_currency) FILTER (WHERE NOT is_money) AS set_off,
                   MAX(partial.max_date) FILTER (WHERE is_money) AS paid_on,
                   MAX(partial.max_date) FILTER (WHERE NOT is_money) AS set_off_on
              FROM account_move_line payable
              JOIN account_account account ON account.id = payable.account_id
              JOIN account_partial_reconcile partial ON partial.credit_move_id = payable.id
              JOIN account_move_line counterpart_line ON counterpart_line.id = partial.debit_move_id
              JOIN account_move counterpart ON counterpart.id = counterpart_line.move_id
             CROSS JOIN LATERAL (
                   SELECT counterpart.origin_payment_id IS NOT NULL
                       OR counterpart.statement_line_id IS NOT NULL AS is_money) what
             WHERE payable.move_id = bill.id
               AND account.account_type = 'liability_payable'
               AND counterpart.state = 'posted'
               AND NOT EXISTS (
                   SELECT 1 FROM account_partial_reconcile origin WHERE origin.exchange_move_id = counterpart.id)
            """
        )
