"""After the add-on is gone, Odoo's own work goes on, the books are as they were, and it can come back."""

from __future__ import annotations

import pytest
from figures import BOOKS, LEDGER

from devkit import lifecycle

UNINSTALL = """
module = env["ir.module.module"].search([("name", "=", "partner_program")])
module.button_immediate_uninstall()
"""

# What Odoo itself does, in one script: each step works on the company that the demo data tells its story in.
WORK_AS_USUAL = """
from odoo.fields import Command
company = env.ref("base.main_company")
env = env(context={**env.context, "allowed_company_ids": company.ids})


def pay(move):
    wizard = env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
    wizard.create({})._create_payments()
    return move.payment_state


def make(move_type, partner, **values):
    line = {"name": "Work as usual", "quantity": 1, "price_unit": 100.0, "tax_ids": []}
    return env["account.move"].create({
        "move_type": move_type,
        "partner_id": partner.id,
        "invoice_date": "2026-01-15",
        "invoice_line_ids": [Command.create(line)],
        **values,
    })


client = env["res.partner"].search([("name", "=", "Castel Optics")], limit=1)
vendor = env["res.partner"].search([("name", "=", "Brightside Consulting")], limit=1)
assert client and vendor

invoice = make("out_invoice", client)
invoice.action_post()
invoice_paid = pay(invoice)
credit_note = invoice._reverse_moves(cancel=False)
credit_note.action_post()

journal = env["account.journal"].search([("code", "=", "COMM"), ("company_id", "=", company.id)])
bill = make("in_invoice", vendor, journal_id=journal.id)
bill.action_post()
bill_paid = pay(bill)

# What the add-on left: a draft bill to post, a posted one to set back to draft and delete.
drafts = env["account.move"].search([("journal_id", "=", journal.id), ("state", "=", "draft")])
left = drafts[:1]
left.action_post()
left_paid = pay(left)
other = drafts[1:2]
other.invoice_line_ids[:1].price_unit += 1
other.unlink()

lead = env["crm.lead"].create({"name": "Work as usual", "type": "opportunity", "partner_id": client.id})
lead.action_set_won()
lost = env["crm.lead"].create({"name": "Not this one", "type": "opportunity", "partner_id": client.id})
lost.action_set_lost()
lost.unlink()

order = env["sale.order"].create({"partner_id": client.id, "order_line": [
    Command.create({"product_id": env["product.product"].search([("sale_ok", "=", True)], limit=1).id})]})
order.action_confirm()

# A client of the story, its old invoice and its old lead: set back, posted and lost again.
unpaid = env["account.move"].search([
    ("partner_id", "=", client.id), ("move_type", "=", "out_invoice"), ("payment_state", "=", "not_paid")], limit=1)
unpaid.button_draft()
unpaid.action_post()
old_lead = env["crm.lead"].search([("name", "=", "FieldPro for Wood Corner")], limit=1)
old_lead.stage_id = env["crm.stage"].search([("is_won", "=", False)], limit=1)
old_lead.action_set_lost()
client.copy()
env["product.template"].search([("name", "like", "FieldPro Starter")], limit=1).list_price = 250

result = {
    "invoice": [invoice.state, invoice_paid, credit_note.state],
    "bill": [bill.state, bill_paid, bill.journal_id.code, bill.journal_id.is_self_billing],
    "bill left by the add-on": [left.state, left_paid, bool(other.exists())],
    "lead": [lead.won_status, old_lead.won_status],
    "order": order.state,
    "unpaid": unpaid.state,
}
"""

