from datetime import UTC, datetime, time

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..engine import eligibility
from .partner_referral_evidence import PROOF_FIELDS

PER_KIND = 5  # proofs kept of each kind: enough to decide, short enough to read

# Moments, in naive UTC. The first day that counts, its first moment, the referral and the first moment of its day.
_REFERRALS = "referral (id, company_id, own_lead_id, first_day, since, day, day_start, referred_on)"


class PartnerReferral(models.Model):
    """The evidence card: active discussions with the client before the referral (P7, D8).

    What is looked at, for all referrals at once: the whole company of the client and companies with its tax ID (of a
    prospect not confirmed yet, the contacts that agree in more than the name); their leads, and leads that agree by
    e-mail domain or phone; messages, meetings, quotations, orders and invoices of all of these.
    """

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
        self._look_at_facts()
        return True

    def _look_at_facts(self):
        """Find contacts and evidence, then write down what changed: deleting empties Odoo's cache, so that is last."""
        matches = self._find_matches()
        evidence = self.sudo()._find_evidence(matches)  # sudo: documents that this user may not open count too
        self._note_matches(matches)
        self._freeze_evidence(evidence)

    def _freeze_evidence(self, found=None):
        """Replace verdict and proofs by what is found now."""
        referrals_sudo = self.sudo()  # sudo: evidence of documents that this user may not open counts too
        found = referrals_sudo._find_evidence(self._find_matches()) if found is None else found
        now = fields.Datetime.now()
        to_create, outdated = [], referrals_sudo.env["partner.referral.evidence"]
        for referral in referrals_sudo:
            proofs = found[referral]
            day = referral.company_id._partner_program_local_date(referral.referred_on)
            eligible = eligibility.is_eligible(
                [proof["date"] for proof in proofs], day, referral.program_id.dormancy_months
            )
            referral.write({"eligibility": "eligible" if eligible else "ineligible", "eligibility_checked_on": now})
            known = {evidence._get_proof(): evidence for evidence in referral.evidence_ids}
            keys = {tuple(proof[fname] for fname in PROOF_FIELDS) for proof in proofs}
            outdated |= outdated.union(*(evidence for key, evidence in known.items() if key not in keys))
            to_create += [
                {"referral_id": referral.id, "company_id": referral.company_id.id, **proof}
                for proof in proofs
                if tuple(proof[fname] for fname in PROOF_FIELDS) not in known
            ]
        outdated.create(to_create)
        outdated.unlink()

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
    # QUERY
    # ------------------------------------------------------------

    def _get_evidence_query(self, matches) -> SQL:
        """``(referral, kind, moment, model, id, line)`` of the proofs, at most ``PER_KIND`` of a kind, newest first.

        ``line`` is the name of the document or the subject of the message; nothing for a meeting that is private,
        as evidence is read by people who were not invited.
        """
        for model, fnames in (
            ("res.partner", ["commercial_partner_id", "vat", "active"]),
            ("crm.lead", ["partner_id", "company_id", "email_domain_criterion", "phone_sanitized", "won_status"]),
            ("crm.lead", ["date_closed", "date_last_stage_update"]),
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
        referrals, companies, criteria = [], [], []
        for referral in self:
            referrals.append(referral._get_evidence_period())
            companies += [(referral.id, id_) for id_ in referral._get_suspected_companies(matches[referral])]
            criteria += [(referral.id, kind, value) for kind, value in sorted(referral._get_criteria())]

        def rows(values, empty):
            return SQL(", ").join(SQL("(%s)", SQL(", ").join(SQL("%s", one) for one in row)) for row in values or empty)

        return SQL(
            """
            WITH %(head)s AS (VALUES %(referrals)s),
            company (referral_id, id) AS (VALUES %(companies)s),
            criteria (referral_id, kind, value) AS (VALUES %(criteria)s),
            contact AS MATERIALIZED (
                SELECT company.referral_id, partner.id
                  FROM company
                  JOIN res_partner partner ON partner.commercial_partner_id = company.id
            ),
            lead AS MATERIALIZED (
                SELECT agreeing.referral_id, lead.id,
                       CASE WHEN lead.id = referral.own_lead_id THEN referral.day_start
                            ELSE referral.referred_on END AS until,
                       lead.won_status, lead.date_closed, lead.date_last_stage_update, lead.create_date
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
            ),
            proof (referral_id, kind, moment, day, model, id) AS (
                SELECT referral.id, 'opportunity', LEAST(GREATEST(lead.date_last_stage_update, referral.since),
                       referral.referred_on), NULL::date, 'crm.lead', lead.id
                  FROM lead
                  JOIN referral ON referral.id = lead.referral_id
                 WHERE lead.create_date < lead.until
                   AND (lead.won_status = 'pending' OR lead.date_closed >= referral.since)
                 UNION ALL
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
                 UNION ALL
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
                 UNION ALL
                SELECT DISTINCT referral.id, 'meeting', event.start, NULL::date, 'calendar.event', event.id
                  FROM meeting
                  JOIN referral ON referral.id = meeting.referral_id
                  JOIN calendar_event event ON event.id = meeting.id
                 WHERE event.active
                   AND event.start >= referral.since
                   AND event.start < COALESCE(meeting.until, referral.referred_on)
                 UNION ALL
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
            )
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
            head=SQL(_REFERRALS),
            referrals=rows(referrals, []),
            companies=rows(companies, [(0, 0)]),
            criteria=rows(criteria, [(0, "", "")]),
            robot=self.env.ref("base.partner_root").id,
            limit=PER_KIND,
        )

    def _get_evidence_period(self) -> tuple:
        """Values of ``_REFERRALS``."""
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
        return companies | set(self.client_id.ids) | set(self.lead_id.partner_id.commercial_partner_id.ids)

    def _start_of_day(self, day) -> datetime:
        """First moment of a day at the company, as naive UTC."""
        zone = self.company_id._partner_program_zone()
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
