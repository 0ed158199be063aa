from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from trackboard.board.dashboards.documents import ConfusionMatrix, Predictions, Residuals
from trackboard.board.dashboards.drawing import HEIGHT, WIDTH, Drawn, _short_number, draw


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


@pytest.mark.parametrize("classes", [1, 2, 5, 10, 12, 30, 50, 70])
def test_a_picture_is_as_large_as_tensorboards_cards(classes: int) -> None:
    """Of another size it would be scaled pixel by pixel, and its letters would be broken."""
    assert drawn(matrix(classes, "")).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("label", ["", "class", "a class with a very long name"])
@pytest.mark.parametrize("classes", [1, 11, 16, 25, 30, 80, 200, 1500])
def test_a_matrix_is_higher_where_it_has_to_be_but_never_wider(classes: int, label: str) -> None:
    image = drawn(matrix(classes, label))
    assert image.width == WIDTH
    assert HEIGHT <= image.height <= 420


@pytest.mark.parametrize("classes", [2, 10, 30, 31, 200, 1500])
def test_a_heat_map_shows_its_diagonal(classes: int) -> None:
    pixels: Any = np.asarray(drawn(matrix(classes))).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0] > 60) & (pixels.sum(axis=2) < 300)
    rows, columns = np.nonzero(blue)
    assert blue.any()
    assert np.corrcoef(rows, columns)[0, 1] > 0.7, "dark cells do not lie on the diagonal"


def test_one_cell_of_very_many_is_seen() -> None:
    """Where there are fewer pixels than cells, the greatest of several is shown."""
    values = np.zeros((1500, 1500))
    values[901, 300] = 7
    pixels: Any = np.asarray(drawn(ConfusionMatrix(tuple(map(str, range(1500))), values)))
    assert (pixels == (8, 48, 107)).all(axis=2).any()
    unknown = drawn(ConfusionMatrix(tuple(map(str, range(1500))), values * np.nan))
    assert (np.asarray(unknown) == 236).all(axis=2).sum() > 50_000


@pytest.mark.parametrize(
    ("classes", "numbers", "is_written"),
    [
        (2, (1234.5, 1236.5), True),
        (10, (123.0, 125.0), True),
        (12, (1234.0, 5678.0), True),
        (16, (12.0, 13.0), True),
        (30, (1.0, 2.0), False),
        (50, (1.0, 2.0), False),
    ],
)
def test_numbers_are_written_where_cells_have_room(
    classes: int, numbers: tuple[float, float], *, is_written: bool
) -> None:
    labels = tuple(map(str, range(classes)))
    one, other = (
        drawn(ConfusionMatrix(labels, np.full((classes, classes), number))) for number in numbers
    )
    assert (one.tobytes() != other.tobytes()) is is_written


def test_a_picture_without_numbers_says_where_they_are() -> None:
    def title(classes: int) -> int:
        return dark_pixels(drawn(matrix(classes, "")).crop((0, 0, WIDTH, 18)))

    assert title(30) > title(10) * 1.5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.8136, ".81"),
        (-0.5, "-.50"),
        (0.999, "1"),
        (0.0004, ".00"),
        (2.04, "2"),
        (12.3, "12"),
        (999.7, "1k"),
        (1234.0, "1.2k"),
        (56_789.0, "57k"),
        (1e6, "1M"),
        (3.45e14, "345T"),
        (1e15, "1e+15"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_long_numbers_are_shortened(value: float, text: str) -> None:
    assert _short_number(value) == text


def test_labels_are_drawn_or_numbered() -> None:
    values = np.eye(3)
    numbered = drawn(ConfusionMatrix(("[0]", "[1]", "[2]"), values))
    assert drawn(ConfusionMatrix(("猫", " ", ""), values)).tobytes() == numbered.tobytes()
    assert drawn(ConfusionMatrix(("Élan", "b", "c"), values)).tobytes() != numbered.tobytes()


def test_labels_that_are_too_long_are_cut_and_leave_room_for_the_cells() -> None:
    long = drawn(ConfusionMatrix(("x" * 500, "b", "c"), np.ones((3, 3))))
    blue: Any = (np.asarray(long) == (8, 48, 107)).all(axis=2)
    assert blue.any(axis=0).sum() > 200


def test_bars_are_as_high_as_their_numbers() -> None:
    edges = np.array([0.0, 1.0, 2.0, 4.0])
    image = drawn(Residuals(edges, np.array([10.0, 20.0, 40.0])))
    is_bar: Any = (np.asarray(image) == (66, 133, 244)).all(axis=2)
    places = np.flatnonzero(is_bar.any(axis=0))
    left, width = places[0], places[-1] - places[0]
    heights = [int(is_bar[:, left + int(width * part)].sum()) for part in (1 / 8, 3 / 8, 3 / 4)]
    assert image.size == (WIDTH, HEIGHT)
    assert heights[2] > 100
    assert heights[1] == pytest.approx(2 * heights[0], abs=3)
    assert heights[2] == pytest.approx(4 * heights[0], abs=5)


def test_predictions_show_their_errors() -> None:
    edges, averages, counts = np.array([0.0, 1, 2]), np.array([-1.0, 2]), np.array([3.0, 5])
    small = drawn(Predictions(edges, averages, np.array([0.1, 0.1]), counts))
    none = drawn(Predictions(edges, averages, np.array([np.nan, np.nan]), counts))
    red = [int((np.asarray(i) == (234, 67, 53)).all(axis=2).sum()) for i in (small, none)]
    assert red[0] > 20
    assert red[1] == 0
