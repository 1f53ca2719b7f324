from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize

from odoo.addons.iap.tools import iap_tools

from ..tools import matching
from .partner_referral import CLAIM_STATES

ADDRESSES = 50  # of the contacts of one client that are compared


class PartnerReferral(models.Model):
    """Which referrals are about the same client: by contact, and as long as it is none, by what is told of it (D10)."""

    _inherit = "partner.referral"

    meets_prospect = fields.Boolean(
        compute="_compute_other_claims",
        compute_sudo=True,
        groups="base.group_user",
        help="The claim on a prospect that looks like this client protects it: a partner manager decides.",
    )

    _undecided_prospects_idx = models.Index(
        "(company_id) WHERE client_id IS NULL AND state IN ('submitted', 'accepted', 'acquired')"
    )

    # ------------------------------------------------------------
    # WHAT IS TOLD OF A CLIENT
    # ------------------------------------------------------------

    def _get_client_keys(self) -> dict:
        """``{referral: {"vat": set, "email": set, "name": set}}``: what tells clients apart, the surest first.

        Of a contact, the addresses are those of all its people; one query for any number of clients. ``email`` is the
        domain, or the whole address at a public provider.
        """
        addresses = defaultdict(set)
        clients_sudo = self.sudo().client_id  # sudo: what contacts of colleagues say is compared, not shown
        if clients_sudo:
            self.env["res.partner"].flush_model(["email_normalized", "commercial_partner_id"])
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT client.id, contact.email_normalized
                      FROM UNNEST(%(ids)s) client (id)
                     CROSS JOIN LATERAL (
                           SELECT email_normalized
                             FROM res_partner
                            WHERE commercial_partner_id = client.id
                              AND email_normalized IS NOT NULL
                            ORDER BY id
                            LIMIT %(limit)s) contact
                    """,
                    ids=clients_sudo.ids,
                    limit=ADDRESSES,
                )
            )
            for client_id, address in rows:
                addresses[client_id].add(address)
        return {
            referral: referral._get_keys(
                client_sudo.vat if client_sudo else referral.prospect_vat,
                addresses[client_sudo.id] if client_sudo else {email_normalize(referral.prospect_email, strict=False)},
                client_sudo.name if client_sudo else referral.prospect_name,
            )
            for referral in self
            for client_sudo in [referral.sudo().client_id]
        }

    def _get_keys(self, number, addresses, name) -> dict:
        name_key = min(matching.name_variants(name), key=len, default="")
        return {
            "vat": {matching.compact_number(number)} - {""},
            "email": {iap_tools.mail_prepare_for_domain_search(address) for address in addresses if address},
            "name": {name_key} - {""},
        }

    @staticmethod
    def _is_same(keys, others) -> bool:
        """The surest thing that is known of both decides: two tax IDs that differ are two companies of one name."""
        for kind, values in keys.items():
            if values and others[kind]:
                return not values.isdisjoint(others[kind])
        return False

    # ------------------------------------------------------------
    # WHO ELSE CLAIMS IT
    # ------------------------------------------------------------

    def _find_same_client(self, domain) -> dict:
        """Other referrals of the same client in the company, of those in ``domain``: ``{referral: referrals}``.

        A contact is compared with contacts, and a prospect with prospects; two queries for any number. Found with
        raised rights: claims of other salespeople count too.
        """
        found = self._find_same_prospects(domain, of=self.filtered(lambda r: not r.client_id))
        if self.client_id:
            same_sudo = self.sudo().search(Domain("client_id", "in", self.client_id.ids) & domain)  # sudo: see above
            for referral in self.filtered("client_id"):
                found[referral] = same_sudo.filtered(
                    lambda other, referral=referral: (
                        other.client_id == referral.client_id
                        and other.company_id == referral.company_id
                        and other != referral._origin
                    )
                )
        return found

    def _find_same_prospects(self, domain, of=None) -> dict:
        """Other referrals, of those in ``domain``, of prospects that look like the clients of these."""
        referrals = self if of is None else of
        found = dict.fromkeys(self, self.sudo().browse())
        keys = referrals._get_client_keys()
        alike = Domain.OR(
            Domain(f"prospect_{kind}_key", "in", list(values))
            for kind in ("vat", "email", "name")
            if (values := set().union(*(one[kind] for one in keys.values())))
        )
        if alike.is_false():
            return found
        others_sudo = self.sudo().search(  # sudo: see _find_same_client
            Domain("client_id", "=", False)
            & Domain("company_id", "in", referrals.company_id.ids)
            & Domain(domain)
            & alike
        )
        others_keys = others_sudo._get_client_keys()
        for referral in referrals:
            found[referral] = others_sudo.filtered(
                lambda other, referral=referral: (
                    other.company_id == referral.company_id
                    and other != referral._origin
                    and self._is_same(keys[referral], others_keys[other])
                )
            )
        return found

    def _get_earlier_submission(self):
        """The first referral of the same client by another partner that was received earlier, not decided yet (D10)."""
        self.ensure_one()
        earlier = (
            Domain("state", "=", "submitted")
            & Domain("partner_id", "!=", self.partner_id.id)
            & Domain("referred_on", "<", self.referred_on)
        )
        found_sudo = self._find_same_client(earlier)[self]
        if self.client_id:
            found_sudo |= self._find_same_prospects(earlier)[self]
        return found_sudo.sorted("referred_on")[:1]

    def _get_protecting_claims(self):
        """The live claim of another referral on the same client (D10), after expiry was looked at."""
        self.ensure_one()
        return self._find_same_client(Domain("state", "in", CLAIM_STATES))[self]._filter_still_live()

    def _get_protected_prospects(self):
        """Live claims on prospects that look like this client: a manager decides whether they are the same (D10)."""
        self.ensure_one()
        if not self.client_id:
            return self.sudo().browse()  # sudo: see _find_same_client
        return self._find_same_prospects(Domain("state", "in", CLAIM_STATES))[self]._filter_still_live()

    def _filter_still_live(self):
        self._sync_acquisition()
        self.flush_recordset(["state"])  # what has ended makes room: the database allows one claim on a client
        return self.filtered(lambda claim: claim.state in CLAIM_STATES)

    def _get_holder(self, client):
        """The live claim of another referral on this contact."""
        self.ensure_one()
        return self.sudo().search(  # sudo: see _find_same_client
            [
                ("client_id", "=", client.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", CLAIM_STATES),
                ("id", "!=", self._origin.id),
            ],
            limit=1,
        )

    def _is_barred(self, client) -> bool:
        """Whether this client cannot be this partner's: it is the partner, or another claim protects it.

        One whose last day is over ends now, not with the nightly job.
        """
        return self._is_partner_itself(client) or bool(self._get_holder(client)._filter_still_live())

    def _lock_claims(self):
        """Claims of a company are accepted one after the other: what was checked is still true when it is written.

        Prospects are compared by more than a unique index can say. Of two transactions that write the same row
        PostgreSQL lets the later one fail, Odoo tries it again, and then it sees the claim of the earlier one.
        """
        for company in self.company_id:
            self.env.cr.execute(
                SQL("UPDATE partner_program SET write_uid = write_uid WHERE company_id = %s", company.id)
            )

    # ------------------------------------------------------------
    # ON SCREEN
    # ------------------------------------------------------------

    @api.depends("client_id", "prospect_vat_key", "prospect_email_key", "prospect_name_key", "state")
    def _compute_other_claims(self):
        everybody = self._find_same_client(Domain.TRUE)
        waiting = self.filtered(lambda r: r.state == "submitted" and r.client_id)
        prospects = waiting._find_same_prospects(Domain("state", "in", CLAIM_STATES)) if waiting else {}
        expiring = self.browse().union(*everybody.values(), *prospects.values())._filter_expiring()
        for referral in self:
            others = everybody[referral]
            referral.other_claim_count = len(others)
            is_held = any(r.state in CLAIM_STATES for r in others - expiring)
            referral.is_protected = referral.state == "submitted" and is_held
            referral.meets_prospect = bool(prospects.get(referral, self.browse()) - expiring)
