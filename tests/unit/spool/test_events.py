import json

import pytest

from trackboard.model import (
    Created,
    Ended,
    Event,
    FileAdded,
    Heartbeat,
    Lost,
    PropertyAdded,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
)
from trackboard.spool.events import decode_event, encode_event

RUN = RunId("r")
EVENTS: list[Event] = [
    Created(RUN, "exp", 'näme "quoted"\n', None, RunKind.JOB, 1.5),
    Created(RUN, "exp", "", RunId("parent"), RunKind.INTERACTIVE, 1.5, "why"),
    StateChanged(RUN, RunState.FAILED, 1, 7, 2.5, "exit code 3", 0.25),
    Tagged(RUN, "key", None),
    Tagged(RUN, "key", "value", removed=True),
    PropertyAdded(RUN, "key", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")),
    FileAdded(RUN, "outputs/model.bin", "sha256:00", 12, 3.5),
    TextLogged(RUN, "note", "text", None, 4.5),
    TextLogged(RUN, "note", "text", -3, 4.5),
    Lost(RUN, 12, "No space left on device"),
    Heartbeat(5.5),
    Ended(6.5),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_round_trip(event: Event) -> None:
    assert decode_event(json.loads(encode_event(event))) == event


def test_what_a_newer_version_adds_is_passed_over() -> None:
    record = json.loads(encode_event(Tagged(RUN, "key", "value")))
    assert decode_event({**record, "colour": "red"}) == Tagged(RUN, "key", "value")
    assert decode_event({"k": "hologram"}) is None
    assert decode_event({"k": "state", "run": "r", "state": "levitating"}) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"k": "created", "name": 3},
        {"k": "created", "name": {"a": 1}},
        {"k": "created", "parent": 1},
        {"k": "created", "time_s": "now"},
        {"k": "tag", "key": ["k"], "value": "v"},
        {"k": "tag", "key": "k", "value": 1},
        {"k": "property", "key": "k", "value": None},
        {"k": "state", "state": "failed", "cause": 3},
        {"k": "text", "name": "n", "value": 1.5},
        {"k": "lost", "count": "many", "reason": ""},
    ],
    ids=str,
)
def test_a_value_of_another_type_never_reaches_a_store(odd: dict[str, object]) -> None:
    whole = {**json.loads(encode_event(EVENTS[0])), "attempt": 0, "sequence": 1, "step": None}
    assert decode_event({**whole, **odd}) is None
