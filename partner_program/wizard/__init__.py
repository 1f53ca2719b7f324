from . import partner_commission_hold, partner_referral_decision
