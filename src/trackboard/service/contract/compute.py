"""What a service answers about compute targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from trackboard.model import Compute

if TYPE_CHECKING:
    from trackboard.launch.queue.nodes import Node
    from trackboard.targets.machine import Machine
    from trackboard.targets.machine_sizes import Offer


class ComputeTargets(Protocol):
    """The compute targets of a workspace, by their names."""

    def find(self, name: str) -> Compute | None:
        """Return the compute target of that name, or None."""
        ...

    def list(self) -> tuple[Compute, ...]:
        """List the compute targets, the oldest first."""
        ...

    def set(self, compute: Compute) -> None:
        """Create or replace a compute target; a replaced one keeps its place in the list."""
        ...

    def delete(self, name: str) -> None:
        """Forget a compute target.

        Raises:
            Conflict: Jobs are queued for it.
            NotFound: There is none of that name.
        """
        ...

    def has_jobs(self, name: str) -> bool:
        """Say whether jobs run or wait on a compute target."""
        ...

    def list_nodes(self, compute: Compute) -> tuple[Node, ...]:
        """List the nodes of a cluster as they are now, and which job each holds."""
        ...

    def is_here(self, name: str) -> bool:
        """Say whether jobs of a compute target run on this machine.

        Raises:
            NotFound: There is none of that name.
        """
        ...

    def list_sizes(self) -> tuple[Offer, ...]:
        """List what this machine can give to a node: all of it, or an equal share."""
        ...

    def get_machine(self) -> Machine:
        """Return what this machine has."""
        ...
