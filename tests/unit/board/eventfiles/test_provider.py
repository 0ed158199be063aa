from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboard.context import RequestContext
from tensorboard.data import provider as tb
from tensorboard.errors import NotFoundError

from trackboard.board.eventfiles.provider import NativeProvider
from trackboard.board.eventfiles.run_files import RunFiles
from trackboard.board.eventfiles.run_links import RunFolders
from trackboard.board.private_folder import PrivateFolder
from trackboard.board.view.run_list import RunLists
from trackboard.board.view.source import View

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab


LISTED = tb.TensorTimeSeries(
    max_step=0, max_wall_time=0.0, plugin_content=b"", description="", display_name=""
)


class Lost(Exception):
    pass


class FakeReader:
    """Stands where TensorBoard's reader is another process; knows runs 0, 1, ... of the folder."""

    failures: tuple[type[Exception], ...] = (Lost,)
    takes_any_name = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.provider: Any = self
        self.asked: list[str] = []
        self.is_lost = False
        self.is_closed = False
        self.listed = LISTED
        self.texts: list[tb.TensorDatum] = []
        self.tags = {"hparams": ["_hparams_/experiment", "_hparams_/session_start_info"]}

    def is_alive(self) -> bool:
        return not self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def list_runs(self, ctx: RequestContext, *, experiment_id: str) -> list[tb.Run]:
        assert isinstance(ctx, RequestContext)
        assert experiment_id == ""
        return [tb.Run(path.name, path.name, 5.0) for path in sorted(self.folder.iterdir())]

    def list_plugins(self, *_: RequestContext, **__: str) -> list[str]:
        self._ask("list_plugins")
        return ["scalars", *self.tags]

    def list_scalars(self, *_: RequestContext, **__: str) -> dict[str, dict[str, Any]]:
        self._ask("list_scalars")
        return {path.name: {"loss": LISTED} for path in self.folder.iterdir()}

    def list_tensors(
        self, *_: RequestContext, plugin_name: str, **__: str
    ) -> dict[str, dict[str, Any]]:
        self._ask("list_tensors")
        tags = self.tags[plugin_name]
        return {"0": dict.fromkeys(tags, self.listed), "1": {tags[0]: self.listed}}

    def read_tensors(self, *_: RequestContext, **which: Any) -> dict[str, dict[str, Any]]:
        self._ask("read_tensors")
        filter_ = which["run_tag_filter"]
        return {run: dict.fromkeys(filter_.tags, self.texts) for run in filter_.runs}

    def read_scalars(self, *_: RequestContext, **which: Any) -> dict[str, dict[str, Any]]:
        self._ask("read_scalars")
        filter_ = which["run_tag_filter"]
        values = [which["downsample"]]
        return {run: dict.fromkeys(filter_.tags, values) for run in filter_.runs}

    def _ask(self, method: str) -> None:
        if self.is_lost:
            raise Lost("connection lost")
        self.asked.append(method)


class Board:
    def __init__(self, lab: Lab) -> None:
        self.readers: list[FakeReader] = []
        folders = RunFolders(RunFiles(lab.source), RunLists(lab.source, View()), PrivateFolder())
        self.native = NativeProvider(folders, self._start)

    @property
    def reader(self) -> FakeReader:
        return self.readers[-1]

    def _start(self, folder: Path) -> FakeReader:
        self.readers.append(FakeReader(folder))
        return self.readers[-1]


@pytest.fixture
def board(lab: Lab) -> Board:
    for run in "ab":
        lab.add_run(run)
        lab.add_file(run, "logs/x.tfevents")
    return Board(lab)


def scalars(board: Board, experiment_id: str = "", **filters: Any) -> Any:
    return board.native.read_scalars(
        experiment_id=experiment_id,
        plugin_name="scalars",
        downsample=9,
        run_tag_filter=tb.RunTagFilter(**filters),
    )


def test_no_reader_is_started_while_there_is_nothing_to_read(lab: Lab) -> None:
    lab.add_run("a")
    board = Board(lab)
    assert board.native.list_plugins(experiment_id="") == []
    assert board.native.list_runs(experiment_id="") == []
    assert scalars(board) == {}
    with pytest.raises(NotFoundError):
        board.native.read_blob(blob_key="x")
    assert board.readers == []
    board.native.close()


