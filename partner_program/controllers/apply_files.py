"""The files of an application: how many, how large and of which kind they may be, found out before they are read."""

import os
from pathlib import PurePath

from odoo.http import request
from odoo.tools.mimetypes import guess_mimetype

MAX_FILES = 5
MB = 1024 * 1024
ZIPPED = ("application/zip", "application/octet-stream")  # what an office document looks like to some detectors
# What a file of each kind has to look like; the name is the sender's word.
KINDS = {
    ".pdf": ("application/pdf",),
    ".png": ("image/png",),
    ".jpg": ("image/jpeg",),
    ".jpeg": ("image/jpeg",),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", *ZIPPED),
    ".pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", *ZIPPED),
    ".odt": ("application/vnd.oasis.opendocument.text", *ZIPPED),
    ".odp": ("application/vnd.oasis.opendocument.presentation", *ZIPPED),
}
ACCEPT = ",".join(KINDS)


def get_files(name) -> list:
    """The files that were chosen in the field of this name; a field that was left empty sends one without a name."""
    return [one for one in request.httprequest.files.getlist(name) if one.filename]


def check(files, limit) -> str:
    """What is wrong with the files, as a sentence that says what to do; empty when nothing is.

    :param files: as of ``get_files``
    :param int limit: megabytes that each of them may have
    """
    env = request.env
    if len(files) > MAX_FILES:
        return env._("Please choose at most %(limit)s files.", limit=MAX_FILES)
    for one in files:
        if _get_size(one) > limit * MB:
            return env._(
                "%(file)s is too large: a file may have at most %(limit)s MB. Choose a smaller one, or write a link to "
                "it into the text.",
                file=one.filename,
                limit=limit,
            )
    for one in files:
        if not _is_of_its_kind(one):
            return env._(
                "%(file)s cannot be taken. Please choose documents or pictures: %(kinds)s.",
                file=one.filename,
                kinds=", ".join(kind.removeprefix(".").upper() for kind in KINDS if kind != ".jpeg"),
            )
    return ""


def read(files) -> list[tuple[str, bytes]]:
    """Names, without a path, and contents."""
    return [(PurePath(one.filename.replace("\\", "/")).name[-120:], one.read()) for one in files]


def _get_size(file) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size if size is not None else file.tell()


def _is_of_its_kind(file) -> bool:
    kinds = KINDS.get(PurePath(file.filename).suffix.lower(), ())
    head = file.read()
    file.seek(0)
    return bool(head) and guess_mimetype(head) in kinds
