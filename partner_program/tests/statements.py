"""What is sent to the database."""

import threading
from contextlib import contextmanager


@contextmanager
def statements():
    """List of the statements sent while the block runs, through Odoo's own hook; texts without their parameters."""
    found = []
    thread = threading.current_thread()
    hooks = getattr(thread, "query_hooks", [])
    thread.query_hooks = [*hooks, lambda _cr, query, *_rest: found.append(getattr(query, "code", str(query)))]
    try:
        yield found
    finally:
        thread.query_hooks = hooks
