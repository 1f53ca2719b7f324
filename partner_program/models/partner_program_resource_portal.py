from datetime import timedelta

from odoo import api, fields, models

NEW_DAYS = 30


class PartnerProgramResource(models.Model):
    """What partners see of the resources; they have no right on the model itself."""

    _inherit = "partner.program.resource"

    @api.model
    def _get_portal_resources_sudo(self):
        """Resources for the programs in which the reader's company is active."""
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # partners have no right on enrollments
        programs_sudo = enrollments_sudo.search(
            [("partner_id", "=", self.env.user.commercial_partner_id.id), ("state", "=", "active")]
        ).program_id
        if not programs_sudo:
            return self.sudo().browse()  # none; as below
        return self.sudo().search(  # what is offered to these programs is for their partners to read
            ["|", ("program_ids", "=", False), ("program_ids", "in", programs_sudo.ids)]
        )

    def _is_new(self) -> bool:
        """Whether it, or the file that is in it now, was added in the last days."""
        self.ensure_one()
        added = max(filter(None, (self.create_date, self.attachment_id.create_date)))
        return added >= fields.Datetime.now() - timedelta(days=NEW_DAYS)
