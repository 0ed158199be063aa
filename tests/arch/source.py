"""The source as the tests of this folder look at it: its modules, their trees and what they import."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"


def name_of(file: Path) -> str:
    """The dotted name of a module."""
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in sorted(SOURCE.rglob("*.py"))}


@functools.cache
def parse(file: Path) -> ast.Module:
    """A file's tree, which nobody changes."""
    return ast.parse(file.read_text("utf-8"), str(file))


def is_for_types_only(node: ast.AST) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def walk_at_runtime(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only type checkers see."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not is_for_types_only(child):
            yield from walk_at_runtime(child)


def imported_by(node: ast.AST) -> Iterator[str]:
    """The modules of ours that an import names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in MODULES)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno} imports relatively"
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            name = full if full in MODULES else str(node.module)
            if name in MODULES:
                yield name


def find_circle(graph: Mapping[str, set[str]]) -> str:
    """A circle in words; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " <- ".join(error.args[1])
    return ""
