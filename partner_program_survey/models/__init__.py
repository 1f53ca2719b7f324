from . import partner_program_training, survey_survey, survey_user_input
