"""The end of a log file as people saw it in a terminal."""

from __future__ import annotations

import os
import re
from pathlib import Path

END_BYTES = 64 * 1024
_LINE_CHARACTERS = 500
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def read_end(path: Path, lines: int) -> list[str]:
    """The last lines, progress bars folded and colours left out; nothing where there is no file.

    At most the last 64 KiB are read, and of a line its last 500 characters are given.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - END_BYTES))
            data = file.read(END_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        return [f"it cannot be read: {error.strerror}"]
    return last_lines(data, lines, is_whole=size <= END_BYTES)


def last_lines(data: bytes, lines: int, *, is_whole: bool) -> list[str]:
    """The last lines of the end of a log, as `read_end` gives them.

    Args:
        data: The end of the log.
        lines: How many lines at most.
        is_whole: The end is all of the log.
    """
    text = data.decode(errors="replace")
    found = text.replace("\r\n", "\n").rstrip().split("\n")
    if not is_whole and len(found) > 1:
        del found[0]  # its beginning is missing
    shown = [as_seen(line) for line in found[-lines:]]
    return shown if any(shown) else []


def as_seen(line: str) -> str:
    """What is left of a line when it has been written over, colours left out."""
    last = _ANSI.sub("", line).rstrip("\r").rpartition("\r")[2]
    whole = _CONTROL.sub("", last.expandtabs(4)).rstrip()
    return whole if len(whole) <= _LINE_CHARACTERS else f"…{whole[-_LINE_CHARACTERS:]}"
