"""Every route of TensorBoard's, asked of the stock one and of ours, for the same files of tensorboardX.

As a folder, as a job and as an export of that. Those of the training frameworks are compared in
tests/frameworks and tests/long.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.conftest import Jobs
from tests.every_route import Page, ask_all, ask_assets, list_routes
from tests.imported_logs import import_twice
from tests.same_as_stock import NOT_COMPARED, compare

_SCRIPT = """
import io, json, shutil, sys, wave
import numpy as np
from tensorboard.compat.proto.config_pb2 import RunMetadata
from tensorboardX import SummaryWriter
from tensorboardX.proto.attr_value_pb2 import AttrValue
from tensorboardX.proto.event_pb2 import Event, TaggedRunMetadata
from tensorboardX.proto.graph_pb2 import GraphDef
from tensorboardX.proto.node_def_pb2 import NodeDef
from tensorboardX.proto.summary_pb2 import Summary

random = np.random.default_rng(1)
layout = {"all": {"both": ["Multiline", ["loss/total", "accuracy"]],
                  "band": ["Margin", ["loss/total", "accuracy", "lr"]]}}

def beep():
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(random.integers(-9, 9, 800, np.int16).tobytes())
    audio = Summary.Audio(sample_rate=8000, num_channels=1, length_frames=800,
                          encoded_audio_string=file.getvalue(), content_type="audio/wav")
    return Summary(value=[Summary.Value(tag="beep", audio=audio)])

for name in ("train", "eval/deep"):
    with SummaryWriter(f"logs/{name}") as w:
        for step in range(20):
            w.add_scalar("loss/total", 1 / (1 + step), step, summary_description=f"of **{name}**")
            w.add_scalar("accuracy", step / 20, step)
            w.add_scalar("lr", 0.1, step)
            w.add_image("picture", random.random((3, 8, 8)), step)
        w.add_scalar("odd", float("nan"), 0)
        w.add_scalar("odd", float("inf"), 1)
        w.add_images("pictures", random.random((2, 3, 8, 8)), 1)
        for step in range(3):
            w.add_histogram("weights", random.normal(size=100), step)
            w.add_text("note", f"**bold** and a | b, {step}", step)
            w.add_pr_curve("pr", random.integers(2, size=50), random.random(50), step)
            w.file_writer.add_summary(beep(), step)
        w.add_mesh("mesh", random.random((1, 10, 3)), colors=random.integers(255, size=(1, 10, 3)),
                   faces=random.integers(10, size=(1, 4, 3)))
        w.add_embedding(random.random((5, 3)), metadata=list("abcde"), tag="words", global_step=1,
                        label_img=random.random((5, 3, 8, 8)))
        w.add_custom_scalars(layout)
        nodes = [NodeDef(name="a", op="Const", attr={"v": AttrValue(s=b"x" * 2000)}),
                 NodeDef(name="b", op="Identity", input=["a"])]
        w.file_writer.event_writer.add_event(Event(graph_def=GraphDef(node=nodes).SerializeToString()))
        said = RunMetadata()
        said.step_stats.dev_stats.add(device="cpu:0").node_stats.add(node_name="a")
        tagged = TaggedRunMetadata(tag="first", run_metadata=said.SerializeToString())
        w.file_writer.event_writer.add_event(Event(tagged_run_metadata=tagged))
    config = f"logs/{name}/projector_config.pbtxt"
    with open(f"logs/{name}/views.txt", "w") as views, open(config) as file:
        views.write(json.dumps([{"label": "first"}]))
        text = file.read()
    with open(config, "w") as file:
        file.write(text.replace("tensor_name:", 'bookmarks_path: "views.txt" tensor_name:'))
with SummaryWriter("logs/tuned") as w:
    for number in range(2):
        w.add_hparams({"width": 8 + number, "kind": "ab"[number], "deep": bool(number)},
                      {"score": number / 2}, name=f"trial-{number}")
shutil.copytree("logs", sys.argv[1])
"""


_WITHOUT_DATA = [route for route in NOT_COMPARED if route != "/"]


def test_all_answers_are_the_same(jobs: Jobs, tmp_path: Path) -> None:
    routes = list_routes()

    def ask(page: Page) -> dict[str, Any]:
        answers = {**ask_all(page), **dict(ask_assets(page, routes))}
        answers.update((f"nothing of {route}", page.get(route)) for route in _WITHOUT_DATA)
        return answers

    written = tmp_path / "copies" / "written"
    ended = jobs.wait(jobs.submit(_SCRIPT, str(written)))
    assert ended.cause == ""
    answers, answered = compare(jobs.workspace, ended, written, runs=5, ask=ask)
    assert routes - answered - answers.keys() == NOT_COMPARED.keys(), "no route is forgotten"
    refused = {asked for asked, answer in answers.items() if str(answer).startswith("HTTP 4")}
    assert [asked for asked in refused if not asked.startswith(("/", "nothing of "))] == []
    assert import_twice(written, tmp_path / "imported") == []
