"""Pictures of the documents that TensorBoard has no dashboard for, drawn with Pillow."""

from __future__ import annotations

import functools
import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trackboard.board.documents import ConfusionMatrix, Numbers, Predictions, Residuals

Drawn = ConfusionMatrix | Predictions | Residuals

_INK, _FAINT, _PAPER = (32, 33, 36), (218, 220, 224), (255, 255, 255)
_BAR, _WHISKER, _NOTHING = (66, 133, 244), (234, 67, 53), (236, 236, 236)
_DARKEST = (8, 48, 107)
_LABEL_CHARACTERS = 20
_LAST_DRAWABLE = "\u017f"  # Pillow's own typeface knows Latin letters
_NUMBERED_CLASSES = 30  # with more, cells have no room for numbers
_SIDE = 1200  # pixels of the largest heat map
_SMALLEST = 200  # and of the smallest
_GAP = 8
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
                y_name="average prediction, with its error",
            )
        )
    else:
        counts = document.counts
        image = _bars(_Bars(document.edges, counts, None, counts, "residual (bins)", "count"))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


# -- the confusion matrix -----------------------------------------------------------------------------


def _heat_map(document: ConfusionMatrix) -> Image.Image:
    classes = len(document.labels)
    font = _font(13)
    texts = _texts(document.matrix) if classes <= _NUMBERED_CLASSES else []
    labels = [_drawable(label, number) for number, label in enumerate(document.labels)]
    widest = max((font.getlength(text) for row in texts for text in row), default=0)
    roomy = max(_SMALLEST // classes, 32, round(widest) + 10)
    side = min(roomy, 240) if texts else max(1, _SIDE // classes)
    margin = round(max(font.getlength(label) for label in labels)) + 2 * _GAP + 20
    size = side * classes
    image = Image.new("RGB", (margin + size + 24, 32 + size + margin), _PAPER)
    pen = ImageDraw.Draw(image)
    image.paste(_cells(document.matrix, side), (margin, 32))
    for y, row in enumerate(texts):
        for x, text in enumerate(row):
            at = (margin + (x + 0.5) * side, 32 + (y + 0.5) * side)
            is_dark = _shade(document.matrix)[y, x] > 0.55
            pen.text(at, text, fill=_PAPER if is_dark else _INK, font=font, anchor="mm")
    every = max(1, math.ceil(16 / side))
    for number in range(0, classes, every):
        middle = round((number + 0.5) * side)
        pen.text((margin - _GAP, 32 + middle), labels[number], fill=_INK, font=font, anchor="rm")
        _write_upwards(image, labels[number], (margin + middle, 32 + size + _GAP))
    pen.rectangle((margin - 1, 31, margin + size, 32 + size), outline=_FAINT)
    pen.text((margin + size / 2, 16), "predicted class", fill=_INK, font=_font(14), anchor="mm")
    _write_upwards(image, "true class", (12, 32 + size // 2), is_centred=True)
    return image


def _cells(matrix: Numbers, side: int) -> Image.Image:
    share = _shade(matrix)[..., None]
    colours = np.asarray(_PAPER) + share * (np.asarray(_DARKEST) - np.asarray(_PAPER))
    colours[np.isnan(matrix)] = _NOTHING
    small = Image.fromarray(colours.round().astype(np.uint8), "RGB")
    return small.resize((side * len(matrix),) * 2, Image.Resampling.NEAREST)


def _shade(matrix: Numbers) -> Numbers:
    """How dark each cell is: its share of the greatest one."""
    known = np.nan_to_num(matrix, nan=0.0, posinf=0.0, neginf=0.0)
    greatest = known.max(initial=0.0)
    shade: Numbers = known.clip(min=0.0) / greatest if greatest > 0 else np.zeros_like(known)
    return shade


def _texts(matrix: Numbers) -> list[list[str]]:
    return [[_number(value) for value in row] for row in matrix.tolist()]


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
    image = Image.new("RGB", (540, 340), _PAPER)
    pen = ImageDraw.Draw(image)
    frame = _Frame(74, 20, 450, 260, _range(bars.edges), _range(_reach(bars)))
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
        if _font(12).getlength(text) < right - left:
            pen.text(((left + right) / 2, top - 2), text, fill=_INK, font=_font(12), anchor="mb")
    pen.line((frame.left, base, frame.left + frame.width, base), fill=_INK)
    middle = frame.left + frame.width / 2
    pen.text((middle, 322), bars.x_name, fill=_INK, font=_font(14), anchor="mm")
    _write_upwards(image, bars.y_name, (14, frame.top + frame.height // 2), is_centred=True)
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
    font = _font(12)
    bottom = frame.top + frame.height
    for value in _ticks(*frame.y_range):
        y = frame.y(value)
        pen.line((frame.left, y, frame.left + frame.width, y), fill=_FAINT)
        pen.text((frame.left - _GAP, y), _number(value), fill=_INK, font=font, anchor="rm")
    for value in _ticks(*frame.x_range):
        x = frame.x(value)
        pen.line((x, bottom, x, bottom + 4), fill=_INK)
        pen.text((x, bottom + _GAP), _number(value), fill=_INK, font=font, anchor="mt")


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
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _number(value: float) -> str:
    if math.isfinite(value) and value == round(value) and abs(value) < 1e7:
        return str(round(value))
    return f"{value:.3g}"


def _drawable(label: str, number: int) -> str:
    """The label, or the class's number where the typeface has no letters for it."""
    if not label.strip() or max(label) > _LAST_DRAWABLE or not label.isprintable():
        return f"[{number}]"
    return label if len(label) <= _LABEL_CHARACTERS else f"{label[: _LABEL_CHARACTERS - 1]}…"


def _write_upwards(
    image: Image.Image, text: str, at: tuple[int, int], *, is_centred: bool = False
) -> None:
    """Write from bottom to top: centred on a point, or ending there."""
    font = _font(14 if is_centred else 13)
    size = (round(font.getlength(text)) + 4, 18)
    line = Image.new("RGB", size, _PAPER)
    ImageDraw.Draw(line).text((size[0] - 2, 9), text, fill=_INK, font=font, anchor="rm")
    turned = line.transpose(Image.Transpose.ROTATE_90)
    x, y = at[0] - 9, at[1] - (size[0] // 2 if is_centred else 0)
    image.paste(turned, (x, y))
