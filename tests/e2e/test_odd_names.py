"""Names that JSON has to escape: what is kept as blobs is readable by every door, in real readers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tensorboard.context import RequestContext
from tensorboardX import SummaryWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.graph_pb2 import GraphDef
from tensorboardX.proto.node_def_pb2 import NodeDef
from tensorboardX.proto.summary_pb2 import Summary
from tests.prerequisites import require
from tests.unit.board.conftest import Lab
from tests.waiting import until

from trackboard.board.eventfiles.escapes import escape, is_odd
from trackboard.board.eventfiles.reader import DataServer
from trackboard.board.export.export import export_runs
from trackboard.board.provider.combined import BoardProvider
from trackboard.board.provider.opening import open_folder_provider
from trackboard.board.tensorboard_internals import hide_tensorflow
from trackboard.model import RunId

ODD = ["C:\\data\\img1.png", 'a"b', "two\nlines", "\x01", "tab\there", '{"lr": 0.1}', "\\", '"']
PLAIN = ["plain", "ü b/c", "a'b%20", "\x7f"]


@pytest.fixture(scope="module", autouse=True)
def _no_tensorflow() -> None:
    hide_tensorflow()


def png(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4), (number, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def write(folder: Path, tags: list[str]) -> None:
    """An image and a sound for each tag, and a graph."""
    with SummaryWriter(str(folder)) as writer:
        for number, tag in enumerate(tags):
            picture = Summary.Image(
                height=4, width=4, colorspace=3, encoded_image_string=png(number)
            )
            sound = Summary.Audio(
                sample_rate=8000, encoded_audio_string=b"%d" % number, content_type="audio/wav"
            )
            writer.file_writer.add_summary(
                Summary(
                    value=[
                        Summary.Value(tag=tag, image=picture),
                        Summary.Value(tag=f"{tag} sound", audio=sound),
                    ]
                ),
                number,
            )
        graph = GraphDef(node=[NodeDef(name="only", op="NoOp")])
        writer.file_writer.add_event(Event(graph_def=graph.SerializeToString()))


def blobs(board: Any, plugin: str) -> dict[str, dict[str, list[bytes]]]:
    """The last blob of each step, by run and tag."""
    which = {"experiment_id": "", "plugin_name": plugin}
    context = RequestContext()
    listed = board.list_blob_sequences(context, **which)
    found = board.read_blob_sequences(context, **which, downsample=10)
    assert {run: set(tags) for run, tags in listed.items()} == {
        run: set(tags) for run, tags in found.items()
    }

    def read(datum: Any) -> bytes:
        place = -1 if plugin == "images" else 0
        content: bytes = board.read_blob(context, blob_key=datum.values[place].blob_key)
        return content

    return {
        run: {tag: [read(datum) for datum in data] for tag, data in tags.items()}
        for run, tags in found.items()
    }


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[BoardProvider]:
    write(tmp_path, ODD + PLAIN)
    for name in ODD[1:]:
        write(tmp_path / "runs" / name, ["plain"])
    board = open_folder_provider(tmp_path)
    yield board
    board.close()


def test_what_is_odd_is_what_json_escapes() -> None:
    assert all(map(is_odd, ODD))
    assert not any(map(is_odd, PLAIN))


def test_every_image_sound_and_graph_of_a_folder_is_readable(folder: BoardProvider) -> None:
    runs = {".", *(f"runs/{name}" for name in ODD[1:])}
    until(lambda: set(blobs(folder, "graphs")) == runs, lambda: str(blobs(folder, "graphs")))
    images, sounds = blobs(folder, "images"), blobs(folder, "audio")
    assert set(images) == set(sounds) == runs
    for number, tag in enumerate(ODD + PLAIN):
        assert images["."][tag] == [png(number)]
        assert sounds["."][f"{tag} sound"] == [b"%d" % number]
    for run in runs - {"."}:
        assert images[run] == {"plain": [png(0)]}
    graphs = blobs(folder, "graphs")
    assert all(b"NoOp" in content for tags in graphs.values() for (content,) in tags.values())


def test_every_image_and_sound_of_an_export_is_readable_by_the_stock_reader(
    lab: Lab, tmp_path: Path
) -> None:
    for run, name in enumerate(ODD):
        lab.add_run(str(run), "exp", name=name)
        lab.log_artifact(str(run), name, png(run))
        write(lab.run_folder(RunId(str(run))) / "logs" / name.replace("/", ""), [name, "plain"])
    folder = tmp_path / "export"
    done = export_runs(
        lab.source, [RunId(str(run)) for run in range(len(ODD))], folder, report=lambda _: None
    )
    assert len(done.notes) == 3 * len(ODD)
    said = "'two\\nlines': its images are under two%0Alines, as"
    assert any(said in note for note in done.notes)
    stock = DataServer(folder, require("data-server"))
    try:
        until(lambda: len(stock.provider.list_runs(RequestContext(), experiment_id="")) >= 16)
        images = until(lambda: found if len(found := blobs(stock.provider, "images")) == 16 else {})
        for number, name in enumerate(ODD):
            assert {escape(name): [png(number)]} in images.values()
            assert {escape(name): [png(0)], "plain": [png(1)]} in images.values()
        assert {tag for tags in blobs(stock.provider, "audio").values() for tag in tags} == {
            *(f"{escape(name)} sound" for name in ODD),
            "plain sound",
        }
        assert len(blobs(stock.provider, "graphs")) == len(ODD)
    finally:
        stock.close()
