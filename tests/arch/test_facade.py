"""The facade's directions: how its modules may name each other."""

import ast
from collections.abc import Iterator

from tests.arch.source import MODULES, SOURCE, find_circle, imported_by, parse, walk_at_runtime

FACADE = [file for name, file in MODULES.items() if name.startswith("azureml")]


def test_no_module_asks_the_package_for_its_lazy_names() -> None:
    """`azureml.core.Run` is for users: a module that says `core.Run` depends on what no tool can see."""
    bad = [
        f"{file.relative_to(SOURCE)}:{node.lineno}"
        for file in FACADE
        for node in ast.walk(parse(file))
        if isinstance(node, ast.ImportFrom)
        and node.module == "azureml"
        and any(alias.name == "core" for alias in node.names)
    ]
    assert bad == [], "azureml.core._links makes what is above"


CORE = "azureml.core"
FILES = {name: file for name, file in MODULES.items() if name.startswith(CORE)}


def is_of_the_sdk(module: str) -> bool:
    """Whether the SDK names it; what `compute` is made of counts as `compute`."""
    return "._" not in module.replace(f"{CORE}.compute._", f"{CORE}.compute.")


def arrows_of(module: str) -> Iterator[str]:
    """What a module imports at any time, and for its types.

    The SDK's own modules name each other's classes in the signatures that the SDK gave them: runs have an
    experiment, experiments a workspace, and a workspace all of them. Those are left out, those for types.
    """
    tree = parse(FILES[module])
    at_runtime = {name for node in walk_at_runtime(tree) for name in imported_by(node)}
    for name in {name for node in ast.walk(tree) for name in imported_by(node)}:
        is_signature = is_of_the_sdk(module) and is_of_the_sdk(name) and name not in at_runtime
        if name in FILES and name not in (module, CORE) and not is_signature:
            yield name


def test_no_circle_in_core_counts_imports_for_types() -> None:
    assert find_circle({module: {*arrows_of(module)} for module in FILES}) == ""
