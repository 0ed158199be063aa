"""Packages are rooms: few modules on one level, and between the rooms of a package no circle.

Imports for type checkers count, too: a reader follows them as well.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MOST_MODULES = 15
# The SDK's public names are its own. What is left is to be divided: take a line away, never add one.
NOT_DIVIDED = {
    "trackboard/cli",
    "trackboard/environments",
}
PACKAGES = sorted(
    folder
    for folder in SOURCE.rglob("*")
    if folder.is_dir() and (folder / "__init__.py").exists() and "inside" not in folder.parts
)


def name_of(file: Path) -> str:
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in sorted(SOURCE.rglob("*.py"))}


def imports_of(file: Path) -> Iterator[str]:
    """All of our modules that a file names in an import."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


IMPORTS = {name: sorted(set(imports_of(file)) & MODULES.keys()) for name, file in MODULES.items()}


def room_of(module: str, package: str) -> str | None:
    """The part of a package that a module is in; None for the package itself and all outside."""
    return (
        module[len(package) + 1 :].partition(".")[0] if module.startswith(f"{package}.") else None
    )


def test_few_modules_on_one_level() -> None:
    counts = {
        str(folder.relative_to(SOURCE)): sum(
            file.name != "__init__.py" and (file.name.startswith("_") or folder.parts[-1] != "core")
            for file in folder.glob("*.py")
        )
        for folder in PACKAGES
    }
    crowded = {folder for folder, count in counts.items() if count > MOST_MODULES}
    assert crowded - NOT_DIVIDED == set()
    assert NOT_DIVIDED - crowded == set(), "divided by now: take the line away"


@pytest.mark.parametrize(
    "package",
    ["trackboard.board", "trackboard.launch", "trackboard.stores"],
)
def test_no_circle_between_the_rooms_of_a_package(package: str) -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for module, imported in IMPORTS.items():
        room = room_of(module, package)
        if room is not None:
            others = {room_of(name, package) for name in imported}
            graph[room] |= {other for other in others if other not in (None, room)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("rooms import each other: " + " <- ".join(error.args[1]))
