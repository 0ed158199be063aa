"""The lines of a `.gitignore`, as git reads them.

Of our own, as pathspec reads lines that take something back in another way: with `*`, `!*/` and `!*.py`
git takes `data/x.py`, and pathspec leaves out `data/`. A property test compares this with git itself.
A folder that is submitted may hold hundreds of thousands of files, so most of them are passed by one look
at their name; only what some line may match is compared line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SPECIAL = re.compile(r"[*?\[\\]")
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


@dataclass(frozen=True)
class _Line:
    """One line that is a rule."""

    pattern: re.Pattern[str]  # of a whole path, or of a name
    takes_back: bool
    only_folders: bool
    of_path: bool  # it holds a slash: compared with the path, not with the name alone


class Patterns:
    """The rules of one ignore file.

    Args:
        lines: What it says; lines that git would never match are passed over.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        read = [(line, glob) for line, glob in map(_read, lines) if line is not None]
        self._lines = [line for line, _ in reversed(read)]
        names = [glob for line, glob in read if not line.of_path]
        self._names = frozenset(glob for glob in names if not _SPECIAL.search(glob))
        self._ends = tuple(
            glob[1:] for glob in names if glob[0] == "*" and not _SPECIAL.search(glob[1:])
        )
        self._may = _any_of(
            line
            for line, glob in read
            if not line.of_path
            and glob not in self._names
            and not (glob[0] == "*" and glob[1:] in self._ends)
        )
        self._may_path = _any_of(line for line, _ in read if line.of_path)

    def say(self, path: str, name: str, *, is_folder: bool) -> bool | None:
        """What the last line that matches says.

        Args:
            path: Posix path within the folder of the ignore file.
            name: The last part of it.
            is_folder: Whether it is one.

        Returns:
            True: left out; False: taken; None: no line matches.
        """
        if not (
            name in self._names
            or name.endswith(self._ends)
            or (self._may and self._may.fullmatch(name))
            or (self._may_path and self._may_path.fullmatch(path))
        ):
            return None
        for line in self._lines:
            if line.only_folders and not is_folder:
                continue
            if line.pattern.fullmatch(path if line.of_path else name):
                return not line.takes_back
        return None


def _any_of(lines: Iterable[_Line]) -> re.Pattern[str] | None:
    joined = "|".join(line.pattern.pattern for line in lines)
    return re.compile(joined, re.DOTALL) if joined else None


def _read(text: str) -> tuple[_Line | None, str]:
    """A line as a rule and the bare glob in it; None for a line that is none."""
    text = re.sub(r"(?<!\\)((?:\\\\)*) +$", r"\1", text)
    if not text or text.startswith("#"):
        return None, ""
    takes_back = text.startswith("!")
    glob = text.removeprefix("!")
    only_folders = glob.endswith("/")
    glob = glob.removesuffix("/")
    of_path = "/" in glob
    glob = glob.removeprefix("/")
    if not glob:
        return None, ""
    try:
        pattern = re.compile(_translate(glob), re.DOTALL)
    except re.error:
        return None, ""  # such as [z-a], or a bracket that is not closed
    return _Line(pattern, takes_back, only_folders, of_path), glob


def _translate(glob: str) -> str:
    """The pattern of a name or a path; `**` alone between slashes is any number of folders."""
    made, at = "", 0
    while at < len(glob):
        char = glob[at]
        begins = at == 0 or glob[at - 1] == "/"
        if begins and glob[at:] == "**":
            return f"{made}.+"
        if begins and glob.startswith("**/", at):
            made += "" if made.endswith("(?:.*/)?") else "(?:.*/)?"
            at += 3
            continue
        at += 1
        if char == "*":
            made += "" if made.endswith("[^/]*") else "[^/]*"
        elif char == "?":
            made += "[^/]"
        elif char == "[":
            piece, at = _bracket(glob, at)
            made += piece
        elif char == "\\":
            if at == len(glob):
                raise re.error("nothing is escaped")
            made += re.escape(glob[at])
            at += 1
        else:
            made += re.escape(char)
    return made


def _bracket(glob: str, at: int) -> tuple[str, int]:
    """The pattern of `[...]`, and where it ends; `at` is behind the opening bracket."""
    is_not = glob[at : at + 1] in ("!", "^")
    at += is_not
    made, first = "", at
    while at < len(glob) and (glob[at] != "]" or at == first):
        named = re.compile(r"\[:(\w+):\]").match(glob, at)
        if named:
            if named[1] not in _CLASSES:
                raise re.error(f"no class is called {named[1]}")
            made += _CLASSES[named[1]]
            at = named.end()
            continue
        if glob[at] == "\\":
            at += 1
        elif glob[at] == "-" and made and glob[at + 1 : at + 2] not in ("]", ""):
            made += "-"
            at += 1
            continue
        if at < len(glob):
            made += re.escape(glob[at])
            at += 1
    if at >= len(glob):
        raise re.error("the bracket is not closed")
    return f"(?!/)[{'^' if is_not else ''}{made}]", at + 1
