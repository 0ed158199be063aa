"""What pip's requirement files say: packages on one side, options on the other."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.errors import NotFound, UsageError
from trackboard.layout.reading import read_text

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import Specifier

CONSTRAINT = "--constraint"  # in our options it is followed by a requirement, not by a file's name

_VALUED = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--pypi-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--trusted-host": "--trusted-host",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
}
_FLAGS = frozenset(("--no-index", "--pre"))
_WITHOUT_MEANING = frozenset(("--prefer-binary", "--require-hashes", "--no-deps", "--user"))
_FILES = {"-r": "-r", "--requirement": "-r", "-c": "-c", "--constraint": "-c"}
_EDITABLE = frozenset(("-e", "--editable"))
_COMMENT = re.compile(r"(^|\s)#.*$")
_URL = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PLAIN = re.compile(rf"({_NAME})\s*(?:(?:[=<>!]=|<|>)\s*\d{{1,18}}(?:\.\d{{1,18}})*)?")
_NO_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_OF_CONDA = re.compile(r"^dependencies:\s*$", re.MULTILINE)
_LONGEST = 32_768  # characters of a requirement, with the digests of a hundred wheels
_SHOWN = 200  # of these, in a message
_DEEPEST = 50  # files that name each other
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")


@dataclass
class Wanted:
    """Packages and options, as they are collected.

    Attributes:
        packages: One requirement each: `name>=1`, a URL, an absolute path, `-e` and a path.
        options: Words: an option's long name, then its value if it has one.
        files: Files that were read for these; each is read once, however often it is named.
    """

    packages: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)
    constraints: set[Path] = field(default_factory=set)


def read_requirements(path: Path | str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read a requirements file of pip, and the files that it names.

    Returns:
        The packages, one requirement each, and the options, one word each.

    Raises:
        NotFound: It is not there, or one that it names.
        UsageError: A line means nothing.
    """
    wanted = Wanted()
    _read(Path(path), wanted, within=())
    return tuple(wanted.packages), tuple(wanted.options)


def read_lines(lines: Iterable[str], folder: Path, source: str = "") -> Wanted:
    """Read requirement lines that come from elsewhere.

    Args:
        lines: As in a requirements file.
        folder: What relative paths are relative to.
        source: What to call these lines in a message.
    """
    wanted = Wanted()
    for line in _joined(lines, source):
        _take(line, folder, wanted, source, within=())
    return wanted


def read_options(words: Sequence[str], folder: Path) -> Wanted:
    """Read options that come as words, several of them in one or one in several."""
    for word in words:
        _check_characters(word, len(word), "the pip options")
    split = [part for word in words for part in _words(word, "the pip options")]
    wanted = Wanted()
    while split:
        _take_option(split, folder, wanted, "the pip options", within=())
    return wanted


def parse_requirement(line: str) -> Requirement | None:
    """A requirement by name; None for what is named by a path or an address alone."""
    from packaging.requirements import Requirement

    if is_local(line) or _URL.match(line):
        return None
    try:
        return Requirement(without_hashes(line))
    except (ValueError, RecursionError) as exc:  # the second: a condition within very many brackets
        why = str(exc).splitlines()[0]
        raise UsageError(
            f"{_cut(line)!r} is no requirement of pip: {_cut(why)}",
            hint="Write a name and, if it matters, versions: numpy, numpy==1.26.4, numpy>=1.26,<2.",
        ) from exc


def requirement_name(line: str) -> str:
    """The canonical name of a requirement; empty for a path or an address.

    Raises:
        UsageError: It is none of these.
    """
    plain = _PLAIN.fullmatch(line)  # most are, and of these packaging takes ten times as long
    if plain:
        return canonical(plain[1])
    found = parse_requirement(line)
    return "" if found is None else canonical(found.name)


def without_versions(line: str) -> str:
    """A requirement by name in any version; what is named by a path or an address stays as it is."""
    found = parse_requirement(line)
    if found is None or found.url or not found.specifier:
        return line
    found.specifier = type(found.specifier)()
    return str(found)


def stays_below(line: str, major: int) -> bool:
    """Whether all versions that a requirement allows are older than a major version."""
    found = parse_requirement(line)
    return found is not None and any(_is_below(each, major) for each in found.specifier)


def _is_below(specifier: Specifier, major: int) -> bool:
    from packaging.version import Version

    if specifier.operator not in ("==", "===", "~=", "<", "<="):
        return False
    try:
        version = Version(specifier.version.removesuffix(".*"))
    except ValueError:  # `===` takes any text
        return False
    if specifier.operator == "<":
        return version <= Version(str(major))
    return version.major < major


