"""No test patches a private name of ours: what it has to change is a parameter, or a public name.

The names that are patched all the same stay for a reason, and their list only shrinks:

- `_write` and `_now` of the spool: the system calls of recording. The quick way of a record looks them up as
  names of its module, and tests let one fail, or be interrupted, in the middle of what goes on; a parameter
  would have to be handed to each segment, and be looked up in it for each record.
- `_context`, `_type_providers`: what a process has once. A test begins it anew, and puts it back.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.arch.source import MODULES, parse

TESTS = Path(__file__).parents[1]
OURS = ("trackboard", "azureml")
CALLS = {"setattr", "delattr", "object", "patch"}  # of monkeypatch, of unittest.mock

EXCEPTIONS = {
    "_write": {
        "property/test_refusing_disk.py",
        "unit/ingest/test_outbox.py",
        "unit/launch/worker/test_worker.py",
        "unit/record/test_console.py",
        "unit/spool/test_backlog.py",
        "unit/spool/test_interruptions.py",
        "unit/spool/test_segment.py",
        "unit/spool/test_writer.py",
    },
    "_now": {"unit/spool/test_spool_gone.py"},
    "_context": {"facade/test_values.py"},
    "_type_providers": {"facade/test_run_children.py"},
}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def others_of(tree: ast.AST) -> set[str]:
    """The names that a test imports from anybody but us."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {
                (alias.asname or alias.name).split(".")[0]
                for alias in node.names
                if alias.name.split(".")[0] not in OURS
            }
        elif isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] not in OURS:
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def find_root(node: ast.expr) -> str:
    """The name that an expression begins with; empty where it begins with something else."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def read_dotted(node: ast.expr) -> str:
    """A string, with a star where something is put into it; empty for anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(read_dotted(each) or "*" for each in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def strip_module(dotted: str) -> list[str]:
    """The words of a dotted name behind its module, of which packages are private as well."""
    words = dotted.split(".")
    known = (at for at in range(len(words), 0, -1) if ".".join(words[:at]) in MODULES)
    rest = words[next(known, 1) :]
    return rest[-1:] if "*" in dotted else rest


def iter_patched(tree: ast.AST) -> Iterator[str]:
    """The private names of ours that a test patches."""
    others = others_of(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name not in CALLS:
            continue
        dotted = read_dotted(node.args[0])
        if dotted.split(".")[0] in OURS:
            yield from (word for word in strip_module(dotted) if is_private(word))
        elif not dotted and len(node.args) > 1 and find_root(node.args[0]) not in others:
            yield from (word for word in [read_dotted(node.args[1])] if is_private(word))


def test_tests_patch_public_names_only() -> None:
    found = {
        (name, path.relative_to(TESTS).as_posix())
        for path in sorted(TESTS.rglob("*.py"))
        for name in iter_patched(parse(path))
    }
    allowed = {(name, file) for name, files in EXCEPTIONS.items() for file in files}
    assert not found - allowed, "make it a parameter with a default"
    assert not allowed - found, "nobody patches it any more: remove the exception"


def test_the_rule_bites() -> None:
    source = """
import os
from azureml.core import Run
from trackboard.spool import writer as module

def test_it(monkeypatch):
    monkeypatch.setattr(module, "_A", 1)
    monkeypatch.setattr("trackboard.spool.writer._B", 1)
    monkeypatch.setattr("trackboard.spool.writer._C.warning", 1)
    monkeypatch.setattr(f"trackboard.spool.{name}._D", 1)
    monkeypatch.delattr(Run, "_E")
    mock.patch.object(module.Writer, "_F")
    with patch("trackboard.spool.writer._G"):
        pass
    thing = type(module.Writer)
    patch.setattr(thing, "_H", 1)
    monkeypatch.setattr("azureml.core._run.reading.details.LOST", 1)
    monkeypatch.setattr(os, "_exit", 1)
    monkeypatch.setattr(module, "PUBLIC", 1)
    monkeypatch.setattr(module, "__file__", "x")
    monkeypatch.setattr("os._exit", 1)
    setattr(thing, name, 1)
"""
    assert sorted(iter_patched(ast.parse(source))) == [f"_{letter}" for letter in "ABCDEFGH"]
