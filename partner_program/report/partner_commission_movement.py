from odoo import fields, models
from odoo.tools import SQL

KINDS = ("earned", "correction", "billed", "paid", "set_off")


class PartnerCommissionMovement(models.Model):
    """What moved a partner's account, one dated row each, as a statement adds them up.

    Notation
        *earned*: what a commission was worth when it was first earned;
        *correction*: what changed it later; *billed*: what a posted bill
        carries of commissions; *paid*: what payments covered of them; *set
        off*: what a refund, an invoice of ours or an entry covered instead.
        Amounts are untaxed, in the currency of the invoice.

    Use
        earned + corrections − paid − set off = what the partner has still to
        get, of which billed − paid − set off stands on posted bills. Summed
        over all days, earned + corrections equals ``earned_amount`` of the ledger.

    Inner working
        A query over what was noted with its day, and nothing else: first
        earnings on the commission lines, the rest in ``partner.commission.change``.
        So what was told of a month that is over cannot change.
    """

    _name = "partner.commission.movement"
    _description = "Commission Movement"
    _auto = False
    _order = "date, id"
    _depends = {
        "partner.commission.line": [
            *("partner_id", "company_id", "currency_id", "client_id", "first_earned_on", "first_earned_amount"),
            "earned_amount",
        ],
        "partner.commission.change": [
            *("date", "kind", "partner_id", "company_id", "currency_id", "commission_line_id", "bill_id", "amount"),
        ],
    }

    date = fields.Date(readonly=True)
    kind = fields.Selection(
        [
            ("earned", "Earned"),
            ("correction", "Correction"),
            ("billed", "Billed"),
            ("paid", "Paid"),
            ("set_off", "Set Off"),
        ],
        readonly=True,
    )
    partner_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True, groups="base.group_user")  # see the commission line
    commission_line_id = fields.Many2one("partner.commission.line", readonly=True)
    bill_id = fields.Many2one("account.move", readonly=True)
    amount = fields.Monetary(readonly=True)

    def _search(self, domain, offset=0, limit=None, order=None, *, active_test=True, bypass_access=False):
        # What happened to bills in this transaction is noted at its end, or when somebody reads it before.
        self.env["account.move"].flush_model(["payment_state"])
        self.env["partner.commission.change"]._note_pending()
        # PostgreSQL takes a partner's many rows for a costly query and compiles it: for seconds, to save milliseconds.
        if not self.env.cr.cache.get("partner_program_without_jit"):
            self.env.cr.execute("SET LOCAL jit = off")
            self.env.cr.cache["partner_program_without_jit"] = True
        return super()._search(domain, offset, limit, order, active_test=active_test, bypass_access=bypass_access)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT line.id * 2::bigint AS id, line.first_earned_on AS date, 'earned' AS kind, line.partner_id,
                   line.company_id, line.currency_id, line.client_id, line.id AS commission_line_id,
                   NULL::integer AS bill_id, line.first_earned_amount AS amount
              FROM partner_commission_line line
             WHERE line.first_earned_on IS NOT NULL
             UNION ALL
            SELECT change.id * 2::bigint + 1, change.date, change.kind, change.partner_id,
                   change.company_id, change.currency_id, line.client_id, change.commission_line_id,
                   change.bill_id, change.amount
              FROM partner_commission_change change
              LEFT JOIN partner_commission_line line ON line.id = change.commission_line_id
             WHERE change.amount <> 0
            """
        )
