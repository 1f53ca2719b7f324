import hashlib
import re

from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

MERGE_FIELD = re.compile(r"\{\{\s*(?:&nbsp;|\xa0)*(\w+)(?:&nbsp;|\xa0)*\s*\}\}")
MERGE_FIELDS = (
    *("partner_name", "partner_address", "partner_vat", "signer_name", "account_manager"),
    *("company_name", "company_address", "company_vat"),
    *("program_name", "commission_rate", "commission_months", "payout_delay_days", "claim_months"),
    *("version", "today"),
)


class PartnerProgramAgreement(models.Model):
    """A version of the partner contract (P25)."""

    _name = "partner.program.agreement"
    _description = "Partner Agreement"
    _order = "name, version desc, id desc"

    name = fields.Char(required=True, translate=True)
    version = fields.Integer(required=True, default=1, copy=False)
    body = fields.Html("Text", translate=True, sanitize_overridable=False)
    active = fields.Boolean(default=True)
    sign_by = fields.Date(
        copy=False,
        help="Partners who signed an earlier version sign this one by this day; after it their payouts are held. "
        "Empty: payouts are held as soon as a program asks for this version.",
    )
    merge_fields = fields.Char(compute="_compute_merge_fields")
    program_ids = fields.One2many("partner.program", "agreement_id", "Used By")
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    signature_ids = fields.One2many(
        "partner.program.signature", "agreement_id", "Signatures", groups="partner_program.group_manager"
    )
    signature_count = fields.Integer(compute="_compute_signature_count", compute_sudo=True)

    _version_uniq = models.UniqueIndex("((name->>'en_US'), version)", "This version of the agreement exists already.")

    @api.depends("name", "version")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = self.env._(
                "%(name)s, version %(version)s", name=agreement.name or "", version=agreement.version
            )

    def _compute_merge_fields(self):
        self.merge_fields = " ".join(f"{{{{{name}}}}}" for name in MERGE_FIELDS)

    @api.depends("signature_ids")
    def _compute_signature_count(self):
        counts = dict(
            self.env["partner.program.signature"]._read_group(
                [("agreement_id", "in", self.ids)], ["agreement_id"], ["__count"]
            )
        )
        for agreement in self:
            agreement.signature_count = counts.get(agreement._origin, 0)

    @api.depends("body", "version", "program_ids")
    @api.depends_context("lang")
    def _compute_preview(self):
        """As a partner would read it: the last one enrolled, or an example."""
        for agreement in self:
            enrollment = self.env["partner.program.enrollment"].search(
                [("program_id", "in", agreement.program_ids.ids)], limit=1
            )
            program = agreement.program_ids[:1]
            agreement.preview = agreement._render_body(enrollment, program=program)

    def _is_same_contract(self, other) -> bool:
        """Whether these are versions of one contract: they have one name."""
        names = [one.with_context(lang="en_US").name for one in (self, other)]
        return bool(self and other) and names[0] == names[1]

    # ------------------------------------------------------------
    # CONSTRAINTS, CRUD
    # ------------------------------------------------------------

    @api.constrains("body")
    def _check_merge_fields(self):
        for agreement in self:
            if unknown := set(MERGE_FIELD.findall(agreement.body or "")) - set(MERGE_FIELDS):
                raise ValidationError(
                    self.env._(
                        "There is no field %(unknown)s to fill in. Use one of: %(known)s.",
                        unknown=", ".join(f"{{{{{name}}}}}" for name in sorted(unknown)),
                        known=", ".join(MERGE_FIELDS),
                    )
                )

    def write(self, vals):
        if {"name", "version", "body"} & vals.keys():
            self._check_unsigned()
        return super().write(vals)

    def _check_unsigned(self):
        """What was signed stays as it was signed."""
        signatures_sudo = self.env["partner.program.signature"].sudo()  # signatures of other companies count too
        if signed := signatures_sudo.search([("agreement_id", "in", self.ids)], limit=1).agreement_id:
            raise UserError(
                self.env._("%(agreement)s was signed already. Create a new version.", agreement=signed.display_name)
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_asked(self):
        """What partners were asked to sign says since when payouts are held."""
        programs_sudo = self.env["partner.program"].sudo().with_context(active_test=False)  # of other companies, too
        asking_sudo = programs_sudo.search([("asked_agreement_ids", "in", self.ids)], limit=1)
        if asking_sudo:
            raise UserError(
                self.env._(
                    "%(program)s has asked its partners to sign %(agreement)s. Archive the agreement instead of "
                    "deleting it.",
                    program=asking_sudo.name,
                    agreement=(asking_sudo.asked_agreement_ids & self)[:1].display_name,
                )
            )

    def action_new_version(self):
        """Open a copy with the next version number."""
        self.ensure_one()
        agreement = self.with_context(active_test=False, lang="en_US")  # as _is_same_contract compares
        last = agreement.search([("name", "=", agreement.name)], order="version desc", limit=1)
        # A name in the values would lose its translations.
        copy = agreement.copy({"version": last.version + 1, "active": True})
        return copy.with_env(self.env).get_formview_action()

    # ------------------------------------------------------------
    # MERGE FIELDS
    # ------------------------------------------------------------

    def _render_body(self, enrollment, program=None, signer_name="") -> Markup:
        """The text with the fields filled in for an enrollment; an example when it is empty.

        Only the names of MERGE_FIELDS are replaced, by plain text: nothing in the text is run.
        """
        self.ensure_one()
        values = self._get_merge_values(enrollment, program or enrollment.program_id, signer_name)
        body = MERGE_FIELD.sub(lambda match: str(escape(values.get(match[1], match[0]))), self.body or "")
        return Markup(body)  # sanitized when it was saved; what is filled in is escaped

    def _get_text_checksum(self, enrollment) -> str:
        """Of the text as it is shown to whoever is about to sign, in the language of the page; the name comes later."""
        return hashlib.sha256(self._render_body(enrollment).encode()).hexdigest()

    def _get_merge_values(self, enrollment, program, signer_name) -> dict:
        enrollment_sudo = enrollment.sudo()  # partners read their own contract, managers any
        program_sudo = program.sudo()  # as above: the terms are in the contract
        partner_sudo = enrollment_sudo.partner_id
        company_sudo = program_sudo.company_id or self.env.company.sudo()  # as above
        today = company_sudo._partner_program_today()
        return {
            "partner_name": partner_sudo.name or self.env._("Example Partner Ltd"),
            "partner_address": self._get_address(partner_sudo) or "…",
            "partner_vat": partner_sudo.vat or "…",
            "signer_name": signer_name or "…",
            "account_manager": enrollment_sudo._get_account_manager().name or "…",
            "company_name": company_sudo.name,
            "company_address": self._get_address(company_sudo.partner_id) or "…",
            "company_vat": company_sudo.vat or "…",
            "program_name": program_sudo.name or "…",
            "commission_rate": f"{program_sudo.commission_rate:g}",
            "commission_months": program_sudo.commission_months,
            "payout_delay_days": program_sudo.payout_delay_days,
            "claim_months": program_sudo.claim_months,
            "version": self.version,
            "today": format_date(self.env, today),
        }

    def _get_address(self, partner):
        lines = (partner._display_address(without_company=True) or "").splitlines() if partner else []
        return ", ".join(line.strip() for line in lines if line.strip())
