r"""The lines of a `.gitignore`, as git reads them.

Of our own, as pathspec (1.1.1) does not agree with git: with `*`, `!*/` and `!*.py` git enters `data/`, and
its `GitIgnoreSpec` leaves that out. It refuses lines that git passes over (`[z-a]`, `a\`), and takes 13 s for
a line of 15 times `a*` and a name of 30 letters. A property test compares this with git itself.
As git does, this compares bytes: `?` is one of them.

An ignore file may come from anybody, so that matching ends soon whatever it says. A glob becomes a
regular expression without backtracking: text between two stars is taken where it is found first, in an
atomic group, as a later place could not help what follows. So a glob of m characters costs at most
O(n * m) for a path of n bytes.

A folder that is submitted may hold hundreds of thousands of files, so most of them are passed by one look
at their name; only what some line may match is compared line by line.
"""

from __future__ import annotations

import enum
import os
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

_SPECIAL = re.compile(rb"[*?\[\\]")
_LONGEST = 4096  # bytes of a path; a glob that needs more never matches
_CLASSES = {
    name: frozenset(characters.encode())
    for name, characters in {
        b"alnum": string.ascii_letters + string.digits,
        b"alpha": string.ascii_letters,
        b"blank": " \t",
        b"cntrl": "".join(map(chr, (*range(32), 127))),
        b"digit": string.digits,
        b"graph": "".join(map(chr, range(33, 127))),
        b"lower": string.ascii_lowercase,
        b"print": "".join(map(chr, range(32, 127))),
        b"punct": string.punctuation,
        b"space": " \t\n\r",
        b"upper": string.ascii_uppercase,
        b"xdigit": string.hexdigits,
    }.items()
}


class _Wild(enum.Enum):
    """What a glob holds besides single characters."""

    STAR = enum.auto()  # within a name
    SLASH = enum.auto()
    FOLDERS = enum.auto()  # `**/`: any number of folders
    SOME_FOLDERS = enum.auto()  # `**\/`: as git reads it, one folder at least
    REST = enum.auto()  # `**` at the end


_DEEP = (_Wild.FOLDERS, _Wild.SOME_FOLDERS)
_Token = bytes | _Wild  # bytes: the expression of one character

# What goes before the text behind `**/`: behind a slash, and behind the beginning of a name.
_FOLDERS: dict[tuple[_Token, bool], bytes] = {
    (_Wild.FOLDERS, True): rb"(?:(?>[^/]+/))*?",
    (_Wild.SOME_FOLDERS, True): rb"(?:(?>[^/]+/))+?",
    (_Wild.FOLDERS, False): rb"(?:|[^/]*/(?:(?>[^/]+/))*?)",
    (_Wild.SOME_FOLDERS, False): rb"[^/]*/(?:(?>[^/]+/))*?",
}


class _Never(Exception):
    """Nothing is matched by this glob."""


