"""Bridges come by themselves when both sides are there; they go without a trace, and the add-on works without them."""

from __future__ import annotations

import json

import pytest
from figures import BOOKS, LEDGER

from devkit import addons, lifecycle

BRIDGES = [bridge.name for bridge in addons.bridges()]
# `demo` holds only those whose applications it has.
TABLES = ("ir_model_data", "ir_model_fields", "ir_ui_view", "ir_cron")

UNINSTALL = """
env["ir.module.module"].search([("name", "in", %s)]).button_immediate_uninstall()
"""
# The nightly jobs, and what the bridges extend.
WORK = """
for cron in env["ir.cron"].search([("cron_name", "=like", "Partner program:%")]):
    cron.ir_actions_server_id.run()
enrollment = env["partner.program.enrollment"].search([("program_type", "=", "affiliate"), ("state", "=", "active")])[0]
pack = enrollment._get_meeting_pack(enrollment.date_start)
enrollment.action_end()
enrollment.action_reopen()
result = [len(pack["tickets"]), sorted(set(env["partner.program.training"].search([]).mapped("source")))]
"""
NEWSLETTER = "partner_program_mass_mailing"
NO_THANKS = """
said = env.ref("partner_program_mass_mailing.mailing_list_partners").subscription_ids[0]
said.opt_out = True
result = said.contact_id.email_normalized
"""
INSTALL = """
env["ir.module.module"].search([("name", "=", "%s")]).button_immediate_install()
"""
SUBSCRIPTIONS = """
SELECT contact.email_normalized, subscription.opt_out
  FROM mailing_subscription subscription
  JOIN mailing_contact contact ON contact.id = subscription.contact_id
  JOIN ir_model_data mark ON mark.model = 'mailing.list' AND mark.res_id = subscription.list_id
 WHERE mark.name = 'mailing_list_partners'
"""


@pytest.fixture(scope="module")
def database():
    return lifecycle.clone_demo()


def traces(sql, database):
    """What belongs to a bridge, or is named after one."""
    names = "('" + "', '".join(BRIDGES) + "')"
    return {
        "external ids": sql(database, f"SELECT module, name FROM ir_model_data WHERE module IN {names}"),
        "columns": sql(
            database,
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND "
            "column_name IN ('partner_training_months', 'user_input_id', 'program_contact_id', 'partner_program_use',"
            " 'partner_enrollment_id', 'partner_newsletter_month', 'partner_support_project_id', 'is_partner_training')"
            " AND table_name <> 'survey_user_input_line'"
            " OR table_name = 'partner_program_training' AND column_name = 'channel_partner_id'",
        ),
        "tables": sql(database, "SELECT tablename FROM pg_tables WHERE tablename = 'partner_program_idea_vote'"),
        "jobs": sql(database, "SELECT cron_name FROM ir_cron WHERE cron_name LIKE 'Partner program: %newsletter%'"),
        "rights": sql(
            database,
            "SELECT 1 FROM res_groups_implied_rel rel JOIN ir_model_data ours ON ours.res_id = rel.gid"
            " AND ours.module = 'partner_program' AND ours.name = 'group_manager' JOIN ir_model_data theirs"
            " ON theirs.res_id = rel.hid AND theirs.module = 'project' AND theirs.name = 'group_project_user'",
        ),
    }


def test_they_came_by_themselves(database, sql):
    """`-i partner_program` was all that was asked for."""
    states = dict(sql(database, "SELECT name, state FROM ir_module_module WHERE name LIKE 'partner\\_program\\_%'"))
    assert BRIDGES
    assert states == dict.fromkeys(BRIDGES, "installed")


def test_each_goes_without_a_trace_and_the_books_do_not_notice(database, sql, read, in_shell):
    address = in_shell(database, NO_THANKS)
    before = read(database, {**LEDGER, **BOOKS})
    assert all(traces(sql, database).values()), "otherwise their absence proves nothing"
    lifecycle.shell(database, UNINSTALL % json.dumps(BRIDGES))
    states = dict(sql(database, "SELECT name, state FROM ir_module_module WHERE name LIKE 'partner\\_program\\_%'"))
    assert states == dict.fromkeys(BRIDGES, "uninstalled")
    assert sql(database, "SELECT state FROM ir_module_module WHERE name = 'partner_program'") == [("installed",)]
    assert {what: rows for what, rows in traces(sql, database).items() if rows} == {}
    assert read(database, {**LEDGER, **BOOKS}) == before
    assert sql(database, SUBSCRIPTIONS) == [(address, "t")], "who said no stays noted, and nobody else"


def test_tickets_stay_as_tasks(database, sql):
    assert sql(database, "SELECT count(*) > 0 FROM project_task WHERE name = 'Offline mode on tablets'") == [("t",)]


def test_the_add_on_works_without_them(database, in_shell):
    assert in_shell(database, WORK) == [0, ["manual"]]


def test_who_opted_out_of_the_newsletter_stays_out_when_it_is_installed_again(database, sql):
    ((address, _said),) = sql(database, SUBSCRIPTIONS)
    lifecycle.shell(database, INSTALL % NEWSLETTER)
    subscriptions = sql(database, SUBSCRIPTIONS)
    assert len(subscriptions) > 1
    assert [one for one in subscriptions if one[1] == "t"] == [(address, "t")]
    assert sql(database, f"SELECT 1 FROM ir_model_data WHERE module = '{NEWSLETTER}' AND model = 'mailing.list'")
