from odoo import models
from odoo.exceptions import UserError

from .partner_referral import CLAIM_STATES
from .partner_referral_registration import LIVE_STATES

_FIRST = {"acquired": 0, "accepted": 1, "submitted": 2}


class PartnerReferral(models.Model):
    """Claims when leads or contacts are merged: each is kept, and where two meet a manager decides (D10)."""

    _inherit = "partner.referral"

    def _get_precedence(self) -> tuple:
        """Sorts claims that meet: who earns, then who is accepted, then who was received first."""
        self.ensure_one()
        return _FIRST.get(self.state, 9), self.referred_on, self.id

    def _follow_merged_lead(self, lead):
        """The claims of leads that are merged into this one.

        A lead carries one live claim. Further ones go on without a lead, until a manager has decided.
        """
        self.flush_recordset(["state", "lead_id"])  # what has ended makes room before others move
        live = self.filtered(lambda r: r.state in LIVE_STATES).sorted(lambda r: r._get_precedence())
        first, rest = live[:1], live[1:]
        for referral in rest:
            source, vals = referral.lead_id, {"lead_id": False}
            if not (referral.client_id or referral.prospect_name or referral.prospect_email):  # nothing else says who
                vals["prospect_name"] = source.partner_name or source.name
            referral.write(vals)
        rest.flush_recordset(["lead_id"])  # before the database sees two on one lead
        (self - rest).filtered(lambda r: r.lead_id != lead).write({"lead_id": lead.id})
        self._ask_who_stays(first, rest)

    def _ask_who_stays(self, first, rest):
        self.env["partner.referral.review"]._ask(
            [{"referral_id": referral.id, "kind": "conflict", "other_id": first.id} for referral in rest]
        )

    def _before_clients_merge(self, contacts):
        """Contacts become one: of several claims that protect them, one goes on protecting.

        :param contacts: all that are merged, the one that stays too
        :return: pairs ``(claim that stays, claims that are undecided again)``, for ``_after_clients_merge``
        :raise UserError: when money is earned on both, or a partner would become its own client
        """
        self._check_merge_of_partners(contacts)
        return self._settle_claims_that_meet(contacts)

    def _settle_claims_that_meet(self, contacts):
        """These contacts become one client: who earns on it, or was received first, goes on; see above."""
        claims = self.search([("client_id", "in", contacts.ids), ("state", "in", CLAIM_STATES)])
        met = []
        for of_company in claims.grouped("company_id").values():
            first, *rest = of_company.sorted(lambda r: r._get_precedence())
            if any(claim.state == "acquired" for claim in rest):
                raise UserError(
                    self.env._(
                        "Partners earn commissions on more than one of these contacts (%(referrals)s). They cannot "
                        "become one client before the window of all but one has ended: a partner manager can shorten "
                        "its months.",
                        referrals=", ".join(of_company.mapped("name")),
                    )
                )
            rest = self.browse().union(*rest)
            if rest:
                rest.write({"state": "submitted", "decision_reason": False})  # a former override was of other facts
                met.append((first, rest))
        self.flush_model()
        return met

    def _check_merge_of_partners(self, contacts):
        """A partner neither becomes its own client, nor is enrolled twice on one program."""
        enrollments = self.env["partner.program.enrollment"].search(
            [("partner_id", "in", contacts.ids), ("state", "not in", ("ended", "rejected"))]
        )
        if len(enrollments.program_id) < len(enrollments):
            raise UserError(
                self.env._(
                    "These contacts are partners on the same program (%(partners)s). "
                    "End all enrollments but one first.",
                    partners=", ".join(enrollments.mapped("display_name")),
                )
            )
        own = self.search(
            [
                ("client_id", "in", contacts.ids),
                ("partner_id", "in", contacts.ids),
                ("state", "in", (*LIVE_STATES, "completed")),
            ],
            limit=1,
        )
        if own:
            raise UserError(
                self.env._(
                    "%(referral)s: a partner cannot be merged with its own client. "
                    "Reject or withdraw the referral first.",
                    referral=own.display_name,
                )
            )

    def _after_clients_merge(self, contact, met):
        """What is stored about the client follows, as SQL has moved the claims; and a manager is asked."""
        self.env.invalidate_all()
        moved = self.search([("client_id", "=", contact.id)])
        moved.modified(["client_id"])
        lines = moved._sync_commission_lines()  # what was invoiced to the other contact earns too (D12), at once
        moved._flag_known_before(lines)
        moved._check_client_found()
        moved._ask_about_conflicts()
        self._tell_who_met(met)

    def _tell_who_met(self, met):
        for first, rest in met:
            self._ask_who_stays(first, rest)
            for referral in rest:
                referral.message_post(
                    body=self.env._("Undecided again: two contacts became one client, which another referral protects.")
                )
