from . import test_newsletter, test_translations
