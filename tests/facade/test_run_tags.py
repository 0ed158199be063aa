"""Tags and properties."""

from __future__ import annotations

from typing import Any

import pytest

from azureml.core import Experiment, Run
from azureml.exceptions import AzureMLException, ServiceException, UserErrorException


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging(outputs=False)


@pytest.fixture(params=["own", "other"])
def either(request: pytest.FixtureRequest, run: Run, exp: Experiment) -> Run:
    """The run as its own process has it, and as somebody else does."""
    return run if request.param == "own" else Run(exp, run.id)


def test_tags(either: Run) -> None:
    either.tag("rank", 1)
    either.tag("checked")
    either.set_tags({"rank": 2, "who": "me"})
    either.set_tags("alone")

    assert either.get_tags() == {"rank": "2", "checked": None, "who": "me", "alone": None}
    assert either.remove_tags(["rank", "nothing"]) == {"checked": None, "who": "me", "alone": None}
    assert either.remove_tags("who") == {"checked": None, "alone": None}


@pytest.mark.parametrize("tags", [3, None, ["a"], {1: "x"}, {"": "x"}], ids=repr)
def test_tags_that_are_none(either: Run, tags: Any) -> None:
    with pytest.raises(UserErrorException):
        either.set_tags(tags)

    assert either.get_tags() == {}


def test_the_attribute_is_a_copy_from_then(run: Run, exp: Experiment) -> None:
    assert run.tags == {}
    Run(exp, run.id).tag("late", "1")

    assert run.tags == {}
    assert run.get_tags() == {"late": "1"}
    assert run.tags == {"late": "1"}
    run.tag("own")
    assert run.tags == {"late": "1", "own": None}
    run.tags["x"] = "y"
    assert "x" not in run.tags


def test_properties_never_change(either: Run) -> None:
    either.add_properties({"author": "me", "n": 1})
    either.add_properties({"author": "me"})
    either.add_properties({})

    with pytest.raises(ServiceException, match="author") as caught:
        either.add_properties({"new": "x", "author": "you"})
    assert caught.value.status_code == 409
    assert isinstance(caught.value, AzureMLException)
    found = either.get_properties()
    assert (found["author"], found["n"], "new" in found) == ("me", "1", False)
    assert either.properties == found


def test_name_and_description(either: Run) -> None:
    either.display_name = "the best"
    either.description = "of all"

    assert (either.display_name, either.name, either.description) == ("the best",) * 2 + ("of all",)
    with pytest.raises(UserErrorException):
        either.display_name = 3  # type: ignore[assignment]
