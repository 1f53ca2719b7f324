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
    date_end = fields.Date(
        "Until (Excluded)", readonly=True, help="Date of the first paid invoice with another package."
    )
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

        Looking for the money takes longer than all the rest. Of invoices with the same package in a row, only the
        first and the last are looked at; all of them, when one of these two turns out to be closed without money.
        """
        return SQL(
            """
            WITH sold AS (%(sold)s), edges AS (
                SELECT sold.*,
                       LAG(package_id) OVER dated IS DISTINCT FROM package_id AS starts,
                       LEAD(package_id) OVER dated IS DISTINCT FROM package_id AS ends
                  FROM sold
                WINDOW dated AS (PARTITION BY client_id, company_id ORDER BY invoice_date, move_id)
            ), numbered AS (
                SELECT edges.*, COUNT(*) FILTER (WHERE starts) OVER dated AS number
                  FROM edges
                WINDOW dated AS (PARTITION BY client_id, company_id ORDER BY invoice_date, move_id)
            ), series AS (
                SELECT client_id, company_id, MAX(package_id) AS package_id, ARRAY_AGG(move_id) AS move_ids,
                       MAX(move_id) FILTER (WHERE starts) AS first_id, MAX(move_id) FILTER (WHERE ends) AS last_id
                  FROM numbered
                 GROUP BY client_id, company_id, number
            ), paid AS (
                SELECT series.client_id, series.company_id, series.package_id, move.id AS move_id, move.invoice_date
                  FROM series
                 CROSS JOIN LATERAL UNNEST(CASE WHEN %(first_paid)s AND %(last_paid)s
                                                THEN ARRAY[series.first_id, series.last_id]
                                                ELSE series.move_ids END) AS looked_at (id)
                  JOIN account_move move ON move.id = looked_at.id
                 WHERE %(paid)s
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
            """,
            sold=self._get_sold_query(),
            first_paid=self._paid_with_money("series.first_id"),
            last_paid=self._paid_with_money("series.last_id"),
            paid=self._paid_with_money("move.id"),
        )

    @api.model
    def _get_sold_query(self) -> SQL:
        """Invoices with a package that Odoo takes as paid: client, company, invoice, its highest package, its date.

        Which product is of which package comes as two lists: a join of invoice lines to the few products makes
        PostgreSQL believe that it will be through with the lines at once, and read all lines there are.
        """
        products, packages = (
            SQL(
                """ARRAY(
                    SELECT %s
                      FROM product_product product
                      JOIN product_template template ON template.id = product.product_tmpl_id
                     WHERE template.package_id IS NOT NULL
                     ORDER BY product.id)""",
                column,
            )
            for column in (SQL.identifier("product", "id"), SQL.identifier("template", "package_id"))
        )
        return SQL(
            """
            SELECT DISTINCT ON (1, 2, 3)
                   move.commercial_partner_id AS client_id, move.company_id,
                   CASE move.move_type WHEN 'out_refund' THEN move.reversed_entry_id ELSE move.id END AS move_id,
                   package.id AS package_id,
                   MAX(CASE move.move_type WHEN 'out_invoice' THEN move.invoice_date END) AS invoice_date
              FROM account_move move
              JOIN account_move_line line ON line.move_id = move.id
               AND line.display_type = 'product'
               AND line.product_id = ANY(%(products)s)
              JOIN partner_program_package package
                ON package.id = (%(packages)s)[ARRAY_POSITION(%(products)s, line.product_id)]
             WHERE move.state = 'posted'
               AND move.move_type IN ('out_invoice', 'out_refund')
               AND CASE move.move_type
                        WHEN 'out_invoice'
                        THEN move.payment_state IN ('paid', 'in_payment', 'reversed') AND move.amount_total > 0
                        ELSE move.reversed_entry_id IS NOT NULL
                    END
             GROUP BY 1, 2, 3, package.id, package.rank
            HAVING BOOL_OR(move.move_type = 'out_invoice')
               AND SUM(CASE move.move_type WHEN 'out_refund' THEN -line.price_subtotal ELSE line.price_subtotal END) > 0
             ORDER BY 1, 2, 3, package.rank DESC
            """,
            products=products,
            packages=packages,
        )

    @api.model
    def _paid_with_money(self, column: str) -> SQL:
        """Whether a payment, a line of a bank statement or the credit for another invoice is reconciled with this one.

        With ``LIMIT``, so that it is looked up for the invoice in hand, and never gathered for all invoices.
        """
        return SQL(
            """
            (SELECT TRUE
               FROM account_move_line receivable
               JOIN account_partial_reconcile partial ON partial.debit_move_id = receivable.id
               JOIN account_move_line payment_line ON payment_line.id = partial.credit_move_id
               JOIN account_move payment ON payment.id = payment_line.move_id
              WHERE receivable.move_id = %s AND payment.state = 'posted'
                AND (payment.origin_payment_id IS NOT NULL OR payment.statement_line_id IS NOT NULL
                     -- what was given back for another invoice
                     OR (payment.move_type = 'out_refund' AND payment.reversed_entry_id <> receivable.move_id))
              LIMIT 1) IS TRUE
            """,
            SQL.identifier(*column.split(".")),
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
