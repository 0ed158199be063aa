"""What every store promises about experiments: what is said about them, and putting them away."""

from __future__ import annotations

import pytest

from trackboard.errors import Conflict, NotFound
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
from trackboard.ports import Experiment, SeriesPoints, Store
from trackboard.testing.speaker import Speaker, created, moved, numbers


class ExperimentContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_experiments_are_read_oldest_first(self, store: Store) -> None:
        assert store.read_experiments() == ()
        store.add_experiment("b")
        store.apply([Speaker().batch(created("r", "a"))])
        assert store.read_experiments() == (Experiment("b", {}, None), Experiment("a", {}, None))

    def test_tags_of_an_experiment(self, store: Store) -> None:
        store.add_experiment("e")
        store.add_experiment("other")
        store.set_experiment_tags("e", {"a": "grün", "": None})
        store.set_experiment_tags("e", {"a": "2", "b": "3"})
        seen = store.read_experiments()
        assert [each.tags for each in seen] == [{"a": "2", "": None, "b": "3"}, {}]
        store.remove_experiment_tags("e", ["a", "nobody"])
        assert store.read_experiments()[0].tags == {"": None, "b": "3"}
        assert seen[0].tags == {"a": "2", "": None, "b": "3"}

    def test_an_experiment_is_put_away_and_taken_back(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r", "e"))])
        store.set_experiment_tags("e", {"a": "1"})
        store.set_archived("e", 12.5)
        store.add_experiment("e")
        store.apply([Speaker().batch(created("s", "e"))])
        assert store.read_experiments() == (Experiment("e", {"a": "1"}, 12.5),)
        assert [run.number for run in store.list_runs(experiment="e")] == [1, 2]
        store.set_archived("e", None)
        assert store.read_experiments() == (Experiment("e", {"a": "1"}, None),)

    def test_an_unknown_experiment_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound, match="gone"):
            store.set_experiment_tags("gone", {"a": "1"})
        with pytest.raises(NotFound, match="gone"):
            store.remove_experiment_tags("gone", [])
        with pytest.raises(NotFound, match="gone"):
            store.set_archived("gone", 1.0)
        assert store.list_experiments() == ()

    def test_what_is_said_of_experiments_changes_the_version(self, store: Store) -> None:
        store.add_experiment("e")
        seen = [store.version()]
        store.set_experiment_tags("e", {"a": "1"})
        seen.append(store.version())
        store.remove_experiment_tags("e", ["a"])
        seen.append(store.version())
        store.set_archived("e", 1.0)
        seen.append(store.version())
        assert len(set(seen)) == len(seen)

    def test_a_deleted_experiment_is_gone_with_its_runs(self, store: Store) -> None:
        speaker = Speaker()
        events = [event for run in ("a", "kept") for event in _everything(RunId(run))]
        store.apply([speaker.batch(*events, points=[_curve("a", 5000), _curve("kept", 5000)])])
        store.add_job(QueuedJob(RunId("a"), "cluster", 1.0, claimed=False))
        store.request_cancel(RunId("a"))
        version = store.version()

        assert store.delete_experiment("exp-a") == ("a",)

        assert store.version() != version
        assert store.list_experiments() == ("exp-kept",)
        assert [run.id for run in store.list_runs()] == ["kept"]
        assert store.find_run(RunId("a")) is None
        assert {each.run for each in store.list_series()} == {"kept"}
        assert [each.run for each in store.list_artifacts()] == ["kept"]
        assert store.list_files(RunId("a")) == ()
        assert store.list_jobs() == ()
        assert store.is_cancel_requested(RunId("a")) is False
        both = [RunId("a"), RunId("kept")]
        assert store.list_tags(both).keys() == store.list_parameters(both).keys() == {"kept"}
        assert store.list_deleted([*both, RunId("nobody")]) == {"a"}
        assert store.list_deleted([]) == frozenset()
        points = store.read_points([each.id for each in store.list_series(names=["m"])])
        assert [len(each) for each in points.values()] == [5000]

    def test_what_is_said_about_a_deleted_run_is_dropped(self, store: Store) -> None:
        early, late = Speaker(), Speaker()
        store.apply([early.batch(*_everything(RunId("a")), points=[_curve("a", 3)])])
        store.delete_experiment("exp-a")

        store.apply(
            [
                early.batch(*_everything(RunId("a")), points=[_curve("a", 3), _curve("b", 2)]),
                late.batch(Tagged(RunId("a"), "k", "v"), created("c", "other"), skipped_bytes=9),
            ]
        )

        assert store.position(early.writer) == early.at
        assert [run.id for run in store.list_runs()] == ["b", "c"]
        assert [(each.run, each.count) for each in store.list_series()] == [("b", 2)]
        assert store.list_experiments() == ("other",)
        with pytest.raises(NotFound):
            store.set_tags(RunId("a"), {"k": "v"})

    def test_a_deleted_experiment_may_be_made_again(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(*_everything(RunId("a")), points=[_curve("a", 200)])])
        store.set_experiment_tags("exp-a", {"k": "v"})
        store.delete_experiment("exp-a")
        store.apply([speaker.batch(created("b", "exp-a"), points=[_curve("b", 3)])])
        assert store.read_experiments() == (Experiment("exp-a", {}, None),)
        assert [(run.id, run.number) for run in store.list_runs()] == [("b", 1)]
        (series,) = store.list_series()
        assert store.read_points([series.id])[series.id].values.tolist() == [0.0, 1.0, 2.0]
        assert store.get_tags(RunId("b")) == {}

    def test_an_experiment_with_runs_that_go_on_is_not_deleted(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(*_everything(RunId("a")), created("b", "exp-a"))])
        with pytest.raises(Conflict, match="not ended: b"):
            store.delete_experiment("exp-a")
        with pytest.raises(NotFound, match="gone"):
            store.delete_experiment("gone")
        assert [run.id for run in store.list_runs()] == ["a", "b"]
        assert store.get_tags(RunId("a")) == {"k": "v"}
        store.apply([speaker.batch(moved("b", RunState.CANCELED, 1))])
        assert store.delete_experiment("exp-a") == ("a", "b")
        assert store.list_runs() == ()


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
