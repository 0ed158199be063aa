"""The HParams dashboard: a row per run with its parameters and tags, typed by column.

TensorBoard takes rows in two ways: as answers to `list_hyperparameters` and `read_hyperparameters`, or as
what it finds in the metadata of two tags. The second it is: only then does it sort and filter by
metrics and by how a run ended ("which setting was best"), and the rows of native event files
(`add_hparams`) come the same way and show beside ours. As soon as one such tag exists, TensorBoard
never asks in the first way.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from tensorboard.data import provider as tb
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

from trackboard.board.series.declarations import DECLARATION
from trackboard.board.view.run_list import RunList, RunLists
from trackboard.model import Run, RunId, RunState, Value
from trackboard.ports import Store

HPARAMS = metadata.PLUGIN_NAME
_START, _END = metadata.SESSION_START_INFO_TAG, metadata.SESSION_END_INFO_TAG
_WITHOUT_VALUE = "✓"  # a tag that is only there
_STATUS = {
    RunState.COMPLETED: api_pb2.STATUS_SUCCESS,
    RunState.FAILED: api_pb2.STATUS_FAILURE,
    RunState.CANCELED: api_pb2.STATUS_FAILURE,
}

Rows = dict[str, "Row"]  # by the run's name
Tags = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """What one run says of itself."""

    values: Mapping[str, Value]
    start_s: float = 0.0
    end_s: float = 0.0
    status: int = api_pb2.STATUS_UNKNOWN
    group: str = ""  # of event files: runs of one group share a row


class Hparams:
    """The rows of a workspace."""

    def __init__(self, store: Store, run_lists: RunLists) -> None:
        self._store = store
        self._run_lists = run_lists
        self._kept: WeakKeyDictionary[RunList, tuple[Rows, Tags]] = WeakKeyDictionary()

    def rows(self, experiment_id: str) -> Rows:
        """Runs of a view that have a parameter or a tag."""
        return self._read(experiment_id)[0]

    def tags(self, experiment_id: str) -> Tags:
        """The same as TensorBoard's tags, where nothing has to be merged with them."""
        return self._read(experiment_id)[1]

    def _read(self, experiment_id: str) -> tuple[Rows, Tags]:
        run_list = self._run_lists.get(experiment_id)
        kept = self._kept.get(run_list)
        if kept is None:
            rows = read_rows(self._store, run_list.runs, run_list.names)
            kept = self._kept[run_list] = rows, encode(rows)
        return kept


def read_rows(store: Store, runs: Sequence[Run], run_names: Mapping[RunId, str]) -> Rows:
    """Those of some runs that have a parameter or a tag."""
    ids = [run.id for run in runs]
    parameters = store.list_parameters(ids)
    tags = store.list_tags(ids)
    names = {name for values in parameters.values() for name in values}
    rows: Rows = {}
    for run in runs:
        described = describe(parameters.get(run.id, {}), tags.get(run.id, {}), names)
        if described:
            rows[run_names[run.id]] = row_of(run, described)
    return rows


def describe(
    parameters: Mapping[str, Value], tags: Mapping[str, str | None], names: Iterable[str]
) -> dict[str, Value]:
    """Parameters and tags of one run by column.

    Args:
        parameters: Its parameters.
        tags: Its tags; one that is called like a parameter becomes `tag:<key>`.
        names: Names of the parameters of all runs that are shown together.
    """
    found = dict(parameters)
    for key, value in tags.items():
        column = f"tag:{key}" if key in names else key
        found.setdefault(column, _WITHOUT_VALUE if value is None else value)
    return found


def row_of(run: Run, values: Mapping[str, Value]) -> Row:
    """A row, with how the run fared."""
    return Row(
        values=values,
        start_s=run.created_s if run.started_s is None else run.started_s,
        end_s=run.ended_s or 0.0,
        status=_STATUS.get(run.state, api_pb2.STATUS_RUNNING),
    )


