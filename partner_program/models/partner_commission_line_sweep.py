import logging
from collections import Counter

from markupsafe import Markup

from odoo import api, models
from odoo.tools import SQL

from ..tools.one_by_one import try_each

_logger = logging.getLogger(__name__)

SWEEP_BATCH = 1000
SWEEP_POSITION = "partner_program.sweep_position"  # parameter of the system, only while a sweep has something left
# What a row keeps of its referral, its invoice and its questions, so that lists and rules are fast.
COPIES = (
    *("enrollment_id", "partner_id", "program_id", "client_id", "rate"),
    *("company_id", "currency_id", "invoice_date", "is_questioned"),
)

# What follows from the facts.
FIGURES = (
    *("base_amount", "credited_amount", "amount", "earned_amount", "fully_paid_on", "due_on", "void_code"),
    *("billed_amount", "bills_paid", "open_amount", "hold_code", "state"),
)


class PartnerCommissionLine(models.Model):
    """Stored figures against the facts: the nightly sweep, and what a run asks before it bills."""

    _inherit = "partner.commission.line"

    @api.model
    def _cron_sync(self) -> int:
        """The sweep: compare every referral and every ledger row with the facts, and mend what differs.

        Says in the log how many rows it mended and in which figures. Where money
        that was billed already is concerned, the account manager gets an activity.

        :return: number of rows created or mended
        """
        mended, why = 0, Counter()
        last_id = self._get_cron_position(SWEEP_POSITION)
        if not last_id:
            why["created"] = mended = self._sweep_referrals()
        self._commit_in_cron(remaining=self.search_count([("id", ">", last_id)]))
        while lines := self.search([("id", ">", last_id)], order="id", limit=SWEEP_BATCH):
            wrong = lines._mend_copies()
            for line, fnames in lines._mend().items():
                wrong[line] = wrong.get(line, []) + fnames
            unnoted = lines._find_unnoted()
            unnoted._note_first_earned()
            unnoted._note_corrections()
            for line in unnoted:
                wrong[line] = [*wrong.get(line, []), "statement"]
            mended += len(wrong)
            why.update(fname for fnames in wrong.values() for fname in fnames)
            billed = [
                line.id
                for line, fnames in wrong.items()
                if fnames != ["statement"] and (line.billing_ids or "billed_amount" in fnames)
            ]
            self.browse(billed)._report_mended()
            last_id = lines[-1].id
            seconds_left = self._commit_in_cron(processed=len(lines))
            self.env.invalidate_all()
            if not seconds_left and self.search_count([("id", ">", last_id)], limit=1):
                break  # the scheduler calls again soon, as there is something left
        self._set_cron_position(SWEEP_POSITION, last_id if lines else 0)
        changes_sudo = self.env["partner.commission.change"].sudo()  # the journal is written by the machine only
        noted = changes_sudo._sweep_bills()
        mended += noted
        why["bills in statements"] += noted
        if mended:
            _logger.warning(
                "Partner commissions: the sweep mended %s rows (%s)",
                mended,
                ", ".join(f"{fname}: {count}" for fname, count in why.items() if count),
            )
        return mended

    @api.model
    def _sweep_referrals(self) -> int:
        """What all lines hang on: requirements of partners, and a row for each invoice; number of rows made."""
        enrollments = self.env["partner.program.enrollment"].search([("referral_ids", "!=", False)])
        self.env.add_to_compute(enrollments._fields["requirements_met"], enrollments)
        referrals = self.env["partner.referral"].search([("state", "in", ("acquired", "completed"))], order="id")
        made = []

        def make(some):
            lines = some._sync_commission_lines()
            self.env.flush_all()  # what cannot be written is not counted
            made.append(len(lines))

        for start in range(0, len(referrals), SWEEP_BATCH):
            try_each(
                referrals[start : start + SWEEP_BATCH],
                make,
                lambda one, error: one._flag_problem(str(error.args[0] if error.args else error)),
            )
        return sum(made)

    def _report_mended(self):
        """Tell the account manager that a figure which was billed already has been mended."""
        for referral, lines in self.grouped("referral_id").items():
            referral_sudo = referral.sudo()  # the sweep may be started by anybody, the manager has to know
            manager = referral_sudo.enrollment_id._get_responsibles()[:1]
            lines = lines.with_context(lang=manager.lang)
            note = Markup("<br/>").join(line.explanation for line in lines)
            self._flag(referral_sudo, manager, lines.env._("A billed commission was corrected"), note)

    def _find_stale_copies(self):
        """Those of these rows that say another partner, client, company or currency than referral and invoice do."""
        self.env["partner.referral"].flush_model(["enrollment_id", "partner_id", "program_id", "client_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM partner_commission_line line
                  JOIN partner_referral referral ON referral.id = line.referral_id
                  JOIN account_move invoice ON invoice.id = line.move_id
                 WHERE line.id = ANY(%s)
                   AND (line.enrollment_id, line.partner_id, line.program_id, line.client_id,
                        line.company_id, line.currency_id)
                       IS DISTINCT FROM
                       (referral.enrollment_id, referral.partner_id, referral.program_id, referral.client_id,
                        invoice.company_id, invoice.currency_id)
                """,
                self.ids,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _mend_copies(self) -> dict:
        """Copy again what the rows keep of referral, invoice and questions.

        :return: names of the fields that differed, by line
        """
        stored = {line: [line[fname] for fname in COPIES] for line in self}
        for fname in COPIES:
            self.env.add_to_compute(self._fields[fname], self)
        wrong = {}
        for line, before in stored.items():
            copies = zip(COPIES, before, strict=True)
            if different := [fname for fname, value in copies if line[fname] != value]:
                wrong[line] = different
        return wrong

    def _mend(self) -> dict:
        """Write the figures of the rows whose stored ones differ from what the facts say.

        :return: names of the figures that differed, by line
        """
        lines_sudo = self.sudo()  # figures follow from the facts, whoever asks
        targets, billed, wrong = lines_sudo._get_targets(), lines_sudo._get_billed(), {}
        for line, stored in lines_sudo._read_figures().items():
            figures = targets[line] | billed[line]
            figures |= line._get_state(
                figures["amount"], figures["earned_amount"], figures["billed_amount"], figures["bills_paid"]
            )
            columns = zip(FIGURES, stored, strict=True)
            if different := [fname for fname, value in columns if figures[fname] != (value or False)]:
                line.write(figures)
                wrong[line] = different
            elif "excluded_shares" in figures and figures["excluded_shares"] != line.excluded_shares:
                line.excluded_shares = figures["excluded_shares"]  # noted; no figure differs
        self._forget_shown()
        return wrong

    def _read_figures(self) -> dict:
        """``FIGURES`` as they are stored, by line; nothing is ``None``.

        One statement instead of a dozen look-ups in the cache for each line: a run asks this of thousands.
        """
        self.flush_recordset(FIGURES)
        columns = SQL(", ").join(SQL.identifier(fname) for fname in FIGURES)
        rows = self.env.execute_query(
            SQL("SELECT id, %s FROM partner_commission_line WHERE id = ANY(%s)", columns, self.ids)
        )
        by_id = dict(zip(self._ids, self, strict=True))
        return {by_id[id_]: figures for id_, *figures in rows}
