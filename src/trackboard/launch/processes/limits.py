"""What a share of the machine says to the processes that have it, in environment variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trackboard.model import Share

_GPUS = "CUDA_VISIBLE_DEVICES"
_THREADS = "OMP_NUM_THREADS"  # also read by MKL, OpenBLAS, PyTorch; without it each takes all CPUs


def merge_shares(shares: Sequence[Share]) -> Share:
    """What several nodes may use together; nothing where nothing was decided for one of them."""
    cpus = [share.cpus for share in shares if share.cpus is not None]
    memory = [share.memory_bytes for share in shares if share.memory_bytes is not None]
    gpus = [share.gpus for share in shares if share.gpus is not None]
    is_whole = bool(shares)
    return Share(
        cpus=sum(cpus) if is_whole and len(cpus) == len(shares) else None,
        memory_bytes=sum(memory) if is_whole and len(memory) == len(shares) else None,
        gpus=tuple(dict.fromkeys(name for names in gpus for name in names)) if gpus else None,
    )


def share_variables(share: Share, processes: int, given: Mapping[str, str]) -> dict[str, str]:
    """What each of the processes gets that use a share together.

    Args:
        share: Their share.
        processes: How many they are.
        given: The job's variables: a number of threads that somebody chose stays.
    """
    said: dict[str, str] = {}
    if share.gpus is not None:
        said[_GPUS] = ",".join(share.gpus)
    if share.cpus is not None and _THREADS not in given:
        said[_THREADS] = str(max(1, share.cpus // processes))
    return said
