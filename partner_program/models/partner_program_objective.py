from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL


class PartnerProgramObjective(models.Model):
    """What a partner is to reach in a quarter; what it has reached follows from referrals and invoices (P23)."""

    _name = "partner.program.objective"
    _description = "Partner Objective"
    _order = "date_from desc, enrollment_id, id"

    enrollment_id = fields.Many2one("partner.program.enrollment", required=True, index=True, ondelete="cascade")
    partner_id = fields.Many2one(related="enrollment_id.partner_id", store=True, precompute=True, index=True)
    company_id = fields.Many2one(related="enrollment_id.company_id", store=True, precompute=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    year = fields.Char(required=True, size=4, default=lambda self: str(fields.Date.context_today(self).year))
    quarter = fields.Selection(
        [("1", "Q1"), ("2", "Q2"), ("3", "Q3"), ("4", "Q4")],
        required=True,
        default=lambda self: str((fields.Date.context_today(self).month + 2) // 3),
    )
    date_from = fields.Date(compute="_compute_dates", store=True, precompute=True, index=True)
    date_to = fields.Date(compute="_compute_dates", store=True, precompute=True)
    target_clients = fields.Integer("Clients: Objective", help="Clients acquired in the quarter.")
    target_revenue = fields.Monetary(
        "Revenue: Objective",
        help="Untaxed invoices of the partner's clients dated in the quarter, less credit notes: all of them from the "
        "first invoice after the referral on, also those that earn no commission (any more).",
    )
    target_upsells = fields.Integer(
        "Up-sells: Objective",
        help="Clients of the partner that paid for a higher package for the first time, by the date of the invoice.",
    )
    actual_clients = fields.Integer("Clients", compute="_compute_actuals")
    actual_revenue = fields.Monetary("Revenue", compute="_compute_actuals")
    actual_upsells = fields.Integer("Up-sells", compute="_compute_actuals")
    note = fields.Char()

    _quarter_uniq = models.Constraint(
        "UNIQUE (enrollment_id, year, quarter)",
        "This partner has objectives for that quarter already. Change those instead.",
    )
    _targets_positive = models.Constraint(
        "CHECK (target_clients >= 0 AND target_revenue >= 0 AND target_upsells >= 0)",
        "An objective cannot be negative. 0 means: none.",
    )
    _year_range = models.Constraint("CHECK (year ~ '^20[0-9][0-9]$')", "Write the year with four digits, such as 2026.")

    @api.depends("enrollment_id.partner_id.name", "year", "quarter")
    def _compute_display_name(self):
        for objective in self:
            objective.display_name = self.env._(
                "%(partner)s, Q%(quarter)s %(year)s",
                partner=objective.partner_id.name or "",
                quarter=objective.quarter or "",
                year=objective.year or "",
            )

    @api.depends("year", "quarter")
    def _compute_dates(self):
        for objective in self:
            year = (objective.year or "").strip()
            if objective.quarter and len(year) == 4 and year.isdigit() and year > "0000":
                first = date(int(year), int(objective.quarter) * 3 - 2, 1)
                objective.date_from = first
                objective.date_to = first + relativedelta(months=3, days=-1)
            else:
                objective.date_from = objective.date_to = False

    @api.depends("enrollment_id", "date_from", "date_to")
    def _compute_actuals(self):
        facts = self._origin._get_actuals()
        for objective in self:
            actual = facts.get(objective._origin.id, {})
            objective.actual_clients = actual.get("clients", 0)
            objective.actual_revenue = float(actual.get("revenue") or 0)
            objective.actual_upsells = actual.get("upsells", 0)

    def _get_actuals(self) -> dict[int, dict]:
        """Clients, revenue (in the currency of the company) and up-sells of each objective's quarter, in two queries.

        A package is one that was paid for, as everywhere (`partner.program.client.package`); its day is that of the
        invoice. What the partner does on other enrollments before and after a change of program counts too.
        """
        if not self.ids:
            return {}
        packages = self.env["partner.program.client.package"]
        for model in ("partner.referral", "partner.program.enrollment", *packages._depends):
            self.env[model].flush_model()
        self.flush_model()
        claims = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE family (objective_of, enrollment_id) AS (
                    SELECT enrollment_id, enrollment_id FROM partner_program_objective WHERE id IN %(ids)s
                     UNION
                    SELECT family.objective_of, other.id
                      FROM family
                      JOIN partner_program_enrollment one ON one.id = family.enrollment_id
                      JOIN partner_program_enrollment other
                        ON other.id = one.previous_enrollment_id OR other.previous_enrollment_id = one.id
                )
                SELECT family.objective_of, claim.id, claim.client_id
                  FROM family
                  JOIN partner_referral claim ON claim.enrollment_id = family.enrollment_id
                 WHERE claim.state IN ('acquired', 'completed')
                """,
                ids=tuple(self.ids),
            )
        )
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH objective AS (
                    SELECT id, enrollment_id, date_from, date_to FROM partner_program_objective WHERE id IN %(ids)s
                ), claim AS (
                    SELECT referral.id, pair.enrollment_id, client_id, company_id, acquired_on, window_start
                      FROM (VALUES %(claims)s) pair (enrollment_id, referral_id)
                      JOIN partner_referral referral ON referral.id = pair.referral_id
                ), step AS (
                    SELECT claim.id AS claim_id, claim.enrollment_id, period.id, period.date_start AS day, package.rank
                      FROM (%(packages)s) period
                      JOIN claim ON claim.client_id = period.client_id AND claim.company_id = period.company_id
                      JOIN partner_program_package package ON package.id = period.package_id
                     WHERE period.client_id IN %(clients)s  -- named, so that the view reads no other client
                )
                SELECT objective.id,
                       (SELECT COUNT(*)
                          FROM claim
                         WHERE claim.enrollment_id = objective.enrollment_id
                           AND claim.acquired_on BETWEEN objective.date_from AND objective.date_to) AS clients,
                       (SELECT SUM(move.amount_untaxed_signed)
                          FROM account_move move
                          JOIN (SELECT client_id, company_id, MIN(window_start) AS since
                                  FROM claim
                                 WHERE claim.enrollment_id = objective.enrollment_id
                                 GROUP BY client_id, company_id) client
                            ON client.client_id = move.commercial_partner_id
                           AND client.company_id = move.company_id
                           AND client.since <= move.invoice_date
                         WHERE move.commercial_partner_id IN %(clients)s
                           AND move.move_type IN ('out_invoice', 'out_refund')
                           AND move.state = 'posted'
                           AND move.invoice_date BETWEEN objective.date_from AND objective.date_to) AS revenue,
                       (SELECT COUNT(DISTINCT step.id)
                          FROM step
                         WHERE step.enrollment_id = objective.enrollment_id
                           AND step.day BETWEEN objective.date_from AND objective.date_to
                           AND step.rank > (SELECT MAX(earlier.rank) FROM step earlier
                                             WHERE earlier.claim_id = step.claim_id
                                               AND (earlier.day, earlier.id) < (step.day, step.id))
                       ) AS upsells
                  FROM objective
                """,
                ids=tuple(self.ids),
                claims=SQL(", ").join([SQL("(%s, %s)", of, claim) for of, claim, _client in claims] or [SQL("(0, 0)")]),
                clients=tuple({client for _of, _claim, client in claims if client}) or (0,),
                packages=packages._table_query,
            )
        )
        return {row["id"]: row for row in rows}

    @api.model
    def _get_shown(self, enrollments, today):
        """The objectives of the quarter of a day, or else the latest before it; for pack and portal.

        :return: ``[{"label", "objective", "actual", "share" (percent, at most 100), "monetary"}]`` of each objective
        """
        current = self.search(
            [("enrollment_id", "in", enrollments.ids), ("date_from", "<=", today)],
            order="date_from desc, id desc",
        )[:1]
        return current, current._get_figures() if current else []

    @api.model
    def _get_shown_each(self, enrollments, today):
        """The objectives of the quarter of a day, or else of the one before, on each of these enrollments.

        Each company has its own latest quarter: another one may not have set those of this quarter yet. An enrollment
        that another one took over from is left out where that one has objectives too: both count the same
        (``_get_actuals``).
        """
        found = self.search(
            [
                ("enrollment_id", "in", enrollments.ids),
                ("date_from", "<=", today),
                ("date_to", ">=", today - relativedelta(months=3)),
            ]
        )
        latest = {company: of_company[0].date_from for company, of_company in found.grouped("company_id").items()}
        last = found.filtered(lambda objective: objective.date_from == latest[objective.company_id])
        return last.filtered(lambda objective: not objective.enrollment_id.next_enrollment_ids & last.enrollment_id)

    def _get_figures(self) -> list[dict]:
        """What is aimed at, in the order of the policy: acquired clients, revenue, up-sells."""
        self.ensure_one()
        figures = (
            (self.env._("Acquired clients"), self.target_clients, self.actual_clients, False),
            (self.env._("Revenue"), self.target_revenue, self.actual_revenue, True),
            (self.env._("Up-sells"), self.target_upsells, self.actual_upsells, False),
        )
        return [
            {
                "label": label,
                "objective": target,
                "actual": actual,
                "share": max(0, min(100, round(100 * actual / target))) if target else 100,
                "monetary": monetary,
            }
            for label, target, actual, monetary in figures
            if target
        ]
