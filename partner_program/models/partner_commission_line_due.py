from odoo import api, fields, models
from odoo.fields import Domain

from ..engine import windows


class PartnerCommissionLine(models.Model):
    """When a commission may be billed: pay-by date less lead days, by the calendar of its company (P10; D6)."""

    _inherit = "partner.commission.line"

    is_due = fields.Boolean("Due", compute="_compute_is_due", search="_search_is_due")
    days_left = fields.Integer(compute="_compute_is_due", help="Days until the pay-by date. Negative: late.")

    @api.depends("program_id.bill_lead_days")  # not on figures, see _compute_reasons
    def _compute_is_due(self):
        for line in self:
            today = line.company_id._partner_program_today() if line.company_id else fields.Date.today()
            line.days_left = (line.due_on - today).days if line.due_on else 0
            line.is_due = line.state == "earned" and line._is_billable(today)

    def _search_is_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        due = Domain.OR(
            Domain("company_id", "=", company.id) & self._due_domain(company._partner_program_today())
            for company in self.env.companies
        )
        return due if True in value else ~due

    def _is_billable(self, today) -> bool:
        """Whether the open amount may be billed on that day: its pay-by date less lead days, corrections at once.

        A correction may be positive, too: more was taken back than was billed, as a bill was taken back after its
        correction was billed. While the client has not paid, nothing else is open, and there is no pay-by date.
        """
        self.ensure_one()
        if self.open_amount < 0 or not self.due_on:
            return True
        program_sudo = self.sudo().program_id  # partners read the date, not the program
        return windows.billable_from(self.due_on, program_sudo.bill_lead_days) <= today

    @api.model
    def _due_domain(self, today) -> Domain:
        """What may be billed on that day, for the database; lead days are at most 30 and differ by program."""
        programs_sudo = self.env["partner.program"].sudo().with_context(active_test=False)  # as in _is_billable
        by_lead = programs_sudo._read_group([], ["bill_lead_days"], ["id:array_agg"])
        due = Domain.OR(
            Domain("program_id", "in", ids) & Domain("due_on", "<=", windows.pay_by(today, lead_days))
            for lead_days, ids in by_lead
        )
        # State earned says that something is open; said to the database too, it finds the rows by their index.
        earned = Domain("state", "=", "earned") & Domain("open_amount", "!=", 0)
        return earned & (due | Domain("open_amount", "<", 0) | Domain("due_on", "=", False))

    @api.model
    def _get_due_domain(self) -> Domain:
        """All lines that may be billed today, company by company (its own time zone)."""
        companies = self._read_group([("state", "=", "earned"), ("open_amount", "!=", 0)], ["company_id"])
        return Domain.OR(
            Domain("company_id", "=", company.id) & self._due_domain(company._partner_program_today())
            for (company,) in companies
        )
