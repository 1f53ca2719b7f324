from . import test_affiliate_story, test_ledger, test_referral_rules, test_referral_story
