from . import (
    partner_program,
    partner_program_enrollment,
    partner_program_idea_vote,
    partner_program_portal_log,
    project_project,
    project_task,
    res_company,
    res_config_settings,
    res_partner,
)
