from odoo import api, fields, models

from .res_partner import READERS


class ResPartner(models.Model):
    """What the contact of a client tells: its package, who referred it, until when that one earns."""

    _inherit = "res.partner"

    program_package_id = fields.Many2one(
        "partner.program.package",
        "Package",
        compute="_compute_program_package_id",
        groups=READERS,
        help="Follows the paid invoices of the client.",
    )
    client_referral_id = fields.Many2one("partner.referral", compute="_compute_client_referral_id", groups=READERS)
    referral_earns = fields.Char("Partner Earns", compute="_compute_client_referral_id", groups=READERS)

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_program_package_id(self):
        current = self.env["partner.program.client.package"]._get_current(self.commercial_partner_id, self.env.company)
        for partner in self:
            row = current.get((partner.commercial_partner_id.id, self.env.company.id))
            partner.program_package_id = row and row.package_id.sudo(False)

    @api.depends("client_referral_ids.state")
    @api.depends_context("company", "lang")
    def _compute_client_referral_id(self):
        """The claim that counts for the client in this company: the live one, or else the one that earned last."""
        referrals = self.env["partner.referral"].search(
            [
                ("client_id", "in", self.commercial_partner_id.ids),
                ("company_id", "=", self.env.company.id),
                ("state", "in", ("accepted", "acquired", "completed")),
            ],
            order="acquired_on, id",
        )
        by_client = {
            referral.client_id: referral for referral in referrals.sorted(lambda claim: claim.state != "completed")
        }
        for partner in self:
            partner.client_referral_id = by_client.get(partner.commercial_partner_id, False)
            partner.referral_earns = partner.client_referral_id.earns

    def action_view_program_packages(self):
        """Open the packages that the client had."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_program_client_package_action")
        action["domain"] = [("client_id", "=", self.commercial_partner_id.id)]
        action["context"] = {}
        return action
