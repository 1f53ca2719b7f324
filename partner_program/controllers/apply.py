from odoo import http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import email_normalize

from ..models.ir_attachment_limits import ENDINGS
from .portal import typed_id, typed_text
from .uploads import MAX_FILES, read_uploads

MAX_LENGTH = {"name": 100, "email": 200, "company_name": 150, "expected_volume": 200, "application_text": 5000}
REQUIRED = ("company_name", "name", "email", "country_id", "company_kind", "application_text")
HONEYPOT = "homepage"  # people do not see this field; programs fill it in


class PartnerProgramApply(http.Controller):
    """The public form for applications, and the page that shows their state (P24)."""

    @http.route("/partners/apply", type="http", auth="public", methods=["GET", "POST"], website=True, sitemap=True)
    def partners_apply(self, **post):
        """Show the form; take what was typed, or show it again with a message beside each field."""
        if request.httprequest.method == "GET":
            return self._render_form({"program_id": post.get("program")}, {})
        if post.get(HONEYPOT):
            return request.redirect("/partners/apply/thanks")  # a program is told nothing
        values = {name: typed_text(post.get(name)) for name in (*REQUIRED, "program_id", "expected_volume")}
        values["consent"] = bool(post.get("consent"))
        uploads = request.httprequest.files.getlist("files")
        files, file_error = read_uploads(uploads, self._get_megabytes())
        errors = self._check(values)
        if file_error:
            errors["files"] = file_error
        enrollments_sudo = request.env["partner.program.enrollment"].sudo()  # strangers apply
        company, ip_address = request.env.company, request.httprequest.remote_addr
        if not errors and enrollments_sudo._is_rate_limited(company, ip_address):
            errors[""] = request.env._(
                "Too many applications came from your connection within the last hour. What you typed is still here: "
                "send it again in an hour, or by email."
            )
        if not errors:
            try:
                with request.env.cr.savepoint():
                    enrollments_sudo._apply(company, self._prepare_application(values), ip_address, files)
                return request.redirect("/partners/apply/thanks")
            except UserError as error:
                errors[""] = str(error)
        response = self._render_form({**values, "had_files": any(one.filename for one in uploads)}, errors)
        response.status_code = 429 if "" in errors else 422
        return response

    @http.route("/partners/apply/thanks", type="http", auth="public", methods=["GET"], website=True, readonly=True)
    def partners_apply_thanks(self, **kw):
        """What happens next; the link to the status goes by email, to whoever owns the address."""
        return request.render("partner_program.apply_thanks", {})

    @http.route(
        "/partners/status/<int:enrollment_id>/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        readonly=True,
    )
    def partners_status(self, enrollment_id, token, **kw):
        """The state of an application, and nothing more."""
        enrollment_sudo = request.env["partner.program.enrollment"]._find_by_status_token(enrollment_id, token)
        if not enrollment_sudo:
            raise request.not_found()
        response = request.render(
            "partner_program.application_status",
            {"state": enrollment_sudo.current_enrollment_id.state, "applied_on": enrollment_sudo.applied_on},
        )
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def _get_megabytes(self) -> int:
        company_sudo = request.env.company.sudo()  # strangers apply
        return company_sudo.partner_program_attachment_mb

    def _render_form(self, values, errors):
        enrollments = request.env["partner.program.enrollment"]
        kinds = enrollments._fields["company_kind"]._description_selection(request.env)
        return request.render(
            "partner_program.apply",
            {
                "values": values,
                "errors": errors,
                "kinds": kinds,
                "countries": request.env["res.country"].sudo().search([]),  # names of countries are no secret
                "programs_sudo": self._get_programs_sudo(),
                "honeypot": HONEYPOT,
                "max_length": MAX_LENGTH,
                "max_files": MAX_FILES,
                "max_megabytes": self._get_megabytes(),
                "endings": ENDINGS,
            },
        )

    def _get_programs_sudo(self):
        programs_sudo = request.env["partner.program"].sudo()  # strangers read the names of the programs
        return programs_sudo.search([("company_id", "=", request.env.company.id)])

    def _check(self, values) -> dict:
        """What is wrong, as a sentence for each field; the key ``""`` is for the form as a whole."""
        errors = {}
        for name in REQUIRED:
            if not values[name]:
                errors[name] = request.env._("Please fill this in.")
        for name, limit in MAX_LENGTH.items():
            if len(values[name]) > limit:
                errors[name] = request.env._("Please use at most %(limit)s characters.", limit=limit)
        if values["email"] and not email_normalize(values["email"]):
            errors["email"] = request.env._("This is not an email address. Example: ann@company.com")
        if values["country_id"] and not request.env["res.country"].browse(typed_id(values["country_id"])).exists():
            errors["country_id"] = request.env._("Please choose a country.")
        kinds = dict(request.env["partner.program.enrollment"]._fields["company_kind"].selection)
        if values["company_kind"] and values["company_kind"] not in kinds:
            errors["company_kind"] = request.env._("Please choose one of these.")
        if values["program_id"] and values["program_id"] not in map(str, self._get_programs_sudo().ids):
            errors["program_id"] = request.env._("Please choose one of these.")
        if not self._get_programs_sudo():
            errors[""] = request.env._("There is no partner program at present. Please come back later.")
        if not values["consent"]:
            errors["consent"] = request.env._("We need your consent to keep your data and to answer you.")
        return errors

    def _prepare_application(self, values) -> dict:
        return {
            **{name: values[name] for name in ("name", "email", "company_name", "company_kind", "application_text")},
            "expected_volume": values["expected_volume"],
            "country_id": int(values["country_id"]),
            "program_id": int(values["program_id"]) if values["program_id"] else None,
        }
