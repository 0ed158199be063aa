"""What people say about models, environments and experiments."""

import re
from dataclasses import replace

import pytest

from trackboard.errors import Conflict
from trackboard.model import Run, RunState
from trackboard.ports import EnvironmentVersion, Model
from trackboard.stores.rules import catalogue_rules, run_transitions
from trackboard.stores.rules.catalogue_rules import change_model, check_ended, next_version

MODEL = Model("m", 3, None, {}, {"a": "1", "b": "2"}, {"p": "x"}, "about", "", "", 1.0)


def change(
    *,
    description: str | None = None,
    tags: dict[str, str] | None = None,
    removed_tags: set[str] | None = None,
    properties: dict[str, str] | None = None,
) -> Model:
    return change_model(
        MODEL,
        description=description,
        tags=tags,
        removed_tags=removed_tags,
        properties=properties,
    )


def test_a_description_that_is_not_given_stays() -> None:
    assert change(removed_tags=set()) == MODEL
    assert change(removed_tags=set(), description="") == replace(MODEL, description="")
    assert change(removed_tags=set(), description="new") == replace(MODEL, description="new")


def test_tags_are_added_changed_removed_or_replaced() -> None:
    assert change(tags={"b": "3", "c": "4"}, removed_tags={"a", "z"}).tags == {"b": "3", "c": "4"}
    assert change(tags={"c": "4"}, removed_tags=set()).tags == {"a": "1", "b": "2", "c": "4"}
    assert change(tags={"c": "4"}).tags == {"c": "4"}, "without removed tags these are all"
    assert change(tags={"a": "5"}, removed_tags={"a"}).tags == {"a": "5", "b": "2"}


def test_properties_are_added_and_never_changed() -> None:
    changed = change(removed_tags=set(), properties={"p": "x", "q": "y"})
    assert changed == replace(MODEL, properties={"p": "x", "q": "y"})
    with pytest.raises(Conflict, match="property 'p' of model m:3 is 'x' and cannot become 'z'"):
        change(properties={"q": "y", "p": "z"})


def run(number: int, state: RunState) -> Run:
    return replace(run_transitions.stub(f"r{number}").run, state=state)  # type: ignore[arg-type]


def test_an_experiment_may_go_when_all_its_runs_have_ended() -> None:
    check_ended("exp", [])
    check_ended("exp", [run(n, s) for n, s in enumerate(RunState) if s.is_terminal])


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "not ended: r0$"), (5, "r0, r1, r2, r3, r4$"), (6, "r4 and 1 more$"), (7, "and 2 more$")],
)
def test_runs_that_go_on_are_named(count: int, said: str) -> None:
    runs = [run(number, RunState.RUNNING) for number in range(count)]
    with pytest.raises(Conflict) as caught:
        check_ended("exp", [run(99, RunState.COMPLETED), *runs])
    assert caught.value.message.startswith("experiment 'exp' has runs that have not ended: r0")
    assert re.search(said, caught.value.message)


def versions(*names: str) -> list[EnvironmentVersion]:
    return [EnvironmentVersion("e", name, {}, 1.0) for name in names]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ((), "1"),
        (("1", "2"), "3"),
        (("9", "10"), "11"),
        (("1", "beta", "v7", "-3", "1.5"), "2"),
        (("beta",), "1"),
        (("0",), "1"),
    ],
)
def test_a_version_follows_the_greatest_number(known: tuple[str, ...], expected: str) -> None:
    assert next_version(versions(*known)) == expected


def test_errors_name_what_is_missing_or_busy() -> None:
    for error, names in (
        (catalogue_rules.no_compute("c"), ["'c'"]),
        (catalogue_rules.no_experiment("e"), ["'e'"]),
        (catalogue_rules.no_model("m", 3), ["m:3"]),
        (catalogue_rules.busy_compute("c", 7), ["'c'", "7 jobs"]),
    ):
        assert all(name in error.message for name in names)
        assert error.hint
