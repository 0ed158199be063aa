"""The suite that every record sink is held against; see `store_contract` for its use.

It reads back what a sink took as a `Recorded`, which the fixture `read` gives.
"""

from __future__ import annotations

import io
import itertools
import math
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType

import pytest

from trackboard.errors import Unavailable, UsageError
from trackboard.model import (
    Created,
    Event,
    FileAdded,
    FileBytes,
    FileRemoved,
    Heartbeat,
    ParameterSet,
    PropertyAdded,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
    ValueKind,
)
from trackboard.ports.record_sink import RecordSink
from trackboard.record import LiveRun
from trackboard.testing.blobs_contract import key_of
from trackboard.testing.memory.sink import RecordedValue
from trackboard.testing.store.sharing import in_children, in_threads

R, OTHER = RunId("r"), RunId("other")
HAS_STEP = 1
INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class Recorded:
    """What a sink took: events (but for bytes), bytes of files, and values; each kind in its order."""

    events: tuple[Event, ...]
    pieces: tuple[FileBytes, ...]
    values: tuple[RecordedValue, ...]
    kept: Mapping[str, bytes]  # complete files by key

    @classmethod
    def of(cls, records: tuple[Event | RecordedValue, ...], kept: Mapping[str, bytes]) -> Recorded:
        """Sort what a sink took."""
        return cls(
            tuple(e for e in records if not isinstance(e, FileBytes | RecordedValue)),
            tuple(e for e in records if isinstance(e, FileBytes)),
            tuple(e for e in records if isinstance(e, RecordedValue)),
            kept,
        )

    def of_series(self, name: str, run: RunId = R) -> list[tuple[int | None, object]]:
        """Steps and values of a series."""
        return [(e.step, e.value) for e in self.values if (e.run, e.name) == (run, name)]

    def file(self, path: str, run: RunId = R) -> bytes | None:
        """A growing file, put together; None for one that is not there."""
        data: bytearray | None = None
        for piece in self.pieces:
            if (piece.run, piece.path) == (run, path):
                if data is None or piece.offset == 0:
                    data = bytearray()
                assert piece.offset == len(data), "a piece is missing, or comes twice"
                data += piece.data
        return None if data is None else bytes(data)


Reader = Callable[[], Recorded]


