"""Who this process is among those that were started together: what launchers say in the environment.

The rank, in this order:

1. `RANK` (torchrun, and most who follow it): the rank among all processes, so it settles the matter.
2. The greatest of `LOCAL_RANK` (Lightning's own launcher), `SLURM_PROCID` (srun), `OMPI_COMM_WORLD_RANK`
   (Open MPI) and `PMI_RANK` (MPICH, Intel MPI). One launcher inside another inherits its variables: an
   interactive Slurm step says 0 to everything below it. And a rank among all is never less than the
   one within a machine. So the greatest is the one that tells processes apart. The task of `TF_CONFIG`
   (TensorFlow) is one of them: chief, workers, parameter servers, counted in that order.
3. 0: this process is alone.
"""

from __future__ import annotations

import json
import os
from typing import Iterator, Mapping, NamedTuple, Optional, Sequence, Tuple

_RANKS = ("LOCAL_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
_LOCAL_RANKS = ("LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID")
_TASKS = ("chief", "master", "worker", "ps", "evaluator")
_SIZES = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
_SCHEDULER_IDS = (
    "SLURM_JOB_ID",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_RESTART_COUNT",
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
)


class Identity(NamedTuple):
    """This process among its peers.

    Ids are empty where there is none; they are text, as the scheduler gave them.
    """

    rank: int = 0  # among all processes of the job
    local_rank: int = 0  # among those on this machine
    world_size: int = 1  # how many there are
    slurm_job_id: str = ""
    slurm_array_job_id: str = ""  # the same for all tasks of an array
    slurm_array_task_id: str = ""
    slurm_restart_count: str = ""
    torchelastic_run_id: str = ""
    torchelastic_restart_count: str = ""


def identify(environment: Optional[Mapping[str, str]] = None) -> Identity:
    """Read who this process is.

    Args:
        environment: Instead of this process's own.

    >>> identify({"RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "4"}).rank
    3
    >>> identify({}) == Identity()
    True
    """
    given = os.environ if environment is None else environment
    rank = next(_numbers(given, ["RANK"]), None)
    size = next(_numbers(given, _SIZES), 1)
    if rank is None:
        task, tasks = _tensorflow_task(given.get("TF_CONFIG", ""))
        rank, size = max([task, *_numbers(given, _RANKS)]), max(tasks, size)
    ids = {name.lower(): given[name] for name in _SCHEDULER_IDS if given.get(name)}
    return Identity(
        rank=rank,
        local_rank=next(_numbers(given, _LOCAL_RANKS), 0),
        world_size=max(size, rank + 1),
        **ids,
    )


def _numbers(given: Mapping[str, str], names: Sequence[str]) -> Iterator[int]:
    for name in names:
        text = given.get(name, "").strip()
        if text.isdecimal():
            yield int(text)


def _tensorflow_task(text: str) -> Tuple[int, int]:
    """The number of a task among all tasks of its cluster, and how many these are."""
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        sizes = [len(cluster.get(kind, ())) for kind in _TASKS]
        before = sum(sizes[: _TASKS.index(task["type"])])
        return before + int(task["index"]), sum(sizes)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return 0, 1  # there is none, or it is not of this form
