from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

LIVE_STATES = ("applied", "onboarding", "active", "suspended")


class PartnerProgramEnrollment(models.Model):
    """A partner company on a program: from the application to the end."""

    _name = "partner.program.enrollment"
    _description = "Program Enrollment"
    _inherit = ["mail.thread.main.attachment", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _primary_email = "applicant_email"
    _rec_names_search = ["partner_id", "program_id"]

    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        help="The partner company. A contact of it is replaced by the company itself.",
    )
    program_id = fields.Many2one(
        "partner.program", required=True, index=True, ondelete="restrict", tracking=True, check_company=True
    )
    program_type = fields.Selection(related="program_id.program_type", store=True)
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    state = fields.Selection(
        [
            ("applied", "Applied"),
            ("onboarding", "Onboarding"),
            ("active", "Active"),
            ("suspended", "Suspended"),
            ("ended", "Ended"),
            ("rejected", "Rejected"),
        ],
        required=True,
        default="applied",
        index=True,
        tracking=True,
        group_expand=True,
        copy=False,
    )
    applicant_email = fields.Char(copy=False)
    account_manager_id = fields.Many2one(
        "res.users", tracking=True, domain="[('share', '=', False)]", help="The partner's dedicated contact person."
    )
    date_start = fields.Date("Start", tracking=True, copy=False)
    date_end = fields.Date("End", tracking=True, copy=False)
    for_cause = fields.Boolean(
        tracking=True,
        copy=False,
        help="Clients already acquired keep earning after the end, unless the enrollment ended for cause: "
        "then invoices that are fully paid after the end earn nothing.",
    )
    end_reason = fields.Char(tracking=True, copy=False)
    agreement_id = fields.Many2one(
        "partner.program.agreement",
        "Signed Agreement",
        compute="_compute_agreement_id",
        store=True,
        readonly=False,
        ondelete="restrict",
        tracking=True,
        copy=False,
    )
    signed_on = fields.Date(tracking=True, copy=False)
    signed_by = fields.Char(tracking=True, copy=False)
    trained_contact_ids = fields.Many2many(
        "res.partner",
        string="Trained Staff",
        copy=False,
        domain="[('id', 'child_of', partner_id)]",
        help="Contacts of the partner who followed the product training and can on-board and train clients.",
    )
    last_billed_on = fields.Datetime(
        readonly=True, copy=False, help="When the last bill was drafted for commissions of this enrollment."
    )
    requirements_met = fields.Boolean(compute="_compute_requirements_met", store=True)
    complete_since = fields.Date(
        compute="_compute_requirements_met",
        store=True,
        copy=False,
        help="Since when nothing is missing that holds payouts. Empty while something is.",
    )
    missing_since = fields.Date(
        compute="_compute_requirements_met",
        store=True,
        copy=False,
        help="Since when something is missing that holds payouts, or was missing last. What was due before is late by "
        "us. Empty: nothing ever was.",
    )
    missing_requirements = fields.Char(
        "Missing",
        compute="_compute_missing_requirements",
        help="What is still missing before commissions are paid out. "
        "They are earned and held meanwhile, never dropped.",
    )
    referral_ids = fields.One2many("partner.referral", "enrollment_id", "Referrals")
    has_referrals = fields.Boolean(compute="_compute_has_referrals", compute_sudo=True)
    referral_count = fields.Integer(compute="_compute_counts")
    client_count = fields.Integer(compute="_compute_counts")

    _live_uniq = models.UniqueIndex(
        "(partner_id, program_id) WHERE state NOT IN ('ended', 'rejected')",
        "This partner is enrolled in this program already. End that enrollment first, or reopen it.",
    )
    _end_after_start = models.Constraint(
        "CHECK (date_end IS NULL OR date_start IS NULL OR date_end >= date_start)",
        "An enrollment cannot end before it starts.",
    )

    # ------------------------------------------------------------
    # COMPUTE
    # ------------------------------------------------------------

    @api.depends("partner_id.name", "program_id.name")
    def _compute_display_name(self):
        for enrollment in self:
            enrollment.display_name = self.env._(
                "%(partner)s (%(program)s)",
                partner=enrollment.partner_id.name or "",
                program=enrollment.program_id.name or "",
            )

    @api.depends("signed_on")
    def _compute_agreement_id(self):
        """Somebody who notes a signature means the version of that day, unless told otherwise."""
        for enrollment in self:
            if enrollment.signed_on and not enrollment.agreement_id:
                enrollment.agreement_id = enrollment.program_id.agreement_id

    @api.depends(
        "program_id.agreement_id.name",
        "program_id.agreement_id.version",
        "program_id.agreement_id.sign_by",
        "program_id.asked_agreement_ids.sign_by",
        "program_id.trained_contacts_required",
        "program_id.bank_account_required",
        "program_id.tax_id_required",
        "agreement_id",
        "signed_on",
        "signature_ids",
        "previous_enrollment_id",  # of what is signed for other enrollments of the partner ``_note_signed`` tells
        "trained_contact_ids",
        "partner_id.bank_ids.active",
        "partner_id.vat",
    )
    def _compute_requirements_met(self):
        for enrollment in self:
            today = (enrollment.company_id or self.env.company)._partner_program_today()
            complete_since, missing_since = enrollment.complete_since, enrollment.missing_since
            is_met = enrollment.requirements_met = not enrollment._get_missing_requirements()
            if not is_met and (complete_since or not missing_since):
                missing_since = today
            enrollment.complete_since = is_met and (complete_since or today)
            enrollment.missing_since = missing_since

    @api.depends("requirements_met")
    @api.depends_context("lang")
    def _compute_missing_requirements(self):
        for enrollment in self:
            enrollment.missing_requirements = ", ".join(enrollment._get_missing_requirements())

    def _get_missing_requirements(self) -> list[str]:
        """What holds the payouts of this partner, in words (D15)."""
        self.ensure_one()
        program, missing = self.program_id, []
        if program.agreement_id and not self._has_signed() and self._is_signature_due():
            if self._get_signed_version():
                missing.append(self.env._("new version of the contract not signed"))
            else:
                missing.append(self.env._("contract not signed"))
        trained, required = len(self.trained_contact_ids), program.trained_contacts_required
        if trained < required:
            missing.append(self.env._("trained staff: %(trained)s of %(required)s", trained=trained, required=required))
        if program.bank_account_required and not self.partner_id.bank_ids:
            missing.append(self.env._("bank account unknown"))
        if program.tax_id_required and not self.partner_id.vat:
            missing.append(self.env._("tax ID unknown"))
        return missing

    @api.depends("referral_ids")
    def _compute_has_referrals(self):
        """Whether there are any, be it none that the reader sees: a branch sees no referral of its parent."""
        used = self.env["partner.referral"]._read_group([("enrollment_id", "in", self.ids)], ["enrollment_id"])
        ids = {enrollment.id for (enrollment,) in used}
        for enrollment in self:
            enrollment.has_referrals = enrollment._origin.id in ids

    def _compute_counts(self):
        counts = self.env["partner.referral"]._read_group(
            [("enrollment_id", "in", self.ids)], ["enrollment_id", "state"], ["__count"]
        )
        total, clients = {}, {}
        for enrollment, state, count in counts:
            total[enrollment.id] = total.get(enrollment.id, 0) + count
            if state in ("acquired", "completed"):
                clients[enrollment.id] = clients.get(enrollment.id, 0) + count
        for enrollment in self:
            enrollment.referral_count = total.get(enrollment.id, 0)
            enrollment.client_count = clients.get(enrollment.id, 0)

    # ------------------------------------------------------------
    # CONSTRAINTS, CRUD
    # ------------------------------------------------------------

    @api.constrains("for_cause", "state", "end_reason")
    def _check_end_reason(self):
        for enrollment in self:
            if enrollment.for_cause and enrollment.state == "ended" and not enrollment.end_reason:
                raise ValidationError(
                    self.env._(
                        "Say why the enrollment of %(partner)s ends for cause.", partner=enrollment.partner_id.name
                    )
                )

    @api.constrains("signed_on")
    def _check_signed_on(self):
        for enrollment in self:
            if enrollment.signed_on and enrollment.signed_on > enrollment.company_id._partner_program_today():
                raise ValidationError(
                    self.env._(
                        "The signature of %(partner)s cannot be dated in the future.",
                        partner=enrollment.partner_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("partner_id"):
                vals["partner_id"] = self.env["res.partner"].browse(vals["partner_id"]).commercial_partner_id.id
        enrollments = super().create(vals_list)
        enrollments._set_period()
        return enrollments

    def write(self, vals):
        if vals.get("partner_id"):
            vals = {**vals, "partner_id": self.env["res.partner"].browse(vals["partner_id"]).commercial_partner_id.id}
            self._check_partner_change("partner_id", vals["partner_id"])
            self._check_signed_by_partner(vals["partner_id"])
        if vals.get("program_id"):
            self._check_partner_change("program_id", vals["program_id"])
        result = super().write(vals)
        if "state" in vals:
            self._set_period()
        return result

    def _check_partner_change(self, fname, value):
        """Money belongs to the partner who earned it, on the program that promised it: it never moves by an edit."""
        for enrollment in self.filtered("has_referrals"):
            here = enrollment[fname]
            # The company of a partner that became its contact is no other partner.
            if value in (here.id, fname == "partner_id" and here.commercial_partner_id.id):
                continue
            raise UserError(
                self.env._(
                    "An enrollment with referrals cannot move to another partner or program. Create a new enrollment."
                )
            )

    def _set_period(self):
        """Date the start and the end when the state says so and nobody has."""
        for enrollment in self:
            today = enrollment.company_id._partner_program_today()
            if enrollment.state == "active" and not enrollment.date_start:
                enrollment.date_start = today
            if enrollment.state == "ended" and not enrollment.date_end:
                enrollment.date_end = max(today, enrollment.date_start or today)
            elif enrollment.state in LIVE_STATES and enrollment.date_end:
                enrollment.write({"date_end": False, "for_cause": False})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if used := self.filtered("has_referrals"):
            raise UserError(
                self.env._(
                    "%(partner)s has referrals: end the enrollment instead of deleting it.",
                    partner=used[0].display_name,
                )
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_view_referrals(self):
        """Open the referrals of the partner."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_referral_action")
        action["domain"] = [("enrollment_id", "=", self.id)]
        action["context"] = {"default_enrollment_id": self.id}
        return action

    def action_view_commissions(self):
        """Open the commission lines of the partner."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_commission_line_action")
        action["domain"] = [("partner_id", "=", self.partner_id.id)]
        return action
