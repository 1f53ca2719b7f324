from odoo import api, fields, models

from odoo.addons.partner_program.tools.one_by_one import try_each


class PartnerProgramTraining(models.Model):
    _inherit = "partner.program.training"

    # When the add-on goes, what was trained stays: noted by hand from then on.
    source = fields.Selection(selection_add=[("course", "Course Completed")], ondelete={"course": "set default"})
    channel_partner_id = fields.Many2one(
        "slide.channel.partner", "Course", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )

    _channel_partner_uniq = models.UniqueIndex(
        "(channel_partner_id) WHERE channel_partner_id IS NOT NULL", "This course was noted as a training already."
    )

    @api.ondelete(at_uninstall=False)
    def _refuse_channel_partner(self):
        """Whoever deletes the training means that the completion of the course does not count."""
        attendees_sudo = self.channel_partner_id.sudo()  # as below
        attendees_sudo.is_partner_training_refused = True

    @api.model
    def _cron_sync_training(self):
        """Courses completed before the company was enrolled, or before the course counted, are noted too."""
        attendees_sudo = self.env["slide.channel.partner"].sudo()  # account managers have no right on courses
        try_each(attendees_sudo._get_partner_trainings_missing(), lambda some: some._note_partner_trainings())
        return super()._cron_sync_training()
