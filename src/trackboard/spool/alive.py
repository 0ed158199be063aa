"""Whether the process behind a spool lives: the kernel's word, not a file's age.

The writer holds an flock on `alive` for its whole life; the kernel lets go of it however the process
ends. On a file system of one machine the lock alone decides, whatever the file says. On others a lock may
be seen by its own machine only: there it counts for readers of the same boot, and for all others nothing is
known here.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Optional, Tuple

from trackboard.layout import FileSystem, find_file_system, open_file
from trackboard.layout.locks import try_lock
from trackboard.model import Liveness
from trackboard.spool.descriptors import is_refusal
from trackboard.spool.layout import ALIVE
from trackboard.spool.machine import boot_id, machine_id, pid_namespace, start_time

_MOST_BYTES = 1 << 16  # that such a file has
_TYPES: Mapping[str, Tuple[type, ...]] = {
    "host": (str,),
    "boot": (str,),
    "pid": (int,),
    "started_s": (float, int),
    "locked": (bool,),
    "machine": (str,),
    "namespace": (str,),
    "started": (str,),
}


class Writer(NamedTuple):
    """Who writes a spool. Host and time are for people; earlier versions did not say what has a default."""

    host: str
    boot: str
    pid: int
    started_s: float
    locked: bool  # the file system could lock
    machine: str = ""
    namespace: str = ""  # in which the pid means something
    started: str = ""  # the kernel's word, compared for equality only

    @classmethod
    def of_this_process(cls, *, locked: bool) -> Writer:
        """Describe this process as a writer."""
        pid = os.getpid()
        return cls(
            host=os.uname().nodename,
            boot=boot_id(),
            pid=pid,
            started_s=time.time(),
            locked=locked,
            machine=machine_id(),
            namespace=pid_namespace(),
            started=start_time(pid),
        )

    @property
    def is_of_this_boot(self) -> bool:
        """Whether it certainly runs, or ran, under the kernel that runs us now."""
        return bool(self.boot) and self.boot == boot_id()


def hold(folder: Path) -> int:
    """Announce this process as the writer of a spool folder that nobody else sees yet.

    Returns:
        The file descriptor that holds the lock; keep it open for the life of the process.

    Raises:
        OSError: The disk refuses.
    """
    fd = open_file(folder / ALIVE, os.O_RDWR | os.O_CREAT)
    try:
        locked = True
        try:
            try_lock(fd)  # nobody else knows the file yet
        except OSError as error:
            if not is_refusal(error):
                raise
            locked = False
        os.write(fd, json.dumps(Writer.of_this_process(locked=locked)._asdict()).encode())
    except BaseException:
        os.close(fd)
        raise
    return fd


def read_writer(folder: Path) -> Optional[Writer]:
    """Who writes this spool, or None when the file is not there or not readable.

    What a newer version says beyond this is left out.
    """
    try:
        with _open(folder) as file:
            said = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return _writer_of(said) if isinstance(said, dict) else None


def probe(folder: Path, *, is_local: Optional[bool] = None) -> Liveness:
    """Ask the kernel whether the writer of this spool still lives.

    Args:
        folder: The spool's folder.
        is_local: Whether only this machine has its file system mounted; None: find out.
    """
    writer = read_writer(folder)
    if writer is not None and not writer.locked:
        return Liveness.UNKNOWN
    if is_local is None:
        is_local = _is_local(folder)
    if not is_local and not (writer is not None and writer.is_of_this_boot):
        return Liveness.UNKNOWN
    with contextlib.suppress(OSError), _open(folder) as file:
        return Liveness.DEAD if try_lock(file.fileno(), shared=True) else Liveness.ALIVE
    return Liveness.UNKNOWN


def _open(folder: Path) -> Any:
    """Open the file for reading; one that is a pipe must not hold us."""
    return open(os.open(folder / ALIVE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _writer_of(said: Mapping[str, object]) -> Optional[Writer]:
    known = {name: said[name] for name in _TYPES if name in said}
    if not all(isinstance(value, _TYPES[name]) for name, value in known.items()):
        return None
    try:
        return Writer(**known)  # type: ignore[arg-type]
    except TypeError:  # one that every version says is missing
        return None


def _is_local(folder: Path) -> bool:
    try:
        return _is_local_device(os.stat(folder).st_dev, folder.parent)
    except OSError:
        return False


@functools.lru_cache(maxsize=64)
def _is_local_device(_device: int, folder: Path) -> bool:
    return find_file_system(folder) is FileSystem.LOCAL
