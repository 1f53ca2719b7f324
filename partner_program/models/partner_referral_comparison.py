from odoo import fields, models
from odoo.fields import Domain


class PartnerReferral(models.Model):
    """All claims on one client side by side, for the manager who has to decide between partners (D10)."""

    _inherit = "partner.referral"

    other_claim_count = fields.Integer(
        compute="_compute_other_claims",
        compute_sudo=True,
        groups="base.group_user",
        help="Other referrals of the same client, by whichever partner and program.",
    )
    is_protected = fields.Boolean(
        compute="_compute_other_claims",
        compute_sudo=True,
        groups="base.group_user",
        help="Another referral protects the client: this one cannot be accepted now.",
    )
    claims_comparison = fields.Html(
        compute="_compute_claims_comparison", sanitize=False, groups="partner_program.group_manager"
    )

    def _compute_claims_comparison(self):
        for referral in self:
            claims = referral._get_rival_claims()
            referral.claims_comparison = len(claims) > 1 and self.env["ir.qweb"]._render(
                "partner_program.referral_comparison",
                {"claims": claims, "columns": [claim._get_claim_history() for claim in claims], "this": referral},
            )

    def _get_rival_claims(self):
        """This claim and the others on its client, and those that it is compared with on the decision list."""
        self.ensure_one()
        rivals = self.sudo().review_ids.other_id  # sudo: only managers read the comparison
        same = self._find_same_client(Domain.TRUE)[self]
        return self.search([("id", "in", [*self.ids, *rivals.ids, *same.ids])], order="referred_on, id")

    def _get_claim_history(self) -> dict:
        """What one column of the comparison shows, in the language of the reader."""
        self.ensure_one()
        lines = self.sudo().commission_line_ids  # sudo: sums for the manager who decides
        by_currency = lines.grouped("currency_id")

        def total(fname):
            return ", ".join(currency.format(sum(rows.mapped(fname))) for currency, rows in by_currency.items())

        return {
            "source": self._get_label("source"),
            "state": self._get_label("state"),
            "eligibility": self._get_label("eligibility"),
            "earned": total("earned_amount"),
            "billed": total("billed_amount"),
            "invoices": len(lines),
            "steps": self._get_state_steps(),
        }

    def _get_label(self, fname) -> str:
        return dict(self._fields[fname]._description_selection(self.env)).get(self[fname], "")

    def _get_state_steps(self) -> list:
        """``(moment, from, to, who)`` of each change of the status, oldest first."""
        field = self.env["ir.model.fields"]._get(self._name, "state")
        values = (
            self.env["mail.tracking.value"]
            .sudo()  # sudo: the log of a record that the manager reads
            .search(
                [
                    ("field_id", "=", field.id),
                    ("mail_message_id.model", "=", self._name),
                    ("mail_message_id.res_id", "=", self.id),
                ],
                order="id",
            )
        )
        return [
            (
                value.mail_message_id.date,
                value.old_value_char,
                value.new_value_char,
                value.mail_message_id.author_id.name or "",
            )
            for value in values
        ]
