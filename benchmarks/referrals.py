"""Part `referrals`: what checking one claim costs in a small and in a large CRM, and the daily run over many claims."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

SMALL = {"contacts": 1_000, "leads": 1_000, "messages": 10_000}
LARGE = {"contacts": 100_000, "leads": 100_000, "messages": 1_000_000}
KINDS = ("a client", "the largest client", "a prospect that is known", "a prospect that nobody knows")
TIMES = 21  # the first one warms up
CLAIMS = (250, 1_000)  # past their last day, and as many that are not
MAX_SQL, MAX_SECONDS = 30, 0.150


def measure(ours: Callable[..., Any], say_step: Callable[[str], None]) -> dict[str, Any]:
    """Grow the CRM twice, and check claims of each kind of client both times; then the daily run."""
    found: dict[str, Any] = {"setup": ours("set_up_referrals"), "checks": [], "runs": []}
    for name, size in (("small", SMALL), ("large", LARGE)):
        say_step(f"A {name} CRM: {size['messages']:,} messages, {size['leads']:,} leads, {size['contacts']:,} contacts")
        rows = ours("make_crm", **size)
        for kind in KINDS:
            say_step(f"Checking {kind}")
            found["checks"].append(
                {"crm": name, "rows": rows, "of": kind, **ours("check_referral", kind=kind, times=TIMES)}
            )
    for count in CLAIMS:
        say_step(f"The daily run over {count:,} claims past their last day")
        ours("make_claims", count=count)
        ours("run_daily", keep=False)
        found["runs"].append(ours("run_daily", keep=True))
    return found


def rows(results: dict[str, Any] | None) -> Iterator[tuple[str, str, str, str, str, bool | None]]:
    """Cells of benchmarks.report.Row."""
    if not results:
        return
    for check in results["checks"]:
        where = f"{check['crm']} CRM ({check['rows']['mail_message']:,} messages): check of {check['of']}"
        sql = check["sql"]
        yield f"{where}, SQL", f"≤ {MAX_SQL}", "", "", str(sql), sql <= MAX_SQL
        middle = statistics.median(check["seconds"])
        yield (
            f"{where}, warm, median of {len(check['seconds'])}",
            f"< {MAX_SECONDS * 1000:.0f} ms",
            "",
            "",
            f"{middle * 1000:.0f} ms (best {min(check['seconds']) * 1000:.0f})",
            middle < MAX_SECONDS,
        )
        yield (
            f"{where}, CPU of Python and PostgreSQL, median",
            "",
            "",
            "",
            f"{statistics.median(check['cpu']) * 1000:.0f} ms (load of the machine {check['load']:.0f})",
            None,
        )
        yield f"{where}: tables read whole", "none", "", "", ", ".join(check["whole"]) or "none", not check["whole"]
    for run in results["runs"]:
        yield f"Daily run, {run['due']:,} claims expire, SQL", "", "", "", f"{run['sql']:,}", not run["left"]
