"""What is left out of a snapshot is what git would leave out."""

import os
import random
import subprocess
from pathlib import Path
from typing import Final

import pytest

from trackboard.blobs import open_folder
from trackboard.launch.snapshot import take_snapshot

NAMES: Final = ("a", "b", "data", "x.csv", "y.csv", "a.py", "build", "c]d", "a b", "#x", "!y", "\\")
LINES: Final = (
    *(
        "*.csv",
        "!x.csv",
        "/data/",
        "data",
        "!data",
        "data/",
        "build/",
        "!build/a",
        "/a",
        "!/a",
        "a/",
    ),
    *("**/b", "a/**", "a/**/b", "data/*", "!data/b", "!data/b/", "**", "*", "!*/", "!*.py", "*/a"),
    *(
        "[ab]",
        "[!a]",
        "[a-c].py",
        "?",
        "??",
        "[[:alpha:]].*",
        "c[]]d",
        "[z-a]",
        "[a",
        "a\\",
        "\\#x",
    ),
    *("#x", "\\!y", "!y", "!!y", "a b", "a b ", "a\\ b", "a\\ ", "", "/", "!", "//", "\\\\", "**/"),
    *(
        "/**/a",
        "a**",
        "*a*.py",
        "data/**/a.py",
        "x.c*",
        "*.[pc]*",
        "[^/]",
        "data[/]a",
        "[\\]]",
        "***",
    ),
)


def _fill(folder: Path, chance: random.Random, depth: int = 0) -> None:
    for name in chance.sample(NAMES, 5):
        if depth < 3 and chance.random() < 0.5:
            (folder / name).mkdir()
            _fill(folder / name, chance, depth + 1)
        else:
            (folder / name).write_text("")
    if depth == 0 or chance.random() < 0.3:
        lines = chance.choices(LINES, k=chance.randint(1, 5))
        (folder / ".gitignore").write_text("\n".join(lines) + "\n")


def _taken_by_git(folder: Path) -> set[str]:
    words = ["git", "ls-files", "-z", "--others", "--exclude-per-directory=.gitignore"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q"], cwd=folder, env=environment, check=True)
    said = subprocess.run(words, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)
    return set(said.stdout.decode().split("\0")) - {""}


@pytest.mark.requires("git")
@pytest.mark.parametrize("seed", range(60))
def test_the_same_as_git(tmp_path: Path, seed: int) -> None:
    source = tmp_path / "source"
    source.mkdir()
    _fill(source, random.Random(seed))
    taken = take_snapshot(source, tmp_path / "snapshots", open_folder(tmp_path / "blobs"))
    rules = {str(place): place.read_text().splitlines() for place in source.rglob(".gitignore")}
    ours, gits = taken.manifest.paths, _taken_by_git(source)
    assert (sorted(ours - gits), sorted(gits - ours)) == ([], []), rules
