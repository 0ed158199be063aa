"""What every store promises about runs: finding them, and what others say about them."""

from __future__ import annotations

import pytest

from trackboard.errors import Conflict, NotFound
from trackboard.model import PropertyAdded, RunId, Tagged
from trackboard.ports import Store
from trackboard.testing.speaker import Speaker, created

R, GONE = RunId("r"), RunId("gone")


class RunContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_experiments_are_listed_oldest_first_and_once(self, store: Store) -> None:
        for name in ("b", "a", "b"):
            store.add_experiment(name)
        assert store.list_experiments() == ("b", "a")
        store.apply([Speaker().batch(created("r", "a"))])
        assert store.list_experiments() == ("b", "a")
        assert store.list_runs(experiment="a")[0].number == 1

    def test_an_empty_store_is_empty(self, store: Store) -> None:
        assert store.list_runs() == ()
        assert store.find_run(R) is None
        assert store.list_experiments() == ()
        assert store.list_series() == ()
        assert store.list_files(R) == ()
        assert store.list_descendants([R]) == ()

    def test_list_runs_matches_every_condition(self, store: Store) -> None:
        store.apply(
            [
                Speaker().batch(
                    created("a", "x", name="n"),
                    created("b", "x", name="n", parent="a"),
                    created("c", "y", name="n", parent="a"),
                    created("d", "y"),
                )
            ]
        )

        def ids(**conditions: object) -> list[str]:
            return [run.id for run in store.list_runs(**conditions)]  # type: ignore[arg-type]

        assert ids() == ["a", "b", "c", "d"]
        assert ids(experiment="x") == ["a", "b"]
        assert ids(name="n") == ["a", "b", "c"]
        assert ids(parent="a") == ["b", "c"]
        assert ids(ids=["d", "b", "nobody"]) == ["b", "d"]
        assert ids(ids=[]) == []
        assert ids(experiment="y", name="n") == ["c"]
        assert ids(ids=["a", "b"], parent="a", experiment="x", name="n") == ["b"]
        assert ids(experiment="nobody") == ids(experiment="unknown") == []

    def test_the_oldest_run_of_each_name(self, store: Store) -> None:
        store.apply(
            [
                Speaker().batch(
                    created("a", "x", name="n"),
                    created("b", "x", name="n"),
                    created("c", "y", name="n", parent="a"),  # of another experiment
                    created("d", "y", name="n"),
                    created("e", "x", name="k", parent="b"),
                    created("f", "x", name="k", parent="b"),
                    created("g", "x", name="k", parent="a"),
                    created("h", "x", name="k"),
                    created("i", "x"),
                    created("j", "x", parent="a"),
                    Tagged(RunId("stub"), "t", None),
                )
            ]
        )

        def ids(*experiments: str, names: str, parents: str | None = None) -> str:
            above = None if parents is None else [RunId(each) for each in parents]
            found = store.list_oldest_called(experiments, names.split(), parents=above)
            return "".join(sorted(run.id for run in found))

        assert ids("x", names="n") == "a"
        assert ids("x", "y", "nowhere", names="n nobody") == "ac"
        assert ids("x", names="k") == "h"
        assert ids("x", names="k", parents="ab") == "eg"
        assert ids("x", "y", names="n", parents="ab") == "c"
        assert ids("x", names="run-7") == "i"
        assert ids("x", names="run-8 run-9") == ids("x", names="", parents="a") == ""
        assert ids("x", names="run-8 run-07", parents="a") == "j"
        assert ids("unknown", names="stub") == "stub"
        store.delete_runs([RunId("a")], 10.0)
        assert ids("x", "y", names="n") == "bd"

    def test_many_ids_in_one_question(self, store: Store) -> None:
        count = 2500
        store.apply([Speaker().batch(*[created(f"r{i}", parent="root") for i in range(count)])])
        wanted = [RunId(f"r{i}") for i in reversed(range(count))]
        assert len(store.list_runs(ids=wanted)) == count
        assert [run.number for run in store.list_runs(ids=wanted)] == list(range(1, count + 1))
        assert len(store.list_descendants(wanted)) == count
        assert len(store.list_series(runs=wanted, names=[f"m{i}" for i in range(2500)])) == 0

    def test_descendants_come_after_their_parents_each_once(self, store: Store) -> None:
        store.apply(
            [
                Speaker().batch(
                    created("grandchild", parent="child"),
                    created("child", parent="root"),
                    created("root"),
                    created("stranger"),
                )
            ]
        )
        for asked in (["root"], ["grandchild", "root"], ["child", "root", "root", "nobody"]):
            found = store.list_descendants([RunId(each) for each in asked])
            assert [run.id for run in found] == ["root", "child", "grandchild"]
        assert [run.id for run in store.list_descendants([RunId("child")])] == [
            "child",
            "grandchild",
        ]

    def test_a_circle_of_parents_ends(self, store: Store) -> None:
        store.apply([Speaker().batch(created("a", parent="b"), created("b", parent="a"))])
        assert {run.id for run in store.list_descendants([RunId("a")])} == {"a", "b"}

    def test_tags(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), Tagged(R, "said", "1"))])
        store.set_tags(R, {"said": "2", "mark": None})
        store.set_tags(R, {"mark": None})
        store.set_tags(R, {})
        assert store.get_tags(R) == {"said": "2", "mark": None}
        store.apply([speaker.batch(Tagged(R, "said", "3"))])
        assert store.get_tags(R) == {"said": "3", "mark": None}

    def test_several_runs_are_tagged_at_once_or_none_of_them(self, store: Store) -> None:
        store.apply(
            [Speaker().batch(created("r"), created("s"), created("t"), Tagged(R, "a", "1"))]
        )
        others = [RunId("s"), RunId("t")]
        store.tag_runs([R, others[0], R], {"a": "2", "mark": None})
        assert store.list_tags([R, *others]) == {
            "r": {"a": "2", "mark": None},
            "s": {"a": "2", "mark": None},
            "t": {},
        }
        with pytest.raises(NotFound, match="gone"):
            store.tag_runs([*others, GONE], {"b": "3"})
        assert "b" not in store.get_tags(others[1])
        store.tag_runs([], {"b": "3"})

    def test_properties_never_change(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r"), PropertyAdded(R, "said", "1"))])
        store.add_properties(R, {"said": "1", "new": "2"})
        store.add_properties(R, {"new": "2"})
        with pytest.raises(Conflict) as caught:
            store.add_properties(R, {"another": "3", "said": "other"})
        assert "'other'" in caught.value.message
        assert store.get_properties(R) == {"said": "1", "new": "2"}

    def test_rename(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r", name="old"))])
        store.set_name(R, "new")
        run = store.find_run(R)
        assert run is not None
        assert run.name == run.given_name == "new"
        assert store.list_runs(name="old") == ()

    def test_what_was_returned_never_changes(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r", name="old"), Tagged(R, "a", "1"))])
        run, tags = store.find_run(R), store.get_tags(R)
        store.set_name(R, "new")
        store.set_tags(R, {"a": "2"})
        assert run is not None
        assert run.name == "old"
        assert tags == {"a": "1"}

    def test_an_unknown_run_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound, match="gone"):
            store.get_tags(GONE)
        with pytest.raises(NotFound, match="gone"):
            store.get_properties(GONE)
        with pytest.raises(NotFound, match="gone"):
            store.set_tags(GONE, {"a": "1"})
        with pytest.raises(NotFound, match="gone"):
            store.add_properties(GONE, {"a": "1"})
        with pytest.raises(NotFound, match="gone"):
            store.set_name(GONE, "name")
        with pytest.raises(NotFound, match="gone"):
            store.request_cancel(GONE)
        assert store.is_cancel_requested(GONE) is False
        assert store.list_runs() == ()

    def test_cancelling_is_asked_and_remembered(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), created("other"))])
        assert store.is_cancel_requested(R) is False
        store.request_cancel(R)
        store.request_cancel(R)
        store.apply([speaker.batch(Tagged(R, "a", "1"))])
        assert store.is_cancel_requested(R) is True
        assert store.is_cancel_requested(RunId("other")) is False

    def test_every_write_changes_the_version_and_no_read_does(self, store: Store) -> None:
        seen = [store.version()]
        store.apply([Speaker().batch(created("r"))])
        seen.append(store.version())
        store.set_tags(R, {"a": "1"})
        seen.append(store.version())
        store.add_experiment("e")
        seen.append(store.version())
        store.list_runs()
        store.get_tags(R)
        assert len(set(seen)) == len(seen)
        assert store.version() == seen[-1]
