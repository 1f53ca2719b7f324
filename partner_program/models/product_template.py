from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    package_id = fields.Many2one(
        "partner.program.package",
        index="btree_not_null",
        ondelete="restrict",
        help="Step of the product ladder that this product belongs to.",
    )
