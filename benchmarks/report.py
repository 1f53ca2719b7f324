"""The figures as a table with targets, for the terminal and for benchmarks/results."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import pipeline, referrals
from .plan import LARGE, LARGE_BASE, OTHERS, REFERRED, UNPAID
from .portal_report import portal_rows

HEADINGS = ("What", "Target", "Odoo alone", "OCA", "Ours", "Reached")


@dataclass
class Row:
    what: str
    target: str
    alone: str
    oca: str
    ours: str
    reached: bool | None = None  # nothing where there is no target

    def cells(self) -> tuple[str, ...]:
        return (
            self.what,
            self.target,
            self.alone,
            self.oca,
            self.ours,
            {True: "yes", False: "NO", None: ""}[self.reached],
        )


def cpu(figure: dict[str, Any]) -> float:
    """CPU of both ends, or of Python alone where the server's cannot be read."""
    return figure["cpu_python"] + (figure["cpu_server"] or 0.0)


def rows(results: dict[str, Any]) -> list[Row]:
    found: list[Row] = []
    for size, figures in results["sizes"].items():
        found += _batch_rows(int(size), figures)
    found += _noise_rows(results["sizes"].values())
    for size, figures in results["sizes"].items():
        found += _run_rows(int(size), figures, is_largest=size == list(results["sizes"])[-1])
    found += _backlog_rows(results.get("backlog"))
    found += _delete_rows(results.get("delete"))
    found += _large_rows(results.get("large"))
    found += [Row(*cells) for cells in referrals.rows(results.get("referrals"))]
    found += portal_rows(results.get("portal"))
    found += [Row(*cells) for cells in pipeline.rows(results.get("pipeline"))]
    return found


# ------------------------------------------------------------
# INVOICES AND PAYMENTS
# ------------------------------------------------------------

_BATCHES = (
    ("post", REFERRED, "SQL per invoice created and posted, client with a referral", 0.20),
    ("post", OTHERS, "SQL per invoice created and posted, client without", 0.02),
    ("pay", REFERRED, "SQL per payment (wizard, a batch of 100), client with a referral", 1.2),
    ("pay", OTHERS, "SQL per payment (wizard, a batch of 100), client without", 1.0),
    ("apart", REFERRED, "SQL per payment, each in a request of its own, client with a referral", None),
    ("apart", OTHERS, "SQL per payment, each in a request of its own, client without", None),
)


def _of(figures: list[dict[str, Any]], kind: str, ref: str) -> list[dict[str, Any]]:
    return [figure for figure in figures if (figure["kind"], figure["ref"]) == (kind, ref)]


def _per(figures: list[dict[str, Any]], value: str) -> float:
    return sum(figure[value] for figure in figures) / sum(figure["count"] for figure in figures)


def _batch_rows(size: int, figures: dict[str, Any]) -> list[Row]:
    found = []
    for part, ref, title, limit in _BATCHES:
        each = {kind: _of(figures[part], kind, ref) for kind in ("odoo", "oca", "ours")}
        if not all(each.values()):
            continue
        sql = {kind: _per(some, "sql") for kind, some in each.items()}
        extra = round(sql["ours"] - sql["odoo"], 3)
        found.append(
            Row(
                f"N = {size:,}: {title}",
                f"≤ +{limit:.2f}" if limit is not None else "",
                f"{sql['odoo']:.2f}",
                f"{sql['oca'] - sql['odoo']:+.2f}",
                f"{extra:+.2f}",
                extra <= limit if limit is not None else None,
            )
        )
    return found


_NOISE = (
    ("post", REFERRED, "per invoice created and posted, client with a referral", False),
    ("post", OTHERS, "per invoice created and posted, client without", False),
    ("pay", REFERRED, "per payment, client with a referral", True),
    ("pay", OTHERS, "per payment, client without", True),
    ("apart", REFERRED, "per payment in a request of its own, client with a referral", False),
    ("apart", OTHERS, "per payment in a request of its own, client without", False),
)


def _ratio(alone: list[float], others: list[float]) -> tuple[float, float]:
    """Mean of the paired differences as a share of Odoo alone, and twice its standard error."""
    base = statistics.mean(alone)
    differences = [(other - one) / base for one, other in zip(alone, others, strict=True)]
    if len(differences) < 2:
        return statistics.mean(differences), math.inf
    return statistics.mean(differences), 2 * statistics.stdev(differences) / math.sqrt(len(differences))


def _share(mean: float, noise: float) -> str:
    return f"{mean:+.1%} ± {noise:.1%}" if math.isfinite(noise) else f"{mean:+.1%}"


