import struct
from zlib import crc32

import numpy as np
import pytest

from trackboard.ingest.decode import decode, is_unfinished, learn_definitions
from trackboard.ingest.definitions import Definitions
from trackboard.model import (
    FileBytes,
    Heartbeat,
    RecordsDropped,
    RunId,
    Tagged,
    TextLogged,
    ValueKind,
)
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
    assert decoded.events == [FileBytes(RUN, "logs/a", 10, b"data"), Tagged(RUN, "k", "v")]
    assert decoded.points[0].values.tolist() == [1, 2, 3]


def test_what_a_newer_version_says_is_passed_over() -> None:
    future = record(b"\x63whatever") + record(encode_json({"k": "hologram", "run": RUN}))
    future += record(encode_json({"k": "heartbeat", "time_s": 1.0, "mood": "fine"}))
    decoded = decode(future + series(1, "a") + real(1, 1), Definitions())
    assert decoded.events == [Heartbeat(1.0)]
    assert len(decoded.points) == 1


@pytest.mark.parametrize(
    ("payload", "run"),
    [
        (b"{", None),
        (b"{}}", None),
        (b'{"k":"series"}', None),
        (b'{"k":"series","id":[],"run":"r","name":"n"}', RUN),
        (b'{"k":"tag","run":"r","key":1,"value":null}', RUN),
        (b'{"k":"tag","run":["r"],"key":"k","value":null}', None),
        (b"\x04", None),
        (b"{" + b'"a":{' * 100_000, None),
    ],
)
def test_a_sound_record_without_sense_is_refused_and_the_next_is_read(
    payload: bytes, run: RunId | None
) -> None:
    good = series(1, "a") + real(1, 1)
    data = good + record(payload) + real(1, 2)
    decoded = decode(data, Definitions())
    assert decoded.end == len(data)
    assert decoded.points[0].values.tolist() == [1, 2]
    (refused,) = decoded.refused
    assert (refused.offset, refused.payload, refused.run) == (len(good), payload, run)
    assert refused.error


def test_points_and_bytes_that_nothing_has_named_are_counted() -> None:
    piece = record(BYTES_HEAD.pack(4, 0, 0, 99, 0) + b"data")
    data = series(1, "a") + real(1, 1) + real(7, 2) * 3 + piece
    decoded = decode(data, Definitions())
    assert decoded.skipped_bytes == 3 * len(real(7, 2)) + len(piece)
    assert len(decoded.points) == 1
    assert decoded.events == []


def test_what_belongs_to_a_malformed_definition_is_lost_on_its_run() -> None:
    odd = record(b'{"k":"series","id":7,"run":"r","name":12}')
    file = record(b'{"k":"file","id":8,"run":"r","path":null}')
    piece = record(BYTES_HEAD.pack(4, 0, 0, 8, 0) + b"data")
    data = odd + file + real(7, 1) * 3
    learned = Definitions()
    decoded = decode(data + piece, Definitions())
    assert len(decoded.refused) == len(decoded.definitions) == 2
    assert [
        (event.run, event.count) for event in decoded.events if isinstance(event, RecordsDropped)
    ] == [
        (RUN, 1),
        (RUN, 3),
    ]
    learn_definitions(data, learned)
    assert decode(real(7, 1), learned).events[0] == RecordsDropped(RUN, 1, decoded.events[0].reason)  # type: ignore[union-attr]


def test_a_number_keeps_its_first_name() -> None:
    """A second one would take the points of the first to another run."""
    data = series(1, "a") + real(1, 1) + series(1, "a") + series(1, "b") + real(1, 2)
    known, learned = Definitions(), Definitions()
    decoded = decode(data, known)
    (points,) = decoded.points
    assert (points.name, points.values.tolist()) == ("a", [1, 2])
    assert [each.run for each in decoded.refused] == [RUN]
    learn_definitions(data, learned)
    assert learned == known


def test_a_segment_tells_whom_it_continues() -> None:
    header = {"k": "segment", "format": 1, "writer": "w", "number": 0, "continues": "v"}
    assert decode(record(encode_json(header)), Definitions()).continues == "v"


def test_definitions_are_learned_from_what_was_stored() -> None:
    known, learned = Definitions(), Definitions()
    data = series(1, "a") + real(1, 1) * 50 + series(2, "b") + real(2, 1)
    data += record(encode_json({"k": "file", "id": 3, "run": RUN, "path": "p"})) + real(1, 2) * 9
    found = decode(data, known).definitions
    assert learn_definitions(data, learned) == found
    assert learned == known
    learn_definitions(b"", learned)
    assert learned == known


def test_learning_passes_over_what_decoding_refused_and_ends_where_it_ended() -> None:
    known, learned = Definitions(), Definitions()
    data = (
        record(b"{") + series(1, "a") + record(b'{"k":"series","id":2,"run":"r"}') + series(3, "c")
    )
    flipped = bytearray(series(4, "d"))
    flipped[-1] ^= 1
    data += bytes(flipped) + series(5, "e")
    decode(data, known)
    learn_definitions(data, learned)
    assert learned == known
    assert sorted(learned.series) == [1, 3]
    assert learned.nameless == {2: RUN}


def test_learning_looks_at_a_bounded_part_behind_each_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The headers of everything behind each text would make it quadratic."""
    looked_at: list[int] = []
    plain = np.frombuffer

    def counting(*arguments: object) -> object:
        found = plain(*arguments)  # type: ignore[call-overload]
        looked_at.append(found.nbytes)
        return found

    text = record(encode_event(TextLogged(RUN, "t", "x" * 50, None, 1.0)))
    data = series(1, "a") + text * 2000
    with monkeypatch.context() as patch:
        patch.setattr(np, "frombuffer", counting)
        learn_definitions(data, Definitions())
    assert sum(looked_at) < 50 * len(data)


def test_unfinished_is_the_begin_of_one_record_only() -> None:
    for payload_of in (real(1, 0.5), series(1, "loss"), record(BYTES_HEAD.pack(4, 0, 0, 1, 0))):
        assert all(is_unfinished(payload_of[:cut]) for cut in range(1, len(payload_of)))
        assert not is_unfinished(payload_of)
        assert not is_unfinished(payload_of + payload_of[:5])
    flipped = bytearray(real(1, 0.5) * 3)
    flipped[1] ^= 0x40  # its length leads far beyond the end
    assert not is_unfinished(bytes(flipped))
    assert not is_unfinished(bytes(100))
