"""What is made below a workspace takes its rights from there: by `trackboard.layout`, by nothing else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MAKING_METHODS = {"mkdir", "touch", "write_text", "write_bytes", "symlink_to", "hardlink_to"}
MAKING_CALLS = {
    "os.mkdir",
    "os.makedirs",
    "os.mkfifo",
    "os.mknod",
    "shutil.copy",
    "shutil.copy2",
    "shutil.copyfile",
    "shutil.copytree",
}
OPENING_CALLS = {"open", "io.open", "os.open"}
WRITING = set("wax+")

ELSEWHERE = {
    "azureml": "where a user asks for files: what they download, save or offline runs write",
    "trackboard/board/eventfiles/discovery.py": "links in a private folder",
    "trackboard/board/eventfiles/run_links.py": "links in a private folder of the board's user",
    "trackboard/board/export/folder.py": "the folder that a user exports to",
    "trackboard/board/eventfiles/kind_folders.py": "copies in a private folder",
    "trackboard/board/process/urls.py": "a page in a private folder",
    "trackboard/board/eventfiles/log_directory.py": "further names of files in a private folder",
    "trackboard/board/eventfiles/odd_names.py": "links in a private folder",
    "trackboard/board/private_folder.py": "a folder for its user alone, gone with the process",
    "trackboard/board/process/launcher.py": "a file in a private folder",
    "trackboard/board/eventfiles/reader.py": "a file in a private folder",
    "trackboard/environments": "the cache of environments, which is each user's own",
    "trackboard/inside": "a job's own files",
    "trackboard/launch/snapshot/manifest.py": "the working copy, with the modes of the snapshot",
    "trackboard/layout": "here it is done",
    "trackboard/stores/engine/read_only.py": "a copy in a temporary folder",
    "trackboard/targets/ray/node_probe.py": "runs where no package of ours is; its file is gone at once",
    "trackboard/testing": "tests",
    "trackboard/transfer/backup": "a backup where its owner wants it, with the modes of the files in it",
}


def made_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Calls that make files or folders by themselves: line and what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if is_making(called, node):
                yield node.lineno, called


def is_making(called: str, node: ast.Call) -> bool:
    if called in OPENING_CALLS:
        return makes(called, node)
    if isinstance(node.func, ast.Attribute) and node.func.attr in MAKING_METHODS:
        return True
    return called in MAKING_CALLS or (called.endswith(".open") and is_writing(node.args[:1]))


def makes(called: str, node: ast.Call) -> bool:
    """Whether a call of `open` or `os.open` may make a file, with rights of its own."""
    if called == "os.open":
        return "O_CREAT" in ast.unparse(node) or len(node.args) > 2
    given = {word.arg for word in node.keywords}
    is_descriptor = node.args and ast.unparse(node.args[0]).startswith(("fd", "open_file("))
    return is_writing(node.args[1:2]) and "opener" not in given and not is_descriptor


def is_writing(modes: list[ast.expr]) -> bool:
    return any(
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and WRITING & set(mode.value)
        for mode in modes
    )


def test_files_are_made_by_the_layout() -> None:
    found = [
        f"{file.relative_to(SOURCE)}:{line}: {called}"
        for file in sorted(SOURCE.rglob("*.py"))
        if not str(file.relative_to(SOURCE)).startswith(tuple(ELSEWHERE))
        for line, called in made_in(ast.parse(file.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("place", ELSEWHERE)
def test_the_places_that_make_their_own_are_there(place: str) -> None:
    assert (SOURCE / place).exists()


@pytest.mark.parametrize(
    "line",
    [
        "path.mkdir(parents=True)",
        "os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)",
        'open(path, "w")',
        'path.open("ab")',
        'path.write_text("x")',
        "shutil.copyfile(a, b)",
    ],
)
def test_what_is_looked_for_is_found(line: str) -> None:
    assert [*made_in(ast.parse(line))]


@pytest.mark.parametrize(
    "line",
    [
        'open(path, "ab", opener=open_file)',
        "os.open(path, os.O_RDONLY)",
        'open(open_file(path, flags), "wb")',
        'open(fd, "w")',
        "open(path)",
        "text.replace(a, b)",
        "blobs.open(key)",
    ],
)
def test_what_makes_nothing_passes(line: str) -> None:
    assert not [*made_in(ast.parse(line))]
