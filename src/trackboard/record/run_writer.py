"""The records of one run, each as it is given or refused; training code holds a `LiveRun`."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, BinaryIO, Dict, Mapping, Optional, Tuple, TypeVar

from trackboard.errors import Unavailable, UsageError
from trackboard.model import (
    REASON,
    ArtifactKind,
    ArtifactLogged,
    Created,
    FileAdded,
    FileRef,
    FileRemoved,
    ParameterSet,
    PropertyAdded,
    RunId,
    RunKind,
    RunState,
    SeriesRef,
    StateChanged,
    Tagged,
    TextLogged,
    check_length,
    check_metric_name,
    check_run_id,
    new_run_id,
)
from trackboard.record.value import (
    check_property,
    check_run_name,
    check_tag,
    plain_size,
    plain_step,
    plain_text,
    plain_value,
)
from trackboard.spool.layout import HAS_STEP

if TYPE_CHECKING:  # the ports load numpy
    from trackboard.ports.record_sink import RecordSink

_log = logging.getLogger("trackboard")

_CAUSE_CHARACTERS = 100_000  # an exception that shows an array must not keep a run from ending

_Writer = TypeVar("_Writer", bound="RunWriter")


class RunWriter:
    """Writes what a process says about one run.

    Args:
        sink: Takes what is recorded: this process's spool.
        run_id: The run.
        experiment: Name of its experiment.
        owner: Whether this process owns the run's state. Its forks never do.
        attempt: Counts tries of a resumed or repeated run.
        prefix: Put before the names of everything that is logged: `rank3/` in rank 3 of a job.

    Threads: every method may be called from any thread. `log_scalar` costs microseconds, waits for nobody
    and raises only for wrong arguments, never for a disk.
    """

    def __init__(
        self,
        sink: RecordSink,
        run_id: RunId,
        experiment: str,
        *,
        owner: bool,
        attempt: int = 0,
        name: str = "",
        prefix: str = "",
    ) -> None:
        self.id = run_id
        self.experiment = experiment
        self.name = name
        self.prefix = prefix
        self._sink = sink
        self._series: Dict[str, SeriesRef] = {}
        self._left: Optional[Dict[str, SeriesRef]] = None  # these, once the run's block was left
        self._files: Dict[str, FileRef] = {}
        self._rows: Dict[str, int] = {}  # rows of each table so far
        self._owner_pid = os.getpid() if owner else -1
        self._attempt = attempt
        self._sequence = 0
        self._state: Optional[RunState] = None
        self._started_at_s: Optional[float] = None  # on the monotonic clock
        self._is_child = False

    @property
    def is_owner(self) -> bool:
        """Whether this process may change the run's state."""
        return self._owner_pid == os.getpid()

    @property
    def began_elsewhere(self) -> bool:
        """Whether neither this process nor one that it was forked from owns the run's state."""
        return self._owner_pid == -1

    @property
    def state(self) -> Optional[RunState]:
        """The state this process gave the run last; None when it gave none."""
        return self._state

    # -- metrics ------------------------------------------------------------------------------

    def log_scalar(self, name: str, value: object, step: Optional[int] = None) -> None:
        """Record one value of a metric.

        Args:
            name: 1 to 1,024 characters.
            value: A number, a bool or text; one-element arrays and tensors count as numbers.
            step: int64; may repeat or go back. None: the count of the series at that moment.

        Raises:
            UsageError: The name, the value or the step is not one that can be stored.
        """
        try:
            series = self._series.get(name)
        except TypeError:  # not even hashable
            check_metric_name(name)
            raise
        if series is None:
            series = self._begin_series(name)
        if step is None:
            flags, at = 0, 0
        else:
            flags, at = HAS_STEP, step if type(step) is int else plain_step(name, step)
            if not -0x8000000000000000 <= at <= 0x7FFFFFFFFFFFFFFF:
                plain_step(name, at)
        if type(value) is float:
            self._sink.append_float(series, flags, at, value)
        else:
            self._log_other(series, flags, at, plain_value(name, value))

    def _log_other(self, series: SeriesRef, flags: int, step: int, value: object) -> None:
        if isinstance(value, float):
            self._sink.append_float(series, flags, step, value)
        elif isinstance(value, int):
            kind = 1 if isinstance(value, bool) else 2
            self._sink.append_int(series, kind, flags, step, value)
        else:
            at = step if flags else None
            text = TextLogged(self.id, series.name, str(value), at, time.time(), series.table)
            self._sink.append_event(text)

    def leave(self) -> None:
        """Say that the block around the run was left: a value that comes after it is warned of, once."""
        self._left, self._series = self._series, {}  # so that `log` need not ask each time

    def _begin_series(self, name: str, table: str = "") -> SeriesRef:
        check_metric_name(name)
        if self._left is not None:
            self._warn_if_left(name)
            if name in self._series:
                return self._series[name]
        table = self.prefix + table if table else ""
        series = self._sink.series(self.id, self.prefix + name, table)
        return self._series.setdefault(name, series)

    def _warn_if_left(self, name: str) -> None:
        if self._left is not None:
            self._series, self._left = self._left, None
            _log.warning(
                "trackboard: %r was logged after the block of run %s/%s, which has ended: it is kept, and so"
                " is what follows, without another warning. Log within the block.",
                name,
                self.experiment,
                self.name or self.id,
            )

    def log_row(self, table: str, cells: Mapping[str, object], step: Optional[int] = None) -> None:
        """Record one row of a table: each cell is a value of the series `table/column`.

        Nothing is recorded when one of the cells cannot be.

        Args:
            table: The table's name.
            cells: Values by column; columns may differ from row to row.
            step: Of its cells. None: the row's number, counted by this process from 0.

        Raises:
            UsageError: A name or a value is not one that can be stored, or there is no cell.
        """
        check_metric_name(table)
        if not cells:
            raise UsageError(
                f"table {table!r}: a row without columns cannot be logged",
                hint=f'Name its columns: log_row("{table}", x=1, y=0.5).',
            )
        row = [
            (self._column(table, column), plain_value(f"{table}/{column}", value))
            for column, value in cells.items()
        ]
        number = self._rows.get(table, 0)
        self._rows[table] = number + 1
        at = number if step is None else plain_step(table, step)
        for series, value in row:
            self._log_other(series, HAS_STEP, at, value)

    def _column(self, table: str, column: str) -> SeriesRef:
        if not isinstance(column, str) or not column:
            raise UsageError(
                f"table {table!r}: the column name {column!r} is not allowed",
                hint="It must be text of some length.",
            )
        name = f"{table}/{column}"
        series = self._series.get(name)
        return self._begin_series(name, table) if series is None else series

    def log_artifact(
        self,
        name: str,
        kind: ArtifactKind,
        path: str,
        key: str,
        size_bytes: int,
        step: Optional[int] = None,
    ) -> None:
        """Record a metric's value that is a file, which `put_file` keeps under `key`.

        Args:
            name: The metric.
            kind: What the file is.
            path: Its posix path within the run.
            key: Its key.
            size_bytes: Its size.
            step: None: the count of the metric's files at that moment.

        Raises:
            UsageError: The name, the path, the size or the step is not one that can be stored.
            Unavailable: The file is gone since it was put.
        """
        check_metric_name(name)
        check_length("file path", path)
        check_length("blob key", key)
        plain_size(path, size_bytes)
        at = None if step is None else plain_step(name, step)
        self._warn_if_left(name)
        self._sink.append_event(
            ArtifactLogged(
                self.id, self.prefix + name, kind, path, key, size_bytes, at, time.time()
            )
        )

    # -- what describes the run ---------------------------------------------------------------

    def set_tag(self, key: str, value: Optional[str] = None) -> None:
        """Add or replace a tag.

        Raises:
            UsageError: The key or the value is not text, or too long.
        """
        self._sink.append_event(Tagged(self.id, *check_tag(key, value)))

    def remove_tag(self, key: str) -> None:
        """Take a tag away; nothing happens when there is none."""
        self._sink.append_event(Tagged(self.id, check_tag(key, None)[0], None, removed=True))

    def add_property(self, key: str, value: str) -> None:
        """Give a property, which never changes afterwards.

        Raises:
            UsageError: The key or the value is not text, or too long.
        """
        self._sink.append_event(PropertyAdded(self.id, *check_property(key, value)))

    def set_parameter(self, name: str, value: object) -> None:
        """Give a parameter its value; set again, the later value counts.

        Raises:
            UsageError: The name or the value is not one that can be stored.
        """
        check_metric_name(name)
        self._sink.append_event(ParameterSet(self.id, name, plain_value(name, value)))

    # -- files ----------------------------------------------------------------------------------

    def append_bytes(self, path: str, offset: int, data: bytes) -> None:
        """Send bytes of a growing file; they end up in `runs/<run id>/<path>`.

        Args:
            path: Posix path within the run.
            offset: Where in the file; 0 starts the copy again from nothing.
            data: May be empty with offset 0: an empty file.

        Raises:
            UsageError: The path is too long.
        """
        file = self._files.get(path)
        if file is None:
            check_length("file path", path)
            file = self._files.setdefault(path, self._sink.file(self.id, path))
        self._sink.append_bytes(file, offset, data)

    def remove_file(self, path: str) -> None:
        """Take a growing file away again; a complete one of the same path stays.

        Raises:
            UsageError: The path is too long.
        """
        check_length("file path", path)
        self._sink.append_event(FileRemoved(self.id, path))

    def put_file(self, source: BinaryIO) -> Tuple[str, int]:
        """Keep everything that `source` still holds, for `add_file` or `log_artifact` to name.

        Returns:
            The key and the size in bytes.

        Raises:
            Unavailable: The disk refuses; nothing is left of it.
        """
        return self._sink.put_file(source)

    def discard_file(self, key: str) -> None:
        """Forget a file that was put and is not named after all."""
        self._sink.discard_file(key)

    def add_file(self, path: str, key: str, size_bytes: int) -> None:
        """Say that the run has a complete file, which `put_file` keeps under `key`.

        Raises:
            UsageError: The path or the key is too long, or the size is none of 64 bits.
            Unavailable: The file is gone since it was put.
        """
        check_length("file path", path)
        check_length("blob key", key)
        plain_size(path, size_bytes)
        self._sink.append_event(FileAdded(self.id, path, key, size_bytes, time.time()))

    # -- life -----------------------------------------------------------------------------------

    def child(self: _Writer, name: str = "", *, run_id: Optional[str] = None) -> _Writer:
        """Begin a run below this one; it is running at once and this process owns its state.

        Raises:
            UsageError: The run id is not allowed, or the name is not text.
        """
        child_id = new_run_id() if run_id is None else check_run_id(run_id)
        child = type(self)(self._sink, child_id, self.experiment, owner=True, name=name)
        child._is_child = True
        child.announce(self.id, RunKind.INTERACTIVE)
        return child

    def announce(self, parent: Optional[RunId], kind: RunKind, description: str = "") -> None:
        """Say that the run exists; an owned one is running from now on."""
        name = check_run_name(self.name)
        said = plain_text("a run's description", description)
        self._sink.append_event(
            Created(self.id, self.experiment, name, parent, kind, time.time(), said)
        )
        if self.is_owner:
            self.set_state(RunState.RUNNING)

    def set_state(self, state: RunState, cause: str = "") -> None:
        """Move the run to another state. In a process that does not own it, nothing happens.

        Raises:
            UsageError: The run has ended already, in another state.
        """
        if not self.is_owner:
            return
        if self._state is not None and self._state.is_terminal:
            if state is self._state:
                return
            raise UsageError(
                f"run {self.id} is {self._state.value} already and cannot become {state.value}",
                hint="Start another run, or a child of this one.",
            )
        if state is RunState.RUNNING and self._started_at_s is None:
            self._started_at_s = time.monotonic()
        began = self._started_at_s
        elapsed_s = None if began is None else time.monotonic() - began
        self._sequence += 1
        said = str(cause)[:_CAUSE_CHARACTERS]
        self._sink.append_event(
            StateChanged(
                self.id, state, self._attempt, self._sequence, time.time(), said, elapsed_s
            )
        )
        self._state = state
        if state.is_terminal and not self._is_child:  # hundreds of children end at once
            self._sink.sync()

    @property
    def is_stored(self) -> bool:
        """Whether the disk has taken all that this process recorded, of this run and others."""
        return not self._sink.was_refused

    def complete(self) -> None:
        """End the run well. In a process that does not own its state: sync what was recorded.

        Raises:
            UsageError: The run has ended already, in another state.
            Unavailable: The disk does not take it; it is tried again until the process ends.
        """
        self._end(RunState.COMPLETED)

    def fail(self, cause: str = "") -> None:
        """End the run as failed; otherwise like `complete`.

        In a process that does not own its state, the cause is kept as a property, the first one for
        good: a job fails by how its script exits.
        """
        if cause and not self.is_owner:
            self.add_property(REASON, str(cause)[:_CAUSE_CHARACTERS])
        self._end(RunState.FAILED, cause)

    def cancel(self, cause: str = "") -> None:
        """End the run as canceled; otherwise like `complete`."""
        self._end(RunState.CANCELED, cause)

    def _end(self, state: RunState, cause: str = "") -> None:
        if self.is_owner:
            self.set_state(state, cause)
        else:
            self._sink.sync()
        if self._sink.is_behind:
            self._sink.sync()
        if self._sink.is_behind:
            raise Unavailable(
                f"that run {self.id} is {state.value} could not be recorded: its disk refuses",
                hint="Make room, or mend the folder's rights, and end the run once more."
                " It is tried again when this process ends.",
            )
