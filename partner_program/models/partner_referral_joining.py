from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class PartnerReferral(models.Model):
    """Clients that become part of a company: from then on the company is the client (D12)."""

    _inherit = "partner.referral"

    @api.model
    def _follow_clients(self, contacts):
        """These contacts may be part of another company now: their claims go along, at once.

        Odoo moves their invoices to the company. Until the claim has followed, their commissions would be taken back.

        :raise UserError: when partners earn on both, or the company is the partner's own
        """
        for claims in self._find_moved(contacts).grouped("client_id").values():
            claims._join_company()

    @api.model
    def _follow_clients_or_flag(self):
        """The same at night, for what no hook saw: what cannot be followed is on somebody's to-do list."""
        for claims in self._find_moved().grouped("client_id").values():
            try:
                with self.env.cr.savepoint():  # flushes when it ends
                    claims._join_company()
            except UserError as error:
                self.env.invalidate_all()
                for claim in claims:
                    claim._flag_problem(str(error))

    @api.model
    def _find_moved(self, contacts=None):
        """Claims, live or completed, on contacts that are part of another company."""
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.flush_model(["client_id", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT referral.id
                  FROM partner_referral referral
                  JOIN res_partner client ON client.id = referral.client_id
                 WHERE client.commercial_partner_id <> client.id
                   AND referral.state IN ('submitted', 'accepted', 'acquired', 'completed')
                   %s
                """,
                SQL("") if contacts is None else SQL("AND client.id = ANY(%s)", contacts.ids),
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _join_company(self):
        """Claims on one contact follow it. Where they meet others, one goes on and a manager is asked, as in merges."""
        company = self.client_id.commercial_partner_id
        self.client_id._take_entries_along()
        met = self._settle_claims_that_meet(self.client_id | company)
        lines = self.commission_line_ids
        self.write({"client_id": company.id})
        self._flag_known_before(self.commission_line_ids - lines)
        self._tell_who_met(met)
