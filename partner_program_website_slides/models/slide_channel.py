from odoo import fields, models


class SlideChannel(models.Model):
    _inherit = "slide.channel"

    is_partner_training = fields.Boolean(
        "Counts as Partner Training",
        help="A partner's contact who completes this course counts as trained in the product.",
    )
    partner_training_months = fields.Integer(
        "Training Valid for (months)",
        default=0,
        help="How long the training counts. 0: it does not expire. A course can be completed only once: "
        "a training that has expired is renewed by another course, by a certification, or by hand.",
    )

    _partner_training_months_positive = models.Constraint(
        "CHECK (partner_training_months >= 0 AND partner_training_months <= 1200)",
        "The months for which the training is valid have to be between 0 and 1200. 0 means: it does not expire.",
    )
