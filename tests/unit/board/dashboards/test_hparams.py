from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from tensorboard.data import provider as tb
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment
from tensorboard.plugins.hparams import list_session_groups as groups

from trackboard.board.dashboards.hparams import Row, encode
from trackboard.board.provider.combined import BoardProvider
from trackboard.model import Value

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab

START = "_hparams_/session_start_info"


class Tab:
    """What TensorBoard's HParams tab gets to see."""

    def __init__(self, board: BoardProvider) -> None:
        self._context = backend_context.Context(TBContext(data_provider=board))

    def columns(self) -> dict[str, str]:
        found = get_experiment.Handler(
            None, self._context, "", api_pb2.GetExperimentRequest()
        ).run()
        names = api_pb2.DataType.Name
        return {
            info.name: names(info.type).removeprefix("DATA_TYPE_") for info in found.hparam_infos
        }

    def rows(self, *sort: Any, statuses: tuple[int, ...] = (0, 1, 2, 3)) -> dict[str, Any]:
        request = api_pb2.ListSessionGroupsRequest(slice_size=1000, col_params=sort)
        request.allowed_statuses.extend(statuses)
        found = groups.Handler(None, self._context, "", request).run()
        return {
            group.name: {
                name: groups._value_to_python(value) for name, value in group.hparams.items()
            }
            for group in found.session_groups
        }


def by_metric(tag: str, order: int = api_pb2.ORDER_DESC) -> Any:
    return api_pb2.ColParams(metric=api_pb2.MetricName(tag=tag), order=order)


def test_one_typed_row_per_run_that_has_a_parameter_or_a_tag(lab: Lab) -> None:
    lab.add_run("parent", name="sweep")
    lab.add_run("kid", name="kid", parent="parent")
    lab.add_run("none")
    lab.set_parameter("parent", "lr", 0.1)
    lab.set_parameter("parent", "lr", 0.5)
    settings: dict[str, Value] = {"lr": 1, "opt": "adam", "nesterov": True}
    for name, value in settings.items():
        lab.set_parameter("kid", name, value)
    lab.tag("kid", "team", "red")
    lab.tag("kid", "checked")
    lab.tag("kid", "opt", "a tag of a parameter's name")
    board = lab.open()
    assert board.list_plugins(experiment_id="") == ["scalars", "hparams"]
    tab = Tab(board)
    assert tab.columns() == {
        "lr": "FLOAT64",
        "opt": "STRING",
        "nesterov": "BOOL",
        "team": "STRING",
        "checked": "STRING",
        "tag:opt": "STRING",
    }
    assert tab.rows() == {
        "exp/sweep": {"lr": 0.5},
        "exp/sweep/kid": {
            "lr": 1.0,
            "opt": "adam",
            "nesterov": True,
            "team": "red",
            "checked": "✓",
            "tag:opt": "a tag of a parameter's name",
        },
    }


def test_a_run_with_tags_only_has_a_row_and_one_with_neither_lights_nothing(lab: Lab) -> None:
    lab.add_run("a")
    board = lab.open()
    assert board.list_plugins(experiment_id="") == ["scalars"]
    assert board.list_tensors(experiment_id="", plugin_name="hparams") == {}
    lab.tag("a", "team", "red")
    assert "hparams" in board.list_plugins(experiment_id="")
    assert Tab(board).rows() == {"exp/run-1": {"team": "red"}}


def test_which_setting_was_best(lab: Lab) -> None:
    for run, score in {"a": 0.5, "b": 0.9, "c": 0.7, "d": math.nan}.items():
        lab.add_run(run, name=run)
        lab.set_parameter(run, "lr", 0.1)
        lab.log(run, "score", [9.0, score])  # the last value counts
    lab.add_run("e", name="e")
    lab.set_parameter("e", "lr", 0.2)
    tab = Tab(lab.open())
    best = list(tab.rows(by_metric("score")))
    assert [name for name in best if name in ("exp/a", "exp/b", "exp/c")] == [
        "exp/b",
        "exp/c",
        "exp/a",
    ]
    by_lr = api_pb2.ColParams(hparam="lr", order=api_pb2.ORDER_DESC)
    assert next(iter(tab.rows(by_lr))) == "exp/e"
    dear = api_pb2.ColParams(metric=api_pb2.MetricName(tag="score"), exclude_missing_values=True)
    dear.filter_interval.min_value, dear.filter_interval.max_value = 0.6, 1.0
    assert set(tab.rows(dear)) == {"exp/b", "exp/c"}


