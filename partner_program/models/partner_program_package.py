from odoo import api, fields, models
from odoo.tools import html_translate, is_html_empty


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
    description = fields.Html(
        translate=html_translate, help="What the public page says about the package. Empty: the package is not on it."
    )
    product_tmpl_ids = fields.One2many("product.template", "package_id", "Products")

    _name_uniq = models.UniqueIndex("((name->>'en_US'))", "A package of this name exists already.")
    _one_entry = models.UniqueIndex(
        "(is_entry) WHERE is_entry AND active", "There can be only one entry package: the first step of the ladder."
    )
    _rank_positive = models.Constraint("CHECK (rank >= 0)", "The rank of a package cannot be negative.")

    @api.model
    def _get_described(self):
        """The packages of the public page (P12): those that are described, the lowest first."""
        described = self.search([("description", "!=", False)])
        return described.filtered(lambda package: not is_html_empty(package.description))

    def action_open_public_page(self):
        """Open the page that everybody may read, in a new tab."""
        return {"type": "ir.actions.act_url", "url": "/partners/packages", "target": "new"}
