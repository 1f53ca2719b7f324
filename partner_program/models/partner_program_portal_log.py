from odoo import api, fields, models

KEPT_DAYS = 400  # a year and a month: the audit of last year can still look


class PartnerProgramPortalLog(models.Model):
    """Who of a partner took or changed what in the portal. Rows go by themselves after ``KEPT_DAYS`` days."""

    _name = "partner.program.portal.log"
    _description = "Portal Log"
    _order = "id desc"

    partner_id = fields.Many2one("res.partner", required=True, readonly=True, index=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    user_name = fields.Char("Who", required=True, readonly=True, help="As on that day: people go, the log stays.")
    action = fields.Selection(
        [
            ("statement", "Took a statement"),
            ("bill", "Took a bill"),
            ("resource", "Took a resource"),
            ("setting", "Changed a setting"),
            ("invite", "Invited a colleague"),
            ("remove", "Removed a colleague"),
        ],
        required=True,
        readonly=True,
    )
    detail = fields.Char(readonly=True)
    create_date = fields.Datetime("When", readonly=True)

    @api.depends("user_name", "action")
    def _compute_display_name(self):
        labels = dict(self._fields["action"]._description_selection(self.env))
        for row in self:
            row.display_name = f"{row.user_name or ''} · {labels.get(row.action, '')}"

    @api.model
    def _log(self, action, detail=""):
        """Note what the current user does; users of partners cannot write, read or remove rows themselves."""
        user = self.env.user
        log_sudo = self.sudo()  # nobody writes the log by hand
        return log_sudo.create(
            {
                "partner_id": user.commercial_partner_id.id,
                "user_id": user.id,
                "user_name": user.name,
                "action": action,
                "detail": detail,
            }
        )

    @api.autovacuum
    def _gc_old_rows(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS)
        self.search([("create_date", "<", limit)], limit=100_000).unlink()
