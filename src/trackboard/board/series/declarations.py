"""What authors declare of their HParams: columns with names and domains, and the metrics they chose.

A declaration is a tag of some run, and TensorBoard takes the first that it meets for all runs there are. So
all that are shown together are merged, and each tag holds the whole: every declared column and metric,
the first to name one names it; then columns that nobody declared, and the scalars of runs that declare
no metrics (neither themselves nor in a folder above). A domain covers all values that there are, or rows
would be hidden.
"""

from __future__ import annotations

import math
import os.path
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorboard.data import provider as tb
from tensorboard.plugins.hparams import api_pb2, error, metadata, plugin_data_pb2

DECLARATION = metadata.EXPERIMENT_TAG
_START = metadata.SESSION_START_INFO_TAG
_TYPES = {
    "number_value": api_pb2.DATA_TYPE_FLOAT64,
    "string_value": api_pb2.DATA_TYPE_STRING,
    "bool_value": api_pb2.DATA_TYPE_BOOL,
}

Tags = Mapping[str, Mapping[str, Any]]
Values = Mapping[str, Sequence[struct_pb2.Value]]
IsWanted = Callable[[str], bool]
ListScalars = Callable[[IsWanted], Mapping[str, Iterable[str]]]


def merge(tags: Tags, list_scalars: ListScalars) -> dict[str, dict[str, Any]]:
    """Put the merged declaration in the place of each one.

    Args:
        tags: Of the HParams dashboard, by run.
        list_scalars: Lists tags of scalars by run, at least of those that are wanted; asked only where runs
            declare no metrics.
    """
    found = {run: dict(of_run) for run, of_run in tags.items()}
    declared = {
        run: parsed
        for run in sorted(found)
        if (series := found[run].pop(DECLARATION, None)) and (parsed := _parse(series))
    }
    if declared:
        content = _encode(_put_together(declared, _read_rows(found), list_scalars))
        for run in declared:
            found[run][DECLARATION] = _with_content(tags[run][DECLARATION], content)
    return {run: of_run for run, of_run in found.items() if of_run}


def _put_together(
    declared: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]], list_scalars: ListScalars
) -> Any:
    """One declaration for all runs."""
    columns: dict[str, Any] = {}
    metrics: dict[tuple[str, str], Any] = {}
    whole = api_pb2.Experiment()
    for each in declared.values():
        _complete(whole, each, ("name", "description", "user", "time_created_secs"))
        for column in each.hparam_infos:
            _add_column(columns, column)
        for metric in each.metric_infos:
            name = (metric.name.group, metric.name.tag)
            known = metrics.setdefault(name, metric)
            _complete(known, metric, ("display_name", "description", "dataset_type"))
    is_whole = len({each.SerializeToString() for each in declared.values()}) == 1
    for column_name, values in _by_column(rows).items():
        is_declared = column_name in columns
        known = columns.setdefault(column_name, api_pb2.HParamInfo(name=column_name))
        _cover(known, values, is_declared=is_declared)
        if not (is_declared and is_whole):
            known.differs = len({_key(value) for value in values}) > 1
    chosen = {run for run, each in declared.items() if each.metric_infos}
    free = {run for run in rows if not _is_below(run, chosen)}
    for name in _name_metrics(free, rows, list_scalars) if free else ():
        metrics.setdefault(name, _metric(*name))
    whole.hparam_infos.extend(columns.values())
    whole.metric_infos.extend(metrics.values())
    return whole


# -- columns ------------------------------------------------------------------------------------------


def _add_column(columns: dict[str, Any], column: Any) -> None:
    """Add what is declared of a column to what is known of it."""
    known = columns.setdefault(column.name, column)
    if known is column:
        return
    _complete(known, column, ("display_name", "description", "type"))
    kind = known.WhichOneof("domain") or column.WhichOneof("domain")
    if kind == "domain_discrete":
        _add_values(known, column.domain_discrete.values)
    elif kind == "domain_interval" and column.HasField(kind):
        _widen(known, (column.domain_interval.min_value, column.domain_interval.max_value))


