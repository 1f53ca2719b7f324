import re
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from odoo import api, models, tools

from odoo.addons.iap.tools import iap_tools

from ..tools import mail_text, matching

# What a partner may write before the colon, in the languages of the add-on's users; labels are data, not interface.
LABELS = {
    "prospect_name": r"(?:company|client|customer|firm|prospect)(?: name)?|soci[ée]t[ée]|entreprise|firma"
    r"|nom de (?:la |l['’])?(?:soci[ée]t[ée]|entreprise)"
    r"|firmenname|unternehmen|kunde|empresa|cliente|azienda|bedrijf|klant",
    "prospect_contact_name": r"contact(?: person| name)?|name|person|nom|interlocuteur|ansprechpartner|contacto|nombre",
    "prospect_email": r"e-?mail(?: address)?|mail|courriel|adresse e-?mail",
    "prospect_phone": r"(?:tele)?phone(?: number)?|tel\.?|mobile|t[ée]l[ée]phone|t[ée]l\.?|telefon|tel[ée]fono",
    "prospect_vat": r"vat(?: number| id)?|tax id|tva|n° tva|ust-?id(?:nr)?\.?|nif",
}
# At the beginning of a line, or after a comma within one.
LABEL = re.compile(
    r"(?:^[ \t>*•\-]*|[,;|][ \t]*)(?:"
    + "|".join(f"(?P<{fname}>{labels})" for fname, labels in LABELS.items())
    + r")[ \t*]*[:=]",
    re.IGNORECASE | re.MULTILINE,
)
SUBJECT = re.compile(
    r"^(?P<reply>(?:(?:re|fwd?|aw|wg|tr)\s*:\s*)*)(?:new\s+)?(?:referral|lead|recommandation|empfehlung)\s*:\s*(?P<name>\S.*)",
    re.IGNORECASE,
)
ADDRESS_BESIDE = re.compile(rf"[<(\[]?\s{{0,3}}(?:mailto:)?{mail_text.ADDRESS.pattern}\s{{0,3}}[>)\]]?")
MAX_VALUE = 200  # characters of one line that are taken
MAX_ADDRESSES = 100  # of a mail that are looked at
MAX_NAMES = 20  # likewise
ASKED_FOR = ("prospect_name", "prospect_contact_name", "prospect_email", "prospect_phone")


class ToldClients(NamedTuple):
    """What a text says about clients.

    :ivar list names: of companies, each once
    :ivar dict details: ``prospect_contact_name``, ``prospect_email``, ``prospect_phone``, ``prospect_vat``, as far as
        they were found
    :ivar str guess: the only address that stands there and is neither the partner's nor ours; empty for none
    :ivar bool is_partner: whether it names the partner itself
    """

    names: list
    details: dict
    guess: str
    is_partner: bool

    def get_email(self) -> str:
        return self.details.get("prospect_email") or self.guess

    def is_empty(self) -> bool:
        return not (self.names or self.get_email())

    def get_vals(self) -> dict:
        """Values of the first of these clients, as far as lines say so; which line is about which is not guessed."""
        if len(self.names) > 1:
            return {"prospect_name": self.names[0]}
        return {**self.details, **({"prospect_name": self.names[0]} if self.names else {})}

    def get_vals_guessed(self) -> dict:
        """The same with the address that stands alone, if there is no name, or one that the address has, too."""
        words = matching.name_words(tools.remove_accents(self.names[0])) if self.names else ()
        is_fitting = not self.names or any(len(word) > 2 and word in self.guess for word in words)
        guessed = {"prospect_email": self.guess} if self.guess and is_fitting and len(self.names) < 2 else {}
        return {**guessed, **self.get_vals()}


