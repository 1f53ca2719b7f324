import logging

from psycopg2 import IntegrityError, errors

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import format_date

_logger = logging.getLogger(__name__)

# Another transaction was faster: roll back, look again.
CONFLICTS = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable, errors.UniqueViolation)
ATTEMPTS = 5
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
        groups = [lines.ids for lines in self._search_due().grouped(lambda line: line._get_bill_key()).values()]
        bills = self.env["account.move"]
        self._commit_in_cron(remaining=len(groups))
        for ids in groups:
            bills |= self.browse(ids)._bill_in_cron()
            if not self._commit_in_cron(processed=1):
                break
        if not bills:
            _logger.info("Partner commissions: no bill made. %s", self._explain_nothing_due())
        return bills

    def _bill_in_cron(self):
        """Bill one group; when another transaction was faster, look again with fresh eyes.

        :return: the bills made or extended
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                bills, problems = self._run_bills()
                self._report_problems(problems)
                self.env.flush_all()
            except CONFLICTS:
                if attempt == ATTEMPTS or not self._is_in_cron():
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
    def _search_due(self):
        """All lines that may be billed today, company by company (its own time zone)."""
        companies = self._read_group([("state", "=", "earned"), ("open_amount", "!=", 0)], ["company_id"])
        return self.search(
            Domain.OR(
                Domain("company_id", "=", company.id) & self._due_domain(company._partner_program_today())
                for (company,) in companies
            )
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
        bills, problems = self.env["account.move"], {}
        for lines_sudo in claimed_sudo.grouped(lambda line: line._get_bill_key()).values():
            try:
                with self.env.cr.savepoint():
                    bills |= lines_sudo._bill_group(self.env)
            except errors.UniqueViolation:
                raise  # another run was faster: see CONFLICTS
            except (UserError, ValidationError, RedirectWarning, IntegrityError) as error:
                self.env.invalidate_all()
                enrollment_sudo = lines_sudo[:1].enrollment_id
                problems[enrollment_sudo.id] = self.env._(
                    "%(partner)s was not billed: %(reason)s",
                    partner=enrollment_sudo.partner_id.name,
                    reason=str(error.args[0]).strip(),
                )
        return bills, problems

    def _claim(self):
        """Those of these lines that are ours to bill: locked, mended, earned and due.

        A line that another run holds is skipped: that run bills it.
        """
        lines = self.exists()
        lines = (lines | lines._get_corrections()).try_lock_for_update()
        lines.invalidate_recordset()
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

    def _bill_group(self, env):
        """Bill these lines of one key: extend the draft that is still there, or make one.

        :param env: environment of the user, whose right to make bills is asked
        :return: the bill; empty when the partner's balance is not positive (D16)
        """
        self._check_can_bill()
        # Two runs over the same partner meet on this row: the second sees the draft of the first, or starts again.
        self.enrollment_id.last_billed_on = fields.Datetime.now()
        self.enrollment_id.flush_recordset(["last_billed_on"])
        bill = self._find_draft_bill().with_env(env)
        balance = sum(self.mapped("open_amount")) + sum(bill.sudo().commission_billing_ids.mapped("amount"))
        if self.currency_id.compare_amounts(balance, 0) <= 0:
            bill._free_commissions()
            return bill.browse()  # carried forward until it is positive
        lang = self.partner_id.lang
        lines = self.with_context(lang=lang)
        if bill:
            lines._extend_bill(bill.with_context(lang=lang))
        else:
            bill = env["account.move"].with_company(self.company_id).create(lines._prepare_bill_vals())
            bill_lines = dict(zip(lines._group_by_bill_line(), bill.sudo().invoice_line_ids.sorted("id"), strict=True))
            self.env["partner.commission.billing"].create(lines._prepare_billing_vals(bill_lines))
            bill.sudo()._ask_accountant_to_approve()
        bill.sudo()._check_commission_balance()
        return bill

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

    def _find_draft_bill(self):
        """The draft that an earlier run made for this partner, currency, company and journal."""
        return self.env["account.move"].search(
            [
                ("move_type", "=", "in_invoice"),
                ("state", "=", "draft"),
                ("posted_before", "=", False),  # its number and figures are with the partner already
                ("commission_billing_ids", "!=", False),
                ("partner_id", "=", self.partner_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("company_id", "=", self.company_id.id),
                ("journal_id", "=", self._get_bill_journal().id),
            ],
            order="id",
            limit=1,
        )

    # ------------------------------------------------------------
    # VALUES
    # ------------------------------------------------------------

    def _prepare_bill_vals(self) -> dict:
        """Hook: values of a new bill. Due on the earliest pay-by date (D6)."""
        return {
            "move_type": "in_invoice",
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "company_id": self.company_id.id,
            "journal_id": self._get_bill_journal().id,
            "invoice_date": self.company_id._partner_program_today(),
            "invoice_payment_term_id": False,
            "invoice_date_due": self._get_due_date() or self.company_id._partner_program_today(),
            "invoice_line_ids": [
                Command.create(lines._prepare_bill_line_vals()) for lines in self._group_by_bill_line().values()
            ],
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
        invoices = self.move_id.sorted("invoice_date")
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
        self.env["partner.commission.billing"].create(self._prepare_billing_vals(bill_lines))

    def _prepare_billing_vals(self, bill_lines) -> list[dict]:
        """Values of the billings: which commission line went onto which bill line, with how much.

        :param bill_lines: the bill line of each bill line key
        """
        revisions = {
            line.id: revision
            for line, revision in self.env["partner.commission.billing"]._read_group(
                [("commission_line_id", "in", self.ids)], ["commission_line_id"], ["revision:max"]
            )
        }
        return [
            {
                "commission_line_id": line.id,
                "bill_line_id": bill_lines[line._get_bill_line_key()].id,
                "amount": line.open_amount,
                "revision": revisions.get(line.id, 0) + 1,
            }
            for line in self
        ]

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
        count, first_due = self._read_group([("state", "=", "earned")], [], ["__count", "due_on:min"])[0]
        held = self._read_group([("state", "=", "held")], ["enrollment_id"], ["__count"], order="__count desc")
        if not count and not held:
            return self.env._("Nothing to bill: no commission is earned and unbilled.")
        parts = [self.env._("Nothing to bill today.")]
        if count:
            parts.append(
                self.env._(
                    "Commission lines earned: %(count)s, the first is due on %(day)s.",
                    count=count,
                    day=format_date(self.env, first_due) if first_due else "–",
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
