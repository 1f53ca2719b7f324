from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL

from .partner_referral import EXIT_STATES

# On which documents a client answers.
DISCUSSED = ("crm.lead", "sale.order", "res.partner")


class PartnerReferral(models.Model):
    """How far a claim got: a line of dated steps that are found from facts, never ticked by hand."""

    _inherit = "partner.referral"

    ended_on = fields.Datetime(
        compute="_compute_ended_on",
        store=True,
        groups="base.group_user",
        help="When the claim was refused, expired, was lost or withdrawn: what the client does later is no step of it.",
    )
    milestones_html = fields.Html("Milestones", compute="_compute_milestones_html", sanitize=False)

    @api.depends("state")
    def _compute_ended_on(self):
        for referral in self:
            referral.ended_on = referral.state in EXIT_STATES and (referral.ended_on or fields.Datetime.now())

    @api.depends("state", "referred_on", "lead_id", "client_id", "acquired_on", "window_start", "window_end")
    @api.depends_context("lang")
    def _compute_milestones_html(self):
        milestones = self._get_milestones_by_id()
        for referral in self:
            html = self.env["ir.qweb"]._render(
                "partner_program.referral_milestones", {"milestones": milestones[referral._origin.id]}
            )
            referral.milestones_html = Markup(html) if referral._origin else False

    def _get_milestones(self) -> list[dict]:
        """The steps of one referral, by day; see ``_get_milestones_by_id``. Days only: fit for partners."""
        self.ensure_one()
        return self._get_milestones_by_id()[self._origin.id]

    def _get_milestones_by_id(self) -> dict[int, list[dict]]:
        """The steps of many referrals, in one query.

        Whoever may read a referral may know when each step was taken; of the discussions behind them only
        the day is told.

        :return: for each id ``[{"key", "label", "date", "done", "skipped", "short"}]``: the day at the company, or
            False; ``skipped`` when a later step was taken without this one, or the claim has ended before it
        """
        self.check_access("read")
        labels = {
            "introduced": self.env._("Introduced"),
            "qualified": self.env._("Qualified"),
            "engaged": self.env._("Engaged"),
            "won": self.env._("Won"),
            "paid": self.env._("First Payment"),
            "ends": self.env._("Window Ends"),
        }
        facts = self._origin._get_milestone_facts()
        return {
            referral.id: referral._prepare_milestones(labels, facts.get(referral.id, {})) for referral in self._origin
        } | {False: []}

    def _prepare_milestones(self, labels, facts) -> list[dict]:
        self.ensure_one()
        referral_sudo = self.sudo()  # days of the company; rights were checked by the caller
        company = referral_sudo.company_id

        def local(moment):
            return moment and company._partner_program_local_date(moment)

        if ended := referral_sudo.ended_on:  # the rest is between the client and us
            facts = {
                key: moment
                for key, moment in facts.items()
                if moment and key in ("qualified_at", "engaged_at", "won_at") and moment <= ended
            }
        won = [local(facts.get("won_at"))]
        if referral_sudo.acquired_on:
            won += [referral_sudo.acquired_on, referral_sudo.window_start, facts.get("paid_on")]
        days = {
            "introduced": local(referral_sudo.referred_on),
            "qualified": local(facts.get("qualified_at")),
            "engaged": local(facts.get("engaged_at")),
            "won": min(filter(None, won), default=False),
            "paid": facts.get("paid_on"),
            "ends": referral_sudo.window_end,
        }
        for key in ("qualified", "engaged"):  # a first answer after the client was won engages nobody any more
            if days[key] and days["won"] and days[key] > days["won"]:
                days[key] = False
        today = company._partner_program_today()
        done = {key: bool(day) and (key != "ends" or day <= today) for key, day in days.items()}
        keys = list(labels)
        for first, second in (("qualified", "engaged"), ("paid", "ends")):  # either may come first: read them in order
            if days[first] and days[second] and days[first] > days[second]:
                position = keys.index(first)
                keys[position : position + 2] = second, first
        last = max((index for index, key in enumerate(keys) if done[key]), default=0)
        return [
            {
                "key": key,
                "label": labels[key],
                "date": days[key] or False,
                "done": done[key],
                "skipped": not done[key] and (index < last or referral_sudo.state in EXIT_STATES),
                "short": days[key] and self._format_short_day(days[key], today),
            }
            for index, key in enumerate(keys)
        ]

    def _get_milestone_facts(self) -> dict[int, dict]:
        """When each referral was qualified, engaged, won (moments, UTC) and first paid (day)."""
        if not self.ids:
            return {}
        for model in ("crm.lead", "mail.message", "calendar.event", "res.partner", "partner.commission.line"):
            self.env[model].flush_model()
        self.flush_model()
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT referral.id,
                       opportunity.since AS qualified_at,
                       LEAST(answer.date, mail.date, meeting.start, appointment.start) AS engaged_at,
                       CASE WHEN lead.won_status = 'won' THEN lead.date_closed END AS won_at,
                       payment.paid_on
                  FROM partner_referral referral
             LEFT JOIN crm_lead lead ON lead.id = referral.lead_id
             LEFT JOIN LATERAL (
                       SELECT MIN(GREATEST(COALESCE(own.date_conversion, own.create_date),
                                           referral.referred_on)) AS since
                         FROM crm_lead own
                        WHERE own.type = 'opportunity'
                          AND (own.id = referral.lead_id
                               OR referral.lead_id IS NULL
                                  AND own.create_date >= referral.referred_on
                                  AND own.partner_id IN (
                                      SELECT id FROM res_partner WHERE commercial_partner_id = referral.client_id))
                       ) opportunity ON TRUE
             %(engagement)s
             LEFT JOIN LATERAL (
                       SELECT MIN(line.fully_paid_on) AS paid_on
                         FROM partner_commission_line line
                        WHERE line.referral_id = referral.id
                          AND line.void_code IS NULL
                       ) payment ON TRUE
                 WHERE referral.id IN %(ids)s
                """,
                ids=tuple(self.ids),
                engagement=self._get_engagement_tables(),
            )
        )
        return {row["id"]: row for row in rows}

    @api.model
    def _get_engagement_tables(self) -> SQL:
        """What engages a client, as joins to ``referral`` and ``lead``: ``answer, mail, meeting, appointment``."""
        return SQL(
            """
         -- what contacts of the client wrote
         LEFT JOIN LATERAL (
                   SELECT MIN(message.date) AS date
                     FROM res_partner contact
                     JOIN mail_message message ON message.author_id = contact.id
                    WHERE contact.commercial_partner_id = referral.client_id
                      AND message.model IN %(models)s
                      AND message.message_type IN ('email', 'comment')
                      AND message.date >= referral.referred_on
                   ) answer ON TRUE
         -- what others wrote on the lead, except colleagues and the partner who referred it
         LEFT JOIN LATERAL (
                   SELECT MIN(message.date) AS date
                     FROM mail_message message
                LEFT JOIN res_partner author ON author.id = message.author_id
                    WHERE message.model = 'crm.lead'
                      AND message.res_id = referral.lead_id
                      AND message.message_type = 'email'
                      AND message.date >= referral.referred_on
                      AND CASE WHEN author.id IS NULL
                               THEN POSITION(COALESCE(lead.email_normalized, '-') IN LOWER(message.email_from)) > 0
                               ELSE author.partner_share AND author.commercial_partner_id <> referral.partner_id
                          END
                   ) mail ON TRUE
         LEFT JOIN LATERAL (
                   SELECT MIN(event.start) AS start
                     FROM calendar_event event
                    WHERE event.opportunity_id = referral.lead_id
                      AND event.active
                      AND event.start >= referral.referred_on
                      AND event.stop <= %(now)s
                   ) meeting ON TRUE
         LEFT JOIN LATERAL (
                   SELECT MIN(event.start) AS start
                     FROM res_partner contact
                     JOIN calendar_event_res_partner_rel invited ON invited.res_partner_id = contact.id
                     JOIN calendar_event event ON event.id = invited.calendar_event_id
                    WHERE contact.commercial_partner_id = referral.client_id
                      AND event.active
                      AND event.start >= referral.referred_on
                      AND event.stop <= %(now)s
                   ) appointment ON TRUE
            """,
            models=DISCUSSED,
            now=fields.Datetime.now(),
        )
