import json
from typing import Any

import pytest

from trackboard.model import (
    LIMITS,
    Created,
    Ended,
    Event,
    FileAdded,
    FileRemoved,
    Heartbeat,
    PropertyAdded,
    RecordsDropped,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
)
from trackboard.spool.events import (
    _CLASSES,
    _FIELDS,
    FileDefinition,
    Malformed,
    SegmentHeader,
    SeriesDefinition,
    decode_record,
    encode_event,
    parse_json,
)

RUN = RunId("r")
EVENTS: list[Event] = [
    Created(RUN, "exp", 'näme "quoted"\n', None, RunKind.JOB, 1.5),
    Created(RUN, "exp", "", RunId("parent"), RunKind.INTERACTIVE, 1.5, "why"),
    StateChanged(RUN, RunState.FAILED, 1, 7, 2.5, "exit code 3", 0.25),
    Tagged(RUN, "key", None),
    Tagged(RUN, "key", "value", removed=True),
    PropertyAdded(RUN, "key", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")),
    FileAdded(RUN, "outputs/model.bin", "sha256:00", 12, 3.5),
    FileRemoved(RUN, "logs/events.tfevents"),
    TextLogged(RUN, "note", "text", None, 4.5),
    TextLogged(RUN, "note", "text", -3, 4.5),
    RecordsDropped(RUN, 12, "No space left on device"),
    Heartbeat(5.5),
    Ended(6.5),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_round_trip(event: Event) -> None:
    found = decode_record(json.loads(encode_event(event)))
    assert (type(found), found) == (type(event), event)


def test_what_a_newer_version_adds_is_passed_over() -> None:
    record = json.loads(encode_event(Tagged(RUN, "key", "value")))
    assert decode_record({**record, "colour": "red"}) == Tagged(RUN, "key", "value")
    assert decode_record({"k": "hologram"}) is None
    assert decode_record({"k": "state", "run": "r", "state": "levitating"}) is None


def test_the_table_knows_every_field() -> None:
    for kind, cls in _CLASSES.items():
        assert set(_FIELDS[kind]) == set(getattr(cls, "_fields", ()))


def sound(kind: str) -> dict[str, Any]:
    """A record of a kind with every field."""
    values = {
        "k": kind,
        **{"run": "r", "name": "n", "key": "k", "value": "v", "path": "p", "table": "t"},
        **{"id": 1, "step": 2, "count": 3, "attempt": 0, "sequence": 4, "size_bytes": 5},
        **{"time_s": 1.5, "elapsed_s": 2.5, "reason": "why", "cause": "", "description": ""},
        **{"experiment": "exp", "parent": None, "removed": False, "state": "failed"},
        **{"format": 1, "writer": "w", "before": {"number": 0, "bytes": 9}, "continues": "v"},
    }
    values["kind"] = "image" if kind == "artifact" else "job"
    return {name: values[name] for name in ("k", *_FIELDS[kind])}


@pytest.mark.parametrize("kind", _FIELDS)
def test_a_sound_record_is_understood(kind: str) -> None:
    assert isinstance(decode_record(sound(kind)), _CLASSES[kind])  # type: ignore[arg-type]
    json.loads(json.dumps(sound(kind)))


HUGE = 10**400
TOO_LONG = "x" * (16 << 20) + "x"
OF_NO_FIELD: list[Any] = [[], ["k"], {"a": 1}, HUGE, TOO_LONG]
TEXTS = ["run", "name", "key", "path", "table", "reason", "cause", "description", "experiment"]
ENUMERATIONS = [("created", "kind"), ("state", "state"), ("artifact", "kind")]
INTEGERS = ["id", "count", "attempt", "sequence", "size_bytes", "format"]
INT64S = ["count", "attempt", "sequence", "size_bytes"]
FLAGS = ["removed"]


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, fields in _FIELDS.items() for field in fields]
)
def test_what_no_field_of_its_kind_can_hold_is_malformed(kind: str, field: str) -> None:
    odd = [*OF_NO_FIELD]
    odd += [3, 1.5, True, None] if field in TEXTS else []
    odd += ["1", 1.5, True, None] if field in INTEGERS else []
    odd += [2**63, -(2**63) - 1] if field in INT64S else []
    odd += [-1] if field in ("count", "size_bytes", "id") else []
    odd += ["yes", 0, None] if field in FLAGS else []
    odd += ["now", True] if field in ("time_s", "elapsed_s") else []
    odd += ["", "r" * 257] if field == "run" else []
    odd += [{"number": 0}, {"number": "0", "bytes": 1}, {"number": 0, "bytes": -1}]
    if field in ("step", "format"):
        odd.remove(HUGE)  # a store cuts it; a format of the future
    if (kind, field) in ENUMERATIONS:
        odd.remove(TOO_LONG)  # of a newer version
    for value in odd:
        with pytest.raises(Malformed, match=f"^{kind}: {field} "):
            decode_record({**sound(kind), field: value})


