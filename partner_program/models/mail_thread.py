from markupsafe import Markup

from odoo import api, models
from odoo.tools import human_size

MB = 1024 * 1024


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    # Strangers write to the addresses of the programs: what they mail is limited there, and nowhere else.
    _partner_program_limits_files = False

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        # EXTENDS mail: machines do not apply for a partner program
        routes = super().message_route(message, message_dict, model, thread_id, custom_values)
        return self.env["partner.program.enrollment"]._filter_application_routes(message, message_dict, routes)

    def _process_attachments_for_post(self, attachments, attachment_ids, message_values):
        # EXTENDS mail: what the gateway brings arrives without the files over the limit, and says which they were
        if self._partner_program_limits_files and attachments and message_values.get("message_type") == "email":
            limit = self.company_id.partner_program_attachment_mb
            kept = [one for one in attachments if not limit or len(one[1] or "") <= limit * MB]
            if left_out := [one for one in attachments if not any(one is other for other in kept)]:
                message_values["body"] += self._partner_program_describe_left_out(left_out, limit)
            attachments = kept
        return super()._process_attachments_for_post(attachments, attachment_ids, message_values)

    @api.model
    def _partner_program_describe_left_out(self, attachments, limit) -> Markup:
        """The paragraph that is added to the text of the mail."""
        return Markup("<p><em>%s</em></p>") % self.env._(
            "Left out, as a file may have at most %(limit)s MB: %(files)s. Ask the sender for a link.",
            limit=limit,
            files=", ".join(f"{one[0]} ({human_size(len(one[1]))})" for one in attachments),
        )
