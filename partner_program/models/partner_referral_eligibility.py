from datetime import UTC, datetime, time

from odoo import fields, models
from odoo.fields import Domain

from ..engine import eligibility

PER_KIND = 5  # proofs kept of each kind: enough to decide, short enough to read


class PartnerReferral(models.Model):
    """The evidence card: active discussions with the client before the referral (P7, D8)."""

    _inherit = "partner.referral"

    def action_check_eligibility(self):
        """Look for discussions in the months before the referral, and freeze verdict and proofs."""
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
        return True

    def _find_evidence(self, day) -> list[dict]:
        """Values of the proofs within the dormancy months before ``referred_on``, newest first."""
        self.ensure_one()
        start = eligibility.dormancy_start(day, self.program_id.dormancy_months)
        if not start or not self.client_id:
            return []
        zone = self.company_id._partner_program_zone()
        since = datetime.combine(start, time.min, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
        contacts = (
            self.env["res.partner"].with_context(active_test=False).search([("id", "child_of", self.client_id.id)])
        )
        leads = (
            self.env["crm.lead"]
            .with_context(active_test=False)
            .search(
                [
                    ("partner_id", "in", contacts.ids),
                    ("company_id", "in", (False, self.company_id.id)),
                    ("create_date", "<", self.referred_on),
                    ("id", "!=", self.lead_id.id),
                    "|",
                    ("won_status", "=", "pending"),
                    ("date_closed", ">=", since),
                ],
                limit=PER_KIND,
            )
        )
        evidence = [
            self._prepare_evidence("opportunity", max(lead.date_last_stage_update or since, since), lead, lead.name)
            for lead in leads
        ]
        evidence += self._find_order_evidence(since, contacts)
        evidence += self._find_invoice_evidence(start, day, contacts)
        evidence += self._find_meeting_evidence(since, contacts)
        evidence += self._find_message_evidence(since, contacts, leads)
        return sorted(evidence, key=lambda proof: proof["date"], reverse=True)

    def _find_order_evidence(self, since, contacts):
        orders = self.env["sale.order"].search(
            [
                ("partner_id", "in", contacts.ids),
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "cancel"),
                ("date_order", ">=", since),
                ("date_order", "<", self.referred_on),
            ],
            order="date_order desc",
            limit=PER_KIND,
        )
        return [
            self._prepare_evidence(
                "order" if order.state == "sale" else "quotation", order.date_order, order, order.name
            )
            for order in orders
        ]

    def _find_invoice_evidence(self, start, day, contacts):
        invoices = self.env["account.move"].search(
            [
                ("commercial_partner_id", "=", self.client_id.id),
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
        return [self._prepare_evidence("meeting", meeting.start, meeting, meeting.name) for meeting in meetings]

    def _find_message_evidence(self, since, contacts, leads):
        """E-mails and comments exchanged; automatic notes do not count (D8)."""
        on_documents = Domain("model", "=", "res.partner") & Domain("res_id", "in", contacts.ids)
        if leads:
            on_documents |= Domain("model", "=", "crm.lead") & Domain("res_id", "in", leads.ids)
        messages = self.env["mail.message"].search(
            on_documents
            & Domain("message_type", "in", ("email", "email_outgoing", "comment"))
            & Domain("date", ">=", since)
            & Domain("date", "<", self.referred_on),
            order="date desc",
            limit=PER_KIND,
        )
        return [
            self._prepare_evidence("message", message.date, message, message.subject or message.preview)
            for message in messages
        ]

    def _prepare_evidence(self, kind, moment, record, description) -> dict:
        day = self.company_id._partner_program_local_date(moment) if isinstance(moment, datetime) else moment
        return {
            "kind": kind,
            "date": day,
            "description": (description or record.display_name or kind)[:200],
            "res_model": record._name,
            "res_id": record.id,
        }
