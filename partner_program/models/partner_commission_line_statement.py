from odoo import models


class PartnerCommissionLine(models.Model):
    _inherit = "partner.commission.line"

    # Few invoices are credited: a statement looks at those only, beside what is billed and what is open.
    _statement_credited = models.Index("(partner_id) WHERE credited_amount <> 0")

    def _get_dated_open_amounts(self) -> dict:
        """Days and amount for the billing of the open amount of each line, by id.

        Most lines are simple: earned on the day of full payment. The statement
        is asked, in one query, only about those that a credit note or an
        earlier billing has touched.
        """
        lines_sudo = self.sudo()  # only the run makes billings; figures are those of the ledger
        touched = lines_sudo.filtered(lambda line: line.credited_amount or line.billed_amount)
        dated = {
            line.id: {"earned_on": line.fully_paid_on, "earned_amount": line.open_amount, "corrected_on": False}
            for line in lines_sudo - touched
        }
        dated |= {line.id: {"earned_on": False, "earned_amount": 0.0, "corrected_on": False} for line in touched}
        if touched:
            for line, kind, day, amount in lines_sudo.env["partner.commission.movement"]._read_group(
                [("commission_line_id", "in", touched.ids), ("bill_id", "=", False)],
                ["commission_line_id", "kind"],
                ["date:max", "amount:sum"],
            ):
                if kind == "earned":
                    dated[line.id].update(earned_on=day, earned_amount=amount)
                else:
                    dated[line.id]["corrected_on"] = day
        return dated
