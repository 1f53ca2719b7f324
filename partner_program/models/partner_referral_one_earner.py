from datetime import date

from odoo import api, fields, models
from odoo.fields import Domain

from ..engine import windows
from .partner_referral import EARNING_STATES


class PartnerReferral(models.Model):
    """One invoice earns for one claim (D10), where claims follow each other on a client or two clients become one."""

    _inherit = "partner.referral"

    has_later_earner = fields.Boolean(
        compute="_compute_has_later_earner",
        groups="base.group_user",
        help="A claim that was received later has earned on the client meanwhile: only a partner manager accepts this.",
    )

    @api.depends("state", "client_id", "referred_on", "company_id")
    def _compute_has_later_earner(self):
        for referral in self:
            is_asked = referral.state == "submitted" and referral.client_id
            referral.has_later_earner = is_asked and bool(referral._get_later_earner(referral.client_id))

    def _get_rows_by_invoice(self) -> dict:
        """``{(client, company): {invoice: commission lines}}``, of all claims on the clients of these referrals."""
        claims_sudo = self.sudo().search(  # claims of other partners count too
            Domain("client_id", "in", self.client_id.ids) & Domain("company_id", "in", self.company_id.ids)
        )
        lines_sudo = claims_sudo.env["partner.commission.line"].search_fetch(
            Domain("referral_id", "in", claims_sudo.ids), ["referral_id", "move_id", "company_id"]
        )
        by_key = lines_sudo.grouped(lambda line: (line.referral_id.client_id, line.company_id))
        return {key: of_client_sudo.grouped("move_id") for key, of_client_sudo in by_key.items()}

    def _filter_free(self, invoices, rows):
        """Those of these invoices of the client that no other claim earns on.

        That is one that has a commission for it, or, as long as this claim has no row for the invoice, one whose window
        the invoice is in and began earlier.

        :param list invoices: posted, of the client
        :param dict rows: commission lines by invoice, see ``_get_rows_by_invoice``
        """
        self.ensure_one()
        others = self.browse().union(*(lines.referral_id for lines in rows.values())) - self
        if not others:
            return invoices
        earlier = [
            (other.window_start, other.window_end)
            for other in others
            if other.state in EARNING_STATES and other._get_beginning() < self._get_beginning()
        ]

        def is_free(invoice):
            lines = rows.get(invoice, ())
            if any(line.amount or line.billed_amount for line in lines if line.referral_id != self):
                # Two rows that are worth something: the ledger says which of them, see _leave_to_one.
                return any(line.amount or line.billed_amount for line in lines if line.referral_id == self)
            if any(line.referral_id == self for line in lines):
                return True
            return not any(windows.in_window(invoice.invoice_date, *window) for window in earlier)

        return [invoice for invoice in invoices if is_free(invoice)]

    def _get_beginning(self) -> tuple:
        """Sorts claims by when they began to earn."""
        return self.window_start or date.max, self.id

    def _get_later_earner(self, client):
        """The claim of another, received later than this one, that has earned on this client meanwhile.

        No rule settles who earns on from here: a manager decides (D10).
        """
        self.ensure_one()
        return self.sudo().search(  # sudo: see _find_same_client
            Domain("client_id", "=", client.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("id", "!=", self._origin.id)
            & Domain("referred_on", ">", self.referred_on)
            & Domain("window_end", ">", self.company_id._partner_program_local_date(self.referred_on))
            & (Domain("state", "=", "completed") | Domain("commission_line_ids.earned_amount", ">", 0)),
            order="window_end desc, id desc",
            limit=1,
        )


class PartnerCommissionLine(models.Model):
    _inherit = "partner.commission.line"

    def _leave_to_one(self, targets):
        """Of several rows of one invoice one earns (D10): the one that is billed, else that was earned or made first.

        :param dict targets: values of ``_compute_target`` of all rows of the invoices concerned; changed here
        """
        for lines in self.grouped("move_id").values():
            worth = lines.filtered(lambda line: targets[line]["amount"]).sorted(
                lambda line: (not line.billed_amount, line.first_earned_on or date.max, line.id)
            )
            for line in worth[1:]:
                targets[line] |= {"amount": 0.0, "earned_amount": 0.0, "void_code": "other_referral"}
