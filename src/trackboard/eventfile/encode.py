"""Columns to the bytes of event files. The format is drawn in the package's docstring."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from trackboard.eventfile import crc32c

_WRITER = b"trackboard"
_WALL_TIME, _STEP, _FILE_VERSION, _SUMMARY, _SOURCE = 0x09, 0x10, 0x1A, 0x2A, 0x52
_VALUE, _TAG, _SIMPLE_VALUE, _TENSOR, _METADATA = 0x0A, 0x0A, 0x15, 0x42, 0x4A
_STRING_TENSOR = b"\x08\x07\x12\x00"  # dtype DT_STRING, shape []: one text
_STRING_VALUE = 0x42
_TEXT_PLUGIN = b"\x0a\x06\x0a\x04text"
_NO_TENSOR = b"\x08\x01\x12\x04\x12\x02\x08\x00"  # dtype DT_FLOAT, shape [0]
_STRINGS, _DOUBLE, _SHAPE, _DIMENSION, _SIZE, _CONTENT = (
    b"\x08\x07",
    b"\x08\x02",
    0x12,
    0x12,
    0x08,
    0x22,
)
_PLUGIN_DATA, _PLUGIN_NAME, _PLUGIN_CONTENT, _DESCRIPTION = 0x0A, 0x0A, 0x12, 0x1A
_WIDER_FROM = 1 << (7 * np.arange(1, 9, dtype=np.int64))  # steps at which a varint grows by a byte
_NEGATIVE_WIDTH = 10


def header(time_s: float) -> bytes:
    """The first record of a file: the format's version, and that trackboard wrote it.

    Args:
        time_s: When the run began; TensorBoard sorts runs by it.
    """
    version = _field(_FILE_VERSION, b"brain.Event:2")
    return _framed(_time(time_s) + version + _field(_SOURCE, _field(0x0A, _WRITER)))


def is_header(record: bytes) -> bool:
    """Whether the data of a file's first record is one that `header` made."""
    return record[9:] == header(0.0)[12 + 9 : -4]


def tag_field(tag: str) -> bytes:
    """The bytes that every value of a tag holds."""
    return _field(_TAG, tag.encode("utf-8", "replace"))


def scalars(
    tag: str,
    steps: npt.NDArray[np.int64],
    times_s: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
) -> list[memoryview]:
    """Encode the numbers of one tag, in the order given; the pieces are to be written one after another.

    Records of one length are encoded together, so a run of steps of one magnitude makes one piece:
    quick when steps grow, correct always.
    """
    widths = np.searchsorted(_WIDER_FROM, steps, side="right") + 1
    widths[steps < 0] = _NEGATIVE_WIDTH
    bounds = [0, *(np.flatnonzero(np.diff(widths)) + 1).tolist(), len(steps)]
    return [
        _equal_records(tag, int(widths[a]), steps[a:b], times_s[a:b], values[a:b])
        for a, b in itertools.pairwise(bounds)
        if a < b
    ]


def frame(data: bytes) -> bytes:
    """A record of an event that is encoded already."""
    return _framed(data)


def texts(
    tag: str, steps: Iterable[int], times_s: Iterable[float], values: Iterable[str]
) -> list[bytes]:
    """Encode texts of one tag, a record each; TensorBoard shows them as Markdown."""
    records = []
    for step, time_s, text in zip(steps, times_s, values, strict=True):
        tensor = _STRING_TENSOR + _field(_STRING_VALUE, text.encode("utf-8", "replace"))
        records.append(_tensor_record(tag, step, time_s, tensor, _TEXT_PLUGIN))
    return records


def blobs(
    tag: str,
    step: int,
    time_s: float,
    parts: Sequence[bytes],
    plugin: str,
    content: bytes = b"",
    *,
    shape: Sequence[int] = (),
) -> bytes:
    """Encode what a dashboard passes on as it is: files, and what it wants to know of each.

    Args:
        tag: Its name.
        step: Its step.
        time_s: When it was logged.
        parts: The strings of the tensor.
        plugin: The dashboard.
        content: What the dashboard wants to know of the tag.
        shape: The tensor's; a row of the parts, unless given.
    """
    tensor = _STRINGS + _shape(shape or (len(parts),))
    tensor += b"".join(_field(_STRING_VALUE, part) for part in parts)
    return _tensor_record(tag, step, time_s, tensor, _metadata(plugin, content, ""))


