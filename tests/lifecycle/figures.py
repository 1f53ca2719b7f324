"""What is read of a database by SQL, to be compared before and after."""

from __future__ import annotations

# Each figure of the ledger, with the rows it is taken from. `write_date` and the like are left out: an update may
# touch a row, but not change what it says.
LEDGER = {
    "commission lines": """
        SELECT id, referral_id, move_id, company_id, partner_id, client_id, currency_id, base_amount, credited_amount,
               rate, amount, earned_amount, billed_amount, open_amount, state, fully_paid_on, due_on, void_code,
               hold_code, held_by_hand, first_earned_on, first_earned_amount
          FROM partner_commission_line""",
    "changes in statements": """
        SELECT id, date, kind, commission_line_id, bill_id, partner_id, company_id, currency_id, amount
          FROM partner_commission_change""",
    "billings": """
        SELECT id, commission_line_id, bill_line_id, bill_id, partner_id, company_id, currency_id, amount,
               revision
          FROM partner_commission_billing""",
    "referrals": """
        SELECT id, name, enrollment_id, partner_id, program_id, client_id, lead_id, referred_on, expires_on, state,
               decision_reason, eligibility, acquired_on, acquisition_move_id, commission_rate, commission_months,
               payout_delay_days, window_start, window_end
          FROM partner_referral""",
    "evidence": "SELECT id, referral_id, date, kind, description, res_model, res_id FROM partner_referral_evidence",
    "enrollments": """
        SELECT id, partner_id, program_id, state, account_manager_id, date_start, date_end, agreement_id, signed_on,
               signed_by, requirements_met, for_cause
          FROM partner_program_enrollment""",
    "programs": """
        SELECT id, name, program_type, company_id, commission_rate, commission_months, payout_delay_days,
               bill_lead_days, claim_months, dormancy_months, acquisition_event, agreement_id,
               trained_contacts_required, bill_journal_id, commission_product_id, active
          FROM partner_program""",
    "packages": "SELECT id, name, rank, is_entry, active FROM partner_program_package",
    "packages of products": "SELECT id, package_id FROM product_template WHERE package_id IS NOT NULL",
    "referrals of leads": """
        SELECT id, referral_id, referral_partner_id FROM crm_lead WHERE referral_id IS NOT NULL""",
    "watched clients": "SELECT id, referral_watch FROM res_partner WHERE referral_watch IS NOT NULL",
}

# What accounting knows without the add-on. The journal, its entries and the payments outlive it.
BOOKS = {
    "entries": """
        SELECT id, name, state, move_type, partner_id, journal_id, currency_id, date, invoice_date, invoice_date_due,
               amount_untaxed, amount_total, amount_residual, payment_state
          FROM account_move""",
    "items": """
        SELECT id, move_id, account_id, partner_id, product_id, name, debit, credit, amount_currency, amount_residual
          FROM account_move_line""",
    "reconciliations": "SELECT id, debit_move_id, credit_move_id, amount, max_date FROM account_partial_reconcile",
    "self-billing journals": """
        SELECT id, code, name, type, is_self_billing, company_id, active FROM account_journal WHERE is_self_billing""",
    "won leads": "SELECT id, name, won_status, stage_id, partner_id FROM crm_lead",
}
