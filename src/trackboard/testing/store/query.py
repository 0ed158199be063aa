"""What every store promises about finding runs: by what is known of them, sorted, page by page."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from trackboard.errors import NotFound
from trackboard.model import (
    Event,
    ParameterSet,
    PropertyAdded,
    RunId,
    RunKind,
    RunState,
    Tagged,
    TextLogged,
    Value,
)
from trackboard.ports import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    Aggregate,
    AllOf,
    Attribute,
    ExperimentRuns,
    Field,
    HasValue,
    Order,
    Ordered,
    Orders,
    RunQuery,
    Source,
    Store,
    attribute,
)
from trackboard.testing.speaker import Speaker, created, moved, numbers


def by(metric: str, *, descending: bool = True) -> Orders:
    """Sorted by the last value of a metric."""
    return (Order(Field(Source.METRIC, metric), descending),)


M = Field(Source.METRIC, "m")


def found(
    store: Store,
    query: RunQuery | None = None,
    orders: Orders = NEWEST_FIRST,
    *,
    limit: int | None = None,
    offset: int = 0,
    after: str | None = None,
) -> str:
    """The ids of the runs that were found, which are one letter each in these tests."""
    asked = RunQuery() if query is None else query
    key = None if after is None else RunId(after)
    page = store.query_runs(asked, orders, limit=limit, offset=offset, after=key)
    return "".join(run.id for run in page)


def log_last(store: Store, metric: str, last: dict[str, Value]) -> None:
    """Log two values of a metric in each run, the second one as given."""
    points = [numbers(run, metric, [value, value]) for run, value in last.items()]
    store.apply([Speaker().batch(points=points)])


def add_runs(store: Store, times_s: dict[str, float]) -> None:
    """Runs created at these times, in this order."""
    store.apply([Speaker().batch(*[created(run, time_s=at) for run, at in times_s.items()])])


class QueryContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    # -- order ------------------------------------------------------------------------------------

    def test_an_empty_store_has_no_runs_to_find(self, store: Store) -> None:
        assert found(store) == ""
        assert found(store, RunQuery(tags={"a": None}), by("m"), limit=5, offset=3) == ""

    def test_the_newest_come_first_or_last(self, store: Store) -> None:
        add_runs(store, {"a": 5.0, "b": 9.0, "c": 1.0, "d": 9.0})
        assert found(store) == "dbac"
        assert found(store, None, OLDEST_FIRST) == "cabd"
        assert store.query_runs(RunQuery())[0] == store.find_run(RunId("d"))

    def test_stubs_are_found_where_they_are_asked_for(self, store: Store) -> None:
        add_runs(store, {"a": 5.0})
        store.apply([Speaker().batch(Tagged(RunId("s"), "k", "v"))])
        assert found(store) == "as"
        assert found(store, RunQuery(experiment="unknown")) == "s"
        assert found(store, RunQuery(experiment="exp")) == "a"

    def test_runs_are_sorted_by_the_last_value_of_a_metric(self, store: Store) -> None:
        add_runs(store, {run: float(i) for i, run in enumerate("abcdefg")})
        last: dict[str, Value] = {"a": 1, "b": 0.5, "c": True, "d": -math.inf, "e": math.nan}
        log_last(store, "m", last)
        log_last(store, "other", {"f": 100.0})
        assert found(store, None, by("m")) == "cabdgfe"
        assert found(store, None, by("m", descending=False)) == "dbcagfe"
        assert found(store, None, by("nobody logged it")) == "gfedcba"

    def test_only_the_newest_number_counts(self, store: Store) -> None:
        add_runs(store, {"a": 1.0, "b": 2.0})
        log_last(store, "m", {"a": 1.0, "b": 2.0})
        assert found(store, None, by("m")) == "ba"
        log_last(store, "m", {"a": 3.0})
        store.apply([Speaker().batch(TextLogged(RunId("b"), "m", "9", None, 1.0))])
        assert found(store, None, by("m")) == "ab"
        log_last(store, "m", {"a": math.nan})
        assert found(store, None, by("m")) == "ba"

    @pytest.mark.parametrize(
        "orders", [NEWEST_FIRST, OLDEST_FIRST, by("m"), by("m", descending=False)]
    )
    @pytest.mark.parametrize("query", [RunQuery(), RunQuery(tags={"k": None})])
    def test_pages_make_up_the_whole(self, store: Store, query: RunQuery, orders: Orders) -> None:
        runs = "abcdefghijklmnopqrst"
        add_runs(store, {run: float(i % 7) for i, run in enumerate(runs)})
        log_last(store, "m", {run: float(i % 3) for i, run in enumerate(runs[:12])})
        log_last(store, "m", {"b": math.nan})
        store.apply([Speaker().batch(*[Tagged(RunId(run), "k", "v") for run in runs[3:18]])])
        whole = found(store, query, orders)
        assert len(whole) == len(set(whole)) == (15 if query.tags else 20)
        for size in (1, 4, 5, 100):
            offsets = range(0, len(whole) + size, size)
            pages = [found(store, query, orders, limit=size, offset=at) for at in offsets]
            assert "".join(pages) == whole
        assert found(store, query, orders, limit=0) == ""
        assert found(store, query, orders, offset=13) == whole[13:]
        assert found(store, query, orders, offset=100) == ""

    # -- conditions -------------------------------------------------------------------------------

    def test_runs_are_found_by_what_they_are(self, store: Store) -> None:
        store.apply(
            [
                Speaker().batch(
                    created("a", "x"),
                    created("b", "x", parent="a", kind=RunKind.JOB),
                    created("c", "y", parent="b"),
                    created("d", "y", kind=RunKind.JOB),
                    moved("c", RunState.FAILED, 0),
                    moved("a", RunState.COMPLETED, 0),
                )
            ]
        )
        for query, expected in (
            (RunQuery(experiment="x"), "ba"),
            (RunQuery(experiment="nobody"), ""),
            (RunQuery(parent=RunId("a")), "b"),
            (RunQuery(parent=RunId("nobody")), ""),
            (RunQuery(top_level=True), "da"),
            (RunQuery(top_level=True, parent=RunId("a")), ""),
            (RunQuery(kind=RunKind.JOB), "db"),
            (RunQuery(states=(RunState.FAILED, RunState.COMPLETED)), "ca"),
            (RunQuery(states=()), ""),
            (RunQuery(experiment="y", kind=RunKind.JOB, states=(RunState.QUEUED,)), "d"),
        ):
            assert found(store, query) == expected, query

    @pytest.mark.parametrize("kind", ["tags", "properties"])
    def test_runs_are_found_by_tags_and_properties(self, store: Store, kind: str) -> None:
        said = {"a": {"k": "1", "l": "2"}, "b": {"k": "2"}, "c": {"k": ""}, "d": {"K": "1"}}
        speak = Tagged if kind == "tags" else PropertyAdded
        add_runs(store, dict.fromkeys("abcde", 1.0))
        events = [speak(RunId(run), k, v) for run, each in said.items() for k, v in each.items()]
        store.apply([Speaker().batch(*events)])

        def having(wanted: dict[str, str | None]) -> str:
            query = RunQuery(tags=wanted) if kind == "tags" else RunQuery(properties=wanted)
            return found(store, query)

        assert having({"k": None}) == "cba"
        assert having({"k": "1"}) == "a"
        assert having({"k": ""}) == "c"
        assert having({"k": "2", "l": "2"}) == ""
        assert having({"k": "1", "l": None}) == "a"
        assert having({"nobody": None}) == ""

    def test_tags_are_found_as_they_are_now(self, store: Store) -> None:
        run = RunId("a")
        add_runs(store, {"a": 1.0})
        store.set_tags(run, {"k": "1", "mark": None})
        assert found(store, RunQuery(tags={"mark": None})) == "a"
        assert found(store, RunQuery(tags={"mark": ""})) == ""
        store.set_tags(run, {"k": "2"})
        assert found(store, RunQuery(tags={"k": "1"})) == ""
        assert found(store, RunQuery(tags={"k": "2"})) == "a"
        store.remove_tags(run, ["k"])
        assert found(store, RunQuery(tags={"k": None})) == ""

    @pytest.mark.parametrize(
        ("values", "wanted", "expected"),
        [
            ([1, 1.0, True, "1", 2], 1, "cba"),
            ([1, 1.0, True, "1", 2], 1.0, "cba"),
            ([1, 1.0, True, "1", 2], True, "cba"),
            ([1, 1.0, True, "1", 2], "1", "d"),
            ([0.1, 0.1 + 2**-56, "0.1"], 0.1, "a"),
            ([2**53, 2**53 + 1, 2.0**53], 2**53, "ca"),
            ([2**53, 2**53 + 1, 2.0**53], 2**53 + 1, "b"),
            ([0.0, -0.0, 0, False, ""], 0, "dcba"),
            ([math.nan, math.inf, -math.inf, "nan", 1e300], math.nan, "a"),
            ([math.nan, math.inf, -math.inf, "inf", 1e300], math.inf, "b"),
            (["x" * 10_000, "x" * 9_999 + "y", "x"], "x" * 10_000, "a"),
            (["ä", "Ä", "a", "A"], "a", "c"),
            (["", 0, False], "", "a"),
        ],
    )
    def test_parameters_compare_exactly(
        self, store: Store, values: Sequence[Value], wanted: Value, expected: str
    ) -> None:
        runs = "abcde"[: len(values)]
        add_runs(store, dict.fromkeys(runs, 1.0))
        pairs = zip(runs, values, strict=True)
        store.apply([Speaker().batch(*[ParameterSet(RunId(r), "p", v) for r, v in pairs])])
        assert found(store, RunQuery(parameters={"p": wanted})) == expected
        assert found(store, RunQuery(parameters={"p": wanted, "q": wanted})) == ""

    def test_every_condition_counts(self, store: Store) -> None:
        add_runs(store, {run: float(i) for i, run in enumerate("abcdef")})
        events = [
            said
            for run in "abcde"
            for said in (
                Tagged(RunId(run), "k", "v" if run != "b" else "w"),
                PropertyAdded(RunId(run), "p", "v" if run != "c" else "w"),
                ParameterSet(RunId(run), "lr", 0.1 if run != "d" else 0.2),
            )
        ]
        store.apply([Speaker().batch(*events)])
        log_last(store, "m", {"a": 3.0, "e": 1.0, "f": 2.0})
        query = RunQuery(tags={"k": "v"}, properties={"p": "v"}, parameters={"lr": 0.1})
        assert found(store, query) == "ea"
        assert found(store, query, by("m")) == "ae"
        within = RunQuery(
            where=AllOf((Ordered(M, ">", 1.0), Ordered(M, "<", 3.0))), experiment="exp"
        )
        assert found(store, within) == "f"

    def test_a_thousand_runs_in_pages(self, store: Store) -> None:
        count = 1200
        runs = [RunId(f"{i:04d}") for i in range(count)]
        speaker = Speaker()
        store.apply([speaker.batch(*[created(run, time_s=float(i)) for i, run in enumerate(runs)])])
        having = runs[:1150]
        store.apply([speaker.batch(points=[numbers(run, "m", [int(run) % 10]) for run in having])])
        store.apply(
            [speaker.batch(*[ParameterSet(run, "even", int(run) % 2 == 0) for run in runs])]
        )
        even = RunQuery(parameters={"even": 1})
        for offset, expected in (
            (114, ["0008", "1146", "1136"]),
            (573, ["0010", "0000", "1198"]),
            (575, ["1198", "1196", "1194"]),
            (577, ["1194", "1192", "1190"]),
            (598, ["1152", "1150"]),
        ):
            page = store.query_runs(even, by("m"), limit=3, offset=offset)
            assert [run.id for run in page] == expected
            before = store.query_runs(even, by("m"), limit=1, offset=offset - 1)[0].id
            assert store.query_runs(even, by("m"), limit=3, after=before) == page
        assert len(store.query_runs(even)) == len(store.query_runs(even, by("m"))) == count // 2

    @pytest.mark.parametrize(
        "orders",
        [
            NEWEST_FIRST,
            OLDEST_FIRST,
            by("m"),
            by("m", descending=False),
            (Order(Field(Source.METRIC, "m", Aggregate.MIN)),),
            (*by("n"), *by("m", descending=False)),
            (Order(Field(Source.PARAMETER, "p")),),
            (Order(Field(Source.METRIC_OR_PARAMETER, "m"), descending=False),),
            (Order(Field(Source.TAG, "t"), descending=False), *by("m")),
            (Order(attribute(Attribute.DURATION)), *by("m")),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("query", [RunQuery(), RunQuery(where=HasValue(M))], ids=["all", "m"])
    def test_pages_by_key_are_the_list_in_pieces(
        self, store: Store, orders: Orders, query: RunQuery
    ) -> None:
        times_s = [3.0, 1.0, 3.0, 2.0, 2.0, 5.0, 0.0, 4.0]
        add_runs(store, dict(zip("abcdefgh", times_s, strict=True)))
        log_last(
            store, "m", {"a": 2, "c": 2.0, "d": math.nan, "e": -math.inf, "f": math.inf, "g": 2}
        )
        log_last(store, "n", {"a": 1, "b": 1, "e": 1, "g": 0})
        values: dict[str, Value] = {"a": 1, "b": "x", "c": 1.0, "e": True, "h": "w"}
        said = [ParameterSet(RunId(run), "p", value) for run, value in values.items()]
        tags = [
            Tagged(RunId(run), "t", text) for run, text in {"a": "é", "b": "z", "d": ""}.items()
        ]
        stub = [Tagged(RunId("s"), "t", "z")]  # nobody has said that it was created
        store.apply([Speaker().batch(*said, *tags, *stub)])
        whole = store.query_runs(query, orders)
        for size in (1, 2, 5):
            pages = [store.query_runs(query, orders, limit=size)]
            while pages[-1]:
                pages.append(store.query_runs(query, orders, limit=size, after=pages[-1][-1].id))
            assert [run for page in pages for run in page] == [*whole]

    @pytest.mark.parametrize("descending", [True, False])
    @pytest.mark.parametrize("distinct", [3, 30])
    def test_pages_by_a_parameter_are_the_list_in_pieces(
        self, store: Store, distinct: int, descending: bool
    ) -> None:
        odd: list[Value] = [
            math.nan,
            1,
            1.0,
            True,
            2**53,
            2**53 + 1,
            -math.inf,
            "1",
            "é",
            "z" * 100,
            "",
        ]
        values: list[Value] = [*odd, *(0.5 * (each % distinct) for each in range(60)), *odd]
        add_runs(store, {f"{each:02}": each % 7 for each in range(len(values) + 5)})
        said = [ParameterSet(RunId(f"{at:02}"), "p", each) for at, each in enumerate(values)]
        store.apply([Speaker().batch(*said)])
        log_last(store, "m", {f"{each:02}": 1 for each in range(0, len(values), 9)})
        orders = (Order(Field(Source.PARAMETER, "p"), descending),)
        for query in (RunQuery(), RunQuery(where=HasValue(M))):
            whole = store.query_runs(query, orders)
            for size in (1, 3, 40):
                pages = [store.query_runs(query, orders, limit=size)]
                while pages[-1]:
                    after = pages[-1][-1].id
                    pages.append(store.query_runs(query, orders, limit=size, after=after))
                assert [run for page in pages for run in page] == [*whole]

    def test_a_page_goes_on_after_a_run_that_moved_or_does_not_match_any_more(
        self, store: Store
    ) -> None:
        add_runs(store, dict(zip("abcde", [1.0, 2.0, 3.0, 4.0, 5.0], strict=True)))
        log_last(store, "m", {"a": 1, "b": 2, "c": 3, "d": 4})
        assert found(store, orders=by("m"), after="c") == "bae"
        log_last(store, "m", {"c": 1.5})
        assert found(store, orders=by("m"), after="c") == "ae"
        above = RunQuery(where=Ordered(M, ">", 1.5))
        assert found(store, above, OLDEST_FIRST, after="c") == "d"
        with pytest.raises(NotFound, match="'x'"):
            found(store, after="x")
        with pytest.raises(NotFound, match="'x'"):
            found(store, orders=by("m"), after="x")

    # -- columns of all that match --------------------------------------------------------------------

    def test_columns_hold_what_runs_have_the_newest_first(self, store: Store) -> None:
        add_runs(store, {"a": 1, "b": 2, "c": 3, "d": 4})
        log_last(store, "m", {"a": 1, "b": math.nan, "c": 0.5})
        log_last(store, "both", {"a": 7.0})
        said: list[Event] = [
            ParameterSet(RunId("a"), "both", "text"),
            ParameterSet(RunId("b"), "both", True),
            ParameterSet(RunId("c"), "lr", 2**53 + 1),
            Tagged(RunId("a"), "team", "vision"),
            Tagged(RunId("b"), "team", None),
            PropertyAdded(RunId("d"), "mode", "x"),
            TextLogged(RunId("d"), "m", "no number", None, 0.0),
        ]
        store.apply([Speaker().batch(*said)])
        fields = [
            M,
            Field(Source.METRIC, "m", Aggregate.COUNT),
            Field(Source.METRIC_OR_PARAMETER, "both"),
            Field(Source.PARAMETER, "lr"),
            Field(Source.TAG, "team"),
            Field(Source.PROPERTY, "mode"),
            attribute(Attribute.ID),
            Field(Source.TAG, "nobody has it"),
        ]
        columns = store.read_columns(RunQuery(), fields)
        shown = [["nan" if each != each else each for each in column] for column in columns]
        assert shown == [
            [None, 0.5, "nan", 1.0],
            [None, 2, 2, 2],
            [None, None, True, 7.0],
            [None, 2**53 + 1, None, None],
            [None, None, "", "vision"],
            ["x", None, None, None],
            ["d", "c", "b", "a"],
            [None] * 4,
        ]
        some = RunQuery(where=Ordered(M, "<", 0.75))
        assert [[*each] for each in store.read_columns(some, [M, attribute(Attribute.ID)])] == [
            [0.5],
            ["c"],
        ]
        assert [[*each] for each in store.read_columns(RunQuery(deleted=True), [M])] == [[]]
        assert store.read_columns(RunQuery(), []) == ()

    def test_columns_of_many_runs_are_those_of_few(self, store: Store) -> None:
        count = 520
        ids = [RunId(f"r{number}") for number in range(count)]
        store.apply(
            [
                Speaker().batch(
                    *[created(each, time_s=at) for at, each in enumerate(ids)],
                    *[ParameterSet(each, "n", at) for at, each in enumerate(ids)],
                    points=[numbers(each, "m", [at]) for at, each in enumerate(ids)],
                )
            ]
        )
        n, m = store.read_columns(RunQuery(), [Field(Source.PARAMETER, "n"), M])
        assert [*n] == [*reversed(range(count))]
        assert [*m] == [*n]
        (few,) = store.read_columns(RunQuery(where=Ordered(M, ">=", 500.0)), [M])
        assert [*few] == [*n][:20]

    def test_runs_are_counted_by_experiment(self, store: Store) -> None:
        store.apply(
            [
                Speaker().batch(
                    created("a", "one", time_s=1.0),
                    created("b", "one", time_s=5.0),
                    created("c", "one", time_s=9.0, parent=RunId("a")),
                    created("d", "two", time_s=3.0),
                    moved("b", RunState.COMPLETED, 1),
                    points=[numbers("stub", "m", [1.0])],
                )
            ]
        )
        store.add_experiment("three")
        assert store.count_by_experiment() == {
            "one": ExperimentRuns(2, 1, 5.0),
            "two": ExperimentRuns(1, 1, 3.0),
            "unknown": ExperimentRuns(1, 1, 0.0),
        }
        store.delete_runs([RunId("d")], 10.0)
        assert "two" not in store.count_by_experiment()
