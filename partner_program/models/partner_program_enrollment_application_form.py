from markupsafe import Markup

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

MAX_FORM_FILES = 20  # on one application


class PartnerProgramEnrollment(models.Model):
    """Applications by the public form: what strangers may do, and how much of it (P24)."""

    _inherit = "partner.program.enrollment"

    @api.model
    def _is_rate_limited(self, company, ip_address) -> bool:
        """Whether too many applications came from this address within the last hour."""
        limit = company.partner_program_apply_limit
        since = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        return (
            bool(limit)
            and self.sudo().search_count(  # strangers apply
                [("applicant_ip", "=", ip_address), ("applied_on", ">", since)], limit=limit
            )
            >= limit
        )

    @api.model
    def _apply(self, company, vals, ip_address, files=()):
        """Make an application of what the public form says; called with raised rights.

        Nobody has shown yet that the address is really his, so contacts that exist are linked and not changed.

        :param dict vals: ``name``, ``email``, ``company_name``, ``country_id``, ``program_id`` (or None),
            ``company_kind``, ``application_text``, ``expected_volume``
        :param files: ``(name, content)``, kept with the note of what was typed
        :raise UserError: there are too many files on the application already, or too many forms within an hour
        :return: the application, new or joined; empty when the address is of the company itself, which applies nowhere
        """
        program, is_open = self._get_application_program({**vals, "company_id": company.id}), not vals["program_id"]
        if self._is_own_address(vals["email"]):
            limit = company.partner_program_apply_limit
            program._keep_stray_form(self._prepare_form_message(vals), vals["email"], files, limit)
            return self.browse()
        sender = tools.formataddr((vals["name"], vals["email"]))
        contact, ambiguous = self._find_applicant(sender, program.company_id)
        application = self._find_application(contact, sender, program, is_open)
        if application:
            application._check_form_rate(company.partner_program_apply_limit)
        reader_ids = []  # of a new application: it is a to-do
        if not application and not contact:
            parent = self.env["res.partner"].create(
                {"name": vals["company_name"], "is_company": True, "country_id": vals["country_id"]}
            )
            contact = self._create_applicant(sender, parent_id=parent.id)
        if not application:
            application = self.create(
                {
                    **{name: vals[name] for name in ("company_kind", "application_text", "expected_volume")},
                    "partner_id": contact.commercial_partner_id.id,
                    "program_id": program.id,
                    "is_program_open": is_open,
                    "applicant_id": contact.id,
                    "applicant_email": tools.email_normalize(vals["email"]),
                    "application_source": "form",
                    "consent_on": fields.Datetime.now(),
                    "applicant_ip": ip_address,
                    "ambiguous_partner_ids": ambiguous.ids,
                }
            )
            application.message_subscribe(contact.ids)
            application._tell_of_application()
            application._acknowledge()
        else:
            reader_ids = application._get_responsibles().partner_id.ids  # a note reaches nobody by itself
        if files:
            application._check_form_files(len(files))
        application.message_post(
            body=self._prepare_form_message(vals),
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            partner_ids=reader_ids,
            attachments=list(files),
        )
        return application

    def _check_form_rate(self, limit):
        """An application that was joined is limited as new ones are, by what came through the form."""
        since = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        form_domain = [
            ("model", "=", self._name),
            ("res_id", "=", self.id),
            ("author_id", "=", self.env.user.partner_id.id),  # who is not logged in
            ("message_type", "=", "comment"),
            ("date", ">", since),
        ]
        if limit and self.env["mail.message"].search_count(form_domain, limit=limit) >= limit:
            raise UserError(
                self.env._("We have your application and what you added. Please try again in an hour, or write to us.")
            )

    def _check_form_files(self, count):
        """The form is public: whoever knows the address of a partner must not be able to fill the disk."""
        kept = self.env["ir.attachment"].search_count(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", False)]
        )
        if kept + count > MAX_FORM_FILES:
            raise UserError(
                self.env._("We have %(count)s files from you already. Please send further ones by email.", count=kept)
            )

    def _prepare_form_message(self, vals) -> Markup:
        """What was typed, for the chatter: it is kept also when the contact was known under another name."""
        country = self.env["res.country"].browse(vals["country_id"])
        rows = [
            (self.env._("Company"), vals["company_name"]),
            (self.env._("Country"), country.name),
            (self.env._("Name"), vals["name"]),
            (self.env._("Email"), vals["email"]),
            (self.env._("Why"), vals["application_text"]),
            (self.env._("Expected Volume"), vals["expected_volume"]),
        ]
        head = self.env._("Typed into the public form; the address has not been verified.")
        lines = [Markup("<b>%s:</b> %s") % (label, value) for label, value in rows if value]
        return Markup("<br/>").join([head, *lines])

    @api.autovacuum
    def _gc_applicant_ip(self):
        """Addresses of applicants are kept for thirty days, against abuse of the form."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        old_sudo = self.sudo().search([("applicant_ip", "!=", False), ("applied_on", "<", limit)])  # a cleaning job
        old_sudo.applicant_ip = False
