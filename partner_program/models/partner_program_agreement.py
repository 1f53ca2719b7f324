from odoo import api, fields, models


class PartnerProgramAgreement(models.Model):
    """A version of the partner contract (P25)."""

    _name = "partner.program.agreement"
    _description = "Partner Agreement"
    _order = "name, version desc, id desc"

    name = fields.Char(required=True, translate=True)
    version = fields.Integer(required=True, default=1, copy=False)
    body = fields.Html("Text", translate=True, sanitize_overridable=False)
    active = fields.Boolean(default=True)

    _version_uniq = models.UniqueIndex("((name->>'en_US'), version)", "This version of the agreement exists already.")

    @api.depends("name", "version")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = self.env._(
                "%(name)s, version %(version)s", name=agreement.name or "", version=agreement.version
            )
