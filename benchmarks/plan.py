"""What is measured, in which order. Standard library only: the processes of Odoo do the work.

The three databases take turns batch by batch, each time another one first, so that noise hits all alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from devkit.console import say, seconds

from . import pipeline, referrals

PARTS = ("post", "pay", "run", "floor", "backlog", "large", "delete", "referrals", "portal", "pipeline")
OF_OURS_ALONE = {"referrals", "portal", "pipeline"}  # nothing to compare them with
SIZES = (200, 1000, 3000)
PARTNERS, CLIENTS = 10, 50
BATCH = 100
# Batches measured for each size. What a size needs beyond, only those that bill get, unmeasured.
BATCHES, BATCHES_OTHER = 4, 2
WARM_UP = 100  # every client twice, so that no window has to be set while it is measured
APART = 20  # payments each in a request of its own
REPEATS = 3
UNPAID = 30_000
COMMISSIONS = 200_000
LARGE, LARGE_BASE = 1000, 30  # partners; each with INVOICES × 5 clients
INVOICES = 20
PORTAL_SIZES = (10, 10_000, 1_000_000)  # commission lines of one partner
REFERRED, OTHERS = "bench-client", "bench-other"
READ = ("partner_commission_line", "account_invoice_line_agent", "account_move", "account_move_line")

Workers = dict[str, Callable[..., Any]]


class Turns:
    """The databases in changing order."""

    def __init__(self, workers: Workers) -> None:
        self.workers, self.count = workers, 0

    def __call__(self, *kinds: str) -> Iterator[tuple[str, Any]]:
        chosen = [kind for kind in self.workers if kind in kinds] if kinds else list(self.workers)
        self.count += 1
        first = self.count % len(chosen)
        for kind in chosen[first:] + chosen[:first]:
            yield kind, self.workers[kind]


class Steps:
    """Says what is going on, and how long it took so far."""

    EVERY = 15.0

    def __init__(self) -> None:
        self.started = self.told = time.monotonic()

    def __call__(self, text: str) -> None:
        self.told = time.monotonic()
        say(f"[{seconds(self.told - self.started)}] {text}")

    def now_and_then(self, text: str) -> None:
        if time.monotonic() - self.told > self.EVERY:
            self(text)


def measure(workers: Workers, parts: list[str], sizes: list[int], results: dict[str, Any], *, statements: bool) -> None:
    """Do what the parts ask for, and note every single figure in the results."""
    say_step, turns = Steps(), Turns(workers)
    results |= {"sizes": {}, "setup": {}}
    if set(parts) <= OF_OURS_ALONE:
        results["setup"]["odoo"] = workers["ours"]("versions")
    else:
        _beside_others(workers, turns, parts, sizes, results, say_step, statements=statements)
    # Last: they copy a million rows, beside which the others have none.
    for part, measure_part in (("referrals", referrals.measure), ("portal", _portal), ("pipeline", pipeline.measure)):
        if part in parts:
            results[part] = measure_part(workers["ours"], say_step)
    say_step("Done")


def _beside_others(
    workers: Workers,
    turns: Turns,
    parts: list[str],
    sizes: list[int],
    results: dict[str, Any],
    say_step: Steps,
    *,
    statements: bool,
) -> None:
    """What is compared with Odoo alone and with OCA."""
    _set_up(turns, results, say_step)
    if not {"post", "pay", "run", "floor"} & set(parts):
        sizes = sizes[:1]
    made = 0
    for size in sizes:
        figures = results["sizes"][str(size)] = {"post": [], "pay": [], "apart": [], "run": [], "floor": []}
        _invoices(turns, parts, figures, made, size, say_step)
        made = size
        if {"run", "floor"} & set(parts):
            _runs(turns, figures, size, say_step)
    if statements:
        results["statements"] = _statements(workers)
    if "backlog" in parts:
        results["backlog"] = _backlog(turns, say_step)
    for kind in ("ours", "oca"):
        workers[kind]("run", keep=True)
    if "large" in parts:
        results["large"] = _large(workers["ours"], say_step)
    if "delete" in parts:
        results["delete"] = _delete(turns, say_step)


def _set_up(turns: Turns, results: dict[str, Any], say_step: Steps) -> None:
    """Partners, clients and referrals; and everything once, as the first time is slower."""
    say_step("Setting up partners, clients and referrals")
    for kind, worker in turns():
        results["setup"][kind] = worker("set_up", partners=PARTNERS, clients=CLIENTS)
    say_step("Warming up")
    for _kind, worker in turns():
        for ref in (REFERRED, OTHERS):
            worker("post", count=WARM_UP, ref=ref)
            worker("pay", count=WARM_UP // 2, ref=ref)
            worker("pay_apart", count=WARM_UP // 2, ref=ref)
    for _kind, worker in turns("ours", "oca"):
        worker("run", keep=True)


def _invoices(turns: Turns, parts: list[str], figures: Any, made: int, size: int, say_step: Steps) -> None:
    """Customer invoices up to so many, all paid; some for clients without a referral."""

    def batches(what: str, ref: str, count: int) -> None:
        for number in range(count):
            say_step.now_and_then(f"{size:,} invoices: {what} {ref}, {number * BATCH:,} of {count * BATCH:,}")
            for kind, worker in turns():
                figures[what].append({"kind": kind, "ref": ref, "count": BATCH, **worker(what, count=BATCH, ref=ref)})

    def the_rest(what: str, count: int) -> None:
        say_step.now_and_then(f"{size:,} invoices: {what}, {count * BATCH:,} more")
        for _kind, worker in turns("ours", "oca"):
            worker(what, count=count * BATCH, ref=REFERRED)

    needed = (size - made) // BATCH
    measured = min(needed, BATCHES)
    say_step(f"{size:,} invoices: posting")
    batches("post", REFERRED, measured)
    if "post" in parts or "pay" in parts:
        batches("post", OTHERS, BATCHES_OTHER)
    the_rest("post", needed - measured)
    say_step(f"{size:,} invoices: paying")
    if "pay" not in parts:
        return the_rest("pay_together", needed)
    for ref in (REFERRED, OTHERS):
        for kind, worker in turns():
            figures["apart"].append(
                {"kind": kind, "ref": ref, "count": APART, **worker("pay_apart", count=APART, ref=ref)}
            )
    batches("pay", OTHERS, BATCHES_OTHER - 1)
    batches("pay", REFERRED, measured - 1)
    return the_rest("pay_together", needed - measured + 1)


def _runs(turns: Turns, figures: Any, size: int, say_step: Steps) -> None:
    """From due lines to draft bills, in fresh processes; each run is taken back."""
    say_step(f"{size} due lines: bills")
    for _kind, worker in turns():
        worker.restart()
    for _kind, worker in turns("ours", "oca"):
        bills = worker("run", keep=False)["bills"]
        turns.workers["odoo"]("floor", bills=bills)
    bills = {}
    for number in range(REPEATS + 1):
        traced = number == REPEATS  # a pass of its own: it slows everything down
        for kind, worker in turns("ours", "oca"):
            result = worker("run", keep=False, memory=traced)
            bills[kind] = result.pop("bills")
            total = sum(bill["total"] for bill in bills[kind])
            if abs(total - size * 5) > 0.01 or len(bills[kind]) != PARTNERS:
                raise AssertionError(f"{kind} makes {len(bills[kind])} bills of {total} in all; expected {size * 5}.")
            figures["run"].append({"kind": kind, "count": size, "traced": traced, **result})
            if not traced:
                floor = turns.workers["odoo"]("floor", bills=bills[kind])
                figures["floor"].append({"kind": kind, "count": size, **floor})


def _statements(workers: Workers) -> dict[str, Any]:
    for worker in workers.values():
        for ref in (REFERRED, OTHERS):
            worker("post", count=BATCH, ref=ref)
    return {
        f"{what} {ref}": {kind: worker("statements_of", what=what, ref=ref) for kind, worker in workers.items()}
        for what in ("post", "pay")
        for ref in (REFERRED, OTHERS)
    } | {"run": {kind: workers[kind]("statements_of", what="run", ref=REFERRED) for kind in ("ours", "oca")}}


def _backlog(turns: Turns, say_step: Steps) -> list[dict[str, Any]]:
    """The same due lines, billed beside few and beside many invoices that nobody has paid."""
    found = []
    for unpaid in (0, UNPAID):
        say_step(f"Rows read by a run beside {unpaid:,} unpaid invoices")
        for kind, worker in turns("ours", "oca"):
            if unpaid:
                worker("post", count=50, ref=REFERRED)
                worker("clone_unpaid", total=unpaid)
            worker("run", keep=False)
            result = worker("run", keep=False, counted=READ)
            lines = len(result.pop("bills"))
            found.append({"kind": kind, "unpaid": unpaid, "bills": lines, **result})
    return found


def _large(ours: Any, say_step: Steps) -> list[dict[str, Any]]:
    """The scheduled action over a few and over very many partners, all of one make."""
    say_step("One partner to be copied")
    ours("set_up_large", invoices_per_client=INVOICES)
    found = []
    for number, partners in enumerate((3, LARGE_BASE, LARGE, LARGE_BASE)):
        lines = partners * INVOICES * 5
        say_step(f"The scheduled action over {lines:,} due lines of {partners:,} partners")
        due = ours("clone_large", partners=partners)
        if due != lines:
            raise AssertionError(f"{due} lines are due instead of {lines}.")
        figure = ours("run_scheduled")
        if number:
            found.append({"partners": partners, **figure})
        else:  # only to warm up
            ours.restart()
    return found


def _delete(turns: Turns, say_step: Steps) -> list[dict[str, Any]]:
    """A draft invoice deleted beside very many commissions that were billed."""
    found = []
    for kind, worker in turns():
        say_step(f"{COMMISSIONS:,} commission rows: {kind}")
        count = worker("clone_billed", total=COMMISSIONS)
        worker("delete_draft", lines=BATCH)
        found.append({"kind": kind, "rows": count, "runs": []})
    say_step("Deleting a draft invoice of 100 lines")
    for _number in range(REPEATS):
        for kind, worker in turns():
            figure = worker("delete_draft", lines=BATCH)
            next(one for one in found if one["kind"] == kind)["runs"].append(figure)
    return found


def _portal(ours: Any, say_step: Steps) -> list[dict[str, Any]]:
    """The pages of a partner beside few and beside very many commission lines."""
    say_step("The pages of a partner")
    ours("set_up_portal")
    found = []
    for size in PORTAL_SIZES:
        say_step(f"Pages of a partner with {size:,} commission lines")
        lines = ours("clone_portal", total=size)
        ours("vacuum_portal")
        found.append({"lines": lines, "pages": ours("visit_portal", lines=lines)})
    return found
