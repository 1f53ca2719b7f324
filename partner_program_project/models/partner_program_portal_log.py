from odoo import fields, models


class PartnerProgramPortalLog(models.Model):
    """Visits of tickets and ideas, and what is sent there."""

    _inherit = "partner.program.portal.log"

    page = fields.Selection(selection_add=[("tickets", "Tickets"), ("ticket", "Ticket"), ("ideas", "Ideas")])
    action = fields.Selection(
        selection_add=[
            ("ticket", "Sent a ticket"),
            ("reply", "Answered in a ticket"),
            ("ticket_file", "Took a file of a ticket"),
            ("idea", "Proposed an idea"),
            ("vote", "Voted for an idea, or took the vote back"),
        ],
        ondelete=dict.fromkeys(("ticket", "reply", "ticket_file", "idea", "vote"), "cascade"),
    )
