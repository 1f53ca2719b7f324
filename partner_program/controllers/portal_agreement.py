from psycopg2 import IntegrityError

from odoo import http
from odoo.exceptions import UserError, ValidationError
from odoo.http import content_disposition, request

from .portal import PartnerProgramPortal, form_of, once_a_day, typed_id, typed_text

SHOWN_STATES = ("onboarding", "active", "suspended", "ended")


class PartnerProgramPortalAgreement(PartnerProgramPortal):
    """The contract of a partner: the checklist, reading, signing, and the signed copies (P25, D15)."""

    @http.route("/my/agreement", type="http", auth="user", website=True, readonly=once_a_day("agreement"))
    def portal_my_agreement(self, message=None, **kw):
        """What is missing for payouts, the contract to sign, and what was signed."""
        return self._render_agreement(message)

    @http.route("/my/agreement/<int:enrollment_id>/sign", type="jsonrpc", auth="user", website=True)
    def portal_my_agreement_sign(self, enrollment_id, agreement_id=None, name=None, signature=None):
        """Take the signature of the reader; called by Odoo's signature form."""
        agreement_id = agreement_id or request.httprequest.args.get("agreement_id", "")
        checksum = request.httprequest.args.get("checksum", "")
        enrollment_sudo = self._get_own_enrollment_sudo(enrollment_id)
        if not enrollment_sudo:
            return {"error": request.env._("This contract is not one of your company. Sign in as one of its people.")}
        signer = {"partner_program_signer": request.env.uid}
        try:
            with request.env.cr.savepoint():
                enrollment_sudo.with_context(**signer)._sign_online(
                    typed_id(agreement_id),
                    checksum,
                    typed_text(name),
                    signature,
                    request.httprequest.remote_addr,
                )
                request.env["partner.program.portal.log"]._log("sign", enrollment_sudo.program_id.name)
        except UserError as error:
            return {"error": str(error)}
        return {"force_refresh": True, "redirect_url": "/my/agreement?message=signed"}

    @http.route("/my/agreement/document/<int:signature_id>", type="http", auth="user", website=True)
    def portal_my_agreement_document(self, signature_id, **kw):
        """Download a contract that a person of the reader's company has signed; who took it is in the log."""
        signatures_sudo = request.env["partner.program.signature"].sudo()  # partners have no right on signatures
        signature_sudo = signatures_sudo.search(
            [("id", "=", signature_id), ("enrollment_id.partner_id", "=", request.env.user.commercial_partner_id.id)]
        )
        document_sudo = signature_sudo.document_id
        if not document_sudo:
            raise request.not_found()
        request.env["partner.program.portal.log"]._log("contract", document_sudo.name)
        return request.make_response(
            document_sudo.raw,
            [
                ("Content-Type", document_sudo.mimetype),
                ("Content-Length", len(document_sudo.raw)),
                ("Content-Disposition", content_disposition(document_sudo.name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    @http.route("/my/agreement/details", type="http", auth="user", methods=["GET", "POST"], website=True)
    @form_of("/my/agreement")
    def portal_my_agreement_details(self, acc_number=None, vat=None, **kw):
        """Take the bank account and the tax ID of the partner, as long as they are not known."""
        values, errors = {"acc_number": typed_text(acc_number), "vat": typed_text(vat)}, {}
        enrollments_sudo = self._get_agreement_enrollments_sudo()
        if not enrollments_sudo:
            raise request.not_found()
        try:
            with request.env.cr.savepoint():
                enrollments_sudo.sorted(lambda enrollment: enrollment.state == "ended")[0]._add_details(**values)
                request.env["partner.program.portal.log"]._log("details")
        except (UserError, ValidationError) as error:
            errors = {"details": str(error)}
        except IntegrityError as error:  # a second click at the same time has saved it
            if error.diag.constraint_name != "res_partner_bank_unique_number":
                raise
        if errors:
            return self._render_agreement(values=values, errors=errors)
        return request.redirect("/my/agreement?message=details")

    def _get_agreement_enrollments_sudo(self):
        return self._get_own_enrollments_sudo().filtered(lambda enrollment: enrollment.state in SHOWN_STATES)

    def _get_own_enrollment_sudo(self, enrollment_id):
        """The enrollment, if it is one of the reader's company; else none."""
        return self._get_agreement_enrollments_sudo().filtered(lambda enrollment: enrollment.id == enrollment_id)

    def _render_agreement(self, message=None, values=None, errors=None):
        enrollments_sudo = self._get_agreement_enrollments_sudo()
        unfinished_sudo = enrollments_sudo._filter_unfinished()
        partner = request.env.user.commercial_partner_id  # not who it was when it signed: that never changes
        signatures_sudo = request.env["partner.program.signature"].sudo()  # partners have no right on signatures
        page = self._prepare_partner_program_values("agreement")
        page.update(
            agreement_enrollments_sudo=enrollments_sudo,
            unfinished_sudo=unfinished_sudo,
            contracts={
                enrollment.id: enrollment.program_id.agreement_id._render_body(
                    enrollment, signer_name=request.env.user.name
                )
                for enrollment in unfinished_sudo.filtered(lambda one: one._has_to_sign())._filter_once_per_contract()
            },
            signatures_sudo=signatures_sudo.search([("enrollment_id.partner_id", "=", partner.id)]),
            details_missing=enrollments_sudo._get_missing_details(),
            message=message,
            values=values or {},
            errors=errors or {},
        )
        response = request.render("partner_program.portal_my_agreement", page)
        if errors:
            response.status_code = 422
        return response
