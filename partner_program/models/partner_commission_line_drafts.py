from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class PartnerCommissionLine(models.Model):
    """What hangs on drafts that nobody has posted yet: they follow the ledger until they are (invariant 3)."""

    _inherit = "partner.commission.line"

    _on_hold = models.Index("(id) WHERE hold_code IS NOT NULL")

    @api.model
    def _get_run_domain(self) -> Domain:
        """What a run over everything looks at: all that is due, and what is on hold but still on a draft."""
        return self._get_due_domain() | Domain("id", "in", self._find_held_on_drafts().ids)

    @api.model
    def _find_held_on_drafts(self):
        """What is on hold and still on a draft that nobody has posted yet.

        Row by row of what is on hold: asked as a condition, a hundred thousand lines on a thousand drafts are read.
        """
        self._flush_drafts()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM partner_commission_line line
                 WHERE line.hold_code IS NOT NULL
                   AND (SELECT TRUE
                          FROM partner_commission_billing billing
                          JOIN account_move bill ON bill.id = billing.bill_id
                         WHERE billing.commission_line_id = line.id
                           AND bill.state = 'draft'
                           AND bill.posted_before IS NOT TRUE
                         LIMIT 1)
                """
            )
        )
        return self.browse(id_ for (id_,) in rows)

    @api.model
    def _flush_drafts(self):
        """Write what the queries of this file read."""
        self.flush_model(["partner_id", "currency_id", "company_id", "open_amount", "state", "hold_code"])
        self.env["partner.commission.billing"].flush_model()
        self.env["account.move"].flush_model(["state", "posted_before", "journal_id", "commercial_partner_id"])

    def _get_companions(self):
        """What a run over these lines takes along, whoever chose what, from the same partners.

        Open amounts to take back: the next bill carries them (D16). What is on hold but still on a draft, with what
        else is on the same lines of that draft: the former leaves it, the latter comes back to it.
        """
        self._flush_drafts()
        rows = self.env.execute_query(
            SQL(
                """
                WITH chosen AS (
                    SELECT DISTINCT partner_id, currency_id, company_id
                      FROM partner_commission_line
                     WHERE id = ANY(%s)
                ), drafts AS MATERIALIZED (  -- first, as a thousand other partners have theirs
                    SELECT id
                      FROM account_move
                     WHERE state = 'draft'
                       AND posted_before IS NOT TRUE
                       AND journal_id IN (SELECT id FROM account_journal WHERE type = 'purchase')
                       AND commercial_partner_id IN (SELECT partner_id FROM chosen)
                )
                SELECT line.id
                  FROM chosen
                  JOIN partner_commission_line line USING (partner_id, currency_id, company_id)
                 WHERE line.open_amount < 0
                   AND line.state = 'earned'
                 UNION
                SELECT beside.commission_line_id
                  FROM drafts
                 CROSS JOIN LATERAL (
                    SELECT commission_line_id, bill_line_id
                      FROM partner_commission_billing
                     WHERE bill_id = drafts.id
                    OFFSET 0
                 ) billing
                  JOIN partner_commission_line held ON held.id = billing.commission_line_id
                  JOIN partner_commission_billing beside ON beside.bill_line_id = billing.bill_line_id
                 WHERE held.hold_code IS NOT NULL
                   AND (held.partner_id, held.currency_id, held.company_id) IN (SELECT * FROM chosen)
                """,
                self.ids,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _leave_drafts(self):
        """These lines were held just now: take them off the drafts that nobody has posted yet.

        What was posted is with the partner already, and stays (invariant 7).
        """
        lines_sudo = self.sudo()  # whoever holds a line, or asks about it, need not have the right to change bills
        if lines_sudo.billing_ids.bill_id.filtered(lambda bill: bill.state == "draft" and not bill.posted_before):
            if self.env.user.share:  # a partner asks in its language, and colleagues read what comes of it
                lines_sudo = lines_sudo._in_language_of_reader()
            _bills, problems, _withdrawn = lines_sudo._run_bills()
            lines_sudo._report_problems(problems)
