"""What `trackboard.toml` says about a compute target: `[compute.<name>]`.

What the SDK's calls create is in the store; here is what they have no word for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trackboard.config.keys import NUMBER, check_keys
from trackboard.errors import UsageError
from trackboard.targets.ray.settings import RAY_KEYS, RaySettings, read_ray

_KEYS: Mapping[str, object] = {"engine": str, "cpus": int, "memory_gb": NUMBER, "gpus": int}
LOCAL = "local"  # always there: starts everything at once, no slots
RAY = "ray"  # always there, too
_ENGINES = ("local", RAY)
_LEAST = {"cpus": 1, "gpus": 0}


@dataclass(frozen=True)
class ComputeSettings:
    """What one slot of a compute target gives its job; None: an equal share of the machine."""

    cpus: int | None = None
    memory_gb: float | None = None  # of 2**30 bytes; enforced, which no share is by itself
    gpus: int | None = None
    ray: RaySettings | None = None  # its engine is Ray; None: slots of this machine

    @property
    def memory_bytes(self) -> int | None:
        """The memory of one slot."""
        return None if self.memory_gb is None else int(self.memory_gb * 2**30)


def find_compute_settings(tables: Mapping[str, ComputeSettings], name: str) -> ComputeSettings:
    """What holds for a compute target.

    Args:
        tables: What `read_compute` gave.
        name: The compute target. `ray`, unless there is more about it, is the Ray cluster that the
            environment names, or that of this machine.
    """
    return tables.get(name) or ComputeSettings(ray=RaySettings() if name == RAY else None)


def read_compute(where: str, content: Mapping[str, Any]) -> Mapping[str, ComputeSettings]:
    """Read all of the tables.

    Args:
        where: The file, for messages.
        content: The tables by the name of their compute target.

    Raises:
        UsageError: A table says something that is not known, or that cannot be.
    """
    return {name: _read(where, name, table) for name, table in content.items()}


def _read(file: str, name: str, table: object) -> ComputeSettings:
    where = f"{file}: [compute.{name}]"
    if not isinstance(table, dict):
        raise UsageError(
            f"{where} = {table!r} is not a table", hint="Write [compute.<name>], then cpus = 2."
        )
    if name == LOCAL:
        raise UsageError(
            f"{where} cannot be set: 'local' starts every job at once and shares nothing out",
            hint="Create a cluster, submit to that, and name it here.",
        )
    engine = table.get("engine", RAY if name == RAY else "local")
    if engine not in _ENGINES:
        raise UsageError(
            f"{where}: engine = {engine!r} is not known", hint=f"Known are: {', '.join(_ENGINES)}."
        )
    theirs = {key: value for key, value in table.items() if key in RAY_KEYS}
    if theirs and engine != RAY:
        raise UsageError(
            f"{where}: {', '.join(theirs)} is said of Ray clusters only",
            hint='Write engine = "ray" in that table, if it is one.',
        )
    check_keys(where, table, {**_KEYS, **RAY_KEYS} if engine == RAY else _KEYS)
    for key, least in _LEAST.items():
        if table.get(key, least) < least:
            raise UsageError(
                f"{where}: {key} = {table[key]} is too small", hint=f"Write {least} or more."
            )
    if not 0 < table.get("memory_gb", 1) < 2**20:  # also refuses nan and inf, which TOML knows
        raise UsageError(
            f"{where}: memory_gb = {table['memory_gb']} is no amount of memory",
            hint="Write gigabytes, such as memory_gb = 4 or memory_gb = 0.5.",
        )
    ours = {key: value for key, value in table.items() if key in _KEYS and key != "engine"}
    if engine != RAY:
        return ComputeSettings(**ours)
    return ComputeSettings(**ours, ray=read_ray(where, theirs))
