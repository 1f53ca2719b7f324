from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..engine import windows

OPEN_STATES = ("submitted", "accepted")
CLAIM_STATES = ("accepted", "acquired")  # states that protect the client (D10)
EARNING_STATES = ("acquired", "completed")  # states whose invoices earn
EXIT_STATES = ("rejected", "expired", "lost", "withdrawn")
ONCE_ACCEPTED = ("accepted", "acquired", "completed", "expired", "lost")  # states that only accepted claims come to
TERM_FIELDS = ("commission_rate", "commission_months", "payout_delay_days", "expires_on")
# What the system or a manager decides; salespeople decide through the buttons only.
# They follow from the enrollment. "Readonly" of a stored related field binds screens only: nobody writes them.
DERIVED_FIELDS = {"partner_id", "program_id", "company_id"}
# What contacts and evidence are looked for by.
LOOKED_AT = {
    *("client_id", "lead_id", "referred_on", "enrollment_id"),
    *("prospect_name", "prospect_email", "prospect_phone", "prospect_vat"),
}
GUARDED_FIELDS = {
    *TERM_FIELDS,
    "state",
    "acquired_on",
    "first_won_on",
    "acquisition_move_id",
    "acquisition_payment",
    "accepted_reason",
    "window_start",
    "window_end",
    "eligibility",
    "eligibility_checked_on",
    "evidence_ids",
    "match_ids",
    "prospect_is_new",
    "excluded_category_ids",
    "terms_frozen",
    "has_own_day",
    "warned_days",
    "warned_for",
}


