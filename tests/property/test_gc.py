"""Whatever happens before, beside and in the middle of a garbage collection, nothing that is named is freed.

A history of logs, uploads, snapshots, models, deletions and restorations, with collections in between that
are killed at any of their steps. After each step whatever is named can be read; after a collection that was
not killed, nothing is there that nothing names.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.gc.collect import collect
from trackboard.gc.context import GcContext
from trackboard.launch.context.working_copy import remove_work
from trackboard.layout.files_lock import keep_files
from trackboard.model import RunId
from trackboard.ports import Model
from trackboard.record import LiveRun, Recorder

CONTENTS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
RUNS = st.integers(0, 5)
_STEPS = ("remove_runs", "remove_experiments", "delete", "shrink")  # of store and blobs


class Killed(BaseException):
    """The end of a process at some step."""


class _Killing:
    """Counts steps, and ends the process before or after one of them.

    Args:
        at: Which one, from 1; 0: none.
        after: Whether the step is done first.
    """

    def __init__(self, at: int, *, after: bool) -> None:
        self._left, self._after = at, after

    def wrap(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Make a step count."""

        def counted(*given: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise Killed
            found = step(*given, **named)
            if self._left == 0:
                raise Killed
            return found

        return counted


class _Stepwise:
    """A store, or blobs, whose changes are counted."""

    def __init__(self, whole: Any, killing: _Killing) -> None:
        self._whole, self._killing = whole, killing

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._whole, name)
        return self._killing.wrap(found) if name in _STEPS else found


