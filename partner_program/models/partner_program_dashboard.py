import json
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

STUCK_DAYS = 14
SILENT_DAYS = 90
CHART_MONTHS = 12
MANAGER = "partner_program.group_manager"
PAID = ("paid", "in_payment")
REFERRAL_FIGURES = {"open": ("submitted", "accepted"), "acquired": ("acquired",)}  # the states that they count


class PartnerProgram(models.Model):
    """How a program goes, at a glance. Every figure comes from a grouped query and opens the rows behind it."""

    _inherit = "partner.program"

    applied_count = fields.Integer("Applicants", compute="_compute_dashboard")
    stuck_count = fields.Integer("Onboarding Stuck", compute="_compute_dashboard")
    silent_count = fields.Integer("Silent Partners", compute="_compute_dashboard")
    lacks_meeting_count = fields.Integer("Without a Meeting", compute="_compute_dashboard")
    due_amount = fields.Monetary("Due", compute="_compute_dashboard", groups=MANAGER)
    on_time_rate = fields.Char("Paid on Time", compute="_compute_dashboard", groups=MANAGER)
    dashboard_graph = fields.Text("Clients Acquired per Month", compute="_compute_dashboard_graph")

    @api.depends_context("allowed_company_ids")
    def _compute_dashboard(self):
        Enrollment = self.env["partner.program.enrollment"]

        def count(figure):
            domain = Domain("program_id", "in", self.ids) & self._get_figure_domain(figure)
            return dict(Enrollment._read_group(domain, ["program_id"], ["__count"]))

        counts = {figure: count(figure) for figure in ("applied", "stuck", "silent", "lacks_meeting")}
        due, rates = self._get_due_amounts(), self._get_on_time_rates()
        for program in self:
            for figure, by_program in counts.items():
                program[f"{figure}_count"] = by_program.get(program, 0)
            program.due_amount = due.get(program.id, 0.0)
            kept, total = rates.get(program.id, (0, 0))
            program.on_time_rate = f"{100 * kept // total} %" if total else False

    @api.model
    def _get_figure_domain(self, figure: str) -> Domain:
        """The enrollments behind a figure."""
        today = self.env.company._partner_program_today()
        if figure == "stuck":
            return Domain("state", "=", "onboarding") & Domain("state_since", "<", today - timedelta(days=STUCK_DAYS))
        if figure == "silent":
            silent = today - timedelta(days=SILENT_DAYS)
            return (
                Domain("state", "=", "active")
                & (Domain("date_start", "=", False) | Domain("date_start", "<", silent))
                & Domain("referral_ids", "not any", [("referred_on", ">=", silent)])
            )
        if figure == "lacks_meeting":
            return Domain("lacks_meeting", "=", True)
        return Domain("state", "=", figure)

    def _get_due_amounts(self) -> dict[int, float]:
        """What was to be billed by today and is not, per program, in the currency of its company at today's rate."""
        today = self.env.company._partner_program_today()
        rows = self.env["partner.commission.line"]._read_group(
            self._get_due_domain(today), ["program_id", "currency_id"], ["open_amount:sum"]
        )
        due = {}
        for program, currency, amount in rows:
            amount = currency._convert(amount, program.currency_id, program.company_id, today)
            due[program.id] = due.get(program.id, 0.0) + amount
        return due

    def _get_due_domain(self, today: date) -> Domain:
        return Domain("program_id", "in", self.ids) & Domain("state", "=", "earned") & Domain("due_on", "<=", today)

    def _get_on_time_rates(self) -> dict[int, tuple[int, int]]:
        """Commission bills of the last twelve months: (paid by their pay-by date, all that were to be paid)."""
        if not self.ids:
            return {}
        bills = self._get_bills_of_last_year()
        return {
            program_id: (kept, total)
            for program_id, kept, total in self.env.execute_query(
                SQL(
                    """
                    SELECT program_id, COUNT(*) FILTER (WHERE paid_on <= due_on), COUNT(*)
                      FROM (%s) bill
                     GROUP BY program_id
                    """,
                    bills,
                )
            )
        }

    def _get_bills_of_last_year(self) -> SQL:
        """Query: program, bill, pay-by date and day of payment of the bills whose day has come, or that are paid.

        What was set off alone is no payment, in time or not, and what waited for the partner on its day is not late.
        """
        for model in ("account.move", "account.move.line", "account.partial.reconcile", "partner.commission.billing"):
            self.env[model].flush_model()
        today = self.env.company._partner_program_today()
        return SQL(
            """
            SELECT carried.program_id, bill.id, bill.invoice_date_due AS due_on, closed.paid_on
              FROM (SELECT DISTINCT line.program_id, billing.bill_id
                      FROM partner_commission_billing billing
                      JOIN partner_commission_line line ON line.id = billing.commission_line_id
                     WHERE line.program_id IN %(ids)s) carried
              JOIN account_move bill ON bill.id = carried.bill_id
         LEFT JOIN LATERAL (%(closed)s) closed ON bill.payment_state IN %(paid)s
             WHERE bill.state = 'posted'
               AND bill.payment_state <> 'reversed'
               AND bill.invoice_date_due >= %(since)s
               AND NOT EXISTS (
                   SELECT FROM partner_commission_billing held WHERE held.bill_id = bill.id AND held.was_held)
               AND (closed.paid_on IS NOT NULL
                    -- also when Odoo calls it paid, and the payment is a draft again
                    OR closed.set_off_on IS NULL AND bill.invoice_date_due < %(today)s AND bill.amount_total <> 0)
            """,
            paid=PAID,
            closed=self.env["partner.commission.change"]._get_closed_query(),
            ids=tuple(self.ids),
            since=today - relativedelta(months=12),
            today=today,
        )

    @api.depends_context("lang", "allowed_company_ids")
    def _compute_dashboard_graph(self):
        this_month = self.env.company._partner_program_today().replace(day=1)
        months = [this_month + relativedelta(months=offset) for offset in range(1 - CHART_MONTHS, 1)]
        rows = self.env["partner.referral"]._read_group(
            [
                ("program_id", "in", self.ids),
                ("state", "in", ("acquired", "completed")),
                ("acquired_on", ">=", months[0]),
            ],
            ["program_id", "acquired_on:month"],
            ["__count"],
        )
        counts = {(program.id, month): count for program, month, count in rows}
        labels = {month: format_date(self.env, month, date_format="MMM yy") for month in months}
        title = self.env._("Clients acquired")
        for program in self:
            values = [
                {
                    "label": labels[month],
                    "value": counts.get((program.id, month), 0),
                    "type": "past" if month < this_month else "future",
                }
                for month in months
            ]
            program.dashboard_graph = json.dumps([{"values": values, "title": title, "key": title}])

    # ------------------------------------------------------------
    # CLICKS
    # ------------------------------------------------------------

    def action_open_figure(self):
        """Open the rows behind the figure that is named in the context."""
        self.ensure_one()
        figure = self.env.context.get("figure")
        if figure in REFERRAL_FIGURES:
            action = self.action_view_referrals()
            action["domain"] = [("program_id", "=", self.id), ("state", "in", REFERRAL_FIGURES[figure])]
            return action
        if figure == "due":
            action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_commission_line_action")
            action["domain"] = list(self._get_due_domain(self.env.company._partner_program_today()))
            action["context"] = {}
            return action
        if figure == "on_time":
            action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_in_invoice_type")
            rows = self.env.execute_query(SQL("SELECT id FROM (%s) bill", self._get_bills_of_last_year()))
            action["domain"] = [("id", "in", [bill_id for (bill_id,) in rows])]
            action["context"] = {"create": False}
            return action
        action = self.action_view_enrollments()
        action["domain"] = [("program_id", "=", self.id), *self._get_figure_domain(figure or "active")]
        action["view_mode"] = "list,kanban,form"
        action["views"] = [(False, "list"), (False, "kanban"), (False, "form")]
        return action
