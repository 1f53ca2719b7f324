from odoo import api, fields, models
from odoo.exceptions import UserError

from .partner_referral import CLAIM_STATES, OPEN_STATES


class PartnerReferralMatch(models.Model):
    """A contact that looks like the client of a referral, and why; the salesperson says whether it is."""

    _name = "partner.referral.match"
    _description = "Contact Found for a Referral"
    _order = "strength desc, id"

    referral_id = fields.Many2one("partner.referral", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="referral_id.company_id", store=True)
    partner_id = fields.Many2one("res.partner", "Contact", required=True, index=True, ondelete="cascade")
    by_vat = fields.Boolean("Same Tax ID")
    by_email = fields.Boolean("Same Email")
    by_domain = fields.Boolean("Same Email Domain")
    by_phone = fields.Boolean("Same Phone")
    by_name = fields.Boolean("Same Name")
    strength = fields.Integer(help="How much speaks for it: sorts the list.")
    reason = fields.Char("Why", compute="_compute_reason")
    is_denied = fields.Boolean(help="“None of These” was said of it: it stays when a later contact is asked about.")
    is_protected = fields.Boolean(
        "Protected", compute="_compute_is_protected", help="A referral protects this client already."
    )

    _match_uniq = models.Constraint("UNIQUE (referral_id, partner_id)", "This contact was found already.")

    @api.depends("by_vat", "by_email", "by_domain", "by_phone", "by_name")
    @api.depends_context("lang")
    def _compute_reason(self):
        Referral = self.env["partner.referral"]
        for match in self:
            kinds = [kind for kind in Referral._MATCH_STRENGTH if match[f"by_{kind}"]]
            match.reason = Referral._describe_match(kinds)

    def _compute_is_protected(self):
        claims_sudo = self.env["partner.referral"].sudo()  # claims of other salespeople protect the client too
        claims_sudo = claims_sudo.search([("client_id", "in", self.partner_id.ids), ("state", "in", CLAIM_STATES)])
        protected_sudo = claims_sudo - claims_sudo._filter_expiring()
        keys = {(claim.client_id.id, claim.company_id.id) for claim in protected_sudo}
        for match in self:
            match.is_protected = (match.partner_id.id, match.company_id.id) in keys

    def action_choose(self):
        """This contact is the client: note it on the referral and on its lead."""
        self.ensure_one()
        referral = self.referral_id
        referral.check_access("write")
        if referral.state not in OPEN_STATES or referral.client_id:
            raise UserError(self.env._("Referral %(referral)s was decided already.", referral=referral.display_name))
        contact, reason = self.partner_id, self.reason
        # Tells the lead who its customer is, looks for evidence again, replaces the contacts found, and of an accepted
        # claim finds what was paid before. Told first, the lead would name the client, which nobody may change then.
        referral.client_id = contact
        referral.message_post(
            body=self.env._("The client is %(client)s: %(reason)s.", client=contact.display_name, reason=reason)
        )
        return True

    def action_open(self):
        """Open the contact."""
        self.ensure_one()
        return self.partner_id.get_formview_action()