def tensor(
    tag: str,
    step: int,
    time_s: float,
    values: npt.NDArray[np.float64],
    plugin: str,
    content: bytes,
    description: str = "",
) -> bytes:
    """Encode an array of a tag, for a dashboard and with what that wants to know of it."""
    data = np.ascontiguousarray(values, dtype="<f8").tobytes()
    tensor = _DOUBLE + _shape(values.shape) + _field(_CONTENT, data)
    return _tensor_record(tag, step, time_s, tensor, _metadata(plugin, content, description))


def mark(tag: str, time_s: float, plugin: str, content: bytes) -> bytes:
    """Encode what a dashboard wants to know where there are no values: parameters, for one."""
    return _tensor_record(tag, 0, time_s, _NO_TENSOR, _metadata(plugin, content, ""))


def _tensor_record(tag: str, step: int, time_s: float, tensor: bytes, metadata: bytes) -> bytes:
    name = tag_field(tag)
    value = name + _field(_TENSOR, tensor) + _field(_METADATA, metadata)
    return _framed(_time(time_s) + _step(step) + _field(_SUMMARY, _field(_VALUE, value)))


def _metadata(plugin: str, content: bytes, description: str) -> bytes:
    data = _field(_PLUGIN_NAME, plugin.encode())
    if content:
        data += _field(_PLUGIN_CONTENT, content)
    metadata = _field(_PLUGIN_DATA, data)
    if description:
        metadata += _field(_DESCRIPTION, description.encode("utf-8", "replace"))
    return metadata


def _shape(sizes: Sequence[int]) -> bytes:
    return _field(_SHAPE, b"".join(_field(_DIMENSION, bytes((_SIZE,)) + _varint(n)) for n in sizes))


def _equal_records(
    tag: str,
    width: int,
    steps: npt.NDArray[np.int64],
    times_s: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
) -> memoryview:
    """Records whose steps take `width` bytes each: a template, its varying columns and checksums."""
    name = tag_field(tag)
    summary = _field(_SUMMARY, _field(_VALUE, name + bytes((_SIMPLE_VALUE, 0, 0, 0, 0))))
    template = _time(0.0) + bytes((_STEP, *bytes(width))) + summary
    frame = _framed(template)
    layout = np.dtype(
        {
            "names": ["time", "step", "value", "crc"],
            "formats": ["<f8", ("u1", (width,)), "<f4", "<u4"],
            "offsets": [13, 22, len(frame) - 8, len(frame) - 4],
            "itemsize": len(frame),
        }
    )
    records = np.empty(len(steps), dtype=layout)
    records.view(np.uint8).reshape(-1, len(frame))[:] = np.frombuffer(frame, dtype=np.uint8)
    times = np.ascontiguousarray(times_s, dtype="<f8")
    numbers = np.ascontiguousarray(values, dtype="<f4")
    digits = _varints(steps, width)
    records["time"], records["step"], records["value"] = times, digits, numbers
    crcs = np.full(len(steps), crc32c.crc32c(template), dtype=np.uint32)
    for offset, column in ((1, times), (10, digits), (len(template) - 4, numbers)):
        _mix(crcs, column.view(np.uint8).reshape(len(steps), -1), len(template) - offset)
    records["crc"] = crc32c.masked_columns(crcs)
    return records.data.cast("B")


def _mix(crcs: crc32c.Checksums, columns: npt.NDArray[np.uint8], from_end: int) -> None:
    """Add bytes of each record, the first of them `from_end` before its end, to the checksums."""
    for i in range(columns.shape[1]):
        crcs ^= crc32c.table(from_end - 1 - i)[columns[:, i]]


def _varints(steps: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.uint8]:
    numbers = steps.view(np.uint64)
    digits = np.empty((len(steps), width), dtype=np.uint8)
    for i in range(width):
        more = 128 if i < width - 1 else 0
        digits[:, i] = ((numbers >> np.uint64(7 * i)) & np.uint64(127)) | np.uint64(more)
    return digits


def _framed(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    check = struct.pack("<I", crc32c.masked(crc32c.crc32c(length)))
    return length + check + data + struct.pack("<I", crc32c.masked(crc32c.crc32c(data)))


def _time(time_s: float) -> bytes:
    return struct.pack("<Bd", _WALL_TIME, time_s)


def _step(step: int) -> bytes:
    return bytes((_STEP,)) + _varint(step & 0xFFFFFFFFFFFFFFFF)


def _field(key: int, content: bytes) -> bytes:
    """A field of known length: its tag byte, the length, what is in it."""
    return bytes((key,)) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    digits.append(number)
    return bytes(digits)
