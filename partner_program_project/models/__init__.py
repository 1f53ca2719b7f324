from . import (
    partner_program_enrollment,
    partner_program_idea_vote,
    project_project,
    project_task,
    res_company,
    res_config_settings,
)
