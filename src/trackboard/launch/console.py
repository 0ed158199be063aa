"""What a script printed: a plain file, so that a slow reader never holds a script up."""

from __future__ import annotations

import os
from pathlib import Path

_TAIL_BYTES = 16_384
_LINE_CHARACTERS = 500
_OURS = "[trackboard] "


def say(path: Path, text: str) -> None:
    """Add lines of ours to a console."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    with open(fd, "wb") as file:
        for line in text.splitlines():
            file.write(f"{_OURS}{line}\n".encode(errors="backslashreplace"))


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a console but ours, progress bars folded; empty when there is none."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    whole = text.replace("\r\n", "\n").rstrip().split("\n")
    if size > _TAIL_BYTES and len(whole) > 1:
        del whole[0]  # its beginning is missing
    theirs = (line for line in whole if not line.startswith(_OURS))
    shown = [line.rstrip("\r").rpartition("\r")[2][-_LINE_CHARACTERS:] for line in theirs]
    return "\n".join(shown[-lines:])
