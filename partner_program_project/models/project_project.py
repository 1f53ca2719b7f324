from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.mail.tools.alias_error import AliasError

# The addresses of projects that the add-on makes, before the domain.
ALIASES = {"support": "partners-support", "ideas": "partners-ideas"}
# Odoo makes projects open to portal users; the visibility that is closest among those which are not.
CLOSED_TO_PORTAL = {"portal": "employees", "invited_users": "followers"}


class ProjectProject(models.Model):
    _inherit = "project.project"

    partner_program_use = fields.Selection(
        [("support", "Tickets of Partners"), ("ideas", "Ideas of Partners")],
        "Partner Program",
        copy=False,
        help="What affiliates send in the portal, or by email to the address of the project, arrives here. "
        "Mails of others are answered with the reason, and refused.",
    )

    @api.constrains("partner_program_use", "privacy_visibility")
    def _check_partner_privacy(self):
        if shared := self.filtered(
            lambda project: project.partner_program_use and project.privacy_visibility in CLOSED_TO_PORTAL
        ):
            raise ValidationError(
                self.env._(
                    "Partners read what is theirs of “%(project)s” on the pages of the program. Choose a visibility "
                    "for internal users only: otherwise they would also read files of notes.",
                    project=shared[0].name,
                )
            )

    @api.constrains("active", "company_id")
    def _check_partner_project_in_use(self):
        """Tickets would arrive where nobody finds them, and mails to a project of no company are refused."""
        companies_sudo = self.env["res.company"].sudo()  # those too that the user does not see
        for company in companies_sudo.search(
            ["|", ("partner_support_project_id", "in", self.ids), ("partner_ideas_project_id", "in", self.ids)]
        ):
            projects = self & (company.partner_support_project_id | company.partner_ideas_project_id)
            if gone := projects.filtered(lambda one, company=company: not one.active or one.company_id != company):
                raise ValidationError(
                    self.env._(
                        "“%(project)s” takes the tickets or ideas of partners of %(company)s. Choose another project "
                        "in the settings first, or empty the field, so that one is made.",
                        project=gone[0].name,
                        company=company.name,
                    )
                )

    def _is_unused_partner_project(self) -> bool:
        """Whether the add-on made it, and nobody wrote anything into it; its tasks are for the caller to look at."""
        self.ensure_one()
        is_ours = (self.alias_name or "").startswith(tuple(ALIASES.values()))
        return is_ours and not (self.description or self.update_ids or self.milestone_ids)

    def _dedicate_to_partners(self, use):
        """The project is for partners from now on, and Odoo's own pages and calls show them nothing of it."""
        visibility = CLOSED_TO_PORTAL.get(self.privacy_visibility)
        vals = {"privacy_visibility": visibility} if visibility else {}
        if self.partner_program_use != use:  # written again, it would give each ticket the partner of its customer
            vals["partner_program_use"] = use
        self.write(vals)
        if visibility:  # Odoo unsubscribes portal users, who still want to hear of their tickets
            for customer, tickets in self.task_ids.filtered("partner_enrollment_id").grouped("partner_id").items():
                tickets.message_subscribe(customer.ids)

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
