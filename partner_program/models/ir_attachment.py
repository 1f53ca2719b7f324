from odoo import api, models
from odoo.exceptions import UserError

SIGNED = "partner.program.signature"
# What may be written on a signed document: a link to it does not change it.
HARMLESS = {"access_token"}


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def write(self, vals):
        if vals.keys() - HARMLESS:
            self._check_not_signed(vals)
        if vals.get("res_model") == SIGNED:
            raise UserError(self.env._("A file cannot be made the document of a signature afterwards."))
        return super().write(vals)

    def _check_not_signed(self, vals):
        """Refuse to touch what was signed, whoever asks; storing the same bytes elsewhere changes nothing."""
        for document_sudo in self.sudo():  # the rule holds, whoever asks
            if document_sudo.res_model != SIGNED:
                continue
            same = vals.keys() <= {"raw", "mimetype"} and vals.get("raw") == document_sudo.raw
            if not same:
                raise UserError(self.env._("A signed contract is kept as it was signed: its files cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        if any(document_sudo.res_model == SIGNED for document_sudo in self.sudo()):  # the rule holds, whoever asks
            raise UserError(self.env._("A signed contract is kept: its files cannot be deleted."))
