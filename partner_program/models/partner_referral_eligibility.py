from datetime import UTC, datetime, time

from odoo import fields, models
from odoo.exceptions import UserError

from ..engine import eligibility
from .partner_referral_evidence import PROOF_FIELDS


class PartnerReferral(models.Model):
    """The evidence card: active discussions with the client before the referral (P7, D8).

    What is looked at, for all referrals at once: the whole company of the client and companies with its tax ID (of a
    prospect not confirmed yet, the contacts that agree in more than the name); their leads, and leads that agree by
    e-mail domain or phone; messages, meetings, quotations, orders and invoices of all of these.
    """

    _inherit = "partner.referral"

    def action_check_eligibility(self):
        """Look for discussions in the months before the referral, and freeze verdict and proofs.

        What was found earlier stays, whatever became of it since: a further look only adds.

        :raise UserError: when a referral was decided: what was true that day stays
        """
        self.check_access("write")
        if decided := self.filtered(lambda referral: referral.state != "submitted"):
            raise UserError(
                self.env._("The evidence of %(referral)s is frozen since its decision.", referral=decided[0].name)
            )
        self._look_at_facts()
        return True

    def _look_at_facts(self, anew=None):
        """Find contacts and evidence, then write down what changed: deleting empties Odoo's cache, so that is last.

        :param anew: referrals of which client or date changed; see ``_freeze_evidence``
        """
        matches = self._find_matches()
        self._forget_denial(matches)
        evidence = self.sudo()._find_evidence(matches)  # sudo: documents that this user may not open count too
        self._note_matches(matches)
        self._freeze_evidence(evidence, anew)

    def _freeze_evidence(self, found=None, anew=None):
        """Add what is found now to the proofs; of referrals ``anew``, of which client or date changed, replace them.

        A quotation that is cancelled or a meeting that is deleted after it was found refutes nothing: it was there.
        """
        anew = self.browse() if anew is None else anew
        referrals_sudo = self.sudo()  # sudo: evidence of documents that this user may not open counts too
        found = referrals_sudo._find_evidence(self._find_matches()) if found is None else found
        now = fields.Datetime.now()
        to_create, outdated = [], referrals_sudo.env["partner.referral.evidence"]
        for referral in referrals_sudo:
            found_now = {tuple(proof[fname] for fname in PROOF_FIELDS): proof for proof in found[referral]}
            known = {evidence._get_proof(): evidence for evidence in referral.evidence_ids}
            if referral in anew:
                outdated |= outdated.union(*(evidence for key, evidence in known.items() if key not in found_now))
                known = {key: evidence for key, evidence in known.items() if key in found_now}
            records = {(evidence.kind, evidence.res_model, evidence.res_id) for evidence in known.values()}
            added = [
                proof
                for key, proof in found_now.items()
                if key not in known and (proof["kind"], proof["res_model"], proof["res_id"]) not in records
            ]
            day = referral.company_id._partner_program_local_date(referral.referred_on)
            eligible = eligibility.is_eligible(
                [*(evidence.date for evidence in known.values()), *(proof["date"] for proof in added)],
                day,
                referral.program_id.dormancy_months,
            )
            referral.write({"eligibility": "eligible" if eligible else "ineligible", "eligibility_checked_on": now})
            to_create += [
                {"referral_id": referral.id, "company_id": referral.company_id.id, **proof} for proof in added
            ]
        outdated.create(to_create)
        outdated.unlink()

    def _get_claimed(self) -> tuple:
        """Who was claimed, and when: what the evidence is about. Of a contact, nothing else says it."""
        self.ensure_one()
        told = ("lead_id", "prospect_is_new", *(f"prospect_{key}" for key in ("name", "email", "phone", "vat")))
        return (
            self.client_id,
            self.referred_on,
            self.program_id,
            *(self[fname] for fname in told if not self.client_id),
        )

    def _find_evidence(self, matches) -> dict:
        """Values of the proofs within the dormancy months before each referral, newest first.

        :param dict matches: see ``_find_matches``
        :return: ``{referral: [values, …]}``, read in one query however many referrals there are
        """
        found = {referral: [] for referral in self}
        checked = self.filtered("program_id.dormancy_months")
        if not checked:
            return found
        for referral_id, kind, moment, model, id_, line in self.env.execute_query(checked._get_evidence_query(matches)):
            referral = self.browse(referral_id)
            found[referral].append(
                {
                    "kind": kind,
                    "date": referral._get_proof_day(moment),
                    "description": (self.env._("Busy") if line is None else line or kind)[:200],
                    "res_model": model,
                    "res_id": id_,
                }
            )
        return found

    def _get_proof_day(self, moment):
        """The day of a proof at the company; a change after the referral makes no discussion younger than it."""
        self.ensure_one()
        if not isinstance(moment, datetime):
            return moment
        return self.company_id._partner_program_local_date(min(moment, self.referred_on))

    # ------------------------------------------------------------
    # WHAT IS ASKED
    # ------------------------------------------------------------

    def _get_evidence_period(self) -> tuple:
        """Values of ``_REFERRALS`` of ``partner_referral_evidence_query.py``."""
        self.ensure_one()
        day = self.company_id._partner_program_local_date(self.referred_on)
        first_day = eligibility.dormancy_start(day, self.program_id.dormancy_months)
        return (
            self.id,
            self.company_id.id,
            self.lead_id.id or 0,
            first_day,
            self._start_of_day(first_day),
            day,
            self._start_of_day(day),
            self.referred_on,
        )

    def _get_suspected_companies(self, matches) -> set:
        """Ids of the companies whose documents count: the client and its doubles; of a prospect, who it may be."""
        self.ensure_one()
        decisive = ("vat",) if self.client_id or self.prospect_is_new else self._STRONG_MATCH
        companies = {company_id for company_id, kinds in matches.items() if set(kinds) & set(decisive)}
        # Only where nobody has said otherwise the customer of the lead is who was claimed.
        return companies | set((self.client_id or self.lead_id.partner_id.commercial_partner_id).ids)

    def _start_of_day(self, day) -> datetime:
        """First moment of a day at the company, as naive UTC."""
        zone = self.company_id._partner_program_zone()
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
