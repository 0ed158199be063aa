"""Ports in memory: models of the contracts, and fast ones for unit tests."""

from trackboard.testing.memory.run_files import MemoryRunFiles
from trackboard.testing.memory.sink import MemorySink
from trackboard.testing.memory.spools import MemorySpools
from trackboard.testing.memory.store import MemoryStore

__all__ = ["MemoryRunFiles", "MemorySink", "MemorySpools", "MemoryStore"]
