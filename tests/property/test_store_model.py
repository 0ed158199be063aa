"""Whatever is said to it in whatever order, SQLite answers as the model in memory does."""

import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from trackboard.errors import TrackboardError
from trackboard.model import (
    ArtifactKind,
    ArtifactLogged,
    Compute,
    Ended,
    Event,
    FileAdded,
    FileRemoved,
    Heartbeat,
    ParameterSet,
    PropertyAdded,
    QueuedJob,
    RecordsDropped,
    RunId,
    RunKind,
    RunState,
    Series,
    Tagged,
    TextLogged,
)
from trackboard.ports import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    Aggregate,
    AllOf,
    AnyOf,
    Attribute,
    Condition,
    Field,
    HasValue,
    Matches,
    Model,
    Not,
    OneOf,
    Order,
    Ordered,
    Orders,
    RunQuery,
    SeriesPoints,
    Sign,
    Source,
    Store,
    attribute,
)
from trackboard.stores import open_sqlite
from trackboard.testing.memory import MemoryStore
from trackboard.testing.speaker import Speaker, created, moved, numbers, same_points

RUNS = st.sampled_from([RunId(each) for each in ("a", "b", "c", "ä/'x")])
EXPERIMENTS = st.sampled_from(["exp", "other", "more"])
NAMES = st.sampled_from(["m", "loss", "über"])
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
TIMES = st.floats(0, 1e10)
COUNTS = st.sampled_from([0, 1, 2, 60, 127, 128, 129, 700, 4095, 4096, 9000])
INT64 = st.integers(-(2**63), 2**63 - 1)
TABLES = st.sampled_from(["", "", "t"])
PARAMETERS = st.sampled_from([True, 0, 1, 1.0, 0.5, -math.inf, 2**53 + 1, 2.0**53, "", "1", "ä"])
SIGNS: st.SearchStrategy[Sign] = st.sampled_from(["<", "<=", ">", ">="])

EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        created,
        RUNS,
        st.sampled_from(["exp", "other"]),
        name=WORDS,
        parent=st.none() | RUNS,
        kind=st.sampled_from(RunKind),
        time_s=TIMES,
        description=WORDS,
    ),
    st.builds(
        moved,
        RUNS,
        st.sampled_from(RunState),
        st.integers(0, 4),
        attempt=st.integers(0, 2),
        time_s=TIMES,
        cause=WORDS,
        elapsed_s=st.none() | TIMES,
    ),
    st.builds(Tagged, RUNS, NAMES, st.none() | WORDS, removed=st.booleans()),
    st.builds(PropertyAdded, RUNS, NAMES, WORDS),
    st.builds(FileAdded, RUNS, NAMES, WORDS, st.integers(0, 2**40), TIMES),
    st.builds(FileAdded, RUNS, NAMES, st.just(""), st.integers(0, 2**40), TIMES),
    st.builds(FileRemoved, RUNS, NAMES),
    st.builds(TextLogged, RUNS, NAMES, WORDS, st.none() | INT64, TIMES, TABLES),
    st.builds(ParameterSet, RUNS, NAMES, PARAMETERS),
    st.builds(
        ArtifactLogged,
        RUNS,
        NAMES,
        st.sampled_from(ArtifactKind),
        NAMES,
        WORDS,
        st.integers(0, 9),
        st.none() | INT64,
        TIMES,
    ),
    st.builds(RecordsDropped, RUNS, st.integers(1, 9), WORDS),
    st.builds(Heartbeat, TIMES),
    st.builds(Ended, TIMES),
)


FIELDS = st.one_of(
    st.builds(Field, st.just(Source.METRIC), NAMES, st.sampled_from(Aggregate)),
    st.builds(Field, st.sampled_from([s for s in Source if s is not Source.ATTRIBUTE]), NAMES),
    st.sampled_from([attribute(each) for each in Attribute]),
)
VALUES = PARAMETERS | st.just(math.nan) | WORDS | st.sampled_from(["failed", "exp", "a", "run-1"])
PATTERNS = st.sampled_from(["", "a", "^r.n-[0-9]$", "(?s)\\A.*o.*\\Z", "ä|x"])
COMPARISONS: st.SearchStrategy[Condition] = st.one_of(
    st.builds(HasValue, FIELDS),
    st.builds(OneOf, FIELDS, st.lists(VALUES, max_size=3).map(tuple)),
    st.builds(Ordered, FIELDS, SIGNS, st.floats() | st.sampled_from([0.0, 1.0, 2.0])),
    st.builds(Matches, FIELDS, PATTERNS),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)
