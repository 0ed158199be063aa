"""Whom a batch is about."""

from trackboard.model import (
    Ended,
    Event,
    Heartbeat,
    RecordsDropped,
    RunId,
    Tagged,
    TextLogged,
    WriterId,
)
from trackboard.ports import Batch, Position, Refused
from trackboard.stores.rules.batch_runs import list_batch_runs, run_of, without
from trackboard.testing.speaker import created, numbers

A, B, C, D = map(RunId, "abcd")
W = WriterId("w")
EVENTS: tuple[Event, ...] = (
    created("a"),
    Heartbeat(1.0),
    Tagged(B, "key", "value"),
    TextLogged(A, "note", "text", None, 1.0),
    RecordsDropped(D, 1, "full"),
    Ended(2.0),
)


def batch() -> Batch:
    return Batch(
        W,
        Position(0, 0),
        Position(0, 9),
        EVENTS,
        (numbers("c", "loss", [1.0]), numbers("d", "empty", []), numbers("a", "loss", [2.0])),
        refused=(
            Refused(W, Position(0, 3), b"{}", "odd", B),
            Refused(W, Position(0, 5), b"{", "odd", None),
        ),
    )


def test_only_what_is_about_the_writer_is_about_no_run() -> None:
    assert [run_of(event) for event in EVENTS] == [A, None, B, A, D, None]


def test_a_batch_is_about_the_runs_of_events_points_and_refusals() -> None:
    assert sorted(list_batch_runs(batch())) == [A, A, A, B, B, C, D]
    assert list_batch_runs(Batch(W, Position(0, 0), Position(0, 1), (Ended(1.0),), ())) == []


def test_a_series_without_points_names_no_run() -> None:
    found = Batch(W, Position(0, 0), Position(0, 1), (), (numbers("d", "empty", []),))
    assert list_batch_runs(found) == []


def test_what_is_said_about_some_runs_can_be_left_out() -> None:
    whole = batch()
    (rest,) = without([whole], {A, B})
    assert rest.events == (EVENTS[1], EVENTS[4], EVENTS[5])
    assert [part.run for part in rest.points] == [C, D]
    assert [each.run for each in rest.refused] == [None]
    assert (rest.writer, rest.start, rest.end) == (whole.writer, whole.start, whole.end)
    (same,) = without([whole], ())
    assert (same.events, same.points, same.refused) == (whole.events, whole.points, whole.refused)
