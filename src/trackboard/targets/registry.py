"""Which target serves a compute target, by what the store and the settings say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from trackboard.config import LOCAL, RAY, ComputeSettings, RaySettings, find_compute_settings
from trackboard.errors import NotFound, UsageError
from trackboard.layout import WorkspacePaths
from trackboard.layout.reading import read_json
from trackboard.model import Compute, RunId
from trackboard.ports import Target
from trackboard.targets.local import LocalTarget
from trackboard.targets.unsupported_host import ElsewhereTarget, is_this_machine


class Targets:
    """What runs the jobs of each compute target of a workspace.

    Args:
        folder: The workspace's folder.
        settings: What `trackboard.toml` says, by the name of the compute target.
        find_compute: Asks the store for one.

    Attributes:
        engines: Those that nobody needs to create.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, ComputeSettings],
        find_compute: Callable[[str], Compute | None],
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._find_compute = find_compute
        self.engines = frozenset((RAY, *(name for name, each in settings.items() if each.ray)))

    def open(self, name: str) -> Target:
        """Open what runs the jobs that are handed over now.

        Raises:
            NotFound: There is no such compute target.
        """
        if name == LOCAL:
            return LocalTarget(self._folder)
        compute = self._find_compute(name)
        settings = find_compute_settings(self._settings, name)
        if settings.ray is not None:
            return _open_ray(self._folder, name, settings, compute.max_nodes if compute else None)
        if compute is None:
            raise NotFound(f"there is no compute target {name!r} in the workspace {self._folder}")
        if compute.address and not is_this_machine(compute.address):
            return ElsewhereTarget(self._folder, name, compute.address)
        return LocalTarget(
            self._folder,
            name,
            slots=compute.max_nodes,
            cpus=settings.cpus,
            memory_bytes=settings.memory_bytes,
            gpus=settings.gpus,
        )

    def open_engine(self, run: RunId, name: str) -> Target:
        """Open what a job was handed to, which may not be what its compute target means now.

        Args:
            run: The job. While it was handed to nobody, `open` says who would get it.
            name: Its compute target.

        Raises:
            NotFound: There is no such compute target any more, and the job was handed to nobody.
        """
        try:
            handle = read_json(WorkspacePaths(self._folder).job(run).handle, "handle of a job")
        except (NotFound, UsageError):
            return self.open(name)
        if not isinstance(handle, dict) or "address" not in handle:
            return LocalTarget(self._folder)
        if find_compute_settings(self._settings, name).ray is not None:
            return self.open(name)
        return _open_ray(self._folder, name, ComputeSettings(ray=RaySettings()), None)


def _open_ray(folder: Path, name: str, settings: ComputeSettings, most_nodes: int | None) -> Target:
    from trackboard.targets.ray import open_ray  # few need it, and every client would load it

    return open_ray(folder, name, settings, most_nodes)
