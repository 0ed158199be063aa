"""Export: runs as event files that any TensorBoard reads, under the names of the live view.

    <folder>/<run's name>/events.out.tfevents.9999999999.trackboard    its history
    <folder>/<run's name>/<folder below logs/>/<as it was called>      its native event files, copied,
                                                                       and what plugins find beside them

Everything has a fixed place, so exporting again brings the files up to date and adds none. The number
in the history's name makes TensorBoard read it after the native files of the same run: where both hold
a tag, the history wins there as it does in the live view. Of native files only that is changed which would
spoil the parameters of all runs; see `board.export.native_hparams`.

A TensorBoard that is open on the folder keeps the files it has read: start it again after exporting again.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from trackboard.board.dashboards import hparams
from trackboard.board.dashboards.artifacts import ArtifactSeries, group
from trackboard.board.dashboards.contents import Contents
from trackboard.board.dashboards.hparams import Rows
from trackboard.board.eventfiles.escapes import ESCAPED_BECAUSE
from trackboard.board.eventfiles.event_copy import Edit, copy_edited, holds_any
from trackboard.board.eventfiles.run_files import LogFile, RunFiles
from trackboard.board.eventfiles.tag_kinds import TagKinds
from trackboard.board.export import native_hparams
from trackboard.board.export.folder import ExportFolder, Placed
from trackboard.board.export.native_tags import KindsEdit, TagsEdit, name_kinds
from trackboard.board.export.other_values import Values
from trackboard.board.export.run_file import assign_tags, write_history
from trackboard.board.projector.configuration import localize_beside, names_files
from trackboard.board.series import declarations
from trackboard.board.series.declarations import DECLARATION
from trackboard.board.view.run_names import folder_path, name_event_folders, name_runs
from trackboard.board.view.source import Source
from trackboard.errors import NotFound, UsageError
from trackboard.eventfile import encode, read
from trackboard.model import Run, RunId, Series

HISTORY_FILE = "events.out.tfevents.9999999999.trackboard"
_REPORT_EVERY_S = 1.0
_BATCH_RUNS = 200
_REMEMBERED = 16  # files of a run whose content is kept from looking to writing
_NAMED_RUNS = 3
_SHOWN_NOTES = 10
_COLUMNS_MERGED = (
    "{} runs declare columns for parameters: as TensorBoard takes one list for all runs, each has the merged"
    " one"
)
_REASONS = {
    Placed.FOREIGN: "a file that no export made is in its place; move it away",
    Placed.TAKEN: "another run has that folder: this disk does not tell capital letters from small ones",
}


@dataclass(frozen=True)
class Skipped:
    """Something that was not exported, or only in part."""

    what: str  # the run's name, or a file's path
    why: str


@dataclass(frozen=True)
class Export:
    """What an export did."""

    folder: Path
    runs: int
    files: int  # in the folder now because of this export, unchanged ones included
    written: int  # of those, new or changed
    points: int  # of the history, in those files; a table or a file that is a value counts as one
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]  # what a reader of the files should know


def export_runs(
    source: Source,
    runs: Sequence[RunId],
    folder: Path,
    *,
    recursive: bool = True,
    report: Callable[[str], None],
    progress: Callable[[int, int, int], None] | None = None,
) -> Export:
    """Write the history and the native event files of runs below a folder, up to now.

    Who calls has drained the workspace. Exporting twice changes nothing; a file that no export made is
    never touched; one that fails midway leaves whole files only, and may be repeated.

    Args:
        source: The workspace.
        runs: What to export; each once.
        folder: Where to; it is made when it does not exist.
        recursive: Take the runs' descendants too.
        report: Told what is left out as it happens (runs with nothing to show in one line, at the end), how
            far a long export is, once a second, and what a reader of the files should know.
        progress: Told how many runs of how many are written, and how many points, instead of `report`.

    Raises:
        NotFound: A run is not in the workspace; nothing was written.
        UsageError: The folder is a file, cannot be written to, or belongs to a run.
        Conflict: Another export is writing to the folder.
        Unavailable: The disk is full or refused midway.
    """
    chosen = _select_runs(source, runs, recursive=recursive)
    _check_outside(source, chosen, folder)
    named = _list_experiments(source, chosen)
    names = name_runs(named)
    rows = hparams.read_rows(source.store, named, names)
    with ExportFolder(folder) as target:
        task = _Task(
            source, target, names, rows, _Progress(report, total=len(chosen), draw=progress)
        )
        task.merge_native(chosen)
        for at in range(0, len(chosen), _BATCH_RUNS):
            task.export(chosen[at : at + _BATCH_RUNS])
    for line in (*_describe_empty(task.empty, names), *_shorten_notes(task.notes)):
        report(line)
    return Export(
        folder=folder,
        runs=len(chosen),
        files=task.files,
        written=task.written,
        points=task.progress.points,
        skipped=(
            *task.skipped,
            *(Skipped(names[run.id], _empty_reason(run)) for run in task.empty),
        ),
        notes=tuple(task.notes),
    )


@dataclass
class _Progress:
    """Says how far an export is, at most once a second."""

    report: Callable[[str], None]
    total: int
    clock: Callable[[], float] = time.monotonic
    draw: Callable[[int, int, int], None] | None = None  # told each time instead
    runs: int = 0
    points: int = 0
    said_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.said_s = self.clock()

    def add(self, points: int) -> None:
        self.points += points
        if self.draw is not None:
            self.draw(self.runs, self.total, self.points)
            return
        now_s = self.clock()
        if now_s - self.said_s >= _REPORT_EVERY_S:
            self.said_s = now_s
            self.report(f"{self.runs:,} of {self.total:,} runs, {self.points:,} points")


@dataclass(frozen=True)
class _Native:
    """A file of a run's log directory, and what TensorBoard will call that."""

    file: LogFile
    folder: str

    @property
    def location(self) -> Path:
        return self.file.location

    @property
    def where(self) -> PurePosixPath:
        """Where it belongs in an export."""
        return folder_path(self.folder) / self.file.path


