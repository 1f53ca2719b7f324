"""Mutation test of the engine: each small change of its source must make a test of this folder fail.

    python tests/engine/mutation.py [EACH]

prints the mutants that no test noticed, and how many there were; with a number only each EACH-th is tried. A tool of
our own, because the defaults of facts and the freezing of verdicts are rules too, and mutmut changes nothing but the
inside of functions; it also wants a copy of the tree, since the folder above the engine is an add-on that imports
Odoo.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import multiprocessing
import os
import signal
import sys
import types
from pathlib import Path

import hypothesis
import pytest

TESTS = Path(__file__).parent
ADD_ON = TESTS.parents[1] / "partner_program"
SECONDS = 60  # a mutant that runs longer than all tests together do hangs, and is noticed by that
COMPARE = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}


def variants(node: ast.AST):  # noqa: C901 - a table
    """What may stand in the place of this node."""
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                for other in COMPARE[type(operator)]:
                    yield ast.Compare(node.left, [*node.ops[:index], other(), *node.ops[index + 1 :]], node.comparators)
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
            for index in range(len(node.values)):
                yield ast.BoolOp(node.op, node.values[:index] + node.values[index + 1 :])
        case ast.UnaryOp():
            yield node.operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Constant(value=str() as value):
            yield ast.Constant(f"not {value}")
        case ast.Constant(value=None):
            yield ast.Constant("something")
        case ast.AnnAssign(value=ast.Name()):  # the default of a fact
            yield ast.AnnAssign(node.target, node.annotation, ast.Constant(None), node.simple)
        case ast.Return(value=ast.expr() as value):
            if not isinstance(value, ast.Constant):
                yield ast.Return(ast.Constant(None))
            yield ast.Pass()
        case ast.Assign() | ast.AugAssign() | ast.Expr():
            yield ast.Pass()
        case ast.If() | ast.IfExp():
            for test in (ast.UnaryOp(ast.Not(), node.test), ast.Constant(True), ast.Constant(False)):
                yield type(node)(test, node.body, node.orelse)
        case ast.comprehension(ifs=[test]):
            yield ast.comprehension(node.target, node.iter, [ast.UnaryOp(ast.Not(), test)], node.is_async)
        case ast.Call(func=ast.Name(id=name)) if name in SWAPPED:
            yield ast.Call(ast.Name(SWAPPED[name]), node.args, node.keywords)
            yield from node.args
        case ast.Call(func=ast.Name(id="bool" | "float" | "repr"), args=[argument]):
            yield argument
        case ast.Call(args=[ast.expr(), *_]):
            for keyword in node.keywords:
                yield ast.Call(node.func, node.args, [other for other in node.keywords if other is not keyword])


def places(node: ast.AST, scope: str):
    """(scope, node, parent, field, index) of all that runs: no docstrings, no annotations."""
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if not isinstance(child, ast.AST) or is_docstring or field in ("annotation", "returns"):
                continue
            within = f"{scope}.{child.name}" if isinstance(child, ast.FunctionDef | ast.ClassDef) else scope
            yield within, child, node, field, index
            yield from places(child, within)


def mutants(path: Path):
    """(name, source) of each mutant of a module; the name says where and what, but no line number."""
    tree, seen = ast.parse(path.read_text()), {}
    for scope, node, parent, field, index in places(tree, path.stem):
        for variant in variants(copy.deepcopy(node)):
            holder, key = (vars(parent), field) if index is None else (getattr(parent, field), index)
            shown = isinstance(node, ast.Constant)  # a constant says little without what it is in
            before = ast.unparse(parent if shown else node).split("\n")[0]
            holder[key] = variant
            source = ast.unparse(ast.fix_missing_locations(tree))
            after = ast.unparse(parent if shown else variant).split("\n")[0]
            holder[key] = node
            name = f"{scope}: {before} -> {after}"
            seen[name] = seen.get(name, 0) + 1
            yield name + (f" ({seen[name]})" if seen[name] > 1 else ""), path.stem, source


def is_noticed(mutant: tuple[str, str, str]) -> bool:
    """Run the tests on this mutant, in a process that has not imported the engine yet."""
    _name, stem, source = mutant
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("it hangs"))
    signal.alarm(SECONDS)
    hypothesis.settings.register_profile("mutation", derandomize=True, database=None, max_examples=40, deadline=None)
    hypothesis.settings.load_profile("mutation")
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        sys.path.insert(0, str(ADD_ON))
        module = sys.modules[f"engine.{stem}"] = types.ModuleType(f"engine.{stem}")
        module.__package__ = "engine"
        try:
            import engine

            exec(compile(source, stem, "exec"), module.__dict__)
        except Exception:  # noqa: BLE001 - whatever it is, it is noticed
            return True
        setattr(engine, stem, module)
        tests = sorted(
            {*TESTS.glob("test_*.py")} - {TESTS / "test_mutation.py"},
            key=lambda test: (stem not in test.name, test.name),
        )
        options = [
            "-x",
            "-q",
            "--assert=plain",
            "--tb=no",
            "-p",
            "no:odoo",
            "-p",
            "no:cacheprovider",
            f"--rootdir={TESTS}",
            "-c",
            os.devnull,
        ]
        return bool(pytest.main([*options, *map(str, tests)]))


def main(each: int = 1) -> int:
    modules = sorted((ADD_ON / "engine").glob("[a-z]*.py"))
    every = [mutant for path in modules for mutant in mutants(path)][::each]
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        if any(pool.map(is_noticed, [("unchanged", path.stem, path.read_text()) for path in modules], chunksize=1)):
            sys.exit("The tests fail on the engine as it is: then they notice anything.")
        noticed = pool.map(is_noticed, every, chunksize=1)
    survivors = [name for (name, *_), is_killed in zip(every, noticed, strict=True) if not is_killed]
    print(json.dumps({"mutants": len(every), "survivors": survivors}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