def merge(own: Rows, native: Tags) -> Tags:
    """Put rows and those in the tags of event files together; of one run, each name once, ours first.

    What is declared in event files stays as it is: see `board.series.declarations`.
    """
    rows = dict(own)
    for run, tags in native.items():
        row = _decode(tags)
        if row is None:
            continue
        ours = rows.get(run)
        rows[run] = row if ours is None else replace(ours, values={**row.values, **ours.values})
    found = encode(rows)
    for run, tags in native.items():
        if DECLARATION in tags:
            found.setdefault(run, {})[DECLARATION] = tags[DECLARATION]
    return found


def encode(rows: Rows) -> Tags:
    """Rows as the two tags that TensorBoard looks for, each column of one type.

    Where a column holds values of several types, all of it is text, as TensorBoard can sort only
    values of one type.
    """
    columns: dict[str, set[type]] = defaultdict(set)
    for row in rows.values():
        for name, value in row.values.items():
            columns[name].add(_type(value))
    mixed = frozenset(name for name, types in columns.items() if len(types) > 1)
    return {run: _encode_row(row, mixed) for run, row in rows.items()}


def left_out(row: Row, tags: Mapping[str, Any]) -> list[str]:
    """Names of a row's values that are not in its tags: numbers that TensorBoard has no room for."""
    if all(isinstance(value, str) or math.isfinite(value) for value in row.values.values()):
        return []
    start = metadata.parse_session_start_info_plugin_data(tags[_START].plugin_content)
    return [name for name in row.values if name not in start.hparams]


def _encode_row(row: Row, mixed: frozenset[str]) -> dict[str, Any]:
    values = tuple(
        (name, str(value) if name in mixed else value) for name, value in row.values.items()
    )
    kinds = tuple(type(value) for _, value in values)
    start = _start_info(values, kinds, row.start_s, row.group)
    series = {_START: _series(start, row.start_s)}
    if row.status != api_pb2.STATUS_UNKNOWN:
        series[_END] = _series(_end_info(row.status, row.end_s), row.end_s or row.start_s)
    return series


@functools.lru_cache(8192)  # while runs log, most rows stay as they are
def _start_info(
    values: tuple[tuple[str, Value], ...],
    kinds: tuple[type, ...],  # noqa: ARG001 (True and 1 are the same key without them)
    start_s: float,
    group: str,
) -> bytes:
    info = plugin_data_pb2.SessionStartInfo(start_time_secs=start_s, group_name=group)
    for name, value in values:
        if isinstance(value, bool):
            info.hparams[name].bool_value = value
        elif isinstance(value, str):
            info.hparams[name].string_value = value
        elif math.isfinite(value):  # TensorBoard's own answer has no room for others
            info.hparams[name].number_value = value
    return _content(plugin_data_pb2.HParamsPluginData(session_start_info=info))


@functools.lru_cache(8192)
def _end_info(status: int, end_s: float) -> bytes:
    info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=end_s)
    return _content(plugin_data_pb2.HParamsPluginData(session_end_info=info))


def _content(data: Any) -> bytes:
    assert data.version == metadata.PLUGIN_DATA_VERSION
    content: bytes = data.SerializeToString(deterministic=True)  # an export gives the same bytes
    return content


def _series(content: bytes, time_s: float) -> tb.TensorTimeSeries:
    return tb.TensorTimeSeries(
        max_step=0, max_wall_time=time_s, plugin_content=content, description="", display_name=""
    )


def _decode(tags: Mapping[str, Any]) -> Row | None:
    """The row in the tags of an event file."""
    if _START not in tags:
        return None
    start = metadata.parse_session_start_info_plugin_data(tags[_START].plugin_content)
    values: dict[str, Value] = {}
    for name, value in start.hparams.items():
        kind = value.WhichOneof("kind")
        if kind in ("number_value", "string_value", "bool_value"):
            values[name] = getattr(value, kind)
    status, end_s = api_pb2.STATUS_UNKNOWN, 0.0
    if _END in tags:
        end = metadata.parse_session_end_info_plugin_data(tags[_END].plugin_content)
        status, end_s = end.status, end.end_time_secs
    return Row(values, start.start_time_secs, end_s, status, start.group_name)


def _type(value: Value) -> type:
    return type(value) if isinstance(value, (bool, str)) else float
