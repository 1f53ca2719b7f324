"""The tests of the engine notice every change of it, but for those that change nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# What no test can notice, and why. Whatever else survives needs a test.
EQUIVALENT = {
    "amounts.round_currency: Decimal(1) -> Decimal(2)": "quantize looks at the exponent only, which is the same",
    "amounts.round_currency: Decimal(1) -> Decimal(0)": "quantize looks at the exponent only, which is the same",
    "amounts.paid_share: facts.written_off <= 0 -> facts.written_off < 0": "written off 0: the share is 1 either way",
    "amounts.void_reason: return None -> pass": "a function that ends returns None",
}


def try_mutants(each=1):
    tool = Path(__file__).with_name("mutation.py")
    run = subprocess.run([sys.executable, str(tool), str(each)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    return result["survivors"], result["mutants"]


def test_mutants_of_the_engine_are_noticed():
    """Each fifth: all of them take minutes."""
    survivors, tried = try_mutants(each=5)
    assert tried >= 50
    assert set(survivors) <= EQUIVALENT.keys(), "a survivor needs a test"


@pytest.mark.long
def test_each_mutant_of_the_engine_is_noticed_or_known_to_be_equivalent():
    survivors, tried = try_mutants()
    assert set(survivors) == EQUIVALENT.keys(), "a survivor needs a test; one that is gone needs no reason any more"
    assert len(survivors) <= 0.05 * tried
