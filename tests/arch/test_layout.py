"""Nothing but `layout` joins a path below a workspace, calls flock, or replaces a file by hand."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.arch.source import MODULES, SOURCE, parse

LAYOUT = SOURCE / "trackboard" / "layout"
OTHERS = [
    file
    for file in MODULES.values()
    if LAYOUT not in file.parents and "inside/path" not in str(file)
]
# Folders and databases, which are moved as they are; a blob, whose name is not known before its end.
RENAMES = {
    "trackboard/transfer/backup/restore.py",  # folders that are whole
    "trackboard/transfer/backup/take.py",
    "trackboard/blobs/folder.py",
    "trackboard/ingest/set_aside_spools.py",
    "trackboard/ingest/removal.py",
    "trackboard/inside/mnist.py",  # alone in a job's interpreter
    "trackboard/launch/queue/recovery.py",  # a file that nobody may see before it is locked
    "trackboard/board/process/registry.py",  # as that
    "trackboard/board/export/folder.py",  # compared with what is there first
    "trackboard/spool/folder.py",
    "trackboard/spool/outbox.py",  # as blobs
    "trackboard/stores/engine/sqlite.py",
    "trackboard/targets/ray/target.py",  # a handle becomes a retired one
    "trackboard/environments/variables.py",  # links
    "trackboard/service/local/files.py",
}


def place(file: Path, node: ast.expr | ast.stmt) -> str:
    return f"{file.relative_to(SOURCE)}:{node.lineno}"


def names_of_files() -> set[str]:
    """What `layout.paths` and `layout.root` call files and folders."""
    body = [node for name in ("paths.py", "root.py") for node in parse(LAYOUT / name).body]
    tree = ast.Module(body, [])
    joined = [
        node.right
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    ]
    constants = [node.value for node in tree.body if isinstance(node, ast.Assign)]
    texts = {
        node.value
        for node in [*joined, *constants]
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return texts - {"TRACKBOARD_WORKSPACE"}


def docstrings(tree: ast.Module) -> set[int]:
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and node.body
        if isinstance(node.body[0], ast.Expr)
    }


def joins(tree: ast.Module, names: set[str]) -> Iterator[ast.expr]:
    """Where one of the names is joined to something, or stands as a whole text of its own kind."""
    unmistakable = {name for name in names if "." in name or "-" in name}
    skipped = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            if isinstance(node.right, ast.Constant) and node.right.value in names:
                yield node
        elif (
            isinstance(node, ast.Constant)
            and node.value in unmistakable
            and id(node) not in skipped
        ):
            yield node


def test_the_names_are_found() -> None:
    assert {"plan.json", "worker.log", "spool", "trackboard.toml", "halfway"} <= names_of_files()


def test_nobody_else_joins_paths_of_a_workspace() -> None:
    names = names_of_files()
    bad = {place(file, node) for file in OTHERS for node in joins(parse(file), names)}
    own_folders = {
        "environments/",
        "board/eventfiles/reader.py",
        "board/export/folder.py",
    }  # not the workspace's
    assert {each for each in bad if not any(own in each for own in own_folders)} == set()


def test_nobody_else_locks_files() -> None:
    bad = [
        place(file, node)
        for file in OTHERS
        for node in ast.walk(parse(file))
        if (isinstance(node, ast.Attribute) and node.attr in ("flock", "lockf"))
        or (isinstance(node, ast.ImportFrom) and node.module == "fcntl")
    ]
    assert bad == []


def test_nobody_else_replaces_files() -> None:
    found = {
        str(file.relative_to(SOURCE)): place(file, node)
        for file in OTHERS
        for node in ast.walk(parse(file))
        if isinstance(node, ast.Call) and is_rename(node)
    }
    assert {where for file, where in found.items() if file not in RENAMES} == set()
    assert RENAMES - found.keys() == set(), "it renames no longer: take the line away"


def is_rename(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    name = ast.unparse(call.func)
    if name in ("os.replace", "os.rename", "os.renames"):
        return True
    return call.func.attr in ("rename", "replace") and len(call.args) == 1 and not call.keywords
