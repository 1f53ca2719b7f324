from odoo import fields, models

from .partner_referral import OPEN_STATES


class PartnerReferral(models.Model):
    """What a lead learns of a prospect after it was claimed: the claim protects the prospect by it too (D10)."""

    _inherit = "partner.referral"

    learned_fields = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Technical: what of the prospect the lead told later. It is no word of the partner, who does not read it.",
    )

    def _learn_from_lead(self):
        """Fill in what these open claims do not say of their prospects and their leads do; what was told stays.

        Where an accepted claim meets another one by it nothing is filled in, and a manager is asked.
        """
        for referral in self.filtered(
            lambda r: r.state in OPEN_STATES and not r.client_id and not r.lead_id.partner_id
        ):
            learned = referral._get_learned()
            is_accepted = referral.state == "accepted"
            if learned and is_accepted:
                referral._lock_claims()
                if met := referral.new(learned, origin=referral)._get_protecting_claims():
                    first, *rest = (referral | met).sorted(lambda r: r._get_precedence())
                    referral._ask_who_stays(first, rest)
                    continue
            if learned:
                known = set((referral.learned_fields or "").split(",")) - {""}
                referral.write({**learned, "learned_fields": ",".join(sorted(known | learned.keys()))})
                if is_accepted:
                    referral._ask_rivals()

    def _get_learned(self) -> dict:
        """Values of the prospect that are empty and that the lead tells, without those of the partner itself."""
        self.ensure_one()
        lead = self.lead_id
        told = {
            "prospect_name": lead.partner_name,
            "prospect_contact_name": lead.contact_name,
            "prospect_email": lead.email_normalized,
            "prospect_phone": lead.phone,
        }
        self._tidy_prospect(told)
        learned = {fname: value for fname, value in told.items() if value and not self[fname]}
        if learned:
            own = self.enrollment_id._get_own_data()
            learned = {
                fname: value for fname, value in learned.items() if not self.enrollment_id._is_own(own, fname, value)
            }
        return learned

    def _get_told_fields(self) -> list[str]:
        """What the partner itself may have told of the prospect."""
        learned = set((self.learned_fields or "").split(","))
        return [
            fname
            for fname in ("prospect_contact_name", "prospect_email", "prospect_phone")
            if fname not in learned and self[fname]
        ]
