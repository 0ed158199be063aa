"""Which machine, which boot of it, which process: what the kernel says, never the name of the host.

Names are given twice (cloned machines, `localhost`, containers), and so is the id of a machine that was
copied. What two processes certainly share is the boot of one kernel.
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import Tuple

from trackboard.spool.descriptors import IgnoredRefusals

_MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_ENDED = frozenset("ZX")  # states of a process: zombie, dead
_BOOT_OF_MAC = b"kern.bootsessionuuid"


@functools.lru_cache(maxsize=None)
def machine_id(files: Tuple[Path, ...] = _MACHINE_ID_FILES) -> str:
    """The id of this installation of an operating system; empty where there is none.

    Args:
        files: Where it may stand; the first one that holds a word says it.
    """
    return next(filter(None, map(_read, files)), "")


@functools.lru_cache(maxsize=None)
def boot_id() -> str:
    """The id of this boot of this machine; empty where the system does not say."""
    if sys.platform == "darwin":
        return _ask_mac(_BOOT_OF_MAC)
    return _read(Path("/proc/sys/kernel/random/boot_id"))


def pid_namespace() -> str:
    """Where this process's id means something; empty where there is one for the whole machine."""
    with IgnoredRefusals():
        return os.readlink("/proc/self/ns/pid")
    return ""


def start_time(pid: int) -> str:
    """When the kernel started a process, for comparing only; empty when there is none that runs.

    Only Linux says it without a program being asked.
    """
    stat = _read(Path(f"/proc/{pid}/stat"))
    state, *fields = [*stat.rpartition(")")[2].split(), ""]  # the name before it may hold anything
    return "" if not stat or state in _ENDED else fields[18]


def _read(path: Path) -> str:
    with IgnoredRefusals():
        return path.read_text("utf-8", "replace").strip()
    return ""


def _ask_mac(name: bytes) -> str:
    import ctypes  # nobody else needs it

    answer = ctypes.create_string_buffer(64)
    size = ctypes.c_size_t(len(answer))
    ask = getattr(ctypes.CDLL(None), "sysctlbyname", None)
    if ask is None or ask(name, answer, ctypes.byref(size), None, 0) != 0:
        return ""
    return answer.value.decode("ascii", "replace")
