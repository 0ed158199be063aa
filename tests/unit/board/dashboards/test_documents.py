from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackboard.board.dashboards.documents import (
    AccuracyTable,
    ConfusionMatrix,
    Histogram,
    Misfit,
    Predictions,
    Residuals,
    parse,
)
from trackboard.board.dashboards.drawing import draw
from trackboard.model import ArtifactKind

ACCURACY = {
    "probability_tables": [
        [[82, 118, 0, 0], [66, 9, 109, 16]],
        [[76, 124, 0, 0], [50, 5, 119, 26]],
    ],
    "percentile_tables": [[[82, 118, 0, 0]], [[76, 124, 0, 0]]],
    "probability_thresholds": [0.0, 1.0],
    "percentile_thresholds": [0.0],
    "class_labels": ["cat", 1],
}
MATRIX = {"class_labels": ["cat", "dog"], "matrix": [[3, 1], [0.5, None]]}
PREDICTIONS = {
    "bin_averages": [0.25, 0.75],
    "bin_errors": [0.013, 0.042],
    "bin_counts": [56, 34],
    "bin_edges": [0.0, 0.5, 1.0],
}
RESIDUALS = {"bin_edges": [50, 100, 200, 300, 350], "bin_counts": [0.88, 20, 30, 50.99]}
EXAMPLES = {
    ArtifactKind.ACCURACY_TABLE: ACCURACY,
    ArtifactKind.CONFUSION_MATRIX: MATRIX,
    ArtifactKind.PREDICTIONS: PREDICTIONS,
    ArtifactKind.RESIDUALS: RESIDUALS,
    ArtifactKind.HISTOGRAM: RESIDUALS,
}


def wrapped(kind: ArtifactKind, data: object) -> bytes:
    return json.dumps({"schema_type": kind.value, "schema_version": "v1", "data": data}).encode()


def test_each_kind_of_document() -> None:
    accuracy = parse(ArtifactKind.ACCURACY_TABLE, wrapped(ArtifactKind.ACCURACY_TABLE, ACCURACY))
    assert isinstance(accuracy, AccuracyTable)
    assert accuracy.labels == ("cat", "1")
    assert accuracy.counts[1, 1].tolist() == [50, 5, 119, 26]
    kind = ArtifactKind.CONFUSION_MATRIX
    matrix = parse(kind, wrapped(kind, MATRIX))
    assert isinstance(matrix, ConfusionMatrix)
    assert matrix.labels == ("cat", "dog")
    np.testing.assert_array_equal(matrix.matrix, [[3, 1], [0.5, np.nan]])
    predictions = parse(ArtifactKind.PREDICTIONS, wrapped(ArtifactKind.PREDICTIONS, PREDICTIONS))
    assert isinstance(predictions, Predictions)
    assert predictions.errors.tolist() == [0.013, 0.042]
    residuals = parse(ArtifactKind.RESIDUALS, wrapped(ArtifactKind.RESIDUALS, RESIDUALS))
    assert isinstance(residuals, Residuals)
    assert residuals.counts.tolist() == [0.88, 20, 30, 50.99]


