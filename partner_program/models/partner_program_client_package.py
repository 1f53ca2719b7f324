from odoo import api, fields, models
from odoo.tools import SQL


class PartnerProgramClientPackage(models.Model):
    """Which package a client is on, and was on: follows its paid invoices (P12, P13).

    A view, not a table: a credit note, a payment that is undone or a product that is moved to another package is
    right at once, and accounting pays nothing for it. A row is a period: from the date of the first paid invoice
    with that package, until the date of the first one with another.
    """

    _name = "partner.program.client.package"
    _description = "Package of a Client"
    _auto = False
    _order = "client_id, date_start desc, id desc"
    _rec_name = "package_id"
    _depends = {
        "account.move": [
            *("move_type", "state", "payment_state", "invoice_date", "amount_total", "commercial_partner_id"),
            *("company_id", "reversed_entry_id", "origin_payment_id", "statement_line_id"),
        ],
        "account.move.line": ["move_id", "product_id", "price_subtotal", "display_type"],
        "account.partial.reconcile": ["debit_move_id", "credit_move_id"],
        "product.product": ["product_tmpl_id"],
        "product.template": ["package_id"],
        "partner.program.package": ["rank"],
    }

    client_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    package_id = fields.Many2one("partner.program.package", readonly=True)
    date_start = fields.Date("From", readonly=True, help="Date of the first paid invoice with this package.")
    date_end = fields.Date("To Before", readonly=True, help="Date of the first paid invoice with another package.")
    is_current = fields.Boolean("Current", readonly=True)
    last_invoice_on = fields.Date("Last Paid Invoice", readonly=True, help="Date of the latest paid invoice with it.")
    move_id = fields.Many2one(
        "account.move",
        "First Invoice",
        readonly=True,
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    @property
    def _table_query(self) -> SQL:
        """The periods of all clients. Client and company are in each grouping, so that a search for one reads one.

        Paid is what money closed (D4): not what was written off, nor what was given away. Linked credit notes come
        off the package that they credit. An invoice with several packages counts as the highest.
        """
        return SQL(
            """
            WITH amounts AS (
                SELECT move.commercial_partner_id AS client_id, move.company_id,
                       CASE WHEN move.move_type = 'out_refund' THEN move.reversed_entry_id ELSE move.id END AS move_id,
                       template.package_id
                  FROM product_template template
                  JOIN product_product product ON product.product_tmpl_id = template.id
                  JOIN account_move_line line ON line.product_id = product.id AND line.display_type = 'product'
                  JOIN account_move move ON move.id = line.move_id
                 WHERE template.package_id IS NOT NULL
                   AND move.state = 'posted'
                   AND move.move_type IN ('out_invoice', 'out_refund')
                   AND (move.move_type = 'out_invoice'
                        OR move.move_type = 'out_refund' AND move.reversed_entry_id IS NOT NULL)
                 GROUP BY 1, 2, 3, 4
                HAVING SUM(CASE WHEN move.move_type = 'out_refund' THEN -line.price_subtotal
                                ELSE line.price_subtotal END) > 0
            ), paid AS (
                SELECT DISTINCT ON (amounts.client_id, amounts.company_id, amounts.move_id)
                       amounts.client_id, amounts.company_id, amounts.move_id, amounts.package_id, move.invoice_date
                  FROM amounts
                  JOIN account_move move ON move.id = amounts.move_id
                  JOIN partner_program_package package ON package.id = amounts.package_id
                 WHERE move.state = 'posted'
                   AND move.payment_state IN ('paid', 'in_payment')
                   AND move.amount_total > 0
                   AND EXISTS (
                       SELECT 1
                         FROM account_move_line receivable
                         JOIN account_partial_reconcile partial ON partial.debit_move_id = receivable.id
                         JOIN account_move_line payment_line ON payment_line.id = partial.credit_move_id
                         JOIN account_move payment ON payment.id = payment_line.move_id
                        WHERE receivable.move_id = move.id
                          AND (payment.origin_payment_id IS NOT NULL OR payment.statement_line_id IS NOT NULL)
                   )
                 ORDER BY amounts.client_id, amounts.company_id, amounts.move_id, package.rank DESC
            ), changes AS (
                SELECT paid.*,
                       LAG(package_id) OVER earlier IS DISTINCT FROM package_id AS starts,
                       MAX(invoice_date) OVER (PARTITION BY client_id, company_id, package_id) AS last_invoice_on
                  FROM paid
                WINDOW earlier AS (PARTITION BY client_id, company_id ORDER BY invoice_date, move_id)
            )
            SELECT move_id AS id, client_id, company_id, package_id, move_id,
                   invoice_date AS date_start,
                   LEAD(invoice_date) OVER later AS date_end,
                   LEAD(move_id) OVER later IS NULL AS is_current,
                   last_invoice_on
              FROM changes
             WHERE starts
            WINDOW later AS (PARTITION BY client_id, company_id ORDER BY invoice_date, move_id)
            """
        )

    @api.model
    def _get_current(self, clients, companies) -> dict:
        """The package that each client is on today.

        :param clients: companies, as in ``partner.referral.client_id``
        :return: ``{(client id, company id): row of this model}``; with raised rights, and only for what is asked
        """
        rows_sudo = self.sudo().search(  # the name of a package; who asks may see the client
            [("client_id", "in", clients.ids), ("company_id", "in", companies.ids), ("is_current", "=", True)]
        )
        return {(row.client_id.id, row.company_id.id): row for row in rows_sudo}
