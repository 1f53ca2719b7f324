from odoo import api, fields, models
from odoo.fields import Domain

ENTRIES_ON_PAPER = 300  # beyond that the PDF sums up by client, and the spreadsheet has the rows


class StatementReport(models.AbstractModel):
    """Values of the PDF of a statement."""

    _name = "report.partner_program.report_statement"
    _description = "Statement of a Partner as PDF"

    @api.model
    def _get_report_values(self, docids, data=None):
        """``data``: ``date_from``, ``date_to`` (ISO) and ``company_ids``."""
        partner = self.env["res.partner"].browse(docids)
        companies = self.env["res.company"].browse(data["company_ids"])
        period = fields.Date.to_date(data["date_from"]), fields.Date.to_date(data["date_to"])
        Movement = self.env["partner.commission.movement"]
        balances = Movement._get_statement(partner, companies, *period)
        few = sum(row["commissions"] for row in balances) <= ENTRIES_ON_PAPER
        return {
            "docs": partner,
            "company": balances[0]["company"] if balances else companies[:1],  # on whose paper it is
            "date_from": period[0],
            "date_to": period[1],
            "balances": balances,
            "many_companies": len(companies) > 1,
            "entries": Movement._get_commission_entries(partner, companies, *period) if few else Movement,
            "clients": [] if few else self._sum_by_client(partner, companies, *period),
            "bill_entries": Movement._get_bill_entries(partner, companies, *period),
        }

    @api.model
    def _sum_by_client(self, partner, companies, date_from, date_to):
        """``(client, currency, amount, number)``, in one query."""
        Movement = self.env["partner.commission.movement"]
        domain = Movement._get_period_domain(partner, companies, date_from, date_to)
        rows = Movement._read_group(
            domain & Domain("kind", "in", ("earned", "correction")),
            ["client_id", "currency_id"],
            ["amount:sum", "__count"],
        )
        return sorted(rows, key=lambda row: (row[0].name or "", row[1].name))
