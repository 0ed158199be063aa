"""What a script printed: a plain file, so that a slow reader never holds a script up."""

from __future__ import annotations

from pathlib import Path

from trackboard.layout import open_file

_READ_LINES = 500
_OURS = "[trackboard] "


def append_lines(path: Path, text: str) -> None:
    """Add lines of ours to a console."""
    with open(path, "ab", opener=open_file) as file:
        for line in text.splitlines():
            file.write(f"{_OURS}{line}\n".encode(errors="backslashreplace"))


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a console but ours, progress bars folded; empty when there is none."""
    from trackboard.record.log_end import read_end  # a job's start does without it

    theirs = [line for line in read_end(path, _READ_LINES) if not line.startswith(_OURS)]
    return "\n".join(theirs[-lines:])
