from odoo import api, fields, models
from odoo.exceptions import UserError

PROOF_FIELDS = ("kind", "date", "description", "res_model", "res_id")


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

    def _get_proof(self) -> tuple:
        """What is said, to compare with what is found now."""
        self.ensure_one()
        return tuple(self[fname] for fname in PROOF_FIELDS)

    def action_open(self):
        """Open the record that proves it, with the rights of the reader; a message on the document that it is on.

        :raise UserError: when it was deleted since
        """
        self.ensure_one()
        model, res_id = self.res_model, self.res_id
        if model == "mail.message":
            message_sudo = self.env["mail.message"].sudo().browse(res_id).exists()  # sudo: where it is only
            model, res_id = message_sudo.model, message_sudo.res_id
        if not model or not self.env[model].browse(res_id).exists():
            raise UserError(self.env._("This was deleted since. What it was then is written here."))
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "res_id": res_id,
            "views": [(False, "form")],
        }