def _cover(column: Any, values: Sequence[struct_pb2.Value], *, is_declared: bool) -> None:
    """Make a column's type and domain those of all its values, too."""
    types = {_TYPES[value.WhichOneof("kind")] for value in values}
    if column.type:
        types.add(column.type)
    if len(types) == 1:
        column.type = column.type if is_declared else types.pop()
    else:
        column.type = api_pb2.DATA_TYPE_STRING
        column.ClearField("domain_interval")
        column.ClearField("domain_discrete")
    is_number = column.type == api_pb2.DATA_TYPE_FLOAT64
    if column.HasField("domain_discrete") or not (is_declared or is_number):
        _add_values(column, values)
    elif column.HasField("domain_interval") or not is_declared:
        _widen(column, [value.number_value for value in values])


def _add_values(column: Any, values: Iterable[struct_pb2.Value]) -> None:
    seen = {_key(value) for value in column.domain_discrete.values}
    for value in values:
        if _key(value) not in seen:
            seen.add(_key(value))
            column.domain_discrete.values.append(value)


def _widen(column: Any, numbers: Collection[float]) -> None:
    known = [number for number in numbers if math.isfinite(number)]
    if column.HasField("domain_interval"):
        known += [column.domain_interval.min_value, column.domain_interval.max_value]
    if known:
        column.domain_interval.min_value, column.domain_interval.max_value = min(known), max(known)


def _key(value: struct_pb2.Value) -> bytes:
    key: bytes = value.SerializeToString()
    return key


# -- metrics ------------------------------------------------------------------------------------------


def _name_metrics(
    free: Collection[str], rows: Collection[str], list_scalars: ListScalars
) -> Iterator[tuple[str, str]]:
    """Name the scalars of some rows as TensorBoard does: by the folder below the row's, and the tag."""
    names: set[tuple[str, str]] = set()

    def row_of(run: str) -> str | None:
        return next((above for above in _line(run) if above in rows), None)

    for run, tags in list_scalars(lambda run: row_of(run) in free).items():
        row = row_of(run)
        if row in free:
            group = os.path.relpath(run, row)
            names.update((tag, "" if group == "." else group) for tag in tags)
    yield from ((group, tag) for tag, group in sorted(names))


def _metric(group: str, tag: str) -> Any:
    return api_pb2.MetricInfo(name=api_pb2.MetricName(group=group, tag=tag))


def _is_below(run: str, folders: Collection[str]) -> bool:
    """Whether a run is one of some folders, or in one."""
    return any(above in folders for above in _line(run))


def _line(run: str) -> Iterator[str]:
    """A run and the folders that it is in; the folder of all has the name `.`."""
    while run:
        yield run
        run = run.rpartition("/")[0]
    yield "."


# -- tags ---------------------------------------------------------------------------------------------


def _complete(known: Any, more: Any, fields: Iterable[str]) -> None:
    """Fill what is empty."""
    for field in fields:
        if not getattr(known, field):
            setattr(known, field, getattr(more, field))


def _read_rows(tags: Tags) -> dict[str, Mapping[str, struct_pb2.Value]]:
    """The values of each row, without those that TensorBoard makes nothing of."""
    rows: dict[str, Mapping[str, struct_pb2.Value]] = {}
    for run, of_run in tags.items():
        if _START in of_run:
            start = metadata.parse_session_start_info_plugin_data(of_run[_START].plugin_content)
            rows[run] = {
                name: value
                for name, value in start.hparams.items()
                if value.WhichOneof("kind") in _TYPES
            }
    return rows


def _by_column(rows: Mapping[str, Mapping[str, struct_pb2.Value]]) -> Values:
    found: dict[str, list[struct_pb2.Value]] = defaultdict(list)
    for row in rows.values():
        for name, value in row.items():
            found[name].append(value)
    return dict(sorted(found.items()))


def _parse(series: tb.TensorTimeSeries) -> Any | None:
    """What a tag declares; None for what is damaged."""
    try:
        return metadata.parse_experiment_plugin_data(series.plugin_content)
    except (error.HParamsError, DecodeError):
        return None


def _encode(experiment: Any) -> bytes:
    data = plugin_data_pb2.HParamsPluginData(experiment=experiment)
    content: bytes = data.SerializeToString(deterministic=True)
    return content


def _with_content(series: tb.TensorTimeSeries, content: bytes) -> tb.TensorTimeSeries:
    return tb.TensorTimeSeries(
        max_step=series.max_step,
        max_wall_time=series.max_wall_time,
        plugin_content=content,
        description=series.description,
        display_name=series.display_name,
    )
