from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .partner_program_enrollment_referral_mail import OWN_FIELDS

# What Odoo takes over from the customer of a lead, and what would make the client's contact look like the partner.
OF_CUSTOMER = ("street", "street2", "city", "zip", "state_id", "country_id", "website", "function")


class PartnerReferral(models.Model):
    """Leads that a mail of the partner made: Odoo takes whoever wrote for the customer, and the client is another."""

    _inherit = "partner.referral"

    asks_for_prospect = fields.Boolean(
        compute="_compute_asks_for_prospect",
        groups="base.group_user",
        help="Neither a client nor the lead says who was referred: the dialog asks for it.",
    )

    @api.depends("client_id", "enrollment_id", "lead_id.partner_id", "lead_id.email_from")
    def _compute_asks_for_prospect(self):
        for referral in self:
            is_told = referral.lead_id and not referral.enrollment_id._is_lead_of_itself(referral.lead_id)
            referral.asks_for_prospect = not (referral.client_id or is_told)

    @api.onchange("enrollment_id", "lead_id")
    def _onchange_lead_of_partner(self):
        """The customer of the lead was proposed as client before it was known who refers it."""
        if self.lead_id and self.enrollment_id._is_lead_of_itself(self.lead_id):
            if self.client_id and self._is_partner_itself(self.client_id):
                self.client_id = False
        elif self.lead_id and not self.client_id:
            self._compute_client_id()  # a partner that was chosen by mistake has emptied it

    def _leave_out_own_data(self, vals_list):
        """The contact data of the partner are not those of its client, whoever entered them (D11)."""
        own = {}
        for vals in vals_list:
            if not any(vals.get(fname) for fname in OWN_FIELDS):
                continue
            enrollment = self._get_enrollment_of_vals(vals)
            if enrollment not in own:
                own[enrollment] = enrollment._get_own_data()
            left_out = {
                fname: vals[fname]
                for fname in OWN_FIELDS
                if vals.get(fname) and enrollment._is_own(own[enrollment], fname, vals[fname])
            }
            vals.update(dict.fromkeys(left_out, False))
            known = ("client_id", "lead_id", "prospect_name", "prospect_email")
            if left_out and not any(vals.get(fname, self.env.context.get(f"default_{fname}")) for fname in known):
                raise ValidationError(
                    self.env._(
                        "“%(data)s” is of %(partner)s itself. Enter the name or an email address of the client.",
                        data=next(iter(left_out.values())),
                        partner=enrollment.partner_id.name,
                    )
                )

    @api.model
    def _get_enrollment_of_vals(self, vals):
        return self.env["partner.program.enrollment"].browse(
            vals.get("enrollment_id", self.env.context.get("default_enrollment_id")) or ()
        )

    def _turn_leads_to_client(self):
        """A lead that a mail of the partner made is about the client from now on, and no longer about who wrote."""
        for referral in self:
            lead_sudo = referral.lead_id.sudo()  # whoever says who the client is says who the customer is
            if not lead_sudo or not referral.enrollment_id._is_lead_of_itself(lead_sudo):
                continue
            vals = {
                "partner_id": False,
                "partner_name": referral.prospect_name,
                "contact_name": referral.prospect_contact_name,
                "email_from": referral.prospect_email,
                "phone": referral.prospect_phone,
            }
            if lead_sudo.partner_id:
                vals.update(dict.fromkeys(OF_CUSTOMER, False))
            lead_sudo.write(vals)


class PartnerProgramEnrollment(models.Model):
    _inherit = "partner.program.enrollment"

    def _is_lead_of_itself(self, lead) -> bool:
        """Whether a lead says of the partner what it should say of the client."""
        if lead.partner_id:
            return self._owns(lead.partner_id)
        return bool(lead.email_normalized) and lead.email_normalized in self._get_people().mapped("email_normalized")
