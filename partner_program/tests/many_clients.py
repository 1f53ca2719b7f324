"""Hundreds of clients, invoices and payments at once: what takes a second each one by one takes ten for all."""

from odoo import fields
from odoo.fields import Command


class ManyClients:
    """To be mixed into ``PartnerProgramCommon``."""

    def analyze(self):
        """Tell the planner about the rows of this transaction, which autovacuum has not seen."""
        self.env.flush_all()
        self.env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile, account_payment")

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