class RecordSinkContract:
    """Subclass it with fixtures `sink` (nothing is recorded yet) and `read` (all that it took so far)."""

    # -- values -----------------------------------------------------------------------------------

    def test_floats_are_exact_and_in_order(self, sink: RecordSink, read: Reader) -> None:
        series = sink.series(R, "m")
        values = [0.1, -0.0, 5e-324, math.inf, -math.inf, math.nan, 1e308]
        for value in values:
            sink.append_float(series, 0, 0, value)
        found = read().of_series("m")
        assert repr(found) == repr([(None, value) for value in values])

    def test_integers_and_bools_stay_what_they_are(self, sink: RecordSink, read: Reader) -> None:
        whole, flag = sink.series(R, "whole"), sink.series(R, "flag")
        for number in (2**53 + 1, INT64_MAX, -INT64_MAX - 1, 0):
            sink.append_int(whole, ValueKind.INT.value, 0, 0, number)
        for number in (True, False):
            sink.append_int(flag, ValueKind.BOOL.value, 0, 0, number)
        found = read()
        assert [v for _, v in found.of_series("whole")] == [
            2**53 + 1,
            INT64_MAX,
            -INT64_MAX - 1,
            0,
        ]
        assert [v for _, v in found.of_series("flag")] == [True, False]
        kinds = {value.name: value.kind for value in found.values}
        assert kinds == {"whole": ValueKind.INT, "flag": ValueKind.BOOL}

    def test_a_step_is_the_given_one_or_none(self, sink: RecordSink, read: Reader) -> None:
        series = sink.series(R, "m")
        for step in (0, INT64_MAX, -INT64_MAX - 1, 3, 3, 2):
            sink.append_float(series, HAS_STEP, step, 1.0)
        sink.append_float(series, 0, 0, 1.0)
        steps = [step for step, _ in read().of_series("m")]
        assert steps == [0, INT64_MAX, -INT64_MAX - 1, 3, 3, 2, None]

    def test_values_are_stamped_with_the_time_of_the_call(
        self, sink: RecordSink, read: Reader
    ) -> None:
        series = sink.series(R, "m")
        before_s = time.time()
        sink.append_float(series, 0, 0, 1.0)
        after_s = time.time()
        (value,) = read().values
        assert before_s <= value.time_s <= after_s

    def test_series_of_one_name_are_one_and_runs_keep_theirs(
        self, sink: RecordSink, read: Reader
    ) -> None:
        refs = [sink.series(R, "m"), sink.series(R, "m"), sink.series(OTHER, "m")]
        for number, ref in enumerate(refs * 2):
            sink.append_float(ref, 0, 0, float(number))
        found = read()
        ours = [value for _, value in found.of_series("m") if isinstance(value, float)]
        assert sorted(ours) == [0.0, 1.0, 3.0, 4.0]  # no order is promised between two refs
        assert [value for _, value in found.of_series("m", OTHER)] == [2.0, 5.0]

    def test_a_column_knows_its_table(self, sink: RecordSink, read: Reader) -> None:
        sink.append_float(sink.series(R, "t/x", "t"), 0, 0, 1.0)
        sink.append_float(sink.series(R, "m"), 0, 0, 1.0)
        assert {value.name: value.table for value in read().values} == {"t/x": "t", "m": ""}

    def test_to_name_something_says_nothing(self, sink: RecordSink, read: Reader) -> None:
        sink.series(R, "m")
        sink.file(R, "f")
        assert read() == Recorded((), (), (), {})

    # -- events -----------------------------------------------------------------------------------

    def test_events_come_back_equal_and_in_order(self, sink: RecordSink, read: Reader) -> None:
        said: tuple[Event, ...] = (
            Created(R, "exp", "näme", None, RunKind.INTERACTIVE, 1.5, "about"),
            StateChanged(R, RunState.RUNNING, 0, 1, 2.5),
            Tagged(R, "k", "v"),
            Tagged(R, "k", None, removed=True),
            PropertyAdded(R, "p", "\0 \ud800 😀"),
            ParameterSet(R, "lr", 0.1),
            TextLogged(R, "t", "hello", None, 3.5, "table"),
            FileAdded(OTHER, "a/b", "key", 3, 4.5),
            FileRemoved(R, "c"),
            Heartbeat(5.5),
            StateChanged(R, RunState.FAILED, 0, 2, 6.5, "why", 4.0),
        )
        for event in said:
            sink.append_event(event)
        assert read().events == said

    def test_what_is_too_large_is_refused_and_the_rest_taken(
        self, sink: RecordSink, read: Reader
    ) -> None:
        with pytest.raises(UsageError, match="too long to be recorded"):
            sink.append_event(TextLogged(R, "t", "x" * (17 << 20), None, 1.0))
        sink.append_event(Tagged(R, "after", None))
        assert read().events == (Tagged(R, "after", None),)

    # -- bytes ------------------------------------------------------------------------------------

    @pytest.mark.parametrize("size", [1, 1 << 20, (3 << 20) + 1])
    def test_a_file_grows_by_what_is_appended(
        self, sink: RecordSink, read: Reader, size: int
    ) -> None:
        file = sink.file(R, "logs/a.txt")
        data = bytes(range(256)) * (size // 256 + 1)
        sink.append_bytes(file, 0, data[:size])
        sink.append_bytes(file, size, b"end")
        assert read().file("logs/a.txt") == data[:size] + b"end"

    def test_offset_0_starts_a_file_again(self, sink: RecordSink, read: Reader) -> None:
        file = sink.file(R, "f")
        sink.append_bytes(file, 0, b"old and long")
        sink.append_bytes(file, 0, b"new")
        sink.append_bytes(file, 3, b"er")
        assert read().file("f") == b"newer"

    def test_an_empty_file_and_bytes_as_an_event(self, sink: RecordSink, read: Reader) -> None:
        sink.append_bytes(sink.file(R, "empty"), 0, b"")
        sink.append_event(FileBytes(R, "told", 0, b"\0\xff"))
        found = read()
        assert (found.file("empty"), found.file("told"), found.events) == (b"", b"\0\xff", ())

    # -- complete files ---------------------------------------------------------------------------

    @pytest.mark.parametrize("size", [0, 1, (3 << 20) + 1])
    def test_a_file_is_kept_before_it_is_named(
        self, sink: RecordSink, read: Reader, size: int
    ) -> None:
        source = io.BytesIO(b"head" + bytes(range(256)) * (size // 256 + 1))
        source.seek(4)  # it takes what the source still holds
        source.truncate(4 + size)
        data = source.getvalue()[4:]
        assert sink.put_file(source) == (key_of(data), size)
        assert read().kept == {key_of(data): data}
        assert read().events == ()
        named = FileAdded(R, "outputs/model", key_of(data), size, 1.5)
        sink.append_event(named)
        found = read()
        assert (found.events, found.kept) == ((named,), {key_of(data): data})

    def test_the_same_content_is_kept_once(self, sink: RecordSink, read: Reader) -> None:
        for name in ("a", "b"):
            key, size = sink.put_file(io.BytesIO(b"same"))
            sink.append_event(FileAdded(R, name, key, size, 1.0))
        found = read()
        assert found.kept == {key_of(b"same"): b"same"}
        assert [event.path for event in found.events if isinstance(event, FileAdded)] == ["a", "b"]

    def test_a_source_that_fails_leaves_nothing(self, sink: RecordSink, read: Reader) -> None:
        class Broken(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                if self.tell():
                    raise OSError("the disk is gone")
                return super().read(min(size or 0, 4))

        sink.append_event(Tagged(R, "k", None))
        with pytest.raises(Unavailable):
            sink.put_file(Broken(b"half and more"))
        assert read().kept == {}
        key, _ = sink.put_file(io.BytesIO(b"half and more"))
        assert list(read().kept) == [key]

    def test_a_discarded_file_goes(self, sink: RecordSink, read: Reader) -> None:
        first, _ = sink.put_file(io.BytesIO(b"first"))
        second, _ = sink.put_file(io.BytesIO(b"second"))
        sink.discard_file(first)
        for key in (first, key_of(b"never put"), "", "../alive"):
            sink.discard_file(key)
        assert read().kept == {second: b"second"}
        again, size = sink.put_file(io.BytesIO(b"first"))
        sink.append_event(FileAdded(R, "a", again, size, 1.0))
        assert read().kept == {first: b"first", second: b"second"}

    def test_what_is_named_is_not_discarded(self, sink: RecordSink, read: Reader) -> None:
        key, size = sink.put_file(io.BytesIO(b"same"))
        sink.append_event(FileAdded(R, "a", key, size, 1.0))
        sink.discard_file(key)
        sink.put_file(io.BytesIO(b"same"))  # for another one, which is given up
        sink.discard_file(key)
        for _ in range(2):
            sink.put_file(io.BytesIO(b"same"))
        sink.append_event(FileAdded(R, "b", key, size, 1.0))
        sink.discard_file(key)
        assert read().kept == {key: b"same"}

    def test_threads_keep_the_same_files(self, sink: RecordSink, read: Reader) -> None:
        contents = [bytes([number]) * 200_000 for number in range(5)]

        def work(index: int) -> None:
            for data in contents:
                key, size = sink.put_file(io.BytesIO(data))
                sink.append_event(FileAdded(R, f"{index}/{key}", key, size, 1.0))

        in_threads(4, work)
        found = read()
        assert found.kept == {key_of(data): data for data in contents}
        assert len(found.events) == 20

    # -- all of it --------------------------------------------------------------------------------

    def test_nothing_waits_and_nothing_was_refused(self, sink: RecordSink, read: Reader) -> None:
        sink.sync()
        sink.append_event(Tagged(R, "k", None))
        sink.sync()
        sink.sync()
        assert (sink.is_behind, sink.was_refused) == (False, False)
        assert read().events == (Tagged(R, "k", None),)

    def test_threads_lose_nothing_and_keep_their_order(
        self, sink: RecordSink, read: Reader
    ) -> None:
        shared = sink.series(R, "shared")

        def work(index: int) -> None:
            own = sink.series(R, f"m{index}")
            for number in range(200):
                sink.append_float(own, HAS_STEP, number, float(number))
                sink.append_float(shared, HAS_STEP, index, float(number))
                sink.append_event(Tagged(R, f"{index}", f"{number}"))

        in_threads(4, work)
        found = read()
        for index in range(4):
            assert found.of_series(f"m{index}") == [(n, float(n)) for n in range(200)]
            of_thread = [value for step, value in found.of_series("shared") if step == index]
            assert of_thread == [float(n) for n in range(200)]
            tags = [e.value for e in found.events if isinstance(e, Tagged) and e.key == f"{index}"]
            assert tags == [f"{n}" for n in range(200)]

    def test_a_signal_handler_may_record(self, sink: RecordSink, read: Reader) -> None:
        series = sink.series(R, "m")
        numbers = itertools.count()
        handled: list[bool] = []

        def handle(_number: int, _frame: FrameType | None) -> None:
            sink.append_event(Heartbeat(float(next(numbers))))
            handled.append(True)

        former = signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        try:
            count = 0
            while len(handled) < 20:
                sink.append_float(series, HAS_STEP, count, 1.0)
                count += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, former)
        found = read()
        assert [step for step, _ in found.of_series("m")] == list(range(count))
        times = [event.time_s for event in found.events if isinstance(event, Heartbeat)]
        assert sorted(times) == list(range(next(numbers)))  # a handler may come into another

    def test_a_forked_child_disturbs_nothing(self, sink: RecordSink, read: Reader) -> None:
        series = sink.series(R, "m")
        sink.append_float(series, 0, 0, 1.0)

        def work(index: int) -> None:
            sink.append_float(series, 0, 0, 10.0 + index)
            key, size = sink.put_file(io.BytesIO(b"of a child"))
            sink.append_event(FileAdded(OTHER, f"{index}", key, size, 1.0))
            sink.append_event(Tagged(OTHER, "child", f"{index}"))
            sink.sync()

        assert in_children(2, work) == [0, 0]
        sink.append_float(series, 0, 0, 2.0)
        sink.append_event(Tagged(R, "k", None))
        found = read()
        ours = [value for _, value in found.of_series("m") if isinstance(value, float)]
        assert [value for value in ours if value < 10.0] == [1.0, 2.0]
        assert Tagged(R, "k", None) in found.events

    def test_a_live_run_says_the_same_to_every_sink(self, sink: RecordSink, read: Reader) -> None:
        run = LiveRun(sink, R, "exp", owner=True, name="first", prefix="rank1/")
        run.announce(None, RunKind.INTERACTIVE)
        run.log("m", 0.5)
        run.log("m", 1, step=7)
        run.log("said", "text")
        run.log_row("t", {"x": 1, "y": 0.5})
        run.set_tag("k", "v")
        run.append_bytes("logs/a", 0, b"a")
        run.add_file("model", *run.put_file(io.BytesIO(b"model")))
        run.discard_file(run.put_file(io.BytesIO(b"no model"))[0])
        child = run.child("inner", run_id="c")
        child.log("m", True)
        child.complete()
        run.complete()
        assert run.is_stored
        found = read()
        assert [type(event) for event in found.events] == [
            *(Created, StateChanged, TextLogged, Tagged, FileAdded),
            *(Created, StateChanged, StateChanged, StateChanged),
        ]
        assert found.of_series("rank1/m") == [(None, 0.5), (7, 1)]
        assert found.of_series("rank1/t/x") + found.of_series("rank1/t/y") == [(0, 1), (0, 0.5)]
        assert found.of_series("m", RunId("c")) == [(None, True)]
        assert found.file("logs/a") == b"a"
        assert found.kept == {key_of(b"model"): b"model"}
