from datetime import UTC, datetime, time

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

from ..engine import eligibility

PER_KIND = 5  # proofs kept of each kind: enough to decide, short enough to read


class PartnerReferral(models.Model):
    """The evidence card: active discussions with the client before the referral (P7, D8)."""

    _inherit = "partner.referral"

    def action_check_eligibility(self):
        """Look for discussions in the months before the referral, and freeze verdict and proofs.

        :raise UserError: when a referral was decided: what was true that day stays
        """
        self.check_access("write")
        if decided := self.filtered(lambda referral: referral.state != "submitted"):
            raise UserError(
                self.env._("The evidence of %(referral)s is frozen since its decision.", referral=decided[0].name)
            )
        self._freeze_evidence()
        return True

    def _freeze_evidence(self):
        """Replace verdict and proofs by what is found now."""
        for referral in self:
            referral_sudo = referral.sudo()  # evidence of documents that this user may not open counts too
            day = referral.company_id._partner_program_local_date(referral.referred_on)
            evidence = referral_sudo._find_evidence(day)
            eligible = eligibility.is_eligible(
                [proof["date"] for proof in evidence], day, referral.program_id.dormancy_months
            )
            referral_sudo.evidence_ids.unlink()
            referral_sudo.write(
                {
                    "eligibility": "eligible" if eligible else "ineligible",
                    "eligibility_checked_on": fields.Datetime.now(),
                    "evidence_ids": [fields.Command.create(proof) for proof in evidence],
                }
            )

    def _find_evidence(self, day) -> list[dict]:
        """Values of the proofs within the dormancy months before ``referred_on``, newest first."""
        self.ensure_one()
        start = eligibility.dormancy_start(day, self.program_id.dormancy_months)
        contacts = self._find_contacts() if start else None
        if not contacts:
            return []
        since = self._start_of_day(start)
        leads = (
            self.env["crm.lead"]
            .with_context(active_test=False)
            .search(
                [
                    ("partner_id", "in", contacts.ids),
                    ("company_id", "in", (False, self.company_id.id)),
                    ("create_date", "<", self.referred_on),
                    # Its own lead, unless that was there before the referral.
                    "|",
                    ("id", "!=", self.lead_id.id),
                    ("create_date", "<", self._start_of_day(day)),
                    "|",
                    ("won_status", "=", "pending"),
                    ("date_closed", ">=", since),
                ],
                limit=PER_KIND,
            )
        )
        evidence = [
            # A stage that moved after the referral does not make the discussion younger than it.
            self._prepare_evidence(
                "opportunity", min(max(lead.date_last_stage_update or since, since), self.referred_on), lead, lead.name
            )
            for lead in leads
        ]
        evidence += self._find_order_evidence(since, contacts)
        evidence += self._find_invoice_evidence(start, day, contacts)
        evidence += self._find_meeting_evidence(since, contacts)
        evidence += self._find_message_evidence(since, day, contacts)
        return sorted(evidence, key=lambda proof: proof["date"], reverse=True)

    def _find_contacts(self):
        """All contacts of the client; of a prospect those with its email, and their companies."""
        Partner = self.env["res.partner"].with_context(active_test=False)
        companies = self.client_id
        email = email_normalize(self.prospect_email) or self.lead_id.email_normalized
        if not companies and email:
            companies = Partner.search([("email_normalized", "=", email)]).commercial_partner_id
        return Partner.search([("id", "child_of", companies.ids)]) if companies else Partner.browse()

    def _find_order_evidence(self, since, contacts):
        orders = self.env["sale.order"].search(
            [
                ("partner_id", "in", contacts.ids),
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "cancel"),
                ("date_order", ">=", since),
                "|",
                ("date_order", "<", self.referred_on),
                # Confirming a quotation dates it anew.
                "&",
                ("state", "=", "sale"),
                ("create_date", "<", self.referred_on),
            ],
            order="date_order desc",
            limit=PER_KIND,
        )
        return [
            self._prepare_evidence(
                "order" if order.state == "sale" else "quotation",
                min(order.date_order, self.referred_on),
                order,
                order.name,
            )
            for order in orders
        ]

    def _find_invoice_evidence(self, start, day, contacts):
        invoices = self.env["account.move"].search(
            [
                ("commercial_partner_id", "in", contacts.commercial_partner_id.ids),
                ("company_id", "=", self.company_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("invoice_date", ">=", start),
                ("invoice_date", "<", day),
            ],
            order="invoice_date desc",
            limit=PER_KIND,
        )
        return [self._prepare_evidence("invoice", invoice.invoice_date, invoice, invoice.name) for invoice in invoices]

    def _find_meeting_evidence(self, since, contacts):
        meetings = self.env["calendar.event"].search(
            [
                ("partner_ids", "in", contacts.ids),
                ("start", ">=", since),
                ("start", "<", self.referred_on),
            ],
            order="start desc",
            limit=PER_KIND,
        )
        return [
            self._prepare_evidence("meeting", meeting.start, meeting, self._name_meeting(meeting))
            for meeting in meetings
        ]

    def _name_meeting(self, meeting) -> str:
        """Its subject, unless it is private: evidence is read by people who were not invited."""
        return self.env._("Busy") if meeting.privacy == "private" else meeting.name

    def _find_message_evidence(self, since, day, contacts):
        """E-mails and comments exchanged on contacts, leads and quotations; automatic notes do not count (D8).

        On the referral's own lead only what is older than the day of the referral counts.
        """
        all_leads = self.env["crm.lead"].with_context(active_test=False)
        leads = all_leads._search([("partner_id", "in", contacts.ids), ("id", "!=", self.lead_id.id)])
        orders = self.env["sale.order"]._search([("partner_id", "in", contacts.ids)])
        on_documents = Domain.OR(
            Domain("model", "=", model) & Domain("res_id", "in", ids)
            for model, ids in (("res.partner", contacts.ids), ("crm.lead", leads), ("sale.order", orders))
        )
        before = Domain("date", "<", self.referred_on)
        on_own_lead = Domain("model", "=", "crm.lead") & Domain("res_id", "=", self.lead_id.id)
        messages = self.env["mail.message"].search(
            ((on_documents & before) | (on_own_lead & Domain("date", "<", self._start_of_day(day))))
            & Domain("message_type", "in", ("email", "email_outgoing", "comment"))
            & Domain("date", ">=", since),
            order="date desc",
            limit=PER_KIND,
        )
        return [
            self._prepare_evidence("message", message.date, message, message.subject or message.record_name)
            for message in messages
        ]

    def _start_of_day(self, day) -> datetime:
        """First moment of a day at the company, as naive UTC."""
        zone = self.company_id._partner_program_zone()
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)

    def _prepare_evidence(self, kind, moment, record, description) -> dict:
        day = self.company_id._partner_program_local_date(moment) if isinstance(moment, datetime) else moment
        return {
            "kind": kind,
            "date": day,
            "description": (description or record.display_name or kind)[:200],
            "res_model": record._name,
            "res_id": record.id,
        }
