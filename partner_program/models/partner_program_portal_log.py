from odoo import api, fields, models
from odoo.tools import SQL

KEPT_DAYS = 400  # a year and a month: the audit of last year can still look
PAGES = [
    ("partner_dashboard", "Overview"),
    ("referrals", "Referrals"),
    ("referral", "Referral"),
    ("referral_form", "New Referral"),
    ("commissions", "Commissions"),
    ("commission", "Commission"),
    ("statements", "Statements"),
    ("statement", "Statement of a Period"),
    ("payouts", "Payouts"),
    ("agreement", "Contract"),
    ("resources", "Resources"),
    ("team", "Team"),
]


class PartnerProgramPortalLog(models.Model):
    """Who of a partner saw, took or changed what in the portal. Rows go by themselves after ``KEPT_DAYS`` days.

    Of the pages that somebody looks at, one row a day: see ``controllers/portal.py``.
    """

    _name = "partner.program.portal.log"
    _description = "Portal Log"
    _order = "id desc"

    partner_id = fields.Many2one("res.partner", required=True, readonly=True, index=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    user_name = fields.Char("Who", required=True, readonly=True, help="As on that day: people go, the log stays.")
    action = fields.Selection(
        [
            ("view", "Looked at a page"),
            ("preview", "Looked as the partner sees it"),
            ("statement", "Took a statement"),
            ("bill", "Opened a bill"),
            ("resource", "Took a resource"),
            ("contract", "Took a signed contract"),
            ("refer", "Sent a referral"),
            ("withdraw", "Withdrew a referral"),
            ("question", "Questioned a commission"),
            ("sign", "Signed the contract"),
            ("details", "Told bank account or tax ID"),
            ("setting", "Changed a setting"),
            ("invite", "Invited a colleague"),
            ("remove", "Removed a colleague"),
        ],
        required=True,
        readonly=True,
    )
    page = fields.Selection(PAGES, readonly=True)
    res_id = fields.Integer("Record", readonly=True, help="Of the page of one record; else 0.")
    seen_on = fields.Date(readonly=True, help="Of a page that was looked at: noted once a day (UTC).")
    detail = fields.Char(readonly=True)
    create_date = fields.Datetime("When", readonly=True)

    _once_a_day = models.UniqueIndex(
        "(user_id, seen_on, page, res_id) WHERE action = 'view'", "This visit has been noted already."
    )

    @api.depends("user_name", "action")
    def _compute_display_name(self):
        labels = dict(self._fields["action"]._description_selection(self.env))
        for row in self:
            row.display_name = f"{row.user_name or ''} · {labels.get(row.action, '')}"

    @api.model
    def _log(self, action, detail="", partner=None):
        """Note what the current user does; users of partners cannot write, read or remove rows themselves.

        :param partner: the partner company; the user's own unless an employee acts
        """
        user = self.env.user
        log_sudo = self.sudo()  # nobody writes the log by hand
        return log_sudo.create(
            {
                "partner_id": (partner or user.commercial_partner_id).id,
                "user_id": user.id,
                "user_name": user.name,
                "action": action,
                "detail": detail,
            }
        )

    # ------------------------------------------------------------
    # PAGES LOOKED AT
    # ------------------------------------------------------------

    @api.model
    def _is_noted(self, page, res_id=0) -> bool:
        """Whether there is nothing to write when the current user looks at this page: it was noted today already,
        or the user is of no partner. One query, on a read-only cursor, before the user is authenticated.
        """
        if not self.env.uid:
            return True
        rows = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT FROM partner_program_portal_log log WHERE %s) OR NOT EXISTS (
                    SELECT
                      FROM res_users users
                      JOIN res_partner contact ON contact.id = users.partner_id
                      JOIN partner_program_enrollment enrollment
                        ON enrollment.partner_id = contact.commercial_partner_id
                     WHERE users.id = %s AND enrollment.state NOT IN ('applied', 'rejected')
                )
                """,
                self._same_visit(page, res_id),
                self.env.uid,
            )
        )
        return rows[0][0]

    @api.model
    def _note_view(self, page, record=None) -> None:
        """Note that the current user looks at this page, once a day; two requests at once make one row.

        :param record: what the page shows, if it is the page of one record
        """
        if self.env.cr.readonly:  # noted already, else the route would have a cursor that writes
            return
        user, res_id, today, now = self.env.user, record.id if record else 0, fields.Date.today(), self.env.cr.now()
        # SQL: Odoo's create cannot leave a row out that another request makes at this moment.
        self.env.execute_query(
            SQL(
                """
                INSERT INTO partner_program_portal_log (
                       partner_id, user_id, user_name, action, page, res_id, seen_on, detail,
                       create_uid, create_date, write_uid, write_date)
                SELECT %(partner_id)s, %(uid)s, %(name)s, 'view', %(page)s, %(res_id)s, %(today)s, %(detail)s,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                 WHERE NOT EXISTS (SELECT FROM partner_program_portal_log log WHERE %(same)s)
                    ON CONFLICT DO NOTHING
             RETURNING id
                """,
                partner_id=user.commercial_partner_id.id,
                uid=user.id,
                name=user.name,
                page=page,
                res_id=res_id,
                today=today,
                detail=record.display_name if record else None,
                now=now,
                same=self._same_visit(page, res_id),
            )
        )

    @api.model
    def _same_visit(self, page, res_id) -> SQL:
        return SQL(
            "log.action = 'view' AND log.user_id = %s AND log.seen_on = %s AND log.page = %s AND log.res_id = %s",
            self.env.uid,
            fields.Date.today(),
            page,
            res_id,
        )

    @api.model
    def _get_own_rows_sudo(self, limit):
        """What the people of the reader's company did last; for whoever manages its team."""
        own = [("partner_id", "=", self.env.user.commercial_partner_id.id), ("action", "!=", "preview")]
        log_sudo = self.sudo()  # partners have no right on the log; these are their colleagues
        return log_sudo.search(own, limit=limit)

    # ------------------------------------------------------------
    # CLEANING UP
    # ------------------------------------------------------------

    @api.autovacuum
    def _gc_old_rows(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS)
        self.search([("create_date", "<", limit)], limit=100_000).unlink()
