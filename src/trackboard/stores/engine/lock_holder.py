"""Who holds SQLite's write lock, as the kernel knows it (Linux).

The files themselves are not opened: closing any descriptor of them would drop SQLite's own locks.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

UNKNOWN = "which this system does not name"
_WRITE_BYTES = {"-shm": 120, "": 0x40000001}  # the byte that a writer locks: WAL, rollback journal
_STOPPED = ("T", "t")  # by a signal, by a debugger


def describe_writer(path: Path, *, proc: Path = Path("/proc")) -> str:
    """Name the process that writes to the SQLite database at `path`, in words."""
    pid = find_writer(path, proc=proc)
    if pid is None:
        return UNKNOWN
    name, state = _read_process(pid, proc)
    stopped = ", which is stopped" if state in _STOPPED else ""
    return f"pid {pid} ({name}){stopped}"


def find_writer(path: Path, *, proc: Path = Path("/proc")) -> int | None:
    """Find the process that holds the write lock of the database; None when nobody is known to."""
    try:
        lines = (proc / "locks").read_text().splitlines()
    except OSError:  # not Linux
        return None
    wanted: dict[str, int] = {}
    for suffix, byte in _WRITE_BYTES.items():
        with contextlib.suppress(OSError):
            wanted[str(os.stat(f"{path}{suffix}").st_ino)] = byte
    for line in lines:
        words = line.split()  # 1: POSIX ADVISORY WRITE 4711 08:01:1234 120 120
        if len(words) != 8 or words[1] != "POSIX" or words[3] != "WRITE":
            continue
        byte = wanted.get(words[5].rpartition(":")[2], -1)
        last = float("inf") if words[7] == "EOF" else int(words[7])
        if int(words[6]) <= byte <= last and int(words[4]) > 0:
            return int(words[4])
    return None


def _read_process(pid: int, proc: Path) -> tuple[str, str]:
    """The command of a process, shortened, and the letter of its state."""
    try:
        words = (proc / str(pid) / "cmdline").read_bytes().split(b"\0")
        stat = (proc / str(pid) / "stat").read_text()
    except OSError:  # it has just ended, or is not ours to see
        return "of another user", ""
    name = b" ".join(words).decode("utf-8", "replace").strip()
    return name[:80] or "unknown", stat.rpartition(")")[2].split()[0]
