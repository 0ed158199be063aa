"""Where workers run: local slots."""

from trackboard.targets.local import LocalTarget
from trackboard.targets.machine import Machine, read_machine
from trackboard.targets.registry import Targets

__all__ = ["LocalTarget", "Machine", "Targets", "read_machine"]
