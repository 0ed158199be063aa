"""Compute targets of a workspace on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.launch.queue.nodes import Node, list_nodes
from trackboard.model import Compute
from trackboard.service.local.door import Door
from trackboard.targets.machine import Machine, read_machine
from trackboard.targets.machine_sizes import Offer, list_offers

if TYPE_CHECKING:
    from trackboard.service.contract.compute import ComputeTargets


class LocalComputeTargets:
    """`ComputeTargets` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def find(self, name: str) -> Compute | None:
        """Return the compute target of that name, or None."""
        return self._door.catalogue().find_compute(name)

    def list(self) -> tuple[Compute, ...]:
        """List the compute targets."""
        return self._door.catalogue().list_computes()

    def set(self, compute: Compute) -> None:
        """Create or replace a compute target."""
        self._door.catalogue().set_compute(compute)

    def delete(self, name: str) -> None:
        """Forget a compute target."""
        self._door.catalogue().delete_compute(name)

    def has_jobs(self, name: str) -> bool:
        """Say whether jobs run or wait on a compute target."""
        return bool(self._door.catalogue().list_jobs(name))

    def list_nodes(self, compute: Compute) -> tuple[Node, ...]:
        """List the nodes of a cluster as they are now."""
        return list_nodes(self._door.workspace.launch_context, compute)

    def is_here(self, name: str) -> bool:
        """Say whether jobs of a compute target run on this machine."""
        return self._door.workspace.launch_context.target_for(name).describe().is_here

    def list_sizes(self) -> tuple[Offer, ...]:
        """List what this machine can give to a node."""
        return list_offers(self._door.workspace.folder)

    def get_machine(self) -> Machine:
        """Return what this machine has."""
        return read_machine()


if TYPE_CHECKING:

    def _fits(part: LocalComputeTargets) -> ComputeTargets:
        return part
