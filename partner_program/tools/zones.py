"""Time zones by the names that Odoo keeps, also the old ones that newer systems leave out.

Browsers still say Asia/Calcutta. Ubuntu 24.04 and Debian 13 have the file of Asia/Kolkata only, unless the package
tzdata-legacy is there. Odoo maps such names for pytz; ``ZoneInfo``, which knows both hours of a night on which the
clock is put back, has to be told.
"""

from contextlib import suppress
from functools import cache
from zoneinfo import ZoneInfo

import pytz


@cache
def get_zone(name: str) -> ZoneInfo:
    """The time zone of this name; UTC where nobody knows the name."""
    with suppress(LookupError, ValueError, OSError):  # unknown; no name; the name of a folder
        return ZoneInfo(name)
    try:
        known = pytz.timezone(name).zone  # by its new name, see odoo/_monkeypatches/pytz.py
        with pytz.open_resource(known) as file:
            return ZoneInfo.from_file(file, key=known)
    except (pytz.UnknownTimeZoneError, ValueError, OSError):
        return ZoneInfo("UTC")
