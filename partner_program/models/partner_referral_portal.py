from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize
from odoo.tools.sql import escape_psql

from .partner_referral import EARNING_STATES, OPEN_STATES


class PartnerReferral(models.Model):
    """What a partner does with its referrals in the portal: send one, follow it, take it back."""

    _inherit = "partner.referral"

    # Partners read what they have told themselves (`_get_told_sudo`), and of what we have noted no more than the name.
    prospect_contact_name = fields.Char(groups="base.group_user")
    prospect_email = fields.Char(groups="base.group_user")
    prospect_phone = fields.Char(groups="base.group_user")
    prospect_vat = fields.Char(groups="base.group_user")
    note = fields.Text(groups="base.group_user")
    prospect_country_id = fields.Many2one("res.country", "Country", groups="base.group_user")
    portal_token = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="Of the form and what was typed in it: sending the same twice makes one referral.",
    )

    _one_per_form = models.UniqueIndex(
        "(partner_id, portal_token) WHERE portal_token IS NOT NULL", "This form has been sent already."
    )

    # ------------------------------------------------------------
    # SENDING ONE
    # ------------------------------------------------------------

    @api.model
    def _register_from_portal(self, enrollment_sudo, vals, token):
        """Register what a partner sent with the form of the portal, once for each token.

        :param enrollment_sudo: the enrollment chosen; the caller made sure that it is the reader's own
        :param dict vals: ``prospect_*`` fields and ``note``
        :param str token: of the form and what was typed in it
        :return: the referral (sudo); empty when the same form is being sent at this very moment
        :raise UserError: a sentence for the partner; nothing is saved
        """
        referrals_sudo = self.sudo()  # partners have no right to create referrals: this is their door
        sent_sudo = referrals_sudo._find_by_portal_token(enrollment_sudo.partner_id, token)
        if sent_sudo:
            return sent_sudo
        self._check_hourly_limit(enrollment_sudo.company_id)
        vals = dict(vals)
        country_id = vals.pop("prospect_country_id", False)
        try:
            with self.env.cr.savepoint():
                referral_sudo = referrals_sudo._register_referrals(
                    [{**vals, "enrollment_id": enrollment_sudo.id, "source": "portal"}]
                )
                referral_sudo.write({"prospect_country_id": country_id, "portal_token": token})
                if country_id and referral_sudo.lead_id and not referral_sudo.lead_id.country_id:
                    referral_sudo.lead_id.country_id = country_id
                referral_sudo.flush_recordset()
        except IntegrityError as error:
            if "one_per_form" not in (error.diag.constraint_name or ""):
                raise
            return referrals_sudo.browse()
        referral_sudo.message_subscribe(self.env.user.partner_id.ids)
        referral_sudo._schedule_decision()
        return referral_sudo

    @api.model
    def _find_by_portal_token(self, partner, token):
        return self.sudo().search([("partner_id", "=", partner.id), ("portal_token", "=", token)])  # sudo: own only

    @api.model
    def _check_hourly_limit(self, company):
        """How many referrals a person may send within an hour is a setting: the form is open to scripts too."""
        limit = company.partner_program_referral_limit
        since = fields.Datetime.now() - timedelta(hours=1)
        sent_sudo = self.sudo().search_count(  # sudo: counts what this person sent, nothing else
            [("source", "=", "portal"), ("create_uid", "=", self.env.uid), ("create_date", ">", since)]
        )
        if limit and sent_sudo >= limit:
            raise UserError(
                self.env._(
                    "You have sent %(count)s referrals within the last hour, which is as many as one can. "
                    "Try again in an hour, or write to your account manager.",
                    count=sent_sudo,
                )
            )

    def _get_decision_day(self):
        """Until when the partner is promised an answer."""
        self.ensure_one()
        company_sudo = self.sudo().company_id  # partners do not read settings
        day = company_sudo._partner_program_local_date(self.referred_on)
        return day + timedelta(days=company_sudo.partner_program_decision_days)

    @api.model
    def _find_own_duplicates(self, partner, vals):
        """Referrals of the same partner that look like the prospect: same company name, e-mail address or phone."""
        alike = Domain.FALSE
        if name := (vals.get("prospect_name") or "").strip():
            same_name = [("name", "=ilike", escape_psql(name))]
            alike |= Domain("prospect_name", "=ilike", escape_psql(name)) | Domain("client_id", "any", same_name)
        if email := email_normalize(vals.get("prospect_email") or ""):
            same_email = [("email_normalized", "=", email)]
            alike |= Domain("prospect_email", "=ilike", escape_psql(email)) | Domain("client_id", "any", same_email)
        if phone := (vals.get("prospect_phone") or "").strip():
            alike |= Domain("prospect_phone", "=", phone)
        own = Domain("partner_id", "=", partner.commercial_partner_id.id)
        own &= Domain("company_id", "in", self.env.companies.ids)  # a site shows its own company only
        live = Domain("state", "in", (*OPEN_STATES, *EARNING_STATES))
        found_sudo = self.sudo().search(own & live & alike, limit=5)  # sudo: compares with what the partner typed
        return found_sudo.with_env(self.env)

    # ------------------------------------------------------------
    # FOLLOWING IT, TAKING IT BACK
    # ------------------------------------------------------------

    def _get_told_sudo(self):
        """This referral, with raised rights, if the partner itself has told about the client; else empty.

        What is registered here takes contact, email and phone from the lead: they are no business of the partner.
        """
        self.ensure_one()
        self.check_access("read")
        return self.sudo().filtered(lambda referral: referral.source in ("portal", "email"))  # sudo: its own words

    def _process_attachments_for_post(self, attachments, attachment_ids, message_values):
        # EXTENDS mail: a partner can have uploaded a file for the messages of any other document before
        if attachment_ids and not self.env.user._is_internal():
            files_sudo = self.env["ir.attachment"].sudo().browse(attachment_ids).exists()  # sudo: as mail does
            for file_sudo in files_sudo.filtered(lambda one: one.create_uid == self.env.user):  # mail drops the others
                problem = file_sudo._partner_program_refuse(
                    file_sudo.name, file_sudo.file_size, lambda file_sudo=file_sudo: file_sudo.raw
                )
                if problem:
                    raise UserError(problem)
        return super()._process_attachments_for_post(attachments, attachment_ids, message_values)

    def _get_portal_next_step(self) -> str:
        """What happens next and by when, in words for the partner; empty when nothing does."""
        self.ensure_one()
        if self.state == "submitted" and self._get_decision_day() < self.company_id._partner_program_today():
            return self.env._(
                "We check whether we were in contact with this company already. We promised an answer by %(day)s and "
                "are late: write to us if you need it now.",
                day=self._format_day(self._get_decision_day()),
            )
        if self.state == "submitted":
            return self.env._(
                "We check whether we were in contact with this company already, and answer by %(day)s.",
                day=self._format_day(self._get_decision_day()),
            )
        if self.state == "accepted" and self._is_won():
            return self.env._("The client has signed. We check whether it counts as yours, and tell you here.")
        if self.state == "accepted":
            if self.sudo().acquisition_event == "entry_payment":  # the rule of the program, which partners know
                return self.env._(
                    "The client is protected for you. It counts as yours with its first payment of the entry package."
                )
            if self.expires_on and self.expires_on < self.company_id._partner_program_today():
                return self.env._(
                    "The last day to sign was %(day)s. We check whether the client counts as yours, and tell you here.",
                    day=self._format_day(self.expires_on),
                )
            if self.expires_on:
                return self.env._(
                    "The client is protected for you. It has to sign by %(day)s: keep the conversation going.",
                    day=self._format_day(self.expires_on),
                )
            return self.env._("The client is protected for you. Keep the conversation going until it signs.")
        if self.state == "acquired" and self.window_end:
            return self.env._(
                "The client is yours: its paid invoices earn you commission until %(day)s.",
                day=self._format_day(self.window_end - timedelta(days=1)),
            )
        if self.state == "acquired":
            return self.env._("The client is yours: its invoices earn you commission from the first one on.")
        return ""

    def _withdraw_by_partner(self, reason):
        """Take the claim back on the word of the partner, who is told about by name in the messages.

        :raise UserError: when it was decided or the client is acquired by now, or the reason is missing
        """
        self.ensure_one()
        self.check_access("read")
        if not (reason or "").strip():
            raise ValidationError(self.env._("Say why you withdraw it: our sales team reads the reason."))
        self_sudo = self.sudo()  # partners may withdraw their own referrals; nothing else of them is theirs to write
        if self_sudo.state in OPEN_STATES:
            # The word of the partner is a reason to leave, also where it is that of the acceptance.
            self_sudo.write({"decision_reason": reason.strip(), "accepted_reason": False})
        self_sudo.action_withdraw()
        # In the language of whoever follows the referral here; the words of the partner are its own.
        reader_sudo = self_sudo.user_id or self_sudo._get_deciding_manager().sudo()
        to_reader = self.with_context(lang=reader_sudo.lang)
        self_sudo.message_post(
            body=to_reader.env._("Withdrawn by the partner: %(reason)s", reason=reason.strip()),
            author_id=self.env.user.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
