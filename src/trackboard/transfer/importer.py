"""Runs of a source into a store: exactly once, some in a transaction, from where it was interrupted.

Each run is told by a writer of its own, whose id follows from the run's. That writer's position says how far
the run is stored: a segment for each batch, and with the last one the source's revision as the offset. What
of a run that goes on is stored already is told by the counts of its series here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from trackboard.errors import Conflict, TrackboardError
from trackboard.layout.safe_paths import safe_path
from trackboard.model import (
    LIMITS,
    ArtifactLogged,
    Created,
    Ended,
    Event,
    FileAdded,
    ParameterSet,
    PropertyAdded,
    RecordsDropped,
    Run,
    RunId,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
    ValueKind,
    WriterId,
)
from trackboard.ports import (
    Batch,
    Blobs,
    Position,
    RunStore,
    SeriesPoints,
    SeriesStore,
    StreamStore,
)
from trackboard.transfer.report import ImportReport, Progress, Tally
from trackboard.transfer.run_source import (
    RunContent,
    RunDescription,
    RunHead,
    RunSource,
    SourceFile,
)

_START = Position(0, 0)
_BATCH_POINTS = 200_000
_BATCH_RUNS = 100
_NOT_ENDED = "it had not ended when it was imported"


class ImportStore(StreamStore, RunStore, SeriesStore, Protocol):
    """What an import needs of a store."""


def import_runs(
    source: RunSource,
    store: ImportStore,
    blobs: Blobs,
    *,
    is_dry_run: bool = False,
    progress: Progress | None = None,
    batch_points: int = _BATCH_POINTS,
    batch_runs: int = _BATCH_RUNS,
) -> ImportReport:
    """Store the runs of a source. Repeated, it stores what has come since, and nothing twice.

    Args:
        source: Where the runs are.
        store: Where to.
        blobs: Where their files belong.
        is_dry_run: Count only.
        progress: Told how many runs of how many are read, and how many points, after each.
        batch_points: How many points one transaction stores: others who write wait that long.
        batch_runs: How many runs one transaction stores at most.

    Raises:
        Conflict: Somebody else imports the same runs now; what was stored stays.
        Unavailable: The source cannot be read, or the disk refuses; what was stored stays.
    """
    task = _Import(
        store, blobs, is_dry_run=is_dry_run, batch_points=batch_points, batch_runs=batch_runs
    )
    heads = task.begin(source.list_runs())
    for done, head in enumerate(heads, 1):
        task.add(source, head)
        if progress is not None:
            progress(done, len(heads), task.tally.points)
    task.flush()
    for each in source.list_left_out():
        task.tally.leave_out(each.what, [each.why])
    return task.tally.report(source.kind, source.location, is_dry_run=is_dry_run)


def writer_of(run: RunId) -> WriterId:
    """The writer that tells an imported run."""
    return WriterId(hashlib.sha256(b"trackboard import\0" + run.encode()).hexdigest()[:32])


@dataclass(frozen=True)
class _Held:
    """What of a run is stored already."""

    numbers: Mapping[str, int]  # points by series
    texts: Mapping[str, int]
    artifacts: Mapping[str, int]  # files that are values, by metric
    files: Mapping[str, int]  # sizes by path
    tags: Mapping[str, str | None]
    properties: Mapping[str, str]
    parameters: Mapping[str, object]


_NOTHING = _Held({}, {}, {}, {}, {}, {}, {})


class _Import:
    """One import underway."""

    def __init__(
        self,
        store: ImportStore,
        blobs: Blobs,
        *,
        is_dry_run: bool,
        batch_points: int,
        batch_runs: int,
    ) -> None:
        self._batch_points = batch_points
        self._batch_runs = batch_runs
        self._store = store
        self._blobs = blobs
        self._is_dry_run = is_dry_run
        self._batches: list[Batch] = []
        self._waiting = 0  # points of these
        self._ending: list[tuple[WriterId, float]] = []
        self.tally = Tally()

    def begin(self, listed: Sequence[RunHead]) -> Sequence[RunHead]:
        """Look at what is here; returns the runs under the ids that they have here, or get."""
        heads = [self._as_known(head) for head in listed]
        self._renamed = {
            head.id: known.id
            for head, known in zip(listed, heads, strict=True)
            if head is not known
        }
        ids = [head.id for head in heads]
        self._known: dict[RunId, Run] = {
            run.id: run for run in self._store.list_runs(ids=ids) if run.number
        }
        in_trash = self._store.list_runs(ids=ids, deleted=True)
        self._deleted = self._store.list_deleted(ids) | {run.id for run in in_trash}
        self._unfinished = self._store.positions()
        return heads

    def _as_known(self, head: RunHead) -> RunHead:
        """The run under the id that a trackboard of before gave it, if that is here and this run's."""
        former = head.former
        if former is None or not self._store.list_runs(ids=[former.id]):
            return head
        is_same = self._store.get_properties(former.id).get(former.key) == former.value
        return replace(head, id=former.id) if is_same else head

    def add(self, source: RunSource, head: RunHead) -> None:
        """Store one run, or what of it is not stored yet."""
        writer = writer_of(head.id)
        if head.id in self._deleted:
            self.tally.leave_out(head.origin, ["the run was deleted here"])
            return
        known = self._known.get(head.id)
        at = _START if known is None else self._store.position(writer)
        if known is not None and at == _START:
            self.tally.leave_out(
                head.origin, ["a run of that id is here already, and was not imported"]
            )
            return
        self.tally.runs.append(head.id)
        if at.offset == head.revision and at > _START and writer not in self._unfinished:
            self.tally.unchanged += 1
            return
        content = source.read(head)
        self.tally.leave_out(head.origin, content.left_out)
        held = _NOTHING if known is None else self._read_held(head.id)
        self._store_run(head, content, held, at, is_new=known is None)
        if known is None:
            self.tally.new += 1
        else:
            self.tally.changed += 1

    def flush(self) -> None:
        """Store what is waiting."""
        batches, ending = self._batches, self._ending
        self._batches, self._ending, self._waiting = [], [], 0
        if self._is_dry_run or not batches:
            return
        try:
            self._store.apply(batches)
        except Conflict as error:
            raise Conflict(
                "somebody else imports the same runs now",
                hint="Type it again when they are ready; what is stored is not stored twice.",
            ) from error
        for writer, time_s in ending:
            self._store.end_writer(writer, cause=_NOT_ENDED, time_s=time_s)

    def _read_held(self, run: RunId) -> _Held:
        store = self._store
        series = store.list_series(runs=[run])
        artifacts: dict[str, int] = {}
        for each in store.list_artifacts(runs=[run]):
            artifacts[each.name] = artifacts.get(each.name, 0) + 1
        return _Held(
            numbers={each.name: each.count for each in series if each.kind is not ValueKind.TEXT},
            texts={each.name: each.count for each in series if each.kind is ValueKind.TEXT},
            artifacts=artifacts,
            files={file.path: file.size_bytes for file in store.list_files(run)},
            tags=store.get_tags(run),
            properties=store.get_properties(run),
            parameters=store.list_parameters([run]).get(run, {}),
        )

    def _store_run(
        self, head: RunHead, content: RunContent, held: _Held, at: Position, *, is_new: bool
    ) -> None:
        run, writer = content.run, writer_of(head.id)
        if run.parent is not None:
            run = replace(run, parent=self._renamed.get(run.parent, run.parent))
        events: list[Event] = [
            *(_begin(head.id, run) if is_new else ()),
            *_describe(head.id, run, held),
            *self._select_texts(head, content.texts, held),
            *self._keep_files(head, content.files, held),
        ]
        points = list(self._select_points(head, content.points, held))
        self.tally.points += sum(isinstance(event, TextLogged) for event in events)
        *others, last = _cut(points, self._batch_points)
        for part in others:
            end = Position(at.segment + 1, 0)
            self._wait(Batch(writer, at, end, tuple(events), tuple(part)))
            events, at = [], end
        if run.state.is_terminal:
            ended_s = _last_time(run)
            state = StateChanged(head.id, run.state, 0, 2, ended_s, run.cause)
            events += [state, Ended(ended_s)]
        else:
            self._ending.append((writer, _last_time(run)))
        end = Position(at.segment + 1, head.revision)
        self._wait(Batch(writer, at, end, tuple(events), tuple(last)))

    def _wait(self, batch: Batch) -> None:
        """Store a batch together with others."""
        points = sum(len(part.steps) for part in batch.points)
        self.tally.points += points
        self._batches.append(batch)
        self._waiting += points
        if self._waiting >= self._batch_points or len(self._batches) >= self._batch_runs:
            self.flush()

    def _select_points(
        self, head: RunHead, points: Iterable[SeriesPoints], held: _Held
    ) -> Iterator[SeriesPoints]:
        skip = dict(held.numbers)
        for part in points:
            if (why := _refuse_name(part.name)) is not None:
                self.tally.leave_out(head.origin, [why])
                continue
            passed = min(skip.get(part.name, 0), len(part.steps))
            if passed:
                skip[part.name] -= passed
                part = _slice(part, passed, len(part.steps))
            if len(part.steps):
                yield part

    def _select_texts(
        self, head: RunHead, texts: Iterable[TextLogged], held: _Held
    ) -> Iterator[TextLogged]:
        skip = dict(held.texts)
        for text in texts:
            if (why := _refuse_name(text.name)) is not None:
                self.tally.leave_out(head.origin, [why])
            elif len(text.value) > LIMITS["text"]:
                self.tally.leave_out(
                    head.origin, [f"text {text.name!r}: longer than 16 Mi characters"]
                )
            elif skip.get(text.name, 0):
                skip[text.name] -= 1
            else:
                yield text

    def _keep_files(
        self, head: RunHead, files: Iterable[SourceFile], held: _Held
    ) -> Iterator[Event]:
        skip = dict(held.artifacts)
        for file in files:
            value = file.value
            if value is not None and skip.get(value.name, 0):
                skip[value.name] -= 1
                continue
            if value is None and held.files.get(file.path) == file.size_bytes:
                continue
            event = self._keep(head, file)
            if event is not None:
                yield event

    def _keep(self, head: RunHead, file: SourceFile) -> Event | None:
        """Put a file into the blobs; None where it cannot be kept."""
        if safe_path(file.path) is None or len(file.path) > LIMITS["file path"]:
            self.tally.leave_out(head.origin, [f"file {file.path!r}: no path that may be kept"])
            return None
        key, size_bytes = "", file.size_bytes
        if not self._is_dry_run:
            try:
                stream = file.open()
            except (OSError, TrackboardError) as error:
                self.tally.leave_out(head.origin, [f"file {file.path!r} cannot be read: {error}"])
                return None
            with stream:
                key, size_bytes = self._blobs.put(stream)
        self.tally.files += 1
        self.tally.size_bytes += size_bytes
        value = file.value
        if value is None:
            return FileAdded(head.id, file.path, key, size_bytes, file.time_s)
        return ArtifactLogged(
            head.id, value.name, value.kind, file.path, key, size_bytes, value.step, file.time_s
        )


