from odoo import api, fields, models

LOOKED_AFTER = ("onboarding", "active", "suspended")


class PartnerProgramManagerRule(models.Model):
    """One person who looks after partners of a program, for some countries and languages or for all (P22)."""

    _name = "partner.program.manager.rule"
    _description = "Account Manager of a Program"
    _order = "program_id, sequence, id"
    _rec_name = "user_id"

    program_id = fields.Many2one("partner.program", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    user_id = fields.Many2one(
        "res.users",
        "Account Manager",
        required=True,
        index=True,
        ondelete="cascade",
        domain=lambda self: self.env["partner.program.enrollment"]._get_manager_domain(),
    )
    country_ids = fields.Many2many("res.country", string="Countries", help="Empty: partners of any country.")
    lang_ids = fields.Many2many(
        "res.lang",
        string="Languages",
        context={"active_test": False},  # a language that was switched off is not any language
        help="Empty: partners of any language.",
    )

    _user_uniq = models.Constraint(
        "UNIQUE (program_id, user_id)", "This account manager is in the list already. Add the countries there."
    )

    @api.model
    def _find_manager(self, enrollment, partner_counts):
        """The account manager for a new partner: the most specific rule, then the fewest partners, then the order.

        :param dict partner_counts: number of partners looked after, by user
        :return: a user, or none when no rule fits
        """
        country, lang = enrollment.partner_id.country_id, enrollment._get_lang()
        fitting = enrollment.program_id.manager_rule_ids.filtered(
            lambda rule: (
                rule._is_in_force()
                and (not rule.country_ids or country in rule.country_ids)
                and (not rule.lang_ids or lang in rule.lang_ids.mapped("code"))
            )
        )
        best = fitting.sorted(
            lambda rule: (
                -(bool(rule.country_ids) + bool(rule.lang_ids)),
                partner_counts.get(rule.user_id, 0),
                rule.sequence,
                rule.id,
            )
        )
        return best[:1].user_id

    def _is_in_force(self) -> bool:
        """Whether the user is still here, still has the role, and works in the company of the program."""
        self.ensure_one()
        return bool(self.user_id._filter_account_managers(self.company_id))

    @api.model
    def _count_partners(self, users) -> dict:
        """How many partners each of these users looks after."""
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # partners of all companies are work
        return dict(
            enrollments_sudo._read_group(
                [("account_manager_id", "in", users.ids), ("state", "in", LOOKED_AFTER)],
                ["account_manager_id"],
                ["__count"],
            )
        )