@dataclass
class _Task:
    """One export underway."""

    source: Source
    target: ExportFolder
    names: Mapping[RunId, str]
    rows: Rows  # parameters and tags of all runs of the experiments, by name
    progress: _Progress
    files: int = 0
    written: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    empty: list[Run] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    marks: Mapping[str, Mapping[str, Any]] = field(init=False)  # the same as TensorBoard's tags
    declaration: bytes = b""  # of columns for parameters, where native event files have any

    def __post_init__(self) -> None:
        self.marks = hparams.encode(self.rows)
        self.run_files = RunFiles(self.source)
        self.kept = self.run_files.list_kept()
        self.ours: set[str] = set()  # names of folders with files that only an export makes

    def merge_native(self, runs: Sequence[Run]) -> None:
        """Merge what native files say of parameters: rows into those of their runs, and all declarations."""
        files = [each for run in runs for each in self._list_native(run) if each.file.is_events]
        native: dict[str, dict[str, Any]] = {}
        for each in files:
            marks = native_hparams.read_marks(each.location)
            if marks:
                native[each.folder] = {**marks, **native.get(each.folder, {})}
        own = {name: native[name] for name in self.rows if name in native}
        if own:
            rows = {run: _only(tags, native_hparams.ROW) for run, tags in own.items()}
            self.marks = hparams.merge(self.rows, rows)
        declaring = [folder for folder, tags in native.items() if DECLARATION in tags]
        if declaring:
            names = {self.names[run.id] for run in runs}
            shown = {name: tags for name, tags in self.marks.items() if name in names}
            tags = {
                run: {**native.get(run, {}), **shown.get(run, {})} for run in {**native, **shown}
            }
            merged = declarations.merge(tags, partial(self._list_scalars, runs, files))
            contents = (t[DECLARATION].plugin_content for t in merged.values() if DECLARATION in t)
            self.declaration = next(contents, b"")
        if len(declaring) > 1:
            self.notes.append(_COLUMNS_MERGED.format(len(declaring)))

    def _list_scalars(
        self,
        runs: Sequence[Run],
        files: Sequence[_Native],
        is_wanted: Callable[[str], bool],
    ) -> Mapping[str, set[str]]:
        """Tags of scalars of the runs that are wanted, of the history and of native files."""
        found: dict[str, set[str]] = defaultdict(set)
        wanted = [run.id for run in runs if is_wanted(self.names[run.id])]
        for series in self.source.store.list_series(runs=wanted, text=False):
            found[self.names[series.run]].add(series.name)
        for each in files:
            if is_wanted(each.folder):
                kinds = TagKinds()
                kinds.read_on(each.location)
                found[each.folder].update(t for t, k in kinds.by_tag.items() if "scalars" in k)
        return found

    def export(self, runs: Sequence[Run]) -> None:
        """Export some runs; the more at once, the fewer questions."""
        found = self.source.store.list_artifacts(runs=[run.id for run in runs])
        artifacts_by_run: dict[str, list[ArtifactSeries]] = defaultdict(list)
        for logged in group(found, self.names):
            artifacts_by_run[logged.run].append(logged)
        for run in runs:
            self._export_run(run, artifacts_by_run.get(self.names[run.id], []))

    def _export_run(self, run: Run, artifacts: Sequence[ArtifactSeries]) -> None:
        name = self.names[run.id]
        store = self.source.store
        series = store.list_series(runs=[run.id])
        contents = Contents(self.source.blobs, remembered=_REMEMBERED)
        values = Values(store, contents, series, artifacts, self.marks.get(name, {}))
        if series or values:
            self._export_history(run, series, values)
        for what, why in values.problems:
            self._skip(f"{name}: {what}", why)
        if name in self.rows:
            for each in hparams.left_out(self.rows[name], self.marks[name]):
                why = "TensorBoard's parameters have no NaN and no infinite numbers"
                self._skip(f"{name}: parameter {each}", why)
        native = self._list_native(run)
        tags = assign_tags(series, values) if native else {}
        self._export_native(name, native, {tag: use.plugin for (use, _), tag in tags.items()})
        if not (series or values or native):
            self.empty.append(run)
        self.progress.runs += 1
        self.progress.add(0)

    def _export_native(self, name: str, native: Sequence[_Native], own: Mapping[str, str]) -> None:
        """Copy native files.

        Args:
            name: Their run's.
            native: The files.
            own: The tags of the run's history, with their kinds.
        """
        events: dict[str, list[_Native]] = defaultdict(list)
        for file in native:
            if file.file.is_events:
                events[file.folder].append(file)
        for folder, files in events.items():
            self._export_events(
                folder,
                files,
                own if folder == name else {},
                has_row=folder == name and name in self.rows,
            )
        for file in native:
            if not file.file.is_events:
                self._copy_beside(file, native, is_ours=bool({name, file.folder} & self.ours))

    def _export_events(
        self, folder: str, files: Sequence[_Native], own: Mapping[str, str], *, has_row: bool
    ) -> None:
        """Copy the event files of one folder."""
        without = set(native_hparams.ROW) if has_row else set()
        if not self.declaration:  # damaged: it would spoil the parameters of all runs
            without.add(DECLARATION)
        kinds = TagKinds({tag: (kind,) for tag, kind in own.items()})
        for file in files:
            kinds.read_on(file.location)
        apart = KindsEdit(kinds.mixed, name_kinds(kinds.mixed, kinds.by_tag, own))
        escaped = TagsEdit()
        edits: list[Edit] = [native_hparams.MarksEdit(self.declaration, without), apart, escaped]
        for file in files:
            if self._copy(file.location, file.where, edits):
                self.ours.add(folder)
        self.notes += [f"{folder}: {note}" for note in apart.describe()]
        for tag, instead in escaped.met.items():
            self.notes.append(f"{folder}: {tag!r} is under {instead}, {ESCAPED_BECAUSE}")

    def _list_native(self, run: Run) -> list[_Native]:
        """The files of a run's log directories."""
        native = self.run_files.list(run.id, self.kept.get(run.id, ()))
        folders = name_event_folders({(run.id, file.folder) for file in native}, self.names)
        return [_Native(file, folders[run.id, file.folder]) for file in native]

    def _export_history(self, run: Run, series: Sequence[Series], values: Values) -> None:
        name = self.names[run.id]
        where = folder_path(name) / HISTORY_FILE
        before = self.progress.points

        def fill(stream: BinaryIO) -> None:
            store, add = self.source.store, self.progress.add
            written = write_history(store, run, series, stream, progress=add, values=values)
            self.notes.extend(f"{name}: {note}" for note in written.notes)

        placed = self.target.put(where, fill, is_ours=_is_history)
        if self._count(placed, where):
            self.ours.add(name)
        else:
            self.progress.points = before

    def _copy_beside(self, native: _Native, others: Sequence[_Native], *, is_ours: bool) -> None:
        """Copy a file that lies beside event files."""

        def fill(copy: BinaryIO) -> None:
            with native.location.open("rb") as stream:
                if names_files(native.file.path):
                    beside = [each.file.path for each in others if each.folder == native.folder]
                    copy.write(localize_beside(native.file.path, stream.read(), beside))
                else:
                    shutil.copyfileobj(stream, copy)

        try:
            placed = self.target.put(native.where, fill, is_ours=lambda _: is_ours)
        except FileNotFoundError:
            return  # removed meanwhile
        self._count(placed, native.where)

    def _copy(self, path: Path, where: PurePosixPath, edits: Sequence[Edit]) -> bool:
        """Copy the whole records that an event file holds now, some of them changed."""
        try:
            stream = path.open("rb", buffering=0)
        except OSError as exc:
            self._skip(str(path), f"cannot be read: {exc.strerror}")
            return False
        with stream:
            extent = read.measure(stream)
            if extent.is_damaged:
                self._skip(str(path), f"damaged from byte {extent.end:,} on; copied up to there")
            if not extent.records:
                self._skip(str(path), "holds no whole record")
                return False

            def fill(copy: BinaryIO) -> None:
                needed = [edit for edit in edits if holds_any(stream, extent.end, edit.words)]
                if needed:
                    copy_edited(path, copy, extent.end, needed)
                else:
                    _copy_bytes(stream, copy, extent.end)

            def is_ours(found: Path) -> bool:
                first = _first_record(path)
                return first is not None and first == _first_record(found)

            return self._count(self.target.put(where, fill, is_ours=is_ours), where)

    def _count(self, placed: Placed, where: PurePosixPath) -> bool:
        if placed in _REASONS:
            self._skip(str(where), _REASONS[placed])
            return False
        self.files += 1
        self.written += placed is Placed.WRITTEN
        return True

    def _skip(self, what: str, why: str) -> None:
        self.skipped.append(Skipped(what, why))
        self.progress.report(f"{what}: {why}")


