"""The shapes of answers as JSON Schema: what `service.wire` writes, also for `--json` of the command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shape = Mapping[str, Any]

_TEXT: Shape = {"type": "string"}
_COUNT: Shape = {"type": "integer", "minimum": 0}
_WHOLE: Shape = {"type": "integer"}
_FLAG: Shape = {"type": "boolean"}
_MOMENT: Shape = {"type": ["string", "null"], "format": "date-time"}
_OPTIONAL: Shape = {"type": ["string", "null"]}
_NUMBER: Shape = {
    "description": 'A number; "NaN", "Infinity" and "-Infinity" are text.',
    "anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}],
}
_VALUE: Shape = {"type": ["number", "string", "boolean", "null"]}


def _ref(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(of: Shape) -> Shape:
    return {"type": "array", "items": of}


def _map(of: Shape) -> Shape:
    return {"type": "object", "additionalProperties": of}


def _object(optional: Mapping[str, Shape] | None = None, /, **properties: Shape) -> Shape:
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": [*properties],
    }


_RUN: dict[str, Shape] = {
    "id": _TEXT,
    "experiment": _TEXT,
    "number": _COUNT,
    "run_name": _TEXT,
    "name": _TEXT,
    "parent": _OPTIONAL,
    "kind": _TEXT,
    "state": _TEXT,
    "cause": _TEXT,
    "description": _TEXT,
    "created": _MOMENT,
    "started": _MOMENT,
    "ended": _MOMENT,
    "archived": _MOMENT,
    "deleted": _MOMENT,
    "duration_s": {"type": ["number", "null"]},
    "warnings": _list(_TEXT),
    "tags": _map(_OPTIONAL),
    "parameters": _map(_VALUE),
    "metrics": _map(_ref("SeriesFacts")),
}

SHAPES: Mapping[str, Shape] = {
    "Error": _object(error=_object(message=_TEXT, hint=_TEXT)),
    "Workspace": _object(
        name=_TEXT, id=_TEXT, folder=_TEXT, created=_MOMENT, trackboard=_TEXT, version=_COUNT
    ),
    "Experiment": _object(
        name=_TEXT,
        tags=_map(_OPTIONAL),
        archived=_MOMENT,
        runs=_COUNT,
        active=_COUNT,
        newest=_MOMENT,
    ),
    "Experiments": _object(experiments=_list(_ref("Experiment"))),
    "SavedView": _object(name=_TEXT, address=_TEXT, saved=_MOMENT),
    "NameFound": _object(kind=_TEXT, name=_TEXT, text=_TEXT),
    "NamesFound": _object(names=_list(_ref("NameFound"))),
    "SavedViews": _object(views=_list(_ref("SavedView"))),
    "SeriesFacts": _object(
        last={"type": ["number", "string", "boolean"]},
        step=_WHOLE,
        count=_COUNT,
        min=_NUMBER,
        max=_NUMBER,
        min_step={"type": ["integer", "null"], "description": "The first step of the least value."},
        max_step={"type": ["integer", "null"], "description": "The same of the greatest."},
    ),
    "Run": _object(**_RUN),
    "RunPage": _object(runs=_list(_ref("Run")), count=_COUNT, next=_OPTIONAL),
    "GroupPage": _object(groups=_list(_ref("Group")), count=_COUNT, runs=_COUNT, next=_OPTIONAL),
    "Group": _object(
        key={**_map(_VALUE), "description": "What its runs have; null: nothing."},
        where={**_TEXT, "description": "The condition that finds its runs."},
        runs=_COUNT,
        statistics=_map({"anyOf": [_ref("Statistics"), {"type": "null"}]}),
    ),
    "Statistics": _object(
        count={**_COUNT, "description": "Numbers; NaN is none."},
        mean=_NUMBER,
        deviation={**_NUMBER, "description": "The standard deviation of all of them (ddof=0)."},
        min=_NUMBER,
        max=_NUMBER,
    ),
    "RunDetails": _object(
        {"job": _ref("Job")},
        **_RUN,
        properties=_map(_TEXT),
        files=_map(_COUNT),
        folder=_TEXT,
    ),
    "Job": _object(
        compute=_OPTIONAL,
        queue_position={"type": ["integer", "null"]},
        snapshot=_OPTIONAL,
        environment=_OPTIONAL,
        command=_OPTIONAL,
    ),
    "Buckets": _object(
        run=_TEXT,
        name=_TEXT,
        count={**_COUNT, "description": "Points of the whole series."},
        points={
            **_COUNT,
            "description": "Points of the steps that were asked for: all are in the buckets.",
        },
        first_steps=_list(_WHOLE),
        last_steps=_list(_WHOLE),
        counts=_list(_COUNT),
        nans=_list(_COUNT),
        min=_list(_NUMBER),
        max=_list(_NUMBER),
        last=_list(_NUMBER),
        last_times_s=_list({"type": "number"}),
    ),
    "Series": _object(series=_list(_ref("Buckets"))),
    "Metric": _object(
        name=_TEXT,
        runs={**_COUNT, "description": "How many of the runs have it."},
        points={**_COUNT, "description": "Points of all of them."},
    ),
    "Metrics": _object(metrics=_list(_ref("Metric"))),
    "Band": _object(
        name=_TEXT,
        runs={**_COUNT, "description": "How many of the runs have points there."},
        points={**_COUNT, "description": "Points that are in it."},
        left_out={**_COUNT, "description": "Points that are NaN or infinite, and not in it."},
        first_x=_list({"type": "number"}),
        last_x=_list({"type": "number"}),
        counts={**_list(_COUNT), "description": "How many runs have a point in each bucket."},
        mean=_list(_NUMBER),
        deviation=_list(_NUMBER),
        min=_list({"type": "number"}),
        max=_list({"type": "number"}),
    ),
    "Logs": _object(logs=_list(_TEXT)),
    "LogPiece": _object(
        path=_TEXT,
        offset={**_COUNT, "description": "Where in the file the text begins."},
        end={**_COUNT, "description": "Where to read on."},
        size_bytes=_COUNT,
        text=_TEXT,
    ),
    "File": _object(path=_TEXT, size_bytes=_COUNT, time=_MOMENT),
    "Files": _object(files=_list(_ref("File"))),
    "ComparedFact": _object(kind=_TEXT, name=_TEXT, values=_list(_VALUE), equal=_FLAG),
    "Comparison": _object(runs=_list(_ref("Run")), facts=_list(_ref("ComparedFact"))),
    "Compute": _object(
        name=_TEXT,
        kind=_TEXT,
        nodes=_COUNT,
        busy=_COUNT,
        waiting=_COUNT,
        taken_by={**_list(_TEXT), "description": "The ids of the runs that have its busy nodes."},
        description=_TEXT,
        tags=_map(_TEXT),
        created=_MOMENT,
    ),
    "Computes": _object(compute=_list(_ref("Compute"))),
    "QueuedJob": _object(
        id=_TEXT,
        run_name=_TEXT,
        compute=_TEXT,
        started=_FLAG,
        place={"type": ["integer", "null"]},
        queued=_MOMENT,
        waits_for=_OPTIONAL,
    ),
    "Queue": _object(jobs=_list(_ref("QueuedJob"))),
}
