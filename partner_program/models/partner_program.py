import ast

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class PartnerProgram(models.Model):
    """Terms and rules of a partner program (P1; D1 to D17 where the policy is silent)."""

    _name = "partner.program"
    _description = "Partner Program"
    _inherit = ["mail.thread", "mail.alias.mixin.optional"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    program_type = fields.Selection(
        [("referral", "Referral"), ("affiliate", "Affiliate")],
        required=True,
        default="referral",
        help="Referral: light involvement in the sale. Affiliate: strong involvement in the sale.",
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")

    # terms, frozen on each referral when it is accepted (D7)
    commission_rate = fields.Float(
        "Commission (%)",
        required=True,
        default=5.0,
        digits=(6, 3),
        tracking=True,
        help="Percent of the untaxed amount of the client's paid invoices, less credit notes. "
        "A change touches referrals accepted later; accepted ones keep their rate.",
    )
    commission_months = fields.Integer(
        required=True,
        default=12,
        tracking=True,
        help="How many months of invoices earn, from the date of the client's first invoice "
        "on or after the referral date.",
    )
    payout_delay_days = fields.Integer(
        "Payout Delay (days)",
        required=True,
        default=30,
        tracking=True,
        help="The pay-by date is this many days after the client's full payment. The vendor bill is due on it.",
    )
    bill_lead_days = fields.Integer(
        "Bill Lead Time (days)",
        required=True,
        default=0,
        tracking=True,
        help="Draft the vendor bill this many days before the pay-by date, "
        "so that accountants have time to approve it.",
    )
    claim_months = fields.Integer(
        required=True,
        default=3,
        tracking=True,
        help="A referral expires this many months after its date, unless it was closed on or before that day. "
        "0: it never expires.",
    )
    dormancy_months = fields.Integer(
        required=True,
        default=12,
        tracking=True,
        help="A client is refused when there were active discussions with it within this many months "
        "before the referral: opportunities, messages, meetings, quotations, orders, invoices. 0: no check.",
    )
    acquisition_event = fields.Selection(
        [("lead_won", "Lead won"), ("entry_payment", "First payment of the entry package")],
        required=True,
        default="lead_won",
        tracking=True,
        help="What makes the referred client count as acquired by the partner. It stays as it is once a referral "
        "was accepted.",
    )
    agreement_id = fields.Many2one(
        "partner.program.agreement",
        "Agreement to Sign",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="Partners sign it before they are paid. Without a signature commissions are earned, but held.",
    )
    trained_contacts_required = fields.Integer(
        "Trained Staff Required",
        default=0,
        tracking=True,
        help="How many people of the partner have to have followed the product training "
        "before commissions are paid out.",
    )
    excluded_category_ids = fields.Many2many(
        "product.category",
        string="Excluded Product Categories",
        ondelete="restrict",
        help="Products of these categories, or of categories below them, earn no commission. A product that moves to "
        "another category changes invoices of later only. Of a down payment the share of them on its order earns "
        "nothing. Lines without a product earn.",
    )
    # where bills go
    bill_journal_id = fields.Many2one(
        "account.journal",
        compute="_compute_bill_journal_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
        domain="[('type', '=', 'purchase'), ('is_self_billing', '=', True)]",
        help="Self-billing purchase journal in which the vendor bills of the partners are drafted.",
    )
    commission_product_id = fields.Many2one(
        "product.product",
        default=lambda self: self.env.ref("partner_program.product_commission", raise_if_not_found=False),
        required=True,
        ondelete="restrict",
        check_company=True,
        help="Product on the bill lines: it brings the expense account and the taxes.",
    )

    enrollment_ids = fields.One2many("partner.program.enrollment", "program_id", "Enrollments")
    active_partner_count = fields.Integer(compute="_compute_counts")
    applicant_count = fields.Integer(compute="_compute_counts")
    open_referral_count = fields.Integer(compute="_compute_counts")
    acquired_client_count = fields.Integer(compute="_compute_counts")

    _rate_range = models.Constraint(
        "CHECK (commission_rate >= 0 AND commission_rate <= 100)", "The commission has to be between 0 and 100 %."
    )
    # Upper limits, as calendars end: "for ever" typed as 99999 months would fail at the first invoice.
    _months_range = models.Constraint(
        "CHECK (commission_months > 0 AND commission_months <= 1200)",
        "The commission has to run for at least one month, and for 1200 months (a hundred years) at most.",
    )
    _delay_range = models.Constraint(
        "CHECK (payout_delay_days >= 0 AND payout_delay_days <= 3650)",
        "The payout delay has to be between 0 and 3650 days (ten years).",
    )
    _lead_range = models.Constraint(
        "CHECK (bill_lead_days >= 0 AND bill_lead_days <= payout_delay_days AND bill_lead_days <= 30)",
        "The bill lead time has to be between 0 and 30 days, and not longer than the payout delay: "
        "otherwise bills would be drafted before the client has paid.",
    )
    _claim_range = models.Constraint(
        "CHECK (claim_months >= 0 AND claim_months <= 1200)",
        "The number of months until a claim expires has to be between 0 and 1200. 0 means: no limit.",
    )
    _dormancy_range = models.Constraint(
        "CHECK (dormancy_months >= 0 AND dormancy_months <= 1200)",
        "The dormancy has to be between 0 and 1200 months. 0 means: no check.",
    )
    _trained_positive = models.Constraint(
        "CHECK (trained_contacts_required >= 0)", "The number of trained staff cannot be negative."
    )

    # ------------------------------------------------------------
    # COMPUTE
    # ------------------------------------------------------------

    @api.depends("company_id")
    def _compute_bill_journal_id(self):
        for program in self:
            if program.bill_journal_id.company_id not in program.company_id.parent_ids:
                program.bill_journal_id = program.company_id._partner_program_bill_journal()

    def _compute_counts(self):
        enrollments = self.env["partner.program.enrollment"]._read_group(
            [("program_id", "in", self.ids), ("state", "in", ("applied", "onboarding", "active"))],
            ["program_id", "state"],
            ["__count"],
        )
        by_state = {(program.id, state): count for program, state, count in enrollments}
        referrals = self.env["partner.referral"]._read_group(
            [("program_id", "in", self.ids), ("state", "in", ("submitted", "accepted", "acquired"))],
            ["program_id", "state"],
            ["__count"],
        )
        by_state.update({(program.id, state): count for program, state, count in referrals})
        for program in self:
            program.active_partner_count = by_state.get((program.id, "active"), 0)
            program.applicant_count = by_state.get((program.id, "applied"), 0) + by_state.get(
                (program.id, "onboarding"), 0
            )
            program.open_referral_count = by_state.get((program.id, "submitted"), 0) + by_state.get(
                (program.id, "accepted"), 0
            )
            program.acquired_client_count = by_state.get((program.id, "acquired"), 0)

    # ------------------------------------------------------------
    # CONSTRAINTS, CRUD
    # ------------------------------------------------------------

    @api.constrains("bill_journal_id")
    def _check_bill_journal(self):
        for journal in self.bill_journal_id:
            if journal.type != "purchase" or not journal.is_self_billing:
                raise ValidationError(
                    self.env._(
                        "%(journal)s is not a self-billing purchase journal. Set “Self Billing” on the journal, "
                        "or choose another one.",
                        journal=journal.display_name,
                    )
                )

    def write(self, vals):
        if "company_id" in vals:
            self._check_company_change(vals["company_id"])
        if "acquisition_event" in vals:
            self._check_event_change(vals["acquisition_event"])
        return super().write(vals)

    def _check_company_change(self, company_id):
        """The ledger of a program lies in the books of its company: it never moves with an edit."""
        moving = self.filtered(lambda program: program.company_id.id != company_id)
        referrals_sudo = self.env["partner.referral"].sudo()  # referrals of others count too
        if moving and referrals_sudo.search_count([("program_id", "in", moving.ids)], limit=1):
            raise ValidationError(
                self.env._("A program that has referrals cannot move to another company. Create a new program there.")
            )

    def _check_event_change(self, event):
        """What makes a client acquired is a term like the rate (D7): accepted claims would be judged by another one."""
        changed = self.filtered(lambda program: program.acquisition_event != event)
        referrals_sudo = self.env["partner.referral"].sudo()  # referrals of others count too
        if changed and referrals_sudo.search_count(
            [("program_id", "in", changed.ids), ("terms_frozen", "=", True)], limit=1
        ):
            raise ValidationError(
                self.env._(
                    "Referrals were accepted under “%(program)s”, so what makes their clients count as acquired stays "
                    "as it is. Create a new program, and change the partners to it.",
                    program=changed[0].name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # those of others count too
        used = enrollments_sudo._read_group([("program_id", "in", self.ids)], ["program_id"])
        if used:
            raise UserError(
                self.env._(
                    "Partners are or were enrolled in %(programs)s: archive the program instead of deleting it.",
                    programs=", ".join(program.name for (program,) in used),
                )
            )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _set_default_bill_journal(self):
        """Fill the journal of programs that have none, once their company has one."""
        self.filtered(lambda program: not program.bill_journal_id)._compute_bill_journal_id()

    def _alias_get_creation_values(self):
        # EXTENDS mail: a mail to the address of the program becomes an application (P24)
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("partner.program.enrollment")
        if self.id:
            values["alias_defaults"] = defaults = ast.literal_eval(self.alias_defaults or "{}")
            defaults["program_id"] = self.id
        return values

    def action_view_enrollments(self):
        """Open the partners of the program."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_program_enrollment_action")
        action["domain"] = [("program_id", "=", self.id)]
        action["context"] = {"default_program_id": self.id}
        return action

    def action_view_referrals(self):
        """Open the referrals of the program."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_referral_action")
        action["domain"] = [("program_id", "=", self.id)]
        action["context"] = {}
        return action

    @api.model
    def _load_demo_data(self):
        """Tell the story of the demo data; called once, by demo/demo.xml."""
        from ..demo.story import Story

        Story(self.env).tell()
