"""A workspace in memory for the data side of the board, and tests without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from trackboard.blobs import open_folder
from trackboard.board.provider import BoardProvider, open_provider
from trackboard.board.source import Source, View
from trackboard.board.tensorboard_internals import hide_tensorflow
from trackboard.model import (
    Created,
    Event,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    TextLogged,
    ValueKind,
    new_writer_id,
)
from trackboard.ports import Batch, Position, SeriesPoints
from trackboard.stores import MemoryStore

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

    def open(self, view: View | None = None, *, raw_ids: bool = False) -> BoardProvider:
        board = open_provider(self.source, view or View(), raw_ids=raw_ids)
        self._boards.append(board)
        return board

    def close(self) -> None:
        for board in self._boards:
            board.close()

    def run_folder(self, run: RunId) -> Path:
        return self.folder / "runs" / run

    def add_run(
        self, run: str, experiment: str = "exp", *, name: str = "", parent: str | None = None
    ) -> RunId:
        above = RunId(parent) if parent else None
        self._apply(Created(RunId(run), experiment, name, above, RunKind.INTERACTIVE, T0))
        return RunId(run)

    def end_run(self, run: str) -> None:
        self._apply(StateChanged(RunId(run), RunState.COMPLETED, 0, 1, T0, "", 1.0))

    def log(self, run: str, name: str, values: Any, steps: list[int] | None = None) -> None:
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
            )
        )

    def log_text(self, run: str, name: str, step: int, value: str) -> None:
        self._apply(TextLogged(RunId(run), name, value, step, T0 + step))

    def add_file(self, run: str, path: str, content: bytes = b"") -> Path:
        file = self.run_folder(RunId(run)) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def _refresh(self) -> int:
        self.refreshed += 1
        return self.unread_bytes

    def _apply(self, *events: Event, points: SeriesPoints | None = None) -> None:
        columns = (points,) if points else ()
        batch = Batch(new_writer_id(), Position(0, 0), Position(0, 1), events, columns)
        self.store.apply([batch])


@pytest.fixture(scope="session", autouse=True)
def _no_tensorflow() -> None:
    hide_tensorflow()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.close()
