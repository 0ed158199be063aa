"""Whatever a script starts stays below its worker, and ends with the job.

A double fork with a session of its own detaches a process from everything that started it. On Linux its
new parent is the nearest process above that adopts orphans; the worker does.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Collection, Iterable
from contextlib import suppress

from trackboard.launch.processes.process_table import list_members

_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 0.02
_KILL_S = 5.0  # a process in the kernel's hands may take a while even then


def adopt_orphans() -> None:
    """Become the parent of every orphan below this process, where the system can do that."""
    if sys.platform == "linux":
        import ctypes  # 2 ms, of which a test or a client needs none

        with suppress(OSError, AttributeError):  # without it, what is detached escapes as elsewhere
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(own: Collection[int]) -> None:
    """Take notice of adopted processes that have ended; those in `own` have somebody who does."""
    while sys.platform == "linux":
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:
            return
        with suppress(ChildProcessError):
            os.waitpid(ended.si_pid, 0)


def end_orphans(grace_s: float) -> bool:
    """End all that is left below this process, politely first; to be called when nothing shall be.

    Returns:
        Whether there was anything.
    """
    left = list_members((), orphans=True)
    found = bool(left)
    _signal(left, signal.SIGTERM)
    began_s = time.monotonic()
    while left and (elapsed_s := time.monotonic() - began_s) < grace_s + _KILL_S:
        time.sleep(_POLL_S)
        reap_orphans(())
        left = list_members((), orphans=True)
        if elapsed_s > grace_s:
            _signal(left, signal.SIGKILL)
    reap_orphans(())
    return found


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