QUERIES = st.builds(
    RunQuery,
    experiment=st.none() | st.sampled_from(["exp", "unknown"]),
    parent=st.none() | RUNS,
    top_level=st.booleans(),
    archived=st.booleans(),
    deleted=st.booleans(),
    kind=st.none() | st.sampled_from(RunKind),
    states=st.none() | st.lists(st.sampled_from(RunState), max_size=6).map(tuple),
    tags=st.dictionaries(NAMES, st.none() | WORDS, max_size=1),
    properties=st.dictionaries(NAMES, st.none(), max_size=1),
    parameters=st.dictionaries(NAMES, PARAMETERS, max_size=1),
    where=st.none() | CONDITIONS,
)
ORDERS = st.sampled_from([NEWEST_FIRST, OLDEST_FIRST]) | st.lists(
    st.builds(Order, FIELDS, st.booleans()), min_size=1, max_size=3
).map(tuple)


@st.composite
def some_numbers(draw: st.DrawFn) -> SeriesPoints:
    """Few drawn values, repeated to a length that may cross every border of a chunk."""
    values = draw(
        st.one_of(
            st.lists(st.booleans(), min_size=1, max_size=4),
            st.lists(INT64, min_size=1, max_size=4),
            st.lists(st.floats(), min_size=1, max_size=4),
        )
    )
    steps = draw(st.lists(st.none() | INT64, min_size=1, max_size=4))
    count = draw(COUNTS)
    return numbers(
        draw(RUNS),
        draw(NAMES),
        [values[i % len(values)] for i in range(count)],
        steps=[steps[i % len(steps)] for i in range(count)],
        table=draw(TABLES),
    )


def summary(series: Series) -> tuple[Any, ...]:
    """Everything but the id; NaN made equal to itself."""
    values = [getattr(series, field) for field in series.__dataclass_fields__ if field != "id"]
    return tuple(
        "nan" if isinstance(value, float) and math.isnan(value) else value for value in values
    )


def outcome(store: Store, method: str, *arguments: object) -> object:
    """What a method returned, or the family of its error."""
    try:
        return getattr(store, method)(*arguments)
    except TrackboardError as error:
        return type(error)


