from odoo import api, fields, models
from odoo.tools import SQL


class PartnerProgramUpsell(models.Model):
    """Clients of partners that could go to the next package (P14, P15): from Starter to Pro, from Pro to Enterprise.

    A view of today: one row for each client of a partner that has a package above its own. The client counts as
    its latest partner's, also when that one does not earn any more. Whoever was invoiced for a higher package, and
    has not paid yet, is not in it.
    """

    _name = "partner.program.upsell"
    _description = "Up-Sell"
    _auto = False
    _order = "date_start, id"
    _rec_name = "client_id"
    _depends = {
        "partner.referral": ["state", "client_id", "company_id", "partner_id", "program_id", "user_id", "acquired_on"],
        "partner.program.enrollment": ["account_manager_id", "state", "current_enrollment_id"],
        "partner.program.package": ["active", "rank"],
        "partner.program.client.package": ["client_id"],
        "crm.lead": ["active", "won_status", "upsell_referral_id", "upsell_package_id"],
    }

    referral_id = fields.Many2one("partner.referral", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    program_id = fields.Many2one("partner.program", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    account_manager_id = fields.Many2one("res.users", readonly=True)
    package_id = fields.Many2one("partner.program.package", "Current Package", readonly=True)
    next_package_id = fields.Many2one("partner.program.package", "Could Go To", readonly=True)
    date_start = fields.Date("Since", readonly=True, help="Date of the first paid invoice with the current package.")
    last_invoice_on = fields.Date("Last Paid", readonly=True)
    lead_id = fields.Many2one("crm.lead", "Open Opportunity", readonly=True)
    is_partner_active = fields.Boolean("Active Partner", readonly=True)

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT claim.id, claim.id AS referral_id, claim.partner_id, claim.program_id,
                   claim.client_id, claim.company_id, claim.user_id, running.account_manager_id,
                   running.state = 'active' AS is_partner_active,
                   current.package_id, current.date_start, current.last_invoice_on,
                   following.id AS next_package_id, lead.id AS lead_id
              FROM (SELECT DISTINCT ON (client_id, company_id) referral.*
                      FROM partner_referral referral
                     WHERE state IN ('acquired', 'completed')
                     ORDER BY client_id, company_id, state, acquired_on DESC, id DESC
                   ) claim
              JOIN partner_program_enrollment enrollment ON enrollment.id = claim.enrollment_id
              JOIN partner_program_enrollment running ON running.id = enrollment.current_enrollment_id
              -- for each client, so that only its invoices are read: OFFSET keeps it from becoming one join of all
              JOIN LATERAL (
                   SELECT period.*
                     FROM (%(packages)s) period
                    WHERE period.client_id = claim.client_id
                      AND period.company_id = claim.company_id
                      AND period.is_current
                   OFFSET 0
                   ) current ON TRUE
              JOIN partner_program_package package ON package.id = current.package_id
              JOIN LATERAL (
                   SELECT id
                     FROM partner_program_package higher
                    WHERE higher.active AND higher.rank > package.rank
                    ORDER BY higher.rank, higher.id
                    LIMIT 1
                   ) following ON TRUE
         LEFT JOIN crm_lead lead
                ON lead.upsell_referral_id = claim.id
               AND lead.upsell_package_id = following.id
               AND lead.active AND lead.won_status = 'pending'
             -- what was sold already and waits for the payment is nothing to sell
             WHERE (SELECT TRUE
                      FROM account_move move
                     CROSS JOIN LATERAL (
                           SELECT product_id
                             FROM account_move_line
                            WHERE move_id = move.id AND display_type = 'product'
                           OFFSET 0
                           ) line
                      JOIN product_product product ON product.id = line.product_id
                      JOIN product_template template ON template.id = product.product_tmpl_id
                      JOIN partner_program_package sold ON sold.id = template.package_id
                     WHERE move.commercial_partner_id = claim.client_id
                       AND move.company_id = claim.company_id
                       AND move.move_type = 'out_invoice'
                       AND move.state = 'posted'
                       AND move.payment_state IN ('not_paid', 'partial')
                       AND move.invoice_date >= current.date_start
                       AND sold.rank > package.rank
                     LIMIT 1
                   ) IS NULL
            """,
            packages=self.env["partner.program.client.package"]._table_query,
        )

    def action_open_opportunity(self):
        """Open the opportunity to up-sell this client; make it when there is none that is open.

        The database allows one that is open for each claim and package (``crm.lead._one_open_upsell``).
        """
        self.ensure_one()
        lead = self.lead_id
        if not lead:
            lead = self.env["crm.lead"].create(self._prepare_opportunity_vals())
            self.env.invalidate_all(flush=True)  # the row shows it from now on
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.lead",
            "res_id": lead.id,
            "views": [(False, "form")],
        }

    def _prepare_opportunity_vals(self) -> dict:
        self.ensure_one()
        return {
            "name": self.env._(
                "%(client)s: from %(package)s to %(next_package)s",
                client=self.client_id.name,
                package=self.package_id.name,
                next_package=self.next_package_id.name,
            ),
            "type": "opportunity",
            "partner_id": self.client_id.id,
            "company_id": self.company_id.id,
            "user_id": (self.user_id.filtered("active") or self.env.user).id,
            "upsell_referral_id": self.referral_id.id,
            "upsell_package_id": self.next_package_id.id,
        }

    @api.model
    def _get_portal_upsells(self, partner, limit=None) -> list[dict]:
        """The clients of a partner that could go further, for its portal: names and days, nothing of ours.

        The oldest claims come first, and not who is longest on its package: of thousands of clients the database reads
        the invoices of the first ones only.

        :param partner: contact of the partner company; the caller says whose page it is
        :return: ``[{"referral_id", "client", "package", "since", "next_package"}]``
        """
        rows_sudo = self.sudo().search(  # partners have no right on this list; it is filtered by their company here
            [
                ("partner_id", "=", partner.commercial_partner_id.id),
                ("company_id", "in", self.env.companies.ids),
                ("is_partner_active", "=", True),
            ],
            order="id",
            limit=limit,
        )
        return [
            {
                "referral_id": row.referral_id.id,
                "client": row.client_id.name,
                "package": row.package_id.name,
                "since": row.date_start,
                "next_package": row.next_package_id.name,
            }
            for row in rows_sudo
        ]
