from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column

from odoo.addons.account.models.account_move import BYPASS_LOCK_CHECK

# Who has rights on enrollments and referrals: colleagues without them still read the contact.
READERS = "sales_team.group_sale_salesman,account.group_account_invoice,account.group_account_readonly"

COMPANY_FIELDS = {"parent_id", "is_company"}  # what Odoo computes the commercial entity from


class ResPartner(models.Model):
    _inherit = "res.partner"

    program_enrollment_ids = fields.One2many(
        "partner.program.enrollment", "partner_id", "Program Enrollments", groups=READERS
    )
    program_id = fields.Many2one(
        "partner.program",
        "Partner Program",
        compute="_compute_program",
        search="_search_program",
        help="Program in which the company is an active partner.",
    )
    program_type = fields.Selection(
        [("referral", "Referral"), ("affiliate", "Affiliate")], "Partner Type", compute="_compute_program"
    )
    client_referral_ids = fields.One2many("partner.referral", "client_id", "Referrals of This Client", groups=READERS)
    referral_watch = fields.Selection(
        [("payments", "Invoices and Payments"), ("invoices", "Invoices")],
        compute="_compute_referral_watch",
        compute_sudo=True,
        store=True,
        groups="base.group_user",
        help="Technical: whether accounting has to tell the partner program about this client.",
    )
    referral_partner_id = fields.Many2one(
        "res.partner",
        "Referred By",
        compute="_compute_referral_partner_id",
        groups=READERS,
    )

    def _auto_init(self):
        # EXTENDS base: before the add-on nobody is a referred client, and Odoo would compute that for each contact
        if not column_exists(self.env.cr, self._table, "referral_watch"):
            create_column(self.env.cr, self._table, "referral_watch", "varchar")
        return super()._auto_init()

    def write(self, vals):
        # EXTENDS account: Odoo moves invoices, bills and log-ins of a contact that joins a company; ours go along
        before = {}
        if COMPANY_FIELDS & vals.keys():
            before = {contact: contact.commercial_partner_id for contact in self}
        result = super().write(vals)
        if moved := self.filtered(lambda contact: before and contact.commercial_partner_id != before[contact]):
            moved._follow_to_company()
        if vals.get("active") is False:
            self._leave_partner_meetings(is_removed=False)
        return result

    def _follow_to_company(self):
        """What hangs on these contacts, which belong to another company than before: partners, clients, followers."""
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # who keeps contacts need not see these
        enrollments_sudo._find_moved(self)._move_to_company()
        self.env["partner.referral"].sudo()._follow_clients(self)  # as above
        users_sudo = self.sudo().with_context(active_test=False).user_ids  # as above
        colleagues = users_sudo.filtered(lambda user: not user.share).partner_id
        below = [("share", "=", True), ("partner_id", "child_of", self.ids)]  # of its contacts, too
        if with_log_in := users_sudo.search(below).partner_id:
            with_log_in._open_program_companies_sudo()
        (self - colleagues)._stop_following()  # a colleague belongs to no partner, whatever the contact's company

    def _take_entries_along(self):
        """The entries of this contact, which became part of a company, are those of the company: invoices and bills.

        Odoo moves them when the parent is written, and only those that name the contact itself; not those of its
        addresses, nor any when a company is called a person.
        """
        self.ensure_one()
        company = self.commercial_partner_id
        moves_sudo = self.env["account.move"].sudo()  # whoever keeps contacts need not see the books
        moves_sudo = moves_sudo.search(
            [("commercial_partner_id", "=", self.id), ("partner_id.commercial_partner_id", "=", company.id)]
        )
        moves_sudo.with_context(bypass_lock_check=BYPASS_LOCK_CHECK).commercial_partner_id = company  # as Odoo does

    def action_register_referral(self):
        """Open the form that notes who referred this client, and when."""
        self.ensure_one()
        return self.env["partner.referral"]._get_register_action(default_client_id=self.id)

    @api.depends("program_enrollment_ids.state", "parent_id")
    @api.depends_context("allowed_company_ids")
    def _compute_program(self):
        companies = self.commercial_partner_id
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # the type of a partner is no secret
        enrollments_sudo = enrollments_sudo.search(
            [("partner_id", "in", companies.ids), ("state", "in", ("active", "suspended"))], order="state, id desc"
        )
        by_partner = {}
        for enrollment in enrollments_sudo:
            if enrollment.company_id in self.env.companies:
                by_partner.setdefault(enrollment.partner_id.id, enrollment.program_id)
        for partner in self:
            program = by_partner.get(partner.commercial_partner_id.id, self.env["partner.program"])
            partner.program_id = program.sudo(False)
            partner.program_type = program.program_type

    def _search_program(self, operator, value):
        if operator != "in":
            return NotImplemented
        enrolled = self._get_enrolled_domain()
        found = enrolled & self._get_enrolled_domain([("program_id", "in", value)])
        return (found | ~enrolled) if False in value else found

    def _get_enrolled_domain(self, domain=()):
        """Contacts of companies with a running enrollment."""
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # as in _compute_program
        companies = enrollments_sudo.search([("state", "in", ("active", "suspended")), *domain]).partner_id
        return fields.Domain("commercial_partner_id", "in", companies.ids)

    @api.depends("client_referral_ids.state", "client_referral_ids.program_id.acquisition_event")
    def _compute_referral_watch(self):
        for partner in self:
            states = {(r.state, r.acquisition_event) for r in partner.client_referral_ids}
            if ("accepted", "entry_payment") in states:
                partner.referral_watch = "payments"
            elif any(state in ("acquired", "completed") for state, _event in states):
                partner.referral_watch = "invoices"
            else:
                partner.referral_watch = False

    @api.depends("client_referral_ids.state")
    @api.depends_context("allowed_company_ids")
    def _compute_referral_partner_id(self):
        referrals = self.env["partner.referral"].search(
            [
                ("client_id", "in", self.commercial_partner_id.ids),
                ("company_id", "in", self.env.companies.ids),
                ("state", "in", ("accepted", "acquired")),
            ],
            order="referred_on desc, id desc",  # the claim that was received first stays
        )
        by_client = {referral.client_id.id: referral.partner_id for referral in referrals}
        for partner in self:
            partner.referral_partner_id = by_client.get(partner.commercial_partner_id.id)
