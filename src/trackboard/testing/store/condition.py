"""What every store promises about conditions: what each compares, and how they are put together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from trackboard.model import (
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
    MOST_NESTED,
    Aggregate,
    AllOf,
    AnyOf,
    Attribute,
    Condition,
    Field,
    HasValue,
    Matches,
    Not,
    OneOf,
    Order,
    Ordered,
    RunQuery,
    Source,
    Store,
    attribute,
)
from trackboard.testing.speaker import Speaker, created, moved, numbers

METRIC = Field(Source.METRIC, "m")
PARAMETER = Field(Source.PARAMETER, "p")
EITHER = Field(Source.METRIC_OR_PARAMETER, "p")
TAG = Field(Source.TAG, "k")
PROPERTY = Field(Source.PROPERTY, "k")
LAST, MIN, MAX, STEP, COUNT, MIN_STEP, MAX_STEP = (
    Field(Source.METRIC, "m", each) for each in Aggregate
)


def where(store: Store, condition: Condition) -> str:
    """The ids of the runs that a condition holds of, which are one letter each, by name."""
    found = store.query_runs(RunQuery(where=condition))
    assert store.count_runs(RunQuery(where=condition)) == len(found)
    if not isinstance(condition, (AllOf, AnyOf, Not)):
        assert store.holds_somewhere(condition) is bool(found)
    return "".join(sorted(run.id for run in found))


def sorted_by(store: Store, *orders: Order) -> str:
    """The ids of all runs in order."""
    return "".join(run.id for run in store.query_runs(RunQuery(), orders))


def add_metrics(store: Store) -> None:
    """Runs `a` to `f` with a metric `m`: `e` ends in NaN, `f` logs text, `g` nothing."""
    values: dict[str, list[Value]] = {
        "a": [3, 1],
        "b": [0.25, 0.5],
        "c": [False, True],
        "d": [-math.inf],
        "e": [math.nan],
    }
    points = [numbers(run, "m", each) for run, each in values.items()]
    store.apply([Speaker().batch(*map(created, "abcdefg"), points=points)])
    store.apply([Speaker().batch(TextLogged(RunId("f"), "m", "1", None, 1.0))])


def add_parameters(store: Store, values: Sequence[Value]) -> None:
    """Runs from `a` on with a parameter `p`, and one without."""
    runs = "abcdefghijkl"[: len(values) + 1]
    store.apply([Speaker().batch(*map(created, runs))])
    pairs = zip(runs, values, strict=False)
    store.apply([Speaker().batch(*[ParameterSet(RunId(r), "p", v) for r, v in pairs])])


class ConditionContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            (HasValue(METRIC), "abcde"),
            (Ordered(METRIC, "<", 1.0), "bd"),
            (Ordered(METRIC, "<=", 1.0), "abcd"),
            (Ordered(METRIC, ">", 0.5), "ac"),
            (Ordered(METRIC, ">=", 0.5), "abc"),
            (Ordered(METRIC, ">=", math.nan), ""),
            (Ordered(METRIC, "<", math.inf), "abcd"),
            (OneOf(METRIC, (1, 0.5)), "abc"),
            (OneOf(METRIC, (-math.inf,)), "d"),
            (OneOf(METRIC, (math.nan,)), "e"),
            (OneOf(METRIC, (math.nan, True)), "ace"),
            (OneOf(METRIC, ()), ""),
            (OneOf(METRIC, ("1",)), ""),
            (Matches(METRIC, "1"), ""),
            (Ordered(MIN, "<=", 0.25), "bcd"),
            (Ordered(MAX, ">", 2.0), "a"),
            (OneOf(MAX, (math.nan,)), "e"),
            (OneOf(STEP, (1,)), "abc"),
            (Ordered(COUNT, "<", 2.0), "de"),
            (OneOf(MIN_STEP, (1,)), "a"),
            (Ordered(MAX_STEP, ">=", 1.0), "bc"),
            (OneOf(MAX_STEP, (math.nan,)), "e"),
            (HasValue(MIN_STEP), "abcde"),
            (HasValue(Field(Source.METRIC, "nobody")), ""),
            (Not(Ordered(METRIC, "<", 1.0)), "acefg"),
            (Not(OneOf(METRIC, (math.nan,))), "abcdfg"),
        ],
    )
    def test_metrics(self, store: Store, condition: Condition, expected: str) -> None:
        add_metrics(store)
        assert where(store, condition) == expected

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            (HasValue(PARAMETER), "abcdefghijk"),
            (OneOf(PARAMETER, (1,)), "abc"),
            (OneOf(PARAMETER, ("1", 0.1)), "dh"),
            (OneOf(PARAMETER, (math.nan,)), "f"),
            (OneOf(PARAMETER, (2**53 + 1,)), "i"),
            (Ordered(PARAMETER, "<", 1.0), "egh"),
            (Ordered(PARAMETER, "<=", 1.0), "abcegh"),
            (Ordered(PARAMETER, "<", 0.1), "eg"),
            (Ordered(PARAMETER, ">", 0.1), "abci"),
            (Ordered(PARAMETER, ">=", -math.inf), "abceghi"),
            (Matches(PARAMETER, "1"), "d"),
            (Matches(PARAMETER, "Gr.n"), "j"),
            (Matches(PARAMETER, '^"\\\\'), "k"),
        ],
    )
    def test_parameters(self, store: Store, condition: Condition, expected: str) -> None:
        values: list[Value] = [
            1,
            1.0,
            True,
            "1",
            False,
            math.nan,
            -math.inf,
            0.1,
            2**53 + 1,
            "Grün",
            '"\\',
        ]
        add_parameters(store, values)
        assert where(store, condition) == expected

    @pytest.mark.parametrize("number", [3.7e-45, 5e-324, 0.1 + 2**-56, 1.7976931348623157e308])
    def test_parameters_are_compared_to_the_last_bit(self, store: Store, number: float) -> None:
        add_parameters(store, [number])
        assert where(store, Ordered(PARAMETER, ">", math.nextafter(number, 0))) == "a"
        assert where(store, Ordered(PARAMETER, "<", math.nextafter(number, math.inf))) == "a"
        assert where(store, Ordered(PARAMETER, "<", number)) == ""
        assert where(store, Ordered(PARAMETER, ">", number)) == ""

    def test_a_bare_name_is_the_runs_metric_else_its_parameter(self, store: Store) -> None:
        add_parameters(store, [1, 2, "x"])
        assert where(store, OneOf(EITHER, (1,))) == "a"
        assert where(store, Matches(EITHER, "x")) == "c"
        store.apply([Speaker().batch(points=[numbers("b", "p", [1]), numbers("d", "p", [1])])])
        assert where(store, OneOf(EITHER, (1,))) == "abd"
        assert where(store, OneOf(EITHER, (2,))) == ""
        assert where(store, OneOf(PARAMETER, (2,))) == "b"
        assert where(store, HasValue(EITHER)) == "abcd"
        assert where(store, Ordered(EITHER, "<", 2)) == "abd"
        assert where(store, Matches(EITHER, "x")) == "c"

    @pytest.mark.parametrize("field", [TAG, PROPERTY])
    @pytest.mark.parametrize(
        ("condition_of", "expected"),
        [
            (lambda field: HasValue(field), "abcd"),
            (lambda field: OneOf(field, ("1", "")), "ac"),
            (lambda field: OneOf(field, (1,)), ""),
            (lambda field: Ordered(field, "<", 9.0), ""),
            (lambda field: Matches(field, "^gr"), "b"),
            (lambda field: Matches(field, "o.e"), "bd"),
            (lambda field: Matches(field, "\\Agroße\nRunde\\Z"), "b"),
            (lambda field: Matches(field, ""), "abcd"),
            (lambda field: Matches(field, "(.+)+(.+)+!"), ""),
            (lambda field: Not(OneOf(field, ("1",))), "bcdef"),
        ],
    )
    def test_tags_and_properties(
        self, store: Store, field: Field, condition_of: object, expected: str
    ) -> None:
        assert callable(condition_of)
        speak = Tagged if field is TAG else PropertyAdded
        values = {"a": "1", "b": "große\nRunde", "c": "", "d": "Probe"}
        store.apply([Speaker().batch(*map(created, "abcdef"))])
        store.apply([Speaker().batch(*[speak(RunId(r), "k", v) for r, v in values.items()])])
        store.apply([Speaker().batch(speak(RunId("e"), "K", "1"))])
        assert where(store, condition_of(field)) == expected

    def test_a_tag_without_a_value_is_there(self, store: Store) -> None:
        store.apply([Speaker().batch(created("a"), created("b"), Tagged(RunId("a"), "k", None))])
        assert where(store, HasValue(TAG)) == "a"
        assert where(store, OneOf(TAG, ("",))) == where(store, Matches(TAG, "")) == ""

    @pytest.mark.parametrize(
        ("which", "condition_of", "expected"),
        [
            (Attribute.ID, lambda field: OneOf(field, ("a", "c", "nobody")), "ac"),
            (Attribute.NAME, lambda field: OneOf(field, ("first",)), "a"),
            (Attribute.NAME, lambda field: Matches(field, "^run-[12]$"), "bc"),
            (Attribute.NAME, lambda field: OneOf(field, ("s",)), "s"),
            (Attribute.EXPERIMENT, lambda field: OneOf(field, ("x",)), "ab"),
            (Attribute.EXPERIMENT, lambda field: OneOf(field, ("unknown",)), "s"),
            (Attribute.EXPERIMENT, lambda field: Not(Matches(field, "x|y")), "s"),
            (Attribute.NUMBER, lambda field: Ordered(field, ">", 1.0), "b"),
            (Attribute.STATE, lambda field: OneOf(field, ("failed", "queued")), "ab"),
            (Attribute.KIND, lambda field: OneOf(field, ("job",)), "b"),
            (Attribute.PARENT, lambda field: OneOf(field, ("a",)), "b"),
            (Attribute.PARENT, lambda field: Not(HasValue(field)), "acs"),
            (Attribute.PARENT, lambda field: Not(OneOf(field, ("a",))), "acs"),
            (Attribute.DESCRIPTION, lambda field: Matches(field, "good"), "c"),
            (Attribute.DESCRIPTION, lambda field: HasValue(field), "c"),
            (Attribute.CREATED, lambda field: Ordered(field, ">=", 20.0), "bc"),
            (Attribute.STARTED, lambda field: HasValue(field), "ac"),
            (Attribute.STARTED, lambda field: Not(Ordered(field, "<", 90.0)), "bs"),
            (Attribute.ENDED, lambda field: HasValue(field), "a"),
            (Attribute.DURATION, lambda field: Ordered(field, "<", 6.0), "a"),
            (Attribute.DURATION, lambda field: OneOf(field, (5.0,)), "a"),
            (Attribute.DURATION, lambda field: Matches(field, "5"), ""),
            (Attribute.NAME, lambda field: Ordered(field, "<", 5.0), ""),
        ],
    )
    def test_attributes(
        self, store: Store, which: Attribute, condition_of: object, expected: str
    ) -> None:
        assert callable(condition_of)
        store.apply(
            [
                Speaker().batch(
                    created("a", "x", name="first", time_s=10.0),
                    created("b", "x", parent="a", kind=RunKind.JOB, time_s=20.0),
                    created("c", "y", time_s=30.0),
                    moved("a", RunState.FAILED, 0, time_s=17.0, elapsed_s=5.0),
                    Tagged(RunId("s"), "k", "v"),
                )
            ]
        )
        store.set_description(RunId("c"), "a good one")
        assert where(store, condition_of(attribute(which))) == expected

    def test_conditions_are_put_together(self, store: Store) -> None:
        add_metrics(store)
        low, high = Ordered(METRIC, "<", 1.0), Ordered(METRIC, ">", 0.0)
        for condition, expected in (
            (AllOf((low, high)), "b"),
            (AnyOf((low, high)), "abcd"),
            (Not(AnyOf((low, high))), "efg"),
            (AllOf((Not(low), Not(AllOf((high, Not(OneOf(METRIC, (1,)))))))), "acefg"),
            (AllOf(()), "abcdefg"),
            (AnyOf(()), ""),
            (Not(AllOf(())), ""),
        ):
            assert where(store, condition) == expected, condition

    def test_deep_and_wide_conditions(self, store: Store) -> None:
        add_metrics(store)
        deep: Condition = Ordered(METRIC, "<", 1.0)
        always = HasValue(attribute(Attribute.ID))
        for number in range(MOST_NESTED):
            never = Ordered(METRIC, "<", -float(number))
            deep = Not(AnyOf((never, Not(AllOf((always, deep))))))
        assert where(store, deep) == "b"
        wide = tuple(OneOf(METRIC, (number + 0.5,)) for number in range(500))
        assert where(store, AnyOf(wide)) == "b"
        assert where(store, OneOf(TAG, tuple(map(str, range(10_000))))) == ""
        assert where(store, OneOf(METRIC, tuple(n / 2 for n in range(10_000)))) == "abc"

    # -- order ------------------------------------------------------------------------------------

    def test_runs_are_sorted_by_any_number_of_a_metric(self, store: Store) -> None:
        add_metrics(store)
        for field, falling, rising in (
            (LAST, "cabdgfe", "dbcagfe"),
            (MIN, "abcdgfe", "dcbagfe"),
            (MAX, "acbdgfe", "dbcagfe"),
            (COUNT, "cbaedgf", "edcbagf"),
            (Field(Source.METRIC, "nobody"), "gfedcba", "gfedcba"),
        ):
            assert sorted_by(store, Order(field)) == falling, field
            assert sorted_by(store, Order(field, descending=False)) == rising, field

    def test_runs_are_sorted_by_parameters(self, store: Store) -> None:
        add_parameters(store, [1, "b", 0.5, "a", math.nan, True])
        assert sorted_by(store, Order(PARAMETER)) == "facbdge"
        assert sorted_by(store, Order(PARAMETER, descending=False)) == "cfadbge"
        assert sorted_by(store, Order(EITHER, descending=False)) == "cfadbge"
        store.apply([Speaker().batch(points=[numbers("d", "p", [0.75])])])
        assert sorted_by(store, Order(EITHER, descending=False)) == "cdfabge"

    def test_runs_are_sorted_by_text_and_by_times(self, store: Store) -> None:
        batch = [created("a", "x", name="Z"), created("b", "y", time_s=9.0), created("c", "x")]
        tags = [Tagged(RunId("a"), "k", "ä"), Tagged(RunId("c"), "k", "z")]
        store.apply([Speaker().batch(*batch, *tags, moved("c", RunState.FAILED, 0, time_s=60.0))])
        for order, expected in (
            (Order(attribute(Attribute.NAME)), "cba"),
            (Order(attribute(Attribute.EXPERIMENT)), "bca"),
            (Order(attribute(Attribute.ENDED)), "cab"),
            (Order(TAG), "acb"),
            (Order(TAG, descending=False), "cab"),
        ):
            assert sorted_by(store, order) == expected, order

    def test_several_orders(self, store: Store) -> None:
        add_metrics(store)
        experiment, number = attribute(Attribute.EXPERIMENT), attribute(Attribute.NUMBER)
        assert sorted_by(store, Order(COUNT), Order(METRIC)) == "cabdegf"
        assert sorted_by(store, Order(COUNT), Order(METRIC, descending=False)) == "bcadegf"
        assert sorted_by(store, Order(experiment), Order(number, descending=False)) == "abcdefg"
        assert sorted_by(store) == "gfedcba"
