from . import (
    partner_commission_integrity,
    partner_commission_movement,
    partner_commission_movement_sums,
    partner_commission_statement_report,
    partner_referral_report,
)
