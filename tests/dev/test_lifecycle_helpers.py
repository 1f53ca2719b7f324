"""Databases of one call: made, used and dropped."""

import os

from devkit import lifecycle


def test_a_clone_has_its_own_data_and_filestore():
    name = lifecycle.clone_plain("test")
    databases = lifecycle.templates().databases
    assert databases.exists(name)
    assert any(databases.filestore(name).iterdir())
    lifecycle.shell(name, "env['res.partner'].create({'name': 'Only here'}); env.cr.commit()")
    script = "print(env['res.partner'].search_count([('name', '=', 'Only here')]))"
    assert lifecycle.shell(name, script).strip() == "1"
    assert lifecycle.shell(os.environ["PARTNER_PROGRAM_SCRATCH"], script).strip() == "0"
    databases.drop(name)
    assert not databases.exists(name)
    assert not databases.filestore(name).exists()


def test_databases_of_a_killed_call_are_swept_away_and_those_in_use_are_not():
    databases = lifecycle.templates().databases
    killed = f"{databases.checkout}_killed_1"
    databases.clone(databases_template(), killed)
    databases.sweep()
    assert not databases.exists(killed)
    assert databases.exists(os.environ["PARTNER_PROGRAM_SCRATCH"])


def databases_template() -> str:
    return lifecycle.templates().template("test")
