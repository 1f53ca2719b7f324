import logging
from itertools import chain

from psycopg2 import IntegrityError, errors

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_amount, format_date, split_every

_logger = logging.getLogger(__name__)

# Another transaction was faster: roll back, look again.
CONFLICTS = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable, errors.UniqueViolation)
ATTEMPTS = 5
BILLS_AT_ONCE = 50
PARTNERS_NAMED = 5  # partners with held lines that the explanation names
NUMBERS_ON_BILL_LINE = 20  # invoice numbers named on a bill line; the statement has them all


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

    @api.model
    def _get_due_domain(self) -> Domain:
        """All lines that may be billed today, company by company (its own time zone)."""
        companies = self._read_group([("state", "=", "earned"), ("open_amount", "!=", 0)], ["company_id"])
        return Domain.OR(
            Domain("company_id", "=", company.id) & self._due_domain(company._partner_program_today())
            for (company,) in companies
        )

    # ------------------------------------------------------------
    # ONE DOOR
    # ------------------------------------------------------------

    def _run_bills(self):
        """Lock, look at the facts again, group, bill.

        :return: ``(bills, problems)``: bills made or extended, and by enrollment
            a sentence for each partner whose lines could not be billed
        """
        claimed_sudo = self.sudo()._claim()  # sudo: accountants read commission lines, only the run writes billings
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
        lines = self.exists()
        lines = (lines | lines._get_corrections()).try_lock_for_update()
        lines.invalidate_recordset()
        lines._find_stale_copies()._mend_copies()  # whose money it is follows from the referral, not from the row
        lines._mend()
        today = {company: company._partner_program_today() for company in lines.company_id}
        return lines.filtered(
            lambda line: line.state == "earned" and line.open_amount and line._is_billable(today[line.company_id])
        )

    def _get_corrections(self):
        """Open amounts to take back from the same partners: the next bill carries them, whoever chose what (D16)."""
        return self.search(
            [
                ("open_amount", "<", 0),
                ("state", "=", "earned"),
                ("partner_id", "in", self.partner_id.ids),
                ("currency_id", "in", self.currency_id.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )

    def _get_bill_key(self) -> tuple:
        """Hook: lines with the same key go onto one bill."""
        self.ensure_one()
        return self.partner_id, self.currency_id, self.company_id, self._get_bill_journal()

    def _get_bill_line_key(self) -> tuple:
        """Hook: lines with the same key go onto one bill line."""
        self.ensure_one()
        return self.client_id, self.program_id.commission_product_id

    def _get_bill_journal(self):
        program_sudo = self.program_id.sudo()
        return program_sudo.bill_journal_id or self.company_id._partner_program_bill_journal()

    @api.model
    def _draft_bills(self, groups):
        """Extend the drafts that are still there, make the others in one go.

        :return: the bills; none for a partner whose balance is not positive (D16)
        """
        for lines_sudo in groups:
            lines_sudo._check_can_bill()
        # Two runs over the same partner meet on this row: the second sees the draft of the first, or starts again.
        enrollments_sudo = groups[0].union(*groups).enrollment_id
        enrollments_sudo.last_billed_on = fields.Datetime.now()
        enrollments_sudo.flush_recordset(["last_billed_on"])
        drafts = self._find_draft_bills(groups)
        bills, new = self.env["account.move"], []
        for lines_sudo in groups:
            lines_sudo = lines_sudo.with_context(lang=lines_sudo.partner_id.lang)
            draft = drafts.get(lines_sudo[0]._get_bill_key(), bills.browse()).with_env(self.env)
            balance = sum(lines_sudo.mapped("open_amount")) + sum(draft.sudo().commission_billing_ids.mapped("amount"))
            if lines_sudo.currency_id.compare_amounts(balance, 0) <= 0:
                draft._free_commissions()  # carried forward until it is positive
            elif draft:
                lines_sudo._extend_bill(draft.with_context(lang=lines_sudo.env.lang))
                bills += draft
            else:
                new.append(lines_sudo)
        bills += self._make_bills(new) if new else bills.browse()
        bills.sudo()._check_commission_balance()
        return bills

    @api.model
    def _make_bills(self, groups):
        """New drafts, one for each of these groups, with their billings and a to-do for the accountant."""
        made, bill_lines = self.env["account.move"], {}
        groups[0].union(*groups).move_id.fetch(["name"])
        models_sudo = self.env["account.analytic.distribution.model"].sudo()  # only whether there are any
        has_analytic_models = bool(models_sudo.search_count([], limit=1))
        for company in self.env["res.company"].union(*(lines_sudo.company_id for lines_sudo in groups)):
            of_company = [lines_sudo for lines_sudo in groups if lines_sudo.company_id == company]
            by_bill_line = [lines_sudo._group_by_bill_line().values() for lines_sudo in of_company]
            vals_list = [
                lines_sudo._prepare_bill_vals(of_lines)
                for lines_sudo, of_lines in zip(of_company, by_bill_line, strict=True)
            ]
            if not has_analytic_models:  # Odoo would look for one for each bill line
                for *_command, line_vals in chain.from_iterable(vals["invoice_line_ids"] for vals in vals_list):
                    line_vals.setdefault("analytic_distribution", False)
            bills = made.with_company(company).create(vals_list)
            for bill_sudo, of_lines in zip(bills.sudo(), by_bill_line, strict=True):
                for of_line, bill_line in zip(of_lines, bill_sudo.invoice_line_ids.sorted("id"), strict=True):
                    bill_lines.update(dict.fromkeys(of_line, bill_line))
            made += bills.with_env(self.env)
        groups[0].union(*groups)._create_billings(bill_lines)
        made.sudo()._ask_accountant_to_approve()
        return made

    def _check_can_bill(self):
        """A sentence for each way in which the books cannot take a bill."""
        company, currency, journal = self.company_id, self.currency_id, self._get_bill_journal()
        if not company.root_id.chart_template:
            raise UserError(
                self.env._(
                    "%(company)s has no chart of accounts. Install one in the accounting settings.",
                    company=company.name,
                )
            )
        if not journal:
            raise UserError(
                self.env._(
                    "%(company)s has no self-billing purchase journal. Create one and choose it on the program.",
                    company=company.name,
                )
            )
        if not journal.active:
            raise UserError(
                self.env._(
                    "The journal %(journal)s is archived. Choose another one on the program.",
                    journal=journal.display_name,
                )
            )
        if not currency.active:
            raise UserError(
                self.env._(
                    "The currency %(currency)s is archived. Activate it, then run again.", currency=currency.name
                )
            )
        for product in self.program_id.commission_product_id.with_company(company):
            taxes = product.supplier_taxes_id._filter_taxes_by_company(company)
            if taxes.filtered("price_include"):
                raise UserError(
                    self.env._(
                        "The commission product %(product)s has a purchase tax that is included in the price, but "
                        "commissions are untaxed amounts. Choose a tax that is added to the price, or none.",
                        product=product.display_name,
                    )
                )
            accounts = product.product_tmpl_id.get_product_accounts()
            if not accounts["expense"] and not journal.default_account_id:
                raise UserError(
                    self.env._(
                        "The commission product %(product)s has no expense account. Set one on the product, "
                        "its category, or the journal %(journal)s.",
                        product=product.display_name,
                        journal=journal.display_name,
                    )
                )

    @api.model
    def _find_draft_bills(self, groups) -> dict:
        """By ``_get_bill_key`` the drafts that an earlier run made for these partners."""
        lines_sudo = groups[0].union(*groups)
        drafts_sudo = lines_sudo.env["account.move"].search(
            [
                ("move_type", "=", "in_invoice"),
                ("state", "=", "draft"),
                ("posted_before", "=", False),  # its number and figures are with the partner already
                ("partner_id", "in", lines_sudo.partner_id.ids),
                ("company_id", "in", lines_sudo.company_id.ids),
                ("commission_billing_ids", "!=", False),
            ],
            order="id desc",  # where a person made two of one, the first goes on
        )
        return {(bill.partner_id, bill.currency_id, bill.company_id, bill.journal_id): bill for bill in drafts_sudo}

    # ------------------------------------------------------------
    # VALUES
    # ------------------------------------------------------------

    def _prepare_bill_vals(self, by_bill_line) -> dict:
        """Hook: values of a new bill. Due on the earliest pay-by date (D6).

        :param by_bill_line: these lines, bill line by bill line
        """
        return {
            "move_type": "in_invoice",
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "company_id": self.company_id.id,
            "journal_id": self._get_bill_journal().id,
            "invoice_date": self.company_id._partner_program_today(),
            "invoice_payment_term_id": False,
            "invoice_date_due": self._get_due_date() or self.company_id._partner_program_today(),
            "invoice_line_ids": [Command.create(lines._prepare_bill_line_vals()) for lines in by_bill_line],
        }

    def _get_due_date(self):
        """Earliest pay-by date; False when there are corrections only: they settle with what is due next."""
        first_billings = self.filtered(lambda line: line.open_amount > 0 and not line.billed_amount)
        return min(first_billings.mapped("due_on"), default=False)

    def _group_by_bill_line(self) -> dict:
        return self.grouped(lambda line: line._get_bill_line_key())

    def _prepare_bill_line_vals(self) -> dict:
        """Hook: values of one bill line; its amount is the sum of its billings."""
        return {
            "name": self._get_bill_line_name(),
            "product_id": self.program_id[:1].commission_product_id.id,
            "quantity": 1,
            "price_unit": self.currency_id.round(sum(self.mapped("open_amount"))),
        }

    def _get_bill_line_name(self) -> str:
        invoices = self.sorted("invoice_date").move_id
        numbers = ", ".join(invoices[:NUMBERS_ON_BILL_LINE].mapped("name"))
        if len(invoices) > NUMBERS_ON_BILL_LINE:
            numbers = self.env._(
                "%(numbers)s and %(more)s more", numbers=numbers, more=len(invoices) - NUMBERS_ON_BILL_LINE
            )
        return self.env._("Commission on %(client)s: %(invoices)s", client=self.client_id.name, invoices=numbers)

    def _extend_bill(self, bill):
        """Put these lines onto the draft: onto the line of their client where it has one."""
        billings_sudo, before = bill.sudo().commission_billing_ids, bill.sudo().invoice_line_ids
        bill_lines, carried = {}, {}
        for billing in billings_sudo:
            key = billing.commission_line_id._get_bill_line_key()
            bill_lines.setdefault(key, billing.bill_line_id)
            carried[key] = carried.get(key, self.browse()) | billing.commission_line_id
        commands, new_keys = [], []
        for key, lines in self._group_by_bill_line().items():
            vals = lines._prepare_bill_line_vals()
            if bill_line := bill_lines.get(key):
                every = lines | carried[key].with_env(lines.env)
                vals = {"price_unit": bill_line.price_unit + vals["price_unit"], "name": every._get_bill_line_name()}
                commands.append(Command.update(bill_line.id, vals))
            else:
                commands.append(Command.create(vals))
                new_keys.append(key)
        due_date = min(filter(None, (bill.invoice_date_due, self._get_due_date())))
        bill.write({"invoice_line_ids": commands, "invoice_date_due": due_date})
        bill_lines.update(zip(new_keys, (bill.sudo().invoice_line_ids - before).sorted("id"), strict=True))
        self._create_billings({line: bill_lines[line._get_bill_line_key()] for line in self})

    def _create_billings(self, bill_lines):
        """Note which commission line went onto which bill line, with how much: all that is open of it.

        Two statements for any number of lines. What follows from it for the lines (billed in full, nothing open) is
        written along: computing it line by line took as long as making the bills. The sweep and the tests compare it
        with what ``_compute_billed`` and ``_compute_state`` say.

        :param bill_lines: the bill line of each of these commission lines
        """
        if not self:
            return
        self.flush_recordset()
        bill_ids = {bill_line: bill_line.move_id.id for bill_line in set(bill_lines.values())}
        dated = self._get_dated_open_amounts()  # what statements say of them from now on
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO partner_commission_billing (
                    commission_line_id, bill_line_id, bill_id, amount, revision,
                    earned_on, earned_amount, corrected_on,
                    company_id, partner_id, client_id, currency_id, create_uid, write_uid, create_date, write_date
                )
                SELECT line.id, pair.bill_line_id, pair.bill_id, line.open_amount,
                       1 + COALESCE((SELECT MAX(revision) FROM partner_commission_billing earlier
                                      WHERE earlier.commission_line_id = line.id), 0),
                       pair.earned_on, pair.earned_amount, pair.corrected_on,
                       line.company_id, line.partner_id, line.client_id, line.currency_id,
                       %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM unnest(
                           %(line_ids)s, %(bill_line_ids)s, %(bill_ids)s,
                           %(earned_on)s::date[], %(earned_amount)s::numeric[], %(corrected_on)s::date[]
                       ) AS pair (line_id, bill_line_id, bill_id, earned_on, earned_amount, corrected_on)
                  JOIN partner_commission_line line ON line.id = pair.line_id
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                line_ids=self.ids,
                bill_line_ids=[bill_lines[line].id for line in self],
                bill_ids=[bill_ids[bill_lines[line]] for line in self],
                earned_on=[dated[line.id]["earned_on"] or None for line in self],
                earned_amount=[dated[line.id]["earned_amount"] for line in self],
                corrected_on=[dated[line.id]["corrected_on"] or None for line in self],
            )
        )
        bill_lines = self.env["account.move.line"].union(*bill_lines.values())
        for records in (bill_lines, bill_lines.move_id):
            records.invalidate_recordset(["commission_billing_ids"], flush=False)
        self._note_billed_in_full()

    def _note_billed_in_full(self):
        """Write what ``_compute_billed`` and ``_compute_state`` would, now that all that is earned is billed."""
        worth = self.grouped(lambda line: (bool(line.earned_amount), bool(line.amount)))
        for lines in worth.values():
            line = lines[0]
            state = line._get_state(line.amount, line.earned_amount, line.earned_amount, bills_paid=False)
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE partner_commission_line
                       SET billed_amount = earned_amount, open_amount = 0, bills_paid = FALSE, state = %(state)s,
                           write_date = %(now)s
                     WHERE id = ANY(%(ids)s)
                    """,
                    state=state["state"],
                    now=self.env.cr.now(),
                    ids=lines.ids,
                )
            )
        self.invalidate_recordset(flush=False)
        self.modified(["open_amount", "state"])  # what hangs on the other two is these

    # ------------------------------------------------------------
    # WHY NOT
    # ------------------------------------------------------------

    def _explain_no_bills(self) -> str:
        """Why a run over these lines made nothing: another one has them, or nothing is due."""
        if self.exists() - self.exists().try_lock_for_update():
            return self.env._(
                "Another run is billing these commissions right now. Look at the commission bills in a moment."
            )
        return self._explain_nothing_due()

    @api.model
    def _explain_nothing_due(self) -> str:
        """Why a run makes nothing: how much is earned, when the first is due, what is held."""
        earned = Domain("state", "=", "earned")
        count, first_due = self._read_group(earned & Domain("open_amount", ">", 0), [], ["__count", "due_on:min"])[0]
        owing = self._read_group(
            earned, ["partner_id", "currency_id"], ["open_amount:sum"], having=[("open_amount:sum", "<", 0)]
        )
        held = self._read_group([("state", "=", "held")], ["enrollment_id"], ["__count"], order="__count desc")
        if not count and not owing and not held:
            return self.env._("Nothing to bill: no commission is earned and unbilled.")
        parts = [self.env._("Nothing to bill today.")]
        if count:
            parts.append(
                self.env._(
                    "Commission lines earned: %(count)s, the first is due on %(day)s.",
                    count=count,
                    day=format_date(self.env, first_due),
                )
            )
        if owing:
            balances = [
                f"{partner.name} {format_amount(self.env, amount, currency)}"
                for partner, currency, amount in owing[:PARTNERS_NAMED]
            ]
            parts.append(
                self.env._(
                    "Carried forward until new commissions make up for it: %(balances)s.",
                    balances=", ".join(balances) + (" …" if len(owing) > PARTNERS_NAMED else ""),
                )
            )
        if held:
            reasons = [
                self.env._(
                    "%(partner)s (%(reason)s)",
                    partner=enrollment.partner_id.name,
                    reason=enrollment.missing_requirements or self.env._("on hold"),
                )
                for enrollment, _count in held[:PARTNERS_NAMED]
            ]
            parts.append(
                self.env._(
                    "Held: %(count)s, of %(partners)s.",
                    count=sum(number for _enrollment, number in held),
                    partners=", ".join(reasons) + (" …" if len(held) > PARTNERS_NAMED else ""),
                )
            )
        return " ".join(parts)

    @api.model
    def _report_problems(self, problems):
        """Tell the account manager of the partner, once, why it could not be billed."""
        summary = self.env._("Commissions could not be billed")
        for enrollment_id, sentence in problems.items():
            _logger.warning("Partner commissions: %s", sentence)
            # sudo: whoever runs it, the manager has to know
            enrollment_sudo = self.env["partner.program.enrollment"].sudo().browse(enrollment_id)
            if summary not in enrollment_sudo.activity_ids.mapped("summary"):
                enrollment_sudo.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=summary,
                    note=sentence,
                    user_id=(enrollment_sudo.account_manager_id or self.env.ref("base.user_admin")).id,
                )