def _only(tags: Mapping[str, Any], wanted: Collection[str]) -> dict[str, Any]:
    return {tag: data for tag, data in tags.items() if tag in wanted}


def _empty_reason(run: Run) -> str:
    return f"nothing to show: no metrics and no event files ({run.state.value})"


def _describe_empty(empty: Sequence[Run], names: Mapping[RunId, str]) -> Iterable[str]:
    """One line, however many: an experiment's parent often has a child without data for each try."""
    if len(empty) == 1:
        yield f"{names[empty[0].id]}: {_empty_reason(empty[0])}"
    elif empty:
        states = Counter(run.state.value for run in empty)
        told = ", ".join(f"{count:,} {state}" for state, count in states.items())
        some = ", ".join(names[run.id] for run in empty[:_NAMED_RUNS])
        more = f" and {len(empty) - _NAMED_RUNS:,} more" if len(empty) > _NAMED_RUNS else ""
        yield (
            f"{len(empty):,} runs have nothing to show, no metrics and no event files ({told}):"
            f" {some}{more}"
        )


def _shorten_notes(notes: Sequence[str]) -> Iterable[str]:
    yield from notes[:_SHOWN_NOTES]
    if len(notes) > _SHOWN_NOTES:
        yield f"and {len(notes) - _SHOWN_NOTES:,} more notes like these"


