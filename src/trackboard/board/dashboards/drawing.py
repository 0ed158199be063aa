"""Pictures of the documents that TensorBoard has no dashboard for, drawn with Pillow.

TensorBoard scales images pixel by pixel, and letters lose strokes: on the Images tab to a width of 350, in a
card of the Time Series to a height of 215, or less where the card is narrower. So a picture is as large as
both, and what has no room in it is left out; only a matrix that needs it is higher. Where a screen has two
pixels for one, letters are whole. Paper stays white in the dark, as that of all plots: an export is looked at
anywhere.
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trackboard.board.dashboards.documents import ConfusionMatrix, Numbers, Predictions, Residuals

Drawn = ConfusionMatrix | Predictions | Residuals
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_INK, _FAINT, _PAPER = (32, 33, 36), (218, 220, 224), (255, 255, 255)
_BAR, _WHISKER, _NOTHING = (66, 133, 244), (234, 67, 53), (236, 236, 236)
_DARKEST = (8, 48, 107)
_LABEL_CHARACTERS = 100  # that are looked at
_LAST_DRAWABLE = "\u017f"  # Pillow's own typeface knows Latin letters
WIDTH, HEIGHT = 350, 215  # of a picture
_TALL = 350  # the height of a matrix that needs it
_TOP, _GAP, _RIGHT = 20, 6, 8
_SIDE_TITLE = 18  # room for the title at the left
_TITLE, _LABEL, _NUMBER = 12, 12, 11  # sizes of letters
_LABEL_PIXELS = (96, 56)  # of the longest label of a row, or less
_TURNED_PIXELS = 64  # of the longest label of a column that is written upwards
_FEWEST_TURNED_PIXELS = 36  # before a picture is higher
_LINE = 13  # from one line to the next
_FEWEST_LABELS = 4  # of columns, before they are written upwards
_FEWEST_PIXELS = 2  # of a class
_FAR, _NEAR = 1e300, 1e-290  # beyond and below, sums and differences are no numbers any more


def draw(document: Drawn) -> bytes:
    """Draw a document as a PNG."""
    if isinstance(document, ConfusionMatrix):
        image = _heat_map(document)
    elif isinstance(document, Predictions):
        image = _bars(
            _Bars(
                document.edges,
                document.averages,
                document.errors,
                document.counts,
                x_name="true value (bins)",
                y_name="average prediction ± error",
            )
        )
    else:
        counts = document.counts
        image = _bars(_Bars(document.edges, counts, None, counts, "residual (bins)", "count"))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


# -- the confusion matrix -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Grid:
    """Where the cells of a matrix are, and what is written to them.

    Attributes:
        matrix: The values.
        labels: Of its rows and columns.
        texts: In the cells, by row; nothing where they have no room.
        left: Of the cells.
        cell: Width and height of one.
        every: How many columns one label is for.
        turned: Of the longest label, where labels are written upwards.
    """

    matrix: Numbers
    labels: list[str]
    texts: list[list[str]]
    left: int
    cell: tuple[int, int]
    every: int
    turned: int

    @property
    def right(self) -> int:
        return self.left + self.cell[0] * len(self.labels)

    @property
    def bottom(self) -> int:
        return _TOP + self.cell[1] * len(self.labels)


def _heat_map(document: ConfusionMatrix) -> Image.Image:
    grid = _lay_out(document)
    image = Image.new("RGB", (WIDTH, max(HEIGHT, grid.bottom + _room_below(grid))), _PAPER)
    pen = ImageDraw.Draw(image)
    image.paste(_cells(grid), (grid.left, _TOP))
    width, height = grid.cell
    dark = _shade(grid.matrix) > 0.55
    for y, row in enumerate(grid.texts):
        for x, text in enumerate(row):
            at = (grid.left + (x + 0.5) * width, _TOP + (y + 0.5) * height)
            pen.text(
                at, text, fill=_PAPER if dark[y, x] else _INK, font=_font(_NUMBER), anchor="mm"
            )
    _write_labels(image, pen, grid)
    pen.rectangle((grid.left - 1, _TOP - 1, grid.right, grid.bottom), outline=_FAINT)
    title = "predicted class" if grid.texts else "predicted class (numbers: Text tab)"
    middle = max((grid.left + grid.right) / 2, _font(_TITLE).getlength(title) / 2 + _GAP)
    pen.text((middle, _TOP / 2), title, fill=_INK, font=_font(_TITLE), anchor="mm")
    _write_upwards(image, "true class", (8, (_TOP + grid.bottom) // 2), is_centred=True)
    return image


def _lay_out(document: ConfusionMatrix) -> _Grid:
    labels = [_drawable(label, number) for number, label in enumerate(document.labels)]
    widest = _widest(labels, _font(_LABEL))
    lefts = [_SIDE_TITLE + _GAP + round(min(widest, pixels)) for pixels in _LABEL_PIXELS]
    for left in lefts:  # numbers are worth more than the ends of labels
        texts = _fit_texts(document.matrix, (WIDTH - left - _RIGHT) // len(labels))
        if texts:
            break
    else:
        left = lefts[0]
    room = WIDTH - left - _RIGHT
    matrix, step = _pool(document.matrix, room)
    labels = labels[::step]
    width = room // len(labels)
    grid = _Grid(
        matrix,
        labels,
        texts,
        left,
        (width, 1),
        *_measure_labels(labels, width, is_each=bool(texts)),
    )
    height = (HEIGHT - _TOP - _room_below(grid)) // len(labels)
    if texts:
        return replace(grid, cell=(width, max(height, _LINE)))
    if height >= _FEWEST_PIXELS:
        return replace(grid, cell=(width, height))
    side = max(1, min(width, (_TALL - _TOP - _room_below(grid)) // len(labels)))
    every, turned = _measure_labels(labels, side, is_each=False)
    return replace(grid, cell=(side, side), every=every, turned=turned)


def _pool(matrix: Numbers, room: int) -> tuple[Numbers, int]:
    """As many cells as there are pixels: of several the greatest. Also says how many became one."""
    step = math.ceil(len(matrix) / room)
    if step == 1:
        return matrix, 1
    rest = -len(matrix) % step
    padded = np.pad(np.nan_to_num(matrix, nan=-np.inf), (0, rest), constant_values=-np.inf)
    count = len(padded) // step
    pooled = padded.reshape(count, step, count, step).max(axis=(1, 3))
    return np.where(np.isneginf(pooled), np.nan, pooled), step


def _fit_texts(matrix: Numbers, room: float) -> list[list[str]]:
    """The numbers as they are or shortened; none where that is too long, too, or there are too many."""
    if len(matrix) * _LINE > _TALL - _TOP:
        return []
    for write in (_number, _short_number):
        texts = [[write(value) for value in row] for row in matrix.tolist()]
        if max(_widest(row, _font(_NUMBER)) for row in texts) <= room:
            return texts
    return []


def _measure_labels(labels: Sequence[str], width: int, *, is_each: bool) -> tuple[int, int]:
    """How many columns one label is for, and its pixels where it is written upwards."""
    widest = _widest(labels, _font(_LABEL))
    every = math.ceil((widest + _GAP) / width)
    if every == 1 or not (is_each or len(labels) < every * _FEWEST_LABELS):
        return every, 0
    spare = HEIGHT - _TOP - _LINE * len(labels) - 2 * _GAP
    pixels = spare if is_each and spare >= _FEWEST_TURNED_PIXELS else _TURNED_PIXELS
    return max(1, math.ceil(_LINE / width)), round(min(widest, pixels))


def _room_below(grid: _Grid) -> int:
    return (grid.turned or _LINE - _GAP) + 2 * _GAP


def _write_labels(image: Image.Image, pen: ImageDraw.ImageDraw, grid: _Grid) -> None:
    font = _font(_LABEL)
    width, height = grid.cell
    for number in range(0, len(grid.labels), max(1, math.ceil(_LINE / height))):
        label = _cut(grid.labels[number], font, grid.left - _GAP - _SIDE_TITLE)
        y = _TOP + (number + 0.5) * height
        pen.text((grid.left - _GAP, y), label, fill=_INK, font=font, anchor="rm")
    for number in range(0, len(grid.labels), grid.every):
        x = grid.left + (number + 0.5) * width
        if grid.turned:
            label = _cut(grid.labels[number], font, grid.turned)
            _write_upwards(image, label, (round(x), grid.bottom + _GAP))
        else:
            label = grid.labels[number]
            x = min(x, WIDTH - font.getlength(label) / 2)
            pen.text((x, grid.bottom + _GAP), label, fill=_INK, font=font, anchor="mt")


def _cells(grid: _Grid) -> Image.Image:
    share = _shade(grid.matrix)[..., None]
    colours = np.asarray(_PAPER) + share * (np.asarray(_DARKEST) - np.asarray(_PAPER))
    colours[np.isnan(grid.matrix)] = _NOTHING
    small = Image.fromarray(colours.round().astype(np.uint8), "RGB")
    size = (grid.right - grid.left, grid.bottom - _TOP)
    return small.resize(size, Image.Resampling.NEAREST)


def _shade(matrix: Numbers) -> Numbers:
    """How dark each cell is: its share of the greatest one."""
    known = np.nan_to_num(matrix, nan=0.0, posinf=0.0, neginf=0.0)
    greatest = known.max(initial=0.0)
    shade: Numbers = known.clip(min=0.0) / greatest if greatest > 0 else np.zeros_like(known)
    return shade


# -- bars ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Bars:
    edges: Numbers
    heights: Numbers
    errors: Numbers | None  # half the length of each whisker
    counts: Numbers
    x_name: str
    y_name: str


@dataclass(frozen=True)
class _Frame:
    """Where values are in the picture."""

    left: int
    top: int
    width: int
    height: int
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.x_range
        return self.left + (value - low) / (high - low) * self.width

    def y(self, value: float) -> float:
        low, high = self.y_range
        return self.top + (high - value) / (high - low) * self.height


def _bars(bars: _Bars) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    y_range = _range(_reach(bars))
    ticks = _widest(map(_number, _ticks(*y_range)), _font(_NUMBER))
    margin = _SIDE_TITLE + _GAP + round(ticks)
    frame = _Frame(margin, 8, WIDTH - margin - _RIGHT, HEIGHT - 48, _range(bars.edges), y_range)
    _draw_grid(pen, frame)
    base = frame.y(min(max(0.0, frame.y_range[0]), frame.y_range[1]))
    for number, height in enumerate(bars.heights.tolist()):
        left, right = frame.x(bars.edges[number]), frame.x(bars.edges[number + 1])
        if not abs(height) < _FAR:
            continue
        top, bottom = sorted((frame.y(height), base))
        pen.rectangle((left + 1, top, max(left + 1, right - 1), bottom), fill=_BAR)
        top -= _draw_whisker(pen, frame, bars, number, (left + right) / 2)
        text = _number(bars.counts[number])
        if _font(_NUMBER).getlength(text) < right - left:
            at = ((left + right) / 2, top - 2)
            pen.text(at, text, fill=_INK, font=_font(_NUMBER), anchor="mb")
    pen.line((frame.left, base, frame.left + frame.width, base), fill=_INK)
    middle = frame.left + frame.width / 2
    pen.text((middle, HEIGHT - 10), bars.x_name, fill=_INK, font=_font(_TITLE), anchor="mm")
    _write_upwards(image, bars.y_name, (8, frame.top + frame.height // 2), is_centred=True)
    return image


def _draw_whisker(
    pen: ImageDraw.ImageDraw, frame: _Frame, bars: _Bars, number: int, x: float
) -> float:
    """Draw the error of a bar; returns how far it rises above the bar."""
    error = math.nan if bars.errors is None else float(bars.errors[number])
    if not abs(error) < _FAR:
        return 0.0
    height = float(bars.heights[number])
    low, high = frame.y(height - abs(error)), frame.y(height + abs(error))
    pen.line((x, low, x, high), fill=_WHISKER, width=2)
    for y in (low, high):
        pen.line((x - 4, y, x + 4, y), fill=_WHISKER, width=2)
    return max(0.0, min(frame.y(height), frame.y(0.0)) - high)


def _draw_grid(pen: ImageDraw.ImageDraw, frame: _Frame) -> None:
    font = _font(_NUMBER)
    bottom = frame.top + frame.height
    for value in _ticks(*frame.y_range):
        y = frame.y(value)
        pen.line((frame.left, y, frame.left + frame.width, y), fill=_FAINT)
        pen.text((frame.left - _GAP, y), _number(value), fill=_INK, font=font, anchor="rm")
    free = 0.0  # from here on
    for value in _ticks(*frame.x_range):
        x = frame.x(value)
        half = font.getlength(_number(value)) / 2
        pen.line((x, bottom, x, bottom + 4), fill=_INK)
        if x - half >= free and x + half < WIDTH:
            pen.text((x, bottom + _GAP), _number(value), fill=_INK, font=font, anchor="mt")
            free = x + half + _GAP


def _reach(bars: _Bars) -> Numbers:
    """Everything that has to be within the picture, and a little room above."""
    heights = bars.heights[np.abs(bars.heights) < _FAR]
    ends = [heights, np.zeros(1)]
    if bars.errors is not None:
        errors = np.abs(bars.errors)
        has_error = (np.abs(bars.heights) < _FAR) & (errors < _FAR)
        ends += [bars.heights[has_error] + sign * errors[has_error] for sign in (-1, 1)]
    known = np.concatenate(ends)
    room = 0.08 * (known.max() - known.min())
    return np.array([known.min() - (room if known.min() < 0 else 0.0), known.max() + room])


def _range(values: Numbers) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high - low > _NEAR else (low, low + max(1.0, abs(low)))


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers within a range, about six."""
    rough = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * unit for unit in (1, 2, 5, 10) if power * unit >= rough * 0.999)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


