"""Files that others wrote, read so that nothing about them can hurt: they need not be files, nor text.

Every file that a person, another program or another version of this one may have written is read here.
What is wrong with one is said with its name, as a UsageError.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
import stat
from pathlib import Path
from typing import Any, Callable, List, TypeVar

from trackboard.errors import NotFound, TrackboardError, UsageError
from trackboard.layout.modes import AnyPath

TEXT_BYTES = 64 << 20  # a million requirements are 15 MB
DEPTH = 100  # of lists and tables within each other
VALUES = 200_000  # in a file, counted as often as they are mentioned

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_GONE = frozenset((errno.ENOENT, errno.ENOTDIR))
_LONGEST_SAID = 500  # characters of what is foreign, in a message
_PIECE_BYTES = 1 << 20
_MARKS = (  # how a text says what it is; the longer ones first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_DECLARED = rb"coding[:=]\s*([-\w.]+)"
_Parsed = TypeVar("_Parsed")


def list_folder(folder: Path) -> List[Path]:
    """List what is in a folder, by name; nothing where it is gone, or no folder."""
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def open_regular(path: AnyPath, what: str) -> int:
    """Open a file for reading, and nothing else: no pipe that waits, no device that never ends.

    Args:
        path: The file; links are followed.
        what: What to call the file in a message, such as `conda file`.

    Returns:
        The file descriptor.

    Raises:
        NotFound: There is nothing.
        UsageError: The path leads to something else, or may not be read.
    """
    if not isinstance(path, (str, bytes, os.PathLike)):  # a number would be an open file of ours
        raise UsageError(
            f"the {what} is given as {type(path).__name__}, which is no path",
            hint="A path is a text or a pathlib.Path.",
        )
    try:
        _check_regular(os.stat(path), path, what)  # opening a pipe would wake who writes to it
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except UsageError:
        raise
    except (OSError, ValueError) as error:  # ValueError: no path can hold a NUL or half a character
        raise _refused(path, what, error) from error
    try:
        _check_regular(os.fstat(fd), path, what)  # it may be another one now
    except BaseException:
        os.close(fd)
        raise
    return fd


def read_bytes(path: AnyPath, what: str, limit_bytes: int = TEXT_BYTES) -> bytes:
    """Read a whole file.

    Args:
        path: The file.
        what: What to call the file in a message.
        limit_bytes: A larger one is refused before it is read.

    Raises:
        NotFound: There is no such file.
        UsageError: It is none, cannot be read or is too large.
    """
    fd = open_regular(path, what)
    pieces = []
    left = limit_bytes + 1
    try:
        if os.fstat(fd).st_size <= limit_bytes:
            while left and (piece := os.read(fd, min(left, _PIECE_BYTES))):
                pieces.append(piece)
                left -= len(piece)
        else:
            left = 0
    except OSError as error:
        raise _refused(path, what, error) from error
    finally:
        os.close(fd)
    if not left:
        raise UsageError(
            f"the {what} {_shown(path)} has more than {limit_bytes:,} bytes",
            hint="Is it the right file?",
        )
    return b"".join(pieces)


def read_text(
    path: AnyPath, what: str, limit_bytes: int = TEXT_BYTES, *, may_declare: bool = False
) -> str:
    """Read a whole file as text: UTF-8, or what a mark at its start says, as Windows writes it.

    Args:
        path: The file.
        what: What to call the file in a message.
        limit_bytes: A larger one is refused.
        may_declare: A comment in its first two lines may name its encoding, as in Python's own files;
            without one it may also be in the system's.

    Raises:
        NotFound: There is no such file.
        UsageError: It is no text, or as for `read_bytes`.
    """
    data = read_bytes(path, what, limit_bytes)
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if may_declare and not encoding:
        encoding = _declared(data)
    try:
        text = data.decode(encoding or "utf-8")
        if "\0" not in text:
            return text
        why = f"it has a NUL in line {text.count(chr(10), 0, text.index(chr(0))) + 1}"
    except LookupError:
        why = f"it names the encoding {encoding!r}, which Python does not know"
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = f"line {line} holds the byte 0x{data[error.start]:02x}"
    named = (encoding or "utf-8").upper().replace("-SIG", "")
    raise UsageError(
        f"the {what} {_shown(path)} is no text in {named}: {why}", hint="Save it as UTF-8."
    )


def _declared(data: bytes) -> str:
    """The encoding that a comment names, or the system's for what is no UTF-8; empty: UTF-8."""
    for line in data.split(b"\n")[:2]:
        found = re.search(_DECLARED, line) if line.startswith(b"#") else None
        if found:
            return found[1].decode("ascii", "replace")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        import locale  # few files ask for it

        return locale.getpreferredencoding(do_setlocale=False)
    return ""


def read_json(path: AnyPath, what: str, limit_bytes: int = TEXT_BYTES) -> Any:
    """Read a file of JSON; otherwise like `read_parsed`."""
    import json  # a script that only opens files needs none

    return read_parsed(path, what, "JSON", json.loads, limit_bytes)


def read_parsed(
    path: AnyPath,
    what: str,
    language: str,
    parse: Callable[[str], _Parsed],
    limit_bytes: int = TEXT_BYTES,
) -> _Parsed:
    """Read a file in some language of lists and tables.

    Args:
        path: The file.
        what: What to call the file in a message.
        language: The name of its language.
        parse: Makes lists and tables of a text; raises ValueError or RecursionError if it cannot.
        limit_bytes: A larger file is refused.

    Raises:
        NotFound: There is no such file.
        UsageError: It cannot be read or parsed, or holds too much.
    """
    text = read_text(path, what, limit_bytes)
    try:
        content = parse(text)
        check_content(content)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else _cut(str(error))
        raise UsageError(
            f"the {what} {_shown(path)} is not valid {language}: {why}", hint="Mend that file."
        ) from error
    return content


def check_content(content: object) -> None:
    """Accept lists and tables that can be walked through: not too deep, too many or within themselves.

    Args:
        content: What was parsed.

    Raises:
        ValueError: They cannot.
    """
    waiting = [(content, 0)]
    values = 0
    while waiting:
        value, depth = waiting.pop()
        values += 1
        if depth > DEPTH:
            raise ValueError(f"it is nested more than {DEPTH} deep")
        if values > VALUES:
            raise ValueError(f"it holds more than {VALUES:,} values")
        if isinstance(value, dict):
            waiting += [(each, depth + 1) for pair in value.items() for each in pair]
        elif isinstance(value, (list, tuple, set)):
            waiting += [(each, depth + 1) for each in value]


def _check_regular(found: os.stat_result, path: AnyPath, what: str) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    kind = next((words for is_kind, words in _KINDS if is_kind(found.st_mode)), "something else")
    raise UsageError(f"the {what} {_shown(path)} is {kind}, not a file", hint="Name a file.")


def _refused(path: AnyPath, what: str, error: Exception) -> TrackboardError:
    if isinstance(error, OSError) and error.errno in _GONE:
        return NotFound(f"there is no {what} {_shown(path)}", hint="Check the path.")
    why = error.strerror if isinstance(error, OSError) else None
    return UsageError(
        f"the {what} {_shown(path)} cannot be read: {why or error}",
        hint="Make it readable, or name another.",
    )


def _shown(path: AnyPath) -> str:
    """A path in a message; one of absurd length is cut."""
    return repr(_cut(os.fsdecode(path)))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SAID else f"{text[:_LONGEST_SAID]}..."
