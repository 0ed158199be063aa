"""What is left out of a snapshot is what git would leave out."""

import os
import random
import subprocess
from pathlib import Path
from typing import Final

import pytest

from trackboard.blobs import open_folder
from trackboard.launch.snapshot.gitignore import Patterns
from trackboard.launch.snapshot.take import take_snapshot

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


def _said_by_git(repository: Path, paths: list[str]) -> set[str]:
    """Which of these paths, of files that need not be there, are left out."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    said = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin", "-z"],
        cwd=repository,
        env=environment,
        input=b"".join(os.fsencode(path) + b"\0" for path in paths),
        stdout=subprocess.PIPE,
        check=False,
    )
    assert said.returncode in (0, 1)  # some are, none is
    return set(map(os.fsdecode, said.stdout.split(b"\0"))) - {""}


def _said_by_us(patterns: Patterns, path: str) -> bool:
    """The same of one path: a folder above it may be left out as well."""
    names = path.split("/")
    return any(
        patterns.match("/".join(names[:depth]), names[depth - 1], is_folder=depth < len(names))
        for depth in range(1, len(names) + 1)
    )


def _compare(folder: Path, cases: list[tuple[bytes, list[str]]]) -> None:
    """Each text of an ignore file with its paths, all of them in one call of git."""
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    for number, (text, _) in enumerate(cases):
        (folder / str(number)).mkdir()
        (folder / str(number) / ".gitignore").write_bytes(text)
    gits = _said_by_git(
        folder, [f"{number}/{path}" for number, (_, paths) in enumerate(cases) for path in paths]
    )
    different: list[tuple[bytes, str]] = []
    for number, (text, paths) in enumerate(cases):
        patterns = Patterns(text)
        different += [
            (text, path)
            for path in paths
            if _said_by_us(patterns, path) != (f"{number}/{path}" in gits)
        ]
    assert different == []


STARS: Final = (*("a", "b", "a", "b", "/", "*", "*", "**", "?"), *("**/", "/**/", "/**", "\\/"))
MARKS: Final = (
    *("a", "b", "a", "b", "z", "0", "é", "A", "-", "!", "#", "]", "[", "\\", " ", "\r", "\0", "\t"),
    *("/", "/", "*", "*", "**", "?", "??", "**/", "/**/", "/**", "***/", "\\/", "**\\/"),
    *("[a-c]", "[!a]", "[^ab]", "[[:alpha:]]", "[]-a]", "[a-]", "[--0]", "[z-a]", "[!/]", "[\\]]"),
    *("[[:upper:][:digit:]]", "[[:x:]]", "[[:a]", "[\\a-\\c]", "[é]", "\\*", "\\a", "\\ "),
)
SHORT: Final = ("a", "b", "ab", "aa", "aab", "aba", "abab", "ba")
ODD: Final = (
    *("a", "b", "ab", "abc", "aab", "A", "é", "aé", "z", "0", "bb", "aaa"),
    *("]", "b]", "[", "-", "!", "#", "\\", "*", " ", "a ", "a b", "a\t"),
)


@pytest.mark.requires("git")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("pieces", "names"), [(STARS, SHORT), (MARKS, ODD)], ids=["stars", "marks"]
)
def test_a_line_means_what_it_means_to_git(
    tmp_path: Path, pieces: tuple[str, ...], names: tuple[str, ...], seed: int
) -> None:
    chance = random.Random(seed)
    cases = []
    for _ in range(250):
        lines = (
            "".join(chance.choices(pieces, k=chance.randint(1, 10)))
            for _ in range(chance.randint(1, 2))
        )
        text = "\n".join(lines) + chance.choice(("\n", ""))
        paths = ["/".join(chance.choices(names, k=chance.randint(1, 6))) for _ in range(20)]
        cases.append((text.encode(), paths))
    _compare(tmp_path, cases)


@pytest.mark.requires("git")
def test_a_class_holds_the_bytes_that_it_holds_for_git(tmp_path: Path) -> None:
    names = [os.fsdecode(b"x" + bytes([byte])) for byte in range(1, 256) if byte != ord("/")]
    kinds = (
        *("alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct"),
        *("space", "upper", "xdigit", "word"),
    )
    texts = [*(f"x[[:{kind}:]]" for kind in kinds), "x[!a-z]", "x[+-9]", "x?", "x??"]
    _compare(tmp_path, [(text.encode(), names) for text in texts])
