from . import test_colleagues, test_idea_mails, test_leaks, test_subtasks, test_tickets, test_translations
