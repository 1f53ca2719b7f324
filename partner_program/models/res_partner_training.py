from odoo import fields, models

from .res_partner import READERS


class ResPartner(models.Model):
    """Trainings of a partner company's people (P17)."""

    _inherit = "res.partner"

    training_ids = fields.One2many("partner.program.training", "partner_id", "Product Trainings", groups=READERS)
