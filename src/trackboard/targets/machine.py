"""What this machine can give to jobs: what this process may use of it, not what is built in.

Less than there is may be allowed: by a CPU affinity, by control groups (containers), and by
CUDA_VISIBLE_DEVICES.
"""

from __future__ import annotations

import functools
import math
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ASK_GPUS = ("nvidia-smi", "--query-gpu=index", "--format=csv,noheader")
_ASK_GPUS_S = 5.0
_NO_GPU = ("-1", "none", "void", "nodevfiles")  # what the variable says for "not any"


@dataclass(frozen=True)
class Machine:
    """What may be used of a machine."""

    cpus: int
    memory_bytes: int
    gpus: tuple[str, ...]  # as CUDA_VISIBLE_DEVICES names them


def read_machine(environment: Mapping[str, str] | None = None, system: Path = Path("/")) -> Machine:
    """Look at this machine; the first time as long as `nvidia-smi` takes, where there is one.

    Args:
        environment: Instead of this process's own.
        system: Where `proc` and `sys` are.
    """
    groups = _read_groups(system)
    return Machine(
        _count_cpus(system, groups),
        _measure_memory(system, groups),
        _list_gpus(os.environ if environment is None else environment),
    )


def _count_cpus(system: Path, groups: Mapping[str, str]) -> int:
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        count = os.cpu_count() or 1
    shares = [quota / period for quota, period in _cpu_limits(system, groups) if quota > 0 < period]
    return max(1, min([count, *map(math.floor, shares)]))


def _cpu_limits(system: Path, groups: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Quota and period of each group that limits CPU time; a quota of -1 is none."""
    for folder in _folders(system / "sys/fs/cgroup", groups.get("", "/")):
        words = _read(folder / "cpu.max").split()
        if len(words) == 2 and words[0].isdecimal():
            yield int(words[0]), int(words[1])
    for folder in _folders(system / "sys/fs/cgroup/cpu", groups.get("cpu", "/")):
        quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        if quota is not None and period is not None:
            yield quota, period


def _measure_memory(system: Path, groups: Mapping[str, str]) -> int:
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name, kind in (("memory.max", ""), ("memory.limit_in_bytes", "memory")):
        for folder in _folders(system / "sys/fs/cgroup" / kind, groups.get(kind, "/")):
            limit = _number(folder / name)
            if limit is not None:
                limits.append(limit)
    return min(limits)


def _list_gpus(environment: Mapping[str, str]) -> tuple[str, ...]:
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return _ask_gpus()
    names: list[str] = []
    for name in map(str.strip, visible.split(",")):
        if not name or name.lower() in _NO_GPU:
            break  # CUDA ignores what follows, too
        names.append(name)
    return tuple(names)


@functools.lru_cache(maxsize=1)  # it takes a tenth of a second, and the answer stays the same
def _ask_gpus() -> tuple[str, ...]:
    """What the driver says; nothing without a driver or when it does not answer."""
    try:
        asked = subprocess.run(
            _ASK_GPUS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ASK_GPUS_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in asked.stdout.splitlines() if line.strip().isdecimal())


def _read_groups(system: Path) -> dict[str, str]:
    """The control groups of this process: path by controller, "" for version 2."""
    groups: dict[str, str] = {}
    for line in _read(system / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        groups.update((controller, path) for controller in controllers.split(","))
    return groups


def _folders(mount: Path, group: str) -> Iterator[Path]:
    """A group's folder and those above it: each may set a limit.

    Within a container the path can be one of the host's, which is not there; the mount itself is ours then.
    """
    path = Path(group.lstrip("/"))
    for part in (path, *path.parents):
        yield mount / part


def _number(path: Path) -> int | None:
    """A whole number from a file; None where there is none, or the word for no limit."""
    with suppress(ValueError):
        return int(_read(path))
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # other systems, other versions of control groups
        return ""
