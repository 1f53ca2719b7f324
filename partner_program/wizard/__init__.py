from . import (
    account_move_reversal,
    base_partner_merge,
    partner_commission_accrual,
    partner_commission_bill_run,
    partner_commission_hold,
    partner_commission_statement_period,
    partner_program_enrollment_decision,
    partner_program_signature_upload,
    partner_referral_decision,
    portal_wizard,
)
