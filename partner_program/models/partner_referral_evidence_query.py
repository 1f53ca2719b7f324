from odoo import api, models
from odoo.tools import SQL

PER_KIND = 5  # proofs kept of each kind: enough to decide, short enough to read

# Moments, in naive UTC. The first day that counts, its first moment, the referral and the first moment of its day.
_REFERRALS = "referral (id, company_id, own_lead_id, first_day, since, day, day_start, referred_on)"


class PartnerReferral(models.Model):
    """The one query that finds the evidence of any number of referrals (P7, D8), part by part."""

    _inherit = "partner.referral"

    def _get_evidence_query(self, matches) -> SQL:
        """``(referral, kind, moment, model, id, line)`` of the proofs, at most ``PER_KIND`` of a kind, newest first.

        ``line`` is the name of the document or the subject of the message; nothing for a meeting that is private,
        as evidence is read by people who were not invited.
        """
        self._flush_evidence()
        return SQL(
            """
            WITH %(asked)s,
            %(documents)s,
            proof (referral_id, kind, moment, day, model, id) AS (%(proofs)s)
            %(lines)s
            """,
            asked=self._get_asked_tables(matches),
            documents=self._get_document_tables(),
            proofs=SQL(" UNION ALL ").join(
                [
                    self._get_proofs_by_leads(),
                    self._get_proofs_by_orders(),
                    self._get_proofs_by_invoices(),
                    self._get_proofs_by_meetings(),
                    self._get_proofs_by_messages(),
                ]
            ),
            lines=self._get_numbered_proofs(),
        )

    @api.model
    def _flush_evidence(self):
        """Write down what the query reads."""
        for model, fnames in (
            ("res.partner", ["commercial_partner_id", "vat", "active"]),
            ("crm.lead", ["partner_id", "company_id", "email_domain_criterion", "phone_sanitized", "won_status"]),
            ("crm.lead", ["date_closed", "date_last_stage_update", "active"]),
            ("sale.order", ["partner_id", "company_id", "state", "date_order", "opportunity_id"]),
            ("account.move", ["commercial_partner_id", "company_id", "move_type", "state", "invoice_date"]),
            ("calendar.event", ["start", "active", "opportunity_id", "partner_ids"]),
            ("calendar.event", ["name", "privacy", "user_id"]),
            ("res.users.settings", ["user_id", "calendar_default_privacy"]),
            ("mail.message", ["model", "res_id", "message_type", "date", "author_id", "subject"]),
            ("res.partner", ["name"]),
            ("crm.lead", ["name"]),
            ("sale.order", ["name"]),
            ("account.move", ["name"]),
        ):
            self.env[model].flush_model(fnames)

    def _get_asked_tables(self, matches) -> SQL:
        """What is asked: the referrals with their periods, the companies, and what leads may agree in."""
        referrals, companies, criteria = [], [], []
        for referral in self:
            referrals.append(referral._get_evidence_period())
            companies += [(referral.id, id_) for id_ in referral._get_suspected_companies(matches[referral])]
            criteria += [(referral.id, kind, value) for kind, value in sorted(referral._get_criteria())]

        def rows(values, empty):
            return SQL(", ").join(SQL("(%s)", SQL(", ").join(SQL("%s", one) for one in row)) for row in values or empty)

        return SQL(
            """
            %(head)s AS (VALUES %(referrals)s),
            company (referral_id, id) AS (VALUES %(companies)s),
            criteria (referral_id, kind, value) AS (VALUES %(criteria)s)
            """,
            head=SQL(_REFERRALS),
            referrals=rows(referrals, []),
            companies=rows(companies, [(0, 0)]),
            criteria=rows(criteria, [(0, "", "")]),
        )

    @api.model
    def _get_document_tables(self) -> SQL:
        """The documents that are looked at: contacts of the companies, their leads, orders and meetings."""
        return SQL(
            """
            contact AS MATERIALIZED (
                SELECT company.referral_id, partner.id
                  FROM company
                  JOIN res_partner partner ON partner.commercial_partner_id = company.id
            ),
            lead AS MATERIALIZED (
                SELECT agreeing.referral_id, lead.id,
                       CASE WHEN lead.id = referral.own_lead_id THEN referral.day_start
                            ELSE referral.referred_on END AS until,
                       lead.won_status, lead.active, lead.date_closed, lead.date_last_stage_update, lead.create_date
                  FROM (SELECT contact.referral_id, lead.id
                          FROM contact
                          JOIN crm_lead lead ON lead.partner_id = contact.id
                         UNION
                        SELECT criteria.referral_id, lead.id
                          FROM criteria
                          JOIN crm_lead lead ON lead.email_domain_criterion = criteria.value
                         WHERE criteria.kind = 'criterion'
                         UNION
                        SELECT criteria.referral_id, lead.id
                          FROM criteria
                          JOIN crm_lead lead ON lead.phone_sanitized = criteria.value
                         WHERE criteria.kind = 'phone'
                         UNION
                        SELECT referral.id, referral.own_lead_id
                          FROM referral
                       ) agreeing
                  JOIN referral ON referral.id = agreeing.referral_id
                  JOIN crm_lead lead ON lead.id = agreeing.id
                 WHERE lead.company_id IS NULL OR lead.company_id = referral.company_id
            ),
            sale AS MATERIALIZED (
                SELECT contact.referral_id, sale.id FROM contact JOIN sale_order sale ON sale.partner_id = contact.id
                 UNION
                SELECT lead.referral_id, sale.id FROM lead JOIN sale_order sale ON sale.opportunity_id = lead.id
            ),
            document AS (
                SELECT referral_id, 'res.partner' AS model, id, NULL::timestamp AS until FROM contact
                 UNION ALL
                SELECT referral_id, 'crm.lead', id, until FROM lead
                 UNION ALL
                SELECT referral_id, 'sale.order', id, NULL FROM sale
            ),
            meeting AS (
                SELECT contact.referral_id, attendee.calendar_event_id AS id, NULL::timestamp AS until
                  FROM contact
                  JOIN calendar_event_res_partner_rel attendee ON attendee.res_partner_id = contact.id
                 UNION
                SELECT lead.referral_id, event.id, lead.until
                  FROM lead
                  JOIN calendar_event event ON event.opportunity_id = lead.id
            )
            """
        )

    @api.model
    def _get_proofs_by_leads(self) -> SQL:
        """Opportunities that were open, or were closed in the period; archived ones are not open."""
        return SQL(
            """
            SELECT referral.id, 'opportunity', LEAST(GREATEST(lead.date_last_stage_update, referral.since),
                   referral.referred_on), NULL::date, 'crm.lead', lead.id
              FROM lead
              JOIN referral ON referral.id = lead.referral_id
             WHERE lead.create_date < lead.until
               AND (lead.won_status = 'pending' AND lead.active OR lead.date_closed >= referral.since)
            """
        )

    @api.model
    def _get_proofs_by_orders(self) -> SQL:
        """Quotations and orders that were there before the referral."""
        return SQL(
            """
            SELECT referral.id, CASE WHEN sale_order.state = 'sale' THEN 'order' ELSE 'quotation' END,
                   LEAST(sale_order.date_order, referral.referred_on), NULL, 'sale.order', sale_order.id
              FROM sale
              JOIN referral ON referral.id = sale.referral_id
              JOIN sale_order ON sale_order.id = sale.id
             WHERE sale_order.company_id = referral.company_id
               AND sale_order.state <> 'cancel'
               AND sale_order.date_order >= referral.since
               -- Confirming a quotation dates it anew.
               AND (sale_order.date_order < referral.referred_on
                    OR sale_order.state = 'sale' AND sale_order.create_date < referral.referred_on)
            """
        )

    @api.model
    def _get_proofs_by_invoices(self) -> SQL:
        """The latest posted invoices."""
        return SQL(
            """
            SELECT referral.id, 'invoice', NULL, invoice.invoice_date, 'account.move', invoice.id
              FROM company
              JOIN referral ON referral.id = company.referral_id
             CROSS JOIN LATERAL (
                   SELECT move.id, move.invoice_date
                     FROM account_move move
                    WHERE move.commercial_partner_id = company.id
                      AND move.company_id = referral.company_id
                      AND move.move_type = 'out_invoice'
                      AND move.state = 'posted'
                      AND move.invoice_date >= referral.first_day
                      AND move.invoice_date < referral.day
                    ORDER BY move.invoice_date DESC, move.id DESC
                    LIMIT %(limit)s) invoice
            """,
            limit=PER_KIND,
        )

    @api.model
    def _get_proofs_by_meetings(self) -> SQL:
        """Meetings with people of the client, or on its leads."""
        return SQL(
            """
            SELECT DISTINCT referral.id, 'meeting', event.start, NULL::date, 'calendar.event', event.id
              FROM meeting
              JOIN referral ON referral.id = meeting.referral_id
              JOIN calendar_event event ON event.id = meeting.id
             WHERE event.active
               AND event.start >= referral.since
               AND event.start < COALESCE(meeting.until, referral.referred_on)
            """
        )

    @api.model
    def _get_proofs_by_messages(self) -> SQL:
        """The latest e-mails and comments on each document, without automatic notes."""
        return SQL(
            """
            SELECT referral.id, 'message', message.date, NULL, 'mail.message', message.id
              FROM document
              JOIN referral ON referral.id = document.referral_id
             CROSS JOIN LATERAL (
                   SELECT note.id, note.date
                     FROM mail_message note
                    WHERE note.model = document.model
                      AND note.res_id = document.id
                      AND note.message_type IN ('email', 'email_outgoing', 'comment')
                      AND note.author_id IS DISTINCT FROM %(robot)s
                      AND note.date >= referral.since
                      AND note.date < COALESCE(document.until, referral.referred_on)
                    ORDER BY note.id DESC
                    LIMIT %(limit)s) message
            """,
            limit=PER_KIND,
            robot=self.env.ref("base.partner_root").id,
        )

    @api.model
    def _get_numbered_proofs(self) -> SQL:
        """The newest proofs of each kind, each with its line."""
        return SQL(
            """
            SELECT numbered.referral_id, numbered.kind, COALESCE(moment, day), numbered.model, numbered.id,
                   CASE numbered.model
                        WHEN 'crm.lead' THEN lead_doc.name
                        WHEN 'sale.order' THEN sale_doc.name
                        WHEN 'account.move' THEN move_doc.name
                        WHEN 'calendar.event' THEN
                            CASE WHEN COALESCE(event_doc.privacy, settings.calendar_default_privacy) = 'private'
                                 THEN NULL ELSE event_doc.name END
                        ELSE COALESCE(NULLIF(note_doc.subject, ''), note_lead.name, note_sale.name, note_partner.name,
                                      '')
                   END
              FROM (SELECT proof.*, ROW_NUMBER() OVER (
                               PARTITION BY referral_id, kind ORDER BY COALESCE(moment, day) DESC, id DESC) AS place
                      FROM proof) numbered
              LEFT JOIN crm_lead lead_doc ON numbered.model = 'crm.lead' AND lead_doc.id = numbered.id
              LEFT JOIN sale_order sale_doc ON numbered.model = 'sale.order' AND sale_doc.id = numbered.id
              LEFT JOIN account_move move_doc ON numbered.model = 'account.move' AND move_doc.id = numbered.id
              LEFT JOIN calendar_event event_doc ON numbered.model = 'calendar.event' AND event_doc.id = numbered.id
              LEFT JOIN res_users_settings settings ON settings.user_id = event_doc.user_id
              LEFT JOIN mail_message note_doc ON numbered.model = 'mail.message' AND note_doc.id = numbered.id
              LEFT JOIN crm_lead note_lead ON note_doc.model = 'crm.lead' AND note_lead.id = note_doc.res_id
              LEFT JOIN sale_order note_sale ON note_doc.model = 'sale.order' AND note_sale.id = note_doc.res_id
              LEFT JOIN res_partner note_partner
                     ON note_doc.model = 'res.partner' AND note_partner.id = note_doc.res_id
             WHERE place <= %(limit)s
             ORDER BY numbered.referral_id, COALESCE(moment, day) DESC, numbered.kind, numbered.id DESC
            """,
            limit=PER_KIND,
        )
