"""The door of a local service: what was said before a question is stored before it is answered, once."""

from __future__ import annotations

from trackboard.ports import Store
from trackboard.workspace import Workspace


class Door:
    """Gives the parts of a service what is stored.

    Args:
        workspace: The workspace.
        is_open: Everything that shall be seen is stored already: nothing more is read.
    """

    def __init__(self, workspace: Workspace, *, is_open: bool = False) -> None:
        self.workspace = workspace
        self._open_store = workspace.store if is_open else None

    def drained(self) -> Store:
        """Store what was said up to now, and return what is stored.

        Raises:
            Unavailable: Another process holds the lock and makes no progress for 30 s.
        """
        if self._open_store is not None:
            return self._open_store
        return self.workspace.parts.drain()

    def catalogue(self) -> Store:
        """Return what is stored, for questions and changes that the stream has nothing to do with."""
        return self.workspace.store if self._open_store is None else self._open_store