def _begin(run: RunId, told: RunDescription) -> Iterator[Event]:
    yield Created(
        run,
        told.experiment,
        told.name[: LIMITS["run name"]],
        told.parent,
        told.kind,
        told.created_s,
        told.description[: LIMITS["text"]],
    )
    if told.started_s is not None:
        yield StateChanged(run, RunState.RUNNING, 0, 1, told.started_s)
    elif not told.state.is_terminal:
        yield StateChanged(run, told.state, 0, 1, told.created_s)
    if told.lost_points:
        yield RecordsDropped(run, told.lost_points, "as its source says")


def _describe(run: RunId, told: RunDescription, held: _Held) -> Iterator[Event]:
    """What describes the run and is not here yet: what people changed here since stays."""
    for key, value in told.tags.items():
        if key not in held.tags:
            yield Tagged(run, key, value)
    for key, text in told.properties.items():
        if key not in held.properties:
            yield PropertyAdded(run, key, text)
    for name, parameter in told.parameters.items():
        if name not in held.parameters:
            yield ParameterSet(run, name, parameter)


def _last_time(run: RunDescription) -> float:
    if run.ended_s is not None:
        return run.ended_s
    return run.started_s if run.started_s is not None else run.created_s


def _cut(points: Sequence[SeriesPoints], batch_points: int) -> list[list[SeriesPoints]]:
    """The same points in parts of a transaction's size; at least one, which may be empty."""
    parts: list[list[SeriesPoints]] = [[]]
    room = batch_points
    for series in points:
        at = 0
        while at < len(series.steps):
            if room == 0:
                parts.append([])
                room = batch_points
            stop = min(len(series.steps), at + room)
            parts[-1].append(_slice(series, at, stop))
            room -= stop - at
            at = stop
    return parts


def _slice(series: SeriesPoints, start: int, stop: int) -> SeriesPoints:
    if (start, stop) == (0, len(series.steps)):
        return series
    part = slice(start, stop)
    return replace(
        series,
        steps=series.steps[part],
        has_step=series.has_step[part],
        times_s=series.times_s[part],
        values=series.values[part],
    )


def _refuse_name(name: str) -> str | None:
    """Why a series cannot be called so; None: it can."""
    limit = LIMITS["series name"]
    if not name:
        return "a metric without a name"
    if len(name) > limit:
        return f"metric {name[:40]!r}...: its name has more than {limit:,} characters"
    return None