class StoresAgree(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "trackboard.db"
        self.model: Store = MemoryStore()
        self.store = open_sqlite(path)
        self.other = open_sqlite(path)  # a second handle: what one caches, the other changes
        self.speakers = [Speaker(), Speaker()]

    def teardown(self) -> None:
        self.store.close()
        self.other.close()
        self.folder.cleanup()

    def both(self, method: str, *arguments: object) -> None:
        assert outcome(self.store, method, *arguments) == outcome(self.model, method, *arguments)

    @rule(
        events=st.lists(EVENTS, max_size=6),
        points=st.lists(some_numbers(), max_size=3),
        who=st.integers(0, 1),
        skipped=st.sampled_from([0, 0, 0, 9]),
        swap=st.booleans(),
    )
    def apply(
        self, events: list[Event], points: list[SeriesPoints], who: int, skipped: int, swap: bool
    ) -> None:
        half = len(points) // 2
        speaker = self.speakers[who]
        batches = [
            speaker.batch(*events, points=points[:half], skipped_bytes=skipped),
            speaker.batch(points=points[half:]),
        ]
        (self.other if swap else self.store).apply(batches)
        self.model.apply(batches)

    @rule(who=st.integers(0, 1))
    def apply_a_gap(self, who: int) -> None:
        speaker = self.speakers[who]
        batches = [Speaker().batch(created("new")), Speaker(speaker.writer, speaker.at).batch()]
        speaker_ahead = Speaker(speaker.writer, speaker.at)
        speaker_ahead.batch()
        self.both("apply", [*batches[:1], speaker_ahead.batch()])

    @rule(who=st.integers(0, 1), cause=WORDS, time_s=TIMES)
    def end_writer(self, who: int, cause: str, time_s: float) -> None:
        writer = self.speakers[who].writer
        found = [
            each.end_writer(writer, cause=cause, time_s=time_s) for each in (self.store, self.model)
        ]
        assert found[0] == found[1]

    @rule(run=RUNS, tags=st.dictionaries(NAMES, st.none() | WORDS))
    def set_tags(self, run: RunId, tags: dict[str, str | None]) -> None:
        self.both("set_tags", run, tags)

    @rule(run=RUNS, properties=st.dictionaries(NAMES, WORDS))
    def add_properties(self, run: RunId, properties: dict[str, str]) -> None:
        self.both("add_properties", run, properties)

    @rule(run=RUNS, name=WORDS)
    def set_name(self, run: RunId, name: str) -> None:
        self.both("set_name", run, name)

    @rule(run=RUNS, description=WORDS)
    def set_description(self, run: RunId, description: str) -> None:
        self.both("set_description", run, description)

    @rule(run=RUNS, keys=st.lists(NAMES, max_size=2))
    def remove_tags(self, run: RunId, keys: list[str]) -> None:
        self.both("remove_tags", run, keys)

    @rule(name=NAMES, run=st.none() | RUNS, words=st.dictionaries(WORDS, WORDS, max_size=2))
    def add_model(self, name: str, run: RunId | None, words: dict[str, str]) -> None:
        self.both("add_model", Model(name, 0, run, words, {}, words, "", "", "", 1.0))

    @rule(
        query=st.just(RunQuery()) | QUERIES,
        orders=ORDERS,
        limit=st.none() | st.integers(0, 3),
        offset=st.integers(0, 4),
    )
    def query_runs(self, query: RunQuery, orders: Orders, limit: int | None, offset: int) -> None:
        found, expected = (
            store.query_runs(query, orders, limit=limit, offset=offset)
            for store in (self.store, self.model)
        )
        assert found == expected

    @rule(query=st.just(RunQuery()) | QUERIES, orders=ORDERS, limit=st.integers(1, 3), run=RUNS)
    def query_runs_after(self, query: RunQuery, orders: Orders, limit: int, run: RunId) -> None:
        if self.model.find_run(run) is not None:
            found, expected = (
                store.query_runs(query, orders, limit=limit, after=run)
                for store in (self.store, self.model)
            )
            assert found == expected

    @rule(run=RUNS)
    def request_cancel(self, run: RunId) -> None:
        self.both("request_cancel", run)

    @rule(name=st.sampled_from(["exp", "more"]))
    def add_experiment(self, name: str) -> None:
        self.both("add_experiment", name)

    @rule(name=EXPERIMENTS, tags=st.dictionaries(NAMES, st.none() | WORDS, max_size=2))
    def set_experiment_tags(self, name: str, tags: dict[str, str | None]) -> None:
        self.both("set_experiment_tags", name, tags)

    @rule(name=EXPERIMENTS, keys=st.lists(NAMES, max_size=2))
    def remove_experiment_tags(self, name: str, keys: list[str]) -> None:
        self.both("remove_experiment_tags", name, keys)

    @rule(name=EXPERIMENTS, archived_s=st.none() | TIMES)
    def set_archived(self, name: str, archived_s: float | None) -> None:
        self.both("set_archived", name, archived_s)

    @rule(name=EXPERIMENTS, deleted_s=st.integers(1, 3))
    def delete_experiment(self, name: str, deleted_s: float) -> None:
        self.both("delete_experiment", name, float(deleted_s))

    @rule(name=EXPERIMENTS)
    def restore_experiment(self, name: str) -> None:
        self.both("restore_experiment", name)

    @rule(
        method=st.sampled_from(["archive_runs", "delete_runs"]),
        runs=st.lists(RUNS, max_size=2),
        since_s=st.integers(1, 3),
    )
    def put_away(self, method: str, runs: list[RunId], since_s: float) -> None:
        self.both(method, runs, float(since_s))

    @rule(
        method=st.sampled_from(["unarchive_runs", "restore_runs"]),
        runs=st.lists(RUNS, max_size=2),
    )
    def bring_back(self, method: str, runs: list[RunId]) -> None:
        self.both(method, runs)

    @rule(runs=st.lists(RUNS, max_size=3), before_s=st.integers(1, 4))
    def forget(self, runs: list[RunId], before_s: float) -> None:
        gone, expected = (
            (
                store.remove_runs(runs, deleted_before_s=float(before_s)),
                store.remove_experiments(deleted_before_s=float(before_s)),
            )
            for store in (self.store, self.model)
        )
        assert gone == expected
        self.both("list_deleted", ["a", "b", "c", "ä/'x", "nobody"])

    @rule(name=NAMES, version=st.integers(1, 3))
    def delete_model(self, name: str, version: int) -> None:
        self.both("delete_model", name, version)

    @rule(
        name=NAMES,
        version=st.integers(1, 3),
        description=st.none() | WORDS,
        tags=st.dictionaries(NAMES, WORDS, max_size=2),
        removed=st.none() | st.lists(NAMES, max_size=2),
        properties=st.dictionaries(NAMES, WORDS, max_size=1),
    )
    def change_model(
        self,
        name: str,
        version: int,
        description: str | None,
        tags: dict[str, str],
        removed: list[str] | None,
        properties: dict[str, str],
    ) -> None:
        def change(store: Store) -> object:
            try:
                return store.change_model(
                    name,
                    version,
                    description=description,
                    tags=tags,
                    removed_tags=removed,
                    properties=properties,
                )
            except TrackboardError as error:
                return type(error)

        assert change(self.store) == change(self.model)

    @rule(
        method=st.sampled_from(["add_compute", "set_compute"]),
        name=NAMES,
        nodes=st.integers(0, 2),
        tags=st.dictionaries(NAMES, WORDS, max_size=1),
    )
    def put_compute(self, method: str, name: str, nodes: int, tags: dict[str, str]) -> None:
        self.both(method, Compute(name, "AmlCompute", "v", 0, nodes, 120, 1.0, tags))

    @rule(
        method=st.sampled_from(["claim_job", "release_job", "remove_job", "add_job"]),
        run=RUNS,
        compute=NAMES,
    )
    def change_queue(self, method: str, run: RunId, compute: str) -> None:
        argument: object = run
        if method == "add_job":
            argument = QueuedJob(run, compute, 3.0, claimed=False)
        elif method == "claim_job":
            argument = compute
        self.both(method, argument)

    @invariant()
    def the_catalogues_agree(self) -> None:
        for method in ("list_experiments", "list_runs", "positions", "list_jobs", "list_computes"):
            self.both(method)
        for method in ("list_artifacts", "list_models", "read_experiments"):
            self.both(method)
        assert self.store.list_runs(deleted=None) == self.model.list_runs(deleted=None)
        trash = [store.read_experiments(deleted=True) for store in (self.store, self.model)]
        assert trash[0] == trash[1]
        ids = [run.id for run in self.model.list_runs(deleted=None)]
        self.both("list_tags", ids)
        self.both("list_parameters", ids)
        for run in ids:
            for method in ("get_tags", "get_properties", "list_files", "is_cancel_requested"):
                self.both(method, run)
        assert {run.id for run in self.store.list_descendants(ids[:1])} == {
            run.id for run in self.model.list_descendants(ids[:1])
        }

    @invariant()
    def the_points_agree(self) -> None:
        found, expected = (
            {(each.run, each.name, each.kind == 4): each for each in store.list_series()}
            for store in (self.store, self.model)
        )
        assert {key: summary(each) for key, each in found.items()} == {
            key: summary(each) for key, each in expected.items()
        }
        points = self.store.read_points([each.id for each in found.values()])
        modelled = self.model.read_points([each.id for each in expected.values()])
        for key, each in found.items():
            assert same_points(points[each.id], modelled[expected[key].id])
            parts = list(self.store.iter_points(each.id))
            assert np.array_equal(np.concatenate([p.steps for p in parts]), points[each.id].steps)


TestStoresAgree = StoresAgree.TestCase
TestStoresAgree.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink would take minutes
)
