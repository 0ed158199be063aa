"""Where workers run: local slots."""

from trackboard.targets.choose import Targets
from trackboard.targets.local import LocalTarget
from trackboard.targets.machine import Machine, read_machine

__all__ = ["LocalTarget", "Machine", "Targets", "read_machine"]
