from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    partner_program_first_package = fields.Selection(
        [("ignore", "Ignore"), ("warn", "Warn"), ("block", "Block at Confirmation")],
        "First Package above the Entry One",
        required=True,
        default="warn",
        help="What happens when a quotation sells a client its first package, and it is not the entry package: "
        "each client starts on the entry package.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    partner_program_first_package = fields.Selection(related="company_id.partner_program_first_package", readonly=False)
