"""The event files of a view's runs, gathered as links in one private folder for TensorBoard's reader.

The reader takes one folder and shows its sub-folders as runs. Ours are numbered, so that odd names do
no harm; what each number is called is worked out when TensorBoard asks, so that a renamed run is
renamed at once.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

from trackboard.board.event_folder import iter_event_files
from trackboard.board.names import name_event_folders
from trackboard.board.pace import Pace
from trackboard.board.roster import Roster, Rosters, own_key
from trackboard.model import Run, RunId

_SETTLED_S = 60.0  # what of a run's files may still arrive after its end
_SETTLED_PER_LOOK = 500

Folder = tuple[RunId, str]


class RunFolders:
    """Follows the event files in the folders of the runs of a board's views."""

    def __init__(self, run_folder: Callable[[RunId], Path], rosters: Rosters) -> None:
        self._run_folder = run_folder
        self._rosters = rosters
        self._lock = threading.Lock()
        self._links: tempfile.TemporaryDirectory[str] | None = None
        self._paces: dict[str, Pace] = {}
        self._files: dict[RunId, dict[tuple[str, str], int]] = {}
        self._numbers: dict[Folder, str] = {}
        self._names: WeakKeyDictionary[Roster, tuple[int, Mapping[str, str]]] = WeakKeyDictionary()
        self._ended_since: dict[RunId, float] = {}
        self._cursor = 0
        self.changes = 0

    def follow(self, experiment_id: str) -> None:
        """Look for new files and new bytes of the view's runs, at most about once a second."""
        roster = self._rosters.get(experiment_id)
        with self._lock:
            pace = self._paces.setdefault(own_key(experiment_id), Pace())
            if pace.is_due():
                with pace.step():
                    for run in self._runs_to_look_at(roster):
                        self._look_at(run.id)

    def find_root(self) -> Path | None:
        """The folder of links, None while there is no event file."""
        return Path(self._links.name) if self._links else None

    def count(self) -> int:
        """How many runs the reader should find."""
        return len(self._numbers)

    def list_names(self, experiment_id: str) -> Mapping[str, str]:
        """What the reader's runs that belong to the view are called, by the reader's name."""
        roster = self._rosters.get(experiment_id)
        with self._lock:
            count, names = self._names.get(roster, (0, {}))
            if count != len(self._numbers):
                count, names = len(self._numbers), self._name(roster)
                self._names[roster] = (count, names)
        return names

    def close(self) -> None:
        """Remove the links."""
        with self._lock:
            if self._links:
                self._links.cleanup()
                self._links = None

    def _name(self, roster: Roster) -> dict[str, str]:
        shown = set(roster.ids.values())
        known = [folder for folder in self._numbers if folder[0] in roster.names]
        named = name_event_folders(known, roster.names)
        return {self._numbers[folder]: name for folder, name in named.items() if folder[0] in shown}

    def _runs_to_look_at(self, roster: Roster) -> Iterator[Run]:
        """Runs that may write, and in turn some of those that ended: a file may be put there later."""
        now, now_s = time.monotonic(), time.time()
        settled = []
        for run in roster.runs:
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

    def _look_at(self, run: RunId) -> None:
        root = self._run_folder(run)
        found = {(file.folder, file.name): file.size_bytes for file in iter_event_files(root)}
        before = self._files.get(run, {})
        self._files[run] = found
        if found == before:
            return
        for folder, name in found.keys() - before.keys():
            self._link(run, folder).joinpath(_link_name(name)).symlink_to(
                (root / folder / name).absolute()
            )
        for folder, name in before.keys() - found.keys():
            self._link(run, folder).joinpath(_link_name(name)).unlink(missing_ok=True)
        self.changes += 1

    def _link(self, run: RunId, folder: str) -> Path:
        """The numbered folder that stands for one folder of a run."""
        if self._links is None:
            self._links = tempfile.TemporaryDirectory(prefix="trackboard-events-")
        number = self._numbers.get((run, folder))
        if number is None:
            number = self._numbers[run, folder] = str(len(self._numbers))
        linked = Path(self._links.name, number)
        linked.mkdir(exist_ok=True)
        return linked


def _link_name(name: str) -> str:
    """Keep the name, the reader sorts by it; a name it might stumble over becomes a digest."""
    if name.isascii() and name.isprintable():
        return name
    return f"events.tfevents.{hashlib.sha256(os.fsencode(name)).hexdigest()}"
