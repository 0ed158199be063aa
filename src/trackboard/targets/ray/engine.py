"""The engine `ray`, as the registry of targets knows it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from trackboard.ports import Target, TargetSpec
from trackboard.targets.ray.settings import RaySettings, read_ray
from trackboard.targets.ray.target import RayTarget


class RayEngine:
    """Opens Ray clusters; see `trackboard.ports.Engine`."""

    def read_options(self, where: str, options: Mapping[str, Any]) -> RaySettings:
        """Check what `trackboard.toml` says of a Ray cluster."""
        return read_ray(where, options)

    def open(self, spec: TargetSpec) -> Target:
        """Open the target of a compute target, the same one as long as nothing changed: it remembers."""
        return _open(spec)


@functools.lru_cache(maxsize=64)
def _open(spec: TargetSpec) -> RayTarget:
    settings = spec.options if isinstance(spec.options, RaySettings) else RaySettings()
    return RayTarget(spec, settings)


ENGINE = RayEngine()
