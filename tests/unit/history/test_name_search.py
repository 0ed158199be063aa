"""Names that hold a text: the earlier the better, and written as a condition has them."""

from __future__ import annotations

import pytest

from trackboard.history.name_search import NameKind, find_names
from trackboard.history.query.parser import parse_condition
from trackboard.model import Event, ParameterSet, RunId, Tagged
from trackboard.ports import Store
from trackboard.testing.memory.store import MemoryStore
from trackboard.testing.speaker import Speaker, created, numbers

R = RunId("r")


@pytest.fixture
def store() -> Store:
    store: Store = MemoryStore()
    metrics = [numbers("r", each, [1.0]) for each in ("val loss", "Loss", "train/loss", "state")]
    said: list[Event] = [
        Tagged(R, "lossy", None),
        Tagged(R, "team", "a"),
        ParameterSet(R, "Loss", 1),
    ]
    more: list[Event] = [
        ParameterSet(R, "lr", 1),
        ParameterSet(R, "params.lr", 1),
        Tagged(R, "a.max", "b"),
    ]
    run = created("r", experiment='lossless "2"')
    store.apply([Speaker().batch(run, *said, *more, points=metrics)])
    store.add_experiment('lossless "2"')
    return store


def texts(store: Store, match: str, *kinds: NameKind, limit: int = 20) -> list[str]:
    return [each.text for each in find_names(store, match, kinds=kinds, limit=limit)]


def test_those_that_hold_it_earlier_come_first_whatever_the_case(store: Store) -> None:
    assert texts(store, "LOSS") == [
        "metrics.Loss",
        "params.Loss",
        'experiment = "lossless ""2"""',
        "tags.lossy",
        '"val loss"',
        "train/loss",
    ]
    assert texts(store, "loss", limit=2) == ["metrics.Loss", "params.Loss"]
    assert texts(store, "loss", NameKind.TAG) == ["tags.lossy"]
    assert texts(store, "nobody") == []


def test_a_prefix_says_of_what_it_is(store: Store) -> None:
    assert texts(store, "params.l") == ["params.Loss", "params.lr", "params.params.lr"]
    assert texts(store, "Tags.t") == ["tags.team"]
    assert texts(store, "properties.t") == []
    assert texts(store, "params.l", NameKind.TAG) == []


def test_what_would_be_read_as_something_else_says_what_it_is(store: Store) -> None:
    assert texts(store, "sta", NameKind.METRIC) == ["metrics.state"]
    assert texts(store, "created") == ["created"]
    assert texts(store, "runn") == ["state = running"]


def test_whatever_is_offered_can_be_said(store: Store) -> None:
    for each in find_names(store, "", limit=1_000):
        is_whole = each.kind in (NameKind.STATE, NameKind.EXPERIMENT)
        parse_condition(each.text if is_whole else f"{each.text} is not null")
