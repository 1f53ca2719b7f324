from . import (
    partner_commission_accrual,
    partner_commission_bill_run,
    partner_commission_hold,
    partner_referral_decision,
)
