from odoo import models

from ..faults import reach


class PartnerReferral(models.Model):
    _inherit = "partner.referral"

    def _check_acceptable(self):
        result = super()._check_acceptable()
        reach("claim checked")
        return result
