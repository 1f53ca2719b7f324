"""Part `pipeline`: what referrals add to the lead kanban, and what packages of clients take beside many invoices."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

LEADS = (1, 10, 80)
INVOICES = 20_000
TIMES = 6  # the first one warms up
MAX_EXTRA_SQL = 3


def measure(ours: Callable[..., Any], say_step: Callable[[str], None]) -> dict[str, Any]:
    """The kanban of more and more referred leads; then the views of packages over many paid invoices."""
    ours("set_up_pipeline")
    found: dict[str, Any] = {"kanban": []}
    for count in LEADS:
        say_step(f"The lead kanban with {count} referred leads")
        ours("more_referred_leads", total=count)
        found["kanban"].append({"leads": count, **ours("open_kanban", times=TIMES)})
    say_step(f"Clients to up-sell beside {INVOICES:,} paid invoices")
    found["invoices"] = ours("make_paid_invoices", total=INVOICES)
    found["upsell"] = ours("open_upsell", times=TIMES)
    found["package"] = ours("open_client", times=TIMES)
    return found


def rows(results: dict[str, Any] | None) -> Iterator[tuple[str, str, str, str, str, bool | None]]:
    """Cells of benchmarks.report.Row."""
    if not results:
        return
    for figure in results["kanban"]:
        title = f"Lead kanban, {figure['leads']} referred leads"
        without, extra = figure["sql_without"], figure["sql"] - figure["sql_without"]
        yield f"{title}: SQL", f"≤ +{MAX_EXTRA_SQL}", str(without), "", f"{extra:+}", extra <= MAX_EXTRA_SQL
        before, after = (statistics.median(figure[key]) * 1000 for key in ("seconds_without", "seconds"))
        yield f"{title}: wall time, median", "", f"{before:.0f} ms", "", f"{after:.0f} ms", None
    for key, title in (("upsell", "List of clients to up-sell"), ("package", "Package of one client")):
        figure = results[key]
        middle = statistics.median(figure["seconds"]) * 1000
        where = f"{title} beside {results['invoices']:,} paid invoices ({figure['rows']} rows)"
        yield where, "", "", "", f"{middle:.0f} ms, {figure['sql']} SQL", None
