"""What is left out of a snapshot: the user's ignore files, and what is never part of one.

As in git, an ignore file counts for its folder and all below it, a deeper one goes first, and nothing
below a folder that is left out comes back. What lies above the source folder does not count.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from trackboard.launch.snapshot.gitignore import Patterns
from trackboard.layout.paths import DATABASE_FILE
from trackboard.layout.reading import read_bytes
from trackboard.layout.root import ROOT

IGNORE_FILES = (".amlignore", ".gitignore")  # in a folder that has both, the first counts alone
_NEVER = frozenset((".git", ROOT, "__pycache__", ".ipynb_checkpoints"))
_LIMIT_BYTES = 4 << 20  # of an ignore file; each line costs, and each file is compared with all
_MARKS = ("pyvenv.cfg", DATABASE_FILE)  # found in virtual environments, and in workspaces of ours


class Rules:
    """The rules that hold in one folder.

    Args:
        prefix: The folder's path within the source folder, with a slash at its end; empty for the
            source folder itself.
        patterns: What the ignore file in it says.
        above: The rules of the nearest folder above that has some.
    """

    def __init__(self, prefix: str, patterns: Patterns, above: Rules | None) -> None:
        self._start = len(prefix)
        self._patterns = patterns
        self._above = above

    def skips(self, path: str, name: str, *, is_folder: bool) -> bool:
        """Whether a file or folder is left out.

        Args:
            path: Posix path within the source folder.
            name: The last part of it.
            is_folder: Whether it is one.
        """
        rules: Rules | None = self
        while rules is not None:
            said = rules._patterns.match(path[rules._start :], name, is_folder=is_folder)
            if said is not None:
                return said
            rules = rules._above
        return False


class IgnoreFiles:
    """The ignore files of one source folder, gathered while it is walked.

    A `.amlignore` in the source folder itself replaces every `.gitignore`.

    Args:
        source: The folder.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        replaces = os.path.isfile(os.path.join(source, IGNORE_FILES[0]))
        self._names = IGNORE_FILES[:1] if replaces else IGNORE_FILES
        self.paths: list[str] = []  # of those that count

    def enter(self, prefix: str, names: Collection[str], above: Rules | None) -> Rules | None:
        """The rules that hold in a folder.

        Args:
            prefix: As in `Rules`.
            names: What is in it.
            above: The rules that hold in the folder above.

        Raises:
            UsageError: Its ignore file cannot be read.
        """
        file = next((name for name in self._names if name in names), "")
        location = os.path.join(self._source, prefix + file)
        if not file or not os.path.isfile(location):
            return above
        patterns = Patterns(read_bytes(location, "ignore file", _LIMIT_BYTES))
        self.paths.append(prefix + file)
        return Rules(prefix, patterns, above)


def is_never_taken(name: str) -> bool:
    """Whether no file or folder of this name is part of a snapshot."""
    return name in _NEVER


def is_foreign(names: Collection[str]) -> bool:
    """Whether a folder with these in it is a virtual environment or a workspace of ours."""
    return any(mark in names for mark in _MARKS)
