import binascii
import logging
from base64 import b64decode

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .partner_program_enrollment_life import NO_MAIL

_logger = logging.getLogger(__name__)

# Whoever has left in good standing keeps earning, and still has to complete its papers.
SIGNING_STATES = ("onboarding", "active", "suspended", "ended")
MAX_SIGNATURE = 2 * 1024 * 1024  # bytes; a drawing has some ten thousand


class PartnerProgramEnrollment(models.Model):
    """Signing the contract: in the portal, on paper, or noted by hand (P25, D15)."""

    _inherit = "partner.program.enrollment"

    signature_ids = fields.One2many(
        "partner.program.signature",
        "enrollment_id",
        "Signatures",
        groups="partner_program.group_manager,account.group_account_invoice,account.group_account_readonly",
    )
    signature_count = fields.Integer(compute="_compute_signature_count", compute_sudo=True)
    has_to_sign = fields.Boolean(compute="_compute_has_to_sign")
    agreement_to_sign_id = fields.Many2one(related="program_id.agreement_id", string="Agreement to Sign")

    @api.model
    def _get_payout_domain(self) -> Domain:
        """Enrollments whose payouts can wait for papers: those of partners, and of those who left and still earn."""
        earning = Domain("for_cause", "=", False) & Domain("referral_ids.state", "=", "acquired")
        return Domain("state", "in", ("onboarding", "active", "suspended")) | Domain("state", "=", "ended") & earning

    def _filter_unfinished(self):
        """Those whose papers are asked for on the page; called with raised rights.

        Who has left and earns no more still has to sign while commissions are open.
        """
        waiting = self.filtered_domain(self._get_payout_domain())
        ended = self - waiting
        open_lines = Domain("enrollment_id", "in", ended.ids) & Domain("state", "in", ("expected", "earned", "held"))
        earning = self.env["partner.commission.line"]._read_group(open_lines, ["enrollment_id"]) if ended else ()
        return waiting.union(*(enrollment for (enrollment,) in earning))

    @api.depends("signature_ids")
    def _compute_signature_count(self):
        for enrollment in self:
            enrollment.signature_count = len(enrollment.signature_ids)

    @api.depends("state", "signed_on", "agreement_id", "signature_ids", "program_id.agreement_id.version")
    def _compute_has_to_sign(self):
        for enrollment in self:
            enrollment.has_to_sign = enrollment._has_to_sign()

    def _get_signed_version(self, contract=None):
        """The latest version of the contract that the partner has signed, whatever else it signed since.

        What was signed before a change of program counts after it, and the other way round: clients of before earn on.

        :param contract: any version of the contract; that of the program when left out
        :return: the version; none when no version of this contract is signed
        """
        self.ensure_one()
        contract = self.program_id.agreement_id if contract is None else contract
        all_sudo = self.sudo()._with_changes()  # that it is signed is no secret to readers of the enrollment
        signed_sudo = all_sudo.filtered("signed_on").agreement_id | all_sudo.signature_ids.agreement_id
        versions_sudo = signed_sudo.filtered(lambda one: one._is_same_contract(contract)).sorted("version")
        return versions_sudo[-1:].with_env(self.env)

    def _get_signing(self, agreement) -> tuple:
        """Who signed a version that is signed, and on which day."""
        self.ensure_one()
        all_sudo = self.sudo()._with_changes()  # as above
        for noted_sudo in all_sudo:
            if noted_sudo.agreement_id == agreement and noted_sudo.signed_on:
                return noted_sudo.signed_by or noted_sudo.partner_id.name, noted_sudo.signed_on
        signature_sudo = all_sudo.signature_ids.filtered(lambda one: one.agreement_id == agreement)[:1]
        return signature_sudo.signed_by, signature_sudo._get_signed_on()

    def _has_signed(self) -> bool:
        """Whether the version that the program asks for is signed, or a later one of the same contract."""
        signed = self._get_signed_version()
        return bool(signed) and signed.version >= self.program_id.agreement_id.version

    def _get_sign_by(self):
        """The day after which payouts wait for the signature of a new version; False: they wait at once.

        Of several versions that the program has asked for since the one that was signed, the first day counts: a
        further version does not put off what was due.
        """
        self.ensure_one()
        current, signed = self.program_id.agreement_id, self._get_signed_version()
        if not signed:
            return False
        asked = current | self.program_id.asked_agreement_ids.filtered(
            lambda one: one._is_same_contract(current) and signed.version < one.version < current.version
        )
        days = asked.mapped("sign_by")
        return min(days) if all(days) else False

    def _is_signature_due(self) -> bool:
        """Whether payouts wait for a signature: always for the first one, after its day for a new version."""
        self.ensure_one()
        sign_by = self._get_sign_by()
        return not sign_by or sign_by < self.company_id._partner_program_today()

    def _has_to_sign(self) -> bool:
        """Whether the partner is asked for a signature today, be it that payouts wait for it or not yet."""
        self.ensure_one()
        return bool(self.program_id.agreement_id) and self.state in SIGNING_STATES and not self._has_signed()

    def _filter_once_per_contract(self):
        """Whom to ask to sign: a contract is signed once for all enrollments of a partnership, on the latest."""
        latest = {(one.current_enrollment_id, one.program_id.agreement_id): one for one in self.sorted("id")}
        return self & self.browse().union(*latest.values())

    def _note_signed(self):
        """What was signed for these counts for the other enrollments of their partnerships at once."""
        all_sudo = self.sudo()._with_changes()  # as above
        (all_sudo - self).modified(["signature_ids"])

    def write(self, vals):
        result = super().write(vals)
        if {"signed_on", "agreement_id"} & vals.keys():
            self._note_signed()
        return result

    def _check_signed_by_partner(self, partner_id):
        """What one company has signed is neither the contract of another one, nor to be read by it.

        :raise UserError: the enrollment was signed, and is about to be given to another company
        """
        signed_sudo = self.sudo().filtered("signature_ids")  # that it is signed is no secret to who may change it
        for enrollment_sudo in signed_sudo:
            partner = enrollment_sudo.partner_id
            # The company of a partner that became its contact is no other partner.
            if partner_id not in (partner.id, partner.commercial_partner_id.id):
                raise UserError(
                    self.env._(
                        "%(name)s has signed the contract for %(partner)s. Reject or end this enrollment, and create "
                        "a new one for the other company.",
                        name=enrollment_sudo.signature_ids[:1].signed_by,
                        partner=partner.name,
                    )
                )

    # ------------------------------------------------------------
    # SIGNING
    # ------------------------------------------------------------

    def _sign_online(self, agreement_id, checksum, name, signature, ip_address):
        """Sign in the portal; called with raised rights, after a check that the reader belongs to the partner.

        What is kept is the text that was read: in the language of the page, with the terms that it showed.

        :param int agreement_id: the version that was shown
        :param str checksum: of the text that was shown, from ``_get_text_checksum``
        :param str name: who signs
        :param str signature: the drawing, an image in base64
        :param str ip_address: of whoever signs
        :return: the signature
        :raise UserError: a sentence for whoever signs; nothing is saved
        """
        self.ensure_one()
        agreement, name = self._check_signable(agreement_id, checksum), (name or "").strip()
        if not name:
            raise UserError(self.env._("Enter your name."))
        if not self._is_image(signature):
            raise UserError(self.env._("Draw your signature, or let it be written from your name."))
        record = self._record_signature(
            agreement,
            "portal",
            {
                "signed_by": name,
                "signature": signature,
                "ip_address": ip_address,
                "body": agreement._render_body(self, signer_name=name),
            },
        )
        record._keep_document(self._get_document_name(agreement), self._render_signed_document(record))
        self._after_signature(record)
        return record

    def _check_signable(self, agreement_id, checksum):
        """The version to sign, if its text is the one that was read, and not signed yet."""
        if not self.try_lock_for_update():
            raise UserError(self.env._("Somebody else is signing at this moment. Reload the page and look again."))
        self.invalidate_recordset(["agreement_id", "signed_on", "signature_ids"])
        agreement = self.program_id.agreement_id
        if self.state not in SIGNING_STATES:
            raise UserError(self.env._("The contract can be signed once your application is approved."))
        if not agreement:
            raise UserError(self.env._("The program %(program)s asks for no agreement.", program=self.program_id.name))
        if agreement.id != agreement_id:
            raise UserError(
                self.env._("There is a newer version of the contract. Reload the page, read it, and sign that one.")
            )
        if not self._has_to_sign():
            raise UserError(
                self.env._(
                    "%(name)s has signed this version of the contract already. Reload the page to see it.",
                    name=self._get_signing(self._get_signed_version())[0],
                )
            )
        if checksum != agreement._get_text_checksum(self):
            raise UserError(
                self.env._(
                    "The text of the contract is not the one that you opened: the terms, an address, the date or the "
                    "language has changed since. Reload the page and read it again, then sign."
                )
            )
        return agreement

    def _is_image(self, signature) -> bool:
        try:
            raw = b64decode(signature or "", validate=True)
        except (binascii.Error, ValueError):
            return False
        return len(raw) <= MAX_SIGNATURE and raw.startswith((b"\x89PNG", b"\xff\xd8\xff"))

    def _record_signature(self, agreement, method, vals, signed_on=None):
        """Note the signature in the list and on the enrollment."""
        signatures_sudo = self.env["partner.program.signature"].sudo()  # nobody has the right to write signatures
        record = signatures_sudo.create(
            {
                "enrollment_id": self.id,
                "company_id": self.company_id.id,
                "partner_id": self.partner_id.id,
                "program_name": self.program_id.name,
                "agreement_id": agreement.id,
                "method": method,
                "signed_at": fields.Datetime.now(),
                "user_id": self.env.context.get("partner_program_signer", self.env.uid),
                **vals,
            }
        )
        self._note_signed()
        signed = self._get_signed_version()  # this one among them
        if not signed or signed.version <= agreement.version:  # what was signed before is kept, and changes nothing
            self.write(
                {
                    "agreement_id": agreement.id,
                    "signed_on": signed_on or self.company_id._partner_program_today(),
                    "signed_by": record.signed_by,
                }
            )
        return record

    def _get_document_name(self, agreement) -> str:
        return f"{agreement.display_name} - {self.partner_id.name}.pdf".replace("/", "-")

    def _render_signed_document(self, record) -> bytes:
        """The contract with its signature, as PDF."""
        self.env.flush_all()  # the report is rendered by the database's rows
        reports_sudo = self.env["ir.actions.report"].sudo()  # whoever signs has no right on reports
        try:
            return reports_sudo._render_qweb_pdf("partner_program.action_report_signature", record.ids)[0]
        except UserError as error:  # wkhtmltopdf is missing or fails: nothing of the signature is kept
            _logger.warning("The signed contract could not be printed: %s", error)
            raise UserError(
                self.env._("The signed contract could not be printed, so nothing was signed. Try again later.")
            ) from error

    def _after_signature(self, record):
        """Both sides get the document; that of an earlier version only goes to the files."""
        self.message_post(
            body=self.env._(
                "%(name)s signed %(agreement)s.",
                name=record.signed_by,
                agreement=record.agreement_id.display_name,
            ),
            subtype_xmlid="mail.mt_note",
        )
        if self.env.context.get(NO_MAIL) or record.agreement_id != self.agreement_id:
            return
        mails = self.env["mail.template"]._partner_program_send(
            "partner_program.mail_template_agreement_signed",
            self,
            {"attachment_ids": [fields.Command.link(record.document_id.id)]},
        )
        # The page tells whoever signs of a copy, be it another person than the one that mails go to.
        signer = self._filter_own_people(record.user_id.partner_id).filtered("email")
        mails.recipient_ids |= signer

    def _sign_on_paper(self, agreement, signed_on, signed_by, filename, raw, mimetype):
        """Keep the scan of a contract that was signed on paper."""
        self.ensure_one()
        record = self._record_signature(
            agreement,
            "paper",
            {"signed_at": fields.Datetime.to_datetime(signed_on).replace(hour=12), "signed_by": signed_by},
            signed_on,
        )
        record._keep_document(filename, raw, mimetype)
        self._after_signature(record)
        return record

    def action_sign(self):
        """Record that the current version of the agreement was signed on paper."""
        for enrollment in self:
            agreement = enrollment.program_id.agreement_id
            if not agreement:
                raise UserError(
                    self.env._("The program %(program)s asks for no agreement.", program=enrollment.program_id.name)
                )
            if enrollment._has_signed():
                continue
            enrollment.check_access("write")
            # Once something is signed, be it another contract of before a change of program, the name on the enrollment
            # is of that one: who signed this one nobody has said.
            name = not (enrollment.signed_on or enrollment.signature_count) and enrollment.signed_by
            enrollment._record_signature(agreement, "noted", {"signed_by": name or enrollment.partner_id.name})

    def action_upload_contract(self):
        """Open the wizard that takes the scan of a contract signed on paper."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Contract Signed on Paper"),
            "res_model": "partner.program.signature.upload",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_enrollment_id": self.id},
        }
