"""Log folders of TensorBoard: every kind of value, in the old form and the new, of several writers."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboardX import SummaryWriter
from tests.histories import describe_history, points_of

from trackboard.errors import NotFound
from trackboard.eventfile import encode
from trackboard.model import ArtifactKind, RunState
from trackboard.transfer.importer import import_runs
from trackboard.transfer.report import ImportReport
from trackboard.transfer.sources.event_folder import EventFolder
from trackboard.workspace import Workspace

FIRST, SECOND = "events.out.tfevents.1700000000.host.1.0", "events.out.tfevents.1700000500.host.2.0"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterable[Workspace]:
    opened = Workspace.open(tmp_path / "history")
    yield opened
    opened.close()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "my logs").mkdir()
    return tmp_path / "my logs"


def bring(logs: Path, workspace: Workspace) -> ImportReport:
    return import_runs(EventFolder(logs), workspace.store, workspace.blobs)


def described(workspace: Workspace) -> dict[str, Any]:
    """The history by the runs' names."""
    found = describe_history(workspace.store, workspace.blobs, workspace.run_files)
    return {run["run"]["given_name"]: {**run, "id": key} for key, run in found.items()}


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (3, 2)).save(stream, "PNG")
    return stream.getvalue()


def wav() -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(40))
    return stream.getvalue()


def plugin(name: str, content: bytes = b"") -> summary_pb2.SummaryMetadata:
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name=name, content=content)
    return summary_pb2.SummaryMetadata(plugin_data=data)


def strings(*parts: bytes, shape: Iterable[int] | None = None) -> tensor_pb2.TensorProto:
    found = tensor_pb2.TensorProto(dtype=7, string_val=parts)
    for size in (len(parts),) if shape is None else shape:
        found.tensor_shape.dim.add(size=size)
    return found


def value(tag: str, **given: Any) -> summary_pb2.Summary.Value:
    return summary_pb2.Summary.Value(tag=tag, **given)


def event(step: int, time_s: float, *values: summary_pb2.Summary.Value) -> bytes:
    found = event_pb2.Event(step=step, wall_time=time_s)
    found.summary.value.extend(values)
    return encode.frame(found.SerializeToString())


