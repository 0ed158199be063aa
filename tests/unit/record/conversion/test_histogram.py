"""Histograms of arrays, lists and what was counted already, beside numpy's own."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from trackboard.record.conversion.histogram import BUCKETS, encode_histogram


def counted(values: object) -> tuple[list[float], list[float]]:
    document, _ = encode_histogram(values)
    assert document is not None
    assert len(document) < 4096
    found = json.loads(document)
    assert (found["schema_type"], found["schema_version"]) == ("histogram", "1")
    return found["data"]["bin_counts"], found["data"]["bin_edges"]


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=(7, 300)),
        np.random.default_rng(0).normal(size=2_500_000).astype(np.float32),
        np.arange(-5, 900, dtype=np.int64),
        np.array([True, False, True]),
    ],
)
def test_the_same_as_numpy(values: Any) -> None:
    counts, edges = counted(values)
    expected, bounds = np.histogram(values.astype(float), BUCKETS)
    assert np.allclose(edges, bounds)
    assert sum(counts) == values.size
    assert np.abs(np.cumsum(counts) - np.cumsum(expected)).max() <= 1  # a value on an edge


@given(arrays.arrays(np.float64, st.integers(1, 80)))
def test_a_list_is_counted_as_an_array(values: Any) -> None:
    assert encode_histogram(values.tolist()) == encode_histogram(values)
    document, remark = encode_histogram(values)
    near = values[np.abs(values) < 1e300]
    assert (document is None) == (not len(near))
    assert bool(remark) == (len(near) < len(values))
    if document is not None:
        counts, edges = counted(values)
        assert sum(counts) == len(near)
        assert (edges[0], edges[-1]) == (near.min(), near.max())
        assert len(edges) == len(counts) + 1 <= BUCKETS + 1
        assert edges == sorted(edges)


def test_values_within_values_are_all_counted() -> None:
    counts, edges = counted([1, [2.0, np.float32(3)], np.array([[4]]), (5,)])
    assert (sum(counts), edges[0], edges[-1]) == (5, 1, 5)


def test_one_value_is_one_bucket_without_width() -> None:
    assert counted([3, 3.0]) == ([2.0], [3.0, 3.0])
    assert counted(np.full((2, 2), 0.5)) == ([4.0], [0.5, 0.5])


def test_what_was_counted_is_kept() -> None:
    assert counted(([1, 0, 2], [0, 1, 2, 5])) == ([1.0, 0.0, 2.0], [0.0, 1.0, 2.0, 5.0])
    assert counted(np.histogram([1, 2, 2], 2)) == ([1.0, 2.0], [1.0, 1.5, 2.0])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=400))
def test_neighbours_of_many_buckets_become_one(given_counts: list[int]) -> None:
    counts, edges = counted((given_counts, [*range(len(given_counts) + 1)]))
    assert len(counts) <= BUCKETS
    assert (edges[0], edges[-1]) == (0, len(given_counts))
    for count, start, end in zip(counts, edges, edges[1:], strict=False):
        assert count == sum(given_counts[int(start) : int(end)])


def test_masked_values_are_left_out() -> None:
    counts, edges = counted(np.ma.masked_greater([1.0, 2.0, 99.0], 50))
    assert (sum(counts), edges[-1]) == (2, 2.0)
