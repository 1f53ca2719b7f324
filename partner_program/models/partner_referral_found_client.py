from odoo import models

from .partner_referral import CLAIM_STATES


class PartnerReferral(models.Model):
    """Claims of which it comes out later who the client is: through the customer of the lead, or by hand (P7, D12)."""

    _inherit = "partner.referral"

    def _look_at_client_of_lead(self, claimed, customers):
        """The lead learned who its customer is: the same is looked at as when the client of the claim is written.

        :param dict claimed: what each claim was about before, see ``_get_claimed``
        :param dict customers: the company that each claim's lead was for before
        """
        changed = self.filtered(lambda r: r in claimed and r._get_claimed() != claimed[r])
        changed.filtered(lambda r: r.state == "submitted")._look_again(anew=changed)
        changed._check_client_found()
        changed._look_at_payments()
        for referral in self._take_customers_of_leads():
            referral._flag_barred_customer()
        # Its customer is the client of another claim: neither that one nor “None of These” can be chosen.
        self.filtered(
            lambda r: r.state == "accepted" and r.match_ids and not r.needs_confirmation
        )._drop_contact_question()
        for referral in self.filtered(lambda r: r.state in CLAIM_STATES and r.client_id and r in customers):
            referral._follow_customer(customers[referral])

    def _look_at_customer_of_new_lead(self):
        """These claims got another lead, by merging or by hand: a manager is told whose customer cannot be followed."""
        for referral in self._take_customers_of_leads():
            referral._flag_barred_customer()
        self.filtered(lambda r: r.state in CLAIM_STATES)._flag_other_customer()

    def _follow_customer(self, former):
        """The customer of the lead was corrected: an accepted claim goes along, where no other claim is in the way.

        Of one that is acquired a manager corrects the client: commissions may hang on it.

        :param former: the company that the lead was for before; when that was not the client, somebody meant it so
        """
        self.ensure_one()
        customer = self.lead_id.partner_id.commercial_partner_id
        if not customer or customer in (former, self.client_id):
            return
        may_follow = self.state == "accepted" and (not former or former == self.client_id)
        if may_follow and not self._is_barred(customer) and not self._get_later_earner(customer):
            self.client_id = customer
        else:
            self._flag_other_customer()

    def _take_customers_of_leads(self):
        """Customers of leads whom another claim protected when they were entered are the client once they are free.

        Where the other one has earned on them and was received later, a manager decides first (D10).

        :return: those that have to go on without, as the other claim lives or the customer is the partner itself
        """
        waiting = self.filtered(lambda r: r.state == "accepted" and not r.client_id and r.lead_id.partner_id)
        if not waiting:
            return waiting
        customers = {referral: referral.lead_id.partner_id.commercial_partner_id for referral in waiting}
        holders_sudo = self.sudo().search(  # sudo: see _find_same_client
            [("client_id", "in", [one.id for one in customers.values()]), ("state", "in", CLAIM_STATES)]
        )
        taken = {(holder.client_id, holder.company_id) for holder in holders_sudo._filter_still_live()}
        barred = self.browse()
        for referral in waiting.sorted(lambda r: r._get_precedence()):
            customer, key = customers[referral], (customers[referral], referral.company_id)
            if key in taken or referral._is_partner_itself(customer):
                barred += referral
                continue
            earner = referral._get_later_earner(customer)
            if not earner:
                referral.client_id = customer
                taken.add(key)
            elif referral.acquisition_event == "entry_payment":  # else winning the lead asks
                self._ask_who_stays(earner, referral)
        return barred

    def _flag_barred_customer(self):
        """Tell a manager, once, that this claim has no client while another one protects who pays.

        Winning the lead settles it; where a payment acquires, nothing does.
        """
        self.ensure_one()
        if self.acquisition_event != "entry_payment":
            return
        user = self._get_deciding_manager()
        to_reader_sudo = self.sudo().with_context(lang=user.lang)  # he has to know, whoever changed the lead
        env = to_reader_sudo.env
        customer = to_reader_sudo.lead_id.partner_id.commercial_partner_id
        values = {"lead": to_reader_sudo.lead_id.name, "customer": customer.display_name}
        to_reader_sudo._flag_two_clients(
            user,
            to_reader_sudo._get_summary_of_barred(),
            env._(
                "The lead “%(lead)s” is for %(customer)s now, which is the partner itself, or belongs to it, and "
                "cannot be the client of this referral: nothing that it pays earns here. Correct the customer of the "
                "lead, or reject the referral.",
                **values,
            )
            if self._is_partner_itself(customer)
            else env._(
                "The lead “%(lead)s” is for %(customer)s now, which another referral protects: nothing that it pays "
                "earns here. Correct the customer of the lead, or reject the referral. Else there is nothing to do: "
                "when the other one ends, %(customer)s becomes the client by itself, or you are asked, where the other "
                "one was received later and has earned.",
                **values,
            ),
        )

    def _get_summary_of_barred(self) -> str:
        return self.env._("The lead is for a client of another referral")

    def _drop_flag_of_barred(self):
        """It is known who the client is: a manager need not look at the customer of the lead any more."""
        for todo_sudo in self.sudo().activity_ids:  # to-dos of colleagues, whoever found the client
            to_reader = self.with_context(lang=todo_sudo.user_id.lang)
            if todo_sudo.summary == to_reader._get_summary_of_barred():
                todo_sudo.unlink()

    def _flag_other_customer(self):
        """Tell a manager, once, that lead and claim are about two clients: what the lead brings would earn nothing."""
        for referral in self:
            customer = referral.lead_id.partner_id.commercial_partner_id
            if not (customer and referral.client_id) or customer == referral.client_id:
                continue
            user = referral._get_deciding_manager()
            to_reader_sudo = referral.sudo().with_context(lang=user.lang)  # he has to know, whoever changed the lead
            env = to_reader_sudo.env
            to_reader_sudo._flag_two_clients(
                user,
                env._("Lead and referral are about two clients"),
                env._(
                    "The lead “%(lead)s” is for %(customer)s now, the referral is on %(client)s, whose invoices "
                    "alone earn. Correct the one that is wrong: the customer of the lead, or the client here.",
                    lead=to_reader_sudo.lead_id.name,
                    customer=customer.sudo().display_name,  # sudo: only its name
                    client=to_reader_sudo.client_id.display_name,
                ),
            )

    def _flag_customer_of_order(self, order):
        """The same of an order that was confirmed for another company than the client of this claim."""
        customer = order.partner_id.commercial_partner_id
        if self.state not in CLAIM_STATES or not self.client_id or customer == self.client_id:
            return
        user = self._get_deciding_manager()
        to_reader_sudo = self.sudo().with_context(lang=user.lang)  # as above
        env = to_reader_sudo.env
        to_reader_sudo._flag_two_clients(
            user,
            env._("Order and referral are about two clients"),
            env._(
                "%(order)s, of the lead “%(lead)s”, is for %(customer)s, the referral is on %(client)s, whose invoices "
                "alone earn. Correct the client here if it is the other one; else there is nothing to do.",
                order=order.name,
                lead=to_reader_sudo.lead_id.name,
                customer=customer.sudo().display_name,  # sudo: only its name
                client=to_reader_sudo.client_id.display_name,
            ),
        )

    def _flag_two_clients(self, user, summary, note):
        if summary not in self.activity_ids.mapped("summary"):
            self.activity_schedule("mail.mail_activity_data_warning", summary=summary, note=note, user_id=user.id)

    def _check_client_found(self):
        """An accepted claim turned out to be on this client: look for discussions with it now (P7).

        Proofs that were known when it was accepted are not told again.
        """
        found = self.filtered(lambda r: r.client_id and r.state == "accepted")
        found._drop_flag_of_barred()
        matches = found._find_matches()
        if asked := found.filtered(lambda r: r.sudo().match_ids):  # sudo: see _note_matches
            asked._note_matches(matches)  # the client is none of them any more
            asked._drop_contact_question()
        for referral in found:
            referral_sudo = referral.sudo()  # the manager has to know, whoever found the client
            known_sudo = referral_sudo.evidence_ids
            referral._freeze_evidence(referral_sudo._find_evidence(matches))
            if referral_sudo.eligibility == "ineligible" and referral_sudo.evidence_ids - known_sudo:
                user = referral_sudo.enrollment_id._get_responsibles()[:1]
                to_reader_sudo = referral_sudo.with_context(lang=user.lang)
                to_reader_sudo.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=to_reader_sudo.env._("Discussions with the client before the referral"),
                    note=to_reader_sudo.env._(
                        "They were found when %(client)s became the client of this referral. "
                        "Keep the claim, or reject it.",
                        client=to_reader_sudo.client_id.display_name,
                    ),
                    user_id=user.id,
                )
