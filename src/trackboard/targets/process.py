"""Which process a handle means: a pid alone is used again, with the kernel's start time it is not.

It means something under the kernel and within the namespace that gave it. The name of a host is nobody's
identity, and another boot is another machine's as likely as an earlier one of ours.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields

from trackboard.errors import InternalError
from trackboard.ports import WorkerState, WorkerStatus
from trackboard.spool import boot_id, machine_id, pid_namespace, start_time

_ENDED = frozenset("ZX")  # process states: zombie, dead


@dataclass(frozen=True)
class Process:
    """One process of one boot of one machine. Handles of earlier versions lack what has a default."""

    host: str
    boot: str
    pid: int
    started: str  # the kernel's word, compared for equality only
    machine: str = ""
    namespace: str = ""

    @classmethod
    def of(cls, pid: int) -> Process:
        """Take down a process of this machine; one that ended already is taken down as such."""
        return cls(
            host=socket.gethostname(),
            boot=boot_id(),
            pid=pid,
            started=_started(pid),
            machine=machine_id(),
            namespace=pid_namespace(),
        )

    @classmethod
    def from_handle(cls, handle: str) -> Process:
        """Read what `handle` wrote; what a newer version says beyond that is left out.

        Raises:
            InternalError: It is not one of ours.
        """
        try:
            said = json.loads(handle)
            names = [field.name for field in fields(cls)]
            return cls(**{name: said[name] for name in names if name in said})
        except (ValueError, TypeError, RecursionError) as exc:
            raise InternalError(f"not a handle of a local worker: {handle!r}") from exc

    def handle(self) -> str:
        """Write it down."""
        return json.dumps(asdict(self), sort_keys=True)

    def status(self, *, is_local: bool = False) -> WorkerStatus:
        """GONE only with proof: nothing is known of another machine's processes from here.

        Args:
            is_local: Only this machine has the handle's file system mounted, so that an earlier boot is
                this machine's own.
        """
        if not self._is_of_this_kernel():
            is_ours = (self.machine, self.host) == (machine_id(), socket.gethostname())
            if is_local and is_ours and self.machine and self.boot and self.boot != boot_id():
                return WorkerStatus(WorkerState.GONE, "the machine restarted while it ran")
            return WorkerStatus(WorkerState.ALIVE)
        is_alive = self.started and _started(self.pid) == self.started
        return WorkerStatus(WorkerState.ALIVE if is_alive else WorkerState.GONE)

    def _is_of_this_kernel(self) -> bool:
        """Whether its pid means here what it meant to who wrote it down."""
        if self.boot != boot_id() or not (self.boot or self.host == socket.gethostname()):
            return False
        return self.namespace in ("", pid_namespace())

    def is_gone(self) -> bool:
        """Whether it has provably ended."""
        return self.status().state is WorkerState.GONE

    def end(self, grace_s: float) -> None:
        """SIGTERM, then SIGKILL once the grace period is over."""
        if not self._is_of_this_kernel() or self.is_gone():
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        deadline_s = time.monotonic() + grace_s
        while not self.is_gone() and time.monotonic() < deadline_s:
            time.sleep(0.02)
        if not self.is_gone():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _started(pid: int) -> str:
    """When the kernel started this process; empty when there is none or only a zombie is left."""
    if sys.platform == "linux":
        return start_time(pid)
    asked = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = asked.stdout.strip().partition(" ")
    return "" if not state or state[0] in _ENDED else started.strip()
