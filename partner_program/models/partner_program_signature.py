import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerProgramSignature(models.Model):
    """Who signed which version of the contract, when and how. Written once, never changed or deleted (P25)."""

    _name = "partner.program.signature"
    _description = "Signature of a Partner Agreement"
    _order = "signed_at desc, id desc"

    enrollment_id = fields.Many2one(
        "partner.program.enrollment", required=True, index=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    partner_id = fields.Many2one("res.partner", required=True, index=True, ondelete="restrict", readonly=True)
    program_name = fields.Char("Program", required=True, readonly=True)
    agreement_id = fields.Many2one(
        "partner.program.agreement", required=True, index=True, ondelete="restrict", readonly=True
    )
    method = fields.Selection(
        [("portal", "Signed Online"), ("paper", "Paper, Scanned"), ("noted", "Paper, Noted by Hand")],
        required=True,
        readonly=True,
    )
    signed_at = fields.Datetime(required=True, readonly=True)
    signed_by = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", "Recorded By", required=True, readonly=True, help="The log-in that signed, or noted the signature."
    )
    ip_address = fields.Char("IP Address", readonly=True)
    signature = fields.Image(readonly=True, attachment=True, max_width=1024, max_height=1024)
    body = fields.Html("Signed Text", readonly=True, sanitize=False)
    document_id = fields.Many2one("ir.attachment", readonly=True, ondelete="restrict")
    checksum = fields.Char("Checksum (SHA-256)", readonly=True, help="Of the document, from the moment it was signed.")
    is_intact = fields.Boolean(
        compute="_compute_is_intact",
        compute_sudo=True,
        help="The document is, byte for byte, the one that was signed.",
    )

    _once = models.UniqueIndex(
        "(enrollment_id, agreement_id) WHERE method <> 'noted'",
        "This version of the contract is signed already.",
    )

    @api.depends("agreement_id", "signed_by")
    def _compute_display_name(self):
        for signature in self:
            signature.display_name = self.env._(
                "%(agreement)s, %(name)s", agreement=signature.agreement_id.display_name, name=signature.signed_by or ""
            )

    def _get_signed_on(self):
        """The day of the signature at the company; that of a paper was typed."""
        self.ensure_one()
        if self.method == "paper":
            return self.signed_at.date()
        return self.company_id._partner_program_local_date(self.signed_at)

    def _compute_is_intact(self):
        for signature in self:
            document = signature.document_id
            signature.is_intact = not signature.checksum or (
                document.exists() and hashlib.sha256(document.raw or b"").hexdigest() == signature.checksum
            )

    def write(self, vals):
        # The document is made from the signature, so it is linked after it; once.
        if vals.keys() - {"document_id", "checksum"} or self.document_id:
            raise UserError(self.env._("A signature is kept as it was given. Have a new version signed instead."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Signatures are kept: they cannot be deleted."))

    def _keep_document(self, name, raw, mimetype="application/pdf"):
        """Store the signed document, which nobody can change or delete from now on."""
        self.ensure_one()
        document_sudo = self.env["ir.attachment"].sudo()  # whoever signs has no right on attachments
        document = document_sudo.create(
            {"name": name, "raw": raw, "mimetype": mimetype, "res_model": self._name, "res_id": self.id}
        )
        record_sudo = self.sudo()  # nobody has the right to write signatures
        record_sudo.write({"document_id": document.id, "checksum": hashlib.sha256(raw).hexdigest()})
        return document

    def action_open_document(self):
        """Download the signed document."""
        self.ensure_one()
        if not self.document_id:
            raise UserError(self.env._("This signature was noted by hand, without a document."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.document_id.id}?download=true",
            "target": "new",
        }
