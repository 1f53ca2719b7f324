from odoo import fields, models

from odoo.addons.mail.tools.alias_error import AliasError


class ProjectProject(models.Model):
    _inherit = "project.project"

    partner_program_use = fields.Selection(
        [("support", "Tickets of Partners"), ("ideas", "Ideas of Partners")],
        "Partner Program",
        copy=False,
        help="What affiliates send in the portal, or by email to the address of the project, arrives here. "
        "Mails of others are answered with the reason, and refused.",
    )

    def _alias_get_error(self, message, message_dict, alias):
        # EXTENDS mail: the address is for affiliates; a refused mail is answered, so nothing is lost unseen
        error = super()._alias_get_error(message, message_dict, alias)
        if error or not self.partner_program_use:
            return error
        author = self.env["res.partner"].browse(message_dict.get("author_id") or ())
        enrollments = self.env["partner.program.enrollment"]._get_affiliates_sudo(author)
        if not enrollments.filtered(lambda one: one.company_id == self.company_id):
            return AliasError(
                "error_partner_program",
                self.env._(
                    "This address is for active affiliate partners. Write from the address that we know of you, "
                    "or to your account manager."
                ),
            )
        return False