def test_thresholds_are_put_in_rising_order() -> None:
    turned = {**ACCURACY, "probability_thresholds": [1.0, 0.0]}
    found = parse(ArtifactKind.ACCURACY_TABLE, wrapped(ArtifactKind.ACCURACY_TABLE, turned))
    assert isinstance(found, AccuracyTable)
    assert found.thresholds.tolist() == [0, 1]
    assert found.counts[0].tolist() == [[66, 9, 109, 16], [82, 118, 0, 0]]


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        (ArtifactKind.CONFUSION_MATRIX, {"matrix": [[1, 2]]}, "matrix is 1 x 2, not 2 x 2"),
        (ArtifactKind.CONFUSION_MATRIX, {"matrix": [[1], [1, 2]]}, "matrix is not made of numbers"),
        (ArtifactKind.CONFUSION_MATRIX, {"matrix": "abc"}, "matrix is not made of numbers"),
        (ArtifactKind.CONFUSION_MATRIX, {"matrix": [[10**400, 0]] * 2}, "not made of numbers"),
        (ArtifactKind.CONFUSION_MATRIX, {"matrix": [1, 2]}, "matrix has 1 dimensions, not 2"),
        (ArtifactKind.CONFUSION_MATRIX, {"class_labels": "ab"}, "class_labels is not a list"),
        (
            ArtifactKind.ACCURACY_TABLE,
            {"class_labels": ["a"]},
            "probability_tables is 2 x 2 x 4, not 1 x 2 x 4",
        ),
        (ArtifactKind.ACCURACY_TABLE, {"probability_thresholds": [0, None]}, "have to be counts"),
        (
            ArtifactKind.ACCURACY_TABLE,
            {"class_labels": [], "probability_tables": []},
            "probability_tables has 1 dimensions",
        ),
        (ArtifactKind.RESIDUALS, {"bin_edges": [1, 2]}, "bin_counts has 4 values and bin_edges 2"),
        (ArtifactKind.RESIDUALS, {"bin_edges": [5, 4, 3, 2, 1]}, "two rising numbers"),
        (ArtifactKind.RESIDUALS, {"bin_edges": [1, 2, 3, 4, None]}, "two rising numbers"),
        (ArtifactKind.PREDICTIONS, {"bin_errors": [1]}, "bin_errors has 1 values"),
    ],
)
def test_a_misfit_says_where(kind: ArtifactKind, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Misfit) as found:
        parse(kind, wrapped(kind, {**EXAMPLES[kind], **changes}))
    assert said in str(found.value)


def test_a_field_that_is_missing_is_named() -> None:
    for kind, example in EXAMPLES.items():
        for name in example:
            if name.startswith("percentile"):
                continue  # nobody looks at those
            rest = {key: value for key, value in example.items() if key != name}
            with pytest.raises(Misfit, match=f"its data lacks {name}"):
                parse(kind, wrapped(kind, rest))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not an object"),
        (b'{"data": 3}', "not an object"),
        (b'{"schema_type": "residuals", "data": {}}', "its schema_type is 'residuals'"),
        (b'{"data": {}}', "its schema_type is None, not 'confusion_matrix'"),
    ],
)
def test_what_is_no_document(content: bytes, said: str) -> None:
    with pytest.raises(Misfit, match=said):
        parse(ArtifactKind.CONFUSION_MATRIX, content)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)
_NUMBERS = st.none() | st.floats() | st.integers()


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(sorted(EXAMPLES)), data=st.data())
def test_no_document_raises_anything_else(kind: ArtifactKind, data: st.DataObject) -> None:
    fields = {
        name: data.draw(_JSON) for name in data.draw(st.sets(st.sampled_from([*EXAMPLES[kind]])))
    }
    try:
        found = parse(kind, wrapped(kind, {**EXAMPLES[kind], **fields}))
    except Misfit:
        return
    if not isinstance(found, (AccuracyTable, Histogram)):
        draw(found)


@settings(max_examples=60, deadline=None)
@given(bins=st.integers(1, 5), data=st.data())
def test_whatever_parses_can_be_drawn(bins: int, data: st.DataObject) -> None:
    numbers = st.lists(_NUMBERS, min_size=bins, max_size=bins)
    edges = st.lists(st.floats(allow_nan=False), min_size=bins + 1, max_size=bins + 1).map(sorted)
    kind = data.draw(st.sampled_from([ArtifactKind.PREDICTIONS, ArtifactKind.RESIDUALS]))
    names = ("bin_averages", "bin_errors", "bin_counts")
    fields: dict[str, Any] = {name: data.draw(numbers) for name in names}
    try:
        found = parse(kind, wrapped(kind, {**fields, "bin_edges": data.draw(edges)}))
    except Misfit:
        return
    assert isinstance(found, (Predictions, Residuals))
    assert draw(found).startswith(b"\x89PNG")
