from . import test_certifications, test_translations
