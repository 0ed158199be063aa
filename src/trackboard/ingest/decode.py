"""The bytes of a spool into events and columns, at array speed where the records are scalars.

A record that is whole (its checksum is right) never ends a segment, whatever it says: one that makes no
sense is refused and the next one is read.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from trackboard.ingest.crc import scalar_crcs
from trackboard.ingest.definitions import DEFINING_KINDS, Definitions, run_said_by, said_by
from trackboard.model import Event, FileBytes, RecordsDropped, RunId, ValueKind, WriterId
from trackboard.ports import SeriesPoints
from trackboard.spool import (
    FileDefinition,
    Malformed,
    SegmentHeader,
    SeriesDefinition,
    decode_record,
    parse_json,
    read_payload,
)
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
_MOST_RUN = 1 << 17
_DEFINING_WORDS = (b'"series"', b'"file"')  # one of them is in the JSON of every definition
_NAMELESS = "the record that names a metric or a file could not be understood"

Scalars = npt.NDArray[Any]  # of dtype _SCALAR


@dataclass(frozen=True)
class Malformation:
    """A record that was refused: where it begins, its payload, why, and the run that it names."""

    offset: int
    payload: bytes
    error: str
    run: RunId | None


@dataclass
class Decoded:
    """What a part of a segment holds.

    `end` is the offset behind the last record that checked out. `skipped_bytes` are those of points and
    bytes that nothing has named. `definitions` are the records that define.
    """

    events: list[Event] = field(default_factory=list)
    points: list[SeriesPoints] = field(default_factory=list)
    refused: list[Malformation] = field(default_factory=list)
    definitions: list[bytes] = field(default_factory=list)
    continues: WriterId | None = None
    skipped_bytes: int = 0
    end: int = 0


def decode(data: bytes, definitions: Definitions) -> Decoded:
    """Decode whole records from the start of `data` to its end or the first that does not check out.

    Args:
        data: Bytes of one segment, from a record's begin.
        definitions: Those of the segment up to here; what is met is added.
    """
    decoded = Decoded()
    blocks: list[Scalars] = []
    for offset, item in _walk(memoryview(data)):
        if isinstance(item, np.ndarray):
            blocks.append(item)
            decoded.end = offset + item.nbytes
        else:
            _take(offset, item, definitions, decoded)
            decoded.end = offset + HEADER.size + len(item)
    _add_points(blocks, definitions, decoded)
    return decoded


def learn_definitions(data: bytes, definitions: Definitions) -> list[bytes]:
    """Read only the definitions in `data`, which was stored before; damage ends it as it ended `decode`.

    Returns:
        The records that define.
    """
    found = []
    for _, item in _walk(memoryview(data)):
        if isinstance(item, np.ndarray) or item[0] != KIND_JSON:
            continue
        payload = bytes(item)
        if any(word in payload for word in _DEFINING_WORDS) and definitions.take(payload):
            found.append(payload)
    return found


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


def _walk(buffer: memoryview) -> Iterator[tuple[int, Scalars | memoryview]]:
    """Runs of scalars, and payloads of all other records, each with its offset; ends at what is unsound."""
    offset, guess = 0, _FIRST_RUN
    while offset < len(buffer):
        block = _scalar_block(buffer, offset, guess)
        if len(block):
            yield offset, block
            offset += block.nbytes
            guess = min(guess * 2, _MOST_RUN) if len(block) == guess else _FIRST_RUN
            continue
        payload = read_payload(buffer, offset)
        if payload is None:
            return
        yield offset, payload
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


def _take(offset: int, payload: memoryview, definitions: Definitions, decoded: Decoded) -> None:
    """Handle one record that is not a scalar."""
    kind = payload[0]
    if kind not in (KIND_BYTES, KIND_JSON):
        return  # of a newer version: sound, but not ours to understand
    whole = bytes(payload)
    try:
        if kind == KIND_BYTES:
            _take_bytes(whole, definitions, decoded)
        else:
            _take_json(whole, definitions, decoded)
    except Malformed as error:
        said = said_by(whole)
        if said.get("k") in DEFINING_KINDS:
            definitions.add_nameless(said)
            decoded.definitions.append(whole)
        decoded.refused.append(Malformation(offset, whole, str(error), run_said_by(said)))


def _take_bytes(payload: bytes, definitions: Definitions, decoded: Decoded) -> None:
    try:
        _, _, _, number, at = BYTES_HEAD.unpack_from(payload)
    except struct.error as error:
        raise Malformed(f"bytes of a file: {error}") from None
    named = definitions.files.get(number)
    if named is not None:
        decoded.events.append(FileBytes(named.run, named.path, at, payload[BYTES_HEAD.size :]))
    elif number in definitions.nameless:
        decoded.events.append(RecordsDropped(definitions.nameless[number], 1, _NAMELESS))
    else:
        decoded.skipped_bytes += HEADER.size + len(payload)


def _take_json(payload: bytes, definitions: Definitions, decoded: Decoded) -> None:
    record = decode_record(parse_json(payload))
    if isinstance(record, SegmentHeader):
        decoded.continues = WriterId(record.continues) if record.continues else None
    elif isinstance(record, SeriesDefinition | FileDefinition):
        definitions.add(record)
        decoded.definitions.append(payload)
    elif record is not None:
        decoded.events.append(record)


def _add_points(blocks: list[Scalars], definitions: Definitions, decoded: Decoded) -> None:
    """Columns per series, in log order; those of series without a name are counted."""
    if not blocks:
        return
    records = np.concatenate([block.view(_OPAQUE) for block in blocks])  # moved whole, so fast
    numbers = records.view(_SCALAR)["series"]
    if numbers.max() < 1 << 16:
        numbers = numbers.astype(np.uint16)  # numpy sorts these by radix
    order = np.argsort(numbers, kind="stable")
    scalars, numbers = records.take(order).view(_SCALAR), numbers[order]
    begins = np.flatnonzero(np.r_[True, numbers[1:] != numbers[:-1]])
    nameless: Counter[RunId] = Counter()
    for begin, end in zip(begins, [*begins[1:], len(order)], strict=True):
        number = int(numbers[begin])
        named = definitions.series.get(number)
        if named is not None:
            decoded.points.append(_columns(named, scalars[begin:end]))
        elif number in definitions.nameless:
            nameless[definitions.nameless[number]] += int(end - begin)
        else:
            decoded.skipped_bytes += int(end - begin) * SCALAR_RECORD_BYTES
    decoded.events += [RecordsDropped(run, count, _NAMELESS) for run, count in nameless.items()]


def _columns(series: SeriesDefinition, scalars: Scalars) -> SeriesPoints:
    kind = ValueKind(int(scalars["kind"].max()))
    values: npt.NDArray[Any] = np.ascontiguousarray(scalars["value"])
    if kind is ValueKind.FLOAT:
        is_float = scalars["kind"] == int(ValueKind.FLOAT)
        floats = values.view(np.float64)
        values = floats if is_float.all() else np.where(is_float, floats, values.astype(np.float64))
    elif kind is ValueKind.BOOL:
        values = values.astype(np.bool_)
    return SeriesPoints(
        run=series.run,
        name=series.name,
        kind=kind,
        steps=np.ascontiguousarray(scalars["step"]),
        has_step=(scalars["flags"] & HAS_STEP).astype(np.bool_),
        times_s=np.ascontiguousarray(scalars["time"]),
        values=values,
        table=series.table,
    )
