import re
import uuid
from datetime import UTC
from email.utils import parsedate_to_datetime

from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools.sql import escape_psql

from ..tools import mail_text
from .partner_program_enrollment import LIVE_STATES
from .partner_program_enrollment_life import NO_MAIL

WAITING_STATES = ("applied", "onboarding")
# Kinds of companies that are in regular contact with the target customers (P3).
AFFILIATE_KINDS = ("it_provider", "reseller", "agency", "consultancy", "contact")
MAX_TEXT = 5000  # characters of the mail that the form shows; all of it is in the chatter
FORWARDED = re.compile(r"^\W{0,3}(?:From|Von|De|Da|Van|Från|Fra)\W{0,3}:(.{1,300})", re.MULTILINE)


class PartnerProgramEnrollment(models.Model):
    """Applications: by mail, by the public form, or by hand (P24)."""

    _inherit = "partner.program.enrollment"
    _partner_program_limits_files = True

    applicant_id = fields.Many2one(
        "res.partner",
        "Contact Person",
        index="btree_not_null",
        ondelete="set null",
        tracking=True,
        copy=False,
        domain="['|', ('id', '=', partner_id), ('id', 'child_of', partner_id)]",
        help="Who applied for the partner. Emails about the enrollment go to this person.",
    )
    applied_on = fields.Datetime(copy=False, default=fields.Datetime.now, readonly=True)
    application_source = fields.Selection(
        [("email", "Email"), ("form", "Form"), ("manual", "By Hand")],
        "Applied By",
        required=True,
        default="manual",
        readonly=True,
        copy=False,
    )
    is_program_open = fields.Boolean(
        "Program Not Chosen Yet",
        copy=False,
        help="The applicant does not know yet which program fits. The program here is a suggestion.",
    )
    company_kind = fields.Selection(
        [
            ("customer", "Customer or user of our product"),
            ("it_provider", "IT solution provider"),
            ("reseller", "SaaS reseller"),
            ("agency", "Market-research agency"),
            ("consultancy", "Consultancy"),
            ("contact", "Other, in regular contact with our target customers"),
            ("other", "Something else"),
        ],
        "Kind of Company",
        tracking=True,
    )
    application_text = fields.Text("Why", copy=False)
    expected_volume = fields.Char(copy=False, help="Clients that the applicant expects to bring within a year.")
    consent_on = fields.Datetime(
        "Consent Given On", readonly=True, copy=False, help="When the applicant agreed that we keep these data."
    )
    applicant_ip = fields.Char(
        "IP Address", readonly=True, copy=False, groups="base.group_system", help="Kept for 30 days, against abuse."
    )
    ambiguous_partner_ids = fields.Many2many(
        "res.partner",
        "partner_program_enrollment_ambiguous_rel",
        string="Possible Companies",
        readonly=True,
        copy=False,
        help="The address of the sender belongs to contacts of more than one company.",
    )
    status_token = fields.Char(readonly=True, copy=False, groups="partner_program.group_manager")

    # ------------------------------------------------------------
    # MAIL GATEWAY
    # ------------------------------------------------------------

    @api.model
    def _filter_application_routes(self, message, message_dict, routes):
        """What the gateway does with mails that would become applications.

        Replies to an application that exists pass. Machines are not applicants: automatic replies, lists and what a
        filter calls spam make none. A mail that nobody can be made responsible for, because it has no sender or comes
        from the company itself, is kept on the program; on the company's own contact while it has no program. So is
        what comes through a list: it may be a distribution list of ours that an applicant wrote to.

        :param message: the mail, as ``email.message.EmailMessage``
        :param dict message_dict: the mail, as Odoo has parsed it
        :param list routes: ``(model, thread_id, values, user_id, alias)``
        :return: the routes to follow
        """
        if not any(model == self._name and not thread_id for model, thread_id, *_rest in routes or ()):
            return routes
        is_list = self._is_list(message)
        if self._is_machine(message) or (is_list and not self._get_sender(message_dict)):
            return [route for route in routes if route[0] != self._name or route[1]]
        kept = []
        for model, thread_id, values, user_id, alias in routes:
            if model == self._name and not thread_id:
                values = self._leave_archived_program(values or {})
                program = self._get_application_program(values)
                if not program:
                    company_sudo = self._get_application_company_sudo(values)
                    company_sudo._partner_program_tell_of_stray_mail(message_dict)
                    model, thread_id = company_sudo.partner_id._name, company_sudo.partner_id.id
                elif is_list or not self._get_sender(message_dict):
                    model, thread_id = program._name, program.id
            kept.append((model, thread_id, values, user_id, alias))
        return self._drop_open_doubles(kept)

    @api.model
    def _drop_open_doubles(self, routes):
        """Who writes to the address of a program and to that for those who do not know it yet has chosen."""
        ours = [values for model, thread_id, values, *_rest in routes if model == self._name and not thread_id]
        chosen = {self._get_application_program(values).company_id for values in ours if values.get("program_id")}
        return [
            route
            for route in routes
            if route[2] not in ours
            or route[2].get("program_id")
            or self._get_application_company_sudo(route[2]) not in chosen
        ]

    @api.model
    def _is_automatic(self, message) -> bool:
        """Whether this mail is none to answer: a machine wrote it, or it came through a list."""
        return self._is_machine(message) or self._is_list(message)

    @api.model
    def _is_machine(self, message) -> bool:
        """Whether a machine wrote this mail: an automatic reply, a newsletter, a bounce, or spam."""
        return (
            self._get_header(message, "Auto-Submitted") not in ("", "no")
            or any(message.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply"))
            or self._get_header(message, "Precedence") in ("auto_reply", "bulk", "junk")
            or self._get_header(message, "Return-Path") == "<>"
            or self._get_header(message, "X-Spam-Flag").startswith("yes")
            or self._get_header(message, "X-Spam-Status").startswith("yes")
        )

    @api.model
    def _is_list(self, message) -> bool:
        """Whether this mail came through a list."""
        return message.get("List-Id") is not None or self._get_header(message, "Precedence") == "list"

    @api.model
    def _get_header(self, message, name) -> str:
        return str(message.get(name) or "").strip().lower()

    @api.model
    def _get_receipt_time(self, message):
        """When our mail server received the mail: the topmost Received header, which senders cannot write.

        The Date header is the sender's word, so it does not count.
        """
        now = fields.Datetime.now()
        received = message.get_all("Received") or []
        if not received or ";" not in str(received[0]):
            return now
        try:
            moment = parsedate_to_datetime(str(received[0]).rpartition(";")[2].strip())
        except ValueError:
            return now
        return min(moment.astimezone(UTC).replace(tzinfo=None), now) if moment.tzinfo else now

    @api.model
    def _get_received_on(self):
        """When the mail that is worked on was received; now, when it did not come through the gateway."""
        return self.env.context.get("partner_program_received_on") or fields.Datetime.now()

    @api.model
    def _get_application_program(self, values):
        """The program that was written to; the first of the company for the address for those who do not know yet."""
        programs_sudo = self.env["partner.program"].sudo()  # strangers write
        if values.get("program_id"):
            return programs_sudo.browse(values["program_id"]).exists()
        company_sudo = self._get_application_company_sudo(values)
        return programs_sudo.search([("company_id", "=", company_sudo.id)], limit=1)

    @api.model
    def _leave_archived_program(self, values) -> dict:
        """Nobody joins a program that was archived: its address is one for those who do not know their program yet."""
        program_sudo = self.env["partner.program"].sudo().browse(values.get("program_id") or ()).exists()  # as above
        if not program_sudo or program_sudo.active:
            return values
        return {**values, "program_id": False, "company_id": program_sudo.company_id.id}

    @api.model
    def _get_application_company_sudo(self, values):
        """The company of the address for those who do not know their program yet."""
        companies_sudo = self.env["res.company"].sudo()  # strangers write
        return companies_sudo.browse(values.get("company_id")) or self.env.company.sudo()  # as above

    @api.model
    def _get_sender(self, message_dict) -> str:
        """Who applies: the sender, or whoever a colleague forwards; empty when that is nobody else than ourselves."""
        sender = message_dict.get("email_from") or ""
        if not tools.email_normalize(sender):
            return ""
        if not self._is_own_address(sender):
            return sender
        text = mail_text.text_of(message_dict.get("body"))
        for match in FORWARDED.finditer(text):
            address = mail_text.ADDRESS.search(match[1])
            if address and not self._is_own_address(address[0]):
                name = re.sub(r"[<(\[]?\s*(?:mailto:)?$", "", match[1][: address.start()])
                return tools.formataddr((name.strip(" *'\""), address[0]))
        return ""

    @api.model
    def _is_own_address(self, email) -> bool:
        """Whether an address is of the company: a colleague, the company itself, or one of its aliases."""
        return bool(self._filter_own_addresses([email]))

    @api.model
    def _filter_own_addresses(self, emails) -> set[str]:
        """Those of these addresses that are of the company, see ``_is_own_address``; normalized."""
        normalized = set(filter(None, map(tools.email_normalize, emails)))
        companies_sudo = self.env["res.company"].sudo()  # strangers write
        own = {tools.email_normalize(one) for one in companies_sudo.search([("email", "!=", False)]).mapped("email")}
        own.update(self.env["mail.alias.domain"].sudo()._find_aliases(list(normalized)))  # strangers write
        is_theirs = Domain("email_normalized", "in", list(normalized))
        is_theirs |= Domain.OR(Domain("login", "=ilike", escape_psql(email)) for email in normalized)
        users_sudo = self.env["res.users"].sudo()  # strangers write
        for user_sudo in users_sudo.search(Domain("share", "=", False) & is_theirs):
            own |= {user_sudo.email_normalized, tools.email_normalize(user_sudo.login)}
        return own & normalized

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """A mail to the address of a program is an application; a further one joins the first.

        From a contact of an active partner it is a referral.
        """
        values = {"applied_on": self._get_received_on(), **(custom_values or {})}
        program, is_open = self._get_application_program(values), not values.get("program_id")
        sender = self._get_sender(msg_dict) or msg_dict.get("email_from")
        contact, ambiguous = self._find_applicant(sender, program.company_id)
        active = self._find_active_enrollment(contact | ambiguous, program, is_open)
        if contact and (active or sender == msg_dict.get("email_from")):
            msg_dict["author_id"] = contact.id
        answered = self._find_answered_referral(msg_dict)
        if answered and (not active or active.partner_id == answered.partner_id):
            answered.message_update(msg_dict)  # also the client's, whom the partner wrote to with us in copy
            return answered
        if active:
            return active._receive_referral_mail(msg_dict)
        if known := self._find_application(contact, sender, program, is_open):
            known._ensure_followed()
            if known.is_program_open and not is_open:
                known.write({"program_id": program.id, "is_program_open": False})
            if known.state == "active":
                known._answer_unknown_sender(msg_dict, sender)
            else:
                known._answer_early_referral(msg_dict)
            return known
        if not contact:
            contact = self._create_applicant(sender)
        if sender == msg_dict.get("email_from"):
            msg_dict["author_id"] = contact.id
        values.pop("company_id", None)
        values.update(
            partner_id=contact.commercial_partner_id.id,
            program_id=program.id,
            is_program_open=is_open,
            applicant_id=contact.id,
            application_source="email",
            application_text=mail_text.text_of(msg_dict.get("body"))[:MAX_TEXT],
            ambiguous_partner_ids=ambiguous.ids,
        )
        application = super().message_new({**msg_dict, "email_from": sender}, custom_values=values)
        application.applicant_email = tools.email_normalize(sender)
        application.message_subscribe(contact.ids)
        application._tell_of_application()
        application._acknowledge()
        return application

    @api.model
    def _find_applicant(self, email, company):
        """The contact with this address that a company of ours may see, and the companies to choose from when several.

        :return: ``(contact, companies)``: one of them is empty
        """
        none = self.env["res.partner"]
        normalized = tools.email_normalize(email)
        if not normalized:
            return none, none
        seen = [False, *company.parent_ids.ids]  # a contact of another company of ours is none of its business
        found = none.search(
            [
                ("email_normalized", "=", normalized),
                ("company_id", "in", seen),
                ("commercial_partner_id.company_id", "in", seen),
            ],
            order="id",
        )
        companies = found.commercial_partner_id
        if len(companies) > 1:
            return none, companies
        # A person rather than the company, when both have the address.
        return found.sorted("is_company")[:1], none

    @api.model
    def _create_applicant(self, sender, **vals):
        name, email = tools.parse_contact_from_email(sender or "")
        return self.env["res.partner"].create({"name": name or email or sender, "email": email, **vals})

    @api.model
    def _find_application(self, contact, email, program, is_open):
        """The application that a further mail of the same company, or from the same address, joins.

        Whose contact belongs to one company is with that one by now, whatever it applied for once; while nobody has
        decided on that, the contact may be new, and not at its company yet.
        """
        same_address = Domain("applicant_email", "=", tools.email_normalize(email) or "-")
        if contact:
            same_address &= Domain("state", "=", "applied")
        known = self.search(
            Domain("company_id", "=", program.company_id.id)
            & Domain("state", "in", LIVE_STATES)
            & (Domain("partner_id", "in", contact.commercial_partner_id.ids) | same_address),
            order="id desc",
        )
        same = known.filtered(lambda enrollment: enrollment.program_id == program)
        waiting = known.filtered(lambda enrollment: enrollment.state in WAITING_STATES)
        if is_open:
            return (waiting or known)[:1]
        same = same or known & self._find_successors(contact, program)
        return (same or waiting.filtered("is_program_open"))[:1]

    @api.model
    def _find_active_enrollment(self, contacts, program, is_open):
        """The active enrollment of the sender: on the program that was written to, or on any when none was named.

        Who was on that program before and changed to another writes to the address that it has.
        """
        domain = Domain("partner_id", "in", contacts.commercial_partner_id.ids) & Domain("state", "=", "active")
        domain &= Domain("company_id", "=", program.company_id.id) if is_open else Domain("program_id", "=", program.id)
        active = self.search(domain)
        if not active:
            active = self._find_successors(contacts, program).filtered(lambda one: one.state == "active")
        return active[:1] if len(active.partner_id) == 1 else self.browse()

    @api.model
    def _find_successors(self, contacts, program):
        """The enrollments that run now of partners who changed from this program to another one."""
        former = self.search(
            [
                ("partner_id", "in", contacts.commercial_partner_id.ids),
                ("program_id", "=", program.id),
                ("next_enrollment_ids", "!=", False),
            ]
        )
        return former.current_enrollment_id

    # ------------------------------------------------------------
    # STATUS
    # ------------------------------------------------------------

    def _acknowledge(self):
        """Tell the applicant that the application has arrived, with the link to its status."""
        if self.env.context.get(NO_MAIL):
            return
        for application in self.filtered("applicant_email"):
            application._ensure_status_token()
            self.env["mail.template"]._partner_program_send(
                "partner_program.mail_template_application_received", application
            )

    def _ensure_status_token(self) -> str:
        self.ensure_one()
        enrollment_sudo = self.sudo()  # the token is a secret of managers and of the applicant
        if not enrollment_sudo.status_token:
            enrollment_sudo.status_token = uuid.uuid4().hex
        return enrollment_sudo.status_token

    def _get_status_url(self) -> str:
        """The link to the page that shows the state of the application, and nothing more."""
        self.ensure_one()
        return f"{self.get_base_url()}/partners/status/{self.id}/{self._ensure_status_token()}"

    @api.model
    def _find_by_status_token(self, enrollment_id, token):
        """The application with this token, with raised rights; empty when the token is wrong."""
        enrollment_sudo = self.sudo().browse(enrollment_id).exists()  # the token is the right to read
        if not (token or "").isalnum() or not token.isascii():  # what cannot be compared, or is no text at all
            return self.sudo().browse()  # none
        if not enrollment_sudo.status_token or not tools.consteq(enrollment_sudo.status_token, token or ""):
            return self.sudo().browse()  # none
        return enrollment_sudo
