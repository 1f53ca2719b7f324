"""Nightly work over many records, of which one may be broken and must not stop the others."""

from __future__ import annotations

import logging
from collections.abc import Callable

from psycopg2 import InterfaceError, OperationalError

_logger = logging.getLogger(__name__)

# Another transaction was faster, or the database is gone: the scheduler tries the whole job again.
NOT_OF_THE_RECORD = (OperationalError, InterfaceError)


def try_each(records, work: Callable, on_failure: Callable | None = None):
    """Do this work on all records at once; where that fails, on each by itself, in savepoints.

    :param records: a recordset; its environment must be flushed by ``work`` or at the end of the savepoint
    :param work: called with records; what it returns is not looked at
    :param on_failure: called with a record and its error, beside the entry in the log
    :return: the records for which it worked
    :raise OperationalError, InterfaceError: when it is the database, not the record
    """
    try:
        with records.env.cr.savepoint():  # flushes when it ends
            work(records)
    except NOT_OF_THE_RECORD:
        raise
    except Exception as error:
        records.env.invalidate_all()
        if len(records) > 1:
            return records.browse().union(*(try_each(record, work, on_failure) for record in records))
        _logger.exception("Partner program: the nightly job failed on %s", records)
        if on_failure:
            on_failure(records, error)
        return records.browse()
    return records
