from odoo import models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .partner_referral import EARNING_STATES, EXIT_STATES
from .partner_referral_inside import DECISION_ACTIVITY
from .partner_referral_registration import LIVE_STATES


class PartnerReferralReview(models.Model):
    """What each kind of case asks, and what follows from the answer."""

    _inherit = "partner.referral.review"

    def _get_texts(self) -> tuple[str, str, str]:
        """The question, what happens if it is accepted, and what if it is refused."""
        self.ensure_one()
        names = {
            "client": self.client_id.name or self.referral_id.prospect_name or self.referral_id.prospect_email or "",
            "partner": self.partner_id.name,
            "invoice": self.move_id.name or "",
        }
        return getattr(self, f"_get_texts_{self.kind}")(names)

    def _get_texts_skipped_entry(self, names):
        return (
            self.env._(
                "%(client)s paid %(invoice)s for a package above the entry one, and never paid for the entry package. "
                "Does the client count as won by %(partner)s?",
                **names,
            ),
            self.env._("The client is acquired by this invoice."),
            self.env._("The claim goes on: the first payment of the entry package acquires the client."),
        )

    def _get_texts_returning_client(self, names):
        referral, move = self.referral_id, self.move_id
        is_dated_before = move.invoice_date and move.invoice_date < referral.company_id._partner_program_local_date(
            referral.referred_on
        )
        return (
            self.env._(
                "%(client)s paid for the entry package after the referral of %(partner)s, but the invoice "
                "(%(invoice)s) is dated before the referral. Does it count as won by %(partner)s?",
                **names,
            )
            if is_dated_before
            else self.env._(
                "%(client)s paid for the entry package (%(invoice)s), but was a client before the referral. "
                "Does it count as won by %(partner)s?",
                **names,
            ),
            self.env._("The client is acquired by this invoice. It earns nothing itself; later ones do.")
            if is_dated_before
            else self.env._("The client is acquired by this invoice."),
            self.env._("The referral is rejected: the client was ours. The partner reads the reason."),
        )

    def _get_texts_free_entry(self, names):
        return (
            self.env._(
                "%(client)s got the entry package at no charge (%(invoice)s). Is that the first payment that makes it "
                "a client of %(partner)s?",
                **names,
            ),
            self.env._("The client is acquired by this invoice. An invoice over nothing earns nothing by itself."),
            self.env._("The claim goes on: the first payment of the entry package acquires the client."),
        )

    def _get_texts_entry_undone(self, names):
        return (
            self.env._(
                "The payment that made %(client)s a client of %(partner)s was undone (%(invoice)s). "
                "Does the client still count as won?",
                **names,
            ),
            self.env._("The client stays acquired, whatever becomes of this invoice."),
            self.env._(
                "The claim waits for another first payment; if something was billed already, it ends with this reason, "
                "which the partner reads. What was billed for the invoice is corrected on the next bill."
            ),
        )

    def _get_texts_won_again(self, names):
        referral = self.referral_id
        names |= {
            "lead": referral.lead_id.name or "",
            "first": referral._format_day(referral.first_won_on),
            "last": referral._format_day(referral.expires_on),
        }
        return (
            self.env._(
                "“%(lead)s” was won in time on %(first)s, left Won, and was won again after the last day of the claim "
                "of %(partner)s (%(last)s). Does the first time count?",
                **names,
            ),
            self.env._(
                "The client is acquired by %(partner)s, as of %(first)s. The partner reads the reason.", **names
            ),
            self.env._("The claim is expired. The partner reads the reason."),
        )

    def _get_texts_conflict(self, names):
        names |= {
            "referral": self.referral_id.name,
            "other": self.other_id.name,
            "holder": self.other_id.partner_id.name,
        }
        if self.other_id.state == "completed":
            names["client"] = self.other_id.client_id.name
            names["end"] = self.referral_id._format_day(self.other_id.window_end)
            return (
                self.env._(
                    "%(referral)s of %(partner)s was received before %(other)s of %(holder)s, which has earned on "
                    "%(client)s until its window ended. Does %(partner)s get the client now?",
                    **names,
                ),
                self.env._(
                    "The client is acquired by %(partner)s, and earns from the first invoice dated %(end)s or later.",
                    **names,
                ),
                self.env._("%(referral)s is rejected with your reason. Do not name the other partner in it.", **names),
            )
        if self.other_id.state in EXIT_STATES and self.other_id.window_end:
            return (
                self.env._(
                    "%(referral)s of %(partner)s was received before %(other)s of %(holder)s, which has ended, but has "
                    "earned on %(client)s. Does %(partner)s get the client now?",
                    **names | {"client": self.other_id.client_id.name},
                ),
                self.env._(
                    "The client is acquired by %(partner)s, and earns on no invoice that %(other)s has earned on.",
                    **names,
                ),
                self.env._("%(referral)s is rejected with your reason. Do not name the other partner in it.", **names),
            )
        return (
            self._ask_who_gets_the_client(names),
            self.env._("Not possible: %(other)s has acquired the client and earns until its window ends.", **names)
            if self.other_id.state == "acquired"
            else self.env._(
                "%(referral)s is accepted. %(other)s is rejected with a sentence that names nobody; "
                "your reason is for colleagues.",
                **names,
            ),
            self.env._("%(referral)s is rejected with your reason. Do not name the other partner in it.", **names),
        )

    def _ask_who_gets_the_client(self, names) -> str:
        if self.other_id.state == "submitted":
            return self.env._(
                "Two referrals of %(client)s wait for a decision: %(referral)s of %(partner)s, and %(other)s of "
                "%(holder)s. Does %(partner)s get the client?",
                **names,
            )
        if self.other_id.client_id or not self.client_id:
            return self.env._(
                "Two claims on %(client)s: %(referral)s of %(partner)s, and %(other)s of %(holder)s, which protects "
                "it now. Does %(partner)s get the client?",
                **names,
            )
        return self.env._(
            "%(client)s, referred by %(partner)s (%(referral)s), looks like the prospect of %(other)s of "
            "%(holder)s, which was accepted. Does %(partner)s get the client? If they are two companies, open "
            "%(referral)s and accept it anyway.",
            **names,
        )

    # ------------------------------------------------------------
    # EFFECTS
    # ------------------------------------------------------------

    def _apply_accepted(self):
        self.ensure_one()
        self._check_claim_lives()
        if self.kind == "conflict":
            self._give_way()
        referral = self.referral_id
        if self.kind == "entry_undone" and referral.state == "accepted":
            referral._acquire(referral.company_id._partner_program_today(), self.move_id.id)
        elif self.kind == "won_again" and referral.state in ("expired", "lost"):
            referral._check_partnership()
            referral._check_free_again()
            referral.write({"state": "accepted", "decision_reason": self.reason.strip()})
            referral._note_acceptance()
            referral._ask_rivals()
        referral._sync_acquisition()

    def _check_claim_lives(self):
        """A yes is for a claim that goes on: on one that has ended it would do nothing, or end another one for it."""
        referral = self.referral_id
        if self.kind == "won_again" and referral.lead_id.won_status != "won":
            raise UserError(
                self.env._(
                    "“%(lead)s” is not in Won now: put it back there first, then say yes.", lead=referral.lead_id.name
                )
            )
        if self.kind != "won_again" and referral.state in EXIT_STATES:
            raise UserError(
                self.env._(
                    "%(referral)s has ended (%(state)s): accept it again first, then decide this.",
                    referral=referral.name,
                    state=dict(referral._fields["state"]._description_selection(self.env))[referral.state],
                )
            )

    def _give_way(self):
        """The other claim makes room for this one."""
        other, referral = self.other_id, self.referral_id
        if other.state == "acquired":
            raise UserError(
                self.env._(
                    "%(other)s has acquired the client and earns on it until its window ends: a partner who earns "
                    "is not replaced. Refuse this claim, or shorten the window of the other one first.",
                    other=other.name,
                )
            )
        if other.state in LIVE_STATES:
            self._turn_to(referral)
            # The reason compares the two: neither partner reads it (D10).
            told = other._in_partner_language().env._(
                "Another referral of this client counts: we looked at both and decided."
            )
            other.write({"state": "rejected", "decision_reason": told})
            note = self.env._("%(referral)s gets the client. %(reason)s", referral=referral.name, reason=self.reason)
            other.message_post(body=note)
            other.flush_recordset(["state"])  # the database allows one live claim on a client, and on a lead
        if not referral.lead_id and other.lead_id.won_status != "lost":
            referral.lead_id = other.lead_id  # of leads that were merged
        if referral.state == "submitted":
            referral._accept_by_manager()
        elif referral.state == "accepted" and not referral.client_id:
            # A prospect that was won and turned out to be this client.
            referral.client_id = referral.lead_id.partner_id.commercial_partner_id
        if referral._is_overdue() or referral._is_won_too_late():
            raise UserError(
                self.env._(
                    "The last day of %(referral)s (%(day)s) is over, so it would expire at once. "
                    "Give it a later one first, or refuse.",
                    referral=referral.name,
                    day=referral._format_day(referral.expires_on),
                )
            )

    def _turn_to(self, referral):
        """Whoever else asked for the client of the other claim meets this one now."""
        others = self.search([("other_id", "=", self.other_id.id), ("state", "=", "open")])
        turned = others.filtered(lambda one: referral not in one.referral_id.review_ids.other_id)
        turned.other_id = referral
        todo = self.env.ref("mail.mail_activity_data_todo")
        for review in turned:
            own = review.activity_ids.filtered_domain(
                [("activity_type_id", "=", todo.id), ("user_id", "=", review.user_id.id)]
            )
            own.note = plaintext2html(review.with_context(lang=review.user_id.lang).question or "")

    def _end_conflicts(self):
        """The other claim has ended: nobody has to decide between the two any more, but somebody on the one left."""
        self._drop()
        waiting = self.referral_id.filtered(
            lambda r: r.state == "submitted" and "open" not in r.review_ids.mapped("state")
        )
        decision = self.env.ref(DECISION_ACTIVITY)
        waiting.filtered(lambda r: decision not in r.activity_ids.activity_type_id)._schedule_decision()
        for review in self:
            referral, lead = review.referral_id, review.other_id.lead_id
            live = lead.referral_ids.filtered(lambda one: one.state in LIVE_STATES)
            is_free = lead and lead.won_status != "lost" and not live
            if is_free and referral.acquisition_event == "lead_won" and not referral.lead_id:
                referral.lead_id = lead  # of leads that were merged: without one it could not be won
            if referral in waiting:
                referral.message_post(
                    body=self.env._("%(other)s has ended: decide on this one now.", other=review.other_id.name)
                )

    def _apply_refused(self):
        self.ensure_one()
        referral = self.referral_id
        if self.kind in ("conflict", "returning_client") and referral.state in ("submitted", "accepted"):
            referral.write({"state": "rejected", "decision_reason": self.reason.strip()})
        elif self.kind == "won_again" and referral.state in ("accepted", "expired", "lost"):
            referral.write({"state": "expired", "decision_reason": self.reason.strip()})
        elif self.kind == "entry_undone" and referral.state in EARNING_STATES:
            referral.write({"state": "rejected", "decision_reason": self.reason.strip()})
            # What is still open would be earned by a client who does not count; what was paid and billed stays.
            lines = referral.commission_line_ids
            lines.filtered(lambda line: line.state == "expected")._drop_untold()
            lines.exists()._mend()


class PartnerReferral(models.Model):
    _inherit = "partner.referral"

    def _accept_by_manager(self):
        """Accept a claim that a manager decided for, whatever the evidence says."""
        self.ensure_one()
        self._check_partnership()
        self._check_lead_not_lost()
        self._lock_claims()
        self.write({**self._get_terms_to_freeze(), "state": "accepted"})
        self._note_acceptance()
