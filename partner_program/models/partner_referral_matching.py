from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize

from odoo.addons.iap.tools import iap_tools

from ..tools import matching
from .partner_referral import OPEN_STATES

PER_REFERRAL = 10  # contacts shown: more of them help nobody to choose


class PartnerReferral(models.Model):
    """Contacts that look like the client: found, shown with the reason, and confirmed by the salesperson."""

    _inherit = "partner.referral"

    # What may agree, and how much that says. A name alone says little: two companies may share it.
    _MATCH_STRENGTH = {"vat": 16, "email": 8, "domain": 4, "phone": 2, "name": 1}
    _STRONG_MATCH = ("vat", "email", "domain", "phone")

    match_ids = fields.One2many(
        "partner.referral.match", "referral_id", "Contacts Found", readonly=True, groups="base.group_user"
    )
    prospect_is_new = fields.Boolean(
        "New Company", readonly=True, copy=False, groups="base.group_user", help="None of the contacts found is it."
    )
    needs_confirmation = fields.Boolean(
        compute="_compute_needs_confirmation",
        compute_sudo=True,
        groups="base.group_user",
        help="Contacts were found that may be the client: somebody has to say whether it is one of them.",
    )
    prospect_key = fields.Char(
        compute="_compute_prospect_key",
        store=True,
        groups="base.group_user",
        help="Technical: tells two prospects apart as long as they are no contacts; the first claim protects it too.",
    )
    prospect_vat_key = fields.Char(compute="_compute_prospect_key", store=True, groups="base.group_user")
    prospect_email_key = fields.Char(compute="_compute_prospect_key", store=True, groups="base.group_user")
    prospect_name_key = fields.Char(compute="_compute_prospect_key", store=True, groups="base.group_user")
    match_hint = fields.Char("May Be", compute="_compute_match_hint", groups="base.group_user")

    _one_claim_per_prospect = models.UniqueIndex(
        "(prospect_key, company_id) WHERE state IN ('accepted', 'acquired') AND client_id IS NULL",
        "This prospect is protected by another referral: at most one partner earns on a client at a time.",
    )

    @api.depends("prospect_vat", "prospect_email", "prospect_name")
    def _compute_prospect_key(self):
        for referral in self:
            keys = referral._get_keys(
                referral.prospect_vat,
                {email_normalize(referral.prospect_email, strict=False)},
                referral.prospect_name,
            )
            for kind, values in keys.items():
                referral[f"prospect_{kind}_key"] = next(iter(values), False)
            referral.prospect_key = next((value for values in keys.values() for value in values), False)

    @api.depends("state", "client_id", "prospect_is_new", "match_ids.is_denied", "lead_id.partner_id")
    def _compute_needs_confirmation(self):
        for referral in self:
            # A lead with a customer says who it is: an accepted claim stays without one that another claim protects.
            is_known = referral.client_id or (referral.state == "accepted" and referral.lead_id.partner_id)
            asked = not is_known and not referral.prospect_is_new and referral.state in OPEN_STATES
            referral.needs_confirmation = asked and not all(referral.match_ids.mapped("is_denied"))

    @api.depends("client_id", "lead_id", "enrollment_id", *("prospect_name", "prospect_email"))
    @api.depends("prospect_phone", "prospect_vat")
    @api.depends_context("lang")
    def _compute_match_hint(self):
        """While a referral is typed: who that may be. Once saved, the list of contacts found says it."""
        new = self.filtered(lambda r: not r._origin.id and not r.client_id)
        (self - new).match_hint = False
        found = new._find_matches()
        for referral in new:
            contacts = self.env["res.partner"].browse(found[referral])
            referral.match_hint = " · ".join(
                f"{contact.display_name} ({self._describe_match(found[referral][contact.id])})" for contact in contacts
            )

    @api.model
    def _describe_match(self, kinds) -> str:
        """Why a contact was found, in words."""
        labels = {
            "vat": self.env._("same tax ID"),
            "email": self.env._("same email address"),
            "domain": self.env._("same email domain"),
            "phone": self.env._("same phone number"),
            "name": self.env._("same name"),
        }
        return ", ".join(labels[kind] for kind in kinds)

    # ------------------------------------------------------------
    # FINDING
    # ------------------------------------------------------------

    def _find_matches(self) -> dict:
        """Companies that look like the client of each referral, in one query.

        :return: ``{referral: {company id: [kind, …]}}``, the likeliest first, kinds by strength. The client itself,
            the partner and the own company are not among them.
        """
        found = {referral: defaultdict(set) for referral in self}
        wanted = [
            (number, kind, value)
            for number, referral in enumerate(self)
            for kind, value in sorted(referral._get_criteria())
            if kind in self._MATCH_STRENGTH
        ]
        if not wanted:
            return found
        self.env["res.partner"].flush_model(
            [
                *("vat", "email_normalized", "phone_sanitized", "name", "is_company", "commercial_partner_id"),
                *("active", "company_id"),
            ]
        )
        referrals = list(self)
        for number, kind, company_id in self.env.execute_query(self._get_match_query(wanted)):
            referral = referrals[number]
            own = {referral.client_id.id, referral.partner_id.commercial_partner_id.id}
            if company_id not in own | {referral.company_id.partner_id.id}:
                found[referral][company_id].add(kind)
        return {referral: self._sort_matches(companies) for referral, companies in found.items()}

    def _sort_matches(self, companies) -> dict:
        def strength(item):
            return -sum(self._MATCH_STRENGTH[kind] for kind in item[1]), item[0]

        likeliest = sorted(companies.items(), key=strength)[:PER_REFERRAL]
        return {
            company_id: sorted(kinds, key=lambda kind: -self._MATCH_STRENGTH[kind]) for company_id, kinds in likeliest
        }

    def _get_match_query(self, wanted) -> SQL:
        """Companies of the contacts that agree with ``(number of referral, kind, value)``; each part has its index."""
        values = SQL(", ").join(SQL("(%s, %s, %s)", number, kind, value) for number, kind, value in wanted)
        agreeing = SQL(" UNION ALL ").join(
            SQL(
                "SELECT wanted.number, wanted.kind, partner.commercial_partner_id, partner.id FROM wanted"
                " JOIN res_partner partner ON %s WHERE wanted.kind = %s",
                condition,
                kind,
            )
            for kind, condition in (
                (
                    "vat",
                    SQL(
                        "regexp_replace(upper(partner.vat), '[^A-Z0-9]', '', 'g') = wanted.value"
                        " AND partner.vat IS NOT NULL"
                    ),
                ),
                (
                    "email",
                    SQL(
                        "split_part(partner.email_normalized, '@', 2) = split_part(wanted.value, '@', 2)"
                        " AND partner.email_normalized = wanted.value"
                    ),
                ),
                (
                    "domain",
                    SQL(
                        "split_part(partner.email_normalized, '@', 2) = wanted.value"
                        " AND partner.email_normalized IS NOT NULL"
                    ),
                ),
                ("phone", SQL("partner.phone_sanitized = wanted.value AND partner.phone_sanitized IS NOT NULL")),
                (
                    "name",
                    SQL(
                        "regexp_replace(lower(partner.name), '[ .,;:''\"&()/+_-]+', '', 'g') = wanted.value"
                        " AND partner.is_company IS TRUE"
                    ),
                ),
            )
        )
        visible = SQL(", ").join(
            SQL("(%s, %s)", number, company_id)
            for number, referral in enumerate(self)
            for company_id in referral.company_id.sudo().parent_ids.ids or [0]  # sudo: ids of branches' parents
        )
        return SQL(
            """
            WITH wanted (number, kind, value) AS (VALUES %s), visible (number, company_id) AS (VALUES %s)
            SELECT DISTINCT agreeing.number, kind, company.id
              FROM (%s) agreeing
              JOIN res_partner company ON company.id = agreeing.commercial_partner_id
             WHERE company.active
               AND (company.company_id IS NULL
                    OR (agreeing.number, company.company_id) IN (SELECT number, company_id FROM visible))
             ORDER BY 1, 2, 3
            """,
            values,
            visible,
            agreeing,
        )

    def _get_criteria(self) -> set:
        """``(kind, value)`` of what is known about the client: what matches are looked for by.

        ``criterion`` is the form that Odoo keeps on leads: a domain, or the address at a public provider.
        """
        self.ensure_one()
        client = self.client_id
        lead_sudo = self.env["crm.lead"] if client else self.sudo().lead_id  # a colleague's too, only compared
        numbers = (self.prospect_vat, client.vat) if client else (self.prospect_vat, lead_sudo.partner_id.vat)
        emails = (self.prospect_email or lead_sudo.email_from, client.email)
        names = (client.name,) if client else (self.prospect_name or lead_sudo.partner_name,)
        criteria = set()
        for number in filter(None, numbers):
            if compact := matching.compact_number(number):
                criteria.add(("vat", compact))
        for email in filter(None, (email_normalize(email, strict=False) for email in emails)):
            criteria.add(("email", email))
            criterion = iap_tools.mail_prepare_for_domain_search(email)
            criteria.add(("criterion", criterion))
            if criterion.startswith("@"):
                criteria.add(("domain", criterion[1:]))
        phone = self._phone_format(number=self.prospect_phone, country=self.company_id.country_id)
        criteria |= {
            ("phone", phone) for phone in (phone or lead_sudo.phone_sanitized, client.phone_sanitized) if phone
        }
        criteria |= {("name", variant) for name in names for variant in matching.name_variants(name)}
        return criteria

    def _note_matches(self, found):
        """Write down the contacts that look like the client, in place of those found before."""
        to_create, outdated = [], self.env["partner.referral.match"].sudo()  # sudo: nobody writes them by hand
        for referral in self.sudo():  # sudo: as above
            values = {
                company_id: {
                    "strength": sum(self._MATCH_STRENGTH[kind] for kind in kinds),
                    **{f"by_{kind}": kind in kinds for kind in self._MATCH_STRENGTH},
                }
                for company_id, kinds in found[referral].items()
            }
            known = {match.partner_id.id: match for match in referral.match_ids}
            for company_id, match in known.items():
                if values.get(company_id, {}).get("strength") != match.strength:
                    outdated |= match
            same = {match.partner_id.id for match in referral.match_ids - outdated}
            denied = {company_id for company_id, match in known.items() if match.is_denied}
            to_create += [
                {
                    "referral_id": referral.id,
                    "company_id": referral.company_id.id,
                    "partner_id": company_id,
                    "is_denied": company_id in denied,
                    **one,
                }
                for company_id, one in values.items()
                if company_id not in same
            ]
        outdated.unlink()  # before the new ones: a contact is found once
        outdated.create(to_create)

    def _forget_denial(self, found):
        """“None of These” was said of the contacts found then: one that turns up later is asked about."""
        for referral in self.sudo().filtered("prospect_is_new"):  # sudo: follows from the facts
            if found[referral].keys() - set(referral.match_ids.partner_id.ids):
                referral.prospect_is_new = False
                referral.match_ids.is_denied = True

    def _look_again(self, new_facts=(), anew=None):
        """Contacts and evidence of undecided claims, as soon as they are registered or what they say changes.

        :param anew: those of which client or date changed: what was found for the other one is dropped
        """
        if any(fname.startswith("prospect_") for fname in new_facts):
            self.sudo().prospect_is_new = False  # sudo: follows from the facts
            self.sudo().match_ids.is_denied = False  # of another prospect
        self._look_at_facts(anew)
        self._ask_about_conflicts()

    # ------------------------------------------------------------
    # CONFIRMING
    # ------------------------------------------------------------

    def action_prospect_is_new(self):
        """None of the contacts found is the prospect: it is a company that we did not know."""
        self.check_access("write")
        if decided := self.filtered(lambda r: r.state not in OPEN_STATES or r.client_id):
            raise UserError(self.env._("Referral %(referral)s was decided already.", referral=decided[0].display_name))
        self.sudo().prospect_is_new = True  # sudo: the salesperson decides it, through this button only
        accepted = self.filtered(lambda r: r.state == "accepted")  # what was found when it was accepted stays
        (self - accepted)._look_at_facts(anew=self - accepted)
        if accepted:
            accepted._drop_contact_question()
            accepted._sync_acquisition()  # nothing keeps it from expiring any more
        return True

    def _check_confirmed(self):
        """Before a claim is accepted, somebody has said who the client is."""
        for referral in self.filtered("needs_confirmation"):
            raise UserError(
                self.env._(
                    "%(prospect)s may be a contact that we know: %(contacts)s. Choose the one that it is, "
                    "or press “None of These”.",
                    prospect=referral.prospect_name or referral.prospect_email or referral.lead_id.name,
                    contacts=", ".join(referral.match_ids.partner_id.mapped("display_name")),
                )
            )
