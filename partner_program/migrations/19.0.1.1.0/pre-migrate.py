"""First earnings move from the billings, which noted them until now, to the commission lines; enrollments' days;
when claims ended."""


def migrate(cr, version):
    _move_first_earnings(cr)
    _note_complete_since(cr)
    _note_ended(cr)


def _note_ended(cr):
    """When claims ended, by the log of their states; else when they were changed last."""
    # Computed, it would be the day of the update: partners would go on reading what clients did after a refusal.
    cr.execute("ALTER TABLE partner_referral ADD COLUMN IF NOT EXISTS ended_on timestamp")
    cr.execute(
        """
        WITH label AS (
             SELECT field.id AS field_id, told.label, selection.value IN ('rejected', 'expired', 'lost', 'withdrawn')
                    AS is_exit
               FROM ir_model_fields field
               JOIN ir_model_fields_selection selection ON selection.field_id = field.id
               JOIN LATERAL jsonb_each_text(selection.name) told (lang, label) ON TRUE
              WHERE field.model = 'partner.referral' AND field.name = 'state'
        ), ended AS (
             SELECT message.res_id AS referral_id, MAX(message.date) AS moment
               FROM mail_message message
               JOIN mail_tracking_value value ON value.mail_message_id = message.id
              WHERE message.model = 'partner.referral'
                AND (value.field_id, value.new_value_char) IN (SELECT field_id, label FROM label WHERE is_exit)
                AND (value.field_id, value.old_value_char) NOT IN (SELECT field_id, label FROM label WHERE is_exit)
              GROUP BY message.res_id
        )
        UPDATE partner_referral referral
           SET ended_on = COALESCE((SELECT moment FROM ended WHERE referral_id = referral.id), referral.write_date)
         WHERE state IN ('rejected', 'expired', 'lost', 'withdrawn')
        """
    )


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
