"""What stands above the service asks the service: it opens no store, and knows no part of a workspace."""

import ast

import pytest
from tests.arch.source import MODULES, parse

ABOVE = (
    "azureml",
    "trackboard.cli",
    "trackboard.api",
    "trackboard.server",
    "trackboard.frameworks",
)
# Attributes of a workspace's parts; an object above the service that has one is such a part.
PARTS = {"store", "blobs", "spool_folder", "launch_context", "run_files", "parts"}
ASKING = sorted(name for name in MODULES if name.startswith(ABOVE))


@pytest.mark.parametrize("module", ASKING)
def test_no_store_is_known_above_the_service(module: str) -> None:
    tree = parse(MODULES[module])
    stores = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.endswith(("Store", "Blobs"))
    }
    reached = {
        f"line {node.lineno}: .{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in PARTS
    }
    assert (stores, reached) == (set(), set())
