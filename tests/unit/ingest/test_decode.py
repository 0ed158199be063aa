import struct
from zlib import crc32

import numpy as np
import pytest

from trackboard.ingest.decode import Definitions, decode, is_unfinished, learn_definitions
from trackboard.model import FileBytes, Heartbeat, RunId, Tagged, ValueKind
from trackboard.spool.events import encode_event, encode_json
from trackboard.spool.layout import BYTES_HEAD, FLOAT_SCALAR, INT_SCALAR

RUN = RunId("r")


def record(payload: bytes) -> bytes:
    return struct.pack("<II", len(payload), crc32(payload)) + payload


def series(number: int, name: str) -> bytes:
    return record(encode_json({"k": "series", "id": number, "run": RUN, "name": name}))


def real(number: int, value: float, step: int | None = None) -> bytes:
    flags = 0 if step is None else 1
    return record(FLOAT_SCALAR.pack(3, flags, 0, number, step or 0, 1.5, value))


def whole(number: int, value: int, kind: int = 2) -> bytes:
    return record(INT_SCALAR.pack(kind, 0, 0, number, 0, 1.5, value))


def test_points_of_several_series_come_apart_in_order() -> None:
    data = series(1, "a") + series(70_000, "b")
    data += b"".join(real(1, i, step=i * 2) + whole(70_000, -i) for i in range(100))
    decoded = decode(data, Definitions())
    assert decoded.end == len(data)
    first, second = decoded.points
    assert (first.run, first.name, first.kind) == (RUN, "a", ValueKind.FLOAT)
    assert first.values.tolist() == list(range(100))
    assert first.steps.tolist() == list(range(0, 200, 2))
    assert first.has_step.all()
    assert (second.name, second.kind) == ("b", ValueKind.INT)
    assert second.values.tolist() == [-i for i in range(100)]
    assert not second.has_step.any()


@pytest.mark.parametrize(
    ("records", "kind", "values"),
    [
        ([whole(1, 1, kind=1), whole(1, 0, kind=1)], ValueKind.BOOL, [True, False]),
        ([whole(1, 1, kind=1), whole(1, 2**62)], ValueKind.INT, [1, 2**62]),
        ([whole(1, 7), real(1, 0.5)], ValueKind.FLOAT, [7.0, 0.5]),
        ([whole(1, 1, kind=1), real(1, -0.0)], ValueKind.FLOAT, [1.0, -0.0]),
    ],
)
def test_kinds_widen(records: list[bytes], kind: ValueKind, values: list[float]) -> None:
    (points,) = decode(series(1, "a") + b"".join(records), Definitions()).points
    assert points.kind is kind
    assert points.values.tolist() == values


def test_nan_and_infinities_survive_bit_for_bit() -> None:
    odd = struct.unpack("<d", bytes.fromhex("0100000000000ff8"[::1]))[0]
    values = [float("nan"), float("inf"), -float("inf"), odd, 5e-324]
    data = series(1, "a") + b"".join(real(1, value) for value in values)
    (points,) = decode(data, Definitions()).points
    assert points.values.tobytes() == np.array(values).tobytes()


def test_events_and_bytes_between_points() -> None:
    file = record(encode_json({"k": "file", "id": 2, "run": RUN, "path": "logs/a"}))
    piece = record(BYTES_HEAD.pack(4, 0, 0, 2, 10) + b"data")
    tag = record(encode_event(Tagged(RUN, "k", "v")))
    data = series(1, "a") + real(1, 1) + file + real(1, 2) + piece + real(1, 3) + tag
    decoded = decode(data, Definitions())
    assert decoded.events == (FileBytes(RUN, "logs/a", 10, b"data"), Tagged(RUN, "k", "v"))
    assert decoded.points[0].values.tolist() == [1, 2, 3]


def test_what_a_newer_version_says_is_passed_over() -> None:
    future = record(b"\x63whatever") + record(encode_json({"k": "hologram", "run": RUN}))
    future += record(encode_json({"k": "heartbeat", "time_s": 1.0, "mood": "fine"}))
    decoded = decode(future + series(1, "a") + real(1, 1), Definitions())
    assert decoded.events == (Heartbeat(1.0),)
    assert len(decoded.points) == 1


@pytest.mark.parametrize(
    "payload",
    [
        *(b"{", b"{}}", b'{"k":"series"}', b'{"k":"series","id":[],"run":"r","name":"n"}'),
        *(b"\x04", BYTES_HEAD.pack(4, 0, 0, 99, 0), b"{" + b'"a":{' * 100_000),
    ],
)
def test_a_sound_record_without_sense_ends_the_segment(payload: bytes) -> None:
    good = series(1, "a") + real(1, 1)
    decoded = decode(good + record(payload) + real(1, 2), Definitions())
    assert decoded.end == len(good)
    assert decoded.points[0].values.tolist() == [1]


def test_definitions_are_learned_from_what_was_stored() -> None:
    known, learned = Definitions(), Definitions()
    data = series(1, "a") + real(1, 1) * 50 + series(2, "b") + real(2, 1)
    data += record(encode_json({"k": "file", "id": 3, "run": RUN, "path": "p"})) + real(1, 2) * 9
    decode(data, known)
    learn_definitions(data, learned)
    assert learned == known
    learn_definitions(b"", learned)
    assert learned == known


def test_unfinished_is_the_begin_of_one_record_only() -> None:
    for payload_of in (real(1, 0.5), series(1, "loss"), record(BYTES_HEAD.pack(4, 0, 0, 1, 0))):
        assert all(is_unfinished(payload_of[:cut]) for cut in range(1, len(payload_of)))
        assert not is_unfinished(payload_of)
        assert not is_unfinished(payload_of + payload_of[:5])
    flipped = bytearray(real(1, 0.5) * 3)
    flipped[1] ^= 0x40  # its length leads far beyond the end
    assert not is_unfinished(bytes(flipped))
    assert not is_unfinished(bytes(100))
