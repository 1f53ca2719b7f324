from email.message import EmailMessage

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Command
from odoo.tools import human_size

MB = 1024 * 1024


def size_of(content) -> int:
    """How large a file of a mail is; a mail that was forwarded as a file arrives parsed."""
    return len(content.as_bytes() if isinstance(content, EmailMessage) else content or "")


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    # Strangers write to the addresses of the programs: what they mail is limited there, and nowhere else.
    _partner_program_limits_files = False

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        # EXTENDS mail: machines do not apply for a partner program
        routes = super().message_route(message, message_dict, model, thread_id, custom_values)
        return self.env["partner.program.enrollment"]._filter_application_routes(message, message_dict, routes)

    def _message_route_process(self, message, message_dict, routes):
        # EXTENDS mail: what our records ask about the mail itself, which Odoo does not hand on to them
        if any(getattr(self.env[model], "_partner_program_limits_files", False) for model, *_rest in routes or ()):
            enrollments = self.env["partner.program.enrollment"]
            self = self.with_context(
                partner_program_received_on=enrollments._get_receipt_time(message),
                partner_program_automatic=enrollments._is_automatic(message),
            )
        return super()._message_route_process(message, message_dict, routes)

    def _process_attachments_for_post(self, attachments, attachment_ids, message_values):
        # EXTENDS mail: what the gateway brings arrives without the files over the limit, and says which they were
        if self._partner_program_limits_files and attachments and message_values.get("message_type") == "email":
            limit = self.company_id.partner_program_attachment_mb
            kept = [one for one in attachments if not limit or size_of(one[1]) <= limit * MB]
            if left_out := [one for one in attachments if not any(one is other for other in kept)]:
                files = ", ".join(f"{one[0]} ({human_size(size_of(one[1]))})" for one in left_out)
                is_told = self._partner_program_answer_left_out(files, message_values)
                message_values["body"] += self._partner_program_describe_left_out(files, limit, is_told)
            attachments = kept
        return super()._process_attachments_for_post(attachments, attachment_ids, message_values)

    @api.model
    def _partner_program_describe_left_out(self, files, limit, is_told) -> Markup:
        """The paragraph that is added to the text of the mail."""
        left_out = self.env._("Left out, as a file may have at most %(limit)s MB: %(files)s.", limit=limit, files=files)
        told, ask = self.env._("The sender has been told."), self.env._("Ask the sender for a link.")
        return Markup("<p><em>%s %s</em></p>") % (left_out, told if is_told else ask)

    def _partner_program_answer_left_out(self, files, message_values) -> bool:
        """Tell the sender which files have not arrived; machines, and who has no address, are told nothing."""
        enrollment, name = self._partner_program_get_enrollment(), ""
        sender = {"email_to": message_values.get("email_from"), "recipient_ids": []}
        if author_id := message_values.get("author_id"):
            sender = {"recipient_ids": [Command.set([author_id])]}
            name = self.env["res.partner"].browse(author_id).name
        if not enrollment or not any(sender.values()) or self.env.context.get("partner_program_automatic"):
            return False
        templates = self.env["mail.template"].with_context(partner_program_left_out=files, partner_program_sender=name)
        return bool(templates._partner_program_send("partner_program.mail_template_files_left_out", enrollment, sender))

    def _partner_program_get_enrollment(self):
        """The enrollment that a mail is about; hook."""
        return self.env["partner.program.enrollment"]
