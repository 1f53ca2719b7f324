from . import partner_commission_line, partner_program_enrollment, partner_referral
