import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_amount

_logger = logging.getLogger(__name__)

IN_BACKGROUND_ABOVE = 2000  # commission lines: more than that would keep the user waiting


class PartnerCommissionBillRun(models.TransientModel):
    """ "Create bills due until …": shows what a run would bill, then runs it."""

    _name = "partner.commission.bill.run"
    _description = "Create Commission Bills"
    _transient_max_hours = 48  # one that waits for the scheduler is not swept away

    date_until = fields.Date(
        "Due Until",
        required=True,
        default=lambda self: self.env.company._partner_program_today(),
        help="Bills what has its pay-by date until this day and may be billed today: "
        "nothing is billed before its pay-by date less the lead days of the program.",
    )
    line_count = fields.Integer("Commission Lines", compute="_compute_preview")
    partner_count = fields.Integer("Partners", compute="_compute_preview")
    amounts = fields.Char(compute="_compute_preview")
    explanation = fields.Text(compute="_compute_preview")
    waits = fields.Boolean("Billed in the Background", readonly=True)
    position = fields.Json(readonly=True)  # after which group the time was over, see _bill_in_cron
    company_ids = fields.Many2many("res.company", default=lambda self: self.env.companies, readonly=True)

    def _get_domain(self) -> Domain:
        self.ensure_one()
        corrections = Domain("open_amount", "<", 0) | Domain("due_on", "=", False)  # due at once, see _is_billable
        return Domain("is_due", "=", True) & (Domain("due_on", "<=", self.date_until) | corrections)

    def _get_lines(self):
        return self.env["partner.commission.line"].search(self._get_domain())

    @api.depends("date_until")
    def _compute_preview(self):
        for run in self:
            lines = run._get_lines() if run.date_until else self.env["partner.commission.line"]
            run.line_count = len(lines)
            run.partner_count = len(lines.partner_id)
            run.amounts = ", ".join(
                format_amount(self.env, sum(group.mapped("open_amount")), currency)
                for currency, group in lines.grouped("currency_id").items()
            )
            run.explanation = False if lines else lines._explain_nothing_due(run.date_until)

    def action_run(self):
        """Bill the lines now, or in the background when there are very many."""
        self.ensure_one()
        self.env["account.move"].check_access("create")
        lines = self._get_lines()
        if not lines:
            raise UserError(lines._explain_nothing_due(self.date_until))
        cron_sudo = self.env.ref("partner_program.ir_cron_run_in_background").sudo()  # only to start it
        if len(lines) <= IN_BACKGROUND_ABOVE or not cron_sudo.active:
            return lines.action_create_vendor_bills()
        self.waits = True
        cron_sudo._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "%(count)s commission lines are being billed in the background, partner by partner. "
                    "The bills appear in the list of commission bills within minutes.",
                    count=len(lines),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _cron_run_in_background(self):
        """Scheduled action, started by the dialog: bill what was chosen there, with the rights of who chose it."""
        waiting = self.search([("waits", "=", True)], order="id")
        for number, run in enumerate(waiting, start=1):
            user_run = run.with_user(run.create_uid).with_context(allowed_company_ids=run.company_ids.ids)
            if not user_run._may_still_bill():
                run.waits = False
                continue
            lines, domain = user_run.env["partner.commission.line"], user_run._get_domain()
            if not lines._is_in_cron():
                _bills, problems, _withdrawn = lines.search(domain)._run_bills()
                lines._report_problems(problems)
            else:
                _bills, run.position = lines._bill_in_cron(domain, run.position or ())
                if run.position:  # out of time, and told so: the scheduler calls again soon
                    lines._commit_in_cron()
                    return
            run.waits = False
            if not lines._commit_in_cron(remaining=len(waiting) - number):
                return

    def _may_still_bill(self) -> bool:
        """Whether who chose it has the right yet; if not the log says so, and the runs after it are not kept waiting.

        Nothing is lost: what is due stays in the queue, and the nightly job bills it.
        """
        self.ensure_one()
        try:
            self.env["account.move"].with_company(self.env.companies[:1]).check_access("create")
        except AccessError as error:
            _logger.warning("Partner commissions: not billed for %s. %s", self.env.user.login, error)
            return False
        return self.env.user.active
