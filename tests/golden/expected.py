"""The right values of the golden files, and how stored points compare with them."""

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from trackboard.model import Run
from trackboard.ports import Points, Store

DATA = Path(__file__).parent / "data"


def load(name: str) -> dict[str, Any]:
    """The expected values in a JSON file of `data/`."""
    content: dict[str, Any] = json.loads((DATA / name).read_text("ascii"))
    return content


def facts(run: Run) -> dict[str, Any]:
    """A run as the expected values tell it: those fields that existed then."""
    told: dict[str, Any] = json.loads(json.dumps(vars(run)))
    told["name"] = told.pop("given_name")  # called so then
    return told


def check_runs(store: Store, expected: list[dict[str, Any]]) -> None:
    found = {run.id: facts(run) for run in store.list_runs()}
    known = {run["id"]: run for run in expected}
    assert found.keys() == known.keys()
    for run, fields in known.items():
        assert {name: found[run][name] for name in fields} == fields


def check_said(store: Store, expected: dict[str, Any]) -> None:
    """What was said about runs: tags, properties, parameters, files, artifacts, and every point."""
    for run, tags in expected["tags"].items():
        assert store.get_tags(run) == tags
    for run, properties in expected["properties"].items():
        assert store.get_properties(run) == properties
    for run, parameters in expected["parameters"].items():
        assert repr(store.list_parameters([run])[run]) == repr(ordered(parameters, store, run))
    files = {file["path"]: file for file in expected["files"]}
    for run_file in store.list_files(expected["files"][0]["run"]):
        if run_file.path in files:
            assert files.pop(run_file.path) == {"run": expected["files"][0]["run"]} | vars(run_file)
    assert files == {}
    artifacts = store.list_artifacts(runs=[expected["artifacts"][0]["run"]])
    assert [json.loads(json.dumps(vars(each))) for each in artifacts] == expected["artifacts"]
    check_series(store, expected["series"])


def ordered(parameters: dict[str, Any], store: Store, run: Any) -> dict[str, Any]:
    found = store.list_parameters([run])[run]
    assert found.keys() == parameters.keys()
    return {name: parameters[name] for name in found}


def check_series(store: Store, expected: list[dict[str, Any]]) -> None:
    found = {(each.run, each.name, each.kind.name == "TEXT"): each for each in store.list_series()}
    for told in expected:
        series = found[told["run"], told["name"], told["kind"] == "text"]
        assert (series.table, series.kind.name.lower()) == (told["table"], told["kind"])
        assert series.count == told["count"]
        points = store.read_points([series.id])[series.id]
        check_points(points, told)
        pieces = list(store.iter_points(series.id))
        assert sum(map(len, pieces)) == told["count"]
        last = told["points"][-1] if "points" in told else told["last"]
        assert [series.last_step, series.last_time_s] == last[:2]
        assert repr(series.last_value) == repr(last[2])
        if told["kind"] != "text":
            assert series.max_step == int(points.steps.max())
            numbers = [float(value) for value in points.values.tolist() if value == value]
            assert series.min_value == min(numbers)
            assert series.max_value == max(numbers)
            values = points.values.astype(float)
            assert series.min_value_step == points.steps[np.nanargmin(values)]
            assert series.max_value_step == points.steps[np.nanargmax(values)]


def check_points(points: Points, told: dict[str, Any]) -> None:
    """Every point, bit for bit; of many, by the digest of their columns."""
    steps, times_s, values = points.steps.tolist(), points.times_s.tolist(), points.values.tolist()
    if "points" in told:
        shown = [list(point) for point in zip(steps, times_s, values, strict=True)]
        assert repr(shown) == repr(told["points"])
        return
    data = struct.pack(f"<{len(steps)}q{len(times_s)}d", *steps, *times_s)
    if told["kind"] == "text":
        data += json.dumps(values).encode()
    else:
        code = {"float": "d", "int": "q", "bool": "?"}[told["kind"]]
        data += struct.pack(f"<{len(values)}{code}", *values)
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
