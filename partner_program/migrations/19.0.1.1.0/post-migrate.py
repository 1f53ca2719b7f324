"""Figures and bills as statements told them until now; whose terms are frozen; to-dos; meetings; texts of mails."""

from odoo import SUPERUSER_ID, api

# As 19.0.1.0.0 worded it; other to-dos of referrals are those of the company's own rules.
DECISION_SUMMARIES = ("Decide on the referral from the portal", "Décider de la recommandation reçue du portail")


def migrate(cr, version):
    _note_frozen_terms(cr)
    _mark_series(cr)
    cr.execute(
        """
        INSERT INTO partner_commission_change (
            commission_line_id, kind, partner_id, company_id, currency_id, date, amount, create_uid, create_date
        )
        SELECT line.id, 'correction', line.partner_id, line.company_id, line.currency_id, told.day, SUM(told.amount),
               1, now() AT TIME ZONE 'UTC'
          FROM partner_commission_line line
          JOIN (SELECT commission_line_id, COALESCE(earned_on, bill.date) AS day,
                       COALESCE(earned_amount, amount) AS amount, revision
                  FROM partner_commission_billing billing JOIN account_move bill ON bill.id = billing.bill_id
                 WHERE bill.state <> 'cancel' AND bill.payment_state IS DISTINCT FROM 'reversed'
                 UNION ALL
                SELECT commission_line_id, COALESCE(corrected_on, bill.date), amount - earned_amount, revision
                  FROM partner_commission_billing billing JOIN account_move bill ON bill.id = billing.bill_id
                 WHERE bill.state <> 'cancel' AND bill.payment_state IS DISTINCT FROM 'reversed'
                   AND earned_amount IS NOT NULL
                 UNION ALL
                SELECT id, first_earned_on, -first_earned_amount, 0
                  FROM partner_commission_line line
                 WHERE first_earned_on IS NOT NULL
                   AND EXISTS (SELECT 1
                                 FROM partner_commission_billing billing
                                 JOIN account_move bill ON bill.id = billing.bill_id
                                WHERE billing.commission_line_id = line.id
                                  AND bill.state <> 'cancel' AND bill.payment_state IS DISTINCT FROM 'reversed')
               ) told ON told.commission_line_id = line.id
         WHERE line.first_earned_on IS NOT NULL
         GROUP BY line.id, told.day
        HAVING SUM(told.amount) <> 0
        """
    )
    env = api.Environment(cr, SUPERUSER_ID, {})
    cr.execute("SELECT DISTINCT bill_id FROM partner_commission_billing")
    Change = env["partner.commission.change"].with_context(partner_program_history=True)
    Change._note_bills([bill_id for (bill_id,) in cr.fetchall()])
    cr.execute("SELECT id FROM partner_commission_line WHERE first_earned_on IS NOT NULL OR earned_amount <> 0")
    lines = env["partner.commission.line"].browse([line_id for (line_id,) in cr.fetchall()])
    unnoted = lines._find_unnoted()
    unnoted._note_first_earned()
    unnoted._note_corrections()
    _pay_what_was_set_off(env)
    _unblock_what_was_paid(env)
    _mend_decision_to_dos(env)
    _ask_for_account_managers(env)


def _pay_what_was_set_off(env):
    """Bills that a refund for something else closed were stored as reversed; from now on they are paid."""
    bills = env["account.move"].search([("commission_billing_ids", "!=", False), ("payment_state", "=", "reversed")])
    bills._set_paid_unless_taken_back()
    env["partner.commission.change"]._note_bills(bills.filtered(lambda bill: bill.payment_state == "paid").ids)


def _unblock_what_was_paid(env):
    """Invoices and bills that were blocked, and paid all the same, stayed blocked: Odoo looks at them once more."""
    blocked = env["account.move"].search([("payment_state", "=", "blocked"), ("amount_residual", "=", 0)])
    env.add_to_compute(blocked._fields["payment_state"], blocked)
    blocked.modified(["payment_state"])
    env.flush_all()


def _note_frozen_terms(cr):
    """Claims that were accepted once; of rejected and withdrawn ones the log of their states says it."""
    cr.execute(
        """
        UPDATE partner_referral referral
           SET terms_frozen = TRUE
         WHERE state IN ('accepted', 'acquired', 'completed', 'expired', 'lost')
            OR EXISTS (
               SELECT FROM mail_message message
                 JOIN mail_tracking_value value ON value.mail_message_id = message.id
                 JOIN ir_model_fields field ON field.id = value.field_id AND field.name = 'state'
                 JOIN ir_model_fields_selection selection
                   ON selection.field_id = field.id AND selection.value = 'accepted'
                WHERE message.model = 'partner.referral' AND message.res_id = referral.id
                  AND value.new_value_char IN (SELECT label FROM jsonb_each_text(selection.name) names (lang, label)))
        """
    )


def _mark_series(cr):
    """Series that were planned by themselves, monthly; 1.0.0 took any series for one of them.

    Not by their twelve meetings: what somebody moves with *This and following* becomes two series of other lengths.
    """
    cr.execute(
        """
        UPDATE calendar_event event
           SET is_partner_series = TRUE
          FROM calendar_recurrence recurrence
         WHERE recurrence.id = event.recurrence_id
           AND event.enrollment_id IS NOT NULL
           AND recurrence.rrule_type = 'monthly'
           AND recurrence.interval = 1
        """
    )


def _mend_decision_to_dos(env):
    """To-dos "Decide on the referral" were never closed: those of decided referrals go, the others get their type."""
    to_dos = env["mail.activity"].search(
        [
            ("res_model", "=", "partner.referral"),
            ("automated", "=", True),
            ("summary", "in", DECISION_SUMMARIES),
            ("activity_type_id", "=", env.ref("mail.mail_activity_data_todo").id),
        ]
    )
    waiting = env["partner.referral"].search([("id", "in", to_dos.mapped("res_id")), ("state", "=", "submitted")])
    open_to_dos = to_dos.filtered(lambda to_do: to_do.res_id in waiting.ids)
    (to_dos - open_to_dos).unlink()
    decision = env.ref("partner_program.mail_activity_type_referral_decision")
    open_to_dos.with_context(mail_activity_quick_update=True).activity_type_id = decision


def _ask_for_account_managers(env):
    """Account managers who left before the update: their partners wait for somebody, too."""
    env["partner.program.enrollment"].search(
        [("account_manager_id.active", "=", False), ("state", "in", ("onboarding", "active", "suspended"))]
    )._ask_for_account_manager()
