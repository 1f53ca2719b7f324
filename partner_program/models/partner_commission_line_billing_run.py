import logging

from psycopg2 import IntegrityError, errors

from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.tools import SQL, split_every

from .partner_commission_line_sweep import COPIES, FIGURES

_logger = logging.getLogger(__name__)

# Another transaction was faster: roll back, look again.
CONFLICTS = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable, errors.UniqueViolation)
ATTEMPTS = 5
BILLS_AT_ONCE = 50
FACTS = ("referral_id", "move_id", "held_by_hand")  # what else a run asks of every line


class PartnerCommissionLine(models.Model):
    """The bill run: from what is open and due to draft vendor bills (P10, P11; D6, D16).

    Button, server action and scheduled action all come through
    ``_create_vendor_bills``, which locks, compares with the facts once more,
    and only then bills the difference between earned and billed.
    """

    _inherit = "partner.commission.line"

    def action_create_vendor_bills(self):
        """Bill what is due among these lines, and open the bills; say why when there is nothing to bill."""
        self.env["account.move"].check_access("create")
        bills, problems = self._run_bills()
        if not bills:
            raise UserError("\n".join(problems.values()) or self._explain_no_bills())
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_in_invoice_type")
        action["context"] = {"default_move_type": "in_invoice"}
        if len(bills) == 1:
            action.update(res_id=bills.id, views=[(False, "form")])
        else:
            action["domain"] = [("id", "in", bills.ids)]
        if problems:
            action = {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "warning",
                    "sticky": True,
                    "message": "\n".join(problems.values()),
                    "next": action,
                },
            }
        return action

    def _create_vendor_bills(self):
        """Bill the open amount of those of these lines that are due.

        A partner whose data is broken does not stop the others: it gets an activity with the reason.

        :return: the draft bills created or extended; empty when nothing is due
        :raise UserError: when nothing at all could be billed, with the reasons
        """
        bills, problems = self._run_bills()
        if problems and not bills:
            raise UserError("\n".join(problems.values()))
        self._report_problems(problems)
        return bills

    @api.model
    def _cron_create_vendor_bills(self):
        """Scheduled action: bill everything that is due, one transaction per partner, currency and company.

        :return: the draft bills created or extended
        """
        due = self._get_due_domain()
        if self._is_in_cron():
            bills = self._bill_in_cron(due)
        else:
            bills, problems = self.search(due)._run_bills()
            self._report_problems(problems)
        if not bills:
            _logger.info("Partner commissions: no bill made. %s", self._explain_nothing_due())
        return bills

    @api.model
    def _bill_in_cron(self, due):
        """Bill group after group, each in a transaction of its own, for as long as the scheduler gives time."""
        groups = [
            lines.ids
            for *_key, lines in self._read_group(due, ["partner_id", "currency_id", "company_id"], ["id:recordset"])
        ]
        bills = self.env["account.move"]
        self._commit_in_cron(remaining=len(groups))
        for ids in groups:
            bills |= self.browse(ids)._bill_until_done()
            if not self._commit_in_cron(processed=1):
                break
        return bills

    def _bill_until_done(self):
        """Bill one group; when another transaction was faster, look again with fresh eyes.

        :return: the bills made or extended
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                bills, problems = self._run_bills()
                self._report_problems(problems)
                self.env.flush_all()
            except CONFLICTS:
                if attempt == ATTEMPTS:
                    raise
                self.env.cr.rollback()
                self.env.invalidate_all()
            else:
                return bills
        return self.env["account.move"]

    def _is_in_cron(self) -> bool:
        return "ir_cron_progress_id" in self.env.context

    @api.model
    def _commit_in_cron(self, **progress) -> float:
        """Commit and note the progress when the scheduler runs this; seconds left.

        Called from anywhere else (a script, a test, another add-on) the caller
        keeps its transaction: ``_commit_progress`` would commit it.
        """
        if not self._is_in_cron():
            return float("inf")
        return self.env["ir.cron"]._commit_progress(**progress)

    # ------------------------------------------------------------
    # ONE DOOR
    # ------------------------------------------------------------

    def _run_bills(self):
        """Lock, look at the facts again, group, bill.

        :return: ``(bills, problems)``: bills made or extended, and by enrollment
            a sentence for each partner whose lines could not be billed
        """
        lines_sudo = self.sudo()  # accountants read commission lines, only the run writes billings
        claimed_sudo = lines_sudo._claim()
        groups = claimed_sudo.grouped(lambda line: line._get_bill_key()).values()
        bills, problems = self.env["account.move"], {}
        for batch in split_every(BILLS_AT_ONCE, groups, list):
            bills |= self._bill_or_note(batch, problems)
        return bills, problems

    @api.model
    def _bill_or_note(self, groups, problems):
        """Bill these groups all at once; where the data of one is broken, one by one, so that it stops no other.

        :param groups: claimed lines, with raised rights; those of one group have the same ``_get_bill_key``
        :param problems: gets a sentence for each enrollment that could not be billed
        :return: the bills, in the environment of the user, whose right to make bills is asked
        """
        try:
            with self.env.cr.savepoint():
                return self._draft_bills(groups)
        except errors.UniqueViolation:
            raise  # another run was faster: see CONFLICTS
        except (UserError, ValidationError, RedirectWarning, IntegrityError) as error:
            self.env.invalidate_all()
            if len(groups) > 1:
                return self.env["account.move"].union(*(self._bill_or_note([lines], problems) for lines in groups))
            enrollment_sudo = groups[0][:1].enrollment_id
            problems[enrollment_sudo.id] = self.env._(
                "%(partner)s was not billed: %(reason)s",
                partner=enrollment_sudo.partner_id.name,
                reason=str(error.args[0]).strip(),
            )
            return self.env["account.move"]

    def _claim(self):
        """Those of these lines that are ours to bill: locked, mended, earned and due.

        A line that another run holds is skipped: that run bills it.
        """
        lines = (self | self._get_corrections()).try_lock_for_update()
        lines.invalidate_recordset()
        lines.fetch([*COPIES, *FIGURES, *FACTS])
        lines._find_stale_copies()._mend_copies()  # whose money it is follows from the referral, not from the row
        lines._mend()
        today = {company: company._partner_program_today() for company in lines.company_id}
        return lines.filtered(
            lambda line: line.state == "earned" and line.open_amount and line._is_billable(today[line.company_id])
        )

    def _get_corrections(self):
        """Open amounts to take back from the same partners: the next bill carries them, whoever chose what (D16)."""
        self.flush_model(["partner_id", "currency_id", "company_id", "open_amount", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM partner_commission_line
                 WHERE open_amount < 0
                   AND state = 'earned'
                   AND (partner_id, currency_id, company_id) IN (
                       SELECT partner_id, currency_id, company_id FROM partner_commission_line WHERE id = ANY(%s)
                   )
                """,
                self.ids,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    @api.model
    def _report_problems(self, problems):
        """Tell the account manager of the partner, once, why it could not be billed."""
        summary = self.env._("Commissions could not be billed")
        for enrollment_id, sentence in problems.items():
            _logger.warning("Partner commissions: %s", sentence)
            enrollment = self.env["partner.program.enrollment"].browse(enrollment_id)
            enrollment_sudo = enrollment.sudo()  # whoever runs it, the manager has to know
            if summary not in enrollment_sudo.activity_ids.mapped("summary"):
                enrollment_sudo.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=summary,
                    note=sentence,
                    user_id=(enrollment_sudo.account_manager_id or self.env.ref("base.user_admin")).id,
                )
