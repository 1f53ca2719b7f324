import logging
from datetime import date

from markupsafe import Markup
from psycopg2 import IntegrityError, InterfaceError, OperationalError, errors

from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import html2plaintext, split_every

from .partner_commission_line_sweep import COPIES, FIGURES

_logger = logging.getLogger(__name__)

# Another transaction was faster: roll back, look again.
CONFLICTS = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable, errors.UniqueViolation)
EXPLAINED = (UserError, ValidationError, RedirectWarning, IntegrityError)  # with words for whoever reads them
ATTEMPTS = 5
BILLS_AT_ONCE = 50
RUN_POSITION = "partner_program.run_position"  # parameter of the system, see _get_cron_position
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
        bills, problems, withdrawn = self._run_bills()
        if not bills and not withdrawn:
            raise UserError("\n".join(self._get_sentences(problems)) or self._explain_no_bills())
        bills_sudo = bills.sudo()  # of the bank account only whether it is trusted
        problems = bills_sudo._get_blocked_payments() + problems
        notes = [*self._get_sentences(problems), *self._explain_withdrawn(withdrawn)]
        if not bills:
            return self._notify(notes, {"type": "ir.actions.client", "tag": "soft_reload"})
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_in_invoice_type")
        action["context"] = {"default_move_type": "in_invoice"}
        if len(bills) == 1:
            action.update(res_id=bills.id, views=[(False, "form")])
        else:
            action["domain"] = [("id", "in", bills.ids)]
        return self._notify(notes, action) if notes else action

    @api.model
    def _explain_withdrawn(self, withdrawn) -> list[str]:
        return [
            self.env._(
                "Nothing that %(bill)s carried is to be billed now: its commissions were taken off it, and a draft "
                "without other lines was deleted.",
                bill=name,
            )
            for name in withdrawn
        ]

    @api.model
    def _notify(self, notes, action) -> dict:
        """Show these sentences until they are closed, and go on with that action."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "warning", "sticky": True, "message": "\n".join(notes), "next": action},
        }

    def _create_vendor_bills(self):
        """Bill the open amount of those of these lines that are due.

        A partner whose data is broken does not stop the others: it gets an activity with the reason.

        :return: the draft bills created or extended; empty when nothing is due
        :raise UserError: when nothing at all could be billed, with the reasons
        """
        bills, problems, _withdrawn = self._run_bills()
        if problems and not bills:
            raise UserError("\n".join(self._get_sentences(problems)))
        self._report_problems(problems)
        return bills

    @api.model
    def _cron_create_vendor_bills(self):
        """Scheduled action: bill everything that is due, one transaction per partner, currency and company.

        :return: the draft bills created or extended
        """
        domain = self._get_run_domain()
        if self._is_in_cron():
            bills, position = self._bill_in_cron(domain, self._get_cron_position(RUN_POSITION) or ())
            self._set_cron_position(RUN_POSITION, position)
        else:
            bills, problems, _withdrawn = self.search(domain)._run_bills()
            self._report_problems(problems)
        self.env["account.move"]._look_at_bank_accounts()
        if not bills:
            self._log_why_no_bills()
        return bills

    @api.model
    def _log_why_no_bills(self):
        """Say in the log why a run made nothing: a service that must not fail the job, which would be switched off."""
        try:
            with self.env.cr.savepoint():
                _logger.info("Partner commissions: no bill made. %s", self._explain_nothing_due())
        except Exception:
            _logger.exception("Partner commissions: no bill made, and why could not be said")

    @api.model
    def _bill_in_cron(self, domain, after=()):
        """Bill group after group, each in a transaction of its own, for as long as the scheduler gives time.

        :param domain: what is to be billed; what has been is in it no more, but what is carried forward or cannot be
            billed stays
        :param after: where the last call stopped, as it returned it
        :return: the bills made or extended, and after which group the time was over; None when there was time for all
        """
        keys = sorted(key for key in self._get_ids_by_bill(domain) if key > tuple(after))
        bills = self.env["account.move"]
        self._commit_in_cron(remaining=len(keys))
        for chunk in split_every(BILLS_AT_ONCE, keys, list):
            of_chunk = domain & Domain("partner_id", "in", [partner_id for partner_id, *_rest in chunk])
            by_key = self._get_ids_by_bill(of_chunk, ["id:array_agg"])
            for key in chunk:
                if key in by_key:  # else somebody was faster
                    bills |= self.browse(*by_key[key])._bill_until_done()
                if not self._commit_in_cron(processed=1) and key != keys[-1]:
                    return bills, list(key)
        return bills, None

    @api.model
    def _get_ids_by_bill(self, domain, aggregates=()) -> dict:
        """By ids of partner, currency and company what these aggregates say of the lines that one bill will carry.

        Which bills there are is asked without the lines: of a hundred thousand only those of a few partners are read
        at a time.
        """
        rows = self._read_group(domain, ["partner_id", "currency_id", "company_id"], aggregates)
        return {(partner.id, currency.id, company.id): found for partner, currency, company, *found in rows}

    def _bill_until_done(self):
        """Bill one group; when another transaction was faster, look again with fresh eyes.

        :return: the bills made or extended
        """
        lines = self._in_language_of_reader()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                bills, problems, _withdrawn = lines._run_bills()
                self._report_problems(problems)
                self.env.flush_all()
            except CONFLICTS:
                self.env.cr.rollback()
                self.env.invalidate_all()
                if attempt == ATTEMPTS:  # the partners after this one must not wait for it
                    self._report_problems(lines._note_conflict())
            else:
                return bills.with_env(self.env)
        return self.env["account.move"]

    def _in_language_of_reader(self):
        """These lines for a run that nobody watches: what it has to say is for whoever looks after the partner."""
        if not (enrollment := self.exists()[:1].enrollment_id):  # deleted since they were chosen
            return self
        return self.with_context(lang=enrollment._get_responsibles()[:1].lang)

    def _note_conflict(self) -> list:
        """The problem of lines that other transactions changed each time when the run was about to bill them."""
        enrollment_sudo = self.exists().sudo().enrollment_id[:1]  # whoever runs it, the manager has to know
        if not enrollment_sudo:  # all of them were deleted
            return []
        sentence = self.env._(
            "%(partner)s was not billed: its commissions or bills were being changed, %(attempts)s times in a row. "
            "The next run tries again.",
            partner=enrollment_sudo.partner_id.name,
            attempts=ATTEMPTS,
        )
        return [(enrollment_sudo.id, sentence)]

    # ------------------------------------------------------------
    # ONE DOOR
    # ------------------------------------------------------------

    def _run_bills(self):
        """Lock, look at the facts again, group, bill.

        :return: ``(bills, problems, withdrawn)``: bills made or extended; ``[(id of the enrollment, sentence)]`` for
            each bill that could not be made; and the names of the drafts that carry nothing any more
        """
        # Where one row in ten is due PostgreSQL would read all, and with them the invoices that nobody has paid.
        self.env.cr.execute("SET LOCAL seq_page_cost TO 20")
        lines_sudo = self.sudo()  # accountants read commission lines, only the run writes billings
        claimed_sudo = lines_sudo._claim()
        groups = claimed_sudo.grouped(lambda line: line._get_bill_key()).values()
        bills, problems, withdrawn = self.env["account.move"], [], []
        for batch in split_every(BILLS_AT_ONCE, groups, list):
            bills |= self._bill_or_note(batch, problems, withdrawn)
        self.env.cr.execute("SET LOCAL seq_page_cost TO DEFAULT")
        for name in withdrawn:  # with all that was written on it
            _logger.info("Partner commissions: nothing that %s carried is to be billed now", name)
        return bills, problems, withdrawn

    @api.model
    def _bill_or_note(self, groups, problems, withdrawn):
        """Bill these groups all at once; where the data of one is broken, one by one, so that it stops no other.

        :param groups: claimed lines, with raised rights; those of one group have the same ``_get_bill_key``
        :param problems: gets the enrollment and a sentence for each group that could not be billed
        :param withdrawn: gets the name of each draft that carries nothing any more
        :return: the bills, in the environment of the user, whose right to make bills is asked
        """
        try:
            taken_back = []
            with self.env.cr.savepoint():
                bills = self._draft_bills(groups, taken_back)
            withdrawn += taken_back
            return bills
        except (errors.UniqueViolation, OperationalError, InterfaceError):
            raise  # another run was faster: see CONFLICTS; or the database is gone
        except Exception as error:
            self.env.invalidate_all()
            if len(groups) > 1:
                return self.env["account.move"].union(
                    *(self._bill_or_note([lines], problems, withdrawn) for lines in groups)
                )
            enrollment_sudo = groups[0][:1].enrollment_id
            if not isinstance(error, EXPLAINED):
                _logger.exception("Partner commissions: enrollment %s could not be billed", enrollment_sudo.id)
            sentence = self.env._(
                "%(partner)s was not billed: %(reason)s",
                partner=enrollment_sudo.partner_id.name,
                reason=self._get_reason(error),
            )
            problems.append((enrollment_sudo.id, sentence))
            return self.env["account.move"]

    def _claim(self):
        """Those of these lines that are ours to bill: locked, mended, earned and due; and what is to leave a draft.

        A line that another run holds is skipped: that run bills it.
        """
        companions = self._get_companions()
        lines = (self | companions).try_lock_for_update()
        lines.invalidate_recordset()
        lines.fetch([*COPIES, *FIGURES, *FACTS])
        lines._find_stale_copies()._mend_copies()  # whose money it is follows from the referral, not from the row
        lines._mend()
        return lines._filter_billable() | (companions & lines).filtered("hold_code")

    def _filter_billable(self):
        """Those of these lines with something open that may be billed today."""
        today = {company: company._partner_program_today() for company in self.company_id}
        surely = min(today.values(), default=date.min)  # what is due by then is billable, be its lead as it may
        return self.filtered(
            lambda line: (
                line.state == "earned"
                and line.open_amount
                and ((line.due_on or date.max) <= surely or line._is_billable(today[line.company_id]))
            )
        )

    @api.model
    def _get_reason(self, error) -> str:
        """What an error says to the user; of the database its constraint, in the words of the model that has it."""
        if not isinstance(error, EXPLAINED):
            return self.env._(
                "an unexpected error, “%(error)s”. The log of the server tells your administrator more.", error=error
            )
        if not isinstance(error, IntegrityError):
            return str(error.args[0]).strip()
        table = error.diag.table_name
        owner = next((name for name, model in self.env.registry.items() if model._table == table), "base")
        return self.env[owner]._sql_error_to_message(error)

    @api.model
    def _get_sentences(self, problems) -> list[str]:
        """What went wrong, each sentence once: two currencies of a partner may have the same reason."""
        return list(dict.fromkeys(sentence for _enrollment_id, sentence in problems))

    @api.model
    def _report_problems(self, problems):
        """Tell the account manager of the partner why it could not be billed."""
        for enrollment_id, sentence in problems:
            _logger.warning("Partner commissions: %s", sentence)
            enrollment = self.env["partner.program.enrollment"].browse(enrollment_id)
            enrollment_sudo = enrollment.sudo()  # whoever runs it, the manager has to know
            manager = enrollment_sudo._get_responsibles()[:1]
            summary = self.with_context(lang=manager.lang).env._("Commissions cannot be billed or paid yet")
            self._flag(enrollment_sudo, manager, summary, Markup.escape(sentence))

    @api.model
    def _flag(self, record_sudo, user, summary, note):
        """A warning for this user on the record; what is new is added to the one that is open.

        :param Markup note: the reason; said again, it changes nothing
        """
        summaries = {activity.summary: activity for activity in record_sudo.activity_ids}
        if not (activity := summaries.get(summary)):
            record_sudo.activity_schedule(
                "mail.mail_activity_data_warning", summary=summary, note=note, user_id=user.id
            )
        elif html2plaintext(note) not in html2plaintext(activity.note or ""):
            activity.note = Markup("%s<br/>%s") % (activity.note or "", note)
