"""The facade's directions: how its modules may name each other."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from tests.arch.test_budgets import MODULES, name_of, walk_at_runtime

SOURCE = Path(__file__).parents[2] / "src"
FACADE = sorted((SOURCE / "azureml").rglob("*.py"))


def test_no_module_asks_the_package_for_its_lazy_names() -> None:
    """`azureml.core.Run` is for users: a module that says `core.Run` depends on what no tool can see."""
    bad = [
        f"{file.relative_to(SOURCE)}:{node.lineno}"
        for file in FACADE
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module == "azureml"
        and any(alias.name == "core" for alias in node.names)
    ]
    assert bad == [], "azureml.core._links makes what is above"


CORE = "azureml.core"
FILES = {name_of(file): file for file in MODULES if name_of(file).startswith(CORE)}


def is_of_the_sdk(module: str) -> bool:
    """Whether the SDK names it; what `compute` is made of counts as `compute`."""
    return "._" not in module.replace(f"{CORE}.compute._", f"{CORE}.compute.")


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            yield full if full in FILES else str(node.module)


def arrows_of(module: str) -> Iterator[str]:
    """What a module imports at any time, and for its types.

    The SDK's own modules name each other's classes in the signatures that the SDK gave them: runs have an
    experiment, experiments a workspace, and a workspace all of them. Those are left out, those for types.
    """
    tree = ast.parse(FILES[module].read_text("utf-8"))
    at_runtime = {name for node in walk_at_runtime(tree) for name in imported(node)}
    for name in {name for node in ast.walk(tree) for name in imported(node)}:
        is_signature = is_of_the_sdk(module) and is_of_the_sdk(name) and name not in at_runtime
        if name in FILES and name not in (module, CORE) and not is_signature:
            yield name


def test_no_circle_in_core_counts_imports_for_types() -> None:
    graph = {module: {*arrows_of(module)} for module in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("modules name each other: " + " <- ".join(error.args[1]))


def test_rooms_of_core_hold_at_most_fifteen_modules() -> None:
    rooms: dict[str, int] = {}
    for module, file in FILES.items():
        if file.name != "__init__.py" and not (
            is_of_the_sdk(module) and file.parent.name == "core"
        ):
            room = module.rpartition(".")[0]
            rooms[room] = rooms.get(room, 0) + 1
    assert len(rooms) > 5
    assert {room: count for room, count in rooms.items() if count > 15} == {}
