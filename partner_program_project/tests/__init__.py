from . import test_leaks, test_subtasks, test_tickets, test_translations
