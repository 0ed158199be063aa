"""The contract of a store: what was logged, kept and found again.

It has six parts, each a protocol of its own, so that who needs one asks for no more: the stream's, the
runs', the series', the catalogue's, the queue's and the trash's. A store is all of them on one database.

Two kinds of writing, never mixed:

- `apply` takes a `Batch` of what one process said in its spool, in one transaction, exactly once.
- every other writing method is a *catalogue* write: one transaction each, an immediate answer.

Guarantees (all methods): safe from several threads and processes; what a method returned is stored;
a failed call changed nothing; returned objects never change (arrays refuse writing). No read
transaction outlives a call and no connection crosses a fork: a child may use the store that it
inherited. Writes are serial: one waits until another, of any thread or process and about whatever, is over,
and sees what it wrote; reads wait for nobody.
`Unavailable` may come from any method when the database does not answer in time; the same call
may be repeated. `Unstorable` comes from a write with a value that the database can never hold.
Points whose stored bytes are not what was written are left out, and named on the log and by a warning of
their run; the series' other points, and whatever is appended later, are as if nothing had happened.

Lengths: every text up to its limit in `model.LIMITS` is stored whole, and found by all of it: two that
differ only in their last character are two. What has no limit there (names of models and environments,
values of tags, properties and parameters) is stored and found just so. Callers keep to the limits; whether
a store refuses what is longer (`Unstorable`) or stores it is its own business. The empty text is a text.

Order: wherever text decides it ("by key", "by path", "by name"), texts are in the order of their code
points, upper case before lower case and all of ASCII before the rest, whatever the database's language;
mappings by key, path or name are iterated in that order too. Where texts are that no database takes, and
that are escaped (see `StreamStore.apply`), is not promised.

Not promised: that two reads see the same moment; the order of mappings by run, writer or series.
"""

from __future__ import annotations

from typing import Protocol

from trackboard.errors import Conflict, UsageError
from trackboard.ports.store.catalogue import CatalogueStore
from trackboard.ports.store.queue import QueueStore
from trackboard.ports.store.runs import RunStore
from trackboard.ports.store.series import SeriesStore
from trackboard.ports.store.stream import StreamStore
from trackboard.ports.store.trash import TrashStore


class Damaged(Conflict):
    """The database is damaged: some of it can be neither read nor written, and nothing was changed."""


class Unstorable(UsageError):
    """A value that the database can never hold, such as an integer of more than 64 bits.

    The same call fails again; nothing was changed.
    """


class Store(StreamStore, RunStore, SeriesStore, CatalogueStore, QueueStore, TrashStore, Protocol):
    """Where the history lives."""

    def close(self) -> None:
        """Let go of connections. May be repeated; the store must not be used afterwards."""
        ...
