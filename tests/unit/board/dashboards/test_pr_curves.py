from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tensorboard.data.provider import RunTagFilter
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.pr_curve import metadata
from tensorboard.plugins.pr_curve.pr_curves_plugin import PrCurvesPlugin

from trackboard.model import ArtifactKind

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab

CAT = [[8, 12, 0, 0], [6, 3, 9, 2], [0, 0, 12, 8]]  # TP, FP, TN, FN at each threshold
DOG = [[12, 8, 0, 0], [9, 2, 6, 3], [0, 0, 8, 12]]
TABLE = {
    "probability_tables": [CAT, DOG],
    "probability_thresholds": [0.0, 0.5, 1.0],
    "percentile_tables": [],
    "percentile_thresholds": [],
    "class_labels": ["cat", "dog"],
}


def test_each_class_is_a_series_as_the_plugin_wants_it(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_artifact("a", "accuracy", TABLE, ArtifactKind.ACCURACY_TABLE, step=2)
    board = lab.open()
    assert board.list_plugins(experiment_id="") == ["scalars", "pr_curves"]
    listed = board.list_tensors(experiment_id="", plugin_name="pr_curves")["exp/run-1"]
    assert list(listed) == ["accuracy/cat", "accuracy/dog"]
    content = listed["accuracy/cat"].plugin_content
    assert metadata.parse_plugin_metadata(content).num_thresholds == 3
    assert listed["accuracy/cat"].description == ""
    plugin = PrCurvesPlugin(TBContext(data_provider=board))
    (entry,) = plugin.pr_curves_impl(None, "", ["exp/run-1"], "accuracy/cat")["exp/run-1"]
    assert entry["step"] == 2
    assert entry["thresholds"] == [0.0, 0.5]  # the plugin cuts off where nothing is positive
    assert entry["true_positives"] == [8, 6]
    assert entry["false_negatives"] == [0, 2]
    assert entry["precision"] == pytest.approx([8 / 20, 6 / 9])
    assert entry["recall"] == pytest.approx([1, 6 / 8])


def test_steps_of_several_tables(lab: Lab) -> None:
    lab.add_run("a")
    for step in (0, 2, 1):
        lab.log_artifact("a", "accuracy", TABLE, ArtifactKind.ACCURACY_TABLE, step=step)
    lab.log_artifact("a", "accuracy", b"broken", ArtifactKind.ACCURACY_TABLE, step=3)
    board = lab.open()
    which = {"experiment_id": "", "plugin_name": "pr_curves"}
    wanted = RunTagFilter(runs=["exp/run-1"], tags=["accuracy/dog"])
    found = board.read_tensors(**which, run_tag_filter=wanted, downsample=100)
    ((tag, data),) = found["exp/run-1"].items()
    assert tag == "accuracy/dog"
    assert [datum.step for datum in data] == [0, 1, 2]
    assert data[0].numpy[:4, 1].tolist() == [9, 2, 6, 3]


def test_odd_labels_and_thresholds(lab: Lab) -> None:
    lab.add_run("a")
    odd = {**TABLE, "class_labels": ["x", "x"], "probability_thresholds": [0.1, 0.2, 0.9]}
    lab.log_artifact("a", "accuracy", odd, ArtifactKind.ACCURACY_TABLE)
    listed = lab.open().list_tensors(experiment_id="", plugin_name="pr_curves")["exp/run-1"]
    assert list(listed) == ["accuracy/x", "accuracy/x #2"]
    assert "not evenly spaced" in listed["accuracy/x"].description
