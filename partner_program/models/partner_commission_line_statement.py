from odoo import models
from odoo.tools import SQL

from ..engine.amounts import decimal_of
from .led_fields import LedDate, LedMonetary
from .partner_commission_change import Difference


class PartnerCommissionLine(models.Model):
    """What statements tell of a commission: when it was first earned and how much; what comes later is a change.

    The first earning is kept on the row, in the same ``UPDATE`` as the target: paying an invoice costs no further
    statement. It is written once. All else is appended to ``partner.commission.change``.
    """

    _inherit = "partner.commission.line"

    first_earned_on = LedDate(
        compute="_compute_target",
        leader="earned_amount",
        store=True,
        help="Under which day statements tell that it was earned.",
    )
    first_earned_amount = LedMonetary(
        "First Earned", compute="_compute_target", leader="earned_amount", store=True, help="What it was worth then."
    )

    _first_earned = models.Index("(partner_id, first_earned_on) WHERE first_earned_on IS NOT NULL")

    def _compute_target(self):
        # EXTENDS: note what statements tell
        before = {line: line.earned_amount for line in self}
        result = super()._compute_target()
        self._note_first_earned()
        self.filtered(
            lambda line: line._origin.id and line.first_earned_on and line.earned_amount != before[line]
        )._note_corrections()
        return result

    def _mend(self):
        # EXTENDS: the same for what is written instead of computed
        wrong = super()._mend()
        lines_sudo = self.browse().sudo().union(*wrong)  # figures follow from the facts, whoever asks
        lines_sudo._note_first_earned()
        lines_sudo.filtered("first_earned_on")._note_corrections()
        return wrong

    def _note_first_earned(self):
        """Keep, once, when these lines were first earned: on the day of full payment, unless its month is over."""
        Change = self.env["partner.commission.change"]
        for line in self:
            if line.earned_amount and not line.first_earned_on:
                enrollment_sudo = line.sudo().enrollment_id  # whoever pays the invoice need not see the partner
                line.first_earned_on = Change._get_day(line.company_id, line.fully_paid_on, enrollment_sudo.create_date)
                line.first_earned_amount = line.earned_amount

    def _note_corrections(self) -> int:
        """Append the difference between what these lines have earned now and what was noted; how many there were."""
        if not self:
            return 0
        rows = self.env.execute_query(
            SQL(
                """
                SELECT commission_line_id, SUM(amount), MAX(date)
                  FROM partner_commission_change WHERE commission_line_id = ANY(%s) GROUP BY commission_line_id
                """,
                self._origin.ids,
            )
        )
        noted = {line_id: rest for line_id, *rest in rows}
        differences = []
        for line in self:
            later, noted_on = noted.get(line._origin.id, (0, None))
            amount = decimal_of(line.earned_amount) - decimal_of(line.first_earned_amount) - decimal_of(later)
            if amount:
                owner = line.partner_id.id, line.company_id.id, line.currency_id.id
                last = noted_on or line.first_earned_on
                differences.append(Difference(line._origin.id, None, "correction", *owner, amount, None, last, None))
        self.env["partner.commission.change"]._append(differences)
        return len(differences)

    def _was_told(self) -> bool:
        """Whether a statement of a month that is over tells of this line."""
        self.ensure_one()
        month = self.company_id._partner_program_today().replace(day=1)
        return bool(self.first_earned_on) and self.first_earned_on < month

    def _drop_untold(self):
        """Delete what nobody was told of, has asked about or holds; the rest stays, its loss a correction of today.

        What was on a bill stays too, also on a cancelled one: the bill keeps what it carried.
        """
        self.filtered(
            lambda line: not (line._was_told() or line.question_ids or line.held_by_hand or line.billing_ids)
        ).unlink()

    def _find_unnoted(self):
        """Those of these rows of which statements tell another sum than they have earned."""
        self.flush_model(["earned_amount", "first_earned_amount"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM partner_commission_line line
                 WHERE line.id = ANY(%s)
                   AND COALESCE(line.earned_amount, 0) <> COALESCE(line.first_earned_amount, 0) + COALESCE(
                       (SELECT SUM(change.amount) FROM partner_commission_change change
                         WHERE change.commission_line_id = line.id), 0)
                """,
                self.ids,
            )
        )
        return self.browse(id_ for (id_,) in rows)
