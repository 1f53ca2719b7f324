from odoo import fields, models


class PartnerProgramPackage(models.Model):
    """A step of the product ladder (P12 to P15): Starter, Pro, Enterprise."""

    _name = "partner.program.package"
    _description = "Product Package"
    _order = "rank, id"

    name = fields.Char(required=True, translate=True)
    rank = fields.Integer(
        required=True, default=10, help="Position on the ladder: a client is up-sold from a lower to a higher rank."
    )
    is_entry = fields.Boolean(
        "Entry Package",
        help="The package on which each client starts. An affiliate has acquired a client when the "
        "first invoice with a product of this package is fully paid.",
    )
    active = fields.Boolean(default=True)
    product_tmpl_ids = fields.One2many("product.template", "package_id", "Products")

    _name_uniq = models.UniqueIndex("((name->>'en_US'))", "A package of this name exists already.")
    _one_entry = models.UniqueIndex(
        "(is_entry) WHERE is_entry AND active", "There can be only one entry package: the first step of the ladder."
    )
    _rank_positive = models.Constraint("CHECK (rank >= 0)", "The rank of a package cannot be negative.")
