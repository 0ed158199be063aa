"""Where workers run: local slots."""

from trackboard.targets.choose import open_target
from trackboard.targets.local import LocalTarget
from trackboard.targets.machine import Machine, read_machine

__all__ = ["LocalTarget", "Machine", "open_target", "read_machine"]
