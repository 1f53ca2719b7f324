from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    # The package of a client is asked for on its contact; Odoo has no index on the commercial entity of entries.
    _client_invoices = models.Index(
        "(commercial_partner_id, company_id, invoice_date) WHERE move_type IN ('out_invoice', 'out_refund')"
    )
