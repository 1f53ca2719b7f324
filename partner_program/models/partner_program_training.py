from datetime import timedelta

from odoo import api, fields, models

from ..tools.one_by_one import try_each

WARN_DAYS = 30


class PartnerProgramTraining(models.Model):
    """A contact of a partner followed the product training, and counts as trained for a time (P17, P26).

    A training belongs to the person: whoever moves to another partner is trained there.
    """

    _name = "partner.program.training"
    _description = "Partner Training"
    _inherit = ["mail.thread"]
    _order = "date_from desc, id desc"
    _rec_name = "contact_id"

    contact_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade", tracking=True, help="Who was trained."
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Partner Company",
        related="contact_id.commercial_partner_id",
        store=True,
        index=True,
        help="The company of the trained contact.",
    )
    date_from = fields.Date("Trained On", required=True, default=fields.Date.context_today, tracking=True)
    date_to = fields.Date(
        "Valid Until", tracking=True, help="Last day on which the training counts. Empty: it does not expire."
    )
    source = fields.Selection(
        [("manual", "Noted by Hand")],
        required=True,
        default="manual",
        readonly=True,
        help="Where the training comes from: noted by hand, or by itself from a passed certification or course.",
    )
    proof = fields.Binary(attachment=True, copy=False, help="Attendance list, certificate, or the like.")
    proof_filename = fields.Char(copy=False)
    trainer_id = fields.Many2one(
        "res.users", domain="[('share', '=', False)]", help="Who gave the training, in general the account manager."
    )
    note = fields.Char()
    state = fields.Selection(
        [("planned", "Not Yet Valid"), ("valid", "Valid"), ("expiring", "Expires Soon"), ("expired", "Expired")],
        compute="_compute_state",
        search="_search_state",
    )
    warned_for = fields.Date(
        readonly=True, copy=False, help="Technical: the expiry date that partner and account manager were warned of."
    )

    _ends_after_start = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "A training cannot end before it starts. Correct one of the two dates.",
    )

    @api.depends("contact_id.name", "date_to")
    def _compute_display_name(self):
        for training in self:
            training.display_name = training.contact_id.name or ""

    @api.depends("date_from", "date_to")
    def _compute_state(self):
        today = fields.Date.context_today(self)
        for training in self:
            if training.date_from and training.date_from > today:
                training.state = "planned"
            elif not training.date_to or training.date_to > today + timedelta(days=WARN_DAYS):
                training.state = "valid"
            else:
                training.state = "expiring" if training.date_to >= today else "expired"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        soon = today + timedelta(days=WARN_DAYS)
        Domain, started = fields.Domain, fields.Domain("date_from", "<=", today)
        domains = {
            "planned": Domain("date_from", ">", today),
            "valid": started & (Domain("date_to", "=", False) | Domain("date_to", ">", soon)),
            "expiring": started & Domain("date_to", ">=", today) & Domain("date_to", "<=", soon),
            "expired": started & Domain("date_to", "<", today),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    def _counts_on(self, day):
        """Those that count on a day; contacts who were archived have left."""
        return self.filtered(
            lambda training: (
                training.contact_id.active
                and training.date_from
                and training.date_from <= day
                and (not training.date_to or training.date_to >= day)
            )
        )

    # ------------------------------------------------------------
    # EXPIRY
    # ------------------------------------------------------------

    @api.model
    def _cron_sync_training(self):
        """Scheduled action: enrollments learn what began or expired today; who expires soon is warned.

        :return: how many enrollments changed
        """
        changed = self.env["partner.program.enrollment"]._sync_training()
        self._warn_of_expiry()
        return changed

    @api.model
    def _warn_of_expiry(self):
        """Tell the partner and the account manager thirty days ahead, once for each expiry date.

        :return: the trainings warned of
        """
        today = fields.Date.context_today(self)
        soon = today + timedelta(days=WARN_DAYS)
        expiring = self.search([("date_to", ">=", today), ("date_to", "<=", soon), ("contact_id.active", "=", True)])
        others = self.search([("contact_id", "in", expiring.contact_id.ids), ("date_from", "<=", soon)])
        again = others.grouped("contact_id")
        by_partner = expiring._get_enrollments().grouped("partner_id")
        due = expiring.filtered(
            lambda one: (
                one.warned_for != one.date_to
                and not one._is_continued(again[one.contact_id], soon)
                and one.partner_id in by_partner
            )
        )
        return try_each(due, lambda some: some._warn(by_partner))

    def _is_continued(self, others, soon) -> bool:
        """Whether these trainings go on after this one until that day, without a gap in which payouts would be held."""
        end = self.date_to
        while end and end <= soon:
            after = end + timedelta(days=1)
            following = others.filtered(
                lambda one, end=end, after=after: one.date_from <= after and one._ends_after(end)
            )
            if not following:
                return False
            end = all(following.mapped("date_to")) and max(following.mapped("date_to"))
        return True

    def _ends_after(self, day) -> bool:
        return not self.date_to or self.date_to > day

    def _warn(self, by_partner):
        """Warn of these trainings.

        :param dict by_partner: enrollments of each partner, those that run last
        """
        for training in self:
            training.warned_for = training.date_to
            # A partner of two companies has two account managers; one who looks after both is told once, and rather
            # about an enrollment that runs than about one that has ended.
            responsible = {one._get_responsibles()[:1]: one for one in by_partner[training.partner_id]}
            for user, enrollment in responsible.items():
                localized = self.with_context(lang=user.lang)
                enrollment.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=localized.env._("Training of %(contact)s expires", contact=training.contact_id.name),
                    date_deadline=training.date_to,
                    user_id=user.id,
                )
        self.env["mail.template"]._partner_program_send("partner_program.mail_template_training_expires", self)

    def _get_enrollments(self):
        """Whose payouts these trainings release; those that run come last."""
        Enrollment = self.env["partner.program.enrollment"]
        domain = fields.Domain("partner_id", "in", self.partner_id.ids) & Enrollment._get_payout_domain()
        return Enrollment.search(domain).sorted(lambda one: one.state != "ended")

    def _get_mail_sender(self) -> str:
        """Who looks after the partner, and has the to-do to train again. Called by the template."""
        self.ensure_one()
        if enrollment := self._get_enrollments()[-1:]:
            return enrollment._get_mail_sender()
        return self.trainer_id.filtered("active").email_formatted or self.env.company.email_formatted
