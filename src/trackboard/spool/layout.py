"""The bytes of a spool, field by field.

    spool/<writer>/              one folder per process and workspace; writer = 32 hex digits
        alive                    who writes: JSON; an flock is held on it for the life of the process
        <n>.seg                  segments n = 0, 1, 2, ...: records, nothing else
        outbox/<64 hex digits>   complete files that records name, under their SHA-256 (see `outbox`)

    record   := length u32 | crc u32 | payload           length = bytes of payload, crc = zlib.crc32 of it
    payload  := scalar | bytes | json                     told apart by the first byte
    scalar   := kind u8 | flags u8 | 0 u16 | series u32 | step i64 | time f64 | value 8 bytes
    bytes    := 4 u8    | 0 u8     | 0 u16 | file u32   | offset i64 | data
    json     := '{' ... '}'                               UTF-8; the key "k" says what it is

All numbers are little-endian. `kind` is a ValueKind: 1 bool and 2 int (value: i64), 3 float (value: f64);
flag 1 says that a step was given. `time` is seconds since the Unix epoch. A scalar is always 40 bytes
with its header, so that a reader decodes a run of them as one array.

JSON records are the events of `trackboard.model` (see `events`), and three of the format's own:

    {"k": "segment", "format": 1, "writer": ..., "number": n     the first record of every segment
                    , "before": {"number": m, "bytes": N}        where the one before it ends
                    , "continues": ...}                          the writer that this one goes on for
    {"k": "series", "id": 7, "run": ..., "name": ...}            names what scalars call series 7
                    , "table": ...                               and the table that it is a column of
    {"k": "file", "id": 3, "run": ..., "path": ...}              names what bytes call file 3

A segment repeats the definitions that it uses, so it can be read alone.

Numbers only grow and may have gaps. `before` names the last segment that holds records, and its length up
to the end of its last whole record: what lies behind that (a torn write that could not be taken back), and
segments between m and n, hold nothing. The first segment of a spool says {"number": -1, "bytes": 0}. A
header without `before` is of an earlier version, of which a segment is whole once it has a successor.

`continues` stands in the first segment of a spool that was begun because the former one of the same process
was closed or went away (deleted, moved, its descriptors closed): the id of that former writer, whose spool
is read first where it is still there. The first records of such a spool say again what describes the runs
of this process that go on.

A record that does not check out means "not yet" at the end of the newest segment of a living writer and
the end of the segment everywhere else. A zero-filled tail (after a crash of the machine) never checks
out: no length is 0.
"""

from __future__ import annotations

import struct
from zlib import crc32

FORMAT = 1

HEADER = struct.Struct("<II")  # length, crc
FLOAT_SCALAR = struct.Struct("<BBHIqdd")  # kind, flags, 0, series, step, time, value
INT_SCALAR = struct.Struct("<BBHIqdq")
BYTES_HEAD = struct.Struct("<BBHIq")  # kind, 0, 0, file, offset

SCALAR_BYTES = FLOAT_SCALAR.size
SCALAR_RECORD = struct.Struct(f"<II{SCALAR_BYTES}s")  # length, crc, payload
SCALAR_RECORD_BYTES = SCALAR_RECORD.size

KIND_BYTES = 4
KIND_JSON = ord("{")
HAS_STEP = 1

MAX_PAYLOAD_BYTES = 16 << 20
SEGMENT_BYTES = 16 << 20

ALIVE = "alive"
SEGMENT_SUFFIX = ".seg"


def segment_name(number: int) -> str:
    """File name of a segment."""
    return f"{number}{SEGMENT_SUFFIX}"


def pack_record(payload: bytes) -> bytes:
    """A payload with its header."""
    return HEADER.pack(len(payload), crc32(payload)) + payload
