"""The limits of a job, merged over its slots and told to its processes in environment variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trackboard.model import ResourceLimits

_GPUS = "CUDA_VISIBLE_DEVICES"
_THREADS = "OMP_NUM_THREADS"  # also read by MKL, OpenBLAS, PyTorch; without it each takes all CPUs


def merge_limits(several: Sequence[ResourceLimits]) -> ResourceLimits:
    """Add up what several nodes may use; nothing where nothing was decided for one of them."""
    cpus = [limits.cpus for limits in several if limits.cpus is not None]
    memory = [limits.memory_bytes for limits in several if limits.memory_bytes is not None]
    gpus = [limits.gpus for limits in several if limits.gpus is not None]
    is_whole = bool(several)
    return ResourceLimits(
        cpus=sum(cpus) if is_whole and len(cpus) == len(several) else None,
        memory_bytes=sum(memory) if is_whole and len(memory) == len(several) else None,
        gpus=tuple(dict.fromkeys(name for names in gpus for name in names)) if gpus else None,
    )


def limit_variables(
    limits: ResourceLimits, processes: int, given: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables of each of the processes that keep to the limits together.

    Args:
        limits: What they may use together.
        processes: How many they are.
        given: The job's variables: a number of threads that somebody chose stays.
    """
    said: dict[str, str] = {}
    if limits.gpus is not None:
        said[_GPUS] = ",".join(limits.gpus)
    if limits.cpus is not None and _THREADS not in given:
        said[_THREADS] = str(max(1, limits.cpus // processes))
    return said
