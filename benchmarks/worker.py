"""A process of Odoo on one database that does what it is told: one line of JSON in, one line out.

Started by devkit/bench.py as `python -m benchmarks.worker KIND -c odoo.conf -d DATABASE …`; `KIND` says which
add-on the database has, and so how commissions are set up and billed there.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config

from .subjects import SUBJECTS


def main() -> None:
    # What is printed on the way, by whomever, must not get between the lines of the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    config.parse_config(sys.argv[2:], setup_logging=True)
    database = config["db_name"]
    subject = SUBJECTS[sys.argv[1]](Registry(database[0] if isinstance(database, list) else database))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"result": getattr(subject, request["call"])(**request["arguments"])}
        except Exception:  # noqa: BLE001 (the other end reports it)
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    assert odoo.release.version_info[0] == 19
    main()
