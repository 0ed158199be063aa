"""What a slot gives to its job: an equal part of the machine, or what the settings say."""

from __future__ import annotations

from dataclasses import dataclass

from trackboard.errors import UsageError
from trackboard.model import ResourceLimits
from trackboard.targets.machine import Machine


@dataclass(frozen=True)
class SlotLimits:
    """How a machine is shared among the slots of one compute target.

    Attributes:
        cpus: How many each slot may use; None: an equal part.
        memory_bytes: What the processes of one slot may hold together; None: no limit.
        gpus: How many each slot gets; None: an equal part, and at least one where there is any, so
            that several slots share one when there are more slots than GPUs.
    """

    cpus: int | None = None
    memory_bytes: int | None = None
    gpus: int | None = None

    def check(self, compute: str, machine: Machine) -> None:
        """Refuse settings that this machine cannot meet.

        Raises:
            UsageError: It has fewer GPUs than one slot shall get.
        """
        if self.gpus is not None and self.gpus > len(machine.gpus):
            raise UsageError(
                f"a node of the compute target {compute!r} shall have {self.gpus} GPUs, and this machine"
                f" has {len(machine.gpus)} that can be used",
                hint=f"Change gpus in [compute.{compute}] of trackboard.toml; CUDA_VISIBLE_DEVICES hides"
                " GPUs, too.",
            )

    def of(self, slot: int, slots: int, machine: Machine) -> ResourceLimits:
        """The share of one slot out of so many."""
        return ResourceLimits(
            cpus=self.cpus or max(1, machine.cpus // max(1, slots)),
            memory_bytes=self.memory_bytes,
            gpus=self._gpus(slot, slots, machine.gpus),
        )

    def _gpus(self, slot: int, slots: int, names: tuple[str, ...]) -> tuple[str, ...] | None:
        if not names and self.gpus is None:
            return None  # nothing to share out
        each = max(1, len(names) // max(1, slots)) if self.gpus is None else self.gpus
        each = min(each, len(names))
        return tuple(names[(slot * each + number) % len(names)] for number in range(each))