class Histories(RuleBasedStateMachine):
    """One workspace, and what is named in it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="trackboard-gc-"))
        self.workspace = Workspace.open(self.folder / "history")
        self.parts = parts(self.workspace)
        self.recorders = [Recorder(self.parts.paths.spool) for _ in range(2)]
        self.runs: dict[int, LiveRun] = {}
        self.ended: set[int] = set()
        self.files: dict[int, dict[str, bytes]] = {}
        self.snapshots: dict[int, bytes] = {}
        self.models: dict[int, bytes] = {}
        self.trash: set[int] = set()
        self.may_be_gone: set[int] = set()  # a killed collection may have forgotten them

    def teardown(self) -> None:
        for recorder in self.recorders:
            recorder.close()
        self.workspace.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begin_two(self) -> None:
        for number in range(2):
            self.begin(number, 0)

    # -- what people and processes do ---------------------------------------------------------------

    @rule(number=RUNS, who=st.integers(0, 1))
    def begin(self, number: int, who: int) -> None:
        if number in self.runs:
            return
        run = RunId(f"run-{number}")
        self.runs[number] = self.recorders[who].create_run("exp", run_id=run)
        self.files[number] = {}

    @rule(number=RUNS, path=st.sampled_from(["x", "y"]), data=CONTENTS)
    def upload(self, number: int, path: str, data: bytes) -> None:
        """Also of a run that has ended, is in the trash, or was forgotten."""
        if live := self.runs.get(number):
            key, size_bytes = live.put_file(io.BytesIO(data))
            live.add_file(path, key, size_bytes)
            live.append_bytes("logs/log.txt", 0, data)
            self.files[number][path] = data

    @rule(number=RUNS)
    def complete(self, number: int) -> None:
        if number in self.runs and number not in self.ended:
            self.runs[number].complete()
            self.ended.add(number)

    @rule(number=RUNS, data=CONTENTS)
    def take_snapshot(self, number: int, data: bytes) -> None:
        if number not in self.runs or number in self.snapshots:
            return
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        (source / "train.py").write_bytes(data)
        with keep_files(self.parts.paths):
            digest = self.workspace.service.snapshots.take(source)
            self.runs[number].add_property("ContentSnapshotId", digest)
        self.snapshots[number] = data

    @rule(data=CONTENTS)
    def register_model(self, data: bytes) -> None:
        with self.workspace.service.files.kept():
            key = self.workspace.service.files.put(io.BytesIO(data))
            model = Model("net", 0, None, {"w": key}, {}, {}, "", "", "", 1.0)
            self.models[self.workspace.service.models.add(model).version] = data

    @rule(number=st.integers(1, 3))
    def delete_model(self, number: int) -> None:
        if number in self.models:
            self.workspace.service.models.delete("net", number)
            del self.models[number]

    @rule(number=RUNS)
    def delete(self, number: int) -> None:
        if number in self.runs and number not in self.trash | self.may_be_gone:
            self.workspace.delete(f"run-{number}", force=True)
            self.trash.add(number)

    @rule(number=RUNS)
    def restore(self, number: int) -> None:
        if number in self.trash:
            self.workspace.restore(f"run-{number}")
            self.trash.discard(number)

    @rule()
    def read(self) -> None:
        self.parts.drain()

    @rule()
    def set_a_spool_aside(self) -> None:
        """What lies in the blobs already, as of a kill before its record was stored."""
        for spool in self.parts.gc_context.spools.list_spools().values():
            for key in spool.list_files()[:1]:
                spool.move_file(key, self.parts.blobs)

    # -- collections --------------------------------------------------------------------------------

    @rule(at=st.integers(1, 12), after=st.booleans())
    def collect_and_be_killed(self, at: int, after: bool) -> None:
        killing = _Killing(at, after=after)
        context = self.parts.gc_context
        stepwise = GcContext(
            context.paths,
            _Stepwise(context.store, killing),
            _Stepwise(context.blobs, killing),
            context.spools,
            context.drain,
        )
        try:
            with _counted(killing):
                collect(stepwise, older_than_s=-1.0)
        except Killed:
            known = {run.id for run in self.parts.store.list_runs(deleted=None)}
            gone = {n for n in self.trash & self.ended if f"run-{n}" not in known}
            self.may_be_gone |= gone
            self.trash -= gone
        else:
            self._forget_trash()

    @rule()
    def collect(self) -> None:
        collect(self.parts.gc_context, older_than_s=-1.0)
        self._forget_trash()
        self._check_nothing_is_left()

    def _forget_trash(self) -> None:
        gone = self.trash & self.ended
        self.trash -= gone
        self.may_be_gone |= gone

    # -- what always holds --------------------------------------------------------------------------

    @invariant()
    def what_is_named_can_be_read(self) -> None:
        self.parts.drain()
        for number in self.runs.keys() - self.may_be_gone:
            run = RunId(f"run-{number}")
            listed = {file.path: file.key for file in self.parts.store.list_files(run) if file.key}
            found = {path: self._read(key) for path, key in listed.items()}
            assert found == self.files[number], number
            if self.files[number]:
                assert (self.parts.run_folder(run) / "logs" / "log.txt").exists()
        for number in self.snapshots.keys() - self.may_be_gone:
            digest = self.parts.store.get_properties(RunId(f"run-{number}"))["ContentSnapshotId"]
            (file,) = self.workspace.service.snapshots.get(digest).files
            assert self._read(file.key) == self.snapshots[number]
        for model in self.parts.store.list_models():
            assert self._read(model.files["w"]) == self.models[model.version]

    def _check_nothing_is_left(self) -> None:
        alive = self.runs.keys() - self.may_be_gone
        named = {data for number in alive for data in self.files[number].values()}
        # a file that was replaced by another of its path is a file of the run's past only where it is listed
        named |= {data for number, data in self.snapshots.items() if number in alive}
        named |= set(self.models.values())
        blobs = self.parts.blobs
        assert {self._read(each.key) for each in blobs.iter_blobs()} == named
        folders = {path.name for path in self.parts.paths.runs.glob("*")}
        assert folders <= {f"run-{number}" for number in alive}

    def _read(self, key: str) -> bytes:
        with self.parts.blobs.open(key) as file:
            return file.read()


@contextmanager
def _counted(killing: _Killing) -> Iterator[None]:
    """Count the steps that are no method of store or blobs as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trackboard.gc.folders.remove_work", killing.wrap(remove_work))
        patch.setattr(Path, "unlink", killing.wrap(Path.unlink))
        yield


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
