"""Odoo's web server on a database of the test, and users who send it forms."""

from __future__ import annotations

import http.cookiejar
import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from .conftest import Runner, wait_for

SERVE = """
from werkzeug.serving import make_server
from odoo.http import root
server = make_server("127.0.0.1", 0, root, threaded=True)
(folder / "port.new").write_text(str(server.port))
(folder / "port.new").rename(folder / "port")
server.serve_forever()
"""


def serve(runner: Runner, database: str, **faults: str) -> str:
    """Start the web server; its address."""
    child = runner.start(database, SERVE, options={"db_name": [database]}, **faults)
    runner.go()
    port = runner.folder / "port"
    wait_for(lambda: port.exists() or child.poll() is not None, runner.logs)
    assert port.exists(), runner.logs()
    return f"http://127.0.0.1:{port.read_text()}"


class User:
    """Somebody with a browser, logged in."""

    def __init__(self, address: str, database: str, login: str) -> None:
        self.address = address
        self.browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({})
        )
        self.post("/web/session/authenticate", db=database, login=login, password=login)

    def post(self, path: str, **params):
        """Send it, return the result; a refusal comes back as its message."""
        request = urllib.request.Request(
            self.address + path,
            json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode(),
            {"Content-Type": "application/json"},
        )
        answer = json.load(self.browser.open(request, timeout=300))
        if error := answer.get("error"):
            assert error["data"]["name"] == "odoo.exceptions.UserError", error
            return str(error["data"]["message"])
        return answer["result"]

    def call(self, model: str, method: str, *args, **kwargs):
        path = f"/web/dataset/call_kw/{model}/{method}"
        return self.post(path, model=model, method=method, args=args, kwargs=kwargs)

    def press(self, model: str, button: str, ids: list[int]):
        path = f"/web/dataset/call_button/{model}/{button}"
        return self.post(path, model=model, method=button, args=[ids], kwargs={})


def at_once(*calls) -> list:
    """Make these calls at the same moment; their results."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
