import re

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ..tools import mail_text, matching
from .partner_referral import EARNING_STATES, OPEN_STATES

LIVE_CLAIMS = (*OPEN_STATES, *EARNING_STATES)

OWN_FIELDS = ("prospect_email", "prospect_phone", "prospect_vat")  # what reaches or identifies a company


class PartnerProgramEnrollment(models.Model):
    """Mails of an active partner: a referral, if they name a client (P4, P24)."""

    _inherit = "partner.program.enrollment"

    mail_problem = fields.Char(
        readonly=True, copy=False, help="Why the last mail of the partner made no referral; the answer quotes it."
    )

    early_client = fields.Char(
        readonly=True,
        copy=False,
        help="The client last named by a mail that made no referral, of which the partner was told: answers quote it.",
    )

    def write(self, vals):
        # EXTENDS: in another state the partner is told another reason
        return super().write({"early_client": False, **vals} if "state" in vals else vals)

    def _receive_referral_mail(self, msg_dict):
        """Make a referral of a mail, dated when it was received; what is missing is asked for by reply.

        A mail about a client whom the partner has referred already goes there. One that names no client stays with
        the enrollment, and the answer says what a referral needs.

        :return: the record that keeps the mail
        """
        self.ensure_one()
        self._ensure_followed()
        told, typed = self._get_told(msg_dict)
        if claim := self._find_claim(told):
            self.mail_problem = False
            others = []
            if told is not typed:
                address = typed.get_email()
                others = claim._filter_others(told)
                others += [address] if address and not claim._has_domain_of(address) else []
            if others:
                claim._flag_others_named(others)
            else:
                claim.message_update(msg_dict)
            return claim
        return self._refer_by_mail(msg_dict, told) or self

    def _get_told(self, msg_dict):
        """The clients of whom a mail tells: in words of its own, else in what it quotes or forwards.

        A name there is surer than an address here, which may be of a signature.

        :return: ``(ToldClients, what the words of its own tell)``: the same, unless it is quoted
        """
        own, whole = self.env["partner.referral"]._read_clients(msg_dict, self)
        is_typed = own.names or (not own.is_empty() and not whole.names)
        return (own if is_typed else whole), own

    @api.model
    def _find_answered_referral(self, msg_dict):
        """The referral that a mail to the address answers: Odoo takes it for a new one, as the address is another's."""
        references = f"{msg_dict.get('in_reply_to') or ''} {msg_dict.get('references') or ''}".split()
        messages_sudo = self.env["mail.message"].sudo()  # the mails that we sent
        answered = messages_sudo.search(
            [("message_id", "in", references[-32:]), ("model", "=", "partner.referral")], order="id desc", limit=1
        )
        return self.env["partner.referral"].browse(answered.res_id).exists()

    def message_update(self, msg_dict, update_vals=None):
        # EXTENDS mail: an answer that names the client is the referral
        result = super().message_update(msg_dict, update_vals)
        for enrollment in self:
            enrollment._ensure_followed()
            is_theirs = msg_dict.get("author_id") in enrollment._get_people().ids
            if is_theirs and not self.env.context.get("partner_program_automatic"):
                enrollment._take_answer(msg_dict)
        return result

    def _take_answer(self, msg_dict):
        """What a partner answers is for the enrollment that runs, be it to a mail from before a change of program."""
        running = self.current_enrollment_id
        if running.state == "active":
            running._receive_answer(msg_dict)
        else:
            running._answer_early_referral(msg_dict)

    def _answer_early_referral(self, msg_dict):
        """Whoever cannot refer yet, or not at present, and names a client is told that it claims nothing."""
        if self.state not in ("onboarding", "suspended"):
            return
        told, _typed = self._get_told(msg_dict)
        if self._is_told_first(told):
            self._answer_mail(
                "partner_program.mail_template_referral_too_early", msg_dict, partner_program_client=told.names[0]
            )

    def _answer_unknown_sender(self, msg_dict, sender):
        """Whoever applied from an address that is no contact's by now may have left: the partner itself is asked."""
        told, _typed = self._get_told(msg_dict)
        if self._is_told_first(told):
            to_partner = self._in_partner_language()
            self._ask_for_client(
                to_partner.env._(
                    "we cannot tell by the address %(address)s that it is yours",
                    address=tools.email_normalize(sender) or sender,
                )
            )

    def _is_told_first(self, told) -> bool:
        """Whether a mail that makes no referral names a client of which the partner was not told so; notes that."""
        name = told.names[0] if told.names else ""
        was_told = bool(matching.name_variants(name) & matching.name_variants(self.early_client))
        if not name or was_told or self._find_claim(told):
            return False
        self.early_client = name
        return True

    def _receive_answer(self, msg_dict):
        """A partner answers one of our mails: a referral, the answer to our question, or small talk.

        Small talk is the rule, so nothing is guessed: a line (or a subject) has to name the company, and it is neither
        the partner in its signature nor a client that a quoted mail has named before. An address of a stranger may be
        one: it is asked about, once. Whatever comes then settles it; what names no client is read by somebody of ours.
        """
        asked, (told, typed) = self.mail_problem, self._get_told(msg_dict)
        self.mail_problem = False
        one = typed if typed.get_email() or told.names else told
        address = one.get_email()
        is_new = self._are_new(told.names)
        if told.names and (all(is_new) or told is typed):
            if claim := self._find_claim(told):
                claim._take_answer(msg_dict)
            else:
                self._refer_by_mail(msg_dict, told)
        elif asked or any(is_new):
            self._flag_answer()
        elif address and self.early_client != address and not self._find_claim(one):
            self.early_client = address
            self._ask_for_client(self._in_partner_language().env._("it does not say who the client is"), msg_dict)

    def _get_claims(self):
        """What the partner has referred to this company, also on other programs; newest first."""
        domain = [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        return self.env["partner.referral"].search(domain, order="id desc")

    def _find_claim(self, told):
        """The live claim of the partner on the first client of whom a mail tells, if any."""
        if told.is_empty():
            return self.env["partner.referral"]
        live = self._get_claims().filtered(lambda claim: claim.state in LIVE_CLAIMS)
        best = max(live, key=lambda claim: claim._get_fit(told), default=live)
        return best if best and best._get_fit(told) else live.browse()

    def _are_new(self, names) -> list[bool]:
        """Of each: whether no claim, live or over, is on a company that may have this name; answers quote them."""
        known = [known for claim in self._get_claims() if (known := claim._get_known_names())]
        return [all(matching.is_another_name(name, one) for one in known) for name in names]

    def _refer_by_mail(self, msg_dict, told):
        """The referral of a mail; none, and an answer that says why, when it cannot be registered.

        :param ToldClients told: what the mail says, as from ``_get_told``
        """
        localized = self._in_partner_language()  # what the answer quotes
        received_on, start = self._get_received_on(), self._get_first_day()
        if told.is_partner and told.is_empty():
            return self._ask_for_client(localized.env._("a partner cannot refer itself"), msg_dict)
        if told.is_empty():
            return self._ask_for_client(localized.env._("it does not say who the client is"), msg_dict)
        if start and self.company_id._partner_program_local_date(received_on) < start:
            day = tools.format_date(localized.env, start)
            problem = localized.env._("it was received before the first day of your partnership, %(day)s", day=day)
            return self._ask_for_client(problem, msg_dict)
        vals = {
            **told.get_vals_guessed(),
            "enrollment_id": self.id,
            "referred_on": received_on,
            "source": "email",
            "note": mail_text.text_of(msg_dict.get("body"))[:5000],
        }
        try:
            with self.env.cr.savepoint():
                referral = localized.env["partner.referral"]._register_referrals([vals]).with_env(self.env)
        except UserError as error:
            return self._ask_for_client(str(error).rstrip("."), msg_dict)
        self.mail_problem = False
        referral.message_subscribe(self._get_people().filtered(lambda one: one.id == msg_dict.get("author_id")).ids)
        referral._schedule_decision()
        if others := referral._filter_others(told):
            referral._flag_others_named(others)
        self._answer_mail("partner_program.mail_template_referral_by_email", msg_dict, referral)
        return referral

    def _get_first_day(self):
        """Since when the partner is enrolled, on this program or on those of before; empty before it began."""
        self.ensure_one()
        history_sudo = self.sudo()._with_previous()  # also what this user may not read: only dates
        return min(filter(None, history_sudo.mapped("date_start")), default=False)

    def _answer_mail(self, xmlid, msg_dict, record=None, **context):
        """Answer a mail of the partner: whoever of its people wrote it, else the person whom mails go to."""
        writer = {"partner_program_writer": msg_dict.get("author_id"), **context}
        self.env["mail.template"].with_context(**writer)._partner_program_send(xmlid, record or self)

    def _flag_answer(self):
        """Somebody of ours reads what may refer a client, but does not say so in lines of its own (D10)."""
        user = self._get_responsibles()[:1]
        env = self.with_context(lang=user.lang).env
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=env._("Read the email of the partner"),
            note=tools.plaintext2html(
                env._(
                    "An email of the partner, received on %(moment)s, may refer a client, but does not say so in lines "
                    "of its own. If it does, register that client, received at that time.",
                    moment=self._format_receipt(user),
                )
            ),
            user_id=user.id,
        )

    def _format_receipt(self, user) -> str:
        """When the mail that is worked on was received, for this reader: by the clock by which forms are filled in."""
        zone = user.tz or self.company_id._partner_program_zone().key
        return tools.format_datetime(self.env, self._get_received_on(), zone, "short", user.lang)

    def _in_partner_language(self):
        """This record in the language of the partner: the gateway that reads the mail has none."""
        return self.with_context(lang=self._get_lang())

    def _get_people(self):
        """The partner, its contacts, and the companies of its own with theirs."""
        return self.env["res.partner"].search([("id", "child_of", self.partner_id.ids)])

    def _is_itself(self, client) -> bool:
        """Whether this contact is the partner, one of its parents, or belongs to it (D11)."""
        client_sudo = client.sudo()  # contacts that this user may not read count too
        return client_sudo.commercial_partner_id in self._with_parents_sudo(self.partner_id) or self._owns(client)

    def _describe_itself(self) -> str:
        return self.env._(
            "%(partner)s cannot refer itself, its parent company or a company of its own: "
            "partner and client have to be different companies.",
            partner=self.partner_id.name,
        )

    def _owns(self, contact) -> bool:
        """Whether this contact is of the partner, or of a company of its own."""
        return self.partner_id.commercial_partner_id in self._with_parents_sudo(contact)

    @api.model
    def _with_parents_sudo(self, contact):
        """The company of this contact, and those that it belongs to."""
        company_sudo = contact.sudo().commercial_partner_id  # sudo: as above
        family_sudo = company_sudo
        while company_sudo.parent_id and company_sudo.parent_id not in family_sudo:
            company_sudo = company_sudo.parent_id
            family_sudo |= company_sudo
        return family_sudo

    def _get_own_data(self) -> dict:
        """What tells the partner itself by (D11), in the forms of ``_get_own_form``: its signature has it, too.

        Parents and companies of its own are the partner, and whoever has left it (archived) did not become the client.
        Nor are we: what partners send quotes our mails.
        """
        people = self.with_context(active_test=False)._get_people()
        family_sudo = self._with_parents_sudo(self.partner_id) | people | self.company_id.sudo().partner_id
        told = {
            "prospect_vat": family_sudo.mapped("vat"),
            "prospect_phone": family_sudo.mapped("phone"),
            "prospect_email": family_sudo.mapped("email_normalized"),
            "prospect_contact_name": family_sudo.filtered("active").mapped("name"),
        }
        own = {
            fname: {self._get_own_form(fname, value) for value in filter(None, values)}
            for fname, values in told.items()
        }
        companies_sudo = family_sudo.filtered(lambda one: one.is_company or one == self.partner_id)
        own["prospect_name"] = set().union(*map(matching.name_variants, companies_sudo.mapped("name")))
        return own

    def _is_own(self, own, fname, value) -> bool:
        """Whether a value of a prospect is one of the partner itself, see ``_get_own_data``."""
        return self._get_own_form(fname, value) in own.get(fname, ())

    def _get_own_form(self, fname, value) -> str:
        """The form in which what a mail says is compared with what we know of the partner."""
        if fname == "prospect_vat":
            return matching.compact_number(value)
        if fname == "prospect_email":
            return tools.email_normalize(value, strict=False) or ""
        if fname == "prospect_phone":
            country = self.partner_id.country_id or self.company_id.country_id
            return self._phone_format(number=value, country=country) or re.sub(r"\D", "", value)
        return matching.squash_name(value)

    def _ask_for_client(self, problem, msg_dict=None):
        """Answer what a referral needs; the mail itself stays with the enrollment, where the manager reads it.

        :param dict msg_dict: the mail, when whoever wrote it is answered
        """
        self.mail_problem = problem
        self._answer_mail("partner_program.mail_template_referral_question", msg_dict or {})
        return self.env["partner.referral"]
