"""The budgets of the source, so that it stays readable: sizes, names, directions, exports."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.arch.source import (
    MODULES,
    ROOT,
    SOURCE,
    find_circle,
    imported_by,
    is_for_types_only,
    name_of,
    parse,
    walk_at_runtime,
)

FILES = [
    file
    for folder in ("src", "tests", "benchmarks", "scripts")
    for file in sorted((ROOT / folder).rglob("*.py"))
]

MAX_FILE_LINES = 500
MAX_BODY_LINES = 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "misc", "base", "manager"}
LIST_NEW = "print(*({*sys.modules} - old))"


def relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first, *rest = function.body
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if has_docstring and not rest:
        return 0
    start = rest[0] if has_docstring else first
    return (function.end_lineno or 0) - start.lineno + 1


def test_the_source_is_found() -> None:
    assert len(MODULES) > 20
    assert Path(__file__) in FILES


def test_no_file_is_too_long() -> None:
    lengths = {relative(file): len(file.read_text("utf-8").splitlines()) for file in FILES}
    assert {file: n for file, n in lengths.items() if n > MAX_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{relative(file)}:{node.lineno} {node.name}": body_lines(node)
        for file in FILES
        for node in ast.walk(parse(file))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert {function: n for function, n in lengths.items() if n > MAX_BODY_LINES} == {}


def test_files_are_named_for_what_they_hold() -> None:
    bad = [
        relative(file)
        for file in FILES
        if FORBIDDEN_NAMES
        & {part.strip("_") for part in file.relative_to(ROOT).with_suffix("").parts}
    ]
    assert bad == []
    assert list(SOURCE.glob("trackboard/**/core*")) == []


def test_no_import_circles() -> None:
    """Imports within functions count, those for types only do not."""
    graph = {
        name: {each for node in walk_at_runtime(parse(file)) for each in imported_by(node)} - {name}
        for name, file in MODULES.items()
    }
    assert find_circle(graph) == ""


def packages_loaded_by(program: str) -> set[str]:
    """The packages that a new process imports for a program."""
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys; old = {{*sys.modules}}\n{program}\n{LIST_NEW}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {name.partition(".")[0] for name in answer.stdout.split()}


@pytest.mark.parametrize(
    "program", ["import trackboard", "import trackboard.record", "from azureml.core import Run"]
)
def test_recording_needs_the_standard_library_only(program: str) -> None:
    loaded = packages_loaded_by(program)
    assert loaded - sys.stdlib_module_names - {"trackboard", "azureml"} == set()


@pytest.mark.parametrize(
    "program",
    ["import trackboard", "from azureml.core import Workspace, Experiment, Run, Environment"],
)
def test_a_client_loads_what_reads_a_history_when_it_reads_one(program: str) -> None:
    heavy = {"numpy", "sqlalchemy", "tensorboard", "zstandard"}
    assert packages_loaded_by(program) & heavy == set()


@pytest.mark.parametrize(
    ("program", "unwanted"),
    [
        (
            "from azureml.core import Run",
            {"dataclasses", "inspect", "uuid", "platform", "secrets", "hashlib", "socket", "ctypes"}
            | {"shutil", "locale", "subprocess", "json", "logging", "traceback"},
        ),
        (
            "import trackboard.processes.worker",
            {"click", "numpy", "sqlalchemy", "zstandard", "socket", "tempfile", "uuid", "asyncio"},
        ),
    ],
)
def test_a_start_loads_nothing_that_few_need(program: str, unwanted: set[str]) -> None:
    assert packages_loaded_by(program) & unwanted == set()


def bound_by(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Public names of a package's `__init__`: those it defines, and those it takes from our modules.

    Names that it takes when they are first used are imported for type checkers.
    """
    defined: set[str] = set()
    imported: set[str] = set()
    lazy = [node for block in tree.body if is_for_types_only(block) for node in block.body]
    for node in [*tree.body, *lazy]:
        if is_import_of_ours(node) and isinstance(node, ast.ImportFrom):
            imported |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            defined.add(node.target.id)
    return (
        {name for name in defined if not name.startswith("_") or name == "__version__"},
        {name for name in imported if not name.startswith("_")},
    )


def listed_in_all(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


@pytest.mark.parametrize(
    "file", [file for file in MODULES.values() if file.name == "__init__.py"], ids=name_of
)
def test_all_lists_what_a_package_exports(file: Path) -> None:
    tree = parse(file)
    listed = listed_in_all(tree)
    defined, imported = bound_by(tree)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    exported = (defined - {"__version__"}) | (imported - used)
    assert exported - set(listed) == set(), "exported, but not in __all__"
    assert set(listed) - defined - imported == set(), "in __all__, but not there"
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize(
    "package",
    [name for name, file in MODULES.items() if "= lazy_names(" in file.read_text("utf-8")],
)
def test_names_that_are_imported_late_are_there(package: str) -> None:
    module = importlib.import_module(package)
    names = listed_in_all(parse(MODULES[package]))
    assert [name for name in names if isinstance(getattr(module, name), ModuleType)] == []


def test_only_the_command_and_the_facade_print() -> None:
    bad = [
        f"{relative(file)}:{node.lineno}"
        for file in MODULES.values()
        if not name_of(file).startswith(("trackboard.cli", "azureml"))
        for node in ast.walk(parse(file))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    ]
    assert bad == []


def is_import_of_ours(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return str(node.module).startswith(("azureml", "trackboard"))
    return isinstance(node, ast.Import) and any(
        alias.name.startswith(("azureml", "trackboard")) for alias in node.names
    )


def test_every_public_module_of_the_facade_asks_the_guard_first() -> None:
    guard = "from azureml import _guard as _guard"
    bad = [
        relative(file)
        for file in MODULES.values()
        if name_of(file).startswith("azureml") and "._" not in name_of(file)
        if [ast.unparse(node) for node in parse(file).body if is_import_of_ours(node)][:1]
        != [guard]
    ]
    assert bad == []


def test_the_changelog_knows_the_version() -> None:
    init = (SOURCE / "trackboard/__init__.py").read_text("utf-8")
    version = re.search(r'__version__ = "(.+)"', init)
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## (\d\S*) · \d{4}-\d\d-\d\d$", changes, re.M)
    assert version
    assert released[0] == version[1]
    assert len(re.findall(r"^## ", changes, re.M)) == len(released) + 1  # one is Unreleased
