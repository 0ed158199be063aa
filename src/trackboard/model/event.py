"""What a process may say about a run that needs no answer: the closed union the stream carries.

Points are not in it: they travel in a fixed-width form of their own (see `trackboard.spool.format`)
and meet these events again in a `Batch`. Times are float64 seconds since the Unix epoch (UTC).
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Union

from trackboard.model.ids import RunId
from trackboard.model.state import RunKind, RunState
from trackboard.model.value import ArtifactKind, Value


class Created(NamedTuple):
    """A run exists. Experiment and parent are named, not numbered: there may be no store yet."""

    run: RunId
    experiment: str
    name: str
    parent: Optional[RunId]
    kind: RunKind
    time_s: float
    description: str = ""


class StateChanged(NamedTuple):
    """The run's owner moved it to another state.

    `elapsed_s` is measured on the owner's monotonic clock since it started the run, so that a
    duration survives a wall clock that is set; None before the start.
    """

    run: RunId
    state: RunState
    attempt: int
    sequence: int
    time_s: float
    cause: str = ""
    elapsed_s: Optional[float] = None


class Tagged(NamedTuple):
    """A tag was set; `value` None is a tag without a value, `removed` takes the tag away."""

    run: RunId
    key: str
    value: Optional[str]
    removed: bool = False


class PropertyAdded(NamedTuple):
    """A property was given. It never changes: a second, different value becomes a warning."""

    run: RunId
    key: str
    value: str


class FileAdded(NamedTuple):
    """A complete file is kept under `key`: in the outbox of the spool that says so, or in the blobs.

    `path` is its posix path within the run.
    """

    run: RunId
    path: str
    key: str
    size_bytes: int
    time_s: float


class FileBytes(NamedTuple):
    """Bytes of a growing file of the run, to be written at `offset`.

    Offset 0 starts the copy again from nothing (the source was rewritten or shrank; `data` may be
    empty), otherwise offsets only grow, so that writing a record twice changes nothing.
    """

    run: RunId
    path: str
    offset: int
    data: bytes


class FileRemoved(NamedTuple):
    """A growing file of the run is no more: its source was renamed, or removed and begun again.

    A complete file of the same path stays.
    """

    run: RunId
    path: str


class TextLogged(NamedTuple):
    """A metric's value that is text. `step` None: the series' count at that moment.

    `table` names the table that the value is a cell of (`name` is then `table/column`); empty for a
    value of its own.
    """

    run: RunId
    name: str
    value: str
    step: Optional[int]
    time_s: float
    table: str = ""


class ArtifactLogged(NamedTuple):
    """A metric's value that is a file, kept under `key` as that of `FileAdded`.

    It is a file of the run as well, at `path` (posix, within the run). `step` None: the count of the
    metric's files at that moment.
    """

    run: RunId
    name: str
    kind: ArtifactKind
    path: str
    key: str
    size_bytes: int
    step: Optional[int]
    time_s: float


class ParameterSet(NamedTuple):
    """A parameter of the run: an argument, a hyper-parameter. Set again, the later value counts."""

    run: RunId
    name: str
    value: Value


class RecordsDropped(NamedTuple):
    """The writer could not store `count` points or events of this run (full or read-only disk)."""

    run: RunId
    count: int  # type: ignore[assignment]  # hides the method of tuples
    reason: str


class Heartbeat(NamedTuple):
    """The writer is alive."""

    time_s: float


class Ended(NamedTuple):
    """The writer closed its spool: nothing follows."""

    time_s: float


Event = Union[
    Created,
    StateChanged,
    Tagged,
    PropertyAdded,
    ParameterSet,
    FileAdded,
    FileBytes,
    FileRemoved,
    TextLogged,
    ArtifactLogged,
    RecordsDropped,
    Heartbeat,
    Ended,
]
