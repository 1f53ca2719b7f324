from odoo import SUPERUSER_ID, api, fields, models

# What the programs and the company get at installation when nobody has the name yet (P24).
GENERAL_ALIAS = "partners"
PROGRAM_ALIASES = {
    "partner_program.program_referral": "partners-referral",
    "partner_program.program_affiliate": "partners-affiliate",
}


class ResCompany(models.Model):
    """Where applications arrive: the address for those who do not know their program yet, and the form (P24)."""

    _inherit = "res.company"

    partner_program_alias_id = fields.Many2one("mail.alias", "Address for Applications", ondelete="set null")
    partner_program_alias_name = fields.Char(
        "Local Part of the Address for Applications",
        compute="_compute_partner_program_alias_name",
        inverse="_inverse_partner_program_alias_name",
        compute_sudo=True,
    )
    partner_program_apply_limit = fields.Integer(
        "Applications per Hour",
        default=5,
        help="How many applications the public form takes from one address on the internet within an hour. "
        "0: no limit.",
    )

    partner_program_attachment_mb = fields.Integer(
        "Largest File of an Application (MB)",
        default=10,
        help="The form takes no larger file; from a mail a larger one is left out, and the mail says so.",
    )

    _partner_program_attachment_mb_range = models.Constraint(
        "CHECK (partner_program_attachment_mb BETWEEN 1 AND 100)",
        "A file of an application may have from 1 to 100 MB.",
    )

    @api.depends("partner_program_alias_id.alias_name")
    def _compute_partner_program_alias_name(self):
        for company in self:
            company.partner_program_alias_name = company.partner_program_alias_id.alias_name

    def _inverse_partner_program_alias_name(self):
        for company in self:
            alias_sudo = company.partner_program_alias_id.sudo()  # as for the aliases of programs
            if alias_sudo:
                alias_sudo.alias_name = company.partner_program_alias_name
            elif company.partner_program_alias_name:
                company.partner_program_alias_id = alias_sudo.create(
                    {
                        "alias_name": company.partner_program_alias_name,
                        "alias_domain_id": company.alias_domain_id.id,
                        "alias_model_id": self.env["ir.model"]._get_id("partner.program.enrollment"),
                        "alias_parent_model_id": self.env["ir.model"]._get_id("res.company"),
                        "alias_parent_thread_id": company.id,
                        "alias_defaults": repr({"company_id": company.id}),
                    }
                )

    def _partner_program_managers_sudo(self):
        """Who has the role of a partner manager in this company, or else the administrator."""
        self.ensure_one()
        company_sudo = self.sudo()  # strangers write to the addresses
        colleagues = company_sudo.env.ref("partner_program.group_manager").all_user_ids.filtered(
            lambda user: user.active and not user.share and user.id != SUPERUSER_ID and company_sudo in user.company_ids
        )
        return colleagues.sorted("id") or company_sudo.env.ref("base.user_admin")

    def _partner_program_tell_of_stray_mail(self, msg_dict):
        """Somebody applies while the company has no program: whoever could make one hears of it."""
        self.ensure_one()
        people = self._partner_program_managers_sudo()
        env = self.with_context(lang=people[:1].lang).env  # the gateway that reads the mail has no language
        self.partner_id.message_notify(
            partner_ids=people.partner_id.ids,
            subject=env._("A mail to %(address)s made no application", address=self.partner_program_alias_name),
            body=env._(
                "%(company)s has no partner program at present. “%(subject)s” from %(sender)s is kept in the messages "
                "of the contact %(contact)s: answer it, or create a program and enter the application by hand.",
                company=self.name,
                subject=msg_dict.get("subject") or "…",
                sender=msg_dict.get("email_from") or env._("an unknown sender"),
                contact=self.partner_id.name,
            ),
        )

    @api.model
    def _partner_program_load_aliases(self):
        """At installation: the addresses of the policy, where they are still free."""
        aliases_sudo = self.env["mail.alias"].sudo()  # installation
        taken = set(
            aliases_sudo.search([("alias_name", "in", (GENERAL_ALIAS, *PROGRAM_ALIASES.values()))]).mapped("alias_name")
        )
        for xmlid, name in PROGRAM_ALIASES.items():
            program = self.env.ref(xmlid, raise_if_not_found=False)
            if program and not program.alias_name and name not in taken:
                program.alias_name = name
        company = self.env.ref("base.main_company")
        if not company.partner_program_alias_id and GENERAL_ALIAS not in taken:
            company.partner_program_alias_name = GENERAL_ALIAS
