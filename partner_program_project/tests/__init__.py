from . import test_tickets, test_translations
