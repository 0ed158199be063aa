import json
from collections.abc import Callable
from typing import Any

from trackboard.model import (
    Created,
    Event,
    FileAdded,
    ParameterSet,
    PropertyAdded,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
)
from trackboard.spool.events import encode_event
from trackboard.spool.layout import HEADER
from trackboard.spool.open_runs import OpenRuns

A, B = RunId("a"), RunId("b")


def created(run: RunId, kind: RunKind = RunKind.INTERACTIVE) -> Created:
    return Created(run, "exp", "", None, kind, 1.0)


def state(run: RunId, name: RunState, sequence: int = 0) -> StateChanged:
    return StateChanged(run, name, 1, sequence, 1.0)


def note(runs: OpenRuns, *events: Event) -> None:
    for event in events:
        runs.note(event, encode_event(event))


def described(runs: OpenRuns) -> list[dict[str, Any]]:
    waiting = runs.describe()
    assert all(each.is_kept and each.ref is None for each in waiting)
    records = [json.loads(each.record[HEADER.size :]) for each in waiting]
    assert [each.run for each in waiting] == [record["run"] for record in records]
    return records


def test_of_each_fact_the_last_word_is_said_again_and_the_state_comes_last() -> None:
    runs = OpenRuns()
    events: list[Event] = [
        created(A),
        state(A, RunState.RUNNING),
        Tagged(A, "one", "old"),
        Tagged(A, "two", "value"),
        Tagged(A, "one", None),
        ParameterSet(A, "lr", 1),
        ParameterSet(A, "depth", 2),
        ParameterSet(A, "lr", 3),
        state(A, RunState.FINALIZING, 1),
    ]
    note(runs, *events)
    expected = [events[number] for number in (0, 4, 3, 7, 6, 8)]
    assert described(runs) == [json.loads(encode_event(event)) for event in expected]


def test_of_a_property_the_first_word_counts() -> None:
    runs = OpenRuns()
    note(runs, created(A), PropertyAdded(A, "p", "first"), PropertyAdded(A, "p", "second"))
    assert [record.get("value") for record in described(runs)] == [None, "first"]


def test_tags_properties_and_parameters_of_one_name_are_three_facts() -> None:
    runs = OpenRuns()
    note(runs, created(A), Tagged(A, "n", "1"), PropertyAdded(A, "n", "2"), ParameterSet(A, "n", 3))
    assert [record["k"] for record in described(runs)] == [
        *("created", "tag", "property", "parameter")
    ]


def test_what_only_happens_once_is_not_said_again() -> None:
    runs = OpenRuns()
    note(
        runs,
        created(A),
        TextLogged(A, "t", "text", None, 1.0),
        FileAdded(A, "outputs/f", "key", 1, 1.0),
    )
    assert [record["k"] for record in described(runs)] == ["created"]


def test_runs_that_others_describe_are_left_out() -> None:
    """Jobs are described by their workers, a run of another process by that; its state is ours to say."""
    runs = OpenRuns()
    note(runs, created(A, RunKind.JOB), Tagged(A, "key", "value"), ParameterSet(A, "lr", 1))
    assert described(runs) == []
    note(runs, state(B, RunState.RUNNING), Tagged(B, "key", "value"))
    assert [record["k"] for record in described(runs)] == ["tag", "state"]


def test_a_run_that_has_ended_is_forgotten_when_its_end_is_in_its_place() -> None:
    runs = OpenRuns()
    note(runs, created(A), created(B), state(B, RunState.COMPLETED))
    runs.end(B)
    assert [record["run"] for record in described(runs)] == [A, B, B]
    runs.forget_ended()
    assert [record["run"] for record in described(runs)] == [A]
    runs.end(RunId("of somebody else"))
    runs.forget_ended()
    assert [record["run"] for record in described(runs)] == [A]


def sized(size: int) -> Callable[[str], Event]:
    """A tag whose payload has a size."""
    empty = len(encode_event(Tagged(A, "0", "")))
    return lambda key: Tagged(A, key, "x" * (size - empty))


def test_what_comes_beyond_the_most_is_not_remembered() -> None:
    runs = OpenRuns(max_bytes=1000)
    begin = created(A)
    note(runs, begin)
    left = 1000 - len(encode_event(begin))
    note(runs, sized(left + 1)("1"))
    assert len(described(runs)) == 1
    note(runs, sized(left)("2"), sized(60)("3"))
    assert [record.get("key") for record in described(runs)] == [None, "2"]


def test_what_is_said_anew_or_forgotten_takes_no_room() -> None:
    runs = OpenRuns(max_bytes=1000)
    note(runs, created(A), *(sized(400)("1") for _ in range(10)))
    note(runs, sized(450)("2"))
    assert [record.get("key") for record in described(runs)] == [None, "1", "2"]
    runs.end(A)
    runs.forget_ended()
    assert described(runs) == []
    note(runs, created(A), *(sized(400)(key) for key in "12"))
    assert [record.get("key") for record in described(runs)] == [None, "1", "2"]
