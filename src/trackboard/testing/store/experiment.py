"""What every store promises about experiments: what is said about them, and putting them away."""

from __future__ import annotations

import pytest

from trackboard.errors import NotFound
from trackboard.ports import Experiment, Store
from trackboard.testing.speaker import Speaker, created


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