def test_texts_and_descriptions_of_event_files_are_cut_as_ours(board: Board) -> None:
    board.native.list_runs(experiment_id="")
    reader = board.reader
    reader.tags["text"] = ["note"]
    reader.texts = [
        tb.TensorDatum(step, 0.5, np.array(["[" * 50_000, b"short"], dtype=object))
        for step in range(30)
    ]
    reader.listed = tb.TensorTimeSeries(
        max_step=3,
        max_wall_time=0.5,
        plugin_content=b"x",
        description="[" * 9_000,
        display_name="n",
    )
    which: dict[str, Any] = {"experiment_id": "", "plugin_name": "text"}
    listed = board.native.list_tensors(**which)["exp/run-1"]["note"]
    assert listed.description.startswith("The first 1,000 of 9,000 characters")
    assert (listed.max_step, listed.plugin_content, listed.display_name) == (3, b"x", "n")
    found = board.native.read_tensors(**which, run_tag_filter=tb.RunTagFilter())["exp/run-1"][
        "note"
    ]
    assert len(found) == 10
    assert (found[0].step, found[-1].step) == (0, 29)
    long, short = found[0].numpy.tolist()
    assert long.startswith("The first 10,000 of 50,000 characters")
    assert short == b"short"
    board.native.close()


def test_runs_of_the_reader_carry_our_names(board: Board) -> None:
    runs = board.native.list_runs(experiment_id="")
    assert [(run.run_id, run.start_time) for run in runs] == [("exp/run-1", 5), ("exp/run-2", 5)]
    assert scalars(board) == {"exp/run-1": {"loss": [9]}, "exp/run-2": {"loss": [9]}}
    assert scalars(board, runs=["exp/run-2"]) == {"exp/run-2": {"loss": [9]}}
    board.native.close()


def test_a_run_that_plugins_have_files_of_is_listed_once(board: Board, lab: Lab) -> None:
    lab.add_file("b", "logs/projector_config.pbtxt")
    lab.add_run("c")
    lab.add_file("c", "logs/projector_config.pbtxt")
    runs = board.native.list_runs(experiment_id="")
    assert [(run.run_id, run.start_time) for run in runs] == [
        ("exp/run-1", 5),
        ("exp/run-2", 5),
        ("exp/run-3", None),
    ]
    board.native.close()


def test_the_reader_is_asked_no_needless_question(board: Board) -> None:
    assert scalars(board, tags=["other"]) == scalars(board, runs=["nobody"]) == {}
    assert board.native.list_tensors(experiment_id="", plugin_name="images") == {}
    for _ in range(3):
        board.native.list_scalars(experiment_id="", plugin_name="scalars")
    assert board.reader.asked == ["list_plugins", "list_scalars"]
    board.native.close()


def test_a_lost_reader_costs_one_answer(board: Board, caplog: pytest.LogCaptureFixture) -> None:
    assert scalars(board)
    board.reader.is_lost = True
    with caplog.at_level(logging.WARNING):
        assert scalars(board) == {}
    assert "connection lost" in caplog.text
    assert board.reader.is_closed
    assert scalars(board)
    assert len(board.readers) == 2
    board.reader.close()  # it ended by itself
    assert scalars(board)
    assert len(board.readers) == 3
    board.native.close()


def test_another_epoch_of_the_folder_begins_with_another_reader(board: Board) -> None:
    board.native.list_runs(experiment_id="")
    first = board.reader
    board.native.list_runs(experiment_id="")
    assert board.reader is first
    board.native._folders.epoch += 1
    board.native.list_runs(experiment_id="")
    assert first.is_closed
    assert not board.reader.is_closed


def test_close_ends_the_reader_for_good(board: Board) -> None:
    assert scalars(board)
    folder = board.reader.folder
    board.native.close()
    board.native.close()
    assert board.reader.is_closed
    assert not folder.exists()
    assert scalars(board) == {}
    assert len(board.readers) == 1


def test_the_token_changes_when_files_grow_and_again_when_they_have_been_read(
    lab: Lab, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("trackboard.board.eventfiles.provider.time.monotonic", lambda: now)
    tokens = [board.native.change_token()]
    assert board.native.change_token() == tokens[0]
    lab.add_file("a", "logs/x.tfevents", b"longer")
    for later_s in (1.5, 3.0, 60.0):
        now += later_s
        tokens.append(board.native.change_token())
    assert len(set(tokens)) == len(tokens)
    now += 1000
    assert board.native.change_token() == tokens[-1]
    board.native.close()
