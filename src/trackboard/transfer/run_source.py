"""What an importer needs to know of runs that lie elsewhere, and the contract of whoever reads them there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, Protocol

from trackboard.model import ArtifactKind, RunId, RunKind, RunState, TextLogged, Value
from trackboard.ports import SeriesPoints


@dataclass(frozen=True)
class LeftOut:
    """Something that cannot be kept.

    Attributes:
        what: Whose it is: what the source calls the run, or the source itself.
        why: What it is and why it cannot be kept, in words.
    """

    what: str
    why: str


class FormerId(NamedTuple):
    """An id that may be a run's here, if the run of that id has a property that says so."""

    id: RunId
    key: str
    value: str


@dataclass(frozen=True)
class RunHead:
    """A run as its source lists it.

    Attributes:
        id: The id that it has here: the source's own, where that may be one, else one that follows from it.
        origin: What the source calls it, for people.
        revision: A number of up to 62 bits that is another one when the run has changed in the source.
        former: The id that a trackboard of before gave it, which it keeps where it has it.
    """

    id: RunId
    origin: str
    revision: int
    former: FormerId | None = None


@dataclass(frozen=True)
class RunDescription:
    """What describes a run. Times are seconds since the Unix epoch (UTC)."""

    experiment: str
    created_s: float
    name: str = ""
    parent: RunId | None = None
    kind: RunKind = RunKind.INTERACTIVE
    state: RunState = RunState.COMPLETED
    cause: str = ""
    started_s: float | None = None
    ended_s: float | None = None
    description: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    lost_points: int = 0  # as the source itself counts them


@dataclass(frozen=True)
class LoggedAs:
    """The metric whose value a file is."""

    name: str
    kind: ArtifactKind
    step: int


@dataclass(frozen=True)
class SourceFile:
    """A file of a run in its source.

    Attributes:
        path: Its posix path within the run.
        size_bytes: Its size, as far as the source knows.
        time_s: When it was written or logged.
        open: Opens it for reading bytes; raises OSError or TrackboardError where that does not go.
        value: The metric whose value it is; None: it is a file only.
    """

    path: str
    size_bytes: int
    time_s: float
    open: Callable[[], BinaryIO]
    value: LoggedAs | None = None


@dataclass(frozen=True)
class RunContent:
    """A run with all that it holds.

    Points and texts of a series are in an order that does not change when the run goes on: what comes later
    in the source comes later here.
    """

    run: RunDescription
    points: Sequence[SeriesPoints] = ()
    texts: Sequence[TextLogged] = ()
    files: Sequence[SourceFile] = ()
    left_out: Sequence[str] = ()  # what of it cannot be kept, and why


class RunSource(Protocol):
    """Runs that lie elsewhere. Nothing is written there."""

    @property
    def kind(self) -> str:
        """What it is, for people: `MLflow`, for example."""
        ...

    @property
    def location(self) -> str:
        """Where it is, for people."""
        ...

    def list_runs(self) -> Sequence[RunHead]:
        """The runs, each after its parent, oldest first.

        Raises:
            Conflict: It is damaged, or of a version that cannot be read.
            Unavailable: It cannot be read now.
        """
        ...

    def read(self, head: RunHead) -> RunContent:
        """All that one of the runs holds, as it is now."""
        ...

    def list_left_out(self) -> Iterable[LeftOut]:
        """What belongs to no run that is listed, and cannot be kept. Asked after the runs."""
        ...

    def close(self) -> None:
        """Let go of it. May be repeated."""
        ...
