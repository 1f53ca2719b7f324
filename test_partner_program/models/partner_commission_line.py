from random import randrange

from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo import api, models

from ..faults import commit, reach, without


class PartnerCommissionLine(models.Model):
    _inherit = "partner.commission.line"

    def try_lock_for_update(self, *, allow_referencing=False, limit=None):
        if without("lock"):
            return self
        return super().try_lock_for_update(allow_referencing=allow_referencing, limit=limit)

    def _run_bills(self):
        if without("isolation"):
            commit(self.env.cr)
            self.env.cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        return super()._run_bills()

    def _claim(self):
        reach("started")
        claimed = super()._claim()
        reach("claimed")
        return claimed

    def _get_hold_code(self):
        return False if without("holds") else super()._get_hold_code()

    def _mend(self):
        if without("comparison"):
            for line in self:
                line.write({"state": line.state})  # as somebody would who does not look first
        return super()._mend()

    @api.model
    def _find_draft_bills(self, groups):
        reach("met")
        return super()._find_draft_bills(groups)

    def _create_billings(self, bill_lines):
        self.env.flush_all()
        reach("bill made")
        if without("transaction"):
            commit(self.env.cr)
            reach("bill committed alone")
        result = self._bill_what_was_read(bill_lines) if without("amount") else super()._create_billings(bill_lines)
        self.env.flush_all()
        reach("billings made")
        return result

    def _bill_what_was_read(self, bill_lines):
        """As somebody would who trusts what he read a moment ago, instead of the row in the database."""
        Billing = self.env["partner.commission.billing"]
        revisions = dict(
            Billing._read_group([("commission_line_id", "in", self.ids)], ["commission_line_id"], ["revision:max"])
        )
        Billing.create(
            [
                {
                    "commission_line_id": line.id,
                    "bill_line_id": bill_lines[line].id,
                    "amount": line.open_amount,
                    "revision": randrange(2, 10**6) if without("revision") else revisions.get(line, 0) + 1,
                }
                for line in self
            ]
        )

    @api.model
    def _commit_in_cron(self, **progress):
        reach("before commit")
        left = super()._commit_in_cron(**progress)
        reach("after commit")
        return left
