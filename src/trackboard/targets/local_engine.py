"""The engine `local`, as the registry of targets knows it: slots of this machine."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from trackboard.config import LOCAL, check_options
from trackboard.config.machine_address import is_this_machine
from trackboard.errors import UsageError
from trackboard.ports import Target, TargetSpec
from trackboard.targets.local import LocalTarget
from trackboard.targets.ray.settings import RAY_KEYS
from trackboard.targets.unsupported_host import UnsupportedHost


class LocalEngine:
    """Opens slots of this machine; see `trackboard.ports.Engine`."""

    def read_options(self, where: str, options: Mapping[str, Any]) -> Hashable:
        """Refuse all: slots have no settings of their own."""
        theirs = [key for key in options if key in RAY_KEYS]
        if theirs:
            raise UsageError(
                f"{where}: {', '.join(theirs)} is said of Ray clusters only",
                hint='Write engine = "ray" in that table, if it is one.',
            )
        check_options(where, options, {})
        return None

    def open(self, spec: TargetSpec) -> Target:
        """Open the slots of a compute target; any number of jobs at once for `local` itself."""
        if spec.address and not is_this_machine(spec.address):
            return UnsupportedHost(spec.compute, spec.address)
        return LocalTarget(
            spec.folder,
            spec.compute,
            slots=None if spec.compute == LOCAL else spec.max_nodes,
            cpus=spec.cpus,
            memory_bytes=spec.memory_bytes,
            gpus=spec.gpus,
        )


ENGINE = LocalEngine()
