"""What this machine can give to one node of a cluster: all of it, or an equal share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trackboard.targets.machine import Machine, read_machine


@dataclass(frozen=True)
class Offer:
    """One of so many equal shares of this machine."""

    shares: int
    cpus: int
    memory_bytes: int
    gpus: int
    disk_bytes: int

    @property
    def name(self) -> str:
        """What to call it where a size of machines is asked for."""
        return f"LOCAL_1_OF_{self.shares}"


def list_offers(folder: Path, machine: Machine | None = None) -> tuple[Offer, ...]:
    """The whole machine first, then the shares that its CPUs divide into evenly.

    Args:
        folder: Where jobs work: the disk is that one.
        machine: Instead of this one.
    """
    given = machine or read_machine()
    disk_bytes = shutil.disk_usage(folder).total
    return tuple(
        Offer(
            shares,
            given.cpus // shares,
            given.memory_bytes // shares,
            len(given.gpus) // shares,
            disk_bytes // shares,
        )
        for shares in _divisors(given.cpus)
    )


def _divisors(number: int) -> Iterator[int]:
    return (one for one in range(1, number + 1) if number % one == 0)
