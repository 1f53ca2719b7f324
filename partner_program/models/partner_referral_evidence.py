from odoo import api, fields, models


class PartnerReferralEvidence(models.Model):
    """One dated proof of a discussion with the client, frozen when it was found (P7, D8)."""

    _name = "partner.referral.evidence"
    _description = "Referral Evidence"
    _order = "date desc, id desc"

    referral_id = fields.Many2one("partner.referral", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="referral_id.company_id", store=True)
    date = fields.Date(required=True)
    kind = fields.Selection(
        [
            ("opportunity", "Opportunity"),
            ("message", "Message"),
            ("meeting", "Meeting"),
            ("quotation", "Quotation"),
            ("order", "Sales Order"),
            ("invoice", "Customer Invoice"),
        ],
        required=True,
    )
    description = fields.Char(required=True)
    res_model = fields.Char("Model", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)

    @api.depends("kind", "date")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for evidence in self:
            evidence.display_name = f"{labels.get(evidence.kind, '')} {evidence.date or ''}".strip()

    def action_open(self):
        """Open the record that proves it, with the rights of the reader."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
