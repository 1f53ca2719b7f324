from odoo import models

from ..faults import without


class PartnerProgramEnrollment(models.Model):
    _inherit = "partner.program.enrollment"

    def write(self, vals):
        if without("meeting"):
            vals = {fname: value for fname, value in vals.items() if fname != "last_billed_on"}
            if not vals:
                return True  # Odoo would still write who and when
        return super().write(vals)
