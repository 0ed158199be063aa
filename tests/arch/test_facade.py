"""The facade's directions: how its modules may name each other."""

import ast
from pathlib import Path

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
