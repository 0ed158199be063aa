"""No test judges by a clock: on a busy machine everything takes ten times as long."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}


def reads_clock(node: ast.AST, names: set[str]) -> bool:
    """Whether an expression asks a clock, or a name that holds what one said."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in names:
            return True
        if isinstance(part, ast.Call):
            called = part.func
            if (called.attr if isinstance(called, ast.Attribute) else "") in CLOCKS:
                return True
    return False


def judged_by_clock(function: ast.AST) -> Iterator[ast.Assert]:
    """The asserts of a function that a slow machine may fail."""
    names: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.NamedExpr) and reads_clock(node.value, names):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {each.id for each in targets if isinstance(each, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and reads_clock(node.test, names):
            yield node


def test_no_assert_reads_a_clock() -> None:
    found = {
        f"{path.relative_to(TESTS)}:{judged.lineno}: {ast.unparse(judged)}"
        for path in sorted(TESTS.rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef)
        for judged in judged_by_clock(function)
    }
    assert not found, "wait by tests.waiting.until, or count (statements, bytes, passes)"


def test_the_rule_bites() -> None:
    source = """
def test_it():
    began_s = time.monotonic()
    run()
    took_s = time.monotonic() - began_s
    assert took_s < 5
    while not ready():
        assert time.monotonic() < began_s + 9
    assert time.thread_time() < 5
"""
    assert [each.lineno for each in judged_by_clock(ast.parse(source))] == [6, 8]
