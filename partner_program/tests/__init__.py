from . import (
    test_access,
    test_affiliate_story,
    test_applications,
    test_bad_input,
    test_guards,
    test_ledger,
    test_queries,
    test_referral_rules,
    test_referral_story,
    test_structure,
    test_tours,
    test_translations,
)
