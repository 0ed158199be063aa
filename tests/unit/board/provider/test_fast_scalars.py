from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboard.backend import json_util
from tensorboard.errors import NotFoundError
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.metrics.metrics_plugin import MetricsPlugin

from trackboard.board.provider.combined import BoardProvider
from trackboard.board.provider.fast_scalars import answer

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab


def stock_answer(board: BoardProvider, experiment_id: str, requests: list[Any]) -> Any:
    """What TensorBoard's own plugin answers with the same data."""
    plugin = MetricsPlugin(TBContext(data_provider=board))
    found = plugin._time_series_impl(None, experiment_id, requests)
    return json.loads(json.dumps(json_util.Cleanse(found)))


def ours(board: BoardProvider, experiment_id: str, requests: list[Any]) -> Any:
    body = answer(board, experiment_id, requests)
    assert body is not None
    return json.loads(body, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def loss(run: str | None = None) -> dict[str, str]:
    return {"plugin": "scalars", "tag": "loss"} | ({} if run is None else {"run": run})


def test_answers_as_tensorboard_itself_does(lab: Lab) -> None:
    lab.add_run("a", name='quo"te \u2028 ü \\')
    lab.add_run("b", "other")
    lab.log("a", "loss", [1.5, math.nan, math.inf, -math.inf, 1e300, 1e308, 5e-324, -0.0])
    lab.log("b", "loss", [True, False])
    lab.log("b", 't"ag', [2**60, -3], [9, -9])
    board = lab.open()
    requests = [
        loss(),
        loss("other/run-1"),
        loss("nobody"),
        loss(""),
        {"plugin": "scalars", "tag": 't"ag'},
        {"plugin": "scalars", "tag": "nothing"},
    ]
    for experiment_id in ("", "exp", "other"):
        assert ours(board, experiment_id, requests) == stock_answer(board, experiment_id, requests)
    values = [
        point["value"] for point in ours(board, "exp", [loss()])[0]["runToSeries"].popitem()[1]
    ]
    assert values == [1.5, "NaN", "Infinity", "-Infinity", 1e300, 1e308, 5e-324, -0.0]
    assert ours(board, "", []) == []


@pytest.mark.parametrize(
    "request_",
    [
        {"plugin": "histograms", "tag": "loss", "run": "exp/run-1"},
        {"plugin": "scalars"},
        {"plugin": "scalars", "tag": 3},
        {"plugin": "scalars", "tag": "loss", "run": 3},
        {"plugin": "scalars", "tag": "loss", "sample": 1},
        "scalars",
    ],
)
def test_leaves_the_rest_to_tensorboard(lab: Lab, request_: Any) -> None:
    board = lab.open()
    assert answer(board, "", [loss(), request_]) is None
    assert answer(board, "", {"plugin": "scalars"}) is None  # type: ignore[arg-type]  # from outside


def test_all_requests_of_an_answer_share_one_budget(lab: Lab) -> None:
    for number in range(60):
        lab.add_run(str(number))
        for tag in ("loss", "accuracy"):
            lab.log(str(number), tag, np.arange(1000.0))
    board = lab.open()
    both = ours(board, "", [loss(), loss() | {"tag": "accuracy"}])
    lengths = [len(points) for one in both for points in one["runToSeries"].values()]
    assert len(lengths) == 120
    assert 60_000 < sum(lengths) <= 100_000
    (one,) = ours(board, "", [loss("exp/run-1")])
    assert len(one["runToSeries"]["exp/run-1"]) == 1000


def test_unknown_experiments_are_not_found(lab: Lab) -> None:
    with pytest.raises(NotFoundError, match="'nowhere'"):
        answer(lab.open(), "nowhere", [loss()])


def test_the_next_answer_holds_what_was_just_logged(lab: Lab) -> None:
    lab.add_run("a")
    board = lab.open()
    for count in range(1, 4):
        lab.log("a", "loss", [float(count)], [count])
        assert len(ours(board, "", [loss()])[0]["runToSeries"]["exp/run-1"]) == count


def test_the_store_is_asked_once_for_all_charts_of_an_answer(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in ("a", "b"):
        lab.add_run(run, name=run)
        for tag in ("loss", "accuracy"):
            lab.log(run, tag, [0.5, 0.25])
    board = lab.open()
    asked: list[str] = []

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def count(*given: Any, **more: Any) -> Any:
            asked.append(name)
            return real(*given, **more)

        return count

    for name in ("list_series", "read_points"):
        monkeypatch.setattr(lab.store, name, counted(name, getattr(lab.store, name)))
    requests = [loss(), loss("exp/a"), loss("exp/b") | {"tag": "accuracy"}] * 100
    before = lab.refreshed
    answers = ours(board, "", requests)
    assert sorted(asked) == ["list_series", "read_points"]
    assert lab.refreshed == before + 1
    assert answers == stock_answer(board, "", requests)
    assert [list(one["runToSeries"]) for one in answers[:3]] == [
        ["exp/a", "exp/b"],
        ["exp/a"],
        ["exp/b"],
    ]
