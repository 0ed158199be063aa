"""Histograms, as TensorBoard's dashboards and its readers of event files take them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.distribution.distributions_plugin import DistributionsPlugin
from tensorboard.plugins.histogram.histograms_plugin import HistogramsPlugin
from werkzeug.test import Client

from trackboard.board.export.export import export_runs
from trackboard.model import ArtifactKind, RunId
from trackboard.workspace import Workspace

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab

DATA = {"bin_counts": [1, 3], "bin_edges": [0, 0.5, 2]}
BUCKETS = [[0.0, 0.5, 1.0], [0.5, 2.0, 3.0]]


def add(lab: Lab, name: str, data: dict[str, object] | bytes = DATA, step: int = 0) -> None:
    lab.log_artifact("a", name, data, ArtifactKind.HISTOGRAM, step=step, path="h.json")


def test_both_dashboards_show_what_was_logged(lab: Lab) -> None:
    lab.add_run("a")
    assert "histograms" not in lab.open().list_plugins(experiment_id="")
    for step in (5, 2):
        add(lab, "weights", step=step)
    board = lab.open()
    assert "histograms" in board.list_plugins(experiment_id="")
    context = TBContext(data_provider=board)
    context = TBContext(
        data_provider=board,
        plugin_name_to_instance={"histograms": HistogramsPlugin(context)},
    )
    apps = HistogramsPlugin(context).get_plugin_apps()
    tags = Client(apps["/tags"]).get("/").get_json()
    assert tags == {"exp/run-1": {"weights": {"displayName": "weights", "description": ""}}}
    asked = {"run": "exp/run-1", "tag": "weights"}
    first, second = Client(apps["/histograms"]).get("/", query_string=asked).get_json()
    assert (first[1], second[1]) == (2, 5)
    assert first[2] == BUCKETS
    spread = DistributionsPlugin(context).get_plugin_apps()["/distributions"]
    shown = Client(spread).get("/", query_string=asked).get_json()
    assert [step for _, step, _ in shown] == [2, 5]
    assert shown[0][2][-1][1] == 2.0  # all of them lie below


def test_fifty_of_many_and_as_few_as_a_person_asks(lab: Lab) -> None:
    lab.add_run("a")
    for step in range(120):
        add(lab, "weights", step=step)
    for samples, downsample, count in (("", 51, 51), ("histograms=3", 51, 3), ("", None, 120)):
        read = lab.open(samples=samples).read_tensors(
            experiment_id="", plugin_name="histograms", downsample=downsample
        )
        steps = [datum.step for datum in read["exp/run-1"]["weights"]]
        assert (len(steps), steps[0], steps[-1]) == (count, 0, 119)


@pytest.mark.parametrize(
    "bad",
    [
        b"no JSON",
        {"bin_counts": [1], "bin_edges": [1]},
        {"bin_counts": [-1], "bin_edges": [0, 1]},
        {"bin_counts": [None], "bin_edges": [0, 1]},
    ],
)
def test_what_is_none_is_said_in_text(lab: Lab, bad: dict[str, object] | bytes) -> None:
    lab.add_run("a")
    add(lab, "bad", bad)
    add(lab, "good")
    add(lab, "good", bad, 7)
    board = lab.open()
    assert list(board.list_tensors(experiment_id="", plugin_name="histograms")["exp/run-1"]) == [
        "good"
    ]
    (datum,) = board.read_tensors(experiment_id="", plugin_name="text")["exp/run-1"]["bad"]
    assert "was logged as histogram, but cannot be shown as one" in datum.numpy.item()


def test_an_export_has_it_for_any_tensorboard(lab: Lab, tmp_path: Path) -> None:
    lab.add_run("a")
    lab.log("a", "weights", [0.5])  # numbers come first where both want a name
    add(lab, "weights", step=7)
    add(lab, "bad", b"no JSON")
    (skipped,) = export_runs(lab.source, [RunId("a")], tmp_path, report=lambda _: None).skipped
    assert skipped.what == "exp/run-1: h.json"
    reader = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(tmp_path))
    reader.Reload()
    stock = data_provider.MultiplexerDataProvider(reader, str(tmp_path))
    read = stock.read_tensors(
        RequestContext(), experiment_id="", plugin_name="histograms", downsample=10
    )
    (datum,) = read["exp/run-1"]["weights/histogram"]
    assert (datum.step, datum.numpy.tolist()) == (7, BUCKETS)


def test_a_histogram_goes_all_the_way_from_a_run(empty_folder: Path) -> None:
    workspace = Workspace.open(empty_folder)
    live = workspace.recorder().create_run("digits")
    live.log_histogram("weights", np.arange(10))
    live.complete()
    (artifact,) = workspace.parts.drain().list_artifacts()
    assert (artifact.name, artifact.kind, artifact.step) == ("weights", ArtifactKind.HISTOGRAM, 0)
    with workspace.blobs.open(artifact.key) as stream:
        assert sum(json.load(stream)["data"]["bin_counts"]) == 10
    workspace.close()
