"""What every store promises about writers: those that come back, that go on for others, that say nonsense."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trackboard.model import (
    Ended,
    Event,
    Heartbeat,
    RecordsDropped,
    RunId,
    RunKind,
    RunState,
    Tagged,
)
from trackboard.ports import Position, Refused, SavedDefinitions, SeriesPoints, Store
from trackboard.testing.speaker import Speaker, created, moved, numbers

R = RunId("r")
_SAID: dict[str, tuple[tuple[Event, ...], list[SeriesPoints]]] = {
    "points": ((), [numbers("r", "m", [1.0])]),
    "a tag": ((Tagged(R, "k", "v"),), []),
    "a heartbeat": ((Heartbeat(2.0),), []),
    "nothing": ((), []),
}


class WriterContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    # -- those that come back ---------------------------------------------------------------------

    @pytest.mark.parametrize("said", _SAID)
    def test_a_failure_that_was_inferred_yields_to_any_word(self, store: Store, said: str) -> None:
        speaker = Speaker()
        store.apply(
            [speaker.batch(created("r"), created("done"), moved("done", RunState.FAILED, 0))]
        )
        store.apply([speaker.batch(created("job", kind=RunKind.JOB))])
        store.apply([speaker.batch(moved("job", RunState.PREPARING, 0))])
        before = store.list_runs()
        assert store.end_writer(speaker.writer, cause="silent", time_s=500.0) == ("r", "job")
        events, points = _SAID[said]
        store.apply([speaker.batch(*events, points=points)])
        assert store.list_runs() == before
        assert store.list_owned([speaker.writer]) == ("r", "job")
        assert store.end_writer(speaker.writer, cause="gone", time_s=600.0) == ("r", "job")

    def test_a_state_after_an_inferred_failure_counts(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), moved("r", RunState.RUNNING, 0))])
        store.end_writer(speaker.writer, cause="silent", time_s=500.0)
        store.apply([speaker.batch(moved("r", RunState.FINALIZING, 1))])
        run = store.find_run(R)
        assert run is not None
        assert (run.state, run.cause, run.warnings) == (RunState.FINALIZING, "", ())

    # -- those that go on for others --------------------------------------------------------------

    def test_a_writer_that_continues_another_takes_its_runs_over(self, store: Store) -> None:
        former, successor = Speaker(), Speaker()
        said = (created("r"), Tagged(R, "k", "v"), moved("r", RunState.RUNNING, 1))
        store.apply([former.batch(*said, points=[numbers("r", "m", [1.0])])])
        before = store.list_runs()
        store.apply([replace(successor.batch(*said), continues=former.writer)])
        assert store.list_runs() == before
        assert store.list_owned([former.writer]) == ()
        assert store.list_owned([successor.writer]) == ("r",)
        assert store.positions() == {successor.writer: successor.at}
        assert store.end_writer(former.writer, cause="gone", time_s=1.0) == ()
        assert store.end_writer(successor.writer, cause="gone", time_s=1.0) == ("r",)

    def test_a_run_that_failed_with_the_former_writer_goes_on(self, store: Store) -> None:
        former, successor = Speaker(), Speaker()
        store.apply([former.batch(created("r"), moved("r", RunState.RUNNING, 1))])
        before = store.list_runs()
        store.end_writer(former.writer, cause="gone", time_s=1.0)
        again = successor.batch(created("r"), moved("r", RunState.RUNNING, 1))
        store.apply([replace(again, continues=former.writer)])
        assert store.list_runs() == before
        assert store.list_owned([successor.writer]) == ("r",)

    def test_one_that_continues_a_writer_never_seen_makes_whole_runs(self, store: Store) -> None:
        former, successor = Speaker(), Speaker()
        again = successor.batch(created("r", name="whole"), moved("r", RunState.RUNNING, 3))
        store.apply([replace(again, continues=former.writer)])
        run = store.find_run(R)
        assert run is not None
        assert (run.name, run.state, run.number, run.warnings) == ("whole", RunState.RUNNING, 1, ())
        store.apply([former.batch(created("r", name="whole"), moved("r", RunState.RUNNING, 2))])
        assert store.find_run(R) == run
        assert store.list_owned([successor.writer]) == ("r",)

    def test_several_may_continue_each_other_in_one_transaction(self, store: Store) -> None:
        first, second, third = Speaker(), Speaker(), Speaker()
        store.apply([first.batch(created("r"))])
        store.apply(
            [
                replace(third.batch(Heartbeat(2.0)), continues=second.writer),
                replace(second.batch(Heartbeat(1.0)), continues=first.writer),
            ]
        )
        assert store.list_owned([third.writer]) == ("r",)
        assert store.positions() == {third.writer: third.at}

    # -- records that cannot be stored ------------------------------------------------------------

    def test_refused_records_are_kept_and_counted_on_their_run(self, store: Store) -> None:
        speaker, other = Speaker(), Speaker()
        about = Refused(speaker.writer, Position(0, 7), b"\x00\xff{", "tag: key is no text", R)
        unknown = Refused(speaker.writer, Position(0, 90), b"", "a record is no JSON: \0 \ud800")
        store.apply([other.batch(created("other"))])
        store.apply([replace(speaker.batch(created("r")), refused=(about, unknown))])
        first, second = store.list_refused()
        assert (first, second.at, second.run) == (about, unknown.at, None)
        assert store.list_refused(other.writer) == ()
        assert store.count_refused([speaker.writer, other.writer]) == {speaker.writer: 2}
        assert store.count_refused([]) == {}
        run = store.find_run(R)
        assert run is not None
        assert run.lost_points == 1
        assert "tag: key is no text" in run.warnings[0]

    def test_a_refused_record_of_an_unknown_run_makes_a_stub(self, store: Store) -> None:
        speaker = Speaker()
        refused = Refused(speaker.writer, Position(0, 7), b"{", "nonsense", R)
        store.apply([replace(speaker.batch(), refused=(refused,))])
        assert [(run.id, run.number) for run in store.list_runs()] == [("r", 0)]

    def test_losses_add_up_to_what_a_database_holds(self, store: Store) -> None:
        store.apply([Speaker().batch(*[RecordsDropped(R, 2**63 - 1, "disk full")] * 3)])
        run = store.find_run(R)
        assert run is not None
        assert run.lost_points == 2**63 - 1

    # -- definitions ------------------------------------------------------------------------------

    def test_definitions_of_the_segment_that_is_read_are_kept(self, store: Store) -> None:
        speaker, other = Speaker(), Speaker()
        assert store.read_definitions(speaker.writer, Position(0, 0)).records == ()
        store.apply([replace(speaker.batch(created("r")), definitions=(b"a", b"b"))])
        middle = speaker.at
        store.apply([speaker.batch(), replace(speaker.batch(), definitions=(b"c",)), other.batch()])
        whole = SavedDefinitions(speaker.at, (b"a", b"b", b"c"))
        assert store.read_definitions(speaker.writer, Position(0, 0)) == whole
        assert store.read_definitions(speaker.writer, middle) == replace(whole, records=(b"c",))
        assert store.read_definitions(speaker.writer, Position(7, 9)) == whole
        assert store.read_definitions(speaker.writer, speaker.at).records == ()

    def test_definitions_go_with_their_segment_and_with_their_writer(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([replace(speaker.batch(), definitions=(b"a",))])
        start, speaker.at = speaker.at, Position(1, 40)
        next_one = replace(speaker.batch(), start=start, definitions=(b"b",))
        store.apply([next_one])
        found = store.read_definitions(speaker.writer, Position(0, 0))
        assert found == SavedDefinitions(speaker.at, (b"b",))
        store.apply([speaker.batch(Ended(1.0))])
        store.end_writer(speaker.writer, cause="ended", time_s=1.0)
        assert store.read_definitions(speaker.writer, Position(0, 0)).records == ()

    def test_a_gap_in_the_definitions_is_never_covered_up(self, store: Store) -> None:
        """After a process of an earlier version, or an end that was none, some are only in the segment."""
        speaker = Speaker()
        store.apply([replace(speaker.batch(), definitions=(b"a",))])
        store.end_writer(speaker.writer, cause="silent", time_s=1.0)
        store.apply([replace(speaker.batch(), definitions=(b"b",))])
        nothing = SavedDefinitions(Position(0, 0))
        assert store.read_definitions(speaker.writer, Position(0, 0)) == nothing
        again = replace(
            speaker.batch(), definitions=(b"a", b"b", b"c"), defined_from=Position(0, 0)
        )
        store.apply([again])
        whole = SavedDefinitions(speaker.at, (b"a", b"b", b"c"))
        assert store.read_definitions(speaker.writer, Position(0, 0)) == whole
