from odoo import models

from .partner_referral import OPEN_STATES

CONTACT_ACTIVITY = "partner_program.mail_activity_type_prospect_contact"


class PartnerReferral(models.Model):
    """Accepted prospects that are contacts by now: through the shop, a sign-up, accounting or a lead (P9; D12).

    Nothing but what was told of them connects the two, and what the client pays would earn nothing. So the nightly job
    looks for such contacts, and the salesperson says in one click which of them is the client.
    """

    _inherit = "partner.referral"

    def _look_for_contacts(self):
        """Note the contacts that look like the prospects of these claims now; a to-do for each claim with new ones.

        As many queries for a thousand claims as for one.
        """
        # A lead with a customer says who it is, see needs_confirmation.
        prospects = self.filtered(lambda r: r.state == "accepted" and not r.client_id and not r.lead_id.partner_id)
        matches = prospects._find_matches()
        asked_before = prospects.filtered("needs_confirmation")
        prospects._forget_denial(matches)
        prospects._note_matches(matches)
        settled = asked_before.filtered(lambda r: not r.needs_confirmation)  # archived, merged or corrected since
        settled._drop_contact_question()
        kind = self.env.ref(CONTACT_ACTIVITY)
        asked = prospects.filtered(
            lambda r: r.needs_confirmation and kind not in r.activity_ids.activity_type_id  # asked until it is answered
        )
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [referral._prepare_contact_activity(kind) for referral in asked]
        )

    def _prepare_contact_activity(self, kind) -> dict:
        """Values of the to-do for the salesperson, in the language of the reader."""
        self.ensure_one()
        user = self._get_responsible()
        to_reader = self.with_context(lang=user.lang)
        return {
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "activity_type_id": kind.id,
            "automated": True,
            "user_id": user.id,
            "date_deadline": self.company_id._partner_program_today(),
            "summary": to_reader.env._("Is this the client?"),
            "note": to_reader.env._(
                "%(prospect)s, whom %(partner)s referred, may be a contact by now: %(contacts)s. Say on the referral "
                "which one it is, or press “None of These”. What the client pays earns nothing before.",
                prospect=self.prospect_name or self.prospect_email or self.lead_id.name,
                partner=self.partner_id.name,
                contacts=to_reader._describe_contacts_found(),
            ),
        }

    def _describe_contacts_found(self) -> str:
        return ", ".join(f"{match.partner_id.display_name} ({match.reason})" for match in self.match_ids)

    def _waits_for_client(self) -> bool:
        """Whether nobody has said yet if the client is one of the contacts found, which may have paid in time (P9)."""
        self.ensure_one()
        return self.acquisition_event == "entry_payment" and self.needs_confirmation

    def _look_at_payments(self):
        """It is known now who the client of these claims is: what it paid before counts, as of the day it was paid."""
        self.filtered(
            lambda r: r.state == "accepted" and r.client_id and r.acquisition_event == "entry_payment"
        )._sync_acquisition()

    def _drop_contact_question(self):
        if self:  # Odoo looks up the kind of to-do for nothing, too: at each change of a lead or payment
            self.sudo().activity_unlink([CONTACT_ACTIVITY])  # sudo: to-dos of colleagues too

    def write(self, vals):
        # EXTENDS: a claim that has ended is not asked about
        is_ending = vals.get("state") and vals["state"] not in OPEN_STATES
        asked = self.browse()
        if is_ending:
            asked = self.filtered(lambda r: r.state == "accepted" and r.sudo().match_ids)  # sudo: see _note_matches
        result = super().write(vals)
        if asked:
            asked._drop_contact_question()
        return result

    # ------------------------------------------------------------
    # A LEAD THAT IS WON WITHOUT A CUSTOMER
    # ------------------------------------------------------------

    def _fill_customer(self):
        """Before the lead gets a new contact: the one that surely is the client, if there is one by now (D12).

        :return: whether a contact was made, although others look like it
        """
        self.ensure_one()
        found = self._find_matches()[self]
        # “None of These” was said of them, also when a later contact is asked about since.
        denied = self.match_ids if self.prospect_is_new else self.match_ids.filtered("is_denied")
        denied_ids = set(denied.partner_id.ids)
        found = {company_id: kinds for company_id, kinds in found.items() if company_id not in denied_ids}
        sure = [company_id for company_id, kinds in found.items() if not {"vat", "email"}.isdisjoint(kinds)]
        if len(sure) == 1:
            self.lead_id.partner_id = sure[0]
            return False
        self.lead_id._handle_partner_assignment(create_missing=True)
        return bool(found)

    def _flag_doubles(self):
        """Tell the salesperson that the contact that was made for a won lead may be one that we have."""
        self.ensure_one()
        self._note_matches(self._find_matches())
        user = self._get_responsible()
        to_reader = self.with_context(lang=user.lang)
        if self.match_ids:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=to_reader.env._("The same company twice?"),
                note=to_reader.env._(
                    "When the lead was won, %(client)s was made as a new contact. These look like it: %(contacts)s. If "
                    "one of them is the same company, merge the contacts: the invoices of both earn then.",
                    client=to_reader.client_id.display_name,
                    contacts=to_reader._describe_contacts_found(),
                ),
                user_id=user.id,
            )