def _noise_rows(sizes: Any) -> list[Row]:
    """CPU and wall time over the batches of all sizes, pair by pair."""
    found = []
    for part, ref, title, has_target in _NOISE:
        for name, value in (("CPU", cpu), ("Wall time", lambda figure: figure["wall"])):
            each = {
                kind: [value(one) / one["count"] for figures in sizes for one in _of(figures[part], kind, ref)]
                for kind in ("odoo", "oca", "ours")
            }
            if not all(each.values()):
                continue
            mean, noise = _ratio(each["odoo"], each["ours"])
            judged = has_target and name == "CPU" and math.isfinite(noise)
            found.append(
                Row(
                    f"{name} {title} ({len(each['odoo'])} batches)",
                    "within noise" if judged else "",
                    f"{statistics.mean(each['odoo']) * 1000:.1f} ms",
                    _share(*_ratio(each["odoo"], each["oca"])),
                    _share(mean, noise),
                    mean - noise <= 0 if judged else None,
                )
            )
    return found


# ------------------------------------------------------------
# RUNS
# ------------------------------------------------------------


def _run_rows(size: int, figures: dict[str, Any], *, is_largest: bool) -> list[Row]:
    plain = {
        kind: [one for one in figures["run"] if one["kind"] == kind and not one["traced"]] for kind in ("ours", "oca")
    }
    if not all(plain.values()):
        return []
    traced = {kind: [one for one in figures["run"] if one["kind"] == kind and one["traced"]] for kind in plain}
    floor = {kind: [one for one in figures["floor"] if one["kind"] == kind] for kind in plain}

    def median(some: list[dict[str, Any]], value: Any) -> float:
        return statistics.median(value(one) for one in some)

    times = {kind: median(some, cpu) for kind, some in plain.items()}
    walls = {kind: median(some, lambda one: one["wall"]) for kind, some in plain.items()}
    sql = {kind: median(some, lambda one: one["sql"]) for kind, some in plain.items()}
    peak = {kind: median(some, lambda one: one["peak"]) for kind, some in plain.items()}
    python = {kind: median(some, lambda one: one["python_peak"]) for kind, some in traced.items()}
    bottom = {kind: median(some, cpu) for kind, some in floor.items()}
    bottom_sql = {kind: median(some, lambda one: one["sql"]) for kind, some in floor.items()}
    title = f"From {size:,} due lines to 10 draft bills"
    share = times["ours"] / times["oca"]
    return [
        Row(
            f"{title}: CPU",
            "≤ 0.5 × OCA's" if is_largest else "",
            "",
            f"{times['oca']:.2f} s",
            f"{times['ours']:.2f} s = {share:.2f} ×",
            share <= 0.5 if is_largest else None,
        ),
        Row(f"{title}: wall time", "", "", f"{walls['oca']:.2f} s", f"{walls['ours']:.2f} s"),
        Row(
            f"{title}: SQL",
            "≤ 400" if is_largest else "",
            "",
            f"{sql['oca']:,.0f}",
            f"{sql['ours']:,.0f}",
            sql["ours"] <= 400 if is_largest else None,
        ),
        Row(
            f"{title}: memory at most, as Python counts it",
            "≤ OCA's" if is_largest else "",
            "",
            f"{python['oca']:.1f} MiB",
            f"{python['ours']:.1f} MiB",
            python["ours"] <= python["oca"] if is_largest else None,
        ),
        Row(f"{title}: growth of the process at most", "", "", f"{peak['oca']:.1f} MiB", f"{peak['ours']:.1f} MiB"),
        Row(
            f"{title}: floor, the same bills by plain create (CPU, SQL)",
            "",
            "",
            f"{bottom['oca']:.2f} s, {bottom_sql['oca']:.0f}; run {times['oca'] / bottom['oca']:.1f} ×",
            f"{bottom['ours']:.2f} s, {bottom_sql['ours']:.0f}; run {times['ours'] / bottom['ours']:.1f} ×",
        ),
    ]


def _backlog_rows(figures: list[dict[str, Any]] | None) -> list[Row]:
    if not figures:
        return []

    def one(kind: str, unpaid: int) -> dict[str, Any]:
        return next(figure for figure in figures if (figure["kind"], figure["unpaid"]) == (kind, unpaid))

    found = []
    for title, tables in (
        ("commission rows", ("partner_commission_line", "account_invoice_line_agent")),
        ("invoices", ("account_move",)),
        ("invoice lines", ("account_move_line",)),
    ):
        read = {
            kind: [sum(one(kind, unpaid)["rows_read"].get(table, 0) for table in tables) for unpaid in (0, UNPAID)]
            for kind in ("oca", "ours")
        }
        before, after = read["ours"]
        found.append(
            Row(
                f"Backlog: {title} read by a run beside 0 → {UNPAID:,} unpaid invoices",
                "no more",
                "",
                f"{read['oca'][0]:,} → {read['oca'][1]:,}",
                f"{before:,} → {after:,}",
                # A page more or less of an index does not make a row; a backlog read would be thousands.
                after - before <= max(0.01 * before, 100),
            )
        )
    for title, value in (("SQL", lambda figure: f"{figure['sql']:,}"), ("CPU", lambda figure: f"{cpu(figure):.2f} s")):
        oca, ours = ([value(one(kind, unpaid)) for unpaid in (0, UNPAID)] for kind in ("oca", "ours"))
        found.append(Row(f"Backlog: {title} of these runs", "", "", " → ".join(oca), " → ".join(ours)))
    return found


