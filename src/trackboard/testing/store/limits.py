"""What stores promise about long texts, odd texts, and the ends of the ranges of numbers."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from trackboard.model import (
    LIMITS,
    ArtifactKind,
    ArtifactLogged,
    Created,
    Event,
    FileAdded,
    ParameterSet,
    PropertyAdded,
    RecordsDropped,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
)
from trackboard.ports import Field, Model, OneOf, Order, RunQuery, Source, Store, Unstorable
from trackboard.testing.speaker import Speaker, created, numbers

R = RunId("r")
INT64_MAX = 2**63 - 1


def noise(characters: int, *, cjk: bool = False) -> str:
    """Text that no database can make shorter; the same for the same arguments."""
    first, last = (0x4E00, 0x9FFF) if cjk else (0x21, 0x7E)
    return "".join(map(chr, random.Random(characters).choices(range(first, last), k=characters)))


def twins(text: str) -> tuple[str, str]:
    """Two texts that differ in their last character only."""
    return text[:-1] + "a", text[:-1] + "b"


_WHERE: dict[str, Callable[[dict[str, str]], RunQuery]] = {
    "tags": lambda wanted: RunQuery(tags=wanted),
    "properties": lambda wanted: RunQuery(properties=wanted),
    "parameters": lambda wanted: RunQuery(parameters=wanted),
}


def ids(store: Store, query: RunQuery) -> list[str]:
    """The runs that a query finds."""
    return sorted(run.id for run in store.query_runs(query))


class LimitsContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    @pytest.mark.parametrize("length", [10_000, 1_000_000])
    def test_long_values_are_kept_whole_and_found(self, store: Store, length: int) -> None:
        one, other = twins(noise(length))
        for run, value in (("r", one), ("s", other)):
            said = (
                Tagged(RunId(run), "key", value),
                PropertyAdded(RunId(run), "key", value),
                ParameterSet(RunId(run), "key", value),
                TextLogged(RunId(run), "key", value, 0, 1.0),
                StateChanged(RunId(run), RunState.FAILED, 0, 1, 2.0, value),
            )
            store.apply([Speaker().batch(created(run, description=value), *said)])
        assert store.get_tags(R) == store.get_properties(R) == {"key": one}
        assert store.list_parameters([R]) == {R: {"key": one}}
        (run_r,) = store.list_runs(ids=[R])
        assert (run_r.cause, run_r.description) == (one, one)
        (series,) = store.list_series(runs=[R])
        assert store.read_points([series.id])[series.id].values.tolist() == [one]
        for where in _WHERE.values():
            assert ids(store, where({"key": one})) == ["r"]
            assert ids(store, where({"key": other})) == ["s"]
            assert ids(store, where({"key": one + "a"})) == []
        store.set_tags(R, {"key": other})
        store.add_properties(R, {"more": one})
        assert ids(store, RunQuery(tags={"key": other})) == ["r", "s"]
        assert ids(store, RunQuery(properties={"more": one})) == ["r"]

    @pytest.mark.parametrize("cjk", [False, True])
    def test_long_keys_that_differ_at_their_end_are_two(self, store: Store, cjk: bool) -> None:
        key, path = twins(noise(10_000, cjk=cjk)), twins(noise(3_000, cjk=cjk))
        said: list[Event] = [FileAdded(R, each, each, 1, 1.0) for each in path]
        for each in key:
            said += [
                Tagged(R, each, each),
                PropertyAdded(R, each, each),
                ParameterSet(R, each, each),
            ]
        speaker = Speaker()
        store.apply([speaker.batch(*said)])
        store.apply([speaker.batch(*said)])  # said again they are no others
        assert store.get_tags(R) == store.get_properties(R) == {each: each for each in key}
        assert store.list_parameters([R]) == {R: {each: each for each in key}}
        assert [file.path for file in store.list_files(R)] == list(path)
        for where in _WHERE.values():
            assert ids(store, where({key[0]: key[0]})) == ["r"]
            assert ids(store, where({key[0]: key[1]})) == []
        store.remove_tags(R, key[:1])
        assert list(store.get_tags(R)) == [key[1]]

    @pytest.mark.parametrize("length", [LIMITS["metric name"], LIMITS["series name"]])
    def test_metrics_with_long_names_are_series_of_their_own(
        self, store: Store, length: int
    ) -> None:
        one, other = twins(noise(length, cjk=True))
        speaker = Speaker()
        for number in (1.0, 2.0):
            points = [numbers("r", one, [number], steps=[0]), numbers("s", other, [number])]
            said: list[Event] = [
                TextLogged(R, one, "text", 0, 1.0, table=other),
                ArtifactLogged(R, one, ArtifactKind.IMAGE, "a.png", "k", 1, None, 1.0),
            ]
            store.apply([speaker.batch(*said, points=points)])
        assert [series.count for series in store.list_series(names=[one], text=False)] == [2]
        assert [series.table for series in store.list_series(names=[one], text=True)] == [other]
        assert [series.run for series in store.list_series(names=[other])] == ["s"]
        metric = Field(Source.METRIC, one)
        assert ids(store, RunQuery(where=OneOf(metric, (2.0,)))) == ["r"]
        by = (Order(Field(Source.METRIC, other)),)
        assert [run.id for run in store.query_runs(RunQuery(), by)] == ["s", "r"]
        assert [artifact.step for artifact in store.list_artifacts(names=[one])] == [0, 1]
        assert store.list_artifacts(names=[other]) == ()

    def test_names_at_their_limits_are_found(self, store: Store) -> None:
        run_names = twins(noise(LIMITS["run name"], cjk=True))
        experiments = twins("e" * LIMITS["experiment name"])
        for run, name, experiment in zip("rs", run_names, experiments, strict=True):
            store.apply([Speaker().batch(created(run, experiment, name=name))])
        store.add_experiment(experiments[0])
        assert store.list_experiments() == experiments
        assert [run.id for run in store.list_runs(name=run_names[1])] == ["s"]
        assert [run.number for run in store.list_runs(experiment=experiments[1])] == [1]
        assert ids(store, RunQuery(experiment=experiments[0])) == ["r"]
        store.set_name(R, run_names[1])
        assert [run.id for run in store.list_runs(name=run_names[1])] == ["r", "s"]

    def test_what_is_registered_under_long_names_is_found(self, store: Store) -> None:
        for name in twins(noise(10_000, cjk=True)):
            for _ in range(2):
                store.add_model(Model(name, 0, None, {}, {}, {}, "", "", "", 1.0))
            store.add_environment(name, {"of": name}, version=name)
            assert [model.version for model in store.list_models(name)] == [2, 1]
            assert [each.version for each in store.list_environments(name)] == [name]
        store.delete_model(name, 2)
        assert [model.version for model in store.list_models(name)] == [1]

    @pytest.mark.parametrize(
        "text", ["", "\0", "a\0b", "\ud800", "\udfff\0", "\U0001f600", "%_'\"\\"], ids=ascii
    )
    def test_odd_texts_are_found_again(self, store: Store, text: str) -> None:
        points = [numbers("r", text, [1.0])]
        said = (
            created("r", name=text),
            Tagged(R, text, text),
            PropertyAdded(R, text, text),
            ParameterSet(R, text, text),
            FileAdded(R, text, text, 1, 1.0),
        )
        store.apply([Speaker().batch(*said, points=points)])
        store.apply([Speaker().batch(*said, points=points)])
        assert len(store.list_files(R)) == len(store.get_tags(R)) == 1
        assert [run.id for run in store.list_runs(name=text)] == ["r"]
        assert [series.count for series in store.list_series(names=[text])] == [2]
        for where in _WHERE.values():
            assert ids(store, where({text: text})) == ["r"]
            assert ids(store, where({text: text + "x"})) == []

    _AT_THE_END: tuple[Callable[[int], Event], ...] = (
        lambda n: StateChanged(R, RunState.RUNNING, n, 1, 1.0),
        lambda n: StateChanged(R, RunState.RUNNING, 0, n, 1.0),
        lambda n: FileAdded(R, "f", "k", n, 1.0),
        lambda n: RecordsDropped(R, n, "why"),
        lambda n: ArtifactLogged(R, "a", ArtifactKind.IMAGE, "p", "k", n, 0, 1.0),
        lambda n: ArtifactLogged(R, "a", ArtifactKind.IMAGE, "p", "k", 1, n, 1.0),
        lambda n: TextLogged(R, "t", "x", n, 1.0),
        lambda n: ParameterSet(R, "p", n),
    )

    @pytest.mark.parametrize("event", _AT_THE_END)
    def test_integers_at_and_beyond_64_bits(
        self, store: Store, event: Callable[[int], Event]
    ) -> None:
        store.apply([Speaker().batch(created("r"), event(INT64_MAX))])
        store.apply([Speaker().batch(event(-INT64_MAX - 1))])
        for beyond in (INT64_MAX + 1, -INT64_MAX - 2, 10**30):
            before, speaker = store.list_runs(), Speaker()
            try:
                store.apply(
                    [speaker.batch(Created(R, "e", "n", None, RunKind.JOB, 1.0), event(beyond))]
                )
            except Unstorable:  # who reads the stream leaves such a record out
                assert store.list_runs() == before
                assert speaker.writer not in store.positions()
        store.apply([Speaker().batch(created("after"))])
        assert store.find_run(RunId("after")) is not None
