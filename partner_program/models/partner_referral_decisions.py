from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .partner_referral import EXIT_STATES


class PartnerReferral(models.Model):
    """Accepting, rejecting and withdrawing claims (P7; D7, D10)."""

    _inherit = "partner.referral"

    accepted_reason = fields.Text(readonly=True, copy=False, groups="base.group_user")
    is_former_client = fields.Boolean(
        compute="_compute_is_former_client",
        groups="base.group_user",
        help="The client had paid for the entry package before the referral: only a partner manager accepts it.",
    )

    def action_accept(self):
        """Accept the claims: check them, freeze the terms, protect the client.

        A claim on a contact that looks like the prospect of another claim is not accepted: a manager is asked. Nor is
        one that is refused for what was found just now: that is kept, so that the screen shows it.

        :return: True, or a notice about those that were not accepted
        :raise UserError: with the rule that refuses it (P7, D10, D11). A manager
            overrides a refusal for recent discussions by giving a reason first.
        """
        self.check_access("write")
        undecided = self.filtered(lambda r: r.state == "submitted")
        shown = {referral: referral._get_findings() for referral in undecided}
        undecided.action_check_eligibility()
        waiting, accepted, sentences = self.browse(), self.browse(), []
        for referral in self:
            try:
                referral._check_acceptable()
            except UserError as error:
                if shown.get(referral) in (None, referral._get_findings()):
                    raise
                sentences.append(str(error))
                continue
            if not referral._may_override() and referral._get_protected_prospects():
                waiting += referral
                continue
            self._lock_claims()
            referral_sudo = referral.sudo()  # accepting is the salesperson's right, the fields it sets are not
            referral_sudo.write({**referral_sudo._get_terms_to_freeze(), "state": "accepted"})
            referral_sudo._note_acceptance()
            referral._note_override()
            accepted += referral
        self._sync_acquisition()
        accepted._check_not_over()
        waiting._ask_about_conflicts()
        if waiting:
            sentences.append(waiting._explain_waiting())
        return self._notify_not_accepted(sentences) if sentences else True

    def _check_not_over(self):
        """A claim that would expire in the moment in which it is accepted is refused instead, or gets more time."""
        for referral in self:
            if referral.state == "expired":
                raise UserError(
                    self.env._(
                        "The last day of %(referral)s (%(day)s) is over, so it would expire at once. "
                        "Reject it, or let a partner manager give it a later day to close it by first.",
                        referral=referral.name,
                        day=referral._format_day(referral.expires_on),
                    )
                )

    def _get_findings(self) -> tuple:
        """Contacts and proofs that the screen shows."""
        referral_sudo = self.sudo()  # whoever may accept a claim has them looked for
        return referral_sudo.match_ids, referral_sudo.evidence_ids

    def _get_terms_to_freeze(self) -> dict:
        """Terms and exclusions of the program, for a claim that is accepted the first time (D7); else nothing.

        The last day that a manager gave the claim stays, and so does that it has none.
        """
        self.ensure_one()
        if self.terms_frozen:
            return {}
        terms = self._get_program_terms()
        if self.has_own_day:
            terms["expires_on"] = self.expires_on
        return {
            **terms,
            "excluded_category_ids": [Command.set(self.program_id.excluded_category_ids.ids)],
        }

    def _note_acceptance(self):
        """The reason so far is that of the acceptance: leaving needs another one."""
        for referral in self:
            referral.accepted_reason = referral.decision_reason

    def _in_partner_language(self):
        """These referrals of one partner, to word a reason that it reads."""
        return self.with_context(lang=self.partner_id.lang or self.env.lang)

    def _has_reason_to_leave(self) -> bool:
        self.ensure_one()
        referral_sudo = self.sudo()  # accepted_reason is for the machine
        reason = (self.decision_reason or "").strip()
        is_of_acceptance = self.state == "accepted" and reason == (referral_sudo.accepted_reason or "").strip()
        return bool(reason) and not is_of_acceptance

    def _may_override(self) -> bool:
        """Whether a partner manager has given a reason to accept the claim in spite of the rules."""
        self.ensure_one()
        return bool(self.env.user.has_group("partner_program.group_manager") and (self.decision_reason or "").strip())

    def _explain_waiting(self) -> str:
        return self.env._(
            "%(client)s looks like the prospect of another referral, which was accepted. "
            "A partner manager was asked to decide between the two.",
            client=", ".join(self.client_id.mapped("name")),
        )

    def _notify_not_accepted(self, sentences):
        """For the button: why something was not accepted; what was found is on the screen then."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": " ".join(sentences),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _check_acceptable(self):
        self.ensure_one()
        if self.state != "submitted":
            raise UserError(
                self.env._(
                    "Referral %(referral)s was decided already (%(state)s).",
                    referral=self.name,
                    state=dict(self._fields["state"]._description_selection(self.env))[self.state],
                )
            )
        self._check_partnership()
        self._check_confirmed()
        if self.eligibility == "ineligible" and not self._may_override():
            raise UserError(
                self.env._(
                    "There were discussions with %(client)s shortly before the referral: see the evidence. "
                    "Reject it, or ask a partner manager to override the refusal with a reason.",
                    client=self.client_id.name or self.prospect_name or self.sudo().lead_id.name,  # sudo: as below
                )
            )
        self._check_lead_not_lost()
        lead_sudo = self.sudo().lead_id  # as in _check_lead_not_lost
        if lead_sudo.won_status == "won" and lead_sudo.date_closed and lead_sudo.date_closed < self.referred_on:
            raise UserError(
                self.env._(
                    "“%(lead)s” was won on %(day)s, before the referral was received: the client is not the partner's.",
                    lead=lead_sudo.name,
                    day=self._format_day(self.company_id._partner_program_local_date(lead_sudo.date_closed)),
                )
            )
        earlier = self._get_earlier_entry_invoice()
        if earlier and not self._may_override():
            raise UserError(
                self.env._(
                    "%(client)s has paid for the entry package before the referral (%(invoice)s): "
                    "it is a client already. "
                    "Reject the referral, or ask a partner manager to override this with a reason.",
                    client=self.client_id.name,
                    invoice=earlier.name,
                )
            )
        if earlier_sudo := self._get_earlier_submission():  # of a colleague: its number, and who decides on it
            raise UserError(
                self.env._(
                    "An earlier referral of %(client)s is waiting for a decision (%(referral)s, with "
                    "%(salesperson)s). It has to be decided first: the earlier receipt wins.",
                    client=self.client_id.name or self.prospect_name or self.prospect_email,
                    referral=earlier_sudo.name,
                    salesperson=earlier_sudo._get_responsible().name,
                )
            )
        if self._get_protecting_claims():
            raise UserError(
                self.env._(
                    "%(client)s is protected by another referral. Reject this one with that reason, "
                    "without naming the other partner.",
                    client=self.client_id.name or self.prospect_name or self.prospect_email,
                )
            )
        if self.client_id and not self._may_override() and self._get_later_earner(self.client_id):
            raise UserError(
                self.env._(
                    "Another referral, received later than %(referral)s, has earned on %(client)s meanwhile. Reject "
                    "this one, or ask a partner manager, who decides who earns from here, to accept it with a reason.",
                    referral=self.name,
                    client=self.client_id.name,
                )
            )

    def _check_lead_not_lost(self):
        """Accepted with a lost lead, a claim that is closed by its lead would be lost at once."""
        self.ensure_one()
        lead_sudo = self.sudo().lead_id  # it may be a colleague's
        if self.acquisition_event == "lead_won" and lead_sudo.won_status == "lost":
            raise UserError(self.env._("Restore the lead “%(lead)s” first.", lead=lead_sudo.name))

    def _note_override(self):
        """A manager who accepts a claim on a former client has decided that case: it is not asked again."""
        conflicts_sudo = self.sudo().review_ids.filtered(lambda review: review.kind == "conflict")  # sudo: see below
        conflicts_sudo._drop()  # an override says that they are two clients
        earlier = self._get_earlier_entry_invoice()
        if earlier:
            self.env["partner.referral.review"].sudo().create(  # sudo: the list is written by the system
                {
                    "referral_id": self.id,
                    "kind": "returning_client",
                    "move_id": earlier.id,
                    "state": "accepted",
                    "reason": self.decision_reason,
                    "user_id": self.env.uid,
                    "decided_by_id": self.env.uid,
                    "decided_on": fields.Datetime.now(),
                }
            )

    def _get_earlier_entry_invoice(self):
        """For an affiliate: an invoice of the entry package that the client paid before the referral (P9).

        Dated before and paid after it is another case: the payment makes it, see ``_find_package_payments``.
        """
        self.ensure_one()
        invoices_sudo = self.env["account.move"].sudo()  # only its number is shown
        if self.acquisition_event != "entry_payment" or not self.client_id:
            return invoices_sudo
        referred_on = self.company_id._partner_program_local_date(self.referred_on)
        found_sudo = invoices_sudo.search(
            [
                *self._get_entry_invoice_domain(),
                ("commercial_partner_id", "=", self.client_id.id),
                ("company_id", "=", self.company_id.id),
                ("invoice_date", "<", referred_on),
            ],
            order="invoice_date, id",
        )
        facts = found_sudo._get_settlement_facts()

        def is_paid_before(invoice_sudo):
            fact = facts[invoice_sudo.id]
            paid_on = fact.money > 0 and fact.settled_on
            if paid_on == referred_on:  # a day says no more: then it counts when the payment was entered
                return max(invoice_sudo.line_ids.matched_credit_ids.mapped("create_date")) <= self.referred_on
            return paid_on and paid_on < referred_on

        return found_sudo.filtered(is_paid_before)[:1]

    @api.depends("state", "client_id", "referred_on", "enrollment_id")
    def _compute_is_former_client(self):
        for referral in self:
            referral.is_former_client = referral.state == "submitted" and bool(referral._get_earlier_entry_invoice())

    def action_reject(self):
        """Reject the claims, with ``decision_reason``; ask for the reason where it is missing."""
        return self._leave("rejected", ("submitted", "accepted"))

    def action_reject_ineligible(self):
        """One click: reject for discussions that were found, with the sentence that the partner reads (P7)."""
        self.check_access("write")
        for referral in self.filtered(lambda r: r.eligibility == "ineligible"):
            referral.decision_reason = referral._in_partner_language().env._(
                "We had been in touch with this client in the %(months)s months before your referral.",
                months=referral.program_id.dormancy_months,
            )
            referral.action_reject()
        return True

    def action_reject_protected(self):
        """One click: reject because the client is protected, without naming the other partner (D10).

        :raise UserError: when it was received first: then the sentence is not true, and a manager is asked
        """
        self.check_access("write")
        protected = self.filtered(lambda r: r.state == "submitted" and r._get_protecting_claims())
        later_holders = protected._find_later_holders()
        for referral in protected:
            if later_holders[referral]:
                raise UserError(
                    self.env._(
                        "%(referral)s was received before the referral that protects the client: a partner manager "
                        "decides between the two. Wait for that, or press “Reject” and give the true reason.",
                        referral=referral.name,
                    )
                )
            referral.decision_reason = referral._in_partner_language().env._(
                "Another referral of this client was received and accepted earlier."
            )
            referral.action_reject()
        return True

    def action_withdraw(self):
        """Take the claims back on the partner's behalf, with a reason."""
        return self._leave("withdrawn", ("submitted", "accepted"))

    def _leave(self, state, allowed):
        """Move to a side exit, or open the wizard that asks for the reason.

        :raise UserError: when a referral is not in one of the ``allowed`` states
        """
        if decided := self.filtered(lambda referral: referral.state not in allowed):
            raise UserError(
                self.env._(
                    "Referral %(referral)s cannot be rejected or withdrawn any more: it is %(state)s.",
                    referral=decided[0].display_name,
                    state=dict(self._fields["state"]._description_selection(self.env))[decided[0].state],
                )
            )
        if self.filtered(lambda referral: not referral._has_reason_to_leave()):
            return {
                **self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_referral_decision_action"),
                "context": {"default_referral_ids": self.ids, "default_decision": state},
            }
        self.check_access("write")
        self.sudo().state = state  # sudo: refusing is the salesperson's right, writing the state is not
        return True

    def _check_free_again(self):
        """A claim that had ended is live again only while no other has taken its place (D10)."""
        self.ensure_one()
        if self._get_protecting_claims():
            raise UserError(
                self.env._(
                    "%(client)s is protected by another referral by now.",
                    client=self.client_id.name or self.prospect_name or self.prospect_email,
                )
            )
        self._check_leads_free(self.lead_id.ids)

    def _reopen(self, reason, expires_on):
        """A manager overrides a side exit: the claim is accepted again, until the new date.

        :param str reason: why; logged, and the partner reads it
        :param date expires_on: last day to close it; False: no limit
        :raise UserError: when the client is protected by another claim by now, or the lead is still lost
        """
        for referral in self:
            if referral.state not in EXIT_STATES:
                raise UserError(self.env._("Referral %(referral)s is not closed.", referral=referral.name))
            if referral.lead_id.won_status == "lost":
                raise UserError(self.env._("Restore the lead “%(lead)s” first.", lead=referral.lead_id.name))
            if expires_on and expires_on < referral.company_id._partner_program_today():
                raise UserError(self.env._("The new date to close it by cannot be in the past."))
            referral._check_partnership()
            referral._check_free_again()
            referral._lock_claims()
            before = dict(self._fields["state"]._description_selection(self.env))[referral.state]
            referral.sudo().review_ids._ask_again()  # sudo: the manager's answers, by the system
            referral.write(
                {
                    **referral._get_terms_to_freeze(),
                    "state": "accepted",
                    "expires_on": expires_on,
                    "decision_reason": reason,
                }
            )
            referral._note_acceptance()
            referral.message_post(
                body=self.env._("Accepted again after “%(state)s”: %(reason)s", state=before, reason=reason)
            )
            referral._ask_rivals()
        self._sync_acquisition()
        return True
