from . import (
    apply,
    portal,
    portal_agreement,
    portal_commissions,
    portal_dashboard,
    portal_referral_form,
    portal_referrals,
)