@pytest.mark.parametrize(
    ("kind", "field", "values"),
    [
        ("tag", "run", ["r", "r" * LIMITS["run id"]]),
        ("created", "name", ["", "n" * LIMITS["run name"]]),
        ("created", "experiment", ["", "e" * LIMITS["experiment name"]]),
        ("created", "parent", [None, "r" * LIMITS["run id"]]),
        ("tag", "value", [None, "", "v" * LIMITS["text"]]),
        ("tag", "key", ["", "k" * LIMITS["tag key"]]),
        ("property", "key", ["k" * LIMITS["property key"]]),
        ("parameter", "name", ["n" * LIMITS["parameter name"]]),
        ("parameter", "value", [True, 1, -1.5, float("inf"), "text", 2**63]),
        ("file_added", "path", ["p" * LIMITS["file path"]]),
        ("file_added", "key", ["k" * LIMITS["blob key"]]),
        ("file_added", "size_bytes", [0, 2**63 - 1]),
        ("series", "id", [0, 2**32 - 1]),
        ("series", "name", ["n" * LIMITS["series name"]]),
        ("series", "table", ["", "t" * LIMITS["metric name"]]),
        ("state", "attempt", [-(2**63), 2**63 - 1]),
        ("state", "elapsed_s", [None, 0.0, 0.5]),
        ("text", "step", [None, 0, -(2**70)]),
        ("segment", "writer", ["", "w" * 255]),
        ("segment", "format", [-1, 10**30]),
    ],
)
def test_a_field_may_hold_all_up_to_its_limit(kind: str, field: str, values: list[Any]) -> None:
    for value in values:
        record = decode_record({**sound(kind), field: value})
        assert getattr(record, field) == value
        assert type(getattr(record, field)) is type(value)


@pytest.mark.parametrize(
    ("kind", "field", "value", "said"),
    [
        ("tag", "run", "", "has 0 characters, not 1 to 256"),
        ("tag", "run", "r" * 257, "has 257 characters, not 1 to 256"),
        ("tag", "run", 3, "is no text"),
        ("created", "kind", 3, "is no text"),
        ("series", "id", 2**32, "is no integer from 0 to 4294967295"),
        ("series", "id", "1", "is no integer"),
        ("segment", "before", {"number": -2, "bytes": 0}, "is no integer from -1 to"),
        ("segment", "before", 3, "is no object"),
        ("tag", "removed", 0, "is neither true nor false"),
        ("ended", "time_s", "now", "is no number"),
        ("ended", "time_s", HUGE, "is no number of 64 bits"),
        ("parameter", "value", None, "is no number"),
        ("parameter", "value", HUGE, "is no number of 64 bits"),
    ],
)
def test_what_is_malformed_is_said(kind: str, field: str, value: object, said: str) -> None:
    with pytest.raises(Malformed, match=f"^{kind}: {field} {said}"):
        decode_record({**sound(kind), field: value})


def test_where_the_segment_before_ends() -> None:
    for number, size in ((-1, 0), (0, 1), (2**63 - 1, 2**63 - 1)):
        said = {"number": number, "bytes": size}
        header = decode_record({**sound("segment"), "before": said})
        assert isinstance(header, SegmentHeader)
        assert header.before == (number, size)


def test_enumerations_are_what_they_were() -> None:
    assert decode_record(sound("created")).kind is RunKind.JOB  # type: ignore[union-attr]
    assert decode_record(sound("state")).state is RunState.FAILED  # type: ignore[union-attr]
    assert json.loads(encode_event(EVENTS[0]))["kind"] == RunKind.JOB.value


@pytest.mark.parametrize("kind", _FIELDS)
def test_a_record_without_a_field_that_it_needs_is_malformed(kind: str) -> None:
    for field in _FIELDS[kind]:
        rest = sound(kind)
        del rest[field]
        try:
            decode_record(rest)
        except Malformed as error:
            assert str(error) == f"{kind}: a field is missing"  # noqa: PT017 - others have defaults


@pytest.mark.parametrize(
    "payload",
    [b"{", b"[]", b'"k"', b"\xff", b"{" + b'"a":{' * 100_000, b'{"a":' + b"1" * 5000 + b"}"],
)
def test_what_is_no_object_is_malformed(payload: bytes) -> None:
    with pytest.raises(Malformed, match="a record is no JSON"):
        parse_json(payload)


def test_records_of_the_format_itself() -> None:
    assert decode_record({"k": "segment", "format": 1}) == SegmentHeader(1, "", None, "")
    assert decode_record(sound("segment")) == SegmentHeader(1, "w", (0, 9), "v")
    assert decode_record(sound("series")) == SeriesDefinition(1, RUN, "n", "t")
    assert decode_record(sound("file")) == FileDefinition(1, RUN, "p")
    for odd in ({}, {"k": 3}):
        with pytest.raises(Malformed, match="kind"):
            decode_record(odd)
