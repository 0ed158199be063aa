"""Whether the process behind a spool lives: the kernel's word, not a file's age.

The writer holds an flock on `alive` for its whole life; the kernel lets go of it however the process
ends. That is proof only for readers on the same host and boot; for all others nothing is known here.
"""

from __future__ import annotations

import contextlib
import enum
import fcntl
import functools
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from trackboard.layout import open_file
from trackboard.spool.layout import ALIVE


class Liveness(enum.Enum):
    """What a reader can know about a writer."""

    ALIVE = "alive"  # it holds its lock
    DEAD = "dead"  # its lock is free, or its machine has restarted
    UNKNOWN = "unknown"  # another host, or a file system without locks


@dataclass(frozen=True)
class Writer:
    """Who writes a spool."""

    host: str
    boot: str
    pid: int
    started_s: float
    locked: bool  # the file system could lock


@functools.lru_cache(maxsize=None)
def boot_id() -> str:
    """Names this boot of this machine; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def hold(folder: Path) -> int:
    """Announce this process as the writer of a spool folder that nobody else sees yet.

    Returns:
        The file descriptor that holds the lock; keep it open for the life of the process.
    """
    fd = open_file(folder / ALIVE, os.O_RDWR | os.O_CREAT)
    locked = True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        locked = False
    writer = Writer(socket.gethostname(), boot_id(), os.getpid(), time.time(), locked)
    os.write(fd, json.dumps(vars(writer)).encode())
    return fd


def read_writer(folder: Path) -> Optional[Writer]:
    """Who writes this spool, or None when the file is not there or not readable."""
    try:
        return Writer(**json.loads((folder / ALIVE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def probe(folder: Path) -> Liveness:
    """Ask the kernel whether the writer of this spool still lives."""
    writer = read_writer(folder)
    if writer is None or not writer.locked or writer.host != socket.gethostname():
        return Liveness.UNKNOWN
    if writer.boot != boot_id():
        return Liveness.DEAD
    with contextlib.suppress(OSError), open(folder / ALIVE, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return Liveness.ALIVE
        return Liveness.DEAD
    return Liveness.UNKNOWN
