"""Images of any library as files: what begins like one, figures as they draw themselves, arrays as PNG."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any, Optional, Tuple

from trackboard.record.conversion.interruption import pass_on_interruption

HEAD_BYTES = 512  # enough for `image_suffix`

# How files of each kind begin; RIFF is looked at again, as sounds begin so too.
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"BM", ".bmp"),
    (b"RIFF", ".webp"),
    (b"II*\x00", ".tiff"),
    (b"MM\x00*", ".tiff"),
    (b"P4", ".pbm"),
    (b"P5", ".pgm"),
    (b"P6", ".ppm"),
)
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # of PNG, by channels: gray, RGB, RGBA
_PNG_MODES = ("1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA")  # of Pillow
_COMPRESSION = 6

Encoded = Tuple[Optional[bytes], str]  # a file, or None; and what to tell about it


def image_suffix(head: bytes) -> str:
    """Return the suffix of an image file that begins so; "" for what is none."""
    for start, suffix in _STARTS:
        if head.startswith(start) and (suffix != ".webp" or head[8:12] == b"WEBP"):
            return suffix
    return ".svg" if b"<svg" in head else ""


def encode_image(value: object) -> Encoded:
    """Turn an image in memory into a file.

    Args:
        value: The bytes of an image file, a figure, a Pillow image, or an array (a tensor) of pixels.

    Returns:
        The file and what to tell about it; or None, and why.
    """
    try:
        if isinstance(value, (bytes, bytearray, memoryview)):
            data = bytes(value)
            is_image = image_suffix(data[:HEAD_BYTES])
            return (data, "") if is_image else (None, "these bytes are no image file")
        if _figure_of(value) is not None:
            return draw_figure(value)
        if hasattr(value, "shape"):
            return _encode_pixels(value)
        if hasattr(value, "mode") and callable(getattr(value, "save", None)):
            return _save_picture(value), ""
    except Exception as error:  # noqa: BLE001  # whatever the value's own library raises
        pass_on_interruption(error)
        return None, f"the image cannot be encoded: {type(error).__name__}: {error}"
    return None, f"a value of type {type(value).__name__} is no image"


def draw_figure(plot: Any) -> Encoded:
    """Draw a figure as PNG.

    Args:
        plot: Anything that has `savefig`, or whose `figure` has: a figure, axes, `matplotlib.pyplot`.

    Returns:
        The file, or None, and why.
    """
    picture = io.BytesIO()
    try:
        figure = _figure_of(plot)
        if figure is None:
            return None, f"a value of type {type(plot).__name__} cannot be drawn"
        figure.savefig(picture, format="png")
    except Exception as error:  # noqa: BLE001  # a backend's, a renderer's, a font's
        pass_on_interruption(error)
        return None, f"the plot could not be drawn: {type(error).__name__}: {error}"
    return (picture.getvalue(), "") if picture.tell() else (None, "the plot is empty")


def _figure_of(plot: Any) -> Any:
    figure = plot if hasattr(plot, "savefig") else getattr(plot, "figure", None)  # of axes
    return figure if hasattr(figure, "savefig") else None


def _save_picture(picture: Any) -> bytes:
    if picture.mode not in _PNG_MODES:
        picture = picture.convert("RGB")
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()


def _encode_pixels(value: Any) -> Encoded:
    """Pixels as PNG: height by width, or by 1, 3 or 4 channels as well, which are last or first."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    pixels = value if hasattr(value, "astype") else value.numpy()
    shape = tuple(pixels.shape)
    if len(shape) == 3 and shape[2] not in _COLOUR_TYPES and shape[0] in _COLOUR_TYPES:
        pixels = pixels.transpose(1, 2, 0)  # as torch has them
    elif len(shape) == 2:
        pixels = pixels.reshape((*shape, 1))
    elif len(shape) != 3 or shape[2] not in _COLOUR_TYPES:
        return None, f"an array of shape {shape} is no image: pass height x width, or x 1, 3 or 4"
    if 0 in shape:
        return None, f"an array of shape {shape} is no image: it holds no pixel"
    pixels, remark = _as_bytes(pixels)
    height, width, channels = pixels.shape
    return _png(width, height, channels, pixels.tobytes()), remark


def _as_bytes(pixels: Any) -> Tuple[Any, str]:
    """Pixels as unsigned bytes: floats are from 0 to 1, integers from 0 to 255."""
    kind = pixels.dtype.kind
    if kind == "b":
        return pixels.astype("uint8") * 255, ""
    if kind not in "iuf":
        raise TypeError(f"pixels of type {pixels.dtype}")
    most = 1 if kind == "f" else 255
    if kind == "f":
        pixels = pixels.astype("float64")
        pixels[pixels != pixels] = 0  # NaN
    is_clipped = bool(pixels.min() < 0 or pixels.max() > most)
    pixels = pixels.clip(0, most)
    if kind == "f":
        pixels = (pixels * 255).round()
    remark = f"pixels beyond 0 to {most} are clipped" if is_clipped else ""
    return pixels.astype("uint8"), remark


def _png(width: int, height: int, channels: int, pixels: bytes) -> bytes:
    """A PNG file; written here, as where a job records there need be no library of images."""
    row_bytes = width * channels
    rows = (pixels[start : start + row_bytes] for start in range(0, len(pixels), row_bytes))
    data = zlib.compress(b"".join(b"\0" + row for row in rows), _COMPRESSION)  # 0: unfiltered
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
