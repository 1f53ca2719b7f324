from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo import models

from ..faults import commit, reach, without


class PartnerReferral(models.Model):
    _inherit = "partner.referral"

    def try_lock_for_update(self, *, allow_referencing=False, limit=None):
        if without("lock"):
            return self
        return super().try_lock_for_update(allow_referencing=allow_referencing, limit=limit)

    def _check_acceptable(self):
        result = super()._check_acceptable()
        reach("claim checked")
        return result

    def _lock_claims(self):
        return None if without("claims") else super()._lock_claims()

    def _warn_closing(self):
        if without("isolation"):
            commit(self.env.cr)
            self.env.cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        reach("warning")
        return super()._warn_closing()

    def _prepare_closing_activities(self, today_by_company):
        reach("warning due")
        return super()._prepare_closing_activities(today_by_company)
