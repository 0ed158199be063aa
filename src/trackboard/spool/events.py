"""JSON payloads of the stream, and what they may hold: one table of every field's type and range.

A field or a kind that this version does not know, and an enumeration's value that it does not, are left
out and no error: an older reader must be able to read on past what a newer writer says. A field that is
missing, or holds what no version of us writes, is `Malformed`: one odd record must neither reach a store
nor keep it from everything behind it.
"""

from __future__ import annotations

import enum
import json
from typing import Any, Callable, Mapping, NamedTuple, Optional, Tuple, Union

from trackboard.model import (
    LIMITS,
    ArtifactKind,
    ArtifactLogged,
    Created,
    Ended,
    Event,
    FileAdded,
    FileRemoved,
    Heartbeat,
    ParameterSet,
    PropertyAdded,
    RecordsDropped,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
)


class SegmentHeader(NamedTuple):
    """The first record of a segment; see `layout`."""

    format: int
    writer: str = ""
    before: Optional[Tuple[int, int]] = None  # number and length of the last segment with records
    continues: str = ""  # the writer whose runs this one goes on with


class SeriesDefinition(NamedTuple):
    """What the scalars of a segment call series `id`."""

    id: int
    run: RunId
    name: str
    table: str = ""


class FileDefinition(NamedTuple):
    """What the bytes of a segment call file `id`."""

    id: int
    run: RunId
    path: str


Record = Union[Event, SegmentHeader, SeriesDefinition, FileDefinition]


class Malformed(ValueError):
    """A record says what no version of trackboard writes."""


class _NewerValue(Exception):
    pass


Read = Callable[[Any], Any]  # a field's value from JSON, or raises Malformed

_INT64 = 1 << 63


def _integer(least: int, most: int) -> Read:
    def read(value: Any) -> int:
        if not least <= _any_integer(value) <= most:
            raise Malformed(f"is no integer from {least} to {most}")
        return value  # type: ignore[no-any-return]

    return read


def _any_integer(value: Any) -> int:
    if type(value) is not int:
        raise Malformed("is no integer")
    return value


def _number(value: Any) -> float:
    """NaN and infinities included: stores know them."""
    if type(value) is not float and type(value) is not int:
        raise Malformed("is no number")
    try:
        return float(value)
    except OverflowError:
        raise Malformed("is no number of 64 bits") from None


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise Malformed("is neither true nor false")
    return value


def _text(limit: int, *, least: int = 0) -> Read:
    def read(value: Any) -> str:
        if type(value) is not str:
            raise Malformed("is no text")
        if not least <= len(value) <= limit:
            raise Malformed(f"has {len(value)} characters, not {least} to {limit}")
        return value

    return read


