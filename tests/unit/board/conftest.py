"""A workspace in memory for the data side of the board, and tests without TensorFlow."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.workspaces import store_events

from trackboard.blobs import open_folder
from trackboard.board.provider.opening import BoardProvider, open_provider
from trackboard.board.series.samples import Samples
from trackboard.board.tensorboard_internals import hide_tensorflow
from trackboard.board.view.source import Source, View
from trackboard.model import (
    ArtifactKind,
    ArtifactLogged,
    Created,
    Event,
    FileAdded,
    ParameterSet,
    QueuedJob,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
    Value,
    ValueKind,
)
from trackboard.ports import SeriesPoints
from trackboard.testing.memory import MemoryStore

T0 = 1.7e9
_KINDS = {"b": ValueKind.BOOL, "i": ValueKind.INT, "f": ValueKind.FLOAT}


class Lab:
    """Runs with as much in them as a test says."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.folder = folder
        self.unread_bytes = 0
        self.refreshed = 0
        self.blobs = open_folder(folder / "blobs")
        self.source = Source("the lab", self.store, self._refresh, self.run_folder, self.blobs)
        self._boards: list[BoardProvider] = []
        self._moves = 0

    def open(
        self, view: View | None = None, *, raw_ids: bool = False, samples: str = ""
    ) -> BoardProvider:
        asked = Samples.parse(samples)
        board = open_provider(self.source, view or View(), raw_ids=raw_ids, samples=asked)
        self._boards.append(board)
        return board

    def close(self) -> None:
        for board in self._boards:
            board.close()

    def run_folder(self, run: RunId) -> Path:
        return self.folder / "runs" / run

    def add_run(
        self,
        run: str,
        experiment: str = "exp",
        *,
        name: str = "",
        parent: str | None = None,
        kind: RunKind = RunKind.INTERACTIVE,
    ) -> RunId:
        above = RunId(parent) if parent else None
        self._apply(Created(RunId(run), experiment, name, above, kind, T0))
        return RunId(run)

    def add_job(self, run: str, compute: str = "cpu-cluster", *, queued: bool = True) -> RunId:
        job = self.add_run(run, kind=RunKind.JOB)
        self.store.add_properties(job, {"trackboard.compute": compute})
        if queued:
            self.store.add_job(QueuedJob(job, compute, T0, claimed=False))
        return job

    def move(self, run: str, state: RunState, cause: str = "", elapsed_s: float = 0.0) -> None:
        """A job goes on to its next state."""
        self._moves += 1
        at = T0 + elapsed_s
        self._apply(StateChanged(RunId(run), state, 0, self._moves, at, cause, elapsed_s))

    def end_run(self, run: str) -> None:
        self._apply(StateChanged(RunId(run), RunState.COMPLETED, 0, 1, T0, "", 1.0))

    def log(
        self, run: str, name: str, values: Any, steps: list[int] | None = None, *, table: str = ""
    ) -> None:
        numbers: npt.NDArray[Any] = np.asarray(values)
        given = np.arange(len(numbers)) if steps is None else np.array(steps)
        self._apply(
            points=SeriesPoints(
                RunId(run),
                name,
                _KINDS[numbers.dtype.kind],
                given.astype(np.int64),
                np.ones(len(numbers), dtype=bool),
                T0 + np.arange(len(numbers), dtype=np.float64) * 0.37,
                numbers,
                table,
            )
        )

    def log_text(self, run: str, name: str, step: int, value: str) -> None:
        self._apply(TextLogged(RunId(run), name, value, step, T0 + step))

    def log_rows(self, run: str, table: str, column: str, values: Any, steps: list[int]) -> None:
        """Cells of one column of a table."""
        if isinstance(values[0], str):
            cells = zip(steps, values, strict=True)
            name = f"{table}/{column}"
            self._apply(*(TextLogged(RunId(run), name, v, s, T0 + s, table) for s, v in cells))
        else:
            self.log(run, f"{table}/{column}", values, steps, table=table)

    def log_artifact(
        self,
        run: str,
        name: str,
        content: bytes | dict[str, Any],
        kind: ArtifactKind = ArtifactKind.IMAGE,
        *,
        step: int | None = None,
        path: str = "plot.png",
    ) -> str:
        """Log a file as a value; a dict is the data of one of the SDK's documents."""
        if isinstance(content, dict):
            document = {"schema_type": kind.value, "schema_version": "v1", "data": content}
            content = json.dumps(document).encode()
        key, size = self.blobs.put(io.BytesIO(content))
        time_s = T0 + (step or 0)
        self._apply(ArtifactLogged(RunId(run), name, kind, path, key, size, step, time_s))
        return key

    def set_parameter(self, run: str, name: str, value: Value) -> None:
        self._apply(ParameterSet(RunId(run), name, value))

    def tag(self, run: str, key: str, value: str | None = None) -> None:
        self._apply(Tagged(RunId(run), key, value))

    def add_file(self, run: str, path: str, content: bytes = b"") -> Path:
        file = self.run_folder(RunId(run)) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def keep_file(self, run: str, path: str, content: bytes = b"") -> Path:
        """A complete file in the blobs, as an upload or what is kept of `outputs/`."""
        key, size = self.blobs.put(io.BytesIO(content))
        self._apply(FileAdded(RunId(run), path, key, size, T0))
        return self.blobs.locate(key)

    def _refresh(self) -> int:
        self.refreshed += 1
        return self.unread_bytes

    def _apply(self, *events: Event, points: SeriesPoints | None = None) -> None:
        store_events(self.store, *events, points=(points,) if points else ())


@pytest.fixture(scope="session", autouse=True)
def _no_tensorflow() -> None:
    hide_tensorflow()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.close()
