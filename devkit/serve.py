"""Serving Odoo, with all a person needs to log in."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from . import process
from .console import Failure, Progress, say
from .ports import free_port
from .stack import Stack

PORT = 8069
# Who, log-in (which is the password too) and the page to start from; the users come with the demo data.
# In braces: the model whose first action of the add-on is meant.
VISITORS = (
    ("Salesperson", "salesperson", "/odoo/crm"),
    ("Accountant", "accountant", "{partner.commission.line}"),
    ("Partner manager", "manager", "{partner.referral}"),
    ("Partner", "partner", "/my/commissions"),
)


def main(stack: Stack, database: str) -> int:
    """Serve until Ctrl-C."""
    port = free_port(PORT)
    if port != PORT:
        say(f"Port {PORT} is busy: Odoo takes port {port}.")
    log = process.log_file("odoo server")
    with log.open("wb") as output:
        server = stack.start(
            *("-d", database, "--http-port", str(port)), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    address = f"http://127.0.0.1:{port}"
    _wait_until_it_answers(server, address, log)
    print(f"\nOdoo is at {address} (log: {log})\n")
    for who, login, page in VISITORS:
        path = _action_path(stack, database, page[1:-1]) if page.startswith("{") else page
        print(f"  {who:15}  log-in and password: {login:11}  {address}{path}")
    print("\nCtrl-C stops everything.", flush=True)
    code = process.finish(server)
    raise Failure(process.explain(f"Odoo ended with status {code}: serving", log))


def _wait_until_it_answers(server: subprocess.Popen[Any], address: str, log: Path) -> None:
    progress = Progress("Starting Odoo")
    while server.poll() is None and progress.elapsed < 120:
        progress.tick()
        try:
            # Not by the machine's proxy, should it have one: this is our own port.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            opener.open(f"{address}/web/login", timeout=60).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            progress.done()
            return
    raise Failure(process.explain("Starting Odoo", log))


def _action_path(stack: Stack, database: str, model: str) -> str:
    """The address of the add-on's first menu action on a model."""
    rows = stack.server.sql(
        "SELECT coalesce(nullif(action.path, ''), 'action-' || data.module || '.' || data.name)"
        " FROM ir_act_window action"
        " JOIN ir_model_data data ON data.model = 'ir.actions.act_window' AND data.res_id = action.id"
        " LEFT JOIN ir_ui_menu menu ON menu.action = 'ir.actions.act_window,' || action.id"
        f" WHERE data.module = 'partner_program' AND action.res_model = '{model}'"
        " ORDER BY menu.id IS NULL, menu.sequence, data.id LIMIT 1",
        database,
    )
    return f"/odoo/{rows[0][0]}" if rows else "/odoo"