def canonical(name: str) -> str:
    """One spelling for the names of one package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_local(line: str) -> bool:
    """Whether a requirement is a file or a folder of this machine."""
    return line.startswith(("/", "-e ", "file:"))


def without_hashes(line: str) -> str:
    """A requirement without the words that pip adds behind it."""
    return re.split(r"\s--", line, maxsplit=1)[0].strip()


def _read(path: Path, wanted: Wanted, within: tuple[Path, ...]) -> None:
    location = Path(os.path.abspath(os.path.expanduser(path)))
    if location in within or len(within) > _DEEPEST:
        why = "includes itself" if location in within else f"is more than {_DEEPEST} files deep"
        raise UsageError(
            f"the requirements file {str(location)!r} {why}",
            hint=f"It is named by {str(within[-1])!r}.",
        )
    if location in wanted.files:
        return
    wanted.files.add(location)
    try:
        text = read_text(location, "requirements file", may_declare=True)
    except (NotFound, UsageError) as exc:
        if within:
            exc.hint = f"It is named by {str(within[-1])!r}."
        raise
    if _OF_CONDA.search(text):
        raise UsageError(
            f"{str(location)!r} is an environment file of conda, not a requirements file of pip",
            hint=f"Environment.from_conda_specification(name, {location.name!r}) reads it; on the command"
            f" line: --conda {location.name}",
        )
    for line in _joined(text.splitlines(), str(location)):
        _take(line, location.parent, wanted, str(location), (*within, location))


def _joined(lines: Iterable[str], source: str) -> Iterator[str]:
    """Lines without comments and blanks; what a backslash continues is one."""
    parts: list[str] = []
    size = 0
    for line in lines:
        text = (_COMMENT.sub("", line) if "#" in line else line).rstrip()
        is_continued = text.endswith("\\")
        parts.append(text[:-1].rstrip() + " " if is_continued else text)
        size += len(parts[-1])
        _check_characters(text, size, source or "a requirement")
        if not is_continued:
            yield from filter(None, ["".join(parts).strip()])
            parts, size = [], 0
    yield from filter(None, ["".join(parts).strip()])


def _check_characters(text: str, size: int, source: str) -> None:
    """Refuse a part of what is `size` characters long as a whole."""
    if size > _LONGEST or _NO_CHARACTER.search(text):
        what = f"more than {_LONGEST:,}" if size > _LONGEST else "control"
        raise UsageError(
            f"{source}: {_cut(text)!r} has {what} characters",
            hint="Write one requirement or option in a line.",
        )


def _take(line: str, folder: Path, wanted: Wanted, source: str, within: tuple[Path, ...]) -> None:
    if line.startswith("-"):
        words = _words(line, source)
        while words:
            _take_option(words, folder, wanted, source, within)
        return
    wanted.packages.append(_absolute(line, folder))


def _take_option(
    words: list[str], folder: Path, wanted: Wanted, source: str, within: tuple[Path, ...]
) -> None:
    """Take one option and its value from the front."""
    first = words.pop(0)
    name, glue, value = first.partition("=")
    if name in _FLAGS:
        wanted.options.append(name)
        return
    if name in _WITHOUT_MEANING:
        return
    if not (name in _VALUED or name in _FILES or name in _EDITABLE):
        raise UsageError(
            f"{source or 'a requirement'}: the option {name!r} has no meaning for an environment",
            hint="These have: " + ", ".join(sorted({*_VALUED.values(), *_FLAGS, *_FILES, "-e"})),
        )
    if not glue:
        if not words:
            raise UsageError(f"{source or 'the options'}: {name!r} needs a value")
        value = words.pop(0)
    if name in _EDITABLE:
        wanted.packages.append(f"-e {_absolute_path(value, folder)}")
    elif name in _VALUED:
        wanted.options += [_VALUED[name], _resolve_path(_VALUED[name], value, folder)]
    elif _FILES[name] == "-r":
        _read(folder / value, wanted, within)
    else:
        wanted.options += _constraints(value, folder, wanted, within)


def _constraints(value: str, folder: Path, wanted: Wanted, within: tuple[Path, ...]) -> list[str]:
    """A constraints file's lines; a line is taken as it is, so that what we said can be read again."""
    if not os.path.isfile(folder / value) and re.search(r"[=<>~!@]", value):
        return [CONSTRAINT, value]
    constraints = Wanted(files=wanted.constraints, constraints=wanted.constraints)
    _read(folder / value, constraints, within)
    return [word for line in constraints.packages for word in (CONSTRAINT, line)]


def _words(line: str, source: str) -> list[str]:
    try:
        return shlex.split(line) if " " in line else [line]
    except ValueError as exc:
        raise UsageError(f"{source or 'a requirement'}: {line!r} cannot be split: {exc}") from exc


def _resolve_path(option: str, value: str, folder: Path) -> str:
    if option != "--find-links" or _URL.match(value) or value.startswith("$"):
        return value
    return _absolute_path(value, folder)


def _absolute(line: str, folder: Path) -> str:
    """A requirement that is a path, absolute."""
    path, marker, rest = line.partition(";")
    path = path.strip()
    is_named = path.startswith((".", "/", "~"))
    is_file = path.lower().endswith(_ARCHIVES) and "@" not in path and not _URL.match(path)
    if not (is_named or is_file):
        return line
    return _absolute_path(path, folder) + (f" {marker}{rest}" if marker else "")


def _absolute_path(value: str, folder: Path) -> str:
    if _URL.match(value):
        return value
    return os.path.abspath(folder / os.path.expanduser(value))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
