"""What every store promises about runs that are put away: archived, in the trash, forgotten for good."""

from __future__ import annotations

import pytest

from trackboard.errors import NotFound
from trackboard.model import (
    ArtifactKind,
    ArtifactLogged,
    Event,
    FileAdded,
    ParameterSet,
    PropertyAdded,
    QueuedJob,
    RunId,
    RunState,
    Tagged,
    TextLogged,
)
from trackboard.ports import Experiment, Model, RunQuery, SeriesPoints, Store
from trackboard.testing.speaker import Speaker, created, moved, numbers

A, B, C, D = (RunId(each) for each in "abcd")
NOBODY = RunId("nobody")
LATE_S = 1e9


class TrashContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_archived_runs_are_known_and_not_found_by_queries(self, store: Store) -> None:
        store.apply([Speaker().batch(created("a"), created("b", parent="a"), created("c"))])
        version = store.version()
        assert store.archive_runs([A], 5.0) == ("a", "b")
        assert store.version() != version
        assert [run.archived_s for run in store.list_runs()] == [5.0, 5.0, None]
        assert [run.id for run in store.query_runs(RunQuery())] == ["c"]
        assert {run.id for run in store.query_runs(RunQuery(archived=True))} == {"a", "b", "c"}
        assert store.archive_runs([A, C], 6.0) == ("c",), (
            "those that are stay so since when they were"
        )
        assert store.unarchive_runs([A]) == ("a", "b")
        assert store.unarchive_runs([A]) == ()
        assert [run.archived_s for run in store.list_runs()] == [None, None, 6.0]

    def test_runs_in_the_trash_are_found_by_when_they_came_there(self, store: Store) -> None:
        store.apply([Speaker().batch(*(created(each) for each in "abcd"))])
        early_s, late_s = 1_790_000_000.123456, 1_790_000_000.123457
        store.delete_runs([A, B], early_s)
        store.delete_runs([C, A], late_s)

        def found(deleted_s: float) -> set[str]:
            return {run.id for run in store.query_runs(RunQuery(deleted=True, deleted_s=deleted_s))}

        assert (found(early_s), found(late_s), found(1.0)) == ({"a", "b"}, {"c"}, set())

    def test_a_run_in_the_trash_is_in_no_list_and_found_by_its_id(self, store: Store) -> None:
        events = [event for run in (A, B) for event in _everything(run)]
        store.apply([Speaker().batch(*events, points=[_curve("a", 3), _curve("b", 3)])])
        version = store.version()
        assert store.delete_runs([A], 7.0) == ("a",)
        assert store.version() != version

        assert [run.id for run in store.list_runs()] == ["b"]
        assert [run.id for run in store.list_runs(ids=[A, B])] == ["b"]
        assert [run.id for run in store.list_runs(deleted=True)] == ["a"]
        assert [run.id for run in store.list_runs(deleted=None)] == ["a", "b"]
        assert [run.id for run in store.query_runs(RunQuery())] == ["b"]
        assert [run.id for run in store.query_runs(RunQuery(deleted=True))] == ["a"]
        assert store.count_runs(RunQuery()) == store.count_runs(RunQuery(deleted=True)) == 1
        assert [run.id for run in store.list_descendants([A, B])] == ["b"]
        assert {each.run for each in store.list_series()} == {"b"}
        assert {each.run for each in store.list_artifacts()} == {"b"}
        assert store.find_files(["f"]).keys() == {"b"}
        assert store.list_experiments() == ("exp-a", "exp-b")

        found = store.find_run(A)
        assert found is not None
        assert found.deleted_s == 7.0
        assert {each.run for each in store.list_series(runs=[A])} == {"a"}
        assert [each.run for each in store.list_artifacts(runs=[A])] == ["a"]
        assert store.get_tags(A) == {"k": "v"}
        assert [file.path for file in store.list_files(A)] == ["f", "p.png"]
        assert store.list_deleted([A]) == frozenset()
        assert store.restore_runs([A]) == ("a",)
        assert [run.id for run in store.list_runs()] == ["a", "b"]

    def test_a_run_in_the_trash_goes_on_accepting_records(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("a"), points=[_curve("a", 2)])])
        store.delete_runs([A], 7.0)
        late = (Tagged(A, "k", "v"), moved("a", RunState.COMPLETED, 1))
        store.apply([speaker.batch(*late, points=[_curve("a", 3)])])
        store.set_name(A, "named")
        store.restore_runs([A])
        (run,) = store.list_runs()
        assert (run.name, run.state, store.get_tags(A)) == ("named", RunState.COMPLETED, {"k": "v"})
        assert [each.count for each in store.list_series()] == [5]

    def test_children_go_with_their_parents_and_come_back_with_them(self, store: Store) -> None:
        family = [
            created("a"),
            created("b", parent="a"),
            created("c", parent="b"),
            created("d", "other", parent="c"),
        ]
        store.apply([Speaker().batch(*family)])
        assert store.delete_runs([C], 1.0) == ("c", "d")
        assert store.delete_runs([A], 2.0) == ("a", "b")
        assert store.restore_runs([A]) == ("a", "b"), "what was deleted on its own stays there"
        assert [run.id for run in store.list_runs(deleted=True)] == ["c", "d"]
        store.delete_runs([A], 3.0)
        assert store.restore_runs([D]) == ("a", "b", "c", "d"), "with what it is below of"

    def test_a_child_of_a_run_that_is_put_away_joins_it(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("a"))])
        store.delete_runs([A], 1.0)
        store.archive_runs([A], 2.0)
        both = [created("b", "new", parent="a"), created("c", "new", parent="b")]
        store.apply([speaker.batch(*both)])
        assert store.list_runs() == ()
        found = store.list_runs(deleted=True)
        assert [(run.id, run.deleted_s, run.archived_s) for run in found] == [
            (each, 1.0, 2.0) for each in "abc"
        ]
        assert store.restore_runs([A]) == ("a", "b", "c")
        assert [run.number for run in store.list_runs(experiment="new")] == [1, 2]

    def test_an_unknown_run_is_not_found_and_nothing_is_changed(self, store: Store) -> None:
        store.apply([Speaker().batch(created("a"), created("b"))])
        store.archive_runs([B], 1.0)
        store.delete_runs([B], 1.0)
        before = store.list_runs(deleted=None)
        with pytest.raises(NotFound, match="nobody"):
            store.delete_runs([A, NOBODY], 1.0)
        with pytest.raises(NotFound, match="nobody"):
            store.archive_runs([A, NOBODY], 1.0)
        with pytest.raises(NotFound, match="nobody"):
            store.restore_runs([B, NOBODY])
        with pytest.raises(NotFound, match="nobody"):
            store.unarchive_runs([B, NOBODY])
        assert store.list_runs(deleted=None) == before

    def test_an_experiment_goes_into_the_trash_and_comes_back(self, store: Store) -> None:
        store.apply([Speaker().batch(created("a", "e"), created("b", "e"), created("c", "f"))])
        store.set_experiment_tags("e", {"k": "v"})
        store.delete_runs([B], 1.0)
        assert store.delete_experiment("e", 2.0) == ("a",)
        assert store.list_experiments() == ("f",)
        assert [each.name for each in store.read_experiments()] == ["f"]
        assert store.read_experiments(deleted=True) == (Experiment("e", {"k": "v"}, None, 2.0),)
        for change in (
            lambda: store.delete_experiment("e", 3.0),
            lambda: store.set_experiment_tags("e", {}),
            lambda: store.set_archived("e", 1.0),
            lambda: store.restore_experiment("f"),
            lambda: store.restore_experiment("nobody"),
        ):
            with pytest.raises(NotFound):
                change()
        assert store.restore_experiment("e") == ("a",)
        assert store.list_experiments() == ("e", "f")
        assert [run.id for run in store.list_runs(deleted=True)] == ["b"]

    def test_an_experiment_that_is_used_again_leaves_the_trash(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("a", "e"), created("b", "f"))])
        store.set_archived("e", 1.0)
        for name in "ef":
            store.delete_experiment(name, 2.0)
        store.apply([speaker.batch(created("c", "e"), created("d", "f", parent="b"))])
        assert store.list_experiments() == ("e",), "a run below one in the trash takes nothing out"
        assert store.read_experiments() == (Experiment("e", {}, None),)
        assert [(run.id, run.number) for run in store.list_runs()] == [("c", 2)]
        store.add_experiment("f")
        assert store.list_experiments() == ("e", "f")
        assert store.restore_runs([B]) == ("b", "d")

    def test_a_run_takes_its_experiment_out_of_the_trash(self, store: Store) -> None:
        store.apply([Speaker().batch(created("a", "e"), created("b", "e"))])
        store.delete_experiment("e", 2.0)
        assert store.restore_runs([A]) == ("a",)
        assert store.list_experiments() == ("e",)

    def test_runs_that_are_forgotten_leave_nothing(self, store: Store) -> None:
        events = [event for run in ("a", "kept") for event in _everything(RunId(run))]
        store.apply([Speaker().batch(*events, points=[_curve("a", 5000), _curve("kept", 5000)])])
        store.add_job(QueuedJob(A, "cluster", 1.0, claimed=False))
        store.request_cancel(A)
        store.delete_experiment("exp-a", 1.0)
        version = store.version()

        assert store.remove_runs([A], deleted_before_s=2.0) == ("a",)
        assert store.remove_experiments(deleted_before_s=2.0) == ("exp-a",)

        assert store.version() != version
        assert store.read_experiments(deleted=True) == ()
        assert [run.id for run in store.list_runs(deleted=None)] == ["kept"]
        assert store.find_run(A) is None
        both = [A, RunId("kept")]
        assert {each.run for each in store.list_series(runs=both)} == {"kept"}
        assert [each.run for each in store.list_artifacts(runs=both)] == ["kept"]
        assert store.list_files(A) == ()
        assert store.list_jobs() == ()
        assert store.is_cancel_requested(A) is False
        assert store.list_tags(both).keys() == store.list_parameters(both).keys() == {"kept"}
        assert store.list_deleted([*both, NOBODY]) == {"a"}
        assert store.list_deleted([]) == frozenset()
        points = store.read_points([each.id for each in store.list_series(names=["m"])])
        assert [len(each) for each in points.values()] == [5000]

    def test_only_what_is_old_and_over_is_forgotten(self, store: Store) -> None:
        events: list[Event] = [created(each, "e") for each in "abcd"]
        events += [moved(each, RunState.CANCELED, 1) for each in "abd"]
        store.apply([Speaker().batch(*events, Tagged(RunId("stub"), "k", "v"))])
        store.delete_runs([A, C, RunId("stub")], 1.0)
        store.delete_runs([B], 2.0)
        every = [A, B, C, D, RunId("stub"), NOBODY]
        assert store.remove_runs(every, deleted_before_s=1.0) == ()
        assert store.remove_runs(every, deleted_before_s=2.0) == ("a", "stub")
        assert store.remove_runs([], deleted_before_s=LATE_S) == ()
        assert [run.id for run in store.list_runs(deleted=None)] == ["b", "c", "d"]
        assert store.remove_experiments(deleted_before_s=LATE_S) == ()
        store.delete_experiment("e", 5.0)
        assert store.remove_experiments(deleted_before_s=LATE_S) == (), "it has runs"
        store.remove_runs(every, deleted_before_s=LATE_S)
        assert store.remove_experiments(deleted_before_s=LATE_S) == (), "one of them goes on"

    def test_a_run_that_outlives_its_parent_is_below_none(self, store: Store) -> None:
        ended = moved("a", RunState.COMPLETED, 1)
        store.apply([Speaker().batch(created("a"), ended, created("b", parent="a"))])
        store.delete_runs([A], 1.0)
        assert store.remove_runs([A, B], deleted_before_s=2.0) == ("a",)
        assert store.restore_runs([B]) == ("b",)
        assert [run.parent for run in store.list_runs()] == [None]

    def test_keys_are_named_by_runs_and_models(self, store: Store) -> None:
        assert store.list_keys() == frozenset()
        files = [FileAdded(A, "f", "key-f", 1, 1.0), FileAdded(A, "grows", "", 1, 1.0)]
        picture = ArtifactLogged(B, "m", ArtifactKind.IMAGE, "p", "key-p", 1, None, 1.0)
        store.apply([Speaker().batch(*files, picture, FileAdded(B, "f", "key-f", 1, 1.0))])
        model = store.add_model(Model("net", 0, A, {"w": "key-m"}, {}, {}, "", "", "", 1.0))
        assert store.list_keys() == {"key-f", "key-p", "key-m"}
        store.delete_runs([A, B], 1.0)
        assert store.list_keys() == {"key-f", "key-p", "key-m"}, "in the trash, too"
        assert store.list_keys(without=[A]) == {"key-f", "key-p", "key-m"}, "B names it as well"
        assert store.list_keys(without=[A, B, NOBODY]) == {"key-m"}
        assert store.list_keys(among=["key-p", "key-m", "nobody"]) == {"key-p", "key-m"}
        assert store.list_keys(among=[]) == frozenset()
        store.delete_model("net", model.version)
        assert store.list_keys() == {"key-f", "key-p"}
        store.remove_runs([A, B], deleted_before_s=LATE_S)
        assert store.list_keys() == frozenset()

    def test_a_property_of_all_runs(self, store: Store) -> None:
        said = [PropertyAdded(A, "k", "1"), PropertyAdded(B, "k", "2"), PropertyAdded(B, "x", "3")]
        store.apply([Speaker().batch(created("a"), *said)])
        store.delete_runs([A], 1.0)
        assert store.list_property("k") == {"a": "1", "b": "2"}
        assert store.list_property("nobody") == {}

    def test_shrinking_changes_nothing_that_is_read(self, store: Store) -> None:
        events = [event for run in (A, B) for event in _everything(run)]
        store.apply([Speaker().batch(*events, points=[_curve("a", 20_000), _curve("b", 3)])])
        _forget(store, "exp-a")
        assert store.shrink() >= 0
        assert [each.count for each in store.list_series(names=["m"])] == [3]

    def test_what_is_said_about_a_forgotten_run_is_dropped(self, store: Store) -> None:
        early, late = Speaker(), Speaker()
        store.apply([early.batch(*_everything(A), points=[_curve("a", 3)])])
        _forget(store, "exp-a")

        store.apply(
            [
                early.batch(*_everything(A), points=[_curve("a", 3), _curve("b", 2)]),
                late.batch(Tagged(A, "k", "v"), created("c", "other"), skipped_bytes=9),
            ]
        )

        assert store.position(early.writer) == early.at
        assert [run.id for run in store.list_runs(deleted=None)] == ["b", "c"]
        assert [(each.run, each.count) for each in store.list_series()] == [("b", 2)]
        assert store.list_experiments() == ("other",)
        with pytest.raises(NotFound):
            store.set_tags(A, {"k": "v"})

    def test_a_forgotten_experiment_may_be_made_again(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(*_everything(A), points=[_curve("a", 200)])])
        store.set_experiment_tags("exp-a", {"k": "v"})
        _forget(store, "exp-a")
        store.apply([speaker.batch(created("b", "exp-a"), points=[_curve("b", 3)])])
        assert store.read_experiments() == (Experiment("exp-a", {}, None),)
        assert [(run.id, run.number) for run in store.list_runs()] == [("b", 1)]
        (series,) = store.list_series()
        assert store.read_points([series.id])[series.id].values.tolist() == [0.0, 1.0, 2.0]
        assert store.get_tags(B) == {}


def _forget(store: Store, experiment: str) -> None:
    gone = store.delete_experiment(experiment, 1.0)
    assert store.remove_runs(gone, deleted_before_s=LATE_S) == gone
    assert store.remove_experiments(deleted_before_s=LATE_S) == (experiment,)


def _everything(run: RunId) -> list[Event]:
    """A run in an experiment of its own that has a bit of everything and has ended."""
    return [
        created(run, f"exp-{run}"),
        Tagged(run, "k", "v"),
        PropertyAdded(run, "k", "v"),
        ParameterSet(run, "k", 1),
        FileAdded(run, "f", "key", 1, 1.0),
        TextLogged(run, "text", "word", None, 1.0),
        ArtifactLogged(run, "picture", ArtifactKind.IMAGE, "p.png", "key", 1, None, 1.0),
        moved(run, RunState.COMPLETED, 1),
    ]


def _curve(run: str, count: int) -> SeriesPoints:
    return numbers(run, "m", [float(each) for each in range(count)])
