"""What a service answers: frozen values, beside those of `model` and `ports`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trackboard.model import LOST, Run, RunId, Series, Value
from trackboard.ports import Experiment, RunFile


@dataclass(frozen=True)
class WorkspaceFacts:
    """What is known of a workspace.

    Attributes:
        id: The workspace's id.
        name: The workspace's name.
        folder: Where its files are.
        created_s: When its settings were written, in seconds since the epoch.
    """

    id: str
    name: str
    folder: Path
    created_s: float


@dataclass(frozen=True)
class ExperimentFacts:
    """An experiment as it is told to the outside; runs that are part of another are not counted.

    Attributes:
        experiment: What people say of it.
        runs: How many runs it has.
        active: How many of them go on, those not counted whose processes may be dead (see `RunStatus`).
        newest_s: When the newest was created, in seconds since the epoch; None: there is no run.
    """

    experiment: Experiment
    runs: int
    active: int
    newest_s: float | None


@dataclass(frozen=True)
class MatchingChange:
    """What was done to all runs that matched a query.

    Attributes:
        runs: Those that were changed, of those that matched.
        below: How many runs below them were changed with them.
        going_on: How many were left as they are, as they or runs below them have not ended.
        time_s: When, in seconds since the epoch.
    """

    runs: tuple[RunId, ...]
    below: int = 0
    going_on: int = 0
    time_s: float = 0.0


@dataclass(frozen=True)
class RunStatus:
    """A run, and what is not in its state.

    Attributes:
        run: The run as it is stored.
        is_lost: It has not ended, and its process may be dead where nobody can tell: nothing comes from it.
        is_cancel_requested: Somebody asked for its end, and it has not ended.
    """

    run: Run
    is_lost: bool
    is_cancel_requested: bool

    @property
    def word(self) -> str:
        """The run's state, or that it is lost."""
        return _word_of(self.run, is_lost=self.is_lost)


@dataclass(frozen=True)
class QueuePosition:
    """The place of a job that waits.

    Attributes:
        compute: The name of the compute target that it waits for.
        number: 1 for the next.
    """

    compute: str
    number: int


@dataclass(frozen=True)
class JobFacts:
    """What is known of a job beside its run.

    Attributes:
        compute: The name of the compute target.
        position: The place in the queue; None: the job does not wait.
        snapshot: Its code, in words.
        environment: Its interpreter and packages, in words.
        command: What it runs, secrets masked; in parentheses why that is not known.
    """

    compute: str | None
    position: int | None
    snapshot: str | None
    environment: str | None
    command: str | None


@dataclass(frozen=True)
class RunFacts:
    """A run as it is told to the outside.

    Attributes:
        run: The run as it is stored.
        name: What TensorBoard calls it: `experiment/name`, each name once.
        is_lost: See `RunStatus`.
        tags: Tags by key.
        parameters: Parameters by name.
        metrics: What is known of each metric by name, as begun.
    """

    run: Run
    name: str
    is_lost: bool
    tags: Mapping[str, str | None]
    parameters: Mapping[str, Value]
    metrics: Mapping[str, Series]

    @property
    def word(self) -> str:
        """The run's state, or that it is lost."""
        return _word_of(self.run, is_lost=self.is_lost)


@dataclass(frozen=True)
class RunDetails:
    """A run as it is told to the outside, with all that is known of it.

    Attributes:
        facts: What is also told in lists of runs.
        properties: Properties by key.
        files: The run's files by path.
        job: What is known of its job; None: nobody submitted it.
        folder: Where its plain files are.
    """

    facts: RunFacts
    properties: Mapping[str, str]
    files: tuple[RunFile, ...]
    job: JobFacts | None
    folder: Path


@dataclass(frozen=True)
class ComparedFact:
    """A fact of several runs, side by side.

    Attributes:
        kind: `parameter`, `metric` (its last value), `tag`, `code` (what ran, and where) or `package`.
        name: What the fact is called.
        values: The value in each run; None: the run has none.
    """

    kind: str
    name: str
    values: tuple[object, ...]

    @property
    def is_equal(self) -> bool:
        """Whether all runs have the same; NaN is the same as NaN."""
        return len({repr(value) for value in self.values}) == 1


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        runs: The runs, in the order asked for.
        facts: All facts that one of them has, those of a kind together.
    """

    runs: tuple[RunFacts, ...]
    facts: tuple[ComparedFact, ...]


@dataclass(frozen=True)
class FileChange:
    """How a file of one run's code differs from another's.

    Attributes:
        path: The file's path in the snapshot; in parentheses what is no file: `(git commit)`,
            `(uncommitted changes)`, `(packages)`, `(environment)`.
        kind: `added`, `removed` or `changed`.
        diff: What differs, as unified diff; None: it is no text, or has more than 1 MiB.
    """

    path: str
    kind: str
    diff: str | None


@dataclass(frozen=True)
class FilePiece:
    """A piece of a file that may grow.

    Attributes:
        data: The bytes; none where there are no more yet.
        offset: Where in the file they begin: 0 where the file was begun anew since.
        size_bytes: How many bytes the file has.
    """

    data: bytes
    offset: int
    size_bytes: int

    @property
    def end(self) -> int:
        """Where to read on."""
        return self.offset + len(self.data)


def _word_of(run: Run, *, is_lost: bool) -> str:
    return LOST if is_lost else run.state.value
