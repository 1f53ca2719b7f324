import csv
import io
from datetime import date

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.one_by_one import try_each

# What a spreadsheet would take for a formula.
ENTRIES_PER_FILE = 100_000  # 0.3 ms each, as measured: 30 s, half of the CPU time that Odoo allows a request
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CURRENCY_COLUMN = 5
RUNNING_STATES = ("active", "suspended", "ended")  # clients of a partner who left may still earn (D14)
CHOICE_STATES = ("onboarding", *RUNNING_STATES)  # where the choice of the partner is kept


class PartnerCommissionStatement(models.Model):
    """A monthly statement that was mailed to a partner; and the files of any statement.

    The figures are not kept: ``partner.commission.movement`` tells them for
    any period. A row here only says that the month was mailed, once.
    """

    _name = "partner.commission.statement"
    _description = "Commission Statement"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    partner_id = fields.Many2one("res.partner", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    date_from = fields.Date("First Day", required=True, readonly=True)
    date_to = fields.Date("Last Day", required=True, readonly=True)
    sent_on = fields.Datetime(readonly=True)
    recipient_ids = fields.Many2many("res.partner", string="Recipients", readonly=True)

    _once_per_month = models.UniqueIndex(
        "(partner_id, company_id, date_from)", "This statement has been mailed to the partner already."
    )

    @api.depends("partner_id.name", "date_from")
    def _compute_display_name(self):
        for statement in self:
            month = fields.Date.to_string(statement.date_from)[:7] if statement.date_from else ""
            statement.display_name = f"{statement.partner_id.name or ''} {month}".strip()

    # ------------------------------------------------------------
    # BY E-MAIL
    # ------------------------------------------------------------

    @api.model
    def _get_enrollments_sudo(self, partner, companies, states):
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # partners have no right on enrollments
        return enrollments_sudo.search(
            [
                ("partner_id", "=", partner.commercial_partner_id.id),
                ("company_id", "in", companies.ids),
                ("state", "in", states),
            ]
        )

    @api.model
    def _is_mailed(self, partner, companies):
        """Whether the monthly statement is switched on; None when there is nothing to switch."""
        enrollments_sudo = self._get_enrollments_sudo(partner, companies, RUNNING_STATES)
        return any(enrollments_sudo.mapped("statement_by_mail")) if enrollments_sudo else None

    @api.model
    def _set_mailed(self, partner, companies, wanted):
        """The partner's own choice, for all its enrollments with these companies."""
        enrollments_sudo = self._get_enrollments_sudo(partner, companies, CHOICE_STATES)
        enrollments_sudo.write({"statement_by_mail": wanted})
        action = self.env._("Statement by e-mail: on") if wanted else self.env._("Statement by e-mail: off")
        self.env["partner.program.portal.log"]._log("setting", action)

    @api.model
    def _cron_mail_statements(self):
        """Scheduled action, any day: mail the statement of last month to each partner that wants it and has none yet.

        :return: the statements mailed
        """
        Line = self.env["partner.commission.line"]
        wanted = self._prepare_last_month()
        statements = self.search([("sent_on", "=", False)]) | (self.create(wanted) if wanted else self)
        sent = self.browse()
        Line._commit_in_cron(remaining=len(statements))
        for statement in statements:
            # Another run of the same job has it: it mails it.
            if locked := statement.try_lock_for_update().filtered(lambda one: not one.sent_on):
                sent += try_each(locked, lambda one: one._mail())
            if not Line._commit_in_cron(processed=1):
                break
        return sent

    @api.model
    def _prepare_last_month(self) -> list[dict]:
        """Values of the statements to mail: who wants it, for whom something moved or is still open; set-based."""
        vals_list = []
        enrollments = self.env["partner.program.enrollment"].search(
            [("state", "in", RUNNING_STATES), ("statement_by_mail", "=", True)]
        )
        for company, of_company in enrollments.grouped("company_id").items():
            last = fields.Date.subtract(company._partner_program_today().replace(day=1), days=1)
            period = {"date_from": last.replace(day=1), "date_to": last}
            scope = Domain("company_id", "=", company.id)
            done = self.search(scope & Domain("date_from", "=", period["date_from"])).partner_id
            partners = of_company.partner_id - done
            moved = self._get_partners_with_news(scope & Domain("partner_id", "in", partners.ids), **period)
            vals_list += [
                {"partner_id": partner.id, "company_id": company.id, **period}
                for partner in partners.sorted("id")
                if partner.id in moved
            ]
        return vals_list

    @api.model
    def _get_partners_with_news(self, scope, date_from, date_to) -> set:
        """Partners with a movement in the month or a balance at its end."""
        Movement = self.env["partner.commission.movement"]
        month = Domain("date", ">=", date_from) & Domain("date", "<=", date_to)
        news = {partner.id for (partner,) in Movement._read_group(scope & month, ["partner_id"])}
        balances = {}
        for partner, currency, kind, amount in Movement._read_group(
            scope & Domain("date", "<=", date_to) & Domain("kind", "!=", "billed"),
            ["partner_id", "currency_id", "kind"],
            ["amount:sum"],
        ):
            key = partner.id, currency
            balances[key] = balances.get(key, 0.0) + (-amount if kind in ("paid", "set_off") else amount)
        return news | {partner for (partner, currency), amount in balances.items() if not currency.is_zero(amount)}

    def _mail(self):
        """Mail one statement with its PDF in the language of the partner."""
        self.ensure_one()
        self.recipient_ids = self.partner_id._get_program_readers()
        self.sent_on = fields.Datetime.now()
        if not self.recipient_ids or not self._get_template_sudo().active:
            return
        lang_self = self.with_context(lang=self.partner_id.lang)
        content = lang_self._render_file(self.partner_id, self.company_id, self.date_from, self.date_to, "pdf")
        attachment = self.env["ir.attachment"].create(
            {
                "name": f"{lang_self.env._('Statement')}_{self.date_from}_{self.date_to}.pdf",
                "raw": content,
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        self.env["mail.template"]._partner_program_send(
            "partner_program.mail_template_statement", self, email_values={"attachment_ids": attachment.ids}
        )

    @api.model
    def _get_template_sudo(self):
        template_sudo = self.env["mail.template"].sudo()  # its switch decides whether a PDF has to be made
        return self.sudo().env.ref("partner_program.mail_template_statement", raise_if_not_found=False) or template_sudo

    @api.model
    def _before_partners_merge(self, sources, destination):
        """Partners become one: of the statements of one month one stays, with the files of all of them.

        Odoo looks for what would collide in constraints only, not in unique indexes.
        """
        statements = self.search([("partner_id", "in", (sources | destination).ids)], order="id")
        files = self.env["ir.attachment"].search([("res_model", "=", self._name), ("res_id", "in", statements.ids)])
        surplus = self.browse()
        for of_month in statements.grouped(lambda one: (one.company_id, one.date_from)).values():
            kept, *further = of_month.sorted(lambda one: (one.partner_id != destination, one.id))
            surplus = surplus.union(*further)
            files.filtered(lambda file, ids=of_month._ids: file.res_id in ids).res_id = kept.id
        surplus.unlink()

    # ------------------------------------------------------------
    # FILES
    # ------------------------------------------------------------

    @api.model
    def _render_file(self, partner, companies, date_from: date, date_to: date, extension: str) -> bytes:
        """The statement of this partner as ``pdf``, ``csv`` or ``xlsx``; whoever calls has checked who reads it.

        :raise UserError: a spreadsheet of so many commissions that it would not be made in time
        """
        if extension == "pdf":
            # On the paper of who owes the money: its people may have a log-in of another of our companies, too.
            enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # partners have no right on enrollments
            owing = [("partner_id", "=", partner.id), ("state", "not in", ("applied", "rejected"))]
            enrolling = enrollments_sudo.search(owing).company_id.ids
            companies = companies.filtered(lambda company: company.id in enrolling) or companies
            report_sudo = self.env["ir.actions.report"].sudo()  # renders a template, of the partner that was checked
            content, _type = report_sudo.with_company(companies[:1])._render_qweb_pdf(
                "partner_program.action_report_statement",
                partner.ids,
                data={
                    "date_from": fields.Date.to_string(date_from),
                    "date_to": fields.Date.to_string(date_to),
                    "company_ids": companies.ids,
                },
            )
            return content
        period = partner, companies, date_from, date_to
        if self.env["partner.commission.movement"]._has_more_entries_than(ENTRIES_PER_FILE, *period):
            raise UserError(
                self.env._(
                    "There are more than %(count)s commissions in this period, which is the most for one file. "
                    "Choose a shorter period.",
                    count=ENTRIES_PER_FILE,
                )
            )
        rows = self._get_rows(*period)
        return self._write_csv(rows) if extension == "csv" else self._write_xlsx(rows)

    @api.model
    def _get_rows(self, partner, companies, date_from, date_to):
        """Rows of the tables: heading, then opening balances, what moved, and closing balances."""
        yield (
            *(self.env._("Date"), self.env._("What"), self.env._("Client"), self.env._("Invoice"), self.env._("Bill")),
            *(self.env._("Currency"), self.env._("Amount"), self.env._("How it comes about"), self.env._("Company")),
        )
        Movement = self.env["partner.commission.movement"]
        balances = Movement._get_statement(partner, companies, date_from, date_to)
        for row in balances:
            yield self._balance_row(self.env._("Opening balance"), date_from, row, "opening")
        kinds = dict(Movement._fields["kind"]._description_selection(self.env))
        entries = Movement._get_commission_entries(partner, companies, date_from, date_to)
        for movement in entries:
            line_sudo = movement.commission_line_id.sudo()  # name of client and number of invoice only
            yield (
                *(movement.date, kinds[movement.kind], line_sudo.client_id.name, line_sudo.move_id.name, ""),
                *(movement.currency_id.name, movement.amount, movement._explain(), movement.company_id.name),
            )
        for entry in Movement._get_bill_entries(partner, companies, date_from, date_to):
            yield (
                *(entry["date"], kinds[entry["kind"]], "", "", entry["bill"].sudo().name),  # sudo: its number only
                *(entry["currency"].name, entry["amount"], "", entry["company"].name),
            )
        for row in balances:
            for label, name in (
                (self.env._("Earned in the period"), "earned"),
                (self.env._("Corrections in the period"), "correction"),
                (self.env._("Billed in the period"), "billed"),
                (self.env._("Paid in the period"), "paid"),
                (self.env._("Set off in the period"), "set_off"),
                (self.env._("Closing balance"), "closing"),
                (self.env._("of which on bills"), "on_bills"),
                (self.env._("of which not billed yet"), "not_billed"),
            ):
                if row[name] or name != "set_off":  # seldom, and a riddle to whoever never had it
                    yield self._balance_row(label, date_to, row, name)

    @api.model
    def _balance_row(self, label, day, row, name):
        return (day, label, "", "", "", row["currency"].name, row[name], "", row["company"].name)

    @api.model
    def _write_csv(self, rows) -> bytes:
        stream = io.StringIO()
        writer = csv.writer(stream)
        for row in rows:
            writer.writerow([self._harmless(value) for value in row])
        return stream.getvalue().encode("utf-8-sig")  # the mark lets spreadsheet programs read accents

    @api.model
    def _harmless(self, value):
        """Text that a spreadsheet program shows and does not run."""
        if isinstance(value, str) and value.startswith(FORMULA_STARTS):
            return f"'{value}"
        return value or "" if isinstance(value, str | bool) else value

    @api.model
    def _write_xlsx(self, rows) -> bytes:
        stream = io.BytesIO()
        options = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(stream, options)
        sheet = book.add_worksheet(self.env._("Statement"))
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        currencies = self.env["res.currency"].with_context(active_test=False)
        money = {}
        for places, names in currencies._read_group([], ["decimal_places"], ["name:array_agg"]):
            shown = book.add_format({"num_format": f"#,##0.{'0' * places}".rstrip(".")})
            money.update(dict.fromkeys(names, shown))
        for column, width in enumerate((12, 24, 28, 18, 26, 10, 14, 80, 24)):
            sheet.set_column(column, column, width)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif isinstance(value, float):
                    sheet.write_number(number, column, value, money[row[CURRENCY_COLUMN]])
                else:
                    sheet.write_string(number, column, value or "", bold if number == 0 else None)
        book.close()
        return stream.getvalue()
