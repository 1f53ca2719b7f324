"""Hundreds of clients, invoices and payments at once: what takes a second each one by one takes ten for all."""

from odoo import fields
from odoo.fields import Command
from odoo.tools import SQL


class ManyClients:
    """To be mixed into ``PartnerProgramCommon``."""

    def analyze(self):
        """Tell the planner about the rows of this transaction, which autovacuum has not seen."""
        self.env.flush_all()
        self.env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile, account_payment")

    def clone_paid_invoice(self, invoice, count):
        """So many rows like this invoice, its lines and its payments, made in SQL: the planner sees a table of size."""
        self.env.flush_all()
        moves = self._clone_rows(invoice, count, {"name": SQL("source.name || '/' || number.value")})
        for line in invoice.line_ids:
            lines = self._clone_rows(line, count, {"move_id": SQL("(%s::int[])[number.value]", moves)})
            for partial in line.matched_credit_ids:
                self._clone_rows(partial, count, {"debit_move_id": SQL("(%s::int[])[number.value]", lines)})
        self.analyze()

    def _clone_rows(self, record, count, values):
        columns = [name for name, field in record._fields.items() if field.store and field.column_type and name != "id"]
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) SELECT %s FROM %s source, generate_series(1, %s) number (value) "
                "WHERE source.id = %s ORDER BY number.value RETURNING id",
                SQL.identifier(record._table),
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(values.get(name, SQL.identifier("source", name)) for name in columns),
                SQL.identifier(record._table),
                count,
                record.id,
            )
        )
        return [id_ for (id_,) in rows]

    def acquire_many(self, names, program, **vals):
        """One client each, acquired today, of a partner of its own; in the order of the names."""
        Partner = self.env["res.partner"]
        partners = Partner.create([{"name": f"Partner of {name}", "is_company": True} for name in names])
        clients = Partner.create([{"name": name, "is_company": True} for name in names])
        enrollments = self.env["partner.program.enrollment"].create(
            [{"partner_id": partner.id, "program_id": program.id, "state": "active"} for partner in partners]
        )
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": client.name,
                    "type": "opportunity",
                    "partner_id": client.id,
                    "user_id": self.salesperson.id,
                    "company_id": program.company_id.id,
                }
                for client in clients
            ]
        )
        referrals = self.env["partner.referral"].create(
            [
                {"enrollment_id": enrollment.id, "client_id": client.id, "lead_id": lead.id, **vals}
                for enrollment, client, lead in zip(enrollments, clients, leads, strict=True)
            ]
        )
        referrals.action_accept()
        leads.action_set_won()
        self.assertEqual(set(referrals.mapped("state")), {"acquired"})
        return referrals

    def invoice_many(self, referrals, amount, on=None):
        """A posted invoice for each client, in their order."""
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": client.id,
                    "invoice_date": on or fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create({"product_id": self.pro.id, "price_unit": amount, "tax_ids": []})
                    ],
                }
                for client in referrals.client_id
            ]
        )
        invoices.action_post()
        self.analyze()
        return invoices

    def pay_many(self, amounts, on=None):
        """Money for each of these invoices (``{invoice: amount}``), reconciled with it; the payments in their order."""
        payments = self.env["account.payment"].create(
            [
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": invoice.partner_id.id,
                    "amount": amount,
                    "date": on or fields.Date.today(),
                    "journal_id": self.company_data["default_journal_bank"].id,
                }
                for invoice, amount in amounts.items()
            ]
        )
        payments.action_post()
        self.analyze()
        for invoice, payment in zip(amounts, payments, strict=True):
            lines = (invoice + payment.move_id).line_ids
            lines.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        self.env.flush_all()
        return payments

    def credit_many(self, amounts):
        """A posted credit note for each of these invoices (``{invoice: amount}``) that names it.

        Odoo reconciles it with what is unpaid; the rest stays on the account of the client.
        """
        credit_notes = self.env["account.move"].create(
            [
                {
                    "move_type": "out_refund",
                    "partner_id": invoice.partner_id.id,
                    "reversed_entry_id": invoice.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create({"product_id": self.pro.id, "price_unit": amount, "tax_ids": []})
                    ],
                }
                for invoice, amount in amounts.items()
            ]
        )
        credit_notes.action_post()
        self.env.flush_all()
        return credit_notes
