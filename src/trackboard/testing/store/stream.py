"""What every store promises about the stream: exactly once, states, owners, stubs."""

from __future__ import annotations

import pytest

from trackboard.errors import Conflict
from trackboard.model import (
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
    Tagged,
    TextLogged,
    new_writer_id,
)
from trackboard.ports import Position, RunFile, Store
from trackboard.testing.speaker import Speaker, created, moved, numbers

R = RunId("r")


def state_of(store: Store, run: RunId = R) -> RunState:
    """The state of a run that is there."""
    found = store.find_run(run)
    assert found is not None
    return found.state


class StreamContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_position_begins_at_nothing_and_follows(self, store: Store) -> None:
        speaker = Speaker()
        assert store.position(speaker.writer) == Position(0, 0)
        store.apply([speaker.batch(created("r"))])
        assert store.position(speaker.writer) == speaker.at
        assert store.positions() == {speaker.writer: speaker.at}

    def test_a_batch_is_stored_once_only(self, store: Store) -> None:
        speaker = Speaker()
        batch = speaker.batch(created("r"), points=[numbers("r", "m", [1.0, 2.0])])
        store.apply([batch])
        with pytest.raises(Conflict):
            store.apply([batch])
        assert [series.count for series in store.list_series()] == [2]

    def test_a_gap_stores_nothing_of_any_batch(self, store: Store) -> None:
        speaker, other = Speaker(), Speaker()
        speaker.batch()
        version = store.version()
        with pytest.raises(Conflict) as caught:
            store.apply([other.batch(created("other")), speaker.batch(created("r"))])
        assert speaker.writer in caught.value.message
        assert store.list_runs() == ()
        assert store.list_experiments() == ()
        assert store.positions() == {}
        assert store.version() == version

    def test_several_batches_of_one_writer_follow_each_other(self, store: Store) -> None:
        speaker = Speaker()
        batches = [
            speaker.batch(points=[numbers("r", "m", [float(i)], steps=[i])]) for i in range(5)
        ]
        store.apply(batches)
        (series,) = store.list_series()
        assert store.read_points([series.id])[series.id].values.tolist() == [0, 1, 2, 3, 4]
        assert store.position(speaker.writer) == speaker.at

    def test_nothing_to_apply_is_fine(self, store: Store) -> None:
        store.apply([])
        store.apply([Speaker().batch()])
        assert store.list_runs() == ()

    def test_positions_leave_out_the_ended(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), Heartbeat(1.0))])
        store.apply([speaker.batch(Ended(2.0))])
        assert store.positions() == {}
        assert store.position(speaker.writer) == speaker.at

    def test_a_writer_that_speaks_again_has_not_ended(self, store: Store) -> None:
        speaker = Speaker()
        store.end_writer(speaker.writer, cause="lost", time_s=1.0)
        assert store.positions() == {}
        store.apply([speaker.batch(Heartbeat(2.0))])
        assert store.positions() == {speaker.writer: speaker.at}

    # -- created ----------------------------------------------------------------------------------

    def test_numbers_count_up_within_an_experiment(self, store: Store) -> None:
        store.apply([Speaker().batch(created("a"), created("b", "other"), created("c"))])
        store.apply([Speaker().batch(created("d"))])
        runs = store.list_runs()
        assert [(run.id, run.experiment, run.number) for run in runs] == [
            ("a", "exp", 1),
            ("b", "other", 1),
            ("c", "exp", 2),
            ("d", "exp", 3),
        ]
        assert [run.name for run in runs] == ["run-1", "run-1", "run-2", "run-3"]
        assert store.list_experiments() == ("exp", "other")

    def test_an_interactive_run_runs_at_once(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r", name="first", time_s=7.0))])
        run = store.find_run(R)
        assert run is not None
        assert (run.state, run.started_s, run.ended_s) == (RunState.RUNNING, 7.0, None)
        assert (run.name, run.parent, run.created_s) == ("first", None, 7.0)

    def test_a_job_waits(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r", kind=RunKind.JOB))])
        run = store.find_run(R)
        assert run is not None
        assert (run.state, run.started_s, run.kind) == (RunState.QUEUED, None, RunKind.JOB)

    def test_records_of_an_unknown_run_make_a_stub_that_created_fills_in(
        self, store: Store
    ) -> None:
        worker, client = Speaker(), Speaker()
        store.apply(
            [
                worker.batch(
                    moved("r", RunState.RUNNING, 0, time_s=50.0),
                    Tagged(R, "k", "v"),
                    points=[numbers("r", "m", [1.0])],
                )
            ]
        )
        stub = store.find_run(R)
        assert stub is not None
        assert (stub.experiment, stub.number, stub.state) == ("unknown", 0, RunState.RUNNING)
        assert store.list_runs(experiment="unknown") == (stub,)
        assert store.list_experiments() == ()
        store.apply([client.batch(created("r", kind=RunKind.JOB, name="late", time_s=40.0))])
        run = store.find_run(R)
        assert run is not None
        assert (run.experiment, run.number, run.name) == ("exp", 1, "late")
        assert (run.state, run.created_s, run.started_s) == (RunState.RUNNING, 40.0, 50.0)
        assert store.list_runs(experiment="unknown") == ()
        assert store.get_tags(R) == {"k": "v"}
        assert len(store.list_series(runs=[R])) == 1

    @pytest.mark.parametrize("said", ["points", "text", "tag", "property", "file", "lost"])
    def test_every_record_makes_a_stub(self, store: Store, said: str) -> None:
        events: dict[str, Event] = {
            "text": TextLogged(R, "t", "x", None, 1.0),
            "tag": Tagged(R, "k", None),
            "property": PropertyAdded(R, "k", "v"),
            "file": FileAdded(R, "a.txt", "", 3, 1.0),
            "lost": RecordsDropped(R, 3, "disk full"),
        }
        points = [numbers("r", "m", [1])] if said == "points" else []
        store.apply([Speaker().batch(*[events[said]] if said in events else [], points=points)])
        assert [run.id for run in store.list_runs()] == ["r"]

    def test_created_twice_keeps_the_first(self, store: Store) -> None:
        store.apply(
            [Speaker().batch(created("r", name="one")), Speaker().batch(created("r", "exp"))]
        )
        run = store.find_run(R)
        assert run is not None
        assert (run.number, run.name, run.warnings) == (1, "one", ())
        store.apply([Speaker().batch(created("r", "elsewhere"))])
        run = store.find_run(R)
        assert run is not None
        assert run.experiment == "exp"
        assert "elsewhere" in run.warnings[0]

    # -- states -----------------------------------------------------------------------------------

    def test_states_follow_their_stamps_whenever_they_arrive(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r", kind=RunKind.JOB))])
        store.apply(
            [speaker.batch(moved("r", RunState.RUNNING, 2), moved("r", RunState.STARTING, 1))]
        )
        assert state_of(store) is RunState.RUNNING
        store.apply([speaker.batch(moved("r", RunState.COMPLETED, 4))])
        store.apply([speaker.batch(moved("r", RunState.FINALIZING, 3))])
        run = store.find_run(R)
        assert run is not None
        assert (run.state, run.warnings) == (RunState.COMPLETED, ())

    @pytest.mark.parametrize("state", [RunState.RUNNING, RunState.FAILED])
    def test_an_odd_move_is_kept_out_with_a_warning(self, store: Store, state: RunState) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), moved("r", RunState.COMPLETED, 1))])
        store.apply([speaker.batch(moved("r", state, 2))])
        run = store.find_run(R)
        assert run is not None
        assert run.state is RunState.COMPLETED
        assert len(run.warnings) == 1
        assert state.value in run.warnings[0]

    @pytest.mark.parametrize("is_one_batch", [True, False])
    def test_created_again_elsewhere_it_stays_where_it_is(
        self, store: Store, is_one_batch: bool
    ) -> None:
        speaker = Speaker()
        first, second = created("r", "first"), created("r", "second")
        if is_one_batch:
            store.apply([speaker.batch(first, second)])
        else:
            store.apply([speaker.batch(first)])
            store.apply([speaker.batch(second)])
        run = store.find_run(R)
        assert run is not None
        assert (run.experiment, len(run.warnings)) == ("first", 1)
        assert store.list_experiments() == ("first",)

    def test_a_higher_attempt_begins_again(self, store: Store) -> None:
        speaker = Speaker()
        store.apply(
            [
                speaker.batch(
                    created("r", kind=RunKind.JOB),
                    moved("r", RunState.RUNNING, 0, time_s=10.0),
                    moved("r", RunState.FAILED, 1, time_s=20.0, cause="exit code 3"),
                )
            ]
        )
        store.apply([speaker.batch(moved("r", RunState.PREPARING, 0, attempt=1, time_s=30.0))])
        run = store.find_run(R)
        assert run is not None
        assert (run.state, run.started_s, run.ended_s, run.cause) == (
            RunState.PREPARING,
            None,
            None,
            "",
        )
        store.apply([speaker.batch(moved("r", RunState.RUNNING, 1, attempt=1, time_s=40.0))])
        store.apply([speaker.batch(moved("r", RunState.FAILED, 9, time_s=50.0))])
        run = store.find_run(R)
        assert run is not None
        assert (run.state, run.started_s, run.warnings) == (RunState.RUNNING, 40.0, ())

    def test_the_end_is_told_by_the_elapsed_time(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r", time_s=5000.0))])
        clock_set_back = moved("r", RunState.COMPLETED, 0, time_s=1400.0, elapsed_s=12.5)
        store.apply([speaker.batch(clock_set_back)])
        run = store.find_run(R)
        assert run is not None
        assert (run.started_s, run.ended_s) == (5000.0, 5012.5)

    def test_without_an_elapsed_time_the_wall_clock_counts(self, store: Store) -> None:
        said = (created("r", kind=RunKind.JOB), moved("r", RunState.CANCELED, 0, time_s=300.0))
        store.apply([Speaker().batch(*said)])
        run = store.find_run(R)
        assert run is not None
        assert (run.state, run.started_s, run.ended_s) == (RunState.CANCELED, None, 300.0)

    # -- owners -----------------------------------------------------------------------------------

    def test_ending_a_writer_fails_what_it_owns(self, store: Store) -> None:
        worker, client = Speaker(), Speaker()
        store.apply([client.batch(created("r", kind=RunKind.JOB), created("mine"))])
        store.apply(
            [worker.batch(moved("r", RunState.RUNNING, 0), points=[numbers("mine", "m", [1.0])])]
        )
        assert store.end_writer(worker.writer, cause="killed", time_s=900.0) == ("r",)
        run = store.find_run(R)
        assert run is not None
        assert (run.state, run.cause, run.ended_s) == (RunState.FAILED, "killed", 900.0)
        assert state_of(store, RunId("mine")) is RunState.RUNNING
        assert worker.writer not in store.positions()
        assert store.end_writer(worker.writer, cause="again", time_s=950.0) == ()
        again = store.find_run(R)
        assert again == run

    def test_the_creator_of_an_interactive_run_owns_it(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), created("job", kind=RunKind.JOB))])
        assert store.end_writer(speaker.writer, cause="killed", time_s=9.0) == ("r",)
        assert state_of(store, RunId("job")) is RunState.QUEUED

    def test_the_newest_state_record_makes_the_owner(self, store: Store) -> None:
        first, second = Speaker(), Speaker()
        store.apply([first.batch(created("r"), moved("r", RunState.RUNNING, 0))])
        store.apply([second.batch(moved("r", RunState.RUNNING, 0, attempt=1))])
        store.apply([first.batch(moved("r", RunState.RUNNING, 1))])  # late: does not win it back
        assert store.end_writer(first.writer, cause="gone", time_s=1.0) == ()
        assert store.end_writer(second.writer, cause="gone", time_s=1.0) == ("r",)

    def test_what_writers_own_can_be_listed(self, store: Store) -> None:
        first, second = Speaker(), Speaker()
        store.apply(
            [
                first.batch(
                    created("r"), created("done"), created("b"), created("job", kind=RunKind.JOB)
                )
            ]
        )
        store.apply([second.batch(created("other"), moved("b", RunState.RUNNING, 0))])
        store.apply([first.batch(moved("done", RunState.COMPLETED, 0))])
        assert store.list_owned([first.writer]) == ("r",)
        assert store.list_owned([second.writer, new_writer_id()]) == ("b", "other")
        assert store.list_owned([second.writer, first.writer]) == ("r", "b", "other")
        assert store.list_owned([]) == ()
        store.end_writer(second.writer, cause="gone", time_s=1.0)
        assert store.list_owned([second.writer]) == ()

    def test_what_has_ended_stays_as_it_ended(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), moved("r", RunState.COMPLETED, 0))])
        assert store.end_writer(speaker.writer, cause="gone", time_s=1.0) == ()
        assert state_of(store) is RunState.COMPLETED

    def test_an_owner_that_was_given_up_wrongly_may_still_tell_the_end(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), moved("r", RunState.RUNNING, 0))])
        store.end_writer(speaker.writer, cause="silent", time_s=500.0)
        store.apply([speaker.batch(moved("r", RunState.COMPLETED, 1, time_s=600.0))])
        run = store.find_run(R)
        assert run is not None
        assert (run.state, run.cause, run.ended_s) == (RunState.COMPLETED, "", 600.0)

    def test_ending_a_writer_never_seen_is_remembered(self, store: Store) -> None:
        writer = new_writer_id()
        assert store.end_writer(writer, cause="gone", time_s=1.0) == ()
        assert store.position(writer) == Position(0, 0)
        assert store.positions() == {}

    # -- small things said ------------------------------------------------------------------------

    def test_tags_are_set_replaced_and_removed(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), Tagged(R, "a", "1"), Tagged(R, "b", None))])
        assert store.get_tags(R) == {"a": "1", "b": None}
        store.apply([speaker.batch(Tagged(R, "a", "2"), Tagged(R, "b", None, removed=True))])
        assert store.get_tags(R) == {"a": "2"}
        removed = Tagged(R, "a", None, removed=True)
        store.apply([speaker.batch(removed, Tagged(R, "a", "3"), removed, Tagged(R, "c", "4"))])
        assert store.get_tags(R) == {"c": "4"}

    def test_a_property_keeps_its_first_value(self, store: Store) -> None:
        speaker = Speaker()
        store.apply(
            [speaker.batch(created("r"), PropertyAdded(R, "p", "1"), PropertyAdded(R, "p", "1"))]
        )
        store.apply([speaker.batch(PropertyAdded(R, "p", "2"), PropertyAdded(R, "q", "3"))])
        assert store.get_properties(R) == {"p": "1", "q": "3"}
        run = store.find_run(R)
        assert run is not None
        assert len(run.warnings) == 1
        assert "'2'" in run.warnings[0]

    def test_files_are_listed_by_path_and_the_newest_counts(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(FileAdded(R, "b", "k1", 1, 1.0), FileAdded(R, "a", "", 2, 2.0))])
        store.apply([speaker.batch(FileAdded(R, "b", "k2", 3, 3.0))])
        assert store.list_files(R) == (RunFile("a", "", 2, 2.0), RunFile("b", "k2", 3, 3.0))

    def test_a_removed_file_is_listed_no_more_unless_it_is_in_the_blobs(self, store: Store) -> None:
        speaker = Speaker()
        kept, growing = FileAdded(R, "kept", "k", 1, 1.0), FileAdded(R, "growing", "", 2, 2.0)
        gone = (FileRemoved(R, "kept"), FileRemoved(R, "growing"), FileRemoved(R, "unknown"))
        store.apply([speaker.batch(kept, growing)])
        store.apply([speaker.batch(*gone)])
        assert store.list_files(R) == (RunFile("kept", "k", 1, 1.0),)
        store.apply([speaker.batch(*gone, growing)])  # begun again
        assert [file.path for file in store.list_files(R)] == ["growing", "kept"]
        store.apply([speaker.batch(kept, growing, *gone)])
        assert store.list_files(R) == (RunFile("kept", "k", 1, 1.0),)

    def test_files_are_found_by_words_in_their_paths(self, store: Store) -> None:
        a, b, odd = (FileAdded(R, path, "k", 1, 1.0) for path in ("x_a%", "logs/x_a", "xa"))
        other = FileAdded(RunId("s"), "X_A", "k", 1, 1.0)
        store.apply([Speaker().batch(a, b, odd, other)])
        found = store.find_files(["x_a", "none"])
        assert {run: [file.path for file in files] for run, files in found.items()} == {
            R: ["logs/x_a", "x_a%"]
        }
        assert store.find_files([]) == {}

    def test_losses_are_counted_and_said_once(self, store: Store) -> None:
        speaker = Speaker()
        store.apply(
            [
                speaker.batch(
                    created("r"),
                    RecordsDropped(R, 3, "disk full"),
                    RecordsDropped(R, 4, "disk full"),
                )
            ]
        )
        run = store.find_run(R)
        assert run is not None
        assert run.lost_points == 7
        assert len(run.warnings) == 1

    def test_a_damaged_stream_is_said_on_its_runs(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r"), skipped_bytes=77)])
        run = store.find_run(R)
        assert run is not None
        assert "77 bytes" in run.warnings[0]

    def test_odd_values_never_block_the_stream(self, store: Store) -> None:
        odd = "\ud800 \0 \U0001f600 '\"; DROP TABLE run"
        speaker = Speaker()
        events = (
            created("r", name=odd, time_s=float("nan")),
            moved(
                "r", RunState.COMPLETED, 0, time_s=float("inf"), elapsed_s=float("nan"), cause=odd
            ),
            Tagged(R, odd, odd),
            Tagged(R, odd, odd),
            PropertyAdded(R, odd, odd),
            PropertyAdded(R, odd, "other"),
            FileAdded(R, odd, odd, 1, float("nan")),
            TextLogged(R, "t", odd, 2**70, float("nan")),
        )
        points = [numbers("r", "m", [float("nan")], times_s=[float("nan")])]
        store.apply([speaker.batch(*events, points=points)])
        store.apply([speaker.batch(*events[2:], points=points)])
        assert state_of(store) is RunState.COMPLETED
        assert (
            len(store.get_tags(R)) == len(store.get_properties(R)) == len(store.list_files(R)) == 1
        )
        assert [series.count for series in store.list_series()] == [2, 2]
