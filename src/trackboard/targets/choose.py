"""Which target serves a compute target, by what the store and the settings say about it."""

from __future__ import annotations

from pathlib import Path

from trackboard.config import ComputeSettings
from trackboard.model import Compute
from trackboard.ports import Target
from trackboard.targets.elsewhere import ElsewhereTarget, is_this_machine
from trackboard.targets.local import LocalTarget


def open_target(
    folder: Path, compute: Compute | None, settings: ComputeSettings, name: str = ""
) -> Target:
    """Open what runs the jobs of a compute target.

    Args:
        folder: The workspace's folder.
        compute: As it is stored; None: `local`, which is not stored and has no slots, or one that the
            settings alone make.
        settings: What `trackboard.toml` says about it.
        name: What it is called, where it is not stored.
    """
    if settings.ray is not None:
        from trackboard.targets.ray import open_ray  # few need it, and every client would load it

        return open_ray(
            folder,
            compute.name if compute else name,
            settings,
            compute.max_nodes if compute else None,
        )
    if compute is None:
        return LocalTarget(folder)
    if compute.address and not is_this_machine(compute.address):
        return ElsewhereTarget(folder, compute.name, compute.address)
    return LocalTarget(
        folder,
        compute.name,
        slots=compute.max_nodes,
        cpus=settings.cpus,
        memory_bytes=settings.memory_bytes,
        gpus=settings.gpus,
    )