class PartnerReferral(models.Model):
    """Referrals that partners send by mail, and what they add by answering (P4, P24)."""

    _inherit = "partner.referral"
    _partner_program_limits_files = True

    @api.model
    def _read_clients(self, msg_dict, enrollment) -> tuple[ToldClients, ToldClients]:
        """Of which clients a mail tells: in words of its own, and with what it quotes or forwards.

        A subject such as ``Referral: Bluebird`` names one, too; that of an answer is quoted.
        """
        mail = mail_text.read_mail(msg_dict.get("body"))
        first, second = mail
        if enrollment._is_own_address(msg_dict.get("email_from")):
            first, second = second, first  # a colleague forwards what the partner wrote
        subject = SUBJECT.match((msg_dict.get("subject") or "").strip())
        name = subject and subject["name"].strip()[:MAX_VALUE]
        typed = [] if not subject or subject["reply"] else [name]
        own = self._parse_clients(first, typed, msg_dict, enrollment)
        return own, self._parse_clients(f"{first}\n{second}", [name] if subject else [], msg_dict, enrollment)

    @api.model
    def _parse_clients(self, text, names, msg_dict, enrollment) -> ToldClients:
        """What the lines of a text say, such as ``Company: Bluebird``.

        What is of the partner itself, or ours, is left out (D11).

        :param list names: that are known from elsewhere
        :param enrollment: of the partner that writes
        """
        own, sender = enrollment._get_own_data(), msg_dict.get("email_from") or ""
        told = self._get_told(text)
        told["prospect_name"] += names
        is_named = bool(told["prospect_name"])
        strangers = self._get_strangers(text, own, sender, enrollment)
        told["prospect_email"] = [
            address
            for value in told["prospect_email"]
            for address in self._find_addresses(value)
            if address in strangers
        ]
        told = {
            fname: [value for value in values if not enrollment._is_own(own, fname, value)]
            for fname, values in told.items()
        }
        found = []
        for name in told.pop("prospect_name")[:MAX_NAMES]:
            if not found or all(matching.is_another_name(name, [one]) for one in found):
                found.append(name)
        details = {fname: values[0] for fname, values in told.items() if values}
        sender_domain = tools.email_domain_extract(sender)
        others = [address for address in strangers if tools.email_domain_extract(address) != sender_domain]
        guess = others[0] if len(others) == 1 else ""
        return ToldClients(found, details, guess, is_partner=is_named and not found)

    @api.model
    def _get_strangers(self, text, own, sender, enrollment) -> set[str]:
        """The addresses in a text that are neither the partner's nor ours; at a public provider each is another one."""
        domain_of = iap_tools.mail_prepare_for_domain_search
        at_home = {
            domain_of(one) for one in (*own["prospect_email"], enrollment.company_id.catchall_email, sender) if one
        }
        found = {address for address in self._find_addresses(text) if domain_of(address) not in at_home}
        return found - enrollment._filter_own_addresses(found)

    @api.model
    def _find_addresses(self, text) -> list[str]:
        return list(dict.fromkeys(address.lower() for address in mail_text.ADDRESS.findall(text)))[:MAX_ADDRESSES]

    @api.model
    def _get_told(self, text) -> dict[str, list[str]]:
        """What the lines of a text say of each field."""
        told = {fname: [] for fname in LABELS}
        for label, following in pairwise([*LABEL.finditer(text), None]):
            value = text[label.end() : following and following.start()].partition("\n")[0]
            if label.lastgroup == "prospect_name" and mail_text.ADDRESS.search(value):
                told["prospect_email"].append(value)
                value = ADDRESS_BESIDE.sub("", value)
            value = value.strip(" \t*,;|")[:MAX_VALUE]
            if re.search(r"[^\W_]", value):
                told[label.lastgroup].append(value)
        return told

    def _get_missing_details(self) -> list[str]:
        """What we would like to know of the client, as labels that a partner can fill in."""
        self.ensure_one()
        if self.client_id:
            return []
        labels = self._get_detail_labels()
        return [labels[fname] for fname in ASKED_FOR if not self[fname]]

    @api.model
    def _get_detail_labels(self) -> dict:
        return {
            "prospect_name": self.env._("Company"),
            "prospect_contact_name": self.env._("Contact"),
            "prospect_email": self.env._("Email"),
            "prospect_phone": self.env._("Phone"),
        }

    def message_update(self, msg_dict, update_vals=None):
        # EXTENDS mail: an answer fills in what was missing
        result = super().message_update(msg_dict, update_vals)
        if not self.env.context.get("partner_program_automatic"):  # what a machine says is nothing about the client
            for referral in self:
                if msg_dict.get("author_id") in referral.enrollment_id._get_people().ids:  # only they say more
                    referral._take_answer(msg_dict)
        return result

    def _take_answer(self, msg_dict):
        """Fill in what the partner says about its client, and change nothing that is known.

        A mail that tells of another company may be about both: nothing is taken from it, and somebody of ours reads it.
        Of what is quoted nothing is taken where that tells of another one.
        """
        self.ensure_one()
        own, whole = self._read_clients(msg_dict, self.enrollment_id)
        if others := self._filter_others(own):
            self._flag_others_named(others)
        elif self.state == "submitted" and not self.client_id:
            is_forwarded = self.enrollment_id._is_own_address(msg_dict.get("email_from"))
            told = own if self._filter_others(whole) or (is_forwarded and own.details) else whole
            self._fill_in(told.get_vals())

    def _filter_others(self, told) -> list[str]:
        """Those of the companies told that are not the one that was referred, whose name may be told in full now.

        Where no name was known, an address elsewhere tells that it is another one.
        """
        known, email = self._get_known_names(), told.details.get("prospect_email") or (told.names and told.guess)
        if not known and email and not self._has_domain_of(email):
            return told.names or [email]
        return [name for name in told.names if matching.is_another_name(name, known)]

    def _get_fit(self, told) -> int:
        """How surely the first client of whom a mail tells is that of this referral.

        :return: 3 by its name, 2 by its address, 1 by an address at the same company, 0 not at all
        """
        name, known = (told.names or [""])[0], self._get_known_names()
        email = told.get_vals_guessed().get("prospect_email")
        if name and any(matching.name_variants(name) & matching.name_variants(one) for one in known):
            return 3
        if not email or (name and matching.is_another_name(name, known)):
            return 0
        if email in map(tools.email_normalize, filter(None, (self.prospect_email, self.client_id.email))):
            return 2
        return int(self._has_domain_of(email))

    def _get_known_names(self) -> list[str]:
        return [name for name in (self.prospect_name, self.client_id.name) if name]

    def _has_domain_of(self, email) -> bool:
        """Whether the client has an address at the same company; at a public provider, the same address."""
        domain_of = iap_tools.mail_prepare_for_domain_search
        known = filter(None, (self.prospect_email, self.client_id.email))
        return domain_of(email) in {domain_of(one) for one in known}

    def _flag_others_named(self, names):
        """Somebody of ours reads what it is about: the mail has its day, and a claim is registered with that (D10)."""
        user = self._get_responsible()
        env = self.with_context(lang=user.lang).env
        note = tools.plaintext2html(
            env._(
                "A mail of the partner, received on %(moment)s, names %(others)s beside %(client)s. What else it says "
                "may be about either, so it was not filled in. If it refers another client, register that one, "
                "received at that time; if it tells more about this one, fill it in.",
                moment=self.enrollment_id._format_receipt(user),
                others=", ".join(names),
                client=self.client_name or self.prospect_name or self.name,
            )
        )
        summary = env._("A mail names another company")
        if todo := self.activity_ids.filtered(lambda one: one.summary == summary)[:1]:
            todo.note = (todo.note or Markup()) + note
        else:
            self.activity_schedule("mail.mail_activity_data_todo", summary=summary, note=note, user_id=user.id)

    def _fill_in(self, vals):
        self.ensure_one()
        new = {fname: value for fname, value in vals.items() if not self[fname]}
        if not new:
            return
        self.write(new)
        lead = self.lead_id
        on_lead = {
            "partner_name": new.get("prospect_name"),
            "contact_name": new.get("prospect_contact_name"),
            "email_from": new.get("prospect_email"),
            "phone": new.get("prospect_phone"),
        }
        if missing := {fname: value for fname, value in on_lead.items() if value and lead and not lead[fname]}:
            lead.write(missing)

    def _partner_program_get_enrollment(self):
        # EXTENDS mail.thread of this add-on
        return self.enrollment_id

    def _get_mail_sender(self) -> str:
        """For templates: the account manager of the partner, else the company."""
        return self.enrollment_id._get_mail_sender()
