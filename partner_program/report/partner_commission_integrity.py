from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime


class PartnerCommissionIntegrity(models.Model):
    """Commission bills whose figures no longer match, found by SQL beside the code that makes them.

    Two kinds of rows: a bill line that does not equal the sum of its
    billings, and billings of a commission line that do not equal what it has
    earned, by the facts as the ledger knows them: it compares itself with the
    books every night.
    """

    _name = "partner.commission.integrity"
    _description = "Commission Integrity"
    _auto = False
    _order = "bill_id desc, id"

    kind = fields.Selection(
        [("bill_line", "Bill line differs from its commissions"), ("facts", "Billed differs from earned")],
        readonly=True,
    )
    bill_id = fields.Many2one("account.move", readonly=True, help="The last one, where several carry the commission.")
    bills = fields.Char(readonly=True, help="All bills that carry the commission.")
    partner_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    commission_line_id = fields.Many2one("partner.commission.line", readonly=True)
    description = fields.Char(readonly=True)
    on_bill = fields.Monetary(readonly=True, help="What the bill says.")
    should_be = fields.Monetary(readonly=True, help="What it should say, by the ledger or by the facts.")
    difference = fields.Monetary(readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT line.id * 2 AS id, 'bill_line' AS kind, bill.id AS bill_id, bill.partner_id, bill.company_id,
                   bill.currency_id, bill.name AS bills, NULL::integer AS commission_line_id, line.name AS description,
                   line.price_subtotal AS on_bill, SUM(billing.amount) AS should_be,
                   line.price_subtotal - SUM(billing.amount) AS difference
              FROM partner_commission_billing billing
              JOIN account_move_line line ON line.id = billing.bill_line_id
              JOIN account_move bill ON bill.id = line.move_id
             WHERE bill.state <> 'cancel' AND bill.payment_state <> 'reversed'
             GROUP BY line.id, bill.id
            HAVING line.price_subtotal <> SUM(billing.amount)
             UNION ALL
            SELECT commission.id * 2 + 1, 'facts', MAX(bill.id), commission.partner_id, commission.company_id,
                   commission.currency_id, STRING_AGG(DISTINCT COALESCE(bill.name, '/'), ', '),
                   commission.id, invoice.name,
                   SUM(billing.amount), commission.earned_amount, SUM(billing.amount) - commission.earned_amount
              FROM partner_commission_line commission
              JOIN partner_commission_billing billing ON billing.commission_line_id = commission.id
              JOIN account_move bill ON bill.id = billing.bill_id AND bill.state <> 'cancel'
                   AND bill.payment_state <> 'reversed'
              JOIN account_move invoice ON invoice.id = commission.move_id
             GROUP BY commission.id, invoice.name
            HAVING SUM(billing.amount) <> commission.earned_amount
            """
        )

    @api.model
    def get_empty_list_help(self, help_message):
        """That nothing differs is as true as the last comparison: say when that was."""
        cron_sudo = self.env.ref("partner_program.ir_cron_sync").sudo()  # only when it ran
        if not cron_sudo.lastcall:
            as_of = self.env._("The ledger has not been compared with the books yet: that happens every night.")
        else:
            as_of = self.env._(
                "The ledger was compared with the books last on %(moment)s.",
                moment=format_datetime(self.env, cron_sudo.lastcall),
            )
        return super().get_empty_list_help(Markup("%s<p>%s</p>") % (Markup(help_message or ""), as_of))
