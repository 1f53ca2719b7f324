"""Rows of the table about the partner's pages; standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .report import Row

# page: (address, statements at most, milliseconds at most with the most lines)
PAGES = {
    "dashboard": ("/my/partner", 40, 200),
    "referrals": ("/my/referrals", 30, None),
    "commissions": ("/my/commissions", 30, None),
    "commissions, filtered": ("/my/commissions?filterby=paid&sortby=client", 30, None),
    "commissions, last page": ("/my/commissions/page/{last}", 30, None),
    "statements": ("/my/statements", 25, None),
    "statement of a month": ("/my/statements/period?date_from={first}&date_to={today}", 25, None),
    "payouts": ("/my/payouts", 30, None),
    "resources": ("/my/resources", 30, None),
    "team": ("/my/team", 30, None),
}


def portal_rows(figures: list[dict[str, Any]] | None) -> list[Row]:
    """Statements of each page at each size, and the time of those that have a target."""
    from .report import Row

    found = []
    for page, (_address, most, milliseconds) in PAGES.items():
        seen = [(one["lines"], one["pages"][page]) for one in figures or () if page in one["pages"]]
        if not seen:
            continue
        sizes = " / ".join(f"{lines:,}" for lines, _figure in seen)
        counts = [figure["sql"] for _lines, figure in seen]
        found.append(
            Row(
                f"Portal, {page}: SQL at {sizes} commission lines",
                f"≤ {most}",
                "",
                "",
                " / ".join(map(str, counts)),
                max(counts) <= most,
            )
        )
        times = [figure["ms"] for _lines, figure in seen]
        found.append(
            Row(
                f"Portal, {page}: time, warm",
                f"≤ {milliseconds} ms" if milliseconds else "",
                "",
                "",
                " / ".join(f"{time:.0f}" for time in times) + " ms",
                max(times) <= milliseconds if milliseconds else None,
            )
        )
    return found
