from base64 import b64decode

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mimetypes import guess_mimetype

MIMETYPES = ("application/pdf", "image/png", "image/jpeg", "image/tiff")
MAX_MB = 20


class PartnerProgramSignatureUpload(models.TransientModel):
    """Takes the scan of a contract that was signed on paper."""

    _name = "partner.program.signature.upload"
    _description = "Contract Signed on Paper"

    enrollment_id = fields.Many2one("partner.program.enrollment", required=True, ondelete="cascade", readonly=True)
    agreement_id = fields.Many2one(
        "partner.program.agreement",
        "Version",
        compute="_compute_agreement_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', possible_agreement_ids)]",
    )
    possible_agreement_ids = fields.Many2many("partner.program.agreement", compute="_compute_possible_agreement_ids")
    signed_on = fields.Date(compute="_compute_signed_on", store=True, readonly=False, required=True, precompute=True)
    signed_by = fields.Char(required=True, help="The person who signed for the partner.")
    document = fields.Binary("Scan", required=True, help="PDF or picture.")
    filename = fields.Char()

    @api.depends("enrollment_id")
    def _compute_agreement_id(self):
        for upload in self:
            upload.agreement_id = upload.enrollment_id.program_id.agreement_id

    @api.depends("enrollment_id")
    def _compute_signed_on(self):
        """Today at the company, which may be yesterday where the manager is."""
        for upload in self:
            upload.signed_on = (upload.enrollment_id.company_id or self.env.company)._partner_program_today()

    @api.depends("enrollment_id")
    def _compute_possible_agreement_ids(self):
        """The versions of the contract of the program, and of the one that was signed before a change of program."""
        agreements = self.env["partner.program.agreement"].with_context(active_test=False, lang="en_US")
        for upload in self:
            ours = upload.enrollment_id.program_id.agreement_id | upload.enrollment_id.agreement_id
            names = ours.with_context(lang="en_US").mapped("name")  # versions of a contract have one name
            upload.possible_agreement_ids = agreements.search([("name", "in", names)])

    def action_confirm(self):
        """Keep the scan, and note who signed."""
        self.ensure_one()
        enrollment, raw = self.enrollment_id, b64decode(self.document)
        enrollment.check_access("write")
        self._check_document(raw)
        if not self.signed_by.strip():
            raise UserError(self.env._("Enter the name of the person who signed."))
        if not self.agreement_id:
            raise UserError(self.env._("Choose the version of the contract that was signed."))
        if self.agreement_id not in self.possible_agreement_ids:
            raise UserError(
                self.env._(
                    "%(agreement)s is not the contract of %(partner)s. Choose a version of that one.",
                    agreement=self.agreement_id.display_name,
                    partner=enrollment.partner_id.name,
                )
            )
        if self.signed_on > enrollment.company_id._partner_program_today():
            raise UserError(
                self.env._(
                    "The signature of %(partner)s cannot be dated in the future.", partner=enrollment.partner_id.name
                )
            )
        enrollment._sign_on_paper(
            self.agreement_id,
            self.signed_on,
            self.signed_by.strip(),
            self.filename or enrollment._get_document_name(self.agreement_id),
            raw,
            guess_mimetype(raw),
        )
        return {"type": "ir.actions.act_window_close"}

    def _check_document(self, raw):
        if len(raw) > MAX_MB * 1024 * 1024:
            raise UserError(
                self.env._(
                    "The scan has %(size)s MB, at most %(limit)s MB are possible. Scan it in a lower resolution.",
                    size=round(len(raw) / 1024 / 1024),
                    limit=MAX_MB,
                )
            )
        if guess_mimetype(raw) not in MIMETYPES:
            raise UserError(self.env._("Upload the scan as PDF, PNG, JPEG or TIFF."))
