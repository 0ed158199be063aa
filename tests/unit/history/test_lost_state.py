"""A condition on states means what readers are told, whatever it is made of."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from trackboard.history.lost_state import read_columns, resolve_lost
from trackboard.model import LOST, RunId, RunState
from trackboard.ports import (
    AllOf,
    AnyOf,
    Attribute,
    Condition,
    HasValue,
    Matches,
    Not,
    OneOf,
    Ordered,
    RunQuery,
    Store,
    attribute,
)
from trackboard.testing.memory.store import MemoryStore
from trackboard.testing.speaker import Speaker, created, moved

STATE, ID = attribute(Attribute.STATE), attribute(Attribute.ID)
STATES = (RunState.RUNNING, RunState.QUEUED, RunState.FAILED)
LOST_RUNS = frozenset((RunId("running lost"), RunId("queued lost")))
WORDS = {
    **{RunId(f"{state.value} {end}"): state.value for state in STATES for end in ("a", "b")},
    **dict.fromkeys(LOST_RUNS, LOST),
}


def fill() -> Store:
    store: Store = MemoryStore()
    for run, word in WORDS.items():
        state = RunState(run.split()[0]) if word == LOST else RunState(word)
        store.apply([Speaker().batch(created(run), moved(run, state, 1))])
    return store


STORE = fill()
words = st.sampled_from([*(each.value for each in STATES), LOST, "completed"])
comparisons: st.SearchStrategy[Condition] = st.one_of(
    st.lists(words, min_size=1, max_size=3).map(lambda each: OneOf(STATE, tuple(each))),
    st.sampled_from(["lost", "^run", "d$", "o", "x"]).map(lambda each: Matches(STATE, each)),
    st.just(HasValue(STATE)),
    st.sampled_from([*WORDS]).map(lambda each: OneOf(ID, (each,))),
    st.just(Ordered(attribute(Attribute.CREATED), ">", 0.0)),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, max_size=3).map(lambda each: AllOf(tuple(each))),
        st.lists(inner, max_size=3).map(lambda each: AnyOf(tuple(each))),
    ),
    max_leaves=6,
)


def holds(condition: Condition, run: RunId) -> bool:
    match condition:
        case Not(inner):
            return not holds(inner, run)
        case AllOf(inner):
            return all(holds(each, run) for each in inner)
        case AnyOf(inner):
            return any(holds(each, run) for each in inner)
        case OneOf(field, values):
            return (WORDS[run] if field == STATE else run) in values
        case Matches(_, pattern):
            return re.search(pattern, WORDS[run]) is not None
        case _:
            return True


@given(conditions)
def test_a_condition_holds_of_what_readers_are_told(condition: Condition) -> None:
    query = resolve_lost(RunQuery(where=condition), lambda: LOST_RUNS)
    found = {run.id for run in STORE.query_runs(query)}
    assert found == {run for run in WORDS if holds(condition, run)}


def test_columns_say_that_runs_are_lost() -> None:
    ids, states = read_columns(STORE, RunQuery(), [ID, STATE], lambda: LOST_RUNS)
    assert dict(zip(ids, states, strict=True)) == WORDS


def test_nobody_is_asked_for_lost_runs_where_no_state_is() -> None:
    def list_lost() -> frozenset[RunId]:
        raise AssertionError("the spools need not be looked at")

    query = RunQuery(where=OneOf(ID, ("a",)))
    assert resolve_lost(query, list_lost) is query
    read_columns(STORE, query, [ID], list_lost)
