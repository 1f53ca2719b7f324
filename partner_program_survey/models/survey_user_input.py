from dateutil.relativedelta import relativedelta

from odoo import api, fields, models


class SurveyUserInput(models.Model):
    _inherit = "survey.user_input"

    partner_training_ids = fields.One2many("partner.program.training", "user_input_id", "Partner Trainings")

    is_partner_training_refused = fields.Boolean(
        "Not a Training",
        readonly=True,
        copy=False,
        help="The training of this attempt was taken back: it is not noted again.",
    )

    def _mark_done(self):
        result = super()._mark_done()
        self._note_partner_trainings()
        return result

    @api.model
    def _get_partner_trainings_missing(self, domain=()):
        """Passed certifications that no training was noted for yet, of people who were logged in or invited.

        A link that anybody can open asks for an address: whoever types that of a colleague proves nothing.
        """
        return self.search(
            [
                ("survey_id.certification", "=", True),
                ("survey_id.is_partner_training", "=", True),
                ("state", "=", "done"),
                ("scoring_success", "=", True),
                ("partner_id", "!=", False),
                ("test_entry", "=", False),
                ("partner_training_ids", "=", False),
                ("is_partner_training_refused", "=", False),
                *domain,
            ]
        )

    def _note_partner_trainings(self):
        """Note who passed as trained, when it is a contact of a company on a program; each certification once.

        :return: the trainings noted
        """
        inputs_sudo = self.sudo()  # whoever takes the certification has no right on trainings
        passed = inputs_sudo & inputs_sudo._get_partner_trainings_missing([("id", "in", self.ids)])
        contacts = passed._get_partner_contacts()
        days = {one: one._get_passed_on(contact) for one, contact in contacts.items()}
        return inputs_sudo.env["partner.program.training"].create(
            [
                {
                    "contact_id": contacts[one].id,
                    "date_from": days[one],
                    "date_to": one._get_partner_training_end(days[one]),
                    "source": "certification",
                    "user_input_id": one.id,
                    "note": one.survey_id.title,
                }
                for one in passed
                if one in contacts
            ]
        )

    def _get_passed_on(self, contact):
        """The day of the certification at the company whose partner the contact belongs to."""
        self.ensure_one()
        companies = contact.commercial_partner_id.program_enrollment_ids.company_id
        return companies[:1]._partner_program_local_date(self.end_datetime or fields.Datetime.now())

    def _get_partner_training_end(self, start):
        self.ensure_one()
        months = self.survey_id.partner_training_months
        return start + relativedelta(months=months, days=-1) if months else False

    def _get_partner_contacts(self) -> dict:
        """For each answer the contact of a partner who gave it, logged in or invited."""
        enrolled = self.env["partner.program.enrollment"].search(
            [("partner_id", "in", self.partner_id.commercial_partner_id.ids), ("state", "!=", "rejected")]
        )
        return {one: one.partner_id for one in self if one.partner_id.commercial_partner_id & enrolled.partner_id}
