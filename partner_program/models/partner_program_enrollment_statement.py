from odoo import fields, models


class PartnerProgramEnrollment(models.Model):
    _inherit = "partner.program.enrollment"

    statement_by_mail = fields.Boolean(
        "Monthly Statement by E-mail",
        default=True,
        tracking=True,
        help="The statement of each month is mailed to the partner, who can switch it off in the portal.",
    )

    def action_open_statement(self):
        """Ask for the period of a statement of this partner."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "partner_program.partner_commission_statement_period_action"
            ),
            "context": {"default_enrollment_id": self.id},
        }