@dataclass(frozen=True)
class _Line:
    """One line that is a rule."""

    position: int
    glob: bytes  # bare: without what the fields below say
    takes_back: bool
    only_folders: bool
    of_path: bool  # it holds a slash: compared with the path, not with the name alone

    @cached_property
    def expression(self) -> bytes:
        """The regular expression of what it matches whole."""
        try:
            return _expression(_tokens(self.glob, of_path=self.of_path))
        except _Never:
            return b""

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The same, to be used."""
        return re.compile(self.expression, re.DOTALL)


class Patterns:
    """The rules of one ignore file.

    Args:
        text: What it says; lines that git would never match are passed over.
    """

    def __init__(self, text: bytes) -> None:
        self._takes_back: list[bool] = []
        globs: list[_Line] = []
        # The last line of each text without wildcards, for files and for folders.
        self._names: tuple[dict[bytes, int], dict[bytes, int]] = ({}, {})
        self._paths: tuple[dict[bytes, int], dict[bytes, int]] = ({}, {})
        self._ends: tuple[dict[bytes, int], dict[bytes, int]] = ({}, {})  # of `*.csv`
        for line in _lines(text):
            self._takes_back.append(line.takes_back)
            glob, known = line.glob, self._paths if line.of_path else self._names
            if not line.of_path and glob[:1] == b"*" and not _SPECIAL.search(glob, 1):
                glob, known = glob[1:], self._ends
            if not _SPECIAL.search(glob):
                for is_folder in (True,) if line.only_folders else (False, True):
                    known[is_folder][glob] = line.position
            elif line.expression:
                globs.append(line)
        self._end_sizes = tuple({len(end) for end in self._ends[True]})
        self._globs = tuple(reversed(globs))
        self._may = _any_of(line for line in globs if not line.of_path)
        self._may_path = _any_of(line for line in globs if line.of_path)

    def match(self, path: str, name: str, *, is_folder: bool) -> bool | None:
        """What the last line that matches says.

        Args:
            path: Posix path within the folder of the ignore file.
            name: The last part of it.
            is_folder: Whether it is one.

        Returns:
            True: left out; False: taken; None: no line matches.
        """
        name_bytes, path_bytes = os.fsencode(name), os.fsencode(path)
        ends = self._ends[is_folder]
        last = max(
            self._names[is_folder].get(name_bytes, -1),
            self._paths[is_folder].get(path_bytes, -1),
            *(ends.get(name_bytes[-size:] if size else b"", -1) for size in self._end_sizes),
        )
        if (self._may and self._may.fullmatch(name_bytes)) or (
            self._may_path and self._may_path.fullmatch(path_bytes)
        ):
            last = max(last, self._last_glob(path_bytes, name_bytes, last, is_folder=is_folder))
        return None if last < 0 else not self._takes_back[last]

    def _last_glob(self, path: bytes, name: bytes, after: int, *, is_folder: bool) -> int:
        """The position of the last line with wildcards that matches, if it is behind another one."""
        for line in self._globs:
            if line.position < after:
                break
            if line.only_folders and not is_folder:
                continue
            if line.pattern.fullmatch(path if line.of_path else name):
                return line.position
        return -1


def _any_of(lines: Iterable[_Line]) -> re.Pattern[bytes] | None:
    joined = b"|".join(dict.fromkeys(line.expression for line in lines))
    return re.compile(joined, re.DOTALL) if joined else None


def _lines(text: bytes) -> Iterator[_Line]:
    """The lines that are rules."""
    position = 0
    for whole in text.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        # A NUL ends what git reads of a line.
        line = _without_spaces(whole.removesuffix(b"\r").partition(b"\0")[0])
        if line.startswith(b"#"):
            continue
        glob = line.removeprefix(b"!")
        bare = glob.removesuffix(b"/")
        of_path = b"/" in bare
        found = bare.removeprefix(b"/")
        if found:
            yield _Line(position, found, glob != line, bare != glob, of_path)
            position += 1


def _without_spaces(line: bytes) -> bytes:
    """A line without the spaces at its end; one behind a backslash stays."""
    cut = line.rstrip(b" ")
    is_escaped = (len(cut) - len(cut.rstrip(b"\\"))) % 2 == 1
    return cut + b" " if cut != line and is_escaped else cut


def _tokens(glob: bytes, *, of_path: bool) -> list[_Token]:
    """What a glob is made of.

    Raises:
        _Never: It is damaged, or longer than any path.
    """
    tokens: list[_Token] = []
    token: _Token
    special = _SPECIAL.search(glob)
    start = special.start() if special else len(glob)  # git compares what is before by itself
    at = characters = 0
    while at < len(glob):
        if glob[at : at + 1] == b"*":
            token, at = _stars(glob, at, start, of_path=of_path)
        else:
            token, at = _character(glob, at)
            characters += 1
        if characters > _LONGEST:
            raise _Never
        before = tokens[-1] if tokens else None
        if before is _Wild.FOLDERS and token in _DEEP:
            tokens[-1] = token  # any number and then some is some
        elif token is not _Wild.FOLDERS or before not in _DEEP:
            tokens.append(token)
    return tokens


def _stars(glob: bytes, at: int, start: int, *, of_path: bool) -> tuple[_Wild, int]:
    """What one star or several mean, and where that ends.

    Two are more than one only between slashes, and as git does it, behind text without wildcards.
    """
    end = at
    while glob[end : end + 1] == b"*":
        end += 1
    if of_path and end - at > 1 and (at == start or glob[at - 1 : at] == b"/"):
        if end == len(glob):
            return _Wild.REST, end
        if glob[end : end + 1] == b"/":
            return _Wild.FOLDERS, end + 1
        if glob[end : end + 2] == rb"\/":
            return _Wild.SOME_FOLDERS, end + 2
    return _Wild.STAR, end


def _character(glob: bytes, at: int) -> tuple[_Token, int]:
    """The expression of the character at a place, or a slash; and where it ends."""
    char = glob[at : at + 1]
    if char == b"?":
        return b"[^/]", at + 1
    if char == b"[":
        return _bracket(glob, at + 1)
    if char == b"\\":
        at += 1
        char = glob[at : at + 1]
        if not char:
            raise _Never
    return (_Wild.SLASH if char == b"/" else re.escape(char)), at + 1


def _bracket(glob: bytes, at: int) -> tuple[bytes, int]:
    """The expression of `[...]`, and where it ends; `at` is behind the opening bracket."""
    is_not = glob[at : at + 1] in (b"!", b"^")
    at += is_not
    found: set[int] = set()
    first, before = at, 0  # the character before, where it may begin a range
    close = at  # where the next closing bracket is that could end a class
    while glob[at : at + 1] != b"]" or at == first:
        if close < at + 2:
            close = glob.find(b"]", at + 2) % (len(glob) + 1)
        if glob.startswith(b"[:", at) and close > at + 2 and glob[close - 1 : close + 1] == b":]":
            found |= _class(glob[at + 2 : close - 1])
            at, before = close + 1, 0
            continue
        is_range = before and glob[at : at + 1] == b"-" and glob[at + 1 : at + 2] != b"]"
        at += bool(is_range)
        at += glob[at : at + 1] == b"\\"
        if at >= len(glob):
            raise _Never  # it is not closed
        char = glob[at]
        found.update(range(before, char + 1) if is_range else (char,))
        before = 0 if is_range else char
        at += 1
    matched = (set(range(256)) - found if is_not else found) - {ord("/")}
    if not matched:
        raise _Never
    return _set(sorted(matched)), at + 1


def _class(name: bytes) -> frozenset[int]:
    if name not in _CLASSES:
        raise _Never
    return _CLASSES[name]


def _set(characters: Sequence[int]) -> bytes:
    ranges: list[list[int]] = []
    for char in characters:
        if ranges and ranges[-1][1] == char - 1:
            ranges[-1][1] = char
        else:
            ranges.append([char, char])
    return b"[" + b"".join(b"\\x%02x-\\x%02x" % (low, high) for low, high in ranges) + b"]"


def _expression(tokens: Iterable[_Token]) -> bytes:
    """The expression of a whole path or name."""
    made = folders = group = b""  # `group`: between two of `**/`; `folders`: what goes before it
    name: list[_Token] = []
    for token in tokens:
        if token is _Wild.SLASH:
            group += _name(name, b"/")
            name = []
        elif (token, not name) in _FOLDERS:
            group += _name(name, b"")
            made += b"(?>" + folders + group + b")" if folders else group
            folders = _FOLDERS[token, not name]
            group, name = b"", []
        else:
            name.append(token)
    return made + folders + group + _name(name, rb"\Z")


def _name(tokens: Sequence[_Token], end: bytes) -> bytes:
    """The expression of one name in a path, with what comes behind it."""
    parts = [b""]
    for token in tokens:
        if token is _Wild.STAR:
            parts.append(b"")
        else:
            parts[-1] += b".*" if isinstance(token, _Wild) else token
    if len(parts) == 1:
        return parts[0] + end
    between = b"".join(b"(?>[^/]*?" + part + b")" for part in parts[1:-1])
    return b"(?>" + parts[0] + between + b"[^/]*" + parts[-1] + end + b")"