# -- text ---------------------------------------------------------------------------------------------


@functools.cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _number(value: float) -> str:
    if math.isfinite(value) and value == round(value) and abs(value) < 1e7:
        return str(round(value))
    return f"{value:.3g}"


def _short_number(value: float) -> str:
    """About two digits: .13, 1.2k."""
    if not math.isfinite(value) or value == 0 or abs(value) >= 1e15:
        return _number(value)
    if abs(value) < 1:
        return f"{value:.2f}".replace("0.", ".").replace("1.00", "1")
    power = int(math.log10(abs(value) * 1.0005)) // 3
    scaled = value / 1000**power
    digits = f"{scaled:.0f}" if abs(scaled) >= 9.95 else f"{scaled:.1f}"
    return digits.removesuffix(".0") + ("", "k", "M", "G", "T")[power]


def _widest(texts: Iterable[str], font: Font) -> float:
    return max((font.getlength(text) for text in texts), default=0.0)


def _drawable(label: str, number: int) -> str:
    """The label, or the class's number where the typeface has no letters for it."""
    if not label.strip() or max(label) > _LAST_DRAWABLE or not label.isprintable():
        return f"[{number}]"
    return label[:_LABEL_CHARACTERS]


def _cut(text: str, font: Font, pixels: float) -> str:
    """As much of a text as there is room for."""
    if font.getlength(text) <= pixels:
        return text
    while text and font.getlength(f"{text}…") > pixels:
        text = text[:-1]
    return f"{text}…"


def _write_upwards(
    image: Image.Image, text: str, at: tuple[int, int], *, is_centred: bool = False
) -> None:
    """Write from bottom to top: centred on a point, or ending there."""
    font = _font(_TITLE if is_centred else _LABEL)
    size = (round(font.getlength(text)) + 4, 18)
    line = Image.new("RGB", size, _PAPER)
    ImageDraw.Draw(line).text((size[0] - 2, 9), text, fill=_INK, font=font, anchor="rm")
    turned = line.transpose(Image.Transpose.ROTATE_90)
    x, y = at[0] - 9, at[1] - (size[0] // 2 if is_centred else 0)
    image.paste(turned, (x, y))
