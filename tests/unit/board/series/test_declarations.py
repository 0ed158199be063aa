"""What authors declared of their HParams, in the three shapes in which it comes: see each test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]
from tensorboard.data import provider as tb
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams import summary_v2 as hp

from trackboard.board.dashboards.hparams import Row, encode
from trackboard.board.series.declarations import DECLARATION, IsWanted, merge
from trackboard.model import Value

Found = dict[str, dict[str, Any]]


def series(content: bytes) -> tb.TensorTimeSeries:
    return tb.TensorTimeSeries(
        max_step=0, max_wall_time=0.0, plugin_content=content, description="", display_name=""
    )


def declared(hparams: Sequence[Any] = (), metrics: Sequence[Any] = ()) -> tb.TensorTimeSeries:
    """As `hp.hparams_config(hparams=…, metrics=…)` writes it."""
    summary = hp.hparams_config_pb(hparams=hparams, metrics=metrics)
    return series(summary.value[0].metadata.plugin_data.content)


def rows(values: Mapping[str, Mapping[str, Value]]) -> Found:
    return encode({run: Row(row) for run, row in values.items()})


def merged(tags: Found, scalars: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """The one declaration that TensorBoard gets to see, as JSON."""

    def list_scalars(is_wanted: IsWanted) -> Mapping[str, Sequence[str]]:
        assert scalars is not None, "nobody needs to know the scalars"
        return {run: tags for run, tags in scalars.items() if is_wanted(run)}

    found = merge(tags, list_scalars)
    contents = {run[DECLARATION].plugin_content for run in found.values() if DECLARATION in run}
    (content,) = contents
    experiment = metadata.parse_experiment_plugin_data(content)
    shown: dict[str, Any] = json.loads(json_format.MessageToJson(experiment))
    return shown


def names(metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    return ["/".join(filter(None, (m["name"].get("group"), m["name"]["tag"]))) for m in metrics]


UNITS = hp.HParam("units", hp.Discrete([8, 16]), display_name="Units", description="a layer's")
DROPOUT = hp.HParam("dropout", hp.RealInterval(0.1, 0.2))
ACCURACY = hp.Metric("accuracy", display_name="Accuracy", description="of all")
LOSS = hp.Metric("epoch_loss", group="validation", display_name="Loss (val.)")


def test_one_declaration_above_its_runs_stays_as_it_is() -> None:
    """TensorFlow's: in the folder of all, with a row in each folder below."""
    tags: Found = {
        ".": {DECLARATION: declared([UNITS, DROPOUT], [ACCURACY, LOSS])},
        **rows({"run-0": {"units": 8, "dropout": 0.1}, "run-1": {"units": 16, "dropout": 0.2}}),
    }
    content = tags["."][DECLARATION].plugin_content
    experiment = metadata.parse_experiment_plugin_data(content)
    assert merged(tags) == json.loads(json_format.MessageToJson(experiment))
    assert merge(tags, lambda _: {})["run-1"] == tags["run-1"]


def test_the_same_in_the_folders_of_a_job() -> None:
    tags: Found = {
        "exp/job/tuning": {DECLARATION: declared([UNITS], [ACCURACY])},
        **rows({"exp/job/tuning/run-0": {"units": 8}}),
    }
    assert names(merged(tags)["metricInfos"]) == ["accuracy"]


def test_declarations_of_each_run_are_united() -> None:
    """torch's and Lightning's: each run declares what it has itself."""
    wide = hp.HParam("units", hp.Discrete([16, 32]), display_name="not this")
    far = hp.HParam("dropout", hp.RealInterval(0.0, 0.15), description="of a layer")
    tags = rows({"a": {"units": 8, "dropout": 0.2}, "b": {"units": 32, "dropout": 0.0}})
    tags["a"][DECLARATION] = declared([UNITS, DROPOUT], [ACCURACY])
    tags["b"][DECLARATION] = declared([far, wide], [LOSS, hp.Metric("accuracy")])
    found = merged(tags)
    units, dropout = found["hparamInfos"]
    assert (units["displayName"], units["domainDiscrete"]) == ("Units", [8.0, 16.0, 32.0])
    assert dropout["domainInterval"] == {"maxValue": 0.2}  # from 0, which JSON leaves out
    assert dropout["description"] == "of a layer"
    assert units["differs"]
    assert names(found["metricInfos"]) == ["accuracy", "validation/epoch_loss"]
    assert found["metricInfos"][0]["displayName"] == "Accuracy"


def test_columns_that_nobody_declared_follow_and_rows_are_never_outside_of_a_domain() -> None:
    tags = rows(
        {
            "a": {"units": 64, "dropout": 0.5, "opt": "adam", "warm": True},
            "b": {"opt": "sgd", "lr": 0.1},
            "c": {"units": "auto"},
        }
    )
    tags["a"][DECLARATION] = declared([DROPOUT, UNITS], [ACCURACY])
    tags["b"][DECLARATION] = tags["c"][DECLARATION] = declared([], [ACCURACY])
    columns = {column["name"]: column for column in merged(tags)["hparamInfos"]}
    assert list(columns) == ["dropout", "units", "lr", "opt", "warm"]
    assert columns["dropout"]["domainInterval"] == {"minValue": 0.1, "maxValue": 0.5}
    assert columns["units"]["type"] == "DATA_TYPE_STRING"  # as the rows have it: "64" and "auto"
    assert "domainDiscrete" not in columns["units"]
    assert columns["opt"]["domainDiscrete"] == ["adam", "sgd"]
    assert columns["lr"]["domainInterval"] == {"minValue": 0.1, "maxValue": 0.1}
    assert columns["warm"] == {"name": "warm", "type": "DATA_TYPE_BOOL", "domainDiscrete": [True]}


def test_runs_that_chose_no_metrics_show_their_scalars_behind_those_that_were_chosen() -> None:
    tags = rows({"exp/a/trial": {"lr": 1}, "exp/b": {"lr": 2}, "exp/a": {"epochs": 3}})
    tags["exp/a/trial"][DECLARATION] = declared([], [hp.Metric("hp_metric")])
    scalars = {
        "exp/a": ["loss"],
        "exp/a/trial": ["hp_metric", "epoch", "train/loss_step"],
        "exp/a/trial/eval": ["mse"],
        "exp/b/validation": ["accuracy"],
        "exp/other": ["nobody's row"],
    }
    assert names(merged(tags, scalars)["metricInfos"]) == [
        "hp_metric",
        "validation/accuracy",
        "loss",
    ]


def test_a_declaration_without_metrics_chooses_none() -> None:
    tags = rows({"a": {"units": 8}})
    tags["a"][DECLARATION] = declared([UNITS])
    assert names(merged(tags, {"a": ["loss"]})["metricInfos"]) == ["loss"]


def test_a_damaged_declaration_spoils_nothing() -> None:
    tags = rows({"a": {"units": 8}, "b": {"units": 16}})
    tags["a"][DECLARATION] = series(b"\xff\xff\xff")
    tags["c"] = {DECLARATION: series(b"")}
    assert merge(tags, lambda _: {}) == rows({"a": {"units": 8}, "b": {"units": 16}})
    tags["b"][DECLARATION] = declared([UNITS], [ACCURACY])
    assert merged(tags, {})["hparamInfos"][0]["displayName"] == "Units"


def test_without_a_declaration_nothing_changes() -> None:
    tags = rows({"a": {"x": 1}})
    assert merge(tags, lambda _: {}) == tags
