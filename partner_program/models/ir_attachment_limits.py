from pathlib import PurePath

from odoo import api, models
from odoo.tools.mimetypes import guess_mimetype

MB = 1024 * 1024
MAX_FILE_MB = 10
TEXTS = {".csv", ".txt"}
# Types by what is in the file, and the endings that go with them.
FILE_TYPES = {
    "application/pdf": {".pdf"},
    "image/png": {".png"},
    "image/jpeg": {".jpg", ".jpeg"},
    **dict.fromkeys(("text/plain", "text/csv", "application/csv"), TEXTS),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": {".docx"},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {".xlsx"},
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": {".pptx"},
    "application/vnd.oasis.opendocument.text": {".odt"},
    "application/vnd.oasis.opendocument.spreadsheet": {".ods"},
    "application/vnd.oasis.opendocument.presentation": {".odp"},
}
ENDINGS = sorted(set().union(*FILE_TYPES.values()))


class IrAttachment(models.Model):
    """What people from outside may send us: documents and pictures of some megabytes."""

    _inherit = "ir.attachment"

    @api.model
    def _partner_program_refuse(self, name, size, read, limit=MAX_FILE_MB) -> str | None:
        """Why a file from outside is refused, as a sentence for whoever sends it; nothing when it may come.

        :param int size: in bytes
        :param read: gives the content, which is asked for only when the file is not too large
        :param int limit: megabytes
        """
        if size > limit * MB:
            return self.env._(
                "%(file)s is larger than %(size)s MB. Send a smaller one, or a link to it.", file=name, size=limit
            )
        if not size or PurePath(name).suffix.lower() not in FILE_TYPES.get(guess_mimetype(read()), ()):
            return self.env._(
                "%(file)s cannot be sent. Send a file of one of these kinds: %(endings)s.",
                file=name,
                endings=", ".join(ENDINGS),
            )
        return None
