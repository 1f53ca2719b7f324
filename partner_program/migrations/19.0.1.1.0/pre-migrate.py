"""First earnings move from the billings, which noted them until now, to the commission lines; enrollments' days."""


def migrate(cr, version):
    _move_first_earnings(cr)
    _note_complete_since(cr)


def _note_complete_since(cr):
    # Not known of the past: computed, it would be the day of the update, and what is late would be excused.
    cr.execute(
        """
        ALTER TABLE partner_program_enrollment
          ADD COLUMN IF NOT EXISTS complete_since date,
          ADD COLUMN IF NOT EXISTS missing_since date
        """
    )
    cr.execute("UPDATE partner_program_enrollment SET complete_since = create_date::date WHERE requirements_met")
    cr.execute(
        "UPDATE partner_program_enrollment SET missing_since = create_date::date WHERE requirements_met IS NOT TRUE"
    )


def _move_first_earnings(cr):
    # In SQL: computing the columns would look at every invoice that ever earned anything.
    cr.execute(
        """
        ALTER TABLE partner_commission_line
          ADD COLUMN IF NOT EXISTS first_earned_on date,
          ADD COLUMN IF NOT EXISTS first_earned_amount numeric,
          ADD COLUMN IF NOT EXISTS excluded_shares jsonb
        """
    )
    cr.execute(
        """
        UPDATE partner_commission_line line
           SET first_earned_on = told.day, first_earned_amount = told.amount
          FROM (SELECT DISTINCT ON (line.id)
                       line.id,
                       COALESCE(billing.earned_on, bill.date, line.fully_paid_on, line.write_date::date) AS day,
                       COALESCE(billing.earned_amount, billing.amount, line.earned_amount) AS amount
                  FROM partner_commission_line line
                  LEFT JOIN (partner_commission_billing billing
                             JOIN account_move bill ON bill.id = billing.bill_id
                              AND bill.state <> 'cancel' AND bill.payment_state IS DISTINCT FROM 'reversed')
                    ON billing.commission_line_id = line.id
                 WHERE billing.id IS NOT NULL OR line.earned_amount <> 0
                 ORDER BY line.id, billing.revision) told
         WHERE told.id = line.id AND told.amount <> 0
        """
    )
