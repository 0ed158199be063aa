"""What a process may say about a run that needs no answer: the closed union the stream carries.

Points are not in it: they travel in a fixed-width form of their own (see `trackboard.spool.format`)
and meet these events again in a `Batch`. Times are float64 seconds since the Unix epoch (UTC).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional, Union

from trackboard.model.ids import RunId
from trackboard.model.run import RunKind, RunState
from trackboard.model.series import Value


@dataclass(frozen=True)
class Created:
    """A run exists. Experiment and parent are named, not numbered: there may be no store yet."""

    run: RunId
    experiment: str
    name: str
    parent: Optional[RunId]
    kind: RunKind
    time_s: float
    description: str = ""


@dataclass(frozen=True)
class StateChanged:
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


@dataclass(frozen=True)
class Tagged:
    """A tag was set; `value` None is a tag without a value, `removed` takes the tag away."""

    run: RunId
    key: str
    value: Optional[str]
    removed: bool = False


@dataclass(frozen=True)
class PropertyAdded:
    """A property was given. It never changes: a second, different value becomes a warning."""

    run: RunId
    key: str
    value: str


@dataclass(frozen=True)
class FileAdded:
    """A complete file was put into the blobs under `key`; `path` is its posix path within the run."""

    run: RunId
    path: str
    key: str
    size_bytes: int
    time_s: float


@dataclass(frozen=True)
class FileBytes:
    """Bytes of a growing file of the run, to be written at `offset`.

    Offset 0 starts the copy again from nothing (the source was rewritten or shrank; `data` may be
    empty), otherwise offsets only grow, so that writing a record twice changes nothing.
    """

    run: RunId
    path: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class FileRemoved:
    """A growing file of the run is no more: its source was renamed, or removed and begun again.

    A complete file that was put into the blobs under the same path stays.
    """

    run: RunId
    path: str


@dataclass(frozen=True)
class TextLogged:
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


class ArtifactKind(str, enum.Enum):
    """What a metric's value is that lies in a file."""

    IMAGE = "image"
    ACCURACY_TABLE = "accuracy_table"  # the SDK's JSON documents, each with its schema
    CONFUSION_MATRIX = "confusion_matrix"
    PREDICTIONS = "predictions"
    RESIDUALS = "residuals"


@dataclass(frozen=True)
class ArtifactLogged:
    """A metric's value that is a file: the file was put into the blobs under `key`.

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


@dataclass(frozen=True)
class ParameterSet:
    """A parameter of the run: an argument, a hyper-parameter. Set again, the later value counts."""

    run: RunId
    name: str
    value: Value


@dataclass(frozen=True)
class Lost:
    """The writer could not store `count` points or events of this run (full or read-only disk)."""

    run: RunId
    count: int
    reason: str


@dataclass(frozen=True)
class Heartbeat:
    """The writer is alive."""

    time_s: float


@dataclass(frozen=True)
class Ended:
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
    Lost,
    Heartbeat,
    Ended,
]
