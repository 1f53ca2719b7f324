from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize, plaintext2html

from .partner_referral import OPEN_STATES

LIVE_STATES = ("submitted", "accepted", "acquired")
PROSPECT_FIELDS = ("prospect_name", "prospect_contact_name", "prospect_email", "prospect_phone", "prospect_vat")
REGISTER_FIELDS = {
    *("enrollment_id", "referred_on", "source", "user_id", "client_id", "lead_id", "note"),
    *PROSPECT_FIELDS,
}


class PartnerReferral(models.Model):
    """Registering a claim: one path for lead, contact, quotation, app, portal and e-mail (P4)."""

    _inherit = "partner.referral"

    source = fields.Selection(
        [("sales", "Registered by Us"), ("portal", "Portal"), ("email", "Email")],
        required=True,
        default="sales",
        readonly=True,
        help="How the partner told us of the client.",
    )
    prospect_vat = fields.Char("Tax ID")

    @api.model
    def _register_referrals(self, vals_list):
        """Register referrals. The one door of all channels; screens come through ``create``, which does the same.

        Call it with the rights of the salesperson who registers, or with ``sudo()`` for a portal form or a mail.
        Each referral is submitted, numbered, and given its lead (a lead of the client that is open and not referred
        yet, else a new one); contacts that look like the client are noted in ``match_ids`` for the salesperson to
        confirm; the evidence is looked for and frozen. Nobody is notified.

        :param list[dict] vals_list: for each referral

            - ``enrollment_id`` (int): required; the enrollment of the partner, which has to be active
            - ``referred_on`` (naive UTC datetime): when it was received, for an e-mail its receipt; default: now
            - ``source`` (str): ``sales`` (default), ``portal`` or ``email``
            - the client: ``client_id`` (int, any contact of it), or ``lead_id`` (int), or a prospect:
              ``prospect_name``, ``prospect_contact_name``, ``prospect_email``, ``prospect_phone``, ``prospect_vat``
              (str; a name or an e-mail address at least)
            - ``note`` (str): what the partner told about the client
            - ``user_id`` (int): the salesperson; default: of the lead, else whoever registers; with ``sudo()`` the
              partner's account manager
        :return: the referrals, in the order of ``vals_list``
        :raise UserError: (or ``ValidationError``) a sentence that can be shown to whoever registers; nothing is saved
        """
        for vals in vals_list:
            if unknown := vals.keys() - REGISTER_FIELDS:
                raise ValueError(f"A referral is not registered with {', '.join(sorted(unknown))}")
        return self.create([dict(vals) for vals in vals_list])

    @api.model
    def _get_register_action(self, **defaults):
        """The dialog that registers a referral from another document, filled in with these defaults."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Register Referral"),
            "res_model": "partner.referral",
            "views": [(self.env.ref("partner_program.partner_referral_view_form_register").id, "form")],
            "target": "new",
            "context": defaults,
        }

    def action_registered(self):
        """After the dialog has saved: go on where one was, or show what there is to confirm or to read."""
        self.ensure_one()
        is_clear = self.eligibility == "eligible" and not self.needs_confirmation
        is_clear = is_clear and not (self.is_protected or self.meets_prospect or self.is_former_client)
        is_clear = is_clear and not self.has_later_earner
        if "default_lead_id" in self.env.context and is_clear:
            return {"type": "ir.actions.act_window_close"}
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    @api.onchange("enrollment_id", "lead_id")
    def _onchange_receipt(self):
        """A lead that began with a mail of the partner: the claim was received when that mail was.

        Its ``date`` is what the sender's computer says. When Odoo stored it is our own word.
        """
        if not (self.enrollment_id and self.lead_id):
            return
        mail = self.env["mail.message"].search(
            [
                ("model", "=", "crm.lead"),
                ("res_id", "=", self.lead_id._origin.id or self.lead_id.id),
                ("message_type", "=", "email"),
                ("author_id.commercial_partner_id", "=", self.enrollment_id.partner_id.id),
            ],
            order="create_date, id",
            limit=1,
        )
        if mail:
            self.referred_on = mail.create_date.replace(microsecond=0)

    def _tidy_prospect(self, vals):
        """Texts from forms and mails without the blanks around them: blanks only are nothing."""
        for fname in PROSPECT_FIELDS:
            if isinstance(vals.get(fname), str):
                vals[fname] = vals[fname].strip() or False

    def _take_prospect_from_lead(self, vals):
        """The prospect of a lead that has no customer yet is who the lead says."""
        lead = self.env["crm.lead"].browse(vals.get("lead_id", self.env.context.get("default_lead_id")) or ())
        enrollment = self._get_enrollment_of_vals(vals)
        is_of_partner = bool(lead) and enrollment._is_lead_of_itself(lead)
        if lead.partner_id and not (is_of_partner or vals.get("client_id")) and enrollment._is_itself(lead.partner_id):
            raise ValidationError(enrollment._describe_itself())  # a parent, for which no other client is put in
        if lead and (is_of_partner or not lead.partner_id) and not vals.get("client_id"):
            told = {}  # what Odoo takes over from a customer is the partner's
            if not lead.partner_id:
                told = {
                    "prospect_name": lead.partner_name or (not lead.email_normalized and lead.contact_name),
                    "prospect_contact_name": lead.contact_name,
                    "prospect_email": lead.email_normalized,
                    "prospect_phone": lead.phone,
                }
            if is_of_partner:
                own = enrollment._get_own_data()
                told = {
                    fname: value for fname, value in told.items() if value and not enrollment._is_own(own, fname, value)
                }
            # Browsers send empty fields too.
            vals.update({fname: value for fname, value in told.items() if not vals.get(fname)})
            is_told = vals.get("prospect_name") or vals.get("prospect_email")
            if not is_told and is_of_partner:
                raise ValidationError(
                    self.env._(
                        "“%(lead)s” is of %(partner)s itself and does not say who the client is. Choose the client, "
                        "or enter its name or email address.",
                        lead=lead.name,
                        partner=enrollment.partner_id.name,
                    )
                )
            if not is_told:
                raise ValidationError(
                    self.env._(
                        "“%(lead)s” does not say who the client is, so nothing could be protected. Enter the company, "
                        "a contact or an email address on the lead, then register the referral.",
                        lead=lead.name,
                    )
                )

    def _take_salesperson(self, vals):
        """A referral that nobody works on yet is for the salesperson who registers it.

        Else it would be the account manager's, and who may see own documents only could not save it.
        """
        context = self.env.context
        if self.env.su or vals.get("user_id") or context.get("default_user_id"):
            return
        lead = self.env["crm.lead"].browse(vals.get("lead_id", context.get("default_lead_id")) or ())
        vals["user_id"] = (lead.user_id or self.env.user).id

    @api.constrains("prospect_email")
    def _check_prospect_email(self):
        for referral in self:
            if referral.prospect_email and not email_normalize(referral.prospect_email, strict=False):
                raise ValidationError(
                    self.env._(
                        "“%(email)s” is not an email address. Correct it, or leave it empty and enter a name.",
                        email=referral.prospect_email,
                    )
                )

    @api.constrains("referred_on", "enrollment_id")
    def _check_enrolled_then(self):
        for referral in self:
            start = referral.enrollment_id._get_first_day()
            day = referral.company_id._partner_program_local_date(referral.referred_on)
            if start and day < start:
                raise ValidationError(
                    self.env._(
                        "%(partner)s is enrolled since %(start)s: a referral cannot be dated before, on %(day)s. "
                        "Correct the date of the referral, or the start of the enrollment.",
                        partner=referral.enrollment_id.display_name,
                        start=referral._format_day(start),
                        day=referral._format_day(day),
                    )
                )

    @api.model
    def _check_leads_free(self, lead_ids):
        """A lead carries one live claim; the database makes sure, this says so in words."""
        taken_sudo = self.sudo().search(  # sudo: claims of other salespeople count too
            [("lead_id", "in", [id_ for id_ in lead_ids if id_]), ("state", "in", LIVE_STATES)], limit=1
        )
        if taken_sudo:
            raise UserError(
                self.env._(
                    "“%(lead)s” has a live referral already (%(referral)s). Decide that one first.",
                    lead=taken_sudo.lead_id.name,
                    referral=taken_sudo.name,
                )
            )

    # ------------------------------------------------------------
    # LEAD
    # ------------------------------------------------------------

    def _link_or_create_leads(self):
        """Give each new referral that is closed by winning a lead the lead to win.

        A lead of the client that is open, not referred yet, and the only such one that the user may see, is taken.
        What was going on in it before counts as evidence all the same.
        """
        referrals = self.filtered(
            lambda r: r.state == "submitted" and not r.lead_id and r.acquisition_event == "lead_won"
        )
        open_leads = referrals._find_open_leads()
        to_create = self.browse()
        for referral in referrals:
            leads = open_leads.filtered(
                lambda lead, referral=referral: (
                    lead.partner_id.commercial_partner_id == referral.client_id
                    and lead.company_id.id in (False, referral.company_id.id)
                )
            )
            if referral.client_id and len(leads) == 1:
                open_leads -= leads
                referral.lead_id = leads
            else:
                to_create += referral
        leads = self.env["crm.lead"].create([referral._prepare_lead_vals() for referral in to_create])
        for referral, lead in zip(to_create, leads, strict=True):
            referral.lead_id = lead

    def _tell_leads_the_client(self):
        """The client is the customer of the lead too, where that has none: else winning it makes a second contact."""
        for referral in self.filtered(lambda r: r.client_id and r.state in OPEN_STATES):
            lead_sudo = referral.lead_id.sudo()  # sudo: whoever says who the client is says who the customer is
            if lead_sudo and not lead_sudo.partner_id:
                lead_sudo.partner_id = referral.client_id

    def _find_open_leads(self):
        """Leads of these clients that are open and carry no live claim."""
        if not self.client_id:
            return self.env["crm.lead"]
        return self.env["crm.lead"].search(
            Domain("partner_id.commercial_partner_id", "in", self.client_id.ids)
            & Domain("won_status", "=", "pending")
            & Domain("upsell_referral_id", "=", False)
            & Domain("referral_ids", "not any!", [("state", "in", LIVE_STATES)])
        )

    def _uses_leads(self) -> bool:
        """Whether our people qualify leads first: what partners send goes the same way as what we register."""
        user = self.env.user
        if user._is_internal():
            return user.has_group("crm.group_use_lead")
        employees_sudo = self.env.ref("base.group_user").sudo()  # partners read no groups
        return self.env.ref("crm.group_use_lead") in employees_sudo.all_implied_ids

    def _prepare_lead_vals(self) -> dict:
        self.ensure_one()
        client = self.client_id
        reader_sudo = self.env["res.users"].sudo()  # partners read no users
        if not self.env.user._is_internal():  # a lead is ours: in our language, not in the partner's
            reader_sudo = self._get_responsible().sudo()
        vals = {
            "name": self.with_context(lang=reader_sudo.lang or self.env.lang).env._(
                "%(client)s, referred by %(partner)s",
                client=client.name or self.prospect_name or self.prospect_email,
                partner=self.partner_id.name,
            ),
            "type": "lead" if self._uses_leads() else "opportunity",
            "company_id": self.company_id.id,
            "description": plaintext2html(self.note) if self.note else False,
            "user_id": self.user_id.id,
        }
        if client:
            vals["partner_id"] = client.id
        else:
            vals.update(
                partner_name=self.prospect_name,
                contact_name=self.prospect_contact_name,
                email_from=self.prospect_email,
                phone=self.prospect_phone,
            )
        return vals