# Everything that Odoo knows of itself. Compared with a database that never had the add-on.
SELF_KNOWLEDGE = {
    "tables and columns": """
        SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
         WHERE table_schema = 'public'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "database sequences": """
        SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename !~ '^ir_sequence_'""",
    "models": "SELECT model FROM ir_model",
    "fields": "SELECT model, name, ttype FROM ir_model_fields",
    "selections": """
        SELECT field.model, field.name, selection.value
          FROM ir_model_fields_selection selection JOIN ir_model_fields field ON field.id = selection.field_id""",
    "views": "SELECT key, name, type, model FROM ir_ui_view",
    "menus": "SELECT name->>'en_US', action FROM ir_ui_menu",
    "scheduled actions": "SELECT cron_name FROM ir_cron",
    "window actions": "SELECT name->>'en_US', res_model FROM ir_act_window",
    "server actions": "SELECT name->>'en_US', code FROM ir_act_server",
    "reports": "SELECT report_name FROM ir_act_report_xml",
    "groups": "SELECT name->>'en_US' FROM res_groups",
    "privileges": "SELECT name->>'en_US' FROM res_groups_privilege",
    "access rights": "SELECT name FROM ir_model_access",
    "rules": "SELECT name FROM ir_rule",
    "number sequences": "SELECT code FROM ir_sequence WHERE code IS NOT NULL",
    "mail templates": "SELECT name->>'en_US' FROM mail_template",
    "aliases, but of the journal that stays": """
        SELECT alias_name, alias_model_id FROM mail_alias WHERE alias_name IS NOT NULL
           AND id NOT IN (SELECT alias_id FROM account_journal WHERE is_self_billing AND alias_id IS NOT NULL)""",
    "assets": "SELECT name, path FROM ir_asset",
}

# Rows that speak of a record by the name of its model: nobody could open them any more.
ORPHANS = """
    SELECT 'message', model FROM mail_message WHERE model ~ %(ours)s
    UNION ALL SELECT 'attachment', res_model FROM ir_attachment WHERE res_model ~ %(ours)s
    UNION ALL SELECT 'activity', res_model FROM mail_activity WHERE res_model ~ %(ours)s
    UNION ALL SELECT 'follower', res_model FROM mail_followers WHERE res_model ~ %(ours)s
    UNION ALL SELECT 'filter', model_id FROM ir_filters WHERE model_id ~ %(ours)s
    UNION ALL SELECT 'external id of ours', module || '.' || name FROM ir_model_data WHERE module = 'partner_program'
    UNION ALL SELECT 'external id of a model of ours', module || '.' || name FROM ir_model_data WHERE model ~ %(ours)s
""".replace("%(ours)s", "'^partner\\.(program|referral|commission)'")


@pytest.fixture(scope="module")
def database():
    """A clone of the demo database with due bills made: some drafts, some posted, some paid."""
    name = lifecycle.clone_demo()
    lifecycle.shell(name, "env['partner.commission.line']._cron_create_vendor_bills()\nenv.cr.commit()")
    return name


def test_uninstalling_changes_nothing_in_the_books(database, read):
    before = read(database, BOOKS)
    lifecycle.shell(database, UNINSTALL)
    after = read(database, BOOKS)
    for what, rows in before.items():
        assert rows, f"There are no {what} to compare"
        assert after[what] == rows, f"{what} changed"


def test_nothing_of_the_add_on_is_left(database, read, sql):
    assert sql(database, "SELECT state FROM ir_module_module WHERE name = 'partner_program'") == [("uninstalled",)]
    plain = lifecycle.clone_plain()
    never, after = read(plain, SELF_KNOWLEDGE), read(database, SELF_KNOWLEDGE)
    for what in SELF_KNOWLEDGE:
        assert not set(after[what]) - set(never[what]), f"{what} left behind"
        assert not set(never[what]) - set(after[what]), f"{what} taken away from others"
    # The commission product is on bill lines, so it cannot go; Odoo keeps its name for the next installation.
    kept = ("product_commission", "product_commission_product_template")
    assert sorted(sql(database, ORPHANS)) == [("external id of ours", f"partner_program.{name}") for name in kept]


def test_work_goes_on_as_usual(database, in_shell):
    assert in_shell(database, WORK_AS_USUAL) == {
        "invoice": ["posted", "paid", "posted"],
        "bill": ["posted", "paid", "COMM", True],
        "bill left by the add-on": ["posted", "paid", False],
        "lead": ["won", "lost"],
        "order": "sale",
        "unpaid": "posted",
    }


def test_it_can_be_installed_again_on_the_same_books(database, read, sql, in_shell):
    before = read(database, BOOKS)
    lifecycle.odoo("-d", database, "-i", "partner_program", "--stop-after-init")
    assert sql(database, "SELECT state FROM ir_module_module WHERE name = 'partner_program'") == [("installed",)]
    after = read(database, BOOKS)
    assert after == before, "Installing again touches no entry, and takes the old journal instead of a second one"
    assert not any(
        read(database, {what: LEDGER[what] for what in ("commission lines", "billings", "referrals")}).values()
    )
    journals = sql(
        database,
        "SELECT DISTINCT journal.code FROM partner_program program JOIN account_journal journal"
        " ON journal.id = program.bill_journal_id",
    )
    assert journals == [("COMM",)]
    products = "SELECT count(*) FROM product_product WHERE default_code = 'COMMISSION'"
    assert sql(database, products) == [("1",)], "The product on the old bills is taken again"
    assert in_shell(database, 'result = env["partner.commission.line"]._cron_sync()') == 0
