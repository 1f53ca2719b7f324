from odoo import fields, models


class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    is_partner_training = fields.Boolean(
        "Counts as Partner Training",
        help="A partner's contact who passes this certification counts as trained in the product, if the contact was "
        "logged in or invited with Share. An email address that somebody types proves nothing, and is not counted.",
    )
    partner_training_months = fields.Integer(
        "Training Valid for (months)", default=12, help="How long the training counts. 0: it does not expire."
    )

    _partner_training_months_positive = models.Constraint(
        "CHECK (partner_training_months >= 0 AND partner_training_months <= 1200)",
        "The months for which the training is valid have to be between 0 and 1200. 0 means: it does not expire.",
    )
