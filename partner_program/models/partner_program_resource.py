from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PartnerProgramResource(models.Model):
    """Something partners may use: a link or a file (P16, P19, P20)."""

    _name = "partner.program.resource"
    _description = "Partner Resource"
    _order = "category, sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    category = fields.Selection(
        [
            ("knowledge", "Knowledge Base"),
            ("branding", "Branding Kit"),
            ("deck", "Company Deck"),
            ("case_study", "Case Studies and Testimonials"),
            ("website", "Website and Blog"),
            ("training", "Training"),
        ],
        required=True,
        default="knowledge",
    )
    url = fields.Char("Link")
    attachment_id = fields.Many2one("ir.attachment", "Stored File", ondelete="restrict")
    program_ids = fields.Many2many(
        "partner.program", string="Programs", help="Leave empty to offer it to all partners."
    )

    @api.constrains("name", "url", "attachment_id")
    def _check_link_or_file(self):
        for resource in self:
            if not resource.url and not resource.attachment_id:
                raise ValidationError(self.env._("Give the resource “%(name)s” a link or a file.", name=resource.name))
            if resource.url and not resource.url.startswith(("https://", "http://")):
                raise ValidationError(
                    self.env._("The link of “%(name)s” has to start with https:// or http://.", name=resource.name)
                )
