"""Projects that were chosen in the settings become those of partners: 1.0.0 did not find their tickets and ideas.

Sub-tasks that colleagues added to tickets, which 1.0.0 showed to partners, become work among colleagues, and no project
of partners stays open to portal users.
"""

import logging

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    for company in env["res.company"].search([]):
        for use in ("support", "ideas"):
            try:
                company._dedicate_partner_projects([use])
                company[f"partner_{use}_project_id"]._check_partner_project_in_use()
            except UserError as error:  # work of others is in it, or it is archived: somebody has to choose another one
                _logger.warning("The project for %s of partners of %s: %s", use, company.name, error)
    projects = env["project.project"].with_context(active_test=False)
    for project in projects.search([("partner_program_use", "!=", False)]):
        project._dedicate_to_partners(project.partner_program_use)
    parts = env["project.task"].with_context(active_test=False).search([("parent_id.partner_program_use", "!=", False)])
    # What the partner sent itself, and a colleague made part of another task, was made by its log-in or a mail.
    parts = parts.filtered(lambda task: not task.create_uid.share and task.create_uid.id != SUPERUSER_ID)
    parts.filtered(lambda task: task.partner_id == task.parent_id.partner_id).partner_id = False
    parts.partner_enrollment_id = False
    parts._keep_among_colleagues()
