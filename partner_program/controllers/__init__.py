from . import (
    apply,
    portal,
    portal_agreement,
    portal_commissions,
    portal_dashboard,
    portal_payouts,
    portal_referral_form,
    portal_referrals,
    portal_resources,
    portal_statements,
    portal_team,
    uploads,
)
