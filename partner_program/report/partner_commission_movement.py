from odoo import fields, models
from odoo.tools import SQL

KINDS = ("earned", "correction", "billed", "paid")


class PartnerCommissionMovement(models.Model):
    """What moved a partner's account, one dated row each: the ledger and the posted bills, as a statement adds them up.

    Notation
        *earned*: what a commission was worth on the day its invoice was fully
        paid; *correction*: what changed it later; *billed*: what a posted bill
        carries of it, on the accounting date of the bill; *paid*: the share of
        the commissions on a bill that each payment covers, on the date of the
        reconciliation. Amounts are untaxed, in the currency of the invoice.

    Use
        earned + corrections − paid = what the partner has still to get, of
        which billed − paid stands on posted bills. Summed over all days,
        earned + corrections equals ``earned_amount`` of the ledger.

    Inner working
        One SQL query over today's facts, without rows of its own. What is on a
        bill was dated when it was billed (``partner.commission.billing``), so
        a later change is a correction and leaves the past as it was told.
        Conditions on partner, company and commission line reach each part of it.
    """

    _name = "partner.commission.movement"
    _description = "Commission Movement"
    _auto = False
    _order = "date, id"
    _depends = {
        "partner.commission.line": [
            *("partner_id", "company_id", "currency_id", "client_id", "move_id", "rate", "base_amount"),
            *("credited_amount", "earned_amount", "billed_amount", "open_amount", "fully_paid_on", "void_code"),
        ],
        "partner.commission.billing": [
            *("partner_id", "company_id", "currency_id", "client_id", "commission_line_id", "bill_id", "amount"),
            *("earned_on", "earned_amount", "corrected_on", "bill_line_id"),
        ],
        "account.move": [
            *("date", "state", "payment_state", "move_type", "reversed_entry_id", "amount_untaxed", "amount_total"),
            *("currency_id", "commercial_partner_id", "company_id"),
        ],
        "account.move.line": ["move_id", "account_id", "display_type", "price_subtotal"],
        "account.partial.reconcile": [
            *("credit_move_id", "debit_move_id", "credit_amount_currency", "max_date", "exchange_move_id"),
        ],
    }

    date = fields.Date(readonly=True)
    kind = fields.Selection(
        [("earned", "Earned"), ("correction", "Correction"), ("billed", "Billed"), ("paid", "Paid")], readonly=True
    )
    partner_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True, groups="base.group_user")  # see the commission line
    commission_line_id = fields.Many2one("partner.commission.line", readonly=True)
    bill_id = fields.Many2one("account.move", readonly=True)
    amount = fields.Monetary(readonly=True)

    def _search(self, domain, offset=0, limit=None, order=None, *, active_test=True, bypass_access=False):
        # PostgreSQL takes the many parts for a costly query and compiles it: for seconds, to save milliseconds.
        if not self.env.cr.cache.get("partner_program_without_jit"):
            self.env.cr.execute("SET LOCAL jit = off")
            self.env.cr.cache["partner_program_without_jit"] = True
        return super()._search(domain, offset, limit, order, active_test=active_test, bypass_access=bypass_access)

    @property
    def _table_query(self):
        return SQL(" UNION ALL ").join(
            [
                self._query_billed_commissions(),
                self._query_open_commissions(),
                self._query_credited_before_billing(),
                self._query_bills(),
                self._query_payments(),
            ]
        )

    def _query_billed_commissions(self) -> SQL:
        """What live bills carry, drafts too: earned and corrected on the days that were noted with the billing."""
        return SQL(
            """
            SELECT billing.id * 8::bigint AS id, COALESCE(billing.earned_on, bill.date) AS date, 'earned' AS kind,
                   billing.partner_id, billing.company_id, billing.currency_id, line.client_id,
                   billing.commission_line_id, billing.bill_id,
                   COALESCE(billing.earned_amount, billing.amount) AS amount
              FROM partner_commission_billing billing
              JOIN account_move bill ON bill.id = billing.bill_id
              LEFT JOIN partner_commission_line line ON line.id = billing.commission_line_id  -- left: often not needed
             WHERE bill.state <> 'cancel' AND bill.payment_state IS DISTINCT FROM 'reversed'
               AND COALESCE(billing.earned_amount, billing.amount) <> 0
             UNION ALL
            SELECT billing.id * 8::bigint + 1, COALESCE(billing.corrected_on, bill.date), 'correction',
                   billing.partner_id, billing.company_id, billing.currency_id, line.client_id,
                   billing.commission_line_id, billing.bill_id, billing.amount - billing.earned_amount
              FROM partner_commission_billing billing
              JOIN account_move bill ON bill.id = billing.bill_id
              LEFT JOIN partner_commission_line line ON line.id = billing.commission_line_id  -- left: often not needed
             WHERE bill.state <> 'cancel' AND bill.payment_state IS DISTINCT FROM 'reversed'
               AND billing.earned_amount <> billing.amount
            """
        )

    def _query_open_commissions(self) -> SQL:
        """What no live bill carries yet: earned on the day of full payment, or the correction of what was billed.

        A correction has the accounting date of the credit note that caused it,
        unless that lies before the bill; else the day the ledger noticed.
        """
        return SQL(
            """
            SELECT line.id * 8::bigint + 2, line.fully_paid_on, 'earned', line.partner_id, line.company_id,
                   line.currency_id, line.client_id, line.id, NULL::integer, line.open_amount
              FROM partner_commission_line line
             WHERE line.open_amount <> 0 AND line.billed_amount = 0
             UNION ALL
            SELECT line.id * 8::bigint + 3,
                   COALESCE(
                       (SELECT MAX(credit_note.date)
                          FROM account_move credit_note
                         WHERE credit_note.reversed_entry_id = line.move_id AND credit_note.state = 'posted'
                           AND credit_note.move_type = 'out_refund'
                           AND credit_note.date >= (
                               SELECT MAX(bill.date)
                                 FROM partner_commission_billing billing
                                 JOIN account_move bill ON bill.id = billing.bill_id
                                WHERE billing.commission_line_id = line.id)),
                       line.write_date::date),
                   'correction', line.partner_id, line.company_id, line.currency_id, line.client_id, line.id,
                   NULL::integer, line.open_amount
              FROM partner_commission_line line
             WHERE line.open_amount <> 0 AND line.billed_amount <> 0
            """
        )

    def _query_credited_before_billing(self) -> SQL:
        """A credit note between full payment and bill: earned before it, corrected by it. Adds up to nothing."""
        return SQL(
            """
            SELECT credited.id * 8::bigint + 4 + part.number, part.date, part.kind, credited.partner_id,
                   credited.company_id, credited.currency_id, credited.client_id, credited.id, NULL::integer,
                   part.sign * credited.difference
              FROM (
                   SELECT line.id, line.partner_id, line.company_id, line.currency_id, line.client_id,
                          line.fully_paid_on, later.date AS credited_on,
                          CASE WHEN worth.net > 0 AND worth.now <> line.amount  -- a part was written off
                               THEN ROUND(line.earned_amount * worth.net_before / worth.net / currency.rounding)
                               ELSE ROUND(worth.net_before * line.rate::numeric / 100 / currency.rounding)
                          END * currency.rounding - line.earned_amount AS difference
                     FROM partner_commission_line line
                     JOIN res_currency currency ON currency.id = line.currency_id
                     JOIN LATERAL (
                          SELECT MAX(credit_note.date) AS date, SUM(credit_note.amount_untaxed) AS untaxed
                            FROM account_move credit_note
                           WHERE credit_note.reversed_entry_id = line.move_id AND credit_note.state = 'posted'
                             AND credit_note.move_type = 'out_refund'
                             AND credit_note.currency_id = line.currency_id
                             AND credit_note.date > line.fully_paid_on
                          ) later ON later.date IS NOT NULL
                    CROSS JOIN LATERAL (
                          SELECT line.base_amount - line.credited_amount AS net,
                                 LEAST(line.base_amount - line.credited_amount + later.untaxed, line.base_amount)
                                     AS net_before,
                                 ROUND((line.base_amount - line.credited_amount) * line.rate::numeric / 100
                                       / currency.rounding) * currency.rounding AS now
                          ) worth
                    WHERE line.credited_amount <> 0
                      AND line.fully_paid_on IS NOT NULL
                      AND (line.void_code IS NULL OR line.void_code IN ('credited', 'rounds_to_zero'))
                      AND NOT EXISTS (
                          SELECT 1
                            FROM partner_commission_billing billing
                            JOIN account_move bill ON bill.id = billing.bill_id
                           WHERE billing.commission_line_id = line.id AND bill.state <> 'cancel'
                             AND bill.payment_state IS DISTINCT FROM 'reversed')
                   ) credited
             CROSS JOIN LATERAL (
                   VALUES (0, credited.fully_paid_on, 'earned', 1), (1, credited.credited_on, 'correction', -1)
                   ) part (number, date, kind, sign)
             WHERE credited.difference > 0
            """
        )

    def _bill_lines(self) -> SQL:
        """The lines of posted bills that carry commissions; each equals the sum of its billings, or posting is refused.

        Billings may be a million, lines of bills are few: so these are looked at first.
        """
        return SQL(
            """
            SELECT bill_line.id, bill.id AS bill_id, bill.date, bill.payment_state, bill.amount_total,
                   bill.commercial_partner_id AS partner_id, bill.company_id, bill.currency_id,
                   bill_line.price_subtotal AS amount
              FROM account_move bill
              JOIN account_move_line bill_line ON bill_line.move_id = bill.id
             WHERE bill.state = 'posted' AND bill.move_type = 'in_invoice' AND bill_line.display_type = 'product'
               AND EXISTS (SELECT 1 FROM partner_commission_billing billing WHERE billing.bill_line_id = bill_line.id)
            """
        )

    def _query_bills(self) -> SQL:
        """Posted bills on their accounting date; one that was reversed goes out again on the date of the reversal."""
        return SQL(
            """
            SELECT bill_line.id * 8::bigint + 6, bill_line.date, 'billed', bill_line.partner_id, bill_line.company_id,
                   bill_line.currency_id, NULL::integer, NULL::integer, bill_line.bill_id, bill_line.amount
              FROM (%(bill_lines)s) bill_line
             UNION ALL
            SELECT bill_line.id * 8::bigint + 7,
                   COALESCE(
                       (SELECT MAX(partial.max_date)
                          FROM account_move_line payable
                          JOIN account_partial_reconcile partial ON partial.credit_move_id = payable.id
                         WHERE payable.move_id = bill_line.bill_id),
                       bill_line.date),
                   'billed', bill_line.partner_id, bill_line.company_id, bill_line.currency_id, NULL::integer,
                   NULL::integer, bill_line.bill_id, -bill_line.amount
              FROM (%(bill_lines)s) bill_line
             WHERE bill_line.payment_state = 'reversed'
            """,
            bill_lines=self._bill_lines(),
        )

    def _query_payments(self) -> SQL:
        """Each payment of a bill covers its share of the commissions on it; the last one takes what is left.

        A bill on which somebody set everything off against something else is paid by its date.
        """
        return SQL(
            """
            SELECT paid.id * -2::bigint, paid.date, 'paid', paid.partner_id, paid.company_id, paid.currency_id,
                   NULL::integer, NULL::integer, paid.bill_id, paid.so_far - LAG(paid.so_far, 1, 0) OVER (
                       PARTITION BY paid.partner_id, paid.company_id, paid.bill_id ORDER BY paid.date, paid.id)
              FROM (
                   SELECT share.id, share.date, share.partner_id, share.company_id, share.currency_id, share.bill_id,
                          CASE WHEN share.closed >= share.total THEN share.commissions
                               ELSE ROUND(share.commissions * share.closed / share.total / currency.rounding)
                                    * currency.rounding
                          END AS so_far
                     FROM (
                          SELECT partial.id, partial.max_date AS date, bill.partner_id, bill.company_id,
                                 bill.currency_id, bill.bill_id, bill.commissions, bill.total,
                                 SUM(partial.credit_amount_currency) OVER (
                                     PARTITION BY bill.partner_id, bill.company_id, bill.bill_id
                                     ORDER BY partial.max_date, partial.id) AS closed
                            FROM (%(bills)s) bill
                            JOIN account_move_line payable ON payable.move_id = bill.bill_id
                            JOIN account_account account ON account.id = payable.account_id
                            JOIN account_partial_reconcile partial ON partial.credit_move_id = payable.id
                            JOIN account_move_line counterpart ON counterpart.id = partial.debit_move_id
                           WHERE bill.payment_state IS DISTINCT FROM 'reversed' AND bill.total <> 0
                             AND account.account_type = 'liability_payable'
                             AND NOT EXISTS (
                                 SELECT 1 FROM account_partial_reconcile origin
                                  WHERE origin.exchange_move_id = counterpart.move_id)
                          ) share
                     JOIN res_currency currency ON currency.id = share.currency_id
                   ) paid
             UNION ALL
            SELECT bill.bill_id * -2::bigint - 1, bill.date, 'paid', bill.partner_id, bill.company_id,
                   bill.currency_id, NULL::integer, NULL::integer, bill.bill_id, bill.commissions
              FROM (%(bills)s) bill
             WHERE bill.payment_state IN ('paid', 'in_payment') AND bill.total = 0
            """,
            bills=SQL(
                """
                SELECT bill_line.bill_id, bill_line.date, bill_line.payment_state, bill_line.amount_total AS total,
                       bill_line.partner_id, bill_line.company_id, bill_line.currency_id,
                       SUM(bill_line.amount) AS commissions
                  FROM (%(bill_lines)s) bill_line
                 GROUP BY bill_line.bill_id, bill_line.date, bill_line.payment_state, bill_line.amount_total,
                          bill_line.partner_id, bill_line.company_id, bill_line.currency_id
                """,
                bill_lines=self._bill_lines(),
            ),
        )
