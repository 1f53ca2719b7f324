from pathlib import PurePath

from werkzeug.exceptions import BadRequest

from odoo import http
from odoo.http import request
from odoo.tools.mimetypes import guess_mimetype

from odoo.addons.mail.controllers.attachment import AttachmentController
from odoo.addons.mail.tools.discuss import add_guest_to_context

MAX_FILE_MB = 10
# Types by what is in the file, and the endings that go with them.
FILE_TYPES = {
    "application/pdf": {".pdf"},
    "image/png": {".png"},
    "image/jpeg": {".jpg", ".jpeg"},
    "text/plain": {".txt"},
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": {".docx"},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {".xlsx"},
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": {".pptx"},
    "application/vnd.oasis.opendocument.text": {".odt"},
    "application/vnd.oasis.opendocument.spreadsheet": {".ods"},
    "application/vnd.oasis.opendocument.presentation": {".odp"},
}
ENDINGS = sorted(ending for endings in FILE_TYPES.values() for ending in endings)


def read_upload(upload) -> tuple:
    """``(content, error)`` of a file that a partner sends, if any; the error is a sentence for the partner."""
    if not upload or not getattr(upload, "filename", ""):
        return None, None
    content = upload.read(MAX_FILE_MB * 1024 * 1024 + 1)
    if len(content) > MAX_FILE_MB * 1024 * 1024:
        return None, request.env._("The file is larger than %(size)s MB. Send a smaller one.", size=MAX_FILE_MB)
    ending = PurePath(upload.filename).suffix.lower()
    if not content or ending not in FILE_TYPES.get(guess_mimetype(content), ()):
        return None, request.env._(
            "This kind of file cannot be sent. Send one of: %(endings)s.", endings=", ".join(ENDINGS)
        )
    return content, None


class PartnerProgramUploads(AttachmentController):
    """Files in the messages of a referral have the limits of the form: Odoo takes any type, up to 128 MB."""

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
