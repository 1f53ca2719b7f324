"""Plain Python: nothing here knows records."""
