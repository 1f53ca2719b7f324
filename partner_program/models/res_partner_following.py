from odoo import api, fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    """Who has left a partner reads no more of what goes between it and us: followers get mails without a log-in.

    Whoever gets the access back is told again.
    """

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

    def _follow_again(self):
        """These contacts follow what they applied with or wrote in, where it is of their company; and are invited."""
        for contact in self:
            for model, owner in self._get_partner_program_threads().items():
                documents_sudo = self.env[model].sudo()  # whoever gives the access need not see them
                theirs = Domain("create_uid.partner_id", "=", contact.id) | Domain(
                    "message_ids.author_id", "=", contact.id
                )
                if "applicant_id" in documents_sudo._fields:
                    theirs |= Domain("applicant_id", "=", contact.id)
                theirs &= Domain(owner, "=", contact.commercial_partner_id.id)
                documents_sudo.search(theirs).message_subscribe(contact.ids)
        self._join_partner_meetings()

    def _join_partner_meetings(self):
        """Meetings ahead of the monthly series to which nobody of the partner, or only its own address, is invited."""
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # as above
        for enrollment_sudo in enrollments_sudo.search([("partner_id", "in", self.commercial_partner_id.ids)]):
            partner, contact = enrollment_sudo.partner_id, enrollment_sudo._get_meeting_contact()
            # Who is a partner as a person, or logs in with the contact of the company, is somebody who attends.
            address = partner.filtered(lambda one: one.is_company and not one.user_ids)
            lonely_sudo = enrollment_sudo._get_planned_series().filtered(
                lambda event, one=enrollment_sudo, address=address: one._filter_own_people(event.partner_ids) <= address
            )
            lonely_sudo._swap_attendees(address, contact)

    def _leave_partner_meetings(self, is_removed):
        """Nor are they invited to the meetings ahead, where the pack tells all figures; somebody else of theirs is.

        Who has lost the log-in only, and is the last one of the partner, stays: a meeting needs none.
        """
        events_sudo = self.env["calendar.event"].sudo()  # as above
        ahead = [("enrollment_id", "!=", False), ("start", ">", fields.Datetime.now())]
        events_sudo = events_sudo.search([("partner_ids", "in", self.ids), *ahead])
        for enrollment_sudo, meetings_sudo in events_sudo.grouped("enrollment_id").items():
            gone = self - enrollment_sudo._filter_own_people(self)
            meetings_sudo = meetings_sudo.with_context(active_test=False)  # an archived attendee is one, too
            if former := (self if is_removed else gone) & meetings_sudo.partner_ids:
                others = (enrollment_sudo._get_meeting_contact(without=former) - former).filtered("email")
                leaving = former if others else gone & former
                meetings_sudo._swap_attendees(leaving, others)