def _delete_rows(figures: list[dict[str, Any]] | None) -> list[Row]:
    if not figures:
        return []
    found = []
    medians = {}
    for figure in figures:
        medians[figure["kind"]] = {
            "wall": statistics.median(one["wall"] for one in figure["runs"]),
            "cpu": statistics.median(cpu(one) for one in figure["runs"]),
            "sql": statistics.median(one["sql"] for one in figure["runs"]),
        }
    title = f"Deleting a draft invoice of 100 lines beside {figures[0]['rows']:,} commission rows"
    alone, oca, ours = medians["odoo"], medians["oca"], medians["ours"]
    for name, key, unit in (("CPU", "cpu", " s"), ("wall time", "wall", " s"), ("SQL", "sql", "")):
        judged = key == "cpu"
        shape = "{:,.2f}" if unit else "{:,.0f}"
        found.append(
            Row(
                f"{title}: {name}",
                "as without (≤ 1.1 ×)" if judged else "",
                shape.format(alone[key]) + unit,
                shape.format(oca[key]) + unit,
                shape.format(ours[key]) + unit,
                ours[key] <= 1.1 * alone[key] if judged else None,
            )
        )
    return found


def _large_rows(figures: list[dict[str, Any]] | None) -> list[Row]:
    if not figures:
        return []
    base = [one for one in figures if one["partners"] == LARGE_BASE]
    large = next(one for one in figures if one["partners"] == LARGE)
    per_line = statistics.mean(cpu(one) / one["lines"] for one in base)
    ratio = cpu(large) / large["lines"] / per_line
    half = len(large["rss"]) // 2
    first, second = max(large["rss"][:half], default=0.0), max(large["rss"][half:], default=0.0)
    lines = f"{large['lines']:,} due lines of {large['partners']:,} partners, scheduled"
    return [
        Row(
            f"{lines}: completes",
            "yes",
            "",
            "",
            f"{large['bills']:,} bills in {large['jobs']} jobs, {large['wall']:.0f} s, {large['sql']:,} SQL",
            large["bills"] == large["partners"],
        ),
        Row(
            f"{lines}: CPU per line",
            "≤ 1.2 ×",
            "",
            "",
            f"{cpu(large) / large['lines'] * 1000:.2f} ms = {ratio:.2f} × that of {base[0]['lines']:,} lines of "
            f"{LARGE_BASE} partners ({per_line * 1000:.2f} ms)",
            ratio <= 1.2,
        ),
        Row(
            f"{lines}: size of the process at most, in its first and second half",
            "flat (≤ 1.1 ×)",
            "",
            "",
            f"{first:.0f} → {second:.0f} MiB",
            second <= 1.1 * first,
        ),
    ]


# ------------------------------------------------------------
# OUTPUT
# ------------------------------------------------------------


def table(found: list[Row]) -> str:
    cells = [HEADINGS, *(row.cells() for row in found)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def statements(results: dict[str, Any]) -> str:
    """Statements that an add-on sends beyond Odoo alone, by shape; of a run all of them."""
    lines = []
    for title, by_kind in results.get("statements", {}).items():
        alone = by_kind.get("odoo", {})
        for kind in ("ours", "oca"):
            extra = {shape: count - alone.get(shape, 0) for shape, count in by_kind[kind].items()}
            extra |= {shape: -count for shape, count in alone.items() if shape not in by_kind[kind]}
            lines.append(f"\n{title}, {kind}: {sum(extra.values()):+d}")
            lines += [
                f"{count:+5d}  {shape[:240]}"
                for shape, count in sorted(extra.items(), key=lambda item: -abs(item[1]))
                if count
            ]
    return "\n".join(lines)


def markdown(results: dict[str, Any], found: list[Row]) -> str:
    machine = results["machine"]
    facts = results["setup"]["odoo"]
    server = facts["postgresql"]
    lines = [
        f"# Benchmark of {machine['date']}",
        "",
        f"- Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory']}",
        f"- Odoo {facts['odoo']} on Python {machine['python']}, PostgreSQL {server // 10000}.{server % 10000}",
        f"- Commit: {machine['commit']}",
        f"- OCA: {machine['oca']}",
        "",
        "SQL, CPU and wall time per invoice and per payment: the columns of OCA and ours say what comes on top of Odoo "
        "alone. Elsewhere they say what the step takes. CPU is that of Python and of PostgreSQL together. "
        "± is twice the standard error over pairs of batches.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(row.cells()) + " |" for row in found),
        "",
    ]
    return "\n".join(lines)


def write(results: dict[str, Any], found: list[Row], folder: Path) -> list[Path]:
    """A Markdown file to read, and a JSON file with every single figure."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = results["machine"]["date"].replace(" ", "-").replace(":", "")
    readable, raw = folder / f"{stem}.md", folder / f"{stem}.json"
    readable.write_text(markdown(results, found))
    raw.write_text(json.dumps(results, indent=1) + "\n")
    return [readable, raw]
