"""The bytes of a spool into events and columns, at array speed where the records are scalars."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from trackboard.ingest.crc import scalar_crcs
from trackboard.model import Event, FileBytes, RunId, ValueKind
from trackboard.ports import SeriesPoints
from trackboard.spool import decode_event, read_payload
from trackboard.spool.layout import (
    BYTES_HEAD,
    HAS_STEP,
    HEADER,
    KIND_BYTES,
    KIND_JSON,
    MAX_PAYLOAD_BYTES,
    SCALAR_BYTES,
    SCALAR_RECORD_BYTES,
)

_SCALAR = np.dtype(
    [
        ("length", "<u4"),
        ("crc", "<u4"),
        ("kind", "u1"),
        ("flags", "u1"),
        ("zero", "<u2"),
        ("series", "<u4"),
        ("step", "<i8"),
        ("time", "<f8"),
        ("value", "<i8"),
    ]
)
_PAIRS = np.dtype([("header", "V8"), ("body", "<u2", (SCALAR_BYTES // 2,))])
_OPAQUE = np.dtype(f"V{SCALAR_RECORD_BYTES}")
_LARGEST_SCALAR_KIND = int(ValueKind.FLOAT)
_FIRST_RUN = 32  # records looked at first; doubles while they are scalars

Scalars = npt.NDArray[Any]  # of dtype _SCALAR


@dataclass
class Definitions:
    """What a segment has called its series and files so far."""

    series: dict[int, tuple[RunId, str, str]] = field(default_factory=dict)
    files: dict[int, tuple[RunId, str]] = field(default_factory=dict)

    def runs(self) -> set[RunId]:
        """The runs that are named."""
        of_series = {run for run, _, _ in self.series.values()}
        return of_series | {run for run, _ in self.files.values()}

    def learn(self, record: dict[str, Any]) -> bool:
        """Take a definition in; whether the record was one (or the segment's own first record)."""
        kind = record.get("k")
        if kind == "series":
            self.series[record["id"]] = (
                RunId(record["run"]),
                record["name"],
                record.get("table", ""),
            )
        elif kind == "file":
            self.files[record["id"]] = (RunId(record["run"]), record["path"])
        return kind in ("series", "file", "segment")


@dataclass(frozen=True)
class Decoded:
    """What a part of a segment holds. `end` is the offset behind the last record that checked out."""

    events: tuple[Event, ...]
    points: tuple[SeriesPoints, ...]
    end: int


def decode(data: bytes, definitions: Definitions) -> Decoded:
    """Decode whole records from the start of `data` to its end or the first that does not check out.

    Args:
        data: Bytes of one segment, from a record's begin.
        definitions: Those of the segment up to here; what is met is added.
    """
    buffer = memoryview(data)
    events: list[Event] = []
    blocks: list[Scalars] = []
    offset, guess = 0, _FIRST_RUN
    while offset < len(buffer):
        block = _scalar_block(buffer, offset, guess)
        if len(block):
            blocks.append(block)
            offset += len(block) * SCALAR_RECORD_BYTES
            guess = min(guess * 2, 1 << 17) if len(block) == guess else _FIRST_RUN
            continue
        payload = read_payload(buffer, offset)
        if payload is None or not _makes_sense(payload, definitions, events):
            break
        offset += HEADER.size + len(payload)
    return Decoded(tuple(events), tuple(_by_series(blocks, definitions)), offset)


def is_unfinished(rest: bytes) -> bool:
    """Whether the last bytes of a killed writer are the begin of one record, and not damage.

    The kernel may take a part of a write when SIGKILL comes, at the border of two pages. `log` had not
    returned, so nothing is missing.
    """
    if len(rest) <= HEADER.size:
        return True
    kind = rest[HEADER.size]
    length: int = HEADER.unpack_from(rest)[0]
    if kind not in (KIND_BYTES, KIND_JSON) and length != SCALAR_BYTES:
        return False
    return len(rest) - HEADER.size < length <= MAX_PAYLOAD_BYTES


def learn_definitions(data: bytes, definitions: Definitions) -> None:
    """Read only the definitions in `data`, which was stored before and so is known to be sound."""
    buffer = memoryview(data)
    offset = 0
    while offset + HEADER.size <= len(buffer):
        rest = (len(buffer) - offset) // SCALAR_RECORD_BYTES
        lengths = np.frombuffer(buffer, _SCALAR, min(rest, 1 << 17), offset)
        is_scalar = (lengths["length"] == SCALAR_BYTES) & (lengths["kind"] <= _LARGEST_SCALAR_KIND)
        scalars = len(is_scalar) if is_scalar.all() else int(np.argmin(is_scalar))
        offset += scalars * SCALAR_RECORD_BYTES
        payload = read_payload(buffer, offset)
        if payload is None:
            return
        if payload[0] == KIND_JSON:
            definitions.learn(json.loads(bytes(payload)))
        offset += HEADER.size + len(payload)


def _scalar_block(buffer: memoryview, offset: int, most: int) -> Scalars:
    """The run of sound scalar records at `offset`, at most so many; empty when there is none."""
    count = min((len(buffer) - offset) // SCALAR_RECORD_BYTES, most)
    block = np.frombuffer(buffer, _SCALAR, count, offset)
    sound = (block["length"] == SCALAR_BYTES) & (block["kind"] - 1 < _LARGEST_SCALAR_KIND)
    if count and not sound[0]:
        return block[:0]
    bodies = np.frombuffer(buffer, _PAIRS, count, offset)["body"]
    sound &= scalar_crcs(bodies) == block["crc"]
    return block if sound.all() else block[: int(np.argmin(sound))]


def _makes_sense(payload: memoryview, definitions: Definitions, events: list[Event]) -> bool:
    """Handle one record that is not a scalar; False for one that no version of us can have written."""
    try:
        return _take(payload, definitions, events)
    except (KeyError, TypeError, ValueError, RecursionError, struct.error):
        return False


def _take(payload: memoryview, definitions: Definitions, events: list[Event]) -> bool:
    kind = payload[0]
    if kind == KIND_BYTES:
        _, _, _, number, at = BYTES_HEAD.unpack_from(payload)
        if number not in definitions.files:
            return False
        run, path = definitions.files[number]
        events.append(FileBytes(run, path, at, bytes(payload[BYTES_HEAD.size :])))
        return True
    if kind != KIND_JSON:
        return True  # of a newer version: sound, but not ours to understand
    record = json.loads(bytes(payload))
    if not definitions.learn(record):
        event = decode_event(record)
        if event is not None:
            events.append(event)
    return True


def _by_series(blocks: list[Scalars], definitions: Definitions) -> Iterable[SeriesPoints]:
    """Columns per series, in log order."""
    if not blocks:
        return
    records = np.concatenate([block.view(_OPAQUE) for block in blocks])  # moved whole, so fast
    numbers = records.view(_SCALAR)["series"]
    if numbers.max() < 1 << 16:
        numbers = numbers.astype(np.uint16)  # numpy sorts these by radix
    order = np.argsort(numbers, kind="stable")
    scalars, numbers = records.take(order).view(_SCALAR), numbers[order]
    begins = np.flatnonzero(np.r_[True, numbers[1:] != numbers[:-1]])
    for begin, end in zip(begins, [*begins[1:], len(order)], strict=True):
        named = definitions.series.get(int(numbers[begin]))
        if named is not None:
            yield _columns(*named, scalars[begin:end])


def _columns(run: RunId, name: str, table: str, scalars: Scalars) -> SeriesPoints:
    kind = ValueKind(int(scalars["kind"].max()))
    values: npt.NDArray[Any] = np.ascontiguousarray(scalars["value"])
    if kind is ValueKind.FLOAT:
        is_float = scalars["kind"] == int(ValueKind.FLOAT)
        floats = values.view(np.float64)
        values = floats if is_float.all() else np.where(is_float, floats, values.astype(np.float64))
    elif kind is ValueKind.BOOL:
        values = values.astype(np.bool_)
    return SeriesPoints(
        run=run,
        name=name,
        kind=kind,
        steps=np.ascontiguousarray(scalars["step"]),
        has_step=(scalars["flags"] & HAS_STEP).astype(np.bool_),
        times_s=np.ascontiguousarray(scalars["time"]),
        values=values,
        table=table,
    )
