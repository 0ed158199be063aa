"""What every store promises about series and points: kept exactly, in order, thinned honestly."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from trackboard.model import (
    MISSING,
    RunId,
    RunState,
    Series,
    SeriesId,
    TextLogged,
    ValueKind,
    is_missing,
)
from trackboard.ports import Points, SeriesPoints, Store
from trackboard.testing.speaker import Speaker, created, moved, numbers, same_points

R = RunId("r")
LENGTHS = (1, 2, 127, 128, 129, 1000, 4095, 4096, 4097, 9000)


def curve(count: int, *, seed: int = 0) -> SeriesPoints:
    """A noisy series `m` of the run `r`."""
    noise = np.random.default_rng(seed)
    steps = np.arange(count, dtype=np.int64) * 10
    return SeriesPoints(
        run=R,
        name="m",
        kind=ValueKind.FLOAT,
        steps=steps,
        has_step=np.ones(count, np.bool_),
        times_s=1.7e9 + np.cumsum(noise.random(count)),
        values=np.exp(-steps / 1e4) + noise.normal(0, 0.01, count),
    )


def parts_of(whole: SeriesPoints, sizes: list[int]) -> list[SeriesPoints]:
    """A series cut into pieces of these sizes, the last one with the rest."""
    cuts = [0, *np.cumsum(sizes).tolist(), len(whole.steps)]
    return [
        SeriesPoints(
            whole.run,
            whole.name,
            whole.kind,
            whole.steps[a:b],
            whole.has_step[a:b],
            whole.times_s[a:b],
            whole.values[a:b],
        )
        for a, b in pairwise(cuts)
    ]


def only_series(store: Store) -> Series:
    """The one series that there is."""
    (series,) = store.list_series()
    return series


def read(store: Store, limit: int | None = None) -> Points:
    """The points of the one series that there is."""
    series = only_series(store)
    return store.read_points([series.id], limit=limit)[series.id]


def check_same(found: Points, logged: SeriesPoints) -> None:
    """Check that points are what was logged, bit for bit."""
    assert same_points(found, Points(logged.steps, logged.times_s, logged.values))


class SeriesContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    @pytest.mark.parametrize("count", LENGTHS)
    def test_points_survive_whatever_their_number(self, store: Store, count: int) -> None:
        logged = curve(count)
        store.apply([Speaker().batch(points=[logged])])
        check_same(read(store), logged)

    @pytest.mark.parametrize("piece", [1, 50, 127, 128, 700, 4096])
    def test_points_survive_in_pieces(self, store: Store, piece: int) -> None:
        count = 400 if piece == 1 else 9001
        logged, speaker = curve(count), Speaker()
        for part in parts_of(logged, [piece] * (count // piece)):
            store.apply([speaker.batch(points=[part])])
        check_same(read(store), logged)
        store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0))])
        check_same(read(store), logged)

    def test_points_go_on_after_the_end_of_a_run(self, store: Store) -> None:
        logged, speaker = curve(9000), Speaker()
        for index, part in enumerate(parts_of(logged, [100, 30, 4000, 1, 400])):
            ended = moved("r", RunState.FAILED, 0, attempt=index)
            store.apply([speaker.batch(ended, points=[part])])
        check_same(read(store), logged)

    def test_floats_survive_bit_for_bit(self, store: Store) -> None:
        odd = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, 0.1]
        logged = numbers("r", "m", odd * 40)
        logged.values.view(np.uint64)[4] = 0xFFF8_0000_DEAD_BEEF  # a NaN with a payload and a sign
        speaker = Speaker()
        store.apply([speaker.batch(points=[logged])])
        check_same(read(store), logged)
        store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0))])
        check_same(read(store), logged)

    def test_integers_and_steps_are_exact(self, store: Store) -> None:
        top = 2**63 - 1
        values = [top, -top - 1, 0, 2**53 + 1, -1] * 40
        steps = [0, 7, 7, -top - 1, top] * 40
        logged, speaker = numbers("r", "m", values, steps=steps), Speaker()
        store.apply([speaker.batch(points=[logged])])
        check_same(read(store), logged)
        store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0))])
        check_same(read(store), logged)
        series = only_series(store)
        assert (series.kind, series.last_value, series.max_step) == (ValueKind.INT, -1, top)
        assert read(store, limit=100).values.dtype == np.int64

    def test_bools_stay_bools(self, store: Store) -> None:
        logged = numbers("r", "m", [True, False, True] * 50)
        store.apply([Speaker().batch(points=[logged])])
        check_same(read(store), logged)
        series = only_series(store)
        assert series.last_value is True
        assert (series.min_value, series.max_value) == (0.0, 1.0)

    @pytest.mark.parametrize("ended", [False, True])
    @pytest.mark.parametrize("count", [3, 130, 5000])
    def test_a_series_widens(self, store: Store, count: int, ended: bool) -> None:
        speaker = Speaker()
        for values in ([True] * count, [7] * count, [0.5] * count, [2**53 + 1], [False]):
            store.apply([speaker.batch(points=[numbers("r", "m", values)])])
        if ended:
            store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0))])
        found = read(store)
        expected = [1.0] * count + [7.0] * count + [0.5] * count + [2.0**53, 0.0]
        assert found.values.dtype == np.float64
        assert found.values.tolist() == expected
        series = only_series(store)
        assert (series.kind, series.last_value) == (ValueKind.FLOAT, 0.0)
        assert type(series.last_value) is float
        assert read(store, limit=1).values.tolist() == [0.0]
        assert read(store, limit=64).values.dtype == np.float64

    def test_a_bool_among_integers_is_an_integer(self, store: Store) -> None:
        points = [numbers("r", "m", [3]), numbers("r", "m", [True])]
        store.apply([Speaker().batch(points=points)])
        assert only_series(store).last_value == 1
        assert type(only_series(store).last_value) is int
        assert read(store).values.dtype == np.int64

    def test_points_without_a_step_get_the_count(self, store: Store) -> None:
        speaker = Speaker()
        first = numbers("r", "m", [1.0, 2.0, 3.0], steps=[None, 50, None])
        store.apply([speaker.batch(points=[first, numbers("r", "m", [4.0], steps=[None])])])
        store.apply([speaker.batch(points=[numbers("r", "m", [5.0, 6.0], steps=[None, None])])])
        assert read(store).steps.tolist() == [0, 50, 2, 3, 4, 5]

    def test_the_summary_says_what_the_points_say(self, store: Store) -> None:
        speaker = Speaker()
        logged = numbers("r", "m", [3.0, math.nan, -1.0, 2.0], steps=[5, 9, 7, 6])
        store.apply([speaker.batch(points=[logged])])
        series = only_series(store)
        assert (series.run, series.name, series.kind) == (R, "m", ValueKind.FLOAT)
        assert (series.count, series.last_value, series.last_step) == (4, 2.0, 6)
        assert (series.min_value, series.max_value, series.max_step) == (-1.0, 3.0, 9)
        assert series.last_time_s == logged.times_s[-1]
        store.apply([speaker.batch(points=[numbers("r", "m", [math.nan, math.inf])])])
        series = only_series(store)
        assert (series.count, series.last_value) == (6, math.inf)
        assert (series.min_value, series.max_value, series.max_step) == (-1.0, math.inf, 9)

    @pytest.mark.parametrize("ended", [False, True])
    @pytest.mark.parametrize("at_once", [1, 7, 300, 5_000])
    def test_an_extreme_is_at_the_first_step_that_has_it(
        self, store: Store, at_once: int, ended: bool
    ) -> None:
        speaker = Speaker()
        values = [math.nan, 3.0, -1.0, 3.0, -1.0, math.nan, *([0.5] * 60), 7.0, 7.0, -9.0]
        values = values if at_once < 100 else [0.25] * 4_500 + values
        steps = [2 * len(values) - each for each in range(len(values))]
        for begin in range(0, len(values), at_once):
            part = slice(begin, begin + at_once)
            store.apply(
                [speaker.batch(points=[numbers("r", "m", values[part], steps=steps[part])])]
            )
            seen = np.array(values[: begin + at_once])
            series = only_series(store)
            if np.isnan(seen).all():
                assert (series.min_value_step, series.max_value_step) == (None, None)
                continue
            assert series.min_value_step == steps[np.nanargmin(seen)]
            assert series.max_value_step == steps[np.nanargmax(seen)]
        if ended:
            before = only_series(store)
            store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0))])
            assert only_series(store) == before

    def test_extremes_of_all_kinds_have_steps(self, store: Store) -> None:
        speaker = Speaker()
        store.apply(
            [speaker.batch(points=[numbers("r", "m", [True, False, True], steps=[9, 8, 7])])]
        )
        series = only_series(store)
        assert (series.min_value_step, series.max_value_step) == (8, 9)
        store.apply([speaker.batch(points=[numbers("r", "m", [0, 2**60, 2**60], steps=[1, 2, 3])])])
        series = only_series(store)
        assert (series.min_value_step, series.max_value_step) == (8, 2)
        said = TextLogged(R, "text", "a", None, 5.0)
        store.apply([speaker.batch(said)])
        (text,) = store.list_series(text=True)
        assert (text.min_value_step, text.max_value_step) == (None, None)

    def test_only_nan_has_no_extremes(self, store: Store) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(points=[numbers("r", "m", [math.nan] * 300)])])
        series = only_series(store)
        assert math.isnan(series.min_value)
        assert math.isnan(series.max_value)
        assert isinstance(series.last_value, float)
        assert math.isnan(series.last_value)
        assert len(read(store, limit=10)) == 10
        store.apply([speaker.batch(points=[numbers("r", "m", [1.0])])])
        series = only_series(store)
        assert (series.min_value, series.max_value) == (1.0, 1.0)

    def test_a_point_without_a_value_is_another_than_nan(self, store: Store) -> None:
        speaker = Speaker()
        given = [1.0, MISSING, math.nan] * 2_000  # through tails, small chunks and merged ones
        store.apply([speaker.batch(points=[numbers("r", "m", given)])])
        assert [is_missing(value) for value in read(store).values.tolist()] == [
            False,
            True,
            False,
        ] * 2_000
        assert math.isnan(float(only_series(store).last_value))

    def test_numbers_and_text_of_one_name_are_two_series(self, store: Store) -> None:
        speaker = Speaker()
        said = TextLogged(R, "m", "grün", None, 5.0)
        store.apply([speaker.batch(said, said, points=[numbers("r", "m", [1.0])])])
        text, number = sorted(store.list_series(), key=lambda each: each.kind, reverse=True)
        assert (text.kind, text.count, text.last_value, text.last_step) == (
            ValueKind.TEXT,
            2,
            "grün",
            1,
        )
        assert math.isnan(text.min_value)
        assert (number.kind, number.count) == (ValueKind.FLOAT, 1)
        assert store.list_series(text=True) == (text,)
        assert store.list_series(text=False) == (number,)

    def test_text_survives_exactly(self, store: Store) -> None:
        texts = ["", "ä", "\ud800", 'a"\\\n\0', "x" * 100_000, "last"] * 60
        speaker = Speaker()
        for part in (texts[:1], texts[1:200], texts[200:]):
            events = [TextLogged(R, "t", text, None, float(i)) for i, text in enumerate(part)]
            store.apply([speaker.batch(*events)])
        for state in (RunState.RUNNING, RunState.COMPLETED):
            store.apply([speaker.batch(moved("r", state, 0, attempt=int(state.is_terminal)))])
            found = read(store)
            assert found.values.tolist() == texts
            assert found.steps.tolist() == list(range(len(texts)))
        sampled = read(store, limit=7)
        assert len(sampled) == 7
        assert sampled.values.tolist() == [texts[step] for step in sampled.steps.tolist()]
        assert sampled.steps.tolist()[0] == 0
        assert sampled.steps.tolist()[-1] == len(texts) - 1

    def test_series_are_found_by_every_condition(self, store: Store) -> None:
        store.apply(
            [
                Speaker().batch(
                    points=[numbers(run, name, [1.0]) for run in "ab" for name in ("x", "y", "z")]
                )
            ]
        )

        def found(**conditions: object) -> list[str]:
            listed = store.list_series(**conditions)  # type: ignore[arg-type]
            return [f"{each.run}{each.name}" for each in listed]

        assert found() == ["ax", "ay", "az", "bx", "by", "bz"]
        assert found(runs=["b"]) == ["bx", "by", "bz"]
        assert found(names=["z", "x"]) == ["ax", "az", "bx", "bz"]
        assert found(runs=["b", "a"], names=["y"], text=False) == ["ay", "by"]
        assert found(runs=[]) == found(names=[]) == found(text=True) == []

    def test_many_series_at_once(self, store: Store) -> None:
        count, speaker = 1500, Speaker()
        for start in (0.0, 10.0):
            points = [numbers(f"r{i % 7}", f"m{i}", [start, start + i]) for i in range(count)]
            store.apply([speaker.batch(points=points)])
        listed = store.list_series()
        assert len(listed) == count
        found = store.read_points([each.id for each in listed])
        for each in listed:
            index = int(each.name[1:])
            assert found[each.id].values.tolist() == [0.0, index, 10.0, 10.0 + index]

    def test_nothing_logged_makes_no_series(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r"), points=[numbers("r", "m", [])])])
        assert store.list_series() == ()

    # -- thinning ---------------------------------------------------------------------------------

    @pytest.mark.parametrize("count", [10, 4097, 30_000])
    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 20, 126, 667, 1000])
    def test_a_sample_holds_what_matters(self, store: Store, count: int, limit: int) -> None:
        logged = curve(count)
        logged.values[count // 4 : count // 4 + 2] = math.nan
        logged.values[count // 3] = -50.0
        logged.values[count // 2] = 50.0
        store.apply([Speaker().batch(points=[logged])])
        sample = read(store, limit=limit)
        assert len(sample) == min(count, limit)
        rows = {
            step: (time_s, value)
            for step, time_s, value in zip(
                logged.steps.tolist(), logged.times_s.tolist(), logged.values.tolist(), strict=True
            )
        }
        for step, time_s, value in zip(sample.steps, sample.times_s, sample.values, strict=True):
            assert rows[int(step)] == (time_s, value) or math.isnan(value)
        assert (np.diff(sample.steps) > 0).all()
        assert sample.steps[-1] == logged.steps[-1]
        if limit > 1:
            assert sample.steps[0] == logged.steps[0]
        if limit >= 4:
            assert np.nanmin(sample.values) == -50.0
            assert np.nanmax(sample.values) == 50.0
        assert same_points(read(store, limit=limit), sample)

    def test_a_sample_of_unchanged_data_is_stable(self, store: Store) -> None:
        speaker = Speaker()
        for part in parts_of(curve(20_000), [5000, 100, 300, 3000]):
            store.apply([speaker.batch(points=[part])])
        before = read(store, limit=50)
        store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0))])
        assert same_points(read(store, limit=50), before)

    def test_a_limit_that_fits_leaves_everything(self, store: Store) -> None:
        logged = curve(500)
        store.apply([Speaker().batch(points=[logged])])
        check_same(read(store, limit=500), logged)

    def test_unknown_series_are_left_out(self, store: Store) -> None:
        store.apply([Speaker().batch(points=[numbers("r", "m", [1.0])])])
        known, unknown = only_series(store).id, SeriesId(10**6)
        for limit in (None, 1, 10):
            assert list(store.read_points([unknown, known, known], limit=limit)) == [known]
            assert store.read_points([], limit=limit) == {}
        assert list(store.iter_points(unknown)) == []

    def test_points_cannot_be_changed(self, store: Store) -> None:
        store.apply([Speaker().batch(points=[curve(10), numbers("r", "long", [1.0] * 5000)])])
        for limit in (None, 1, 5, 100):
            for points in store.read_points(
                [s.id for s in store.list_series()], limit=limit
            ).values():
                with pytest.raises(ValueError, match="read-only"):
                    points.values[0] = 1.0

    # -- aggregating ------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("limit", "first", "last"), [(3, None, None), (50, 7, 90_000), (9, 5, 5)]
    )
    def test_a_rollup_has_each_point_that_is_asked_for_once(
        self, store: Store, limit: int, first: int | None, last: int | None
    ) -> None:
        steps = [*range(9000), *range(8000, 12_000), *[5] * 100]
        values = [math.nan if step % 7 == 0 else step * 0.5 for step in steps]
        store.apply([Speaker().batch(points=[numbers("r", "m", values, steps=steps)])])
        (found,) = store.read_rollups(
            [only_series(store).id], limit, first_step=first, last_step=last
        ).values()
        asked = [at for at, step in enumerate(steps) if (first or 0) <= step <= (last or 10**6)]
        assert found.counts.sum() == len(asked)
        assert (found.first_steps >> found.bits == found.last_steps >> found.bits).all()
        for at, end in enumerate(np.cumsum(found.counts).tolist()):
            inside = asked[end - int(found.counts[at]) : end]
            of = np.array([values[each] for each in inside])
            assert found.first_steps[at] == min(steps[each] for each in inside)
            assert found.last_steps[at] == max(steps[each] for each in inside)
            assert found.nans[at] == np.isnan(of).sum()
            extremes = [found.least[at], found.greatest[at], found.last[at]]
            expected = [np.fmin.reduce(of), np.fmax.reduce(of), of[-1]]
            assert np.array_equal(extremes, expected, equal_nan=True)

    def test_texts_and_unknown_series_have_no_rollup(self, store: Store) -> None:
        text = TextLogged(R, "t", "words", None, 5.0)
        store.apply([Speaker().batch(text, points=[numbers("r", "m", [1.0])])])
        known = [each.id for each in store.list_series()]
        (number,) = store.list_series(text=False)
        assert list(store.read_rollups([SeriesId(10**6), *known], 10)) == [number.id]
        assert store.read_rollups([], 10) == {}

    # -- iterating --------------------------------------------------------------------------------

    def test_iterating_gives_everything_in_order(self, store: Store) -> None:
        logged = curve(9000)
        speaker = Speaker()
        for part in parts_of(logged, [4096, 200, 100]):
            store.apply([speaker.batch(points=[part])])
        parts = list(store.iter_points(only_series(store).id))
        assert np.concatenate([part.values for part in parts]).tolist() == logged.values.tolist()
        assert np.concatenate([part.steps for part in parts]).tolist() == logged.steps.tolist()

    def test_iterating_survives_writes_in_between(self, store: Store) -> None:
        speaker = Speaker()
        first, *rest = parts_of(curve(6000), [150, 100, 3000])
        store.apply([speaker.batch(points=[first])])
        store.apply([speaker.batch(points=[rest[0]])])
        iterator = store.iter_points(only_series(store).id)
        found = [next(iterator)]
        for part in rest[1:]:
            store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0), points=[part])])
        found.extend(iterator)
        assert np.concatenate([part.steps for part in found]).tolist() == [
            10 * i for i in range(250)
        ]
