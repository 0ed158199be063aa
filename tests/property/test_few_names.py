"""Runs are called as they are among all runs of their experiments; few, unless they are above themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trackboard.board.view.few_names import name_few
from trackboard.board.view.run_names import name_runs
from trackboard.model import Event, RunId
from trackboard.service.local.run_names import RunNames
from trackboard.testing.memory import MemoryStore
from trackboard.testing.speaker import Speaker, created

IDS = [RunId(each) for each in "abcdefgh"]
LABELS = [
    "",
    "x",
    "x",
    "x/y",
    "y",
    "x #2",
    "x #3",
    "x #2/y",
    "y #4",
    "x/y #3",
    "run-2",
    "a",
    "x #3.2",
]
RUNS = st.lists(
    st.tuples(
        st.sampled_from(IDS),
        st.sampled_from(LABELS),
        st.none() | st.sampled_from(IDS),
        st.sampled_from(["e", "e", "e", "f"]),
    ),
    unique_by=lambda run: run[0],
    max_size=8,
)


def stored(runs: list[tuple[RunId, str, RunId | None, str]]) -> MemoryStore:
    store = MemoryStore()
    events: list[Event] = [
        created(
            run,
            experiment,
            name=name,
            parent=parent if parent and parent < run else None,
            time_s=float(number),
        )
        for number, (run, name, parent, experiment) in enumerate(runs)
    ]
    store.apply([Speaker().batch(*events)])
    return store


@given(RUNS, st.sets(st.sampled_from(IDS), max_size=3), st.sets(st.sampled_from(IDS), max_size=2))
def test_few_are_called_as_among_all(
    runs: list[tuple[RunId, str, RunId | None, str]], shown: set[RunId], deleted: set[RunId]
) -> None:
    store = stored(runs)
    known = {run.id for run in store.list_runs()}
    store.delete_runs(deleted & known, 1.0)
    every = store.list_runs()
    names = name_runs(every)
    few = [run for run in every if run.id in shown]
    assert name_few(store, few) == {run.id: names[run.id] for run in few}


@given(RUNS, st.sets(st.sampled_from(IDS)), st.sets(st.sampled_from(IDS), max_size=2))
def test_many_are_called_as_among_all(
    runs: list[tuple[RunId, str, RunId | None, str]], shown: set[RunId], archived: set[RunId]
) -> None:
    store = stored(runs)
    store.archive_runs(archived & {run.id for run in store.list_runs()}, 1.0)
    every = store.list_runs()
    names = name_runs(every)
    for many in (every, [run for run in every if run.id in shown]):
        assert RunNames(few=0).show(store, many) == {run.id: names[run.id] for run in many}
