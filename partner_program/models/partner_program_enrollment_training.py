from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain


class PartnerProgramEnrollment(models.Model):
    """Who of the partner is trained today (P26)."""

    _inherit = "partner.program.enrollment"

    # Not stored: who is trained changes by itself at midnight. What is stored of it, `requirements_met`, is looked at
    # again every night.
    trained_contact_ids = fields.Many2many(
        "res.partner",
        compute="_compute_trained_contact_ids",
        inverse="_inverse_trained_contact_ids",
        search="_search_trained_contact_ids",
        compute_sudo=True,
    )

    @api.depends(
        "partner_id.training_ids.date_from",
        "partner_id.training_ids.date_to",
        "partner_id.training_ids.contact_id.active",
    )
    def _compute_trained_contact_ids(self):
        today = {company: company._partner_program_today() for company in self.company_id}
        for enrollment in self:
            day = today.get(enrollment.company_id) or fields.Date.context_today(self)
            enrollment.trained_contact_ids = enrollment.partner_id.training_ids._counts_on(day).contact_id

    def _inverse_trained_contact_ids(self):
        """Note what somebody wrote into the list as trainings by hand, from today or until yesterday."""
        wanted = {enrollment: enrollment.trained_contact_ids for enrollment in self}
        for enrollment, contacts in wanted.items():
            today = enrollment.company_id._partner_program_today()
            valid = enrollment.partner_id.training_ids._counts_on(today)
            removed = valid.filtered(lambda training, contacts=contacts: training.contact_id not in contacts)
            untrained = contacts - valid.contact_id
            of_today = removed.filtered(lambda training, today=today: training.date_from >= today)
            (removed - of_today).date_to = today - timedelta(days=1)
            of_today.unlink()
            self.env["partner.program.training"].create(
                [
                    {"contact_id": contact.id, "date_from": today, "trainer_id": enrollment._get_account_manager().id}
                    for contact in untrained
                ]
            )

    def _search_trained_contact_ids(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        today = fields.Date.context_today(self)
        domain = [("contact_id", operator, value), ("contact_id.active", "=", True), ("date_from", "<=", today)]
        domain += ["|", ("date_to", "=", False), ("date_to", ">=", today)]
        trainings_sudo = self.env["partner.program.training"].sudo()  # the field is computed with raised rights too
        return [("partner_id", "in", trainings_sudo.search(domain).partner_id.ids)]

    @api.model
    def _sync_training(self) -> int:
        """Compare what enrollments say with the trainings of today; returns how many had to be mended.

        And with the contract, of which a new version has to be signed by a day.
        """
        asking = Domain("program_id.trained_contacts_required", ">", 0) | Domain("program_id.agreement_id", "!=", False)
        enrollments = self.search(asking & Domain("state", "!=", "rejected"))
        changed = enrollments.filtered(
            lambda enrollment: enrollment.requirements_met == bool(enrollment._get_missing_requirements())
        )
        changed.modified(["trained_contact_ids"])
        return len(changed)

    def action_note_training(self):
        """Open the form that notes a training by hand, with its proof."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Note a Training"),
            "res_model": "partner.program.training",
            "views": [(self.env.ref("partner_program.partner_program_training_view_form_note").id, "form")],
            "target": "new",
            "context": {
                "default_trainer_id": (self._get_account_manager() or self.env.user).id,
                "partner_program_company": self.partner_id.id,
            },
        }
