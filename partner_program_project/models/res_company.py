from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .project_project import ALIASES

STAGES = {
    "support": ("stage_ticket_new", "stage_ticket_progress", "stage_ticket_waiting", "stage_ticket_solved"),
    "ideas": ("stage_idea_new", "stage_idea_review", "stage_idea_planned", "stage_idea_done", "stage_idea_declined"),
}


class ResCompany(models.Model):
    _inherit = "res.company"

    partner_support_project_id = fields.Many2one(
        "project.project",
        "Tickets of Partners",
        domain="[('company_id', '=', id)]",
        help="Project in which affiliates' requests for help arrive, from the portal and by email.",
    )
    partner_ideas_project_id = fields.Many2one(
        "project.project",
        "Ideas of Partners",
        domain="[('company_id', '=', id)]",
        help="Project in which affiliates' proposals for features arrive, and are voted on.",
    )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._dedicate_partner_projects(STAGES)
        return companies

    def write(self, vals):
        result = super().write(vals)
        self._dedicate_partner_projects([use for use in STAGES if f"partner_{use}_project_id" in vals])
        return result

    def _dedicate_partner_projects(self, uses):
        """A project that was chosen is for partners from now on: by that their tickets and ideas are found."""
        for company in self:
            for use in uses:
                project_sudo = company[f"partner_{use}_project_id"].sudo()  # whoever sets companies up need not see it
                if project_sudo and (project_sudo.company_id != company or project_sudo.partner_program_use != use):
                    company._check_partner_project(project_sudo, use)
                    project_sudo._dedicate_to_partners(use)
                    project_sudo.type_ids = project_sudo.type_ids or company._get_partner_stages(use)

    def _get_partner_stages(self, use):
        """Our stages, without those that somebody deleted or archived; one at least."""
        # The first ticket of a partner may be what makes the project.
        stages_sudo = self.env["project.task.type"].sudo()
        found = [self.env.ref(f"partner_program_project.{name}", raise_if_not_found=False) for name in STAGES[use]]
        kept_sudo = stages_sudo.union(*filter(None, found)).filtered("active")
        return kept_sudo or stages_sudo.create({"name": self.env._("New"), "user_id": False})

    def _check_partner_project(self, project_sudo, use):
        if project_sudo.company_id != self:
            raise UserError(
                self.env._(
                    "“%(project)s” is no project of %(company)s. Choose one of this company, or leave the field "
                    "empty, so that one is made.",
                    project=project_sudo.name,
                    company=self.name,
                )
            )
        tasks_sudo = project_sudo.with_context(active_test=False).task_ids
        others_sudo = tasks_sudo.filtered(lambda task: not (task | task.parent_id).partner_enrollment_id)
        if project_sudo.partner_program_use or others_sudo:
            raise UserError(
                self.env._(
                    "“%(project)s” is in use already, and its address would refuse everybody but affiliates. Choose "
                    "a project without tasks, or leave the field empty, so that one is made.",
                    project=project_sudo.name,
                )
            )

    def _get_partner_project(self, use: str):
        """The project of this company for tickets (`support`) or `ideas`; made when it is not there yet."""
        self.ensure_one()
        fname = f"partner_{use}_project_id"
        company_sudo = self.sudo()  # the first ticket of a partner may be what makes the project
        if not company_sudo[fname]:
            names = {"support": self.env._("Partner Tickets"), "ideas": self.env._("Feature Ideas of Partners")}
            company_sudo[fname] = company_sudo.env["project.project"].create(
                {
                    "name": names[use],
                    "company_id": self.id,
                    "partner_program_use": use,
                    "privacy_visibility": "employees",
                    "type_ids": [Command.set(self._get_partner_stages(use).ids)],
                    "alias_contact": "everyone",
                    "alias_name": self._get_free_partner_alias(ALIASES[use]),
                }
            )
        return company_sudo[fname]

    def _get_free_partner_alias(self, name) -> str:
        """The local part of an address: the name, or with the number of the company when another one has it."""
        aliases_sudo = self.env["mail.alias"].sudo()  # addresses of other companies count too
        return f"{name}-{self.id}" if aliases_sudo.search_count([("alias_name", "=", name)], limit=1) else name

    def _make_partner_projects(self):
        """Tickets and ideas have a place, and an address, as soon as there is a program."""
        for company in self:
            company._get_partner_project("support")
            company._get_partner_project("ideas")

    @api.model
    def _load_partner_ticket_demo(self):
        """Tell what the affiliates of the demo data ask for; called once, by demo/demo.xml."""
        from ..demo.tickets import tell

        tell(self.env)
