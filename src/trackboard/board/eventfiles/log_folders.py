"""Folders of event files as people name them: `DIR`, `~/DIR`, and several as `a:DIR b:DIR` or `A B`.

A folder need not be there yet: it is waited for. Standard library only: starters of boards use it too.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trackboard.errors import UsageError


@dataclass(frozen=True)
class LogFolder:
    """A folder of event files.

    Attributes:
        name: What its runs are below, where several folders are shown.
        path: Where it is.
    """

    name: str
    path: Path

    @property
    def is_there(self) -> bool:
        """Whether it exists now."""
        return self.path.is_dir()


def expand(word: str | os.PathLike[str]) -> Path:
    """The folder that somebody named, with a `~` in front as the home folder.

    Raises:
        UsageError: There is something else in its place.
    """
    path = Path(os.path.expanduser(word)).absolute()
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file", hint="Name the folder that it is in.")
    return path


def read_log_folders(words: Sequence[str]) -> tuple[LogFolder, ...]:
    """Read `name:DIR` and `DIR`, which is called as its last part; two of one name get a number.

    Raises:
        UsageError: A name was given twice, or a folder is a file.
    """
    parts = [split_name(word) for word in words]
    given = [name for name, _ in parts if name]
    twice = next((name for name in given if given.count(name) > 1), None)
    if twice is not None:
        raise UsageError(
            f"two folders are called {twice!r}", hint="Name them apart: first:DIR second:DIR"
        )
    taken = set(given)
    found = []
    for name, word in parts:
        path = expand(word)
        free = name or _find_free(path.name or "root", taken)
        taken.add(free)
        found.append(LogFolder(free, path))
    return tuple(found)


def split_name(word: str) -> tuple[str, str]:
    """The name and the folder of `name:DIR`; no name where the whole is a folder, or no name."""
    name, sign, rest = word.partition(":")
    if not sign or not name or not rest or "/" in name or name == "~" or Path(word).exists():
        return "", word
    return name, rest


def _find_free(name: str, taken: set[str]) -> str:
    names = itertools.chain([name], (f"{name} #{number}" for number in itertools.count(2)))
    return next(each for each in names if each not in taken)
