"""A store in memory: a model of the contract, and a fast store for unit tests."""

from trackboard.testing.memory.store import MemoryStore

__all__ = ["MemoryStore"]