def _optional(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def _one_of(values: type[enum.Enum]) -> Read:
    known = {each.value: each for each in values}

    def read(value: Any) -> enum.Enum:
        if type(value) is not str:
            raise Malformed("is no text")
        if value not in known:
            raise _NewerValue
        return known[value]

    return read


def _plain_value(value: Any) -> Union[bool, int, float, str]:
    if type(value) is str:
        return _TEXT(value)  # type: ignore[no-any-return]
    if type(value) is not bool:
        _number(value)  # queries compare numbers as floats
    return value  # type: ignore[no-any-return]


def _end_of_segment(value: Any) -> Tuple[int, int]:
    if type(value) is not dict:
        raise Malformed("is no object")
    return _SEGMENT(value.get("number")), _SIZE(value.get("bytes"))


_RUN = _text(LIMITS["run id"], least=1)
_TEXT = _text(LIMITS["text"])
_PATH = _text(LIMITS["file path"])
_KEY = _text(LIMITS["blob key"])
_SERIES = _text(LIMITS["series name"])
_TABLE = _text(LIMITS["metric name"])
_ID = _integer(0, (1 << 32) - 1)
_SEGMENT = _integer(-1, _INT64 - 1)
_SIZE = _integer(0, _INT64 - 1)
_COUNT = _integer(-_INT64, _INT64 - 1)
_STEP = _optional(_any_integer)  # a store cuts what is beyond 64 bits
_WRITER = _text(255)

_FIELDS: Mapping[str, Mapping[str, Read]] = {
    "segment": {
        "format": _any_integer,
        "writer": _WRITER,
        "before": _end_of_segment,
        "continues": _WRITER,
    },
    "series": {"id": _ID, "run": _RUN, "name": _SERIES, "table": _TABLE},
    "file": {"id": _ID, "run": _RUN, "path": _PATH},
    "created": {
        "run": _RUN,
        "experiment": _text(LIMITS["experiment name"]),
        "name": _text(LIMITS["run name"]),
        "parent": _optional(_RUN),
        "kind": _one_of(RunKind),
        "time_s": _number,
        "description": _TEXT,
    },
    "state": {
        "run": _RUN,
        "state": _one_of(RunState),
        "attempt": _COUNT,
        "sequence": _COUNT,
        "time_s": _number,
        "cause": _TEXT,
        "elapsed_s": _optional(_number),
    },
    "tag": {
        "run": _RUN,
        "key": _text(LIMITS["tag key"]),
        "value": _optional(_TEXT),
        "removed": _flag,
    },
    "property": {"run": _RUN, "key": _text(LIMITS["property key"]), "value": _TEXT},
    "parameter": {"run": _RUN, "name": _text(LIMITS["parameter name"]), "value": _plain_value},
    "file_added": {
        "run": _RUN,
        "path": _PATH,
        "key": _KEY,
        "size_bytes": _SIZE,
        "time_s": _number,
    },
    "file_removed": {"run": _RUN, "path": _PATH},
    "text": {
        "run": _RUN,
        "name": _SERIES,
        "value": _TEXT,
        "step": _STEP,
        "time_s": _number,
        "table": _TABLE,
    },
    "artifact": {
        "run": _RUN,
        "name": _SERIES,
        "kind": _one_of(ArtifactKind),
        "path": _PATH,
        "key": _KEY,
        "size_bytes": _SIZE,
        "step": _STEP,
        "time_s": _number,
    },
    "lost": {"run": _RUN, "count": _SIZE, "reason": _TEXT},
    "heartbeat": {"time_s": _number},
    "ended": {"time_s": _number},
}
_CLASSES: Mapping[str, Callable[..., Record]] = {
    "segment": SegmentHeader,
    "series": SeriesDefinition,
    "file": FileDefinition,
    "created": Created,
    "state": StateChanged,
    "tag": Tagged,
    "property": PropertyAdded,
    "parameter": ParameterSet,
    "file_added": FileAdded,
    "file_removed": FileRemoved,
    "text": TextLogged,
    "artifact": ArtifactLogged,
    "lost": RecordsDropped,
    "heartbeat": Heartbeat,
    "ended": Ended,
}
_KINDS = {cls: kind for kind, cls in _CLASSES.items()}


def encode_event(event: Event) -> bytes:
    """The payload of an event other than `FileBytes`, which has a binary form of its own."""
    record: dict[str, Any] = {"k": _KINDS[type(event)]}
    record.update(
        (name, value.value if isinstance(value, enum.Enum) else value)
        for name, value in event._asdict().items()
    )
    return encode_json(record)


def encode_json(record: Mapping[str, Any]) -> bytes:
    """A payload from a record of the format's own."""
    return json.dumps(record, separators=(",", ":")).encode()


def parse_json(payload: bytes) -> Mapping[str, Any]:
    """The object that a JSON payload holds. Raises Malformed for anything else."""
    try:
        record = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"a record is no JSON: {error}") from None
    if type(record) is not dict:
        raise Malformed("a record is no JSON object")
    return record


def decode_record(record: Mapping[str, Any]) -> Optional[Record]:
    """What a JSON payload says, or None for what this version does not know.

    Raises:
        Malformed: A field is missing, or its value is not of the type and range in the table.
    """
    kind = record.get("k")
    if type(kind) is not str:
        raise Malformed("a record does not say its kind")
    fields = _FIELDS.get(kind)
    if fields is None:
        return None
    known = {}
    name = ""
    try:
        for name, value in record.items():
            if name in fields:
                known[name] = fields[name](value)
        return _CLASSES[kind](**known)
    except _NewerValue:
        return None
    except Malformed as error:
        raise Malformed(f"{kind}: {name} {error}") from None
    except TypeError:
        raise Malformed(f"{kind}: a field is missing") from None
