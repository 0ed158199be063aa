"""The log directories of a view's runs, made for TensorBoard in one private folder.

`reader/` is for TensorBoard's reader of event files, which shows the sub-folders of one folder as runs.
Ours are numbered and hold links, so that odd names do no harm; what each number is called is worked out
when TensorBoard asks, so that a renamed run is renamed at once. A reader never reads a file twice: where one
was replaced, its folder gets another number.

What lies beside a history and belongs to none of its runs is read as well, and called as it is there.

`logdir/` is for plugins that walk the log directory themselves; see `log_directory`.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

from trackboard.board.eventfiles.discovery import UnrecordedFiles
from trackboard.board.eventfiles.log_directory import LogDirectory
from trackboard.board.eventfiles.replaced import EventWatch, FileState
from trackboard.board.eventfiles.run_files import LogFile, RunFiles
from trackboard.board.eventfiles.throttle import Throttle
from trackboard.board.private_folder import PrivateFolder
from trackboard.board.view.run_list import RunList, RunLists, own_key
from trackboard.board.view.run_names import name_event_folders, name_unrecorded_folders
from trackboard.model import Run, RunId
from trackboard.ports import RunFile

_SETTLED_S = 60.0  # what of a run's files may still arrive after its end
_SETTLED_PER_LOOK = 500
_NO_RUN = RunId("")  # in the place of the run of unrecorded files

Folder = tuple[RunId, str]


class RunFolders:
    """Follows the log directories of the runs of a board's views.

    Args:
        files: Where their files are.
        run_lists: Which runs there are.
        private: Where links may be made; it is removed by `close`.
        unrecorded: Event files that belong to no run and are shown by the page's own view.
    """

    epoch = 0  # the reader never has to start again: a replaced file has another folder

    def __init__(
        self,
        files: RunFiles,
        run_lists: RunLists,
        private: PrivateFolder,
        unrecorded: UnrecordedFiles | None = None,
    ) -> None:
        self._run_files = files
        self._run_lists = run_lists
        self._private = private
        self._unrecorded = unrecorded
        self._links = private.path / "reader"
        self._lock = threading.Lock()
        self._throttles: dict[str, Throttle] = {}
        self._files: dict[RunId, tuple[LogFile, ...]] = {}
        self._watches: dict[RunId, EventWatch[tuple[str, str]]] = defaultdict(EventWatch)
        self._numbers: dict[Folder, str] = {}
        self._next_number = 0
        self._others: set[Folder] = set()  # log directories with other files than event files
        self.generation = 0
        self._names: WeakKeyDictionary[RunList, tuple[int, Mapping[Folder, str]]]
        self._names = WeakKeyDictionary()
        self._kept: tuple[int, Mapping[RunId, tuple[RunFile, ...]]] = (-1, {})
        self._ended_since: dict[RunId, float] = {}
        self._scanned_ended: set[RunId] = set()
        self._cursor = 0
        self._is_changed = False
        self._shown: Mapping[Folder, str] = {}
        self._directory = LogDirectory(private.path / "logdir")
        self._directory.path.mkdir()
        self.changes = 0

    @property
    def log_directory(self) -> LogDirectory:
        """A log directory for plugins that walk it themselves."""
        return self._directory

    def follow(self, experiment_id: str) -> None:
        """Look for new files and new bytes of the view's runs, at most about once a second.

        At a run that has ended meanwhile it looks at once, as nobody may ask again.
        """
        run_list = self._run_lists.get(experiment_id)
        key = own_key(experiment_id)
        unrecorded = None if key or self._unrecorded is None else _as_logs(self._unrecorded)
        with self._lock:
            throttle = self._throttles.setdefault(key, Throttle())
            if throttle.is_due():
                with throttle.step():
                    self._scan(run_list, self._list_runs_to_scan(run_list))
            else:
                self._scan(run_list, self._list_just_ended(run_list))
            if unrecorded is not None:
                self._take(_NO_RUN, unrecorded)
            if not key:
                self._show(run_list)

    def find_root(self) -> Path | None:
        """The folder of links, None while there is no event file."""
        return self._links if self._numbers else None

    def list_files(self) -> dict[str, list[tuple[Path, FileState]]]:
        """Links to the event files, by the reader's names of their runs."""
        found: dict[str, list[tuple[Path, FileState]]] = defaultdict(list)
        with self._lock:
            for run, files in self._files.items():
                for file in files:
                    number = self._numbers.get((run, file.folder))
                    if file.is_events and number is not None:
                        link = self._links / number / _link_name(file.path)
                        found[number].append((link, file.state))
        return found

    def is_complete(self, own_names: Collection[str]) -> bool:
        """Whether the reader has found all runs."""
        with self._lock:
            return set(self._numbers.values()).issubset(own_names)

    def list_names(self, experiment_id: str) -> Mapping[str, str]:
        """What the reader's runs that belong to the view are called, by the reader's name."""
        run_list = self._run_lists.get(experiment_id)
        with self._lock:
            return {
                self._numbers[folder]: name
                for folder, name in self._name(run_list, experiment_id).items()
                if folder in self._numbers
            }

    def list_others(self, experiment_id: str) -> tuple[str, ...]:
        """What log directories are called that hold other files than event files.

        A writer may keep its first events to itself for minutes; until then the reader finds no run there.
        """
        run_list = self._run_lists.get(experiment_id)
        with self._lock:
            names = self._name(run_list, experiment_id)
            return tuple(name for folder, name in names.items() if folder in self._others)

    def close(self) -> None:
        """Remove the links."""
        with self._lock:
            self._private.close()

    def _name(self, run_list: RunList, experiment_id: str = "") -> Mapping[Folder, str]:
        """Names of the view's log directories, and in the page's own view of unrecorded ones."""
        generation, names = self._names.get(run_list, (-1, {}))
        if generation != self.generation:
            shown = set(run_list.ids.values())
            folders = dict.fromkeys((*self._numbers, *self._others))
            known = [folder for folder in folders if folder[0] in run_list.names]
            named = name_event_folders(known, run_list.names)
            names = {folder: name for folder, name in named.items() if folder[0] in shown}
            if not own_key(experiment_id):
                taken = {*run_list.names.values(), *named.values()}
                paths = [path for run, path in folders if run == _NO_RUN]
                unrecorded = name_unrecorded_folders(paths, taken)
                names |= {(_NO_RUN, path): name for path, name in unrecorded.items()}
            self._names[run_list] = (self.generation, names)
        return names

    def _show(self, run_list: RunList) -> None:
        """Bring the log directory up to date, when something but the length of event files changed."""
        all_names = self._name(run_list)
        names = {folder: name for folder, name in all_names.items() if folder[0] != _NO_RUN}
        if names == self._shown and not self._is_changed:
            return
        wanted: dict[str, list[LogFile]] = {name: [] for name in names.values()}
        for run in {folder[0] for folder in names}:
            for file in self._files.get(run, ()):
                wanted[names[run, file.folder]].append(file)
        self._directory.show({name: tuple(files) for name, files in wanted.items()})
        self._shown, self._is_changed = names, False

    def _list_kept(self, run_list: RunList) -> Mapping[RunId, tuple[RunFile, ...]]:
        if self._kept[0] != run_list.version:
            self._kept = (run_list.version, self._run_files.list_kept())
        return self._kept[1]

    def _scan(self, run_list: RunList, runs: Iterable[Run]) -> None:
        kept: Mapping[RunId, tuple[RunFile, ...]] | None = None
        for run in runs:
            kept = self._list_kept(run_list) if kept is None else kept
            self._scan_run(run.id, kept.get(run.id, ()))
            if run.state.is_terminal:
                self._scanned_ended.add(run.id)

    def _list_just_ended(self, run_list: RunList) -> list[Run]:
        ended = self._scanned_ended
        return [run for run in run_list.runs if run.state.is_terminal and run.id not in ended]

    def _list_runs_to_scan(self, run_list: RunList) -> Iterator[Run]:
        """Runs that may write, and in turn some of those that ended: a file may be put there later."""
        now, now_s = time.monotonic(), time.time()
        settled = []
        for run in run_list.runs:
            if run.id in self._files and self._is_settled(run, now, now_s):
                settled.append(run)
            else:
                yield run
        if self._cursor >= len(settled):
            self._cursor = 0
        yield from itertools.islice(settled, self._cursor, self._cursor + _SETTLED_PER_LOOK)
        self._cursor += _SETTLED_PER_LOOK

    def _is_settled(self, run: Run, now: float, now_s: float) -> bool:
        if not run.state.is_terminal:
            self._ended_since.pop(run.id, None)
            return False
        since = self._ended_since.setdefault(run.id, now)
        ended_long_ago = run.ended_s is not None and now_s - run.ended_s > _SETTLED_S
        return ended_long_ago or now - since > _SETTLED_S

    def _scan_run(self, run: RunId, kept: tuple[RunFile, ...]) -> None:
        self._take(run, self._run_files.list(run, kept))

    def _take(self, run: RunId, found: tuple[LogFile, ...]) -> None:
        """Bring the links of one run up to date."""
        before = self._files.get(run, ())
        self._files[run] = found
        if found == before:
            return
        self._is_changed |= _without_growth(found) != _without_growth(before)
        events = {(file.folder, file.path): file for file in found if file.is_events}
        replaced = self._watches[run].find_replaced(
            {key: (f.location, f.state) for key, f in events.items()}
        )
        for folder, _ in replaced:
            self._forget_links((run, folder))
        known = {(f.folder, f.path) for f in before if (run, f.folder) in self._numbers}
        for folder, name in events.keys() - known:
            self._link((run, folder), name, events[folder, name].location)
        others = {(run, file.folder) for file in found if not file.is_events}
        others_before = {folder for folder in self._others if folder[0] == run}
        if others != others_before:
            self._others = (self._others - others_before) | others
            self.generation += 1
        self.changes += 1

    def _link(self, folder: Folder, name: str, location: Path) -> None:
        """Put a file into the numbered folder that stands for its own."""
        if folder not in self._numbers:
            self._numbers[folder] = str(self._next_number)
            self._next_number += 1
            self.generation += 1
        linked = self._links / self._numbers[folder]
        linked.mkdir(parents=True, exist_ok=True)
        (linked / _link_name(name)).symlink_to(location.absolute())

    def _forget_links(self, folder: Folder) -> None:
        number = self._numbers.pop(folder, None)
        if number is not None:
            shutil.rmtree(self._links / number, ignore_errors=True)
            self.generation += 1


def _as_logs(unrecorded: UnrecordedFiles) -> tuple[LogFile, ...]:
    return tuple(
        LogFile(each.folder, each.name, unrecorded.root / each.folder / each.name, each.state)
        for each in unrecorded.list()
    )


def _without_growth(files: Collection[LogFile]) -> list[object]:
    return [
        (f.folder, f.path, f.location, f.state.inode if f.is_events else f.state) for f in files
    ]


def _link_name(name: str) -> str:
    """Keep the name, the reader sorts by it; a name it might stumble over becomes a digest."""
    if name.isascii() and name.isprintable():
        return name
    return f"events.tfevents.{hashlib.sha256(os.fsencode(name)).hexdigest()}"
