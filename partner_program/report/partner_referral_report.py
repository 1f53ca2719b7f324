from odoo import fields, models
from odoo.tools import SQL


class PartnerReferralReport(models.Model):
    """Referrals as figures: how many, what became of them, how long it took, which share was accepted and won.

    Shares are averages of 0 and 100 over what was decided: a referral that waits for its decision counts in neither.
    """

    _name = "partner.referral.report"
    _description = "Referral Analysis"
    _auto = False
    _order = "referred_on desc, id desc"
    _rec_name = "referral_id"
    _depends = {
        "partner.referral": [
            *("partner_id", "program_id", "client_id", "company_id", "user_id", "state", "referred_on", "acquired_on"),
        ],
        "partner.program": ["program_type"],
    }

    referral_id = fields.Many2one("partner.referral", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    program_id = fields.Many2one("partner.program", readonly=True)
    program_type = fields.Selection([("referral", "Referral"), ("affiliate", "Affiliate")], readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    referred_on = fields.Date(readonly=True, help="Day at the company.")
    state = fields.Selection(
        [
            ("submitted", "Submitted"),
            ("accepted", "Accepted"),
            ("acquired", "Acquired"),
            ("completed", "Completed"),
            ("rejected", "Rejected"),
            ("expired", "Expired"),
            ("lost", "Lost"),
            ("withdrawn", "Withdrawn"),
        ],
        readonly=True,
    )
    outcome = fields.Selection(
        [
            ("undecided", "To Decide"),
            ("open", "Open"),
            ("won", "Won"),
            ("refused", "Refused"),
            ("late", "Too Late"),
            ("lost", "Lost"),
            ("withdrawn", "Withdrawn"),
        ],
        readonly=True,
    )
    days_to_close = fields.Integer(
        readonly=True, aggregator="avg", help="Days from the referral to the acquisition; on average in groups."
    )
    accepted_share = fields.Float(
        "Accepted (%)", readonly=True, aggregator="avg", digits=(5, 1), help="Of what was decided and not withdrawn."
    )
    won_share = fields.Float(
        "Won (%)", readonly=True, aggregator="avg", digits=(5, 1), help="Of what was accepted and is not open any more."
    )

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT facts.*,
                   CASE WHEN state IN ('acquired', 'completed') THEN acquired_on - referred_on END AS days_to_close,
                   CASE WHEN state = 'rejected' THEN 0.0
                        WHEN state NOT IN ('submitted', 'withdrawn') THEN 100.0 END AS accepted_share,
                   CASE WHEN state IN ('acquired', 'completed') THEN 100.0
                        WHEN state IN ('expired', 'lost') THEN 0.0 END AS won_share,
                   CASE state WHEN 'submitted' THEN 'undecided' WHEN 'accepted' THEN 'open'
                              WHEN 'acquired' THEN 'won' WHEN 'completed' THEN 'won' WHEN 'rejected' THEN 'refused'
                              WHEN 'expired' THEN 'late' ELSE state END AS outcome
              FROM (
                   SELECT referral.id, referral.id AS referral_id, referral.partner_id, referral.program_id,
                          program.program_type, referral.client_id, referral.company_id, referral.user_id,
                          referral.state, referral.acquired_on,
                          (referral.referred_on AT TIME ZONE 'UTC' AT TIME ZONE zone.name)::date AS referred_on
                     FROM partner_referral referral
                     JOIN partner_program program ON program.id = referral.program_id
                     JOIN (VALUES %s) zone (company_id, name) ON zone.company_id = referral.company_id
                   ) facts
            """,
            self._get_zones(),
        )

    def _get_zones(self) -> SQL:
        """``(company, time zone)`` by names of today: a database server may know no old ones, and then says nothing."""
        programs_sudo = self.env["partner.program"].sudo().with_context(active_test=False)  # zones of companies only
        zones = [
            SQL("(%s, %s)", company_sudo.id, company_sudo._partner_program_zone().key)
            for (company_sudo,) in programs_sudo._read_group([], ["company_id"])
        ]
        return SQL(", ").join(zones or [SQL("(0, 'UTC')")])

    def action_open_referral(self):
        """Open the referral that the row counts."""
        self.ensure_one()
        return self.referral_id.get_formview_action()