def _select_runs(source: Source, runs: Sequence[RunId], *, recursive: bool) -> tuple[Run, ...]:
    known = {run.id for run in source.store.list_runs(ids=runs)}
    unknown = [run for run in runs if run not in known]
    if unknown:
        raise NotFound(
            f"run {unknown[0]!r} is not in {source.name}", hint="Check the id, and the workspace."
        )
    if recursive:
        return source.store.list_descendants(runs)
    return source.store.list_runs(ids=runs)


def _check_outside(source: Source, runs: Sequence[Run], folder: Path) -> None:
    """An export into a run's own folder would find its copies there the next time."""
    resolved = folder.resolve()
    for run in runs:
        if resolved.is_relative_to(source.run_folder(run.id).resolve()):
            raise UsageError(
                f"cannot export to {folder}: that is in the folder of run {run.id}",
                hint="Name a folder of your own.",
            )


def _list_experiments(source: Source, runs: Sequence[Run]) -> tuple[Run, ...]:
    """All runs of the experiments concerned: names and types of parameters depend on them."""
    experiments = dict.fromkeys(run.experiment for run in runs)
    return tuple(run for one in experiments for run in source.store.list_runs(experiment=one))


def _is_history(path: Path) -> bool:
    record = _first_record(path)
    return record is not None and encode.is_header(record)


def _first_record(path: Path) -> bytes | None:
    """What an event file begins with: it holds the time of its making, so copies share it."""
    try:
        return next((record.data for record in read.iter_records(path)), None)
    except read.CorruptRecord:
        return None


def _copy_bytes(source: BinaryIO, copy: BinaryIO, size: int) -> None:
    source.seek(0)
    while size > 0 and (block := source.read(min(size, 1 << 20))):
        copy.write(block)
        size -= len(block)
