"""What `trackboard.toml` says about a compute target: `[compute.<name>]`.

What the SDK's calls create is in the store; here is what they have no word for. Keys that belong to one
engine are checked by that engine, which `trackboard.targets` finds by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trackboard.config.keys import NUMBER, check_keys
from trackboard.errors import UsageError

_KEYS: Mapping[str, object] = {"engine": str, "cpus": int, "memory_gb": NUMBER, "gpus": int}
LOCAL = "local"  # the compute target that is always there: starts everything at once, no slots
_LEAST = {"cpus": 1, "gpus": 0}


@dataclass(frozen=True)
class ComputeSettings:
    """What one slot of a compute target gives its job; None: an equal share of the machine.

    Attributes:
        engine: What runs the jobs; empty: the engine of the compute target's own name, else slots of
            this machine.
        options: What the table says beside the keys that all engines know.
    """

    cpus: int | None = None
    memory_gb: float | None = None  # of 2**30 bytes; enforced, which no share is by itself
    gpus: int | None = None
    engine: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def memory_bytes(self) -> int | None:
        """The memory of one slot."""
        return None if self.memory_gb is None else int(self.memory_gb * 2**30)


def read_compute(where: str, content: Mapping[str, Any]) -> Mapping[str, ComputeSettings]:
    """Read all of the tables.

    Args:
        where: The file, for messages.
        content: The tables by the name of their compute target.

    Raises:
        UsageError: A table says something that cannot be.
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
    common = {key: value for key, value in table.items() if key in _KEYS}
    check_keys(where, common, _KEYS)
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
    options = {key: value for key, value in table.items() if key not in _KEYS}
    return ComputeSettings(**common, options=options)


def check_options(
    where: str, options: Mapping[str, Any], types: Mapping[str, object]
) -> Mapping[str, Any]:
    """Refuse options that an engine does not know, and values of another type.

    Args:
        where: The file and the table, for messages.
        options: What the table says beside the keys that all engines know.
        types: The types of the engine's own keys, as for `check_keys`.

    Returns:
        The options.

    Raises:
        UsageError: One is not as it should be; the nearest known key is named.
    """
    check_keys(where, options, types, also_known=_KEYS)
    return options
