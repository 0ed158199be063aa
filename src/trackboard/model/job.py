"""Jobs as plain data: what to run, where, and the frozen plan that a worker carries out."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Mapping, Optional, Tuple

from trackboard.model.environment import EnvironmentPlan
from trackboard.model.ids import RunId


class Launcher(enum.Enum):
    """How the processes of a distributed job find each other."""

    PYTORCH = "pytorch"  # MASTER_ADDR, MASTER_PORT, RANK, WORLD_SIZE, ...
    TENSORFLOW = "tensorflow"  # TF_CONFIG
    MPI = "mpi"  # mpirun


@dataclass(frozen=True)
class Distribution:
    """A job of several processes, all of one run."""

    launcher: Launcher
    processes: int  # of all nodes together, parameter servers included
    nodes: int = 1
    parameter_servers: int = 0  # of TensorFlow; the last of the processes
    backend: str = ""  # of PyTorch: "gloo", "nccl"


@dataclass(frozen=True)
class ResourceLimits:
    """Limits what a job may use of the machine it runs on; None: nothing was decided."""

    cpus: Optional[int] = None
    memory_bytes: Optional[int] = None  # ended when its processes together hold more
    gpus: Optional[Tuple[str, ...]] = None  # as CUDA_VISIBLE_DEVICES names them


@dataclass(frozen=True)
class JobPlan:
    """Everything a worker needs, decided at submit and never changed: printable, storable.

    Either `script` is what the interpreter of `environment` runs, a path in the snapshot and the words
    after it, or `command` is a line for a shell. Both run in `jobs/<run id>/work`, a copy of the
    snapshot. `variables` are the client's and ours; they may hold secrets, so a plan is stored with
    mode 0600 and printed with their values masked.
    """

    run: RunId
    experiment: str
    workspace: str  # absolute path of the workspace's folder
    compute: str
    snapshot: str  # digest of the snapshot's manifest
    script: Tuple[str, ...]
    environment: EnvironmentPlan
    variables: Mapping[str, str] = field(repr=False)
    submitted_s: float
    command: str = ""
    distribution: Optional[Distribution] = None
    max_duration_s: Optional[float] = None
    notes: Tuple[str, ...] = ()  # what planning decided for the user, said in the job's log
    asked_variables: Tuple[str, ...] = ()  # names of those that are neither the client's nor ours

    @property
    def nodes(self) -> int:
        """How many slots it takes at once."""
        return 1 if self.distribution is None else self.distribution.nodes
