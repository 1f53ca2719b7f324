from . import portal, portal_commissions, portal_dashboard, portal_referral_form, portal_referrals
