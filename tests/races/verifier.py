"""What has to be true of a database at any moment, in SQL that knows nothing of the add-on's code."""

LIVE = "bill.state <> 'cancel' AND bill.payment_state IS DISTINCT FROM 'reversed'"

# Each query lists what is wrong; none of them may return a row.
CHECKS = {
    "a commission is billed more than once": f"""
        SELECT line.id, line.earned_amount, SUM(billing.amount)
          FROM partner_commission_line line
          JOIN partner_commission_billing billing ON billing.commission_line_id = line.id
          JOIN account_move bill ON bill.id = billing.bill_id AND {LIVE}
         GROUP BY line.id HAVING SUM(billing.amount) > line.earned_amount""",
    "billed neither in full nor not at all": f"""
        SELECT line.id, line.earned_amount, SUM(billing.amount)
          FROM partner_commission_line line
          JOIN partner_commission_billing billing ON billing.commission_line_id = line.id
          JOIN account_move bill ON bill.id = billing.bill_id AND {LIVE}
         WHERE line.open_amount >= 0
         GROUP BY line.id HAVING SUM(billing.amount) NOT IN (0, line.earned_amount)""",
    "stored figures differ from the billings": f"""
        SELECT line.id, line.billed_amount, COALESCE(live.amount, 0), line.open_amount, line.earned_amount, line.state
          FROM partner_commission_line line
          LEFT JOIN (SELECT billing.commission_line_id, SUM(billing.amount) AS amount
                       FROM partner_commission_billing billing
                       JOIN account_move bill ON bill.id = billing.bill_id AND {LIVE}
                      GROUP BY 1) live ON live.commission_line_id = line.id
         WHERE line.billed_amount <> COALESCE(live.amount, 0)
            OR line.open_amount <> line.earned_amount - COALESCE(live.amount, 0)
            OR (line.state IN ('billed', 'paid')) <> (line.earned_amount <> 0 AND line.open_amount = 0)""",
    "one revision twice": """
        SELECT commission_line_id, revision FROM partner_commission_billing GROUP BY 1, 2 HAVING COUNT(*) > 1""",
    "a bill line differs from its billings": """
        SELECT bill_line.id, bill_line.price_subtotal, SUM(billing.amount)
          FROM partner_commission_billing billing
          JOIN account_move_line bill_line ON bill_line.id = billing.bill_line_id
         GROUP BY bill_line.id HAVING bill_line.price_subtotal <> SUM(billing.amount)""",
    "a line on a self-billing draft that nothing explains": """
        SELECT bill.id, bill_line.id, bill_line.price_subtotal
          FROM account_move bill
          JOIN account_journal journal ON journal.id = bill.journal_id AND journal.is_self_billing
          JOIN account_move_line bill_line ON bill_line.move_id = bill.id AND bill_line.display_type = 'product'
          LEFT JOIN partner_commission_billing billing ON billing.bill_line_id = bill_line.id
         WHERE bill.state = 'draft' AND billing.id IS NULL""",
    "a bill that does not balance": """
        SELECT bill.id, SUM(item.balance)
          FROM account_move bill
          JOIN account_move_line item ON item.move_id = bill.id
         WHERE bill.id IN (SELECT bill_id FROM partner_commission_billing)
         GROUP BY bill.id HAVING SUM(item.balance) <> 0""",
    "two drafts for one partner, currency and company": """
        SELECT commercial_partner_id, currency_id, company_id
          FROM account_move
         WHERE state = 'draft' AND id IN (SELECT bill_id FROM partner_commission_billing)
         GROUP BY 1, 2, 3 HAVING COUNT(*) > 1""",
    "something on hold is on a draft": """
        SELECT line.id, bill.id
          FROM partner_commission_line line
          JOIN partner_commission_billing billing ON billing.commission_line_id = line.id
          JOIN account_move bill ON bill.id = billing.bill_id
         WHERE bill.state = 'draft' AND bill.posted_before IS NOT TRUE AND line.hold_code IS NOT NULL""",
    "a billing whose bill is not that of its line": """
        SELECT billing.id
          FROM partner_commission_billing billing
          JOIN account_move_line bill_line ON bill_line.id = billing.bill_line_id
         WHERE bill_line.move_id <> billing.bill_id""",
}

DUE = "SELECT COUNT(*) FROM partner_commission_line WHERE state = 'earned' AND due_on <= CURRENT_DATE"
BILLINGS = "SELECT COUNT(*) FROM partner_commission_billing"

# Rows written since the statistics began, by table. Not ours: what the scheduler notes about its own jobs.
WRITTEN = """
    SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables
     WHERE relname NOT LIKE 'ir_cron%' ORDER BY relname"""


def damage(sql, database: str) -> dict:
    """What is wrong in this database, with the first rows; empty when all is well."""
    found = {what: sql(database, query)[:3] for what, query in CHECKS.items()}
    return {what: rows for what, rows in found.items() if rows}
