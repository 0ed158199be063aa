"""Where workers run: local slots."""

from trackboard.targets.local import LocalTarget
from trackboard.targets.machine import Machine, read_machine

__all__ = ["LocalTarget", "Machine", "read_machine"]
