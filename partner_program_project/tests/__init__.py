from . import test_leaks, test_tickets, test_translations
