import re

from odoo import api, models, tools

from odoo.addons.iap.tools import iap_tools

from ..tools import matching

# What a partner may write before the colon, in the languages of the add-on's users; labels are data, not interface.
LABELS = {
    "prospect_name": r"company|client|customer|firm|prospect|soci[ée]t[ée]|entreprise|firma|unternehmen|kunde|empresa",
    "prospect_contact_name": r"contact(?: person| name)?|name|person|nom|interlocuteur|ansprechpartner|contacto|nombre",
    "prospect_email": r"e-?mail(?: address)?|mail|courriel|adresse e-?mail",
    "prospect_phone": r"(?:tele)?phone|tel\.?|mobile|t[ée]l[ée]phone|t[ée]l\.?|telefon|tel[ée]fono",
    "prospect_vat": r"vat(?: number| id)?|tax id|tva|n° tva|ust-?id(?:nr)?\.?|nif",
}
LINES = {
    fname: re.compile(rf"^[\s>*•\-]*(?:{labels})[ \t*]*[:=][ \t*]*([^\s*].*?)[ \t*]*$", re.IGNORECASE | re.MULTILINE)
    for fname, labels in LABELS.items()
}
SUBJECT = re.compile(
    r"^(?:(?:re|fwd?|aw|wg|tr)\s*:\s*)*(?:new\s+)?(?:referral|lead|recommandation|empfehlung)\b[\s:\-–]*(?:of|for|pour)?\s*",
    re.IGNORECASE,
)
SIGNATURE_MARK = re.compile(r"^--[ \t\xa0]*$", re.MULTILINE)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
ASKED_FOR = ("prospect_name", "prospect_contact_name", "prospect_email", "prospect_phone")


class PartnerReferral(models.Model):
    """Referrals that partners send by mail, and what they add by answering (P4, P24)."""

    _inherit = "partner.referral"
    _partner_program_limits_files = True

    @api.model
    def _parse_prospect(self, msg_dict, enrollment, quoted=False) -> dict:
        """What a mail says about the client: lines such as ``Company: Bluebird Logistics``, else what can be guessed.

        The only address in the text that is neither the sender's nor ours is the client's; a subject such as
        ``Referral: Bluebird Logistics`` names the client. What is of the partner itself is left out (D11), and what
        stands below a signature mark, but for the name of a company: signatures describe who writes.

        :param enrollment: of the partner that writes
        :param bool quoted: whether what is quoted is about the same client; else a mail that names one in words of its
            own takes nothing from it
        :return: values of ``prospect_name``, ``prospect_contact_name``, ``prospect_email``, ``prospect_phone``,
            ``prospect_vat``, as far as they were found
        """
        own = enrollment._get_own_data()
        sender = msg_dict.get("email_from") or ""
        at_home = {iap_tools.mail_prepare_for_domain_search(address) for address in (*own["prospect_email"], sender)}

        def is_foreign(address) -> bool:
            """Whether neither the partner nor we have such an address; of public providers each is another one."""
            is_own = iap_tools.mail_prepare_for_domain_search(address) in at_home
            return not is_own and not enrollment._is_own_address(address)

        text = SIGNATURE_MARK.split(tools.html2plaintext(msg_dict.get("body") or ""), maxsplit=1)[0]
        if not quoted and self._get_told("prospect_name", own_words := self._without_quotes(text)):
            text = own_words
        vals = {}
        for fname in LINES:
            told = self._get_named(msg_dict) if fname == "prospect_name" else self._get_told(fname, text)
            if fname == "prospect_email":
                told = filter(is_foreign, filter(None, (tools.email_normalize(one, strict=False) for one in told)))
            value = next((one for one in told if not enrollment._is_own(own, fname, one)), None)
            if value:
                vals[fname] = value
        if not vals.get("prospect_email"):
            sender_domain = tools.email_domain_extract(sender)
            found = {address.lower() for address in EMAIL.findall(text)}
            others = [
                address
                for address in found
                if tools.email_domain_extract(address) != sender_domain and is_foreign(address)
            ]
            if len(others) == 1:
                vals["prospect_email"] = others[0]
        return vals

    @api.model
    def _without_quotes(self, text) -> str:
        return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))

    @api.model
    def _get_told(self, fname, text) -> list[str]:
        """What the lines of a text say of one field."""
        return [match[1].strip() for match in LINES[fname].finditer(text)]

    @api.model
    def _get_named(self, msg_dict) -> list[str]:
        """The companies that a mail names, in its lines and in the subject; also the one that wrote it."""
        named = self._get_named_in_text(msg_dict)
        subject = (msg_dict.get("subject") or "").strip()
        if (match := SUBJECT.match(subject)) and subject[match.end() :].strip():
            named.append(subject[match.end() :].strip())
        return named

    @api.model
    def _get_named_in_text(self, msg_dict) -> list[str]:
        """The companies in the lines of a mail; those that are quoted, and were told before, come last."""
        text = tools.html2plaintext(msg_dict.get("body") or "")
        told = self._get_told("prospect_name", self._without_quotes(text)) + self._get_told("prospect_name", text)
        return list(dict.fromkeys(told))

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
        # EXTENDS mail: an answer fills in what was missing, and changes nothing that is known. One that names another
        # company may be about both, or quote: nothing is taken from it, and somebody of ours reads it.
        result = super().message_update(msg_dict, update_vals)
        if self.env.context.get("partner_program_automatic"):
            return result  # what an automatic reply quotes or signs with says nothing about the client
        for referral in self:
            if msg_dict.get("author_id") not in referral._get_partner_people().ids:
                continue
            enrollment = referral.enrollment_id
            own = enrollment._get_own_data()
            others = [
                name
                for name in self._get_named_in_text(msg_dict)
                if referral._is_another(name) and not enrollment._is_own(own, "prospect_name", name)
            ]
            if others:
                referral._flag_another_named(others[0])
            elif referral.state == "submitted" and not referral.client_id:
                referral._fill_in(self._parse_prospect(msg_dict, enrollment, quoted=True))
        return result

    def _is_another(self, name) -> bool:
        """Whether a company that a mail names is not the one that was referred, whose name may be told in full now."""
        named = matching.name_words(name)
        for one in filter(None, (self.prospect_name, self.client_id.name)):
            words = matching.name_words(one)
            if words <= named or named <= words or matching.name_variants(one) & matching.name_variants(name):
                return False
        return bool(named and (self.prospect_name or self.client_id))

    def _flag_another_named(self, name):
        """Somebody of ours reads what it is about: the mail has its day, and a claim is registered with that (D10)."""
        user = self._get_responsible()
        env = self.with_context(lang=user.lang).env
        summary = env._("An answer names another company")
        if summary not in self.activity_ids.mapped("summary"):
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=tools.plaintext2html(
                    env._(
                        "The partner answers about %(client)s and names %(other)s. Nothing was taken from the mail, as "
                        "it may be of either or quoted. If it refers another client, register that, received when the "
                        "mail was; if it tells more about this one, fill it in.",
                        client=self.client_name or self.prospect_name or self.name,
                        other=name,
                    )
                ),
                user_id=user.id,
            )

    def _get_partner_people(self):
        """The contacts of the partner company: only they say more about their client."""
        return self.enrollment_id._get_people()

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
