from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def unlink(self):
        # EXTENDS base: whoever is deleted gets no newsletter any more (P21)
        contacts_sudo = self.env["mailing.contact"].sudo()  # whoever deletes a contact has no right on mailing lists
        left_sudo = contacts_sudo.search([("program_contact_id", "in", self.ids)])
        result = super().unlink()
        left_sudo._leave_partners()
        return result
