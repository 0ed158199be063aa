from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trackboard.eventfile import encode, read


def content(count: int = 5) -> bytes:
    points = encode.scalars(
        "loss",
        np.arange(count, dtype=np.int64),
        np.arange(count, dtype=np.float64),
        np.arange(count, dtype=np.float32),
    )
    return encode.header(1.0) + b"".join(points)


def extent(path: Path) -> read.Extent:
    with path.open("rb", buffering=0) as stream:
        return read.measure(stream)


def ends(path: Path) -> list[int]:
    """Where each record ends."""
    return [16 + record.offset + len(record.data) for record in read.iter_records(path)]


def test_a_file_cut_at_any_byte_gives_its_whole_records(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(content())
    whole = ends(path)
    assert len(whole) == 6
    assert whole[-1] == len(content())
    for size in range(len(content()) + 1):
        path.write_bytes(content()[:size])
        expected = [end for end in whole if end <= size]
        assert ends(path) == expected
        assert extent(path) == read.Extent(
            len(expected), max(expected, default=0), is_damaged=False
        )


@pytest.mark.parametrize("at", range(12))
def test_a_damaged_length_ends_the_file_there(tmp_path: Path, at: int) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(content())
    start = ends(path)[2]
    damaged = bytearray(content())
    damaged[start + at] ^= 0x40
    path.write_bytes(damaged)
    assert extent(path) == read.Extent(3, start, is_damaged=True)
    with pytest.raises(read.CorruptRecord, match=f"byte {start:,} is damaged") as caught:
        list(read.iter_records(path))
    assert caught.value.offset == start


@pytest.mark.parametrize("after_start", [12, 30, 59])
def test_damaged_data_is_reported_with_its_offset(tmp_path: Path, after_start: int) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(content())
    start = ends(path)[1]
    damaged = bytearray(content())
    damaged[min(start + after_start, ends(path)[2] - 1)] ^= 1
    path.write_bytes(damaged)
    records = read.iter_records(path)
    assert [next(records).offset, next(records).offset] == [0, ends_of_header()]
    with pytest.raises(read.CorruptRecord) as caught:
        next(records)
    assert caught.value.offset == start


def ends_of_header() -> int:
    return len(encode.header(1.0))


def test_a_file_that_is_no_event_file_is_damaged_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "notes.tfevents"
    path.write_text("These are my notes about tfevents.\n")
    assert extent(path) == read.Extent(0, 0, is_damaged=True)


def test_a_tail_of_zeros_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(content() + bytes(100))
    assert extent(path) == read.Extent(6, len(content()), is_damaged=True)


def test_records_may_be_larger_than_a_block(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    texts = encode.texts("a", [1, 2, 3], [1.0, 2.0, 3.0], ["x" * 3_000_000, "", "y" * 2_000_000])
    data = content(100) + b"".join(texts) + content(30_000)
    path.write_bytes(data)
    assert extent(path) == read.Extent(101 + 3 + 30_001, len(data), is_damaged=False)
    assert sum(1 for _ in read.iter_records(path)) == 101 + 3 + 30_001
