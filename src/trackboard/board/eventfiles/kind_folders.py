"""Copies of what event files hold under tags of several kinds, each kind in a folder of its own.

TensorBoard's readers take a tag for what its first value is, and lose the others (see
`board.eventfiles.tag_kinds`). So a thread reads along, and of such tags, and of these only, writes what is of
one kind to a folder that another reader follows. A reader never forgets: where a tag turns out to be of one
more kind, its run is copied anew, to folders with other numbers.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tensorboard.compat.proto import event_pb2

from trackboard.board.eventfiles.event_copy import iter_events
from trackboard.board.eventfiles.provider import EventFolders
from trackboard.board.eventfiles.replaced import FileState
from trackboard.board.eventfiles.tag_kinds import TagKinds, find_kind, label
from trackboard.board.private_folder import PrivateFolder
from trackboard.eventfile import encode

_PATIENCE_S = 0.3
_STOP_S = 1.0

_log = logging.getLogger(__name__)

Files = Mapping[
    str, Sequence[tuple[Path, FileState]]
]  # event files by the reader's name of their run


class KindFolder(NamedTuple):
    """What one folder of copies holds."""

    run: str  # as the reader of the whole files calls it
    kind: str


class Failed(NamedTuple):
    """Tags of a run of which no copies could be made."""

    mixed: Mapping[str, Sequence[str]]  # their kinds
    why: str


@dataclass
class _Run:
    """A run that is read along."""

    kinds: TagKinds = field(default_factory=TagKinds)
    states: dict[Path, FileState] = field(default_factory=dict)
    mixed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # as it is copied
    numbers: dict[str, str] = field(default_factory=dict)  # folders by kind
    copied: dict[Path, int] = field(default_factory=dict)  # up to where
    has_failed: bool = False


class KindFolders:
    """Follows event files, and makes the copies. Nothing is done before the first question.

    Args:
        watched: The files.
        parents: Where the copies may be, the best place first.
    """

    def __init__(self, watched: EventFolders, parents: Sequence[Path] = ()) -> None:
        self._watched = watched
        self._parents = parents
        self._lock = threading.Lock()
        self._done = threading.Condition(self._lock)
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._private: PrivateFolder | None = None
        self._runs: dict[str, _Run] = {}
        self._apart: dict[str, KindFolder] = {}
        self._mixed: dict[str, frozenset[str]] = {}
        self._failed: dict[str, Failed] = {}
        self._next_number = 0
        self._noticed = self._looked = 0  # of the changes to the files
        self._awaited = (-1, -1)
        self._epoch = 0
        self.changes = 0
        self.generation = 0
        self.epoch = 0

    # -- for the reader of the copies ------------------------------------------------------------------

    def follow(self, _experiment_id: str = "") -> None:
        """Have the thread look at what has changed; the first time and for new runs, wait a moment."""
        changes = self._watched.changes
        awaited = (self._watched.generation, self._watched.epoch)
        with self._lock:
            if self._is_closed or changes == self._noticed:
                return
            self._noticed = changes
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._read_along, name="trackboard-kinds", daemon=True
                )
                self._thread.start()
            self._wake.set()
            if awaited != self._awaited:
                self._awaited = awaited
                self._done.wait_for(lambda: self._looked >= changes, _PATIENCE_S)

    def find_root(self) -> Path | None:
        """The folder with the copies, None while there are none."""
        return self._private.path if self._private and self._apart else None

    def is_complete(self, own_names: Collection[str]) -> bool:
        """Whether the reader has found all folders."""
        with self._lock:
            return self._apart.keys() <= set(own_names)

    def list_files(self) -> dict[str, list[tuple[Path, FileState]]]:
        """None that anybody has to look into."""
        return {}

    def list_names(self, experiment_id: str) -> None:
        """None: what the folders are is asked by `list_apart`."""

    def list_others(self, _experiment_id: str) -> tuple[str, ...]:
        """None."""
        return ()

    def list_apart(self) -> dict[str, KindFolder]:
        """What the folders hold, by their names."""
        with self._lock:
            return dict(self._apart)

    def list_mixed(self) -> dict[str, frozenset[str]]:
        """The tags in the copies, by the reader's names of runs."""
        with self._lock:
            return dict(self._mixed)

    def list_failed(self) -> dict[str, Failed]:
        """What could not be copied, by the reader's names of runs."""
        with self._lock:
            return dict(self._failed)

    def close(self) -> None:
        """Stop reading along and remove the copies."""
        with self._lock:
            self._is_closed = True
            self._wake.set()
        if self._thread:
            self._thread.join(_STOP_S)
        with self._lock:
            if self._private:
                self._private.close()

    # -- the thread --------------------------------------------------------------------------------------

    def _read_along(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._is_closed:
                return
            changes = (
                self._watched.changes
            )  # before looking: what comes meanwhile is looked at again
            self._scan()
            with self._lock:
                self._looked = changes
                self._done.notify_all()

    def _scan(self) -> None:
        if self._watched.epoch != self._epoch:
            self._epoch = self._watched.epoch
            self._forget(list(self._runs))
        files = self._watched.list_files()
        self._forget([name for name in self._runs if name not in files])
        for name, found in files.items():
            states = dict(found)
            run = self._runs.setdefault(name, _Run())
            if states != run.states and not run.has_failed and not self._is_closed:
                for path in states:
                    if states[path] != run.states.get(path):
                        run.kinds.read_on(path, lambda: not self._is_closed)
                run.states = states
                self._copy(name, run)

    def _forget(self, names: Collection[str]) -> None:
        for name in names:
            self._drop(name, self._runs.pop(name))
            with self._lock:
                self._failed.pop(name, None)

    def _drop(self, name: str, run: _Run) -> None:
        """Remove the copies of a run."""
        with self._lock:
            self._mixed.pop(name, None)
            for number in run.numbers.values():
                self._apart.pop(number, None)
            self.generation += bool(run.numbers)
        for number in run.numbers.values():
            if self._private:
                shutil.rmtree(self._private.path / number, ignore_errors=True)
        run.numbers, run.copied = {}, {}

    def _copy(self, name: str, run: _Run) -> None:
        """Bring the copies of a run up to date."""
        mixed = run.kinds.mixed
        if not mixed:
            return
        try:
            if mixed != run.mixed:
                self._drop(name, run)
                run.mixed = mixed
                self._make_folders(run)
            for path in run.states:
                self._copy_file(run, path)
        except OSError as error:
            self._drop(name, run)
            run.has_failed = True
            failed = Failed(mixed, error.strerror or str(error))
            _log.warning("tags of several kinds cannot be told apart: %s", failed.why)
            with self._lock:
                self._failed[name] = failed
            return
        with self._lock:
            self._mixed[name] = frozenset(mixed)
            for kind, number in run.numbers.items():
                if number not in self._apart:
                    self._apart[number] = KindFolder(name, kind)
                    self.generation += 1
            self.changes += 1

    def _make_folders(self, run: _Run) -> None:
        if self._private is None:
            self._private = PrivateFolder(*self._parents)
        for kind in dict.fromkeys(kind for kinds in run.mixed.values() for kind in kinds):
            run.numbers[kind] = str(self._next_number)
            self._next_number += 1
            (self._private.path / run.numbers[kind]).mkdir()

    def _copy_file(self, run: _Run, path: Path) -> None:
        """Copy what was added to a file."""
        begin, end = run.copied.get(path, 0), run.kinds.end(path)
        if end <= begin or self._private is None:
            return
        words = [encode.tag_field(tag) for tag in run.mixed]
        root = self._private.path
        try:
            stream = path.open("rb")
        except OSError:  # gone: the next look sees it
            return
        with contextlib.ExitStack() as stack:
            stack.enter_context(stream)
            stream.seek(begin)
            copies: dict[str, BinaryIO] = {}
            for _, event in iter_events(stream, end - begin, words):
                for kind, part in split_event(event, run.mixed).items() if event else ():
                    if kind not in copies:
                        file = root / run.numbers[kind] / path.name
                        copies[kind] = stack.enter_context(file.open("ab"))
                        if not copies[kind].tell():
                            copies[kind].write(encode.header(part.wall_time))
                    copies[kind].write(encode.frame(part.SerializeToString()))
        run.copied[path] = end


def split_event(
    event: event_pb2.Event, mixed: Mapping[str, Sequence[str]]
) -> dict[str, event_pb2.Event]:
    """What an event holds under some tags, by kind; each value names its plugin."""
    parts: dict[str, Any] = {}
    for value in event.summary.value:
        kind = find_kind(value, mixed.get(value.tag, ()))
        if kind in mixed.get(value.tag, ()):
            if kind not in parts:
                parts[kind] = event_pb2.Event(wall_time=event.wall_time, step=event.step)
            part = parts[kind].summary.value.add()
            part.CopyFrom(value)
            label(part, kind)
    return parts
