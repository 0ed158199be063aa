"""Which process a handle means: a pid alone is used again, with the kernel's start time it is not."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from trackboard.errors import InternalError
from trackboard.ports import WorkerState, WorkerStatus
from trackboard.spool import boot_id

_ENDED = frozenset("ZX")  # process states: zombie, dead


@dataclass(frozen=True)
class Process:
    """One process of one boot of one host."""

    host: str
    boot: str
    pid: int
    started: str  # the kernel's word, compared for equality only

    @classmethod
    def of(cls, pid: int) -> Process:
        """Take down a process of this host; one that ended already is taken down as such."""
        return cls(socket.gethostname(), boot_id(), pid, _started(pid))

    @classmethod
    def from_handle(cls, handle: str) -> Process:
        """Read what `handle` wrote.

        Raises:
            InternalError: It is not one of ours.
        """
        try:
            return cls(**json.loads(handle))
        except (ValueError, TypeError) as exc:
            raise InternalError(f"not a handle of a local worker: {handle!r}") from exc

    def handle(self) -> str:
        """Write it down."""
        return json.dumps(asdict(self), sort_keys=True)

    def status(self) -> WorkerStatus:
        """GONE only with proof: nothing is known of another host's processes from here."""
        if self.host != socket.gethostname():
            return WorkerStatus(WorkerState.ALIVE)
        if self.boot != boot_id():
            return WorkerStatus(WorkerState.GONE, "the machine restarted while it ran")
        is_alive = self.started and _started(self.pid) == self.started
        return WorkerStatus(WorkerState.ALIVE if is_alive else WorkerState.GONE)

    def is_gone(self) -> bool:
        """Whether it has provably ended."""
        return self.status().state is WorkerState.GONE

    def end(self, grace_s: float) -> None:
        """SIGTERM, then SIGKILL once the grace period is over."""
        if self.host != socket.gethostname() or self.is_gone():
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
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
        fields = stat.rpartition(")")[2].split()  # the command's name before it may hold anything
        return "" if fields[0] in _ENDED else fields[19]
    asked = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = asked.stdout.strip().partition(" ")
    return "" if not state or state[0] in _ENDED else started.strip()
