from odoo import api, fields, models

from odoo.addons.partner_program.tools.one_by_one import try_each


class PartnerProgramTraining(models.Model):
    _inherit = "partner.program.training"

    # When the add-on goes, what was trained stays: noted by hand from then on.
    source = fields.Selection(
        selection_add=[("certification", "Certification Passed")], ondelete={"certification": "set default"}
    )
    user_input_id = fields.Many2one(
        "survey.user_input", "Certification", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )

    _user_input_uniq = models.UniqueIndex(
        "(user_input_id) WHERE user_input_id IS NOT NULL", "This certification was noted as a training already."
    )

    @api.ondelete(at_uninstall=False)
    def _refuse_user_input(self):
        """Whoever deletes the training means that the attempt does not count; a later one does."""
        answers_sudo = self.user_input_id.sudo()  # as below
        answers_sudo.is_partner_training_refused = True

    @api.model
    def _cron_sync_training(self):
        """Certifications passed before the company was enrolled, or before the survey counted, are noted too."""
        answers_sudo = self.env["survey.user_input"].sudo()  # account managers have no right on surveys
        try_each(answers_sudo._get_partner_trainings_missing(), lambda some: some._note_partner_trainings())
        return super()._cron_sync_training()
