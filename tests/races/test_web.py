"""Exactly once through the web: forms that are sent twice, and forms that were opened yesterday.

Odoo's web server runs in a process of its own; ids and days that a form brings are only a wish.
"""

import pytest

from .verifier import BILLINGS, DUE, damage
from .web import User, at_once, serve

LINES = "SELECT id FROM partner_commission_line WHERE state = 'earned' AND due_on <= CURRENT_DATE ORDER BY id"
DRAFTS = "SELECT COUNT(DISTINCT bill_id) FROM partner_commission_billing JOIN account_move bill ON bill.id = bill_id "
DRAFTS += "WHERE bill.state = 'draft'"

# What happened since the form was opened: others were billed, a payment bounced, one line is held.
OVERNIGHT = """
lines = env["partner.commission.line"].search([("state", "=", "earned"), ("due_on", "<=", "today")], order="id")
lines.filtered(lambda line: line.partner_id in lines.partner_id[:5])._create_vendor_bills()
bounced, held = lines.filtered(lambda line: line.state == "earned")[:2]
bounced.move_id.line_ids.remove_move_reconcile()
held.write({"held_by_hand": True, "manual_hold_reason": "Overnight"})
env.cr.commit()
print("LEFT ALONE", bounced.id, held.id)
"""
YESTERDAY = """
UPDATE partner_commission_bill_run
   SET date_until = date_until - 1,
       create_date = create_date - INTERVAL '1 day',
       write_date = write_date - INTERVAL '1 day'
RETURNING id
"""


@pytest.fixture
def open_for_business(database, runner, tmp_path):
    """``open_for_business(**faults)``: start the web server; two accountants with a browser each."""

    def start(**faults):
        meeting = tmp_path / "meeting"
        meeting.mkdir()
        address = serve(runner(), database, meeting=f"{meeting}:2", **faults)
        return [User(address, database, "accountant") for _number in range(2)]

    return start


@pytest.fixture
def accountants(open_for_business):
    return open_for_business()


def due_lines(sql, database):
    return [int(id_) for (id_,) in sql(database, LINES)]


def send_twice(form, ids, accountants):
    """Both accountants send it at the same moment, and meet where both know what they are going to bill."""
    model, button = "partner.commission.line", "action_create_vendor_bills"
    if form == "wizard":
        model, button = "partner.commission.bill.run", "action_run"
    sent = ids if form == "selection" else accountants[0].call(model, "create", [{}])
    return model, button, sent, at_once(*(lambda user=user: user.press(model, button, sent) for user in accountants))


@pytest.mark.parametrize("form", ["selection", "wizard"])
def test_a_form_sent_twice_at_once_and_once_more_bills_each_line_once(form, database, sql, open_for_business):
    ids, known = due_lines(sql, database), int(sql(database, BILLINGS)[0][0])
    drafts = int(sql(database, DRAFTS)[0][0])
    accountants = open_for_business(fault="claimed:*:meet")
    model, button, sent, answers = send_twice(form, ids, accountants)
    assert any(isinstance(answer, dict) for answer in answers), answers
    assert damage(sql, database) == {}
    assert int(sql(database, BILLINGS)[0][0]) - known == len(ids), "each line exactly once"
    again = accountants[1].press(model, button, sent)
    nothing = "Billed already" if form == "selection" else "Nothing to bill"
    assert isinstance(again, str) and nothing in again, again
    assert int(sql(database, BILLINGS)[0][0]) - known == len(ids)
    assert int(sql(database, DRAFTS)[0][0]) - drafts == 10, "one draft for each partner"


@pytest.mark.parametrize("form", ["selection", "wizard"])
def test_twin_without_any_of_the_guards_a_form_sent_twice_bills_twice(form, database, sql, open_for_business):
    accountants = open_for_business(fault="claimed:*:meet", without="lock,isolation,meeting,amount,revision")
    send_twice(form, due_lines(sql, database), accountants)
    found = damage(sql, database)
    assert "a commission is billed more than once" in found or "one revision twice" in found


@pytest.mark.parametrize("form", ["selection", "wizard"])
def test_a_form_opened_yesterday_bills_what_is_due_today_and_only_that(form, database, sql, runner, accountants):
    ids, known = due_lines(sql, database), int(sql(database, BILLINGS)[0][0])
    wizard = accountants[0].call("partner.commission.bill.run", "create", [{}])
    assert sql(database, YESTERDAY) == [(str(wizard[0]),)]
    night = runner()
    night.start(database, OVERNIGHT)
    night.go()
    assert night.finish() == [0], night.logs()
    left_alone = {int(id_) for id_ in night.logs().split("LEFT ALONE")[1].split()[:2]}
    assert int(sql(database, BILLINGS)[0][0]) - known == len(ids) // 2
    if form == "selection":
        answer = accountants[0].press("partner.commission.line", "action_create_vendor_bills", ids)
    else:
        answer = accountants[0].press("partner.commission.bill.run", "action_run", wizard)
    assert isinstance(answer, dict), answer
    assert damage(sql, database) == {}
    assert sql(database, DUE) == [("0",)]
    billed = {
        int(id_) for (id_,) in sql(database, "SELECT commission_line_id FROM partner_commission_billing ORDER BY 1")
    }
    assert set(ids) - billed == left_alone
    assert int(sql(database, BILLINGS)[0][0]) - known == len(ids) - 2, "each of the others exactly once"


def test_twin_without_looking_at_holds_again_a_form_of_yesterday_bills_what_is_held(
    database, sql, runner, open_for_business
):
    ids, accountants = due_lines(sql, database), open_for_business(without="holds")
    night = runner()
    night.start(database, OVERNIGHT)
    night.go()
    assert night.finish() == [0], night.logs()
    held = int(night.logs().split("LEFT ALONE")[1].split()[1])
    accountants[0].press("partner.commission.line", "action_create_vendor_bills", ids)
    billed = sql(database, f"SELECT COUNT(*) FROM partner_commission_billing WHERE commission_line_id = {held}")
    assert billed == [("1",)]
