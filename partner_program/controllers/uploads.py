from pathlib import PurePath

from werkzeug.exceptions import BadRequest

from odoo import http
from odoo.http import request

from odoo.addons.mail.controllers.attachment import AttachmentController
from odoo.addons.mail.tools.discuss import add_guest_to_context

from ..models.ir_attachment_limits import MAX_FILE_MB, MB
from .portal import typed_text

MAX_FILES = 5


def _get_name(upload) -> str:
    return PurePath(typed_text(upload.filename).replace("\\", "/")).name


def read_upload(upload, limit=MAX_FILE_MB) -> tuple:
    """``(content, error)`` of a file that a partner sends, if any; the error is a sentence for the partner.

    :param int limit: megabytes
    """
    if not upload or not getattr(upload, "filename", ""):
        return None, None
    name = _get_name(upload)
    content = upload.read(limit * MB + 1)
    error = request.env["ir.attachment"]._partner_program_refuse(name, len(content), lambda: content, limit)
    return (None, error) if error else (content, None)


def read_uploads(uploads, limit) -> tuple:
    """``([(name, content)], error)`` of the files of one field; none of them when one is wrong.

    :param int limit: megabytes that each of them may have
    """
    uploads = [one for one in uploads if one.filename]  # a field that was left empty sends one without a name
    if len(uploads) > MAX_FILES:
        return [], request.env._("Please choose at most %(limit)s files.", limit=MAX_FILES)
    files = []
    for upload in uploads:
        content, error = read_upload(upload, limit)
        if error:
            return [], error
        files.append((_get_name(upload)[-120:], content))
    return files, None


class PartnerProgramUploads(AttachmentController):
    """Files in the messages of a referral have the limits of the form: Odoo takes any type, up to 128 MB.

    Here it is said before the message is written; ``_process_attachments_for_post`` of the referral makes sure.
    """

    @http.route()
    @add_guest_to_context
    def mail_attachment_upload(self, ufile=None, thread_id=0, thread_model="", is_pending=False, **kwargs):
        """EXTENDS mail: what somebody from outside adds to a referral is checked first."""
        if not ufile or not ufile.filename:
            raise BadRequest
        if thread_model == "partner.referral" and not request.env.user._is_internal():
            content, error = read_upload(ufile)
            if content is None:
                return request.make_json_response({"error": error})
            ufile.seek(0)
        return super().mail_attachment_upload(ufile, thread_id, thread_model, is_pending=is_pending, **kwargs)
