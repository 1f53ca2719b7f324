from dateutil.relativedelta import relativedelta

from odoo import api, fields, models


class SlideChannelPartner(models.Model):
    _inherit = "slide.channel.partner"

    partner_training_ids = fields.One2many("partner.program.training", "channel_partner_id", "Partner Trainings")

    is_partner_training_refused = fields.Boolean(
        "Not a Training",
        readonly=True,
        copy=False,
        help="The training of this attendee was taken back: it is not noted again.",
    )

    def _post_completion_update_hook(self, completed=True):
        """A training that was noted stays when a lesson is added: Odoo keeps a completed course completed too."""
        result = super()._post_completion_update_hook(completed=completed)
        if completed:
            self._note_partner_trainings(fields.Date.context_today(self))
        return result

    @api.model
    def _get_partner_trainings_missing(self, domain=()):
        """Completed courses that no training was noted for yet; attendees who left the course completed it too."""
        return self.with_context(active_test=False).search(
            [
                ("channel_id.is_partner_training", "=", True),
                ("member_status", "=", "completed"),
                ("partner_training_ids", "=", False),
                ("is_partner_training_refused", "=", False),
                *domain,
            ]
        )

    def _note_partner_trainings(self, day=None):
        """Note who completed a course as trained, when it is a contact of a company on a program; each course once.

        :param day: the day of the completion; else that of the last action in the course, which Odoo keeps
        :return: the trainings noted
        """
        attendees_sudo = self.sudo()  # whoever follows the course has no right on trainings
        completed = attendees_sudo & attendees_sudo._get_partner_trainings_missing([("id", "in", self.ids)])
        enrolled = attendees_sudo.env["partner.program.enrollment"].search(
            [
                ("partner_id", "in", completed.partner_id.commercial_partner_id.ids),
                ("state", "!=", "rejected"),
            ]
        )
        vals_list = []
        for one in completed.filtered(lambda one: one.partner_id.commercial_partner_id in enrolled.partner_id):
            start = day or fields.Datetime.context_timestamp(one, one.write_date).date()
            months = one.channel_id.partner_training_months
            vals_list.append(
                {
                    "contact_id": one.partner_id.id,
                    "date_from": start,
                    "date_to": start + relativedelta(months=months, days=-1) if months else False,
                    "source": "course",
                    "channel_partner_id": one.id,
                    "note": one.channel_id.name,
                }
            )
        return attendees_sudo.env["partner.program.training"].create(vals_list)
