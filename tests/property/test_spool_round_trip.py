"""Whatever is logged comes out of a spool as it went in, in pieces of any size; damage invents nothing."""

import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from trackboard.ingest.cursor import Cursor
from trackboard.ingest.folder_spools import FolderSpool
from trackboard.model import PropertyAdded, RunId, Tagged, TextLogged
from trackboard.ports import Batch
from trackboard.record import Recorder
from trackboard.spool import list_writers

RUN = RunId("r")
_INT64 = st.integers(-(2**63), 2**63 - 1)
_FLOATS = st.floats(width=64)
_STEPS = st.none() | _INT64
_TEXT = st.text(max_size=50)
_EVENTS = (
    st.builds(Tagged, st.just(RUN), _TEXT, st.none() | _TEXT)
    | st.builds(PropertyAdded, st.just(RUN), _TEXT, _TEXT)
    | st.builds(TextLogged, st.just(RUN), _TEXT, _TEXT, _STEPS, st.floats(0, 2e9))
)


@contextmanager
def a_spool(*, segment_bytes: int) -> Iterator[tuple[Recorder, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder), segment_bytes=segment_bytes)
        yield recorder, Path(folder)
        recorder.close()


def read(folder: Path, most_bytes: int = 1 << 20) -> list[Batch]:
    batches: list[Batch] = []
    for name in list_writers(folder):
        cursor = Cursor(FolderSpool(folder / name))
        segments = cursor.spool.list_segments()
        while batch := cursor.read(segments, most_bytes=most_bytes, is_final=True):
            batches.append(batch)
    return batches


def points_of(batches: list[Batch], name: str) -> list[tuple[int | None, object]]:
    return [
        (step if has_step else None, value)
        for batch in batches
        for part in batch.points
        if part.name == name
        for step, has_step, value in zip(
            part.steps.tolist(), part.has_step.tolist(), part.values.tolist(), strict=True
        )
    ]


def bits(points: list[tuple[int | None, float]]) -> list[tuple[int | None, bytes]]:
    return [(step, struct.pack("<d", value)) for step, value in points]


@settings(deadline=None)
@given(
    floats=st.lists(st.tuples(_STEPS, _FLOATS), max_size=100),
    ints=st.lists(st.tuples(_STEPS, _INT64), max_size=100),
    events=st.lists(_EVENTS, max_size=20),
    segment_bytes=st.sampled_from([1, 500, 4096, 1 << 20]),
    most_bytes=st.sampled_from([1, 100, 1 << 20]),
)
def test_what_is_logged_comes_back(
    floats: list[tuple[int | None, float]],
    ints: list[tuple[int | None, int]],
    events: list[Tagged],
    segment_bytes: int,
    most_bytes: int,
) -> None:
    with a_spool(segment_bytes=segment_bytes) as (recorder, folder):
        run = recorder.attach(RUN, owner=False)
        for place in range(max(len(floats), len(ints), len(events))):
            for step, number in floats[place : place + 1]:
                run.log("float", number, step)
            for step, whole in ints[place : place + 1]:
                run.log("int", whole, step)
            for event in events[place : place + 1]:
                recorder.writer.append_event(event)
        batches = read(folder, most_bytes)
        assert bits(points_of(batches, "float")) == bits(floats)  # type: ignore[arg-type]
        assert points_of(batches, "int") == ints
        assert [event for batch in batches for event in batch.events] == events
        assert sum(batch.skipped_bytes for batch in batches) == 0


@settings(deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, 7000), st.integers(1, 255)), min_size=1, max_size=5),
    cut=st.integers(0, 7000),
)
def test_damage_takes_away_and_never_invents(flips: list[tuple[int, int]], cut: int) -> None:
    with a_spool(segment_bytes=2000) as (recorder, folder):
        run = recorder.attach(RUN, owner=False)
        for number in range(150):
            run.log("n", number)
        segments = sorted(folder.glob("*/*.seg"), key=lambda path: int(path.stem))
        for place, mask in flips:
            damaged = segments[place % len(segments)]
            content = bytearray(damaged.read_bytes())
            content[place % len(content)] ^= mask
            damaged.write_bytes(content)
        content = bytearray(segments[-1].read_bytes())
        segments[-1].write_bytes(content[: cut % (len(content) + 1)])
        values = [value for _, value in points_of(read(folder), "n")]
        assert values == sorted(set(values))  # type: ignore[type-var]
        assert set(values) <= set(range(150))
