import hashlib
import re
import uuid
from pathlib import PurePath

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import email_normalize

from ..models.ir_attachment_limits import ENDINGS, MAX_FILE_MB
from .portal import form_of, once_a_day, typed_id, typed_text
from .portal_referrals import PartnerProgramPortalReferrals
from .uploads import read_upload

# What the form asks for: name in the form, field of the referral, longest text.
FIELDS = {
    "company": ("prospect_name", 200),
    "contact": ("prospect_contact_name", 200),
    "email": ("prospect_email", 254),
    "phone": ("prospect_phone", 50),
    "note": ("note", 5000),
}
TOKEN = re.compile(r"[0-9a-f]{32}")
PHONE = re.compile(r"[0-9 +()/.\-]{5,50}")


class PartnerProgramPortalReferralForm(PartnerProgramPortalReferrals):
    """The form with which a partner refers a client; an affiliate registers its client with the same one (P4, P5)."""

    @http.route("/my/referrals/new", type="http", auth="user", website=True, readonly=once_a_day("referral_form"))
    def portal_new_referral(self, **kw):
        """The empty form."""
        return self._render_referral_form({}, {})

    @http.route("/my/referrals/send", type="http", auth="user", website=True, methods=["GET", "POST"])
    @form_of("/my/referrals/new")
    def portal_send_referral(self, **post):
        """Register the referral, or show what is wrong with everything that was typed."""
        enrollments_sudo = self._get_open_enrollments_sudo()
        typed = {key: typed_text(post.get(key)) for key in (*FIELDS, "country_id", "enrollment_id")}
        form_token = post.get("token") if TOKEN.fullmatch(str(post.get("token") or "")) else uuid.uuid4().hex
        enrollment_sudo = self._choose_enrollment(enrollments_sudo, typed["enrollment_id"])
        upload = post.get("attachment")
        errors = self._check_referral_form(typed, enrollment_sudo)
        content, file_error = read_upload(upload)
        if file_error:
            errors["attachment"] = file_error
        vals = {fname: typed[key] for key, (fname, _size) in FIELDS.items()}
        vals["prospect_country_id"] = typed_id(typed["country_id"]) or False
        duplicates = request.env["partner.referral"]
        partner = request.env.user.commercial_partner_id
        token = self._get_token(form_token, typed, content)
        sent_sudo = duplicates._find_by_portal_token(partner, token)
        if not errors and not sent_sudo and not post.get("not_the_same"):
            duplicates = duplicates._find_own_duplicates(partner, vals)
        if errors or duplicates:
            return self._render_referral_form(
                typed, errors, token=form_token, duplicates=duplicates, had_file=bool(content)
            )
        try:
            with request.env.cr.savepoint():
                referral_sudo = duplicates._register_from_portal(enrollment_sudo, vals, token)
                if referral_sudo and not sent_sudo:
                    if content:
                        self._attach(referral_sudo, upload.filename, content)
                    request.env["partner.program.portal.log"]._log("refer", referral_sudo.name)
        except UserError as error:
            return self._render_referral_form(typed, {"form": str(error)}, token=form_token, had_file=bool(content))
        return request.redirect(f"/my/referrals/sent/{token}")

    # Not readonly: a replica may not know yet what was made a moment ago.
    @http.route("/my/referrals/sent/<string:token>", type="http", auth="user", website=True)
    def portal_sent_referral(self, token, **kw):
        """Where the form leads to, also when it was sent twice at once: the referral, and what happens next."""
        referral_sudo = request.env["partner.referral"]._find_by_portal_token(
            request.env.user.commercial_partner_id, typed_text(token)
        )
        if not referral_sudo:
            return request.not_found()
        return request.redirect(f"/my/referrals/{referral_sudo.id}?sent=1")

    def _get_token(self, form_token, typed, content) -> str:
        """What tells a form that is sent twice from one that was filled in anew: the Back button shows it again.

        Another company in it is another referral; the same one with something changed is a duplicate that is
        asked about.
        """
        said = hashlib.sha256(repr((form_token, sorted(typed.items()))).encode())
        said.update(content or b"")
        return said.hexdigest()

    def _choose_enrollment(self, enrollments_sudo, chosen):
        if len(enrollments_sudo) == 1:
            return enrollments_sudo
        return enrollments_sudo.filtered(lambda enrollment: str(enrollment.id) == chosen)

    def _check_referral_form(self, typed, enrollment_sudo) -> dict[str, str]:
        """What is wrong, as a sentence for each field."""
        errors = {}
        if not enrollment_sudo:
            errors["enrollment_id"] = request.env._("Choose the program for this referral.")
        if not typed["company"]:
            errors["company"] = request.env._("Enter the name of the company that you refer.")
        if not typed["contact"]:
            errors["contact"] = request.env._("Enter the person at the company whom we should talk to.")
        if not typed["email"]:
            errors["email"] = request.env._("Enter the email address of that person: we write there first.")
        elif not email_normalize(typed["email"]):
            errors["email"] = request.env._("This is not an email address. It looks like name@company.com.")
        if typed["phone"] and not PHONE.fullmatch(typed["phone"]):
            errors["phone"] = request.env._("A phone number has digits, blanks and + ( ) / . - only.")
        country_id = typed["country_id"]
        if country_id and not request.env["res.country"].browse(typed_id(country_id)).exists():
            errors["country_id"] = request.env._("Choose a country of the list.")
        for key, (_fname, size) in FIELDS.items():
            if len(typed[key]) > size:
                errors[key] = request.env._("This is too long: use %(size)s characters at most.", size=size)
        return errors

    def _attach(self, referral_sudo, filename, content):
        """Put the file into the messages of the referral, where both sides find it."""
        referral_sudo.message_post(
            author_id=request.env.user.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[(PurePath(typed_text(filename)).name, content)],
        )

    def _render_referral_form(self, typed, errors, token=None, duplicates=None, had_file=False):
        values = self._prepare_partner_program_values("referral_form")
        values.update(
            typed=typed,
            errors=errors,
            token=token or uuid.uuid4().hex,
            duplicates=duplicates,
            had_file=had_file,
            open_enrollments_sudo=self._get_open_enrollments_sudo(),
            countries=request.env["res.country"].search([]),
            endings=ENDINGS,
            max_file_mb=MAX_FILE_MB,
            sizes={key: size for key, (_fname, size) in FIELDS.items()},
        )
        response = request.render("partner_program.portal_referral_form", values)
        if errors:
            response.status_code = 422
        return response
