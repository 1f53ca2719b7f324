from odoo import api, models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        # EXTENDS mail: machines do not apply for a partner program
        routes = super().message_route(message, message_dict, model, thread_id, custom_values)
        return self.env["partner.program.enrollment"]._filter_application_routes(message, message_dict, routes)
