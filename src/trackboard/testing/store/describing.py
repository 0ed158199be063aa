"""What every store promises about all that a run carries besides numbers."""

from __future__ import annotations

import math
import struct

import pytest

from trackboard.errors import NotFound
from trackboard.model import (
    ArtifactKind,
    ArtifactLogged,
    Event,
    FileAdded,
    ParameterSet,
    PropertyAdded,
    RunId,
    Tagged,
    TextLogged,
    Value,
)
from trackboard.ports import Artifact, RunFile, RunQuery, Source, Store
from trackboard.testing.speaker import Speaker, created, numbers

R, GONE = RunId("r"), RunId("gone")


def image(
    name: str, path: str, key: str, *, run: RunId = R, step: int | None = None
) -> ArtifactLogged:
    """An image is logged."""
    return ArtifactLogged(run, name, ArtifactKind.IMAGE, path, key, 10, step, 5.0)


class DescribingContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    # -- description and tags ---------------------------------------------------------------------

    def test_a_description_is_what_was_said_last(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r", description="from the start"), created("other"))])
        assert [run.description for run in store.list_runs()] == ["from the start", ""]
        store.set_description(R, "grün\n" * 5000)
        assert [run.description for run in store.list_runs()] == ["grün\n" * 5000, ""]
        store.set_description(R, "")
        assert [run.description for run in store.query_runs(RunQuery())] == ["", ""]

    def test_a_stub_that_was_described_stays_so(self, store: Store) -> None:
        store.apply([Speaker().batch(Tagged(R, "k", "v"))])
        store.set_description(R, "mine")
        store.apply([Speaker().batch(created("r", description="its own"))])
        run = store.find_run(R)
        assert run is not None
        assert (run.description, run.experiment) == ("mine", "exp")

    def test_tags_of_several_runs(self, store: Store) -> None:
        runs = [RunId(f"r{i}") for i in range(1200)]
        store.apply([Speaker().batch(*[created(run) for run in runs])])
        store.apply([Speaker().batch(*[Tagged(run, "me", run) for run in runs[1:]])])
        store.set_tags(runs[1], {"mark": None, "": ""})
        found = store.list_tags([*runs, GONE])
        assert len(found) == len(runs)
        assert found[runs[0]] == {}
        assert found[runs[1]] == {"me": "r1", "mark": None, "": ""} == store.get_tags(runs[1])
        assert found[runs[-1]] == {"me": "r1199"}
        assert store.list_tags([]) == store.list_tags([GONE]) == {}

    def test_properties_of_several_runs(self, store: Store) -> None:
        said = [PropertyAdded(R, "k", "v"), PropertyAdded(R, "a", "")]
        store.apply([Speaker().batch(created("r"), created("other"), *said)])
        found = store.list_properties([R, RunId("other"), GONE])
        assert found == {R: {"a": "", "k": "v"}, "other": {}}
        assert list(found[R]) == ["a", "k"]

    def test_names_that_runs_have(self, store: Store) -> None:
        assert {store.list_names(source) for source in (Source.METRIC, Source.TAG)} == {()}
        said: list[Event] = []
        for run in (R, RunId("other")):
            said += [Tagged(run, "k", None), Tagged(run, "T", "1"), PropertyAdded(run, "p", "")]
            said += [Tagged(run, f"{'long' * 70}{end}", None) for end in "ba"]
            said += [ParameterSet(run, "lr", 1), TextLogged(run, "note", "x", None, 1.0)]
        store.apply([Speaker().batch(*said, points=[numbers("r", "Loss", [1.0])])])
        for source, names in (
            (Source.METRIC, ("Loss", "note")),
            (Source.PARAMETER, ("lr",)),
            (Source.TAG, ("T", "k", f"{'long' * 70}a", f"{'long' * 70}b")),
            (Source.PROPERTY, ("p",)),
        ):
            assert store.list_names(source) == names

    def test_tags_are_taken_away(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r"), created("other"))])
        for run in (R, RunId("other")):
            store.set_tags(run, {"a": "1", "b": None, "c": "3"})
        store.remove_tags(R, ["a", "b", "nobody"])
        store.remove_tags(R, [])
        assert store.get_tags(R) == {"c": "3"}
        assert store.get_tags(RunId("other")) == {"a": "1", "b": None, "c": "3"}

    def test_nobody_describes_an_unknown_run(self, store: Store) -> None:
        with pytest.raises(NotFound, match="gone"):
            store.remove_tags(GONE, ["a"])
        with pytest.raises(NotFound, match="gone"):
            store.set_description(GONE, "text")
        assert store.list_runs() == ()

    def test_describing_changes_the_version(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r"))])
        seen = [store.version()]
        store.set_description(R, "text")
        seen.append(store.version())
        store.remove_tags(R, ["a"])
        seen.append(store.version())
        assert len(set(seen)) == 3

    # -- parameters -------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "value",
        [
            *(True, False, 1, 0, 2**63 - 1, -(2**63), 1.0, -0.0, 0.1, 5e-324),
            *(1.7976931348623157e308, math.inf, -math.inf, math.nan),
            *("", "1", "true", "nan", "grün \0 \U0001f600", "x" * 10**5),
        ],
    )
    def test_a_parameter_comes_back_as_it_was(self, store: Store, value: Value) -> None:
        store.apply([Speaker().batch(ParameterSet(R, "p", value))])
        found = store.list_parameters([R])[R]["p"]
        assert type(found) is type(value)
        if isinstance(value, float):
            assert struct.pack("d", found) == struct.pack("d", value)
        else:
            assert found == value

    def test_the_later_value_of_a_parameter_counts(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), ParameterSet(R, "p", 1), ParameterSet(R, "p", 2))])
        assert store.list_parameters([R]) == {R: {"p": 2}}
        store.apply([speaker.batch(ParameterSet(R, "p", "two"), ParameterSet(R, "q", True))])
        assert store.list_parameters([R]) == {R: {"p": "two", "q": True}}

    def test_parameters_of_several_runs(self, store: Store) -> None:
        runs = [RunId(f"r{i}") for i in range(1200)]
        store.apply([Speaker().batch(created("none"), *[ParameterSet(r, "me", r) for r in runs])])
        found = store.list_parameters([*runs, GONE, RunId("none")])
        assert found == {run: {"me": run} for run in runs}
        assert store.list_parameters([]) == {}

    # -- files that are values --------------------------------------------------------------------

    def test_an_artifact_is_a_value_and_a_file(self, store: Store) -> None:
        logged = ArtifactLogged(
            R, "cm", ArtifactKind.CONFUSION_MATRIX, "cm/0.json", "k", 77, 3, 5.5
        )
        store.apply([Speaker().batch(created("r"), logged)])
        assert store.list_artifacts() == (
            Artifact(R, "cm", ArtifactKind.CONFUSION_MATRIX, "cm/0.json", "k", 77, 3, 5.5),
        )
        assert store.list_files(R) == (RunFile("cm/0.json", "k", 77, 5.5),)

    def test_artifacts_without_a_step_get_the_count(self, store: Store) -> None:
        speaker, other = Speaker(), RunId("other")
        store.apply([speaker.batch(image("a", "1", "k1"), image("a", "2", "k2", step=50))])
        store.apply(
            [
                speaker.batch(image("b", "3", "k3"), image("a", "4", "k4", run=other)),
                speaker.batch(image("a", "5", "k5"), image("a", "6", "k6")),
            ]
        )
        assert [(each.run, each.name, each.step, each.path) for each in store.list_artifacts()] == [
            ("r", "a", 0, "1"),
            ("r", "a", 50, "2"),
            ("r", "b", 0, "3"),
            ("other", "a", 0, "4"),
            ("r", "a", 2, "5"),
            ("r", "a", 3, "6"),
        ]

    def test_a_file_that_comes_again_is_one_file_and_two_values(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(FileAdded(R, "p", "k0", 1, 1.0), image("a", "p", "k1"))])
        store.apply([speaker.batch(image("a", "p", "k2"))])
        assert [each.key for each in store.list_artifacts()] == ["k1", "k2"]
        assert [each.key for each in store.list_files(R)] == ["k2"]
        store.apply([speaker.batch(FileAdded(R, "p", "k3", 1, 1.0))])
        assert [each.key for each in store.list_artifacts()] == ["k1", "k2"]
        assert [each.key for each in store.list_files(R)] == ["k3"]

    def test_artifacts_are_found_by_every_condition(self, store: Store) -> None:
        kinds = list(ArtifactKind)
        events = [
            ArtifactLogged(RunId(f"r{run}"), name, kind, f"{name}{kind.value}", "k", 1, None, 1.0)
            for run in range(3)
            for name in ("x", "y")
            for kind in kinds
        ]
        store.apply([Speaker().batch(*events)])
        runs = [RunId("r2"), RunId("r0"), GONE]
        assert len(store.list_artifacts()) == 6 * len(kinds)
        assert len(store.list_artifacts(runs=runs)) == 4 * len(kinds)
        chosen = store.list_artifacts(
            runs=runs, names=["y", "nobody"], kinds=[ArtifactKind.IMAGE, ArtifactKind.RESIDUALS]
        )
        last = kinds.index(ArtifactKind.RESIDUALS)
        assert [(each.run, each.name, each.kind.value, each.step) for each in chosen] == [
            ("r0", "y", "image", 0),
            ("r0", "y", "residuals", last),
            ("r2", "y", "image", 0),
            ("r2", "y", "residuals", last),
        ]
        assert store.list_artifacts(runs=[]) == store.list_artifacts(names=[]) == ()
        assert store.list_artifacts(kinds=[]) == ()

    def test_artifacts_of_many_runs_in_one_question(self, store: Store) -> None:
        runs = [RunId(f"r{i}") for i in range(1200)]
        store.apply([Speaker().batch(*[image("a", "p", run, run=run) for run in runs])])
        assert [each.key for each in store.list_artifacts(runs=runs[::-1])] == list(runs)

    # -- tables -----------------------------------------------------------------------------------

    def test_columns_know_their_table(self, store: Store) -> None:
        speaker = Speaker()
        cell = TextLogged(R, "t/a/said", "yes", 0, 1.0, "t/a")
        store.apply([speaker.batch(cell, points=[numbers("r", "t/a/x", [1.0], table="t/a")])])
        store.apply([speaker.batch(cell, points=[numbers("r", "t/a/x", [2.0], table="t/a")])])
        store.apply([speaker.batch(points=[numbers("r", "alone", [1.0])])])
        found = {each.name: (each.table, each.column, each.count) for each in store.list_series()}
        assert found == {
            "t/a/x": ("t/a", "x", 2),
            "t/a/said": ("t/a", "said", 2),
            "alone": ("", "", 1),
        }

    def test_a_series_stays_where_its_first_value_was(self, store: Store) -> None:
        speaker = Speaker()
        for table in ("", "t"):
            store.apply([speaker.batch(points=[numbers("r", "t/x", [1.0], table=table)])])
        for table in ("t", ""):
            points = [numbers("r", "t/y", [1.0], table=table)]
            store.apply([speaker.batch(TextLogged(R, "t/z", "v", None, 1.0, table), points=points)])
        tables = {each.name: (each.table, each.count) for each in store.list_series()}
        assert tables == {"t/x": ("", 2), "t/y": ("t", 2), "t/z": ("t", 2)}
