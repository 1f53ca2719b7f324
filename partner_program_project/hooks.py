from odoo.fields import Command


def post_init_hook(env):
    """Each company with a program gets its project for tickets and its project for ideas."""
    programs = env["partner.program"].with_context(active_test=False).search([])
    programs.company_id._make_partner_projects()


def uninstall_hook(env):
    """Tickets are work of the company: they stay, in ordinary projects. What the add-on gave and nobody used goes."""
    projects = env["project.project"].with_context(active_test=False).search([("partner_program_use", "!=", False)])
    tasks = env["project.task"].with_context(active_test=False)
    kept = env["project.project"].union(
        *(project for (project,) in tasks._read_group([("project_id", "in", projects.ids)], ["project_id"]))
    )
    kept |= projects.filtered(lambda one: not one._is_unused_partner_project())
    (projects - kept).unlink()
    kept.alias_name = False  # the address was for partners
    # The stages of what stays are ordinary stages from now on: without our name they are not deleted with us.
    env["ir.model.data"].search(
        [
            ("module", "=", "partner_program_project"),
            ("model", "=", "project.task.type"),
            ("res_id", "in", kept.type_ids.ids),
        ]
    ).unlink()
    group = env.ref("partner_program.group_manager", raise_if_not_found=False)
    if group:
        group.implied_ids = [Command.unlink(env.ref("project.group_project_user").id)]