def test_filters_by_how_a_run_ended(lab: Lab) -> None:
    for run in "ab":
        lab.add_run(run)
        lab.set_parameter(run, "x", 1)
    lab.end_run("a")
    tab = Tab(lab.open())
    assert list(tab.rows(statuses=(api_pb2.STATUS_SUCCESS,))) == ["exp/run-1"]
    assert list(tab.rows(statuses=(api_pb2.STATUS_RUNNING,))) == ["exp/run-2"]


def test_a_column_of_several_types_is_text_and_can_be_sorted(lab: Lab) -> None:
    depths: dict[str, Value] = {"a": 3, "b": "auto", "c": True, "d": 0.5}
    for run, value in depths.items():
        lab.add_run(run, name=run)
        lab.set_parameter(run, "depth", value)
    tab = Tab(lab.open())
    assert tab.columns() == {"depth": "STRING"}
    by_depth = api_pb2.ColParams(hparam="depth", order=api_pb2.ORDER_ASC)
    values = [row["depth"] for row in tab.rows(by_depth).values()]
    assert values == ["0.5", "3", "True", "auto"]


def test_numbers_that_no_answer_can_hold_are_left_empty(lab: Lab) -> None:
    lab.add_run("a")
    lab.set_parameter("a", "x", math.nan)
    lab.set_parameter("a", "y", math.inf)
    lab.set_parameter("a", "z", 2**60)
    assert Tab(lab.open()).rows() == {"exp/run-1": {"z": float(2**60)}}


class _Native:
    """What TensorBoard's reader finds in event files."""

    def __init__(self, rows: dict[str, Row]) -> None:
        self.tags = encode(rows)

    def list_tensors(self, _ctx: Any = None, **which: Any) -> dict[str, Any]:
        return self.tags if which["plugin_name"] == "hparams" else {}

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: {}


def test_rows_of_event_files_show_beside_ours(lab: Lab) -> None:
    lab.add_run("a", name="net")
    lab.add_run("b", name="ours")
    lab.set_parameter("a", "lr", 0.5)
    lab.set_parameter("b", "warm", True)
    native: Any = _Native(
        {
            "exp/net": Row({"lr": 0.1, "depth": 3.0}),
            "exp/net/trial": Row({"warm": 1.0}, group="twice"),
        }
    )
    board = BoardProvider(lab.open().history, native)
    tab = Tab(board)
    assert tab.rows() == {
        "exp/net": {"lr": 0.5, "depth": 3.0},  # of one name, ours counts
        "exp/ours": {"warm": "True"},
        "twice": {"warm": "1.0"},  # a mixed column is text on both sides
    }
    only = tb.RunTagFilter(runs=["exp/net"], tags=[START])
    found = board.list_tensors(experiment_id="", plugin_name="hparams", run_tag_filter=only)
    assert {run: list(tags) for run, tags in found.items()} == {"exp/net": [START]}


def test_true_and_one_keep_their_types() -> None:
    found = encode({"a": Row({"x": True}), "b": Row({"y": 1})})
    again = encode({"a": Row({"x": 1}), "b": Row({"y": True})})
    assert found["a"][START].plugin_content != again["a"][START].plugin_content


@pytest.mark.parametrize("view", ["exp", "other"])
def test_each_view_has_its_own_rows(lab: Lab, view: str) -> None:
    for run, experiment in (("a", "exp"), ("b", "other")):
        lab.add_run(run, experiment)
        lab.set_parameter(run, "x", 1)
    found = lab.open().list_tensors(experiment_id=view, plugin_name="hparams")
    assert list(found) == [f"{view}/run-1"]
