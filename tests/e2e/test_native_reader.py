"""TensorBoard's own reader on real event files: the fast one as a child process, and the one in Python."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from tensorboard.context import RequestContext
from tensorboard.data.provider import RunTagFilter
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment
from tensorboardX import SummaryWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.graph_pb2 import GraphDef
from tensorboardX.proto.node_def_pb2 import NodeDef
from tests.prerequisites import require
from tests.waiting import PATIENCE_S, until
from tests.workspaces import store_events

from trackboard.blobs import open_folder
from trackboard.board.eventfiles.discovery import PlainFolder
from trackboard.board.eventfiles.kinds_provider import KindsProvider
from trackboard.board.eventfiles.provider import NativeProvider
from trackboard.board.eventfiles.reader import DataServer, PythonReader, Reader, open_reader
from trackboard.board.eventfiles.run_files import RunFiles
from trackboard.board.eventfiles.run_links import RunFolders
from trackboard.board.private_folder import PrivateFolder
from trackboard.board.provider.combined import BoardProvider
from trackboard.board.provider.fast_scalars import answer
from trackboard.board.provider.history import HistoryProvider
from trackboard.board.provider.opening import open_folder_provider, open_provider
from trackboard.board.series.samples import Samples
from trackboard.board.series.sampling import Sampling
from trackboard.board.tensorboard_internals import hide_tensorflow
from trackboard.board.view.run_list import RunLists
from trackboard.board.view.source import Source, View
from trackboard.model import Created, RunId, RunKind, ValueKind
from trackboard.ports import SeriesPoints
from trackboard.testing.memory import MemoryStore

StartReader = Callable[[Path], Reader]


def start_data_server(folder: Path) -> Reader:
    return DataServer(folder, require("data-server"))


READERS = [
    pytest.param(
        start_data_server,
        id="data server",
        marks=pytest.mark.requires("data-server"),
    ),
    pytest.param(PythonReader, id="python"),
]


class Workspace:
    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.folder = folder
        blobs = open_folder(folder / "blobs")
        self.source = Source("ws", self.store, lambda: 0, lambda run: folder / run, blobs)

    def add_run(self, run: str, name: str, losses: list[float]) -> RunId:
        id_, count = RunId(run), len(losses)
        created = Created(id_, "exp", name, None, RunKind.JOB, 1.7e9)
        points = SeriesPoints(
            id_,
            "loss",
            ValueKind.FLOAT,
            np.arange(count, dtype=np.int64),
            np.ones(count, dtype=bool),
            1.7e9 + np.arange(count, dtype=np.float64),
            np.array(losses, dtype=np.float64),
        )
        store_events(self.store, created, points=(points,))
        return id_

    def open(self, start_reader: StartReader) -> BoardProvider:
        run_lists = RunLists(self.source, View())
        native = KindsProvider(
            RunFolders(RunFiles(self.source), run_lists, PrivateFolder()), start_reader
        )
        return BoardProvider(HistoryProvider(self.source, run_lists), native)


@pytest.fixture(autouse=True)
def _no_tensorflow() -> None:
    hide_tensorflow()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "runs")


def write_everything(folder: Path) -> None:
    """Native logs of all kinds, as a training script writes them."""
    with SummaryWriter(str(folder)) as writer:
        for step in range(20):
            writer.add_scalar("native/accuracy", step / 20, step)
        writer.add_scalar("loss", 99.0, 0)  # the history has a better one
        writer.add_histogram("weights", np.arange(100.0), 1)
        writer.add_image("picture", np.zeros((3, 8, 8), np.uint8), 1)
        writer.add_text("words", "hello", 1)
        writer.add_hparams({"lr": 0.1}, {"metric": 1.0}, name="trial")
        write_graph(writer)


def write_graph(writer: SummaryWriter) -> None:
    graph = GraphDef(node=[NodeDef(name="input", op="Placeholder")])
    writer.file_writer.add_event(Event(graph_def=graph.SerializeToString()))


@pytest.mark.parametrize("start_reader", READERS)
def test_every_kind_of_data_is_shown_beside_the_history(
    workspace: Workspace, start_reader: StartReader
) -> None:
    run = workspace.add_run("id-1", "net", [3.0, 2.0])
    write_everything(workspace.folder / run / "logs")
    board = workspace.open(start_reader)
    try:
        plugins = {"scalars", "histograms", "images", "text", "graphs", "hparams"}
        until(lambda: plugins <= set(board.list_plugins(experiment_id="")))
        check_everything(board)
        assert board.list_scalars(experiment_id="exp", plugin_name="scalars")
    finally:
        board.close()


def check_everything(board: BoardProvider) -> None:
    def ask(method: str, plugin: str, **how: Any) -> Any:
        return getattr(board, method)(None, experiment_id="", plugin_name=plugin, **how)

    assert {run.run_id for run in board.list_runs(experiment_id="")} == {"exp/net", "exp/net/trial"}
    assert set(ask("list_scalars", "scalars")["exp/net"]) == {"loss", "native/accuracy"}
    read = ask("read_scalars", "scalars", downsample=1000)["exp/net"]
    assert [datum.value for datum in read["loss"]] == [3.0, 2.0]
    assert [datum.step for datum in read["native/accuracy"]] == list(range(20))
    last = ask("read_last_scalars", "scalars")["exp/net"]
    assert last["native/accuracy"].value == pytest.approx(0.95)
    assert "weights" in ask("read_tensors", "histograms", downsample=51)["exp/net"]
    (text,) = ask("read_tensors", "text", downsample=10)["exp/net"]["words/text_summary"]
    assert text.numpy.item() == b"hello"
    assert set(ask("list_tensors", "hparams")["exp/net/trial"]) >= {"_hparams_/session_start_info"}
    assert "_hparams_/experiment" in ask("list_tensors", "hparams")["exp/net/trial"]
    (picture,) = ask("read_blob_sequences", "images", downsample=10)["exp/net"]["picture"]
    assert board.read_blob(None, blob_key=picture.values[2].blob_key).startswith(b"\x89PNG")
    assert ask("list_blob_sequences", "graphs")["exp/net"]


@pytest.mark.parametrize("start_reader", READERS)
def test_what_is_written_while_the_board_is_open_appears(
    workspace: Workspace, start_reader: StartReader
) -> None:
    workspace.add_run("id-1", "net", [1.0])
    board = workspace.open(start_reader)
    one = RunTagFilter(tags=["later"])

    def steps(run: str) -> list[int]:
        found = board.read_scalars(
            None, experiment_id="", plugin_name="scalars", downsample=1000, run_tag_filter=one
        )
        return [datum.step for datum in found.get(run, {}).get("later", [])]

    try:
        assert steps("exp/net") == []
        token = board.change_token()
        folder = str(workspace.folder / "id-1" / "logs")
        with SummaryWriter(folder, flush_secs=0.1) as writer:  # its flush() waits for nothing
            writer.add_scalar("later", 1.0, 0)
            assert until(lambda: steps("exp/net")) == [0]
            assert board.change_token() != token
            writer.add_scalar("later", 1.0, 1)
            until(lambda: steps("exp/net") == [0, 1])
        workspace.add_run("id-2", "second", [1.0])
        with SummaryWriter(str(workspace.folder / "id-2" / "outputs" / "tb")) as writer:
            writer.add_scalar("later", 1.0, 5)
        assert until(lambda: steps("exp/second/outputs/tb")) == [5]
    finally:
        board.close()


@pytest.mark.parametrize("start_reader", READERS)
def test_a_truncated_event_file_breaks_nothing(
    workspace: Workspace, start_reader: StartReader
) -> None:
    workspace.add_run("id-1", "net", [1.0])
    write_everything(workspace.folder / "id-1" / "logs")
    for number, cut in enumerate((0, 5, 30, 200)):
        (whole,) = (workspace.folder / "id-1" / "logs").glob("events*")
        torn = workspace.folder / "id-1" / "logs" / str(number) / whole.name
        torn.parent.mkdir()
        torn.write_bytes(whole.read_bytes()[:cut])
    board = workspace.open(start_reader)
    which = {"experiment_id": "", "plugin_name": "scalars"}
    try:
        until(lambda: "native/accuracy" in board.list_scalars(None, **which)["exp/net"])
    finally:
        board.close()


def test_time_series_hold_the_native_runs_too(workspace: Workspace) -> None:
    workspace.add_run("id-1", "net", [3.0, float("nan")])
    with SummaryWriter(str(workspace.folder / "id-1" / "logs" / "eval")) as writer:
        writer.add_scalar("loss", 7.0, 4)
    board = workspace.open(open_reader)
    try:
        until(lambda: len(board.list_runs(experiment_id="")) == 2)
        (found,) = json.loads(answer(board, "", [{"plugin": "scalars", "tag": "loss"}]) or b"")
        values = {
            run: [(point["step"], point["value"]) for point in points]
            for run, points in found["runToSeries"].items()
        }
        assert values == {"exp/net": [(0, 3.0), (1, "NaN")], "exp/net/eval": [(4, 7.0)]}
    finally:
        board.close()


def test_a_plain_folder_is_shown_as_stock_tensorboard_shows_it(tmp_path: Path) -> None:
    write_everything(tmp_path)
    board = open_folder_provider(tmp_path)
    try:
        until(lambda: "graphs" in board.list_plugins(experiment_id=""))
        assert {run.run_id for run in board.list_runs(experiment_id="")} == {".", "trial"}
        which = {"experiment_id": "", "plugin_name": "scalars"}
        found = board.read_scalars(None, downsample=1000, **which)["."]
        assert len(found["native/accuracy"]) == 20
        (one,) = json.loads(answer(board, "", [{"plugin": "scalars", "tag": "loss"}]) or b"")
        assert [point["value"] for point in one["runToSeries"]["."]] == [99.0]
        assert board.experiment_metadata(experiment_id="").data_location == str(tmp_path)
    finally:
        board.close()


def test_a_folder_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    board = open_folder_provider(tmp_path / "soon")
    try:
        assert board.list_runs(experiment_id="") == []
        assert board.list_plugins(experiment_id="") == []
    finally:
        board.close()


@pytest.fixture
def data_server(tmp_path: Path) -> Iterator[DataServer]:
    server = DataServer(tmp_path, require("data-server"))
    yield server
    server.close()


def test_the_data_server_may_open_many_files(data_server: DataServer) -> None:
    soft, hard = psutil.Process(data_server.process_id).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == min(hard, 65_536)


@pytest.mark.requires("data-server")
def test_a_killed_data_server_is_replaced(workspace: Workspace) -> None:
    workspace.add_run("id-1", "net", [1.0])
    write_everything(workspace.folder / "id-1" / "logs")
    others = psutil.Process().children()  # such as Python's own tracker of resources
    board = open_provider(workspace.source, View())
    try:
        until(lambda: "images" in board.list_plugins(experiment_id=""))
        (child,) = set(psutil.Process().children()) - set(others)
        os.kill(child.pid, signal.SIGKILL)
        until(lambda: "scalars" in board.list_plugins(experiment_id=""))
        until(lambda: "images" in board.list_plugins(experiment_id=""))
    finally:
        board.close()


def test_a_data_server_that_cannot_start_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / "server"
    binary.write_text("#!/bin/sh\necho no such library >&2\nexit 3\n")
    binary.chmod(0o700)
    monkeypatch.setattr("trackboard.board.eventfiles.reader.find_data_server", lambda: str(binary))
    reader = open_reader(tmp_path)
    assert isinstance(reader, PythonReader)
    reader.close()
    assert not reader.is_alive()


OWNER = """
import sys, time
from pathlib import Path
from trackboard.board.eventfiles.reader import DataServer
from trackboard.board.tensorboard_internals import find_data_server
print(DataServer(Path(sys.argv[1]), find_data_server()).process_id, flush=True)
time.sleep(600)
"""


@pytest.mark.requires("data-server")
def test_the_data_server_dies_with_its_owner(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        child = psutil.Process(int(owner.stdout.readline()))
        owner.kill()
    child.wait(PATIENCE_S)
    assert not child.is_running()


def columns_and_metrics(board: BoardProvider) -> tuple[list[str], list[str]]:
    context = backend_context.Context(TBContext(data_provider=board))
    request = api_pb2.GetExperimentRequest()
    found = get_experiment.Handler(RequestContext(), context, "", request).run()
    columns = [column.name for column in found.hparam_infos]
    return sorted(columns), [metric.name.tag for metric in found.metric_infos]


def test_runs_with_different_parameters_share_all_columns_in_a_folder_too(tmp_path: Path) -> None:
    keys = {"a": {"lr": 0.1}, "b": {"depth": 3}, "c": {"opt": "adam"}}
    for name, parameters in keys.items():
        with SummaryWriter(str(tmp_path)) as writer:
            writer.add_hparams(parameters, {f"metric/{name}": 1.0}, name=name)
    board = open_folder_provider(tmp_path)
    try:
        expected = (["depth", "lr", "opt"], ["metric/a", "metric/b", "metric/c"])
        until(
            lambda: columns_and_metrics(board) == expected, lambda: str(columns_and_metrics(board))
        )
    finally:
        board.close()


@pytest.mark.parametrize("start", [open_reader, PythonReader])
@pytest.mark.parametrize(
    ("text", "images", "scalars"),
    [("", 10, 1000), ("images=20", 20, 1000), ("images=all,scalars=all", 30, 1500)],
)
def test_more_of_each_series_is_kept_when_asked_for(
    tmp_path: Path, start: Callable[..., Reader], text: str, images: int, scalars: int
) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(1500):
            writer.add_scalar("loss", step, step)
        for step in range(30):
            writer.add_image("fig", np.full((3, 2, 2), step, np.uint8), step)
    samples = Samples.parse(text)
    sampling = Sampling(samples)
    native = NativeProvider(PlainFolder(tmp_path), partial(start, samples=samples), sampling)

    def read(method: str, plugin: str) -> int:
        which = {"experiment_id": "", "plugin_name": plugin, "downsample": 5000}
        found = getattr(native, method)(None, **which)
        return sum(len(data) for tags in found.values() for data in tags.values())

    try:
        until(lambda: read("read_blob_sequences", "images") == images)
        until(lambda: read("read_scalars", "scalars") == scalars)
        assert list(sampling.describe()) == [
            *(["images"] if images < 30 else []),
            *(["scalars"] if scalars < 1500 else []),
        ]
    finally:
        native.close()
