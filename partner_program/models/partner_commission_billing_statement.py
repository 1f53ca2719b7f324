from odoo import fields, models


class PartnerCommissionBilling(models.Model):
    """What the statement said of a commission when it was billed stays said: a later change is a correction.

    The run notes it with the billing: ``partner.commission.line._create_billings``.
    """

    _inherit = "partner.commission.billing"

    earned_on = fields.Date(readonly=True, help="Day on which the client had paid in full, as of the billing.")
    earned_amount = fields.Monetary("Earned", readonly=True, help="What it was worth on that day.")
    corrected_on = fields.Date(readonly=True, help="Day of what changed it between then and the billing.")

    _corrected = models.Index("(partner_id) WHERE earned_amount <> amount")
