"""Packages are rooms: few modules on one level, and between the rooms of a package no circle.

Imports for type checkers count, too: a reader follows them as well.
"""

import ast
from collections import defaultdict

import pytest
from tests.arch.source import MODULES, SOURCE, find_circle, imported_by, parse

MOST_MODULES = 15
PACKAGES = sorted(
    folder
    for folder in SOURCE.rglob("*")
    if folder.is_dir() and (folder / "__init__.py").exists() and "inside" not in folder.parts
)


IMPORTS = {
    name: {each for node in ast.walk(parse(file)) for each in imported_by(node)}
    for name, file in MODULES.items()
}


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
    assert {folder for folder, count in counts.items() if count > MOST_MODULES} == set()


@pytest.mark.parametrize(
    "package",
    [
        "trackboard.board",
        "trackboard.cli",
        "trackboard.environments",
        "trackboard.launch",
        "trackboard.service",
        "trackboard.stores",
    ],
)
def test_no_circle_between_the_rooms_of_a_package(package: str) -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for module, imported in IMPORTS.items():
        room = room_of(module, package)
        if room is not None:
            others = {room_of(name, package) for name in imported}
            graph[room] |= {other for other in others if other not in (None, room)}
    assert find_circle(graph) == ""
