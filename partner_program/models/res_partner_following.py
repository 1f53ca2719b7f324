from odoo import api, fields, models
from odoo.fields import Command

from .partner_program_enrollment_meetings import QUIET


class ResPartner(models.Model):
    """Who has left a partner reads no more of what goes between it and us: followers get mails without a log-in."""

    _inherit = "res.partner"

    @api.model
    def _get_partner_program_threads(self) -> dict:
        """Models whose documents partners follow, each with the field that says of which partner; hook for bridges."""
        return {"partner.referral": "partner_id", "partner.program.enrollment": "partner_id"}

    def _stop_following(self, is_removed=False):
        """These contacts follow nothing of partners to which they do not belong.

        :param bool is_removed: nor of their own: their access was taken away
        """
        for model, owner in self._get_partner_program_threads().items():
            documents_sudo = self.env[model].sudo()  # whoever moves or removes a contact need not see them
            documents_sudo = documents_sudo.search([("message_partner_ids", "in", self.ids), (owner, "!=", False)])
            for company, contacts in self.grouped("commercial_partner_id").items():
                former_sudo = documents_sudo.filtered(
                    lambda one, company=company, owner=owner: is_removed or one.mapped(owner) != company
                )
                former_sudo.message_unsubscribe(contacts.ids)
        self._leave_partner_meetings(is_removed)

    def _leave_partner_meetings(self, is_removed):
        """Nor are they invited to the meetings ahead, where the pack tells all figures; somebody else of theirs is."""
        events_sudo = self.env["calendar.event"].sudo()  # as above
        ahead = [("enrollment_id", "!=", False), ("start", ">", fields.Datetime.now())]
        events_sudo = events_sudo.search([("partner_ids", "in", self.ids), *ahead])
        for enrollment_sudo, meetings_sudo in events_sudo.grouped("enrollment_id").items():
            partner = enrollment_sudo.partner_id
            former = self.filtered(lambda one, partner=partner: is_removed or one.commercial_partner_id != partner)
            if former := former & meetings_sudo.partner_ids:
                others = enrollment_sudo._get_meeting_contact() - former
                people = [*map(Command.unlink, former.ids), *map(Command.link, others.ids)]
                meetings_sudo.with_context(**QUIET).write({"partner_ids": people})
