from . import test_courses, test_translations
