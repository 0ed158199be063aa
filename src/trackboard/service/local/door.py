"""The door of a local service: what was said before a question is stored before it is answered, once."""

from __future__ import annotations

from trackboard.model import RunId
from trackboard.ports import RunQuery, Store
from trackboard.service.local.run_names import RunNames
from trackboard.workspace import Workspace


class Door:
    """Gives the parts of a service what is stored.

    Args:
        workspace: The workspace.
        store: Holds already what shall be seen; None: what was said is stored before each answer.
        names: Names runs.

    Attributes:
        names: The same, which all services of a workspace share.
    """

    def __init__(
        self, workspace: Workspace, store: Store | None = None, names: RunNames | None = None
    ) -> None:
        self.workspace = workspace
        self.names = RunNames() if names is None else names
        self._store = store

    def drained(self) -> Store:
        """Store what was said up to now, and return what is stored.

        Raises:
            Unavailable: Another process holds the lock and makes no progress for 30 s.
        """
        if self._store is not None:
            return self._store
        return self.workspace.parts.drain()

    def list_lost(self, store: Store) -> frozenset[RunId]:
        """List the runs that have not ended, and whose process may be dead.

        Args:
            store: What `drained` returned.
        """
        silent = self.workspace.silence.list_lost()
        return frozenset(store.list_owned(silent)) if silent else frozenset()

    def resolve_lost(self, store: Store, query: RunQuery) -> RunQuery:
        """Return a query that a store can answer: it does not know which runs are lost.

        Args:
            store: What `drained` returned.
            query: Which runs.
        """
        if query.where is None and query.states is None:
            return query
        from trackboard.history.lost_state import resolve_lost  # few readers need it

        return resolve_lost(query, lambda: self.list_lost(store))

    def catalogue(self) -> Store:
        """Return what is stored, for questions and changes that the stream has nothing to do with."""
        return self.workspace.store if self._store is None else self._store
