from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.sql import column_exists, create_column

WINNING = {"stage_id", "active", "probability"}  # what a lead is won or lost by


class CrmLead(models.Model):
    _inherit = "crm.lead"

    referral_ids = fields.One2many("partner.referral", "lead_id", "Referrals")
    referral_id = fields.Many2one(
        "partner.referral",
        compute="_compute_referral_id",
        compute_sudo=True,
        store=True,
        index="btree_not_null",
        ondelete="set null",
        help="The live referral of this lead, or else the latest.",
    )
    referral_partner_id = fields.Many2one(
        "res.partner", "Referring Partner", related="referral_id.partner_id", store=True, index="btree_not_null"
    )
    referral_state = fields.Selection(related="referral_id.state", string="Referral Status")
    referral_clock = fields.Char(related="referral_id.clock")
    referral_days_left = fields.Integer(related="referral_id.days_left")

    def _auto_init(self):
        # EXTENDS base: before the add-on no lead has a referral, and Odoo would compute that for each of them
        for name in ("referral_id", "referral_partner_id"):
            if not column_exists(self.env.cr, self._table, name):
                create_column(self.env.cr, self._table, name, "int4")
        return super()._auto_init()

    @api.depends("referral_ids.state")
    def _compute_referral_id(self):
        for lead in self:
            live = lead.referral_ids.filtered(lambda r: r.state in ("submitted", "accepted", "acquired", "completed"))
            lead.referral_id = (live or lead.referral_ids)[:1]

    def write(self, vals):
        # EXTENDS crm: losing a lead archives it first and gives the reason in a second write
        if "partner_id" in vals and not WINNING.isdisjoint(vals):
            # Corrected and won in one save: whom it is won for comes first.
            self.write({"partner_id": vals["partner_id"]})
            vals = {fname: value for fname, value in vals.items() if fname != "partner_id"}
        told_sudo = self.sudo() if "partner_id" in vals else self.browse()  # sudo: see _handle_won_lost
        claimed = {referral: referral._get_claimed() for referral in told_sudo.referral_ids}
        customers = {referral: referral.lead_id.partner_id.commercial_partner_id for referral in claimed}
        result = super().write(vals)
        told_sudo.referral_ids._look_at_client_of_lead(claimed, customers)
        if vals.get("lost_reason_id"):
            self.sudo().referral_ids._note_lost_reason()  # sudo: see _handle_won_lost
        return result

    def _handle_won_lost(self, old_status_by_lead, new_status_by_lead):
        # EXTENDS crm: the one place that all ways of winning and losing go through
        result = super()._handle_won_lost(old_status_by_lead, new_status_by_lead)
        changed = self.filtered(
            lambda lead: lead.referral_id and old_status_by_lead.get(lead.id) != new_status_by_lead.get(lead.id)
        )
        changed.sudo().referral_ids._sync_acquisition()  # sudo: the salesperson wins the lead, the facts do the rest
        return result

    def _merge_dependences(self, opportunities):
        # EXTENDS crm: claims follow the lead they were made on
        result = super()._merge_dependences(opportunities)
        (self | opportunities).sudo().referral_ids._follow_merged_lead(self)  # sudo: claims of others must not get lost
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_referred(self):
        if referred := self.filtered("referral_ids"):
            raise UserError(
                self.env._(
                    "“%(lead)s” carries the referral of a partner: mark it as lost instead of deleting it.",
                    lead=referred[0].name,
                )
            )

    def action_register_referral(self):
        """Open the form that notes who referred this lead, and when."""
        self.ensure_one()
        return self.env["partner.referral"]._get_register_action(default_lead_id=self.id)

    def action_view_referral(self):
        """Open the referral of this lead.

        :raise UserError: for who sees own documents only, on an up-sell of a client that a colleague looks after
        """
        self.ensure_one()
        if not self.referral_id.has_access("read"):
            referral_sudo = self.referral_id.sudo()  # names are no secret: the lead shows the partner
            raise UserError(
                self.env._(
                    "%(referral)s of %(partner)s is looked after by %(salesperson)s: ask there.",
                    referral=referral_sudo.name,
                    partner=referral_sudo.partner_id.name,
                    salesperson=referral_sudo._get_responsible().name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.referral",
            "res_id": self.referral_id.id,
            "views": [(False, "form")],
        }
