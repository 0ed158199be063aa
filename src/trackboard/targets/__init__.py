"""Where workers run: a registry of engines by name; slots of this machine, and Ray."""

from trackboard.targets.local import LocalTarget
from trackboard.targets.machine import Machine, read_machine
from trackboard.targets.registry import Targets, find_engine, list_engines

__all__ = ["LocalTarget", "Machine", "Targets", "find_engine", "list_engines", "read_machine"]
