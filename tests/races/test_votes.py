"""A vote that is clicked twice, and two partners who vote for one idea at the same moment (P5)."""

import pytest

from devkit import lifecycle

IDEA = """
idea = env["project.task"].create(
    {"name": "Raced idea", "project_id": env.ref("base.main_company")._get_partner_project("ideas").id}
)
env["res.partner"].create([{"name": "Race voter 0"}, {"name": "Race voter 1"}])
env.cr.commit()
"""
# As Odoo's web server calls it; whoever is first is still at work when the other one comes.
VOTE = """
from odoo.service.model import retrying
idea = env["project.task"].search([("name", "=", "Raced idea")])
person = env["res.partner"].search([("name", "=", "Race voter %s")])
def vote():
    env["partner.program.idea.vote"]._vote_sudo(idea, person)
    env.flush_all()
    time.sleep(1)
retrying(vote, env)
"""
VOTES = """
SELECT task.partner_vote_count, COUNT(vote.id)
  FROM project_task task JOIN partner_program_idea_vote vote ON vote.task_id = task.id
 WHERE task.name = 'Raced idea'
 GROUP BY task.id
"""


@pytest.fixture
def database():
    name = lifecycle.clone_demo()
    lifecycle.shell(name, IDEA)
    yield name
    lifecycle.templates().databases.drop(name)


@pytest.mark.parametrize(("voters", "count"), [((0, 0), "1"), ((0, 1), "2")], ids=["one twice", "two at once"])
def test_p5_each_vote_counts_once_and_nobody_is_refused(voters, count, runner, database, sql):
    racers = runner()
    for voter in voters:
        racers.start(database, VOTE % voter)
    racers.go()
    assert racers.finish() == [0, 0], racers.logs()
    assert sql(database, VOTES) == [(count, count)]
