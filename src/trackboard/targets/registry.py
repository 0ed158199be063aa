"""The registry of engines: which target serves a compute target, by what the store and the settings say."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable, Mapping
from pathlib import Path

from trackboard.config import LOCAL, ComputeSettings
from trackboard.errors import NotFound, UsageError
from trackboard.layout import WorkspacePaths
from trackboard.layout.handle import read_engine
from trackboard.model import Compute, RunId
from trackboard.ports import Engine, Target, TargetSpec

GROUP = "trackboard.targets"  # of entry points: an engine by its name
_OURS = {  # imported when one is asked for: few clients need Ray's
    "local": "trackboard.targets.local_engine",
    "ray": "trackboard.targets.ray.engine",
}


def list_engines() -> tuple[str, ...]:
    """List the names of all engines, ours and those of installed packages."""
    others = importlib.metadata.entry_points(group=GROUP)
    return tuple(sorted({*_OURS, *(each.name for each in others)}))


def find_engine(name: str, where: str) -> Engine:
    """Find an engine.

    Args:
        name: The name under which the engine is registered.
        where: Who asks for it, for the message.

    Raises:
        UsageError: There is no such engine; the known ones are listed.
    """
    if name in _OURS:
        engine: Engine = importlib.import_module(_OURS[name]).ENGINE
        return engine
    for each in importlib.metadata.entry_points(group=GROUP, name=name):
        found: Engine = each.load()
        return found
    raise UsageError(
        f"{where}: engine = {name!r} is not known", hint=f"Known are: {', '.join(list_engines())}."
    )


class Targets:
    """What runs the jobs of each compute target of a workspace.

    Args:
        folder: The workspace's folder.
        settings: What `trackboard.toml` says, by the name of the compute target.
        find_compute: Asks the store for one.

    Attributes:
        engines: The compute targets that nobody needs to create.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, ComputeSettings],
        find_compute: Callable[[str], Compute | None],
    ) -> None:
        self._paths = WorkspacePaths(folder)
        self._settings = settings
        self._find_compute = find_compute
        self.engines = frozenset(
            name for name in ("ray", *settings) if self._engine_name(name) != LOCAL
        )

    def open(self, name: str) -> Target:
        """Open what runs the jobs that are handed over now.

        Args:
            name: The compute target.

        Raises:
            NotFound: There is no such compute target.
            UsageError: What the settings say about it is wrong.
        """
        settings = self._settings.get(name, ComputeSettings())
        where = f"{self._paths.settings}: [compute.{name}]"
        engine = find_engine(self._engine_name(name), where)
        options = engine.read_options(where, settings.options)
        compute = None if name == LOCAL else self._find_compute(name)
        if compute is None and name != LOCAL and name not in self.engines:
            raise NotFound(
                f"there is no compute target {name!r} in the workspace {self._paths.folder}"
            )
        spec = TargetSpec(
            self._paths.folder,
            name,
            settings.cpus,
            settings.memory_bytes,
            settings.gpus,
            compute.max_nodes if compute else None,
            compute.address if compute else "",
            options,
        )
        return engine.open(spec)

    def open_engine(self, run: RunId, name: str) -> Target:
        """Open what a job was handed to, which may not be what its compute target means now.

        Args:
            run: The job. While it was handed to nobody, `open` says who would get it.
            name: The compute target of the job.

        Raises:
            NotFound: There is no such compute target any more, and the job was handed to nobody.
            UsageError: The engine that the job was handed to is not installed.
        """
        engine = read_engine(self._paths.job(run))
        if engine is None:
            return self.open(name)
        if engine == self._engine_name(name) and engine != LOCAL:
            return self.open(name)
        where = f"job {run} was handed to an engine that is not here"
        return find_engine(engine, where).open(TargetSpec(self._paths.folder, name))

    def _engine_name(self, name: str) -> str:
        settings = self._settings.get(name)
        if settings is not None and settings.engine:
            return settings.engine
        return "ray" if name == "ray" else LOCAL
