from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from trackboard.board.documents import ConfusionMatrix, Predictions, Residuals
from trackboard.board.drawing import Drawn, draw


def drawn(document: Drawn) -> Image.Image:
    image = Image.open(io.BytesIO(draw(document)))
    assert image.format == "PNG"
    return image.convert("RGB")


def matrix(classes: int, label: str = "class") -> ConfusionMatrix:
    labels = tuple(f"{label} {number}" for number in range(classes))
    return ConfusionMatrix(labels, np.eye(classes) * 90 + 1)


def dark_pixels(image: Image.Image, at_most: int = 120) -> int:
    grey: Any = np.asarray(image.convert("L"))
    return int((grey < at_most).sum())


@pytest.mark.parametrize("classes", [1, 2, 10, 30, 31, 200, 1500])
def test_a_heat_map_fits_a_screen_and_shows_its_diagonal(classes: int) -> None:
    image = drawn(matrix(classes))
    assert 200 < image.width < max(2000, classes + 400)
    pixels: Any = np.asarray(image).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0] > 60) & (pixels.sum(axis=2) < 300)
    rows, columns = np.nonzero(blue)
    middle = np.corrcoef(rows, columns)[0, 1] if classes > 1 else 1.0
    assert blue.any()
    assert middle > 0.7, "dark cells do not lie on the diagonal"


def test_numbers_are_written_in_the_cells_up_to_thirty_classes() -> None:
    zeros = drawn(ConfusionMatrix(("a", "b"), np.zeros((2, 2))))
    nines = drawn(ConfusionMatrix(("a", "b"), np.zeros((2, 2)) + np.nan))
    assert zeros.size == nines.size
    assert zeros.tobytes() != nines.tobytes()
    thousands = drawn(ConfusionMatrix(("a", "b"), np.full((2, 2), 123456.0)))
    assert dark_pixels(thousands) > dark_pixels(zeros)


def test_labels_are_drawn_or_numbered() -> None:
    latin, other = drawn(matrix(3, "Élan")), drawn(matrix(3, "猫"))
    assert other.width < latin.width  # [0] instead of a row of empty boxes
    assert drawn(ConfusionMatrix(("", " ", "x" * 500), np.eye(3))).width < 900


def test_bars_are_as_high_as_their_numbers() -> None:
    edges = np.array([0.0, 1.0, 2.0, 4.0])
    pixels: Any = np.asarray(drawn(Residuals(edges, np.array([10.0, 20.0, 40.0]))))
    is_bar = (pixels == (66, 133, 244)).all(axis=2)
    heights = [int(is_bar[:, column].sum()) for column in (74 + 56, 74 + 168, 74 + 337)]
    assert heights[1] == pytest.approx(2 * heights[0], abs=3)
    assert heights[2] == pytest.approx(4 * heights[0], abs=5)


def test_predictions_show_their_errors() -> None:
    edges, averages, counts = np.array([0.0, 1, 2]), np.array([-1.0, 2]), np.array([3.0, 5])
    small = drawn(Predictions(edges, averages, np.array([0.1, 0.1]), counts))
    none = drawn(Predictions(edges, averages, np.array([np.nan, np.nan]), counts))
    red = [int((np.asarray(i) == (234, 67, 53)).all(axis=2).sum()) for i in (small, none)]
    assert red[0] > 20
    assert red[1] == 0