def write(path: Path, *events: bytes, begin_s: float = 1_700_000_000.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if not file.tell():
            file.write(encode.header(begin_s))
        file.writelines(events)


def float_tensor(number: float) -> tensor_pb2.TensorProto:
    return tensor_pb2.TensorProto(dtype=1, tensor_content=struct.pack("<f", number))


OLD_IMAGE = {"image": summary_pb2.Summary.Image(width=3, height=2, encoded_image_string=png())}
NEW_IMAGE = {"tensor": strings(b"3", b"2", png(), png()), "metadata": plugin("images")}
OLD_SOUND = {"audio": summary_pb2.Summary.Audio(encoded_audio_string=wav())}
NEW_SOUND = {"tensor": strings(wav(), b"label", shape=(1, 2)), "metadata": plugin("audio")}


@pytest.mark.parametrize(
    "given",
    [
        {"simple_value": 0.5},
        {"tensor": float_tensor(0.5), "metadata": plugin("scalars")},
        {"tensor": tensor_pb2.TensorProto(dtype=1, float_val=[0.5]), "metadata": plugin("scalars")},
        {
            "tensor": tensor_pb2.TensorProto(dtype=2, double_val=[0.5]),
            "metadata": plugin("scalars"),
        },
        {
            "tensor": tensor_pb2.TensorProto(dtype=19, half_val=[14336]),
            "metadata": plugin("scalars"),
        },
    ],
    ids=["old", "content", "float", "double", "half"],
)
def test_numbers_keep_step_and_time(
    logs: Path, workspace: Workspace, given: dict[str, Any]
) -> None:
    write(logs / "train" / FIRST, event(-3, 1_700_000_001.25, value("loss", **given)))
    report = bring(logs, workspace)
    assert (report.new, report.points, report.left_out) == (1, 1, ())
    run = described(workspace)["train"]
    assert points_of(workspace.store, run["id"], "loss") == [(-3, 1_700_000_001.25, 0.5)]
    assert run["run"]["experiment"] == "my-logs"
    assert (run["run"]["created_s"], run["run"]["ended_s"]) == (1_700_000_000.0, 1_700_000_001.25)
    assert run["run"]["state"] is RunState.COMPLETED
    assert run["files"] == {}


def test_what_a_tag_is_was_said_with_its_first_value(logs: Path, workspace: Workspace) -> None:
    write(
        logs / FIRST,
        event(0, 1.7e9, value("loss", tensor=float_tensor(2.0), metadata=plugin("scalars"))),
        event(1, 1.7e9 + 1, value("loss", tensor=float_tensor(1.0))),
    )
    bring(logs, workspace)
    run = described(workspace)["my logs"]  # of event files in the folder itself
    assert [each[2] for each in points_of(workspace.store, run["id"], "loss")] == [2.0, 1.0]


@pytest.mark.parametrize(
    ("given", "kind", "names"),
    [
        (OLD_IMAGE, ArtifactKind.IMAGE, ["images/a/b/7.png"]),
        (NEW_IMAGE, ArtifactKind.IMAGE, ["images/a/b/7-1.png", "images/a/b/7.png"]),
        (OLD_SOUND, ArtifactKind.AUDIO, ["audio/a/b/7.wav"]),
        (NEW_SOUND, ArtifactKind.AUDIO, ["audio/a/b/7.wav"]),
    ],
)
def test_images_and_sounds_are_files_of_the_run(
    logs: Path,
    workspace: Workspace,
    given: dict[str, Any],
    kind: ArtifactKind,
    names: list[str],
) -> None:
    write(logs / "train" / FIRST, event(7, 1.7e9, value("a/b", **given)))
    bring(logs, workspace)
    run = described(workspace)["train"]
    assert list(run["files"]) == names
    assert {each[:2] + each[4:] for each in run["artifacts"]} == {("a/b", kind, 7, 1.7e9)}


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (strings("grüße".encode(), shape=()), "grüße"),
        (strings(b"one", b"two"), "one\n\ntwo"),
        (strings(b"\xff", shape=()), "\ufffd"),
    ],
)
def test_texts_are_texts(
    logs: Path, workspace: Workspace, tensor: tensor_pb2.TensorProto, text: str
) -> None:
    write(
        logs / "a" / FIRST, event(2, 1.7e9, value("note", tensor=tensor, metadata=plugin("text")))
    )
    bring(logs, workspace)
    assert described(workspace)["a"]["series"]["note", "TEXT"] == ("", [2], [1.7e9], [repr(text)])


def test_parameters_and_how_a_session_ended(logs: Path, workspace: Workspace) -> None:
    start = plugin_data_pb2.HParamsPluginData()
    start.session_start_info.hparams["lr"].number_value = 0.1
    start.session_start_info.hparams["optimizer"].string_value = "adam"
    start.session_start_info.hparams["nesterov"].bool_value = True
    end = plugin_data_pb2.HParamsPluginData()
    end.session_end_info.status = api_pb2.STATUS_FAILURE
    said = [(metadata.SESSION_START_INFO_TAG, start), (metadata.SESSION_END_INFO_TAG, end)]
    values = [
        value(tag, metadata=plugin(metadata.PLUGIN_NAME, data.SerializeToString()))
        for tag, data in said
    ]
    write(logs / "a" / FIRST, event(0, 1.7e9, *values))
    bring(logs, workspace)
    run = described(workspace)["a"]
    assert run["parameters"] == {"lr": 0.1, "optimizer": "adam", "nesterov": True}
    assert run["run"]["state"] is RunState.FAILED


def test_what_is_no_value_of_ours_stays_in_event_files(logs: Path, workspace: Workspace) -> None:
    histogram = summary_pb2.HistogramProto(min=0, max=1, num=2, bucket_limit=[1], bucket=[2])
    graph = encode.frame(event_pb2.Event(graph_def=b"graph").SerializeToString())
    write(
        logs / "a" / FIRST,
        graph,
        event(1, 1.7e9, value("weights", histo=histogram), value("loss", simple_value=1.0)),
        event(2, 1.7e9, value("curve", tensor=float_tensor(1), metadata=plugin("pr_curves"))),
        event(
            3,
            1.7e9,
            value("t", tensor=strings(b"a", b"b", shape=(1, 2)), metadata=plugin("text")),
        ),
    )
    bring(logs, workspace)
    run = described(workspace)["a"]
    assert list(run["files"]) == [f"logs/{FIRST}"]
    (kept,) = workspace.store.list_files(run["id"])
    copy = workspace.paths.folder.parent / FIRST
    copy.write_bytes(workspace.blobs.locate(kept.key).read_bytes())
    read = EventAccumulator(str(copy))
    read.Reload()
    tags = read.Tags()
    assert (tags["histograms"], tags["scalars"], tags["graph"]) == (["weights"], [], True)
    assert tags["tensors"] == ["curve", "t"]


