from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_amount

from .account_move import ACCOUNTING

LINES_NAMED = 3  # commissions that a warning names
SOFT_RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}


class AccountMove(models.Model):
    """The vendor bill that carries commissions: balance, approval, sending."""

    _inherit = "account.move"

    commission_warning = fields.Text(compute="_compute_commission_warning", groups=ACCOUNTING)

    def _is_commission_bill(self) -> bool:
        """Whether this is a vendor bill that carries commissions."""
        self.ensure_one()
        move_sudo = self.sudo()  # whoever handles the bill need not see the ledger
        return bool(move_sudo.is_purchase_document() and move_sudo.commission_billing_ids)

    def _is_sent_to_partner(self) -> bool:
        """Whether we send this to the partner, whose document it is: a commission bill, or what takes one back."""
        self.ensure_one()
        origin = self.reversed_entry_id if self.move_type == "in_refund" else self
        return bool(origin) and origin._is_commission_bill()

    # ------------------------------------------------------------
    # CHECKS BEFORE POSTING
    # ------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS account: what is posted equals the ledger, and nobody waves an unusual sum through alone
        purchases = self.filtered(lambda m: m.is_purchase_document())
        bills = purchases and purchases._check_commission_balance()
        if bills:
            bills._check_commission_ledger()
            bills._check_unusual_amount()
        posted = super()._post(soft)
        if bills:
            (bills & posted)._close_approval()  # what is dated ahead Odoo posts on its day
        return posted

    def _check_commission_balance(self):
        """Refuse a bill whose commission lines no longer equal their billings (invariant 2).

        :return: those of these moves that carry commissions
        :raise UserError: with the line and both amounts, or with what else does not match the ledger
        """
        billings_sudo = self.env["partner.commission.billing"].sudo()  # a check reads all there is
        billed = billings_sudo._read_group(
            [("bill_id", "in", self.ids)],
            ["bill_line_id", "currency_id", "partner_id", "company_id"],
            ["amount:sum"],
        )
        for line_sudo, currency, partner, company, amount in billed:
            bill = line_sudo.move_id
            if bill.move_type != "in_invoice":
                raise UserError(
                    self.env._(
                        "%(bill)s carries commissions: it has to stay a vendor bill in a self-billing journal.",
                        bill=bill.display_name,
                    )
                )
            if not bill.journal_id.is_self_billing:
                raise UserError(
                    self.env._(
                        "%(bill)s carries commissions, but its journal %(journal)s is not for self-billing. "
                        "Set “Self Billing” on the journal, or put the bill into one that is.",
                        bill=bill.display_name,
                        journal=bill.journal_id.display_name,
                    )
                )
            bill._check_commissions_are_of(partner, currency, company)
            if currency.compare_amounts(line_sudo.price_subtotal, amount):
                values = {
                    "bill": bill.display_name,
                    "partner": partner.name,
                    "on_bill": format_amount(self.env, line_sudo.price_subtotal, currency),
                    "billed": format_amount(self.env, amount, currency),
                }
                if included := line_sudo.tax_ids.filtered("price_include"):
                    raise UserError(
                        self.env._(
                            "%(bill)s of %(partner)s: the line “%(line)s” has the tax %(tax)s, which is part of its "
                            "price: it says %(on_bill)s untaxed, but its commissions add up to %(billed)s. Choose a "
                            "tax that is added to the price, or none, where it comes from: on the commission product, "
                            "its expense account, or the fiscal position of the partner.",
                            line=(line_sudo.name or "").split("\n")[0],
                            tax=included[0].name,
                            **values,
                        )
                    )
                raise UserError(
                    self.env._(
                        "%(bill)s of %(partner)s: the line “%(line)s” says %(on_bill)s, but its commissions add up to "
                        "%(billed)s. Choose “Update from Ledger” on the bill to set it back to that amount, or "
                        "delete the line to bill it later; for anything else add a line of your own.",
                        line=(line_sudo.name or "").split("\n")[0],
                        **values,
                    )
                )
        return self.browse({line_sudo.move_id.id for line_sudo, *_rest in billed})

    def _check_commissions_are_of(self, partner, currency, company):
        """Refuse a bill that carries commissions of these, but whose vendor, currency or company is another now."""
        self.ensure_one()
        if (self.commercial_partner_id, self.currency_id, self.company_id) == (partner, currency, company):
            return
        raise UserError(
            self.env._(
                "%(bill)s carries commissions of %(partner)s in %(currency)s: set vendor and currency back, "
                "or delete the bill to have it made again.",
                bill=self.display_name,
                partner=partner.name,
                currency=currency.name,
            )
        )

    def _get_balance_warning(self):
        """Sentence when a commission line of this draft does not equal its billings, else False."""
        try:
            self._check_commission_balance()
        except UserError as error:
            return error.args[0]
        return False

    def _check_commission_ledger(self):
        """Refuse a draft that carries what is on hold, or what has changed since it was drafted (invariant 3).

        :raise UserError: with the commission, the reason, and what to do
        """
        bills_sudo = self.sudo()  # a check reads all there is
        for bill_sudo in bills_sudo:
            if warning := bill_sudo._get_ledger_warning():
                raise UserError(warning)

    def _get_ledger_warning(self):
        """Sentence when this draft is not what a run would make of it today, else False.

        Not of a bill that was posted before: its number and figures are with the partner already, and what has
        changed since is on the next bill.
        """
        self.ensure_one()
        if self.posted_before:
            return False
        lines = self.commission_billing_ids.commission_line_id.sorted("id")
        today = self.company_id._partner_program_today()
        if held := lines.filtered("hold_code"):
            named = [f"{line.display_name} ({line._get_hold_reason()})" for line in held[:LINES_NAMED]]
            return self.env._(
                "%(bill)s of %(partner)s carries commissions that are on hold: %(commissions)s. "
                "Choose “Update from Ledger” on it to take them off.",
                bill=self.display_name,
                partner=self.commercial_partner_id.name,
                commissions=", ".join(named + ["…"] * (len(held) > LINES_NAMED)),
            )
        changed = lines.filtered(lambda line: line.open_amount < 0 or (line.open_amount and line._is_billable(today)))
        if changed:
            named = changed[:LINES_NAMED].mapped("explanation")
            return self.env._(
                "What %(bill)s of %(partner)s carries has changed since it was drafted. "
                "Choose “Update from Ledger” on it to set its amounts right. %(commissions)s",
                bill=self.display_name,
                partner=self.commercial_partner_id.name,
                commissions="\n".join(named + ["…"] * (len(changed) > LINES_NAMED)),
            )
        return False

    def action_update_from_ledger(self):
        """Bring this draft up to the ledger: its lines are set back to what they carry, and then, as by the next run,
        what is on hold leaves it and what has changed is corrected.
        """
        self.ensure_one()
        self.check_access("write")
        bill_sudo = self.sudo()  # accountants read the ledger by its own rules; here it is about the bill
        for one_sudo in bill_sudo.commission_billing_ids[:1]:  # of another vendor a run does not find it
            bill_sudo._check_commissions_are_of(one_sudo.partner_id, one_sudo.currency_id, one_sudo.company_id)
        lines = bill_sudo.commission_billing_ids.commission_line_id.with_env(self.env)
        restored = self._restore_commission_lines()
        if self.posted_before:  # with the partner already: what has changed is on the next bill
            return True if restored else lines._notify([self._explain_no_update()], SOFT_RELOAD)
        bill_sudo._renew_bank_account()
        bills, problems, withdrawn = lines._run_bills()
        if problems and not bills and not withdrawn:
            raise UserError("\n".join(lines._get_sentences(problems)))
        if self.exists():
            return True  # the form reads it again
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.action_commission_bills")
        return lines._notify(lines._explain_withdrawn(withdrawn), action)

    def _explain_no_update(self) -> str:
        return self.env._(
            "The commission lines of %(bill)s are as they were posted: there is nothing to set back. What has changed "
            "since is on the next bill of %(partner)s.",
            bill=self.display_name,
            partner=self.commercial_partner_id.name,
        )

    def _restore_commission_lines(self) -> bool:
        """Set the lines of this draft that somebody has edited back to the sum of their billings (invariant 2).

        :return: whether there were any
        """
        bill_sudo = self.sudo()  # billings are the ledger's
        commands = []
        for line_sudo, billings_sudo in bill_sudo.commission_billing_ids.grouped("bill_line_id").items():
            amount = sum(billings_sudo.mapped("amount"))
            if self.currency_id.compare_amounts(line_sudo.price_subtotal, amount):
                vals = {"quantity": 1, "discount": 0, "price_unit": self.currency_id.round(amount)}
                commands.append(Command.update(line_sudo.id, vals))
        if commands:
            self.write({"invoice_line_ids": commands})
        return bool(commands)

    def _name_with_partner(self) -> str:
        """A draft that was never posted has no number: whose it is tells more."""
        return self.env._("%(bill)s of %(partner)s", bill=self.display_name, partner=self.commercial_partner_id.name)

    def _take_held_off(self, withdrawn):
        """Delete the lines of these drafts that carry something on hold; what else they carried is open again, too.

        The first draft stays, as what is open again goes back onto it.

        :param withdrawn: gets the name of each draft that carries nothing any more
        :return: what is open again (sudo)
        """
        freed_sudo = self.env["partner.commission.line"].sudo()  # the ledger, whoever may read how much of it
        for number, bill in enumerate(self):
            bill_sudo = bill.sudo()  # only the run writes billings
            carried_sudo = bill_sudo.commission_billing_ids.commission_line_id
            held_sudo = carried_sudo.filtered("hold_code")
            if not held_sudo:
                continue
            bill_lines_sudo = bill_sudo.commission_billing_ids.filtered(
                lambda billing, held=held_sudo: billing.commission_line_id in held
            ).bill_line_id
            # A correction has no day of its own, see _get_due_date.
            staying_sudo = (
                bill_sudo.commission_billing_ids.filtered(
                    lambda billing: billing.amount > 0 and billing.amount == billing.commission_line_id.billed_amount
                ).commission_line_id
                - held_sudo
            )
            freed_sudo |= bill_lines_sudo.commission_billing_ids.commission_line_id - held_sudo
            due_on = min(filter(None, staying_sudo.mapped("due_on")), default=bill.invoice_date_due)
            reasons = [f"{line.display_name}: {line._get_hold_reason()}" for line in held_sudo]
            commands = [Command.delete(line.id) for line in bill_lines_sudo]
            bill.write({"invoice_line_ids": commands, "invoice_date_due": due_on})
            bill._message_log(
                body=self.env._("Taken off, as it is on hold: %(commissions)s", commissions="; ".join(reasons))
            )
            if number and not bill_sudo.commission_billing_ids:
                withdrawn.append(bill._name_with_partner())
                bill._free_commissions()
        return freed_sudo

    def _check_unusual_amount(self):
        """Only a partner manager posts a bill far above what the partner was ever billed.

        :raise UserError: with both amounts
        """
        # Not by rights: Odoo's own user has all of them, and posts what is to be posted later.
        user = self.env.user
        if user.has_group("partner_program.group_manager") and user != self.env.ref("base.user_root"):
            return
        bills_sudo = self.sudo()  # compares with bills of other users
        for bill_sudo in bills_sudo:
            if warning := bill_sudo._get_unusual_amount_warning():
                raise UserError(warning)

    @api.depends("commission_billing_ids")  # not on figures, see _compute_reasons of commission lines
    @api.depends_context("lang")
    def _compute_commission_warning(self):
        for move in self:
            is_draft_bill = move.state == "draft" and move.move_type == "in_invoice"
            move_sudo = move.sudo()  # as above
            warnings = is_draft_bill and (
                move_sudo._get_balance_warning(),
                move_sudo._get_ledger_warning(),
                move_sudo._get_unusual_amount_warning(),
            )
            move.commission_warning = "\n".join(filter(None, warnings or ())) or False

    def _get_unusual_amount_warning(self):
        """Sentence when this bill is above the alert factor × the partner's highest so far, else False."""
        self.ensure_one()
        factor = self.company_id.partner_program_alert_factor
        if not factor or not self.commission_billing_ids:
            return False
        highest = self.search(
            [
                ("move_type", "=", "in_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "!=", "reversed"),  # taken back: a slip, more often than not
                ("commission_billing_ids", "!=", False),
                ("commercial_partner_id", "=", self.commercial_partner_id.id),  # any contact of it may be the vendor
                ("currency_id", "=", self.currency_id.id),
                ("company_id", "=", self.company_id.id),
                ("id", "!=", self._origin.id),
            ],
            order="amount_untaxed desc",
            limit=1,
        ).amount_untaxed
        if not highest or self.amount_untaxed <= factor * highest:
            return False
        return self.env._(
            "This bill of %(amount)s is more than %(factor)g times the highest so far for %(partner)s (%(highest)s, of "
            "the bills in %(currency)s at %(company)s). "
            "Check its commission lines; a partner manager with invoicing rights has to post it.",
            amount=format_amount(self.env, self.amount_untaxed, self.currency_id),
            factor=factor,
            partner=self.commercial_partner_id.name,
            currency=self.currency_id.name,
            company=self.company_id.name,
            highest=format_amount(self.env, highest, self.currency_id),
        )

    # ------------------------------------------------------------
    # APPROVAL AND SENDING
    # ------------------------------------------------------------

    def _ask_accountant_to_approve(self):
        """Give the accountant of the company a to-do on each bill that the run has drafted."""
        accountants = {company: company._partner_program_accountant() for company in self.company_id}
        summaries = {
            company: self.with_context(lang=user.lang).env._("Approve the commission bill")
            for company, user in accountants.items()
        }
        to_do = self.env.ref("mail.mail_activity_data_todo")
        # quick update: a to-do in the list is enough, a run over a thousand partners sends no thousand mails
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "automated": True,
                    "activity_type_id": to_do.id,
                    "summary": summaries[bill.company_id],
                    "res_model_id": self.env["ir.model"]._get_id(bill._name),
                    "res_id": bill.id,
                    "date_deadline": bill.invoice_date_due,
                    "user_id": accountants[bill.company_id].id,
                }
                for bill in self
                if accountants[bill.company_id]
            ]
        )

    def _close_approval(self):
        """The to-do of the accountant is done once the bill is posted."""
        self._get_approvals().action_done()

    def _get_approvals(self):
        """The to-dos of accountants on these bills that are still open (sudo)."""
        to_do = self.env.ref("mail.mail_activity_data_todo")
        activities_sudo = self.sudo().activity_ids  # it may be another accountant's
        return activities_sudo.filtered(lambda a: a.automated and a.activity_type_id == to_do)

    def _note_added(self, added):
        """Say on these drafts what a run has added, and have them approved again: they may have been before (P11).

        :param added: the commissions in words, by draft
        """
        if not self:
            return
        confirmed = self.filtered(lambda bill: bill.auto_post != "no")  # else Odoo posts unread what was added
        self._message_log_batch(
            bodies={
                bill.id: self.env._("Added, so please confirm it again: %(commissions)s", commissions=added[bill])
                if bill in confirmed
                else self.env._("Added: %(commissions)s", commissions=added[bill])
                for bill in self
            }
        )
        confirmed.auto_post = "no"
        approved = self - self.browse(self._get_approvals().mapped("res_id"))
        approved_sudo = approved.sudo()  # the to-do is another user's
        approved_sudo._ask_accountant_to_approve()

    def _free_commissions(self):
        """Take the commissions off these drafts again: their lines are open, and carried forward (D16)."""
        for bill in self:
            bill_sudo = bill.sudo()  # only the run writes billings
            bill_lines_sudo = bill_sudo.commission_billing_ids.bill_line_id
            if bill._get_own_bill_lines():
                bill.write({"invoice_line_ids": [Command.delete(line.id) for line in bill_lines_sudo]})
                bill._get_approvals().unlink()  # of commissions there is nothing left to approve
            else:
                bill.unlink()

    def _compute_display_send_button(self):
        # EXTENDS account: commission bills are sent to the partner, and so are their credit notes
        result = super()._compute_display_send_button()
        for move in self:
            if move.state == "posted" and not move.display_send_button:
                move.display_send_button = move._is_sent_to_partner()
        return result

    def _get_invoice_pdf_proforma(self):
        # EXTENDS account: what the portal offers before the bill was sent carries the final name
        values = super()._get_invoice_pdf_proforma()
        if self._is_sent_to_partner():
            values["filename"] = self._get_invoice_report_filename()
        return values