class PartnerReferral(models.Model):
    """A partner's dated claim on one client.

    Accepting it freezes the terms of the program (D7) and protects the client
    (D10); the event of the program makes it acquired. Eligibility and
    acquisition live in the two files beside this one.
    """

    _name = "partner.referral"
    _description = "Referral"
    _inherit = ["portal.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "referred_on desc, id desc"
    _check_company_auto = True
    _mail_post_access = "read"

    name = fields.Char("Number", required=True, default="/", readonly=True, copy=False)
    enrollment_id = fields.Many2one(
        "partner.program.enrollment",
        "Partner",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('state', '=', 'active')]",
        help="The partner who referred the client, with the program it is enrolled in.",
    )
    partner_id = fields.Many2one(related="enrollment_id.partner_id", store=True, index=True, string="Partner Company")
    program_id = fields.Many2one(related="enrollment_id.program_id", store=True, index=True)
    company_id = fields.Many2one(related="enrollment_id.company_id", store=True, index=True)
    acquisition_event = fields.Selection(related="program_id.acquisition_event")
    dormancy_months = fields.Integer(related="program_id.dormancy_months", groups="base.group_user")
    user_id = fields.Many2one(
        "res.users",
        "Salesperson",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        index=True,
        tracking=True,
        domain="[('share', '=', False)]",
    )
    client_id = fields.Many2one(
        "res.partner",
        compute="_compute_client_id",
        store=True,
        readonly=False,
        index=True,
        ondelete="restrict",
        tracking=True,
        groups="base.group_user",  # partners read its name: see partner.commission.line
        help="The client company. Invoices to any of its contacts count. Follows the customer of the lead until "
        "the client is acquired, unless another referral protects that one.",
    )
    client_name = fields.Char("Name of the Client", related="client_id.name")
    prospect_name = fields.Char("Prospect", help="Name of the company when it is not a contact yet.")
    prospect_contact_name = fields.Char("Contact Name")
    prospect_email = fields.Char("Email")
    prospect_phone = fields.Char("Phone")
    note = fields.Text("Note of the Partner")
    lead_id = fields.Many2one(
        "crm.lead",
        index=True,
        ondelete="restrict",
        copy=False,
        tracking=True,
        check_company=True,
        groups="base.group_user",
    )
    referred_on = fields.Datetime(
        required=True,
        default=lambda self: fields.Datetime.now(),
        tracking=True,
        help="When the referral was received: the official time. The earlier referral of a client wins.",
    )
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
        required=True,
        default="submitted",
        readonly=True,
        index=True,
        tracking=True,
        group_expand=True,
        copy=False,
    )
    decision_reason = fields.Text(
        tracking=True, copy=False, help="Why it was refused, or why a refusal was overridden. The partner reads it."
    )

    # Portal users read the messages that are meant for them through the chatter. These fields would let them
    # search in internal notes: Odoo follows them in domains without the rules of mail.message.
    message_ids = fields.One2many(groups="base.group_user")
    website_message_ids = fields.One2many(groups="base.group_user")

    excluded_category_ids = fields.Many2many(
        "product.category",
        string="Excluded Product Categories",
        ondelete="restrict",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Categories that the program excluded when the referral was accepted: they earn nothing.",
    )

    # eligibility, frozen when it was checked
    eligibility = fields.Selection(
        [("unchecked", "Not Checked"), ("eligible", "Eligible"), ("ineligible", "Recent Discussions")],
        required=True,
        default="unchecked",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    eligibility_checked_on = fields.Datetime("Checked On", readonly=True, copy=False, groups="base.group_user")
    evidence_ids = fields.One2many("partner.referral.evidence", "referral_id", groups="base.group_user")

    # terms: those of the program until accepted, frozen from then on (D7)
    commission_rate = fields.Float(
        "Commission (%)", compute="_compute_terms", store=True, readonly=False, digits=(6, 3), tracking=True
    )
    commission_months = fields.Integer(compute="_compute_terms", store=True, readonly=False, tracking=True)
    payout_delay_days = fields.Integer(
        "Payout Delay (days)", compute="_compute_terms", store=True, readonly=False, tracking=True
    )
    expires_on = fields.Date(
        compute="_compute_terms",
        store=True,
        readonly=False,
        tracking=True,
        help="Last day to close it (company time zone). Empty: it never expires.",
    )

    has_own_day = fields.Boolean(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="A manager gave the undecided referral another last day than the program, or none: it stays.",
    )
    terms_frozen = fields.Boolean(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="The referral was accepted once: its terms are its own, whatever becomes of it later.",
    )

    # acquisition and window
    acquired_on = fields.Date(readonly=True, tracking=True, copy=False)
    acquisition_move_id = fields.Many2one(
        "account.move",
        "Acquiring Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        groups="base.group_user",
    )
    window_start = fields.Date(
        readonly=True,
        copy=False,
        tracking=True,
        help="Date of the client's first invoice on or after the referral date. Frozen once something was billed.",
    )
    window_end = fields.Date(
        readonly=True, copy=False, tracking=True, help="Invoices dated on or after this day earn nothing."
    )
    commission_line_ids = fields.One2many("partner.commission.line", "referral_id", "Commission Lines")
    commission_line_count = fields.Integer(compute="_compute_commission_line_count")

    _number_uniq = models.UniqueIndex("(name, company_id) WHERE name <> '/'", "A referral has this number already.")
    _one_claim_per_client = models.UniqueIndex(
        "(client_id, company_id) WHERE state IN ('accepted', 'acquired') AND client_id IS NOT NULL",
        "This client is protected by another referral: at most one partner earns on a client at a time.",
    )
    _one_live_per_lead = models.UniqueIndex(
        "(lead_id) WHERE state IN ('submitted', 'accepted', 'acquired') AND lead_id IS NOT NULL",
        "This lead has a live referral already. Decide that one first.",
    )
    _rate_range = models.Constraint(
        "CHECK (commission_rate >= 0 AND commission_rate <= 100)", "The commission has to be between 0 and 100 %."
    )
    _months_range = models.Constraint(
        "CHECK (commission_months > 0 AND commission_months <= 1200)",
        "The commission has to run for at least one month, and for 1200 months (a hundred years) at most.",
    )
    _delay_range = models.Constraint(
        "CHECK (payout_delay_days >= 0 AND payout_delay_days <= 3650)",
        "The payout delay has to be between 0 and 3650 days (ten years).",
    )
    _window_order = models.Constraint(
        "CHECK (window_end IS NULL OR window_start < window_end)", "The commission window has to end after it starts."
    )

    # ------------------------------------------------------------
    # COMPUTE
    # ------------------------------------------------------------

    @api.depends("lead_id.user_id")
    def _compute_user_id(self):
        for referral in self:
            manager = referral.enrollment_id._get_account_manager()
            referral.user_id = referral.lead_id.user_id or referral.user_id or manager

    @api.depends("lead_id.partner_id.commercial_partner_id")
    def _compute_client_id(self):
        """Follow the customer of the lead until decided; afterwards only fill in what was empty.

        A customer whom another claim protects, or the partner itself, is left
        out: setting it on the lead is ordinary work and must not fail. Winning
        the lead then rejects the referral with that reason. So is one on whom
        a claim that was received later has earned: the night, or winning the
        lead, asks a manager.
        """
        for referral in self:
            client = referral.lead_id.partner_id.commercial_partner_id
            wanted = client and (not referral.client_id or referral.state == "submitted")
            wanted = wanted and not referral._is_partner_itself(client)
            if wanted and referral.state in CLAIM_STATES:
                # Also by a claim that is to expire tonight: the database allows one, and nothing ends in a computation.
                wanted = not referral._get_holder(client) and not referral._get_later_earner(client)
            referral.client_id = client if wanted else referral.client_id

    @api.depends("program_id", "referred_on")
    def _compute_terms(self):
        """Show the program's terms while undecided; what is accepted keeps its own (D7)."""
        for referral in self:
            is_kept = referral.terms_frozen or referral.state not in (False, "submitted")
            # A decision may come before the first computation: then there is nothing to keep yet.
            if is_kept and referral.commission_months:
                for fname in TERM_FIELDS:
                    referral[fname] = referral[fname]
                continue
            own_day = {"expires_on": referral.expires_on} if referral.has_own_day else {}
            referral.update({**referral._get_program_terms(), **own_day})

    def _get_program_terms(self) -> dict:
        """Values of the terms that the program of this referral gives today."""
        self.ensure_one()
        program = self.program_id
        expires_on = False
        if self.referred_on and program.company_id:
            day = program.company_id._partner_program_local_date(self.referred_on)
            expires_on = windows.claim_expiry(day, program.claim_months) or False
        return {
            "commission_rate": program.commission_rate,
            "commission_months": program.commission_months or 1,
            "payout_delay_days": program.payout_delay_days,
            "expires_on": expires_on,
        }

    def _format_day(self, day):
        return self.env["ir.qweb.field.date"].value_to_html(day, {}) if day else ""

    def _compute_commission_line_count(self):
        counts = dict(
            self.env["partner.commission.line"]._read_group(
                [("referral_id", "in", self.ids)], ["referral_id"], ["__count"]
            )
        )
        for referral in self:
            referral.commission_line_count = counts.get(referral, 0)

    def _compute_access_url(self):
        # OVERRIDES portal
        for referral in self:
            referral.access_url = f"/my/referrals/{referral.id}"

    @api.depends("name", "client_id", "prospect_name")
    def _compute_display_name(self):
        for referral in self:
            client = referral.client_name or referral.prospect_name
            name = self.env._("New Referral") if referral.name == "/" else referral.name
            referral.display_name = f"{name} · {client}" if client else name

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("client_id", "lead_id", "prospect_name", "prospect_email")
    def _check_client(self):
        for referral in self:
            if not (referral.client_id or referral.lead_id or referral.prospect_name or referral.prospect_email):
                raise ValidationError(
                    self.env._("Who was referred? Choose a client or a lead, or enter the prospect's name or email.")
                )

    @api.constrains("client_id", "state")
    def _check_client_kept(self):
        for referral in self:
            if referral.state in EARNING_STATES and not referral.client_id:
                raise ValidationError(
                    self.env._(
                        "%(referral)s earns on its client: if that is the wrong one, choose the right one instead.",
                        referral=referral.name,
                    )
                )

    @api.constrains("client_id", "enrollment_id")
    def _check_not_itself(self):
        for referral in self:
            client = referral.client_id
            if client and referral._is_partner_itself(client):
                raise ValidationError(referral.enrollment_id._describe_itself())

    @api.constrains("referred_on", "enrollment_id")
    def _check_referred_on(self):
        # A minute of grace: clocks of mail servers and browsers run ahead.
        limit = fields.Datetime.now() + timedelta(minutes=1)
        for referral in self:
            if referral.referred_on > limit:
                raise ValidationError(self.env._("A referral cannot be dated in the future."))

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self._may_decide_everything():
            # The context of a call comes from the caller, defaults in it are values like any other.
            context = self.env.context
            self = self.with_env(
                self.env(
                    context={key: context[key] for key in context if key.removeprefix("default_") not in GUARDED_FIELDS}
                )
            )
        for vals in vals_list:
            self._check_guarded({fname for fname in vals if fname not in TERM_FIELDS})  # accepting resets the terms
            self._use_commercial_client(vals)
            self._take_prospect_from_lead(vals)
            self._take_salesperson(vals)
            self._tidy_prospect(vals)
            self._note_frozen(vals)
        self._leave_out_own_data(vals_list)
        self._check_company_chosen(
            [vals.get("enrollment_id", self.env.context.get("default_enrollment_id")) for vals in vals_list]
        )
        self._check_leads_free([vals.get("lead_id", self.env.context.get("default_lead_id")) for vals in vals_list])
        referrals = super().create(vals_list)
        for referral in referrals:
            if referral.name == "/":
                referral.name = (
                    self.env["ir.sequence"].with_company(referral.company_id).next_by_code("partner.referral") or "/"
                )
        for referral, vals in zip(referrals, vals_list, strict=True):
            referral._note_own_day(vals)
        referrals._check_enrollment_open()
        referrals._turn_leads_to_client()
        referrals._link_or_create_leads()
        referrals._tell_leads_the_client()
        referrals.filtered(lambda r: r.state == "submitted")._look_again()
        return referrals

    def write(self, vals):
        self._check_guarded(vals.keys())
        self._check_undecided(vals)
        if "commission_months" in vals:
            self._check_no_other_claim()
        vals = dict(vals)
        self._use_commercial_client(vals)
        self._tidy_prospect(vals)
        self._note_frozen(vals)
        clients = {}  # of accepted claims before; another lead may bring another client
        if vals.get("client_id") or vals.get("lead_id"):
            clients = {referral: referral.client_id for referral in self if referral.state == "accepted"}
        if vals.get("client_id"):
            others = self.filtered(lambda r: r in clients and clients[r].id != vals["client_id"])
            client = self.env["res.partner"].browse(vals["client_id"])
            others._check_not_barred(client)
            others.filtered(lambda r: not clients[r])._check_no_later_earner(client)
            # The window of another client says nothing (D1); one that became part of this client has brought its own.
            corrected = self.filtered(
                lambda r: r.window_start and r.client_id.commercial_partner_id.id != vals["client_id"]
            )
            super(PartnerReferral, corrected).write({"window_start": False, "window_end": False})
        is_looked_at = not LOOKED_AT.isdisjoint(vals)
        claimed = {referral: referral._get_claimed() for referral in self} if is_looked_at else {}
        result = super().write(vals)
        self._note_own_day(vals)
        found_client = self.filtered(lambda r: r in clients and r.client_id != clients[r])
        found_client._check_client_found()
        if vals.get("client_id"):
            self._tell_leads_the_client()
        if found_client:
            found_client._look_at_payments()
        if vals.get("lead_id"):
            self._look_at_customer_of_new_lead()
        if is_looked_at:
            changed = self.filtered(lambda r: r._get_claimed() != claimed[r])
            self.filtered(lambda r: r.state == "submitted")._look_again(new_facts=vals, anew=changed)
        if "enrollment_id" in vals:
            self._check_enrollment_open()
            self._link_or_create_leads()
        if not {"commission_months", "client_id", "referred_on"}.isdisjoint(vals):
            self._sync_commission_lines()
        return result

    def _note_frozen(self, vals):
        if vals.get("state") in ONCE_ACCEPTED:
            vals["terms_frozen"] = True

    def _note_own_day(self, vals):
        """Forms send the day of the program too: what a manager gave is another one, or none."""
        if "expires_on" not in vals or not self._may_decide_everything():
            return
        for referral in self.filtered(lambda r: r.state == "submitted"):
            referral.has_own_day = referral.expires_on != referral._get_program_terms()["expires_on"]

    def _use_commercial_client(self, vals):
        """The client is always the company itself, whichever contact was chosen (D12)."""
        if vals.get("client_id"):
            vals["client_id"] = self.env["res.partner"].browse(vals["client_id"]).commercial_partner_id.id

    def _check_enrollment_open(self):
        for referral in self:
            if referral.state == "submitted" and referral.enrollment_id.state != "active":
                raise ValidationError(
                    self.env._(
                        "%(partner)s is not an active partner of this program (%(state)s): "
                        "it cannot refer clients now.",
                        partner=referral.enrollment_id.display_name,
                        state=dict(referral.enrollment_id._fields["state"]._description_selection(self.env))[
                            referral.enrollment_id.state
                        ],
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        self_sudo = self.sudo()  # commissions are not for whoever may delete a referral
        if decided_sudo := self_sudo.filtered(
            lambda r: r.state not in ("submitted", "rejected", "withdrawn") or r.commission_line_ids
        ):
            raise UserError(
                self.env._(
                    "Referral %(referral)s was accepted: it is part of the partner's history. Withdraw it instead.",
                    referral=decided_sudo[0].display_name,
                )
            )

    def action_view_commissions(self):
        """Open the commission lines of the referral."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_commission_line_action")
        action["domain"] = [("referral_id", "=", self.id)]
        action["context"] = {}
        return action