def test_several_writers_and_restarts_are_one_run(logs: Path, workspace: Workspace) -> None:
    def at(step: int, after_s: float) -> bytes:
        return event(step, 1_700_000_000 + after_s, value("loss", simple_value=step))

    write(logs / "a" / SECOND, at(2, 500), at(3, 700))
    write(logs / "a" / FIRST, at(0, 1), at(1, 2), at(2, 600))
    bring(logs, workspace)
    run = described(workspace)["a"]
    found = points_of(workspace.store, run["id"], "loss")
    assert [(step, time_s - 1_700_000_000) for step, time_s, _ in found] == [
        (0, 1.0),
        (1, 2.0),
        (2, 500.0),
        (2, 600.0),
        (3, 700.0),
    ]
    write(logs / "a" / FIRST, at(4, 800))
    write(logs / "b" / FIRST, at(0, 800))
    report = bring(logs, workspace)
    assert (report.new, report.changed, report.unchanged, report.points) == (1, 1, 0, 2)
    steps = [step for step, _, _ in points_of(workspace.store, run["id"], "loss")]
    assert steps == [0, 1, 2, 2, 3, 4]


@pytest.mark.parametrize("tail", [b"", b"\0", b"\x05\0\0\0\0\0\0\0", b"x" * 40])
def test_what_stands_before_damage_is_kept(logs: Path, workspace: Workspace, tail: bytes) -> None:
    write(logs / "a" / FIRST, event(0, 1.7e9, value("loss", simple_value=1.0)), tail)
    report = bring(logs, workspace)
    assert report.points == 1
    assert report.left_out_count == (1 if len(tail) == 40 else 0)


def test_records_of_any_size_are_read(logs: Path, workspace: Workspace) -> None:
    text = strings(b"x" * 3_000_000, shape=())
    write(
        logs / "a" / FIRST,
        event(0, 1.7e9, value("long", tensor=text, metadata=plugin("text"))),
        event(1, 1.7e9, value("loss", simple_value=1.0)),
    )
    assert bring(logs, workspace).points == 2


def test_files_of_plugins_come_along(logs: Path, workspace: Workspace) -> None:
    write(logs / "a" / FIRST, event(0, 1.7e9, value("loss", simple_value=1.0)))
    profile = logs / "a" / "plugins" / "profile" / "1" / "host.xplane.pb"
    profile.parent.mkdir(parents=True)
    profile.write_bytes(b"profile")
    (logs / "a" / "notes.txt").write_text("no business of TensorBoard's")
    bring(logs, workspace)
    assert list(described(workspace)["a"]["files"]) == ["logs/plugins/profile/1/host.xplane.pb"]


@pytest.mark.parametrize("names", [[], ["a.txt"]])
def test_a_folder_without_event_files_is_refused(
    logs: Path, workspace: Workspace, names: list[str]
) -> None:
    for name in names:
        (logs / name).write_text("")
    with pytest.raises(NotFound, match="there is no event file"):
        bring(logs, workspace)


def test_a_real_writer_s_numbers_are_those_that_tensorboard_reads(
    logs: Path, workspace: Workspace
) -> None:
    with SummaryWriter(str(logs / "deep" / "run")) as writer:
        for step in range(300):
            writer.add_scalar("loss", 1 / (step + 1), step)
        writer.add_scalars("both", {"x": 1.0, "y": 2.0}, 0)
    bring(logs, workspace)
    runs = described(workspace)
    assert set(runs) == {"deep/run", "deep/run/both/x", "deep/run/both/y"}
    stock = EventAccumulator(str(logs / "deep" / "run"), size_guidance={"scalars": 0})
    stock.Reload()
    expected = [(each.step, each.wall_time, each.value) for each in stock.Scalars("loss")]
    assert points_of(workspace.store, runs["deep/run"]["id"], "loss") == expected
