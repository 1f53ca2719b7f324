import json

from odoo import api, models


class PartnerCommissionLine(models.Model):
    """Scheduled work in pieces: commit on the way, and go on where the time was over."""

    _inherit = "partner.commission.line"

    @api.model
    def _is_in_cron(self) -> bool:
        return "ir_cron_progress_id" in self.env.context

    @api.model
    def _commit_in_cron(self, **progress) -> float:
        """Commit and note the progress when the scheduler runs this; seconds left.

        Called from anywhere else (a script, a test, another add-on) the caller
        keeps its transaction: ``_commit_progress`` would commit it.
        """
        if not self._is_in_cron():
            return float("inf")
        return self.env["ir.cron"]._commit_progress(**progress)

    @api.model
    def _get_cron_position(self, parameter):
        """The last key (an id, or a list of ids) that the scheduler had time for: the job goes on after it, so that
        what stays to be done keeps nothing from its turn. 0: from the beginning.

        :param str parameter: of the system; it is there only while the job has something left
        """
        if not self._is_in_cron():
            return 0
        parameters_sudo = self.env["ir.config_parameter"].sudo()  # of the system
        return json.loads(parameters_sudo.get_param(parameter, "0"))

    @api.model
    def _set_cron_position(self, parameter, position):
        if (position or 0) != self._get_cron_position(parameter) and self._is_in_cron():
            parameters_sudo = self.env["ir.config_parameter"].sudo()  # of the system
            parameters_sudo.set_param(parameter, json.dumps(position) if position else False)
            self._commit_in_cron()
