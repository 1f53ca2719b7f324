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

    def _get_rows(self) -> tuple[list, list]:
        """What a run would bill, and what it would carry forward: more is to be taken back than is due (D16).

        :return: two lists of ``(partner, currency, company, number of lines, open amount)``
        """
        lines, domain = self.env["partner.commission.line"], self._get_domain()
        rows = lines._read_group(domain, ["partner_id", "currency_id", "company_id"], ["__count", "open_amount:sum"])
        waiting = [row for row in rows if row[1].compare_amounts(row[-1], 0) <= 0]
        if waiting:
            partners = lines.partner_id.union(*(row[0] for row in waiting))
            lines_sudo = lines.search(domain & Domain("partner_id", "in", partners.ids)).sudo()  # as the run
            drafts = lines._find_draft_bills([lines_sudo])  # one that it would reduce
            waiting = [row for row in waiting if tuple(row[:3]) not in drafts]
        return [row for row in rows if row not in waiting], waiting

    @api.depends("date_until")
    def _compute_preview(self):
        lines = self.env["partner.commission.line"]
        for run in self:
            to_bill, waiting = run._get_rows() if run.date_until else ([], [])
            totals = {}
            for _partner, currency, _company, _count, amount in to_bill:
                totals[currency] = totals.get(currency, 0.0) + amount
            run.line_count = sum(count for *_key, count, _amount in to_bill)
            run.partner_count = len({partner for partner, *_rest in to_bill})
            run.amounts = ", ".join(format_amount(self.env, amount, currency) for currency, amount in totals.items())
            run.explanation = (
                " ".join(lines._explain_owing([(tuple(key), amount) for *key, _count, amount in waiting]))
                if to_bill
                else lines._explain_nothing_due(run.date_until)
            )

    def action_run(self):
        """Bill the lines now, or in the background when there are very many."""
        self.ensure_one()
        self.env["account.move"].check_access("create")
        lines = self._get_lines()
        to_bill, _waiting = self._get_rows()
        if not to_bill:
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
                    count=sum(count for *_key, count, _amount in to_bill),
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
            self.env["account.move"]._look_at_bank_accounts()
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
