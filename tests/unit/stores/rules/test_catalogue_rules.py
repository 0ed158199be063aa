"""What people say about models, environments and experiments."""

from dataclasses import replace

import pytest

from trackboard.errors import Conflict
from trackboard.model import Run, RunState
from trackboard.ports import EnvironmentVersion, Model
from trackboard.stores.rules import catalogue_rules, run_transitions
from trackboard.stores.rules.catalogue_rules import change_model, next_version

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
