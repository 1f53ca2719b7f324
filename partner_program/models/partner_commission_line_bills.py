from datetime import date
from itertools import chain

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from .account_move_commission_bill import LINES_NAMED

NUMBERS_ON_BILL_LINE = 20  # invoice numbers named on a bill line; the statement has them all


class PartnerCommissionLine(models.Model):
    """Draft vendor bills from claimed lines, and the billings that link the two (P11; D16)."""

    _inherit = "partner.commission.line"

    @api.model
    def _draft_bills(self, groups, withdrawn):
        """Extend the drafts that are still there, make the others in one go.

        :param withdrawn: gets the name of each draft that carries nothing any more
        :return: the bills; none for a partner whose balance is not positive (D16)
        """
        if not (groups := self._leave_carried_forward(groups)):
            return self.env["account.move"]
        # Two runs over the same partner, be it on two programs, meet on these rows: the second sees the draft of the
        # first, or starts again.
        lines_sudo = groups[0].union(*groups)
        enrollments_sudo = lines_sudo.enrollment_id.search(
            [("partner_id", "in", lines_sudo.partner_id.ids), ("company_id", "in", lines_sudo.company_id.ids)],
            order="id",
        )
        enrollments_sudo.last_billed_on = fields.Datetime.now()
        enrollments_sudo.flush_recordset(["last_billed_on"])
        drafts = self._find_draft_bills(groups)
        none = bills = self.env["account.move"]
        added_to = [lines[0]._get_bill_key() for lines in groups if any(line.state == "earned" for line in lines)]
        # What somebody has edited is not built upon: it would be refused with a sum that nobody has seen.
        none.union(*(drafts.get(key, none) for key in added_to))._check_commission_balance()
        new, added = [], {}
        for lines_sudo in groups:
            lines_sudo = lines_sudo.with_context(lang=lines_sudo.partner_id.lang)
            currency, key = lines_sudo.currency_id, lines_sudo[0]._get_bill_key()
            of_key = drafts.get(key, none).with_env(self.env)
            freed_sudo = of_key._take_held_off(withdrawn).with_env(lines_sudo.env)
            draft = of_key.exists()[:1]
            draft_sudo = draft.sudo()  # counts all that it carries
            # Of what was claimed, not what is held: that was to leave the draft.
            lines_sudo = lines_sudo.filtered(lambda line: line.state == "earned" and line.open_amount)
            lines_sudo |= freed_sudo._filter_billable()
            if lines_sudo:
                lines_sudo.with_context(lang=self.env.lang)._check_can_bill()  # not the partner reads why
            carried = draft_sudo.commission_billing_ids.mapped("amount")
            balance = sum(lines_sudo.mapped("open_amount")) + sum(carried)
            if currency.compare_amounts(balance, 0) <= 0:
                withdrawn += [one._name_with_partner() for one in draft]
                draft._free_commissions()  # carried forward until it is positive
            elif draft:
                if new_sudo := lines_sudo - freed_sudo:
                    added[draft] = new_sudo.with_context(lang=self.env.lang)._name_added()
                if lines_sudo:
                    lines_sudo._extend_bill(draft.with_context(lang=lines_sudo.env.lang))
                bills += draft
            else:
                new.append(lines_sudo)
        none.union(*added)._note_added(added)
        bills += self._make_bills(new) if new else none
        bills._check_commission_balance()
        return bills

    @api.model
    def _leave_carried_forward(self, groups) -> list:
        """Those of these groups with something to do: what is to be taken back waits, unless a draft can take it."""
        waiting = [
            group for group in groups if group.currency_id.compare_amounts(sum(group.mapped("open_amount")), 0) <= 0
        ]
        drafts = self._find_draft_bills(waiting) if waiting else {}
        return [group for group in groups if group not in waiting or group[0]._get_bill_key() in drafts]

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
            bills_sudo = bills.sudo()  # billings are written with raised rights, and so on such lines
            for bill_sudo, of_lines in zip(bills_sudo, by_bill_line, strict=True):
                for of_line, bill_line_sudo in zip(of_lines, bill_sudo.invoice_line_ids.sorted("id"), strict=True):
                    bill_lines.update(dict.fromkeys(of_line, bill_line_sudo))
            made += bills.with_env(self.env)
        groups[0].union(*groups)._create_billings(bill_lines)
        made_sudo = made.sudo()  # the to-do is another user's
        made_sudo._ask_accountant_to_approve()
        return made

    @api.model
    def _find_draft_bills(self, groups) -> dict:
        """By ``_get_bill_key`` the drafts that earlier runs made for these partners; the first one goes on."""
        lines_sudo = groups[0].union(*groups)
        drafts_sudo = lines_sudo.env["account.move"].search(
            [
                ("move_type", "=", "in_invoice"),
                ("state", "=", "draft"),
                ("posted_before", "=", False),  # its number and figures are with the partner already
                ("commercial_partner_id", "in", lines_sudo.partner_id.ids),  # any contact of it may be the vendor
                ("company_id", "in", lines_sudo.company_id.ids),
                ("commission_billing_ids", "!=", False),
            ],
            order="id",
        )
        return drafts_sudo.grouped(lambda bill: (bill.commercial_partner_id, bill.currency_id, bill.company_id))

    def _name_added(self) -> str:
        """What a run adds to a draft, a few of them by name."""
        named = [f"{line.display_name} ({line._format(line.open_amount)})" for line in self[:LINES_NAMED]]
        return "; ".join(named + ["…"] * (len(self) > LINES_NAMED))

    def _extend_bill(self, bill):
        """Put these lines onto the draft: onto the line of their client where it has one."""
        bill_sudo = bill.sudo()  # billings belong to the run
        billings_sudo, before = bill_sudo.commission_billing_ids, bill_sudo.invoice_line_ids
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
                # From what the line comes to: somebody may have written twice the half, or twice as much less a half.
                price = bill_line.price_subtotal + vals["price_unit"]
                vals = {"quantity": 1, "discount": 0, "price_unit": price, "name": every._get_bill_line_name()}
                commands.append(Command.update(bill_line.id, vals))
            else:
                commands.append(Command.create(vals))
                new_keys.append(key)
        today = bill.company_id._partner_program_today()
        due_date = min(filter(None, (bill.invoice_date_due, self._get_due_date())), default=today)
        vals = {"invoice_line_ids": commands, "invoice_date_due": due_date}
        # Odoo books a bill under the date that it was drafted with: what March earned does not belong into January.
        if not bill.invoice_date or bill.invoice_date < today:
            vals["invoice_date"] = today
        bill.write(vals)
        bill_lines.update(zip(new_keys, (bill_sudo.invoice_line_ids - before).sorted("id"), strict=True))
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
        self.enrollment_id.flush_recordset(["complete_since", "missing_since"])
        bill_ids = {bill_line: bill_line.move_id.id for bill_line in set(bill_lines.values())}
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO partner_commission_billing (
                    commission_line_id, bill_line_id, bill_id, amount, revision,
                    company_id, partner_id, currency_id, was_held, create_uid, create_date, write_date
                )
                SELECT line.id, pair.bill_line_id, pair.bill_id, line.open_amount,
                       1 + COALESCE((SELECT MAX(revision) FROM partner_commission_billing earlier
                                      WHERE earlier.commission_line_id = line.id), 0),
                       line.company_id, line.partner_id, line.currency_id,
                       COALESCE(line.billed_amount, 0) = 0 AND line.due_on < enrollment.complete_since
                           AND line.due_on >= enrollment.missing_since,
                       %(uid)s, %(now)s, %(now)s
                  FROM unnest(%(line_ids)s, %(bill_line_ids)s, %(bill_ids)s) AS pair (line_id, bill_line_id, bill_id)
                 CROSS JOIN LATERAL (  -- by index, as in _get_parts_query
                    SELECT * FROM partner_commission_line WHERE id = pair.line_id OFFSET 0
                 ) line
                  JOIN partner_program_enrollment enrollment ON enrollment.id = line.enrollment_id
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                line_ids=self.ids,
                bill_line_ids=[bill_lines[line].id for line in self],
                bill_ids=[bill_ids[bill_lines[line]] for line in self],
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
    # VALUES
    # ------------------------------------------------------------

    def _is_open(self, amount) -> bool:
        """Whether this much of the line, of either sign, is still open."""
        self.ensure_one()
        compare = self.currency_id.compare_amounts
        return compare(amount, min(0, self.open_amount)) >= 0 >= compare(amount, max(0, self.open_amount))

    def _get_bill_key(self) -> tuple:
        """Hook: lines with the same key go onto one bill, whatever their programs: what is to be taken back on one is
        set off against what the other earned (D16)."""
        self.ensure_one()
        return self.partner_id, self.currency_id, self.company_id

    def _get_bill_line_key(self) -> tuple:
        """Hook: lines with the same key go onto one bill line."""
        self.ensure_one()
        return self.client_id, self.program_id.commission_product_id

    def _get_bill_journal(self):
        """The journal of a new bill over these lines: that of the program to be paid first."""
        first = self
        if len(self.program_id) > 1:
            first = min(self, key=lambda line: (line.open_amount <= 0, line.due_on or date.max, line.id))
        program_sudo = first.program_id.sudo()  # the run bills for programs that the accountant cannot open
        return program_sudo.bill_journal_id or self.company_id._partner_program_bill_journal()

    def _group_by_bill_line(self) -> dict:
        return self.grouped(lambda line: line._get_bill_line_key())

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
        draft = self.env._("draft invoice")  # its number may be taken away
        numbers = ", ".join(invoice.name or draft for invoice in invoices[:NUMBERS_ON_BILL_LINE])
        if len(invoices) > NUMBERS_ON_BILL_LINE:
            numbers = self.env._(
                "%(numbers)s and %(more)s more", numbers=numbers, more=len(invoices) - NUMBERS_ON_BILL_LINE
            )
        return self.env._("Commission on %(client)s: %(invoices)s", client=self.client_id.name, invoices=numbers)
