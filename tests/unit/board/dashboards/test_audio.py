"""Sounds, as TensorBoard's Audio dashboard and its readers of event files take them."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.context import RequestContext
from tensorboard.errors import NotFoundError
from tensorboard.plugins.audio.audio_plugin import AudioPlugin
from tensorboard.plugins.base_plugin import TBContext
from werkzeug.test import Client

from trackboard.board.export.export import export_runs
from trackboard.model import ArtifactKind, RunId
from trackboard.workspace import Workspace

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab


def wav(level: int = 0) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(level.to_bytes(2, "little") * 80)
    return stream.getvalue()


def add(lab: Lab, name: str, content: bytes, step: int | None = None, path: str = "a.wav") -> str:
    return lab.log_artifact("a", name, content, ArtifactKind.AUDIO, step=step, path=path)


def test_tensorboards_own_plugin_plays_what_was_logged(lab: Lab) -> None:
    lab.add_run("a")
    assert "audio" not in lab.open().list_plugins(experiment_id="")
    for step in (5, 2):
        add(lab, "bell", wav(step), step)
    board = lab.open()
    assert "audio" in board.list_plugins(experiment_id="")
    apps = AudioPlugin(TBContext(data_provider=board)).get_plugin_apps()
    (tags,) = Client(apps["/tags"]).get("/").get_json().items()
    assert tags == ("exp/run-1", {"bell": {"displayName": "bell", "description": "", "samples": 1}})
    asked = {"run": "exp/run-1", "tag": "bell"}
    first, second = Client(apps["/audio"]).get("/", query_string=asked).get_json()
    assert (first["step"], second["step"]) == (2, 5)
    heard = Client(apps["/individualAudio"]).get("/", query_string=first["query"])
    assert (heard.data, heard.content_type) == (wav(2), "audio/wav")


def test_a_sound_is_no_image_and_what_is_none_is_said_in_text(lab: Lab) -> None:
    lab.add_run("a")
    add(lab, "bell", wav())
    key = add(lab, "song", b"ID3 and more", path="song.mp3")
    board = lab.open()
    assert board.list_blob_sequences(experiment_id="", plugin_name="images") == {}
    listed = board.list_blob_sequences(experiment_id="", plugin_name="audio")
    assert list(listed["exp/run-1"]) == ["bell"]
    read = board.read_tensors(experiment_id="", plugin_name="text")["exp/run-1"]
    (datum,) = read["song"]
    assert datum.numpy.item() == (
        "song&#46;mp3 was logged as audio, but cannot be shown as one: it is no WAV file"
    )
    for part, kind in (("file", "audio"), ("width", "audio"), ("file", "image")):
        with pytest.raises(NotFoundError):
            board.read_blob(blob_key=f"trackboard.{part}.{kind}.{key.replace(':', '~')}")


@pytest.mark.parametrize(("name", "tag"), [("bell", "bell"), ('a "bell"', "a %22bell%22")])
def test_an_export_has_it_for_any_tensorboard(
    lab: Lab, tmp_path: Path, name: str, tag: str
) -> None:
    lab.add_run("a")
    lab.log("a", "bell", [0.5])  # numbers come first where both want a name
    add(lab, name, wav(1), 7)
    add(lab, "bad", b"no sound", path="bad.wav")
    (skipped,) = export_runs(lab.source, [RunId("a")], tmp_path, report=lambda _: None).skipped
    assert skipped.what == "exp/run-1: bad.wav"
    reader = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(tmp_path))
    reader.Reload()
    stock = data_provider.MultiplexerDataProvider(reader, str(tmp_path))
    tag = "bell/sound" if name == "bell" else tag
    ctx = RequestContext()
    found = stock.read_blob_sequences(ctx, experiment_id="", plugin_name="audio", downsample=10)
    (datum,) = found["exp/run-1"][tag]
    assert datum.step == 7
    assert stock.read_blob(ctx, blob_key=datum.values[0].blob_key) == wav(1)


def test_a_sound_goes_all_the_way_from_a_run(empty_folder: Path) -> None:
    workspace = Workspace.open(empty_folder)
    live = workspace.recorder().create_run("digits")
    live.log_audio("bell", wav(3))
    live.complete()
    store = workspace.parts.drain()
    (artifact,) = store.list_artifacts()
    assert (artifact.name, artifact.kind, artifact.step) == ("bell", ArtifactKind.AUDIO, 0)
    with workspace.blobs.open(artifact.key) as stream:
        assert stream.read() == wav(3)
    workspace.close()
