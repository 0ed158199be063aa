"""A signal handler comes in at every single line of the writer: it raises, or it logs.

Whatever was acknowledged is stored once and in order, nothing is counted as lost, and the writer goes on.
"""

import itertools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.spools import Content, lines_of, read_spool

import trackboard.spool
from trackboard.model import RunId, SeriesRef, Tagged, TextLogged
from trackboard.spool import SpoolWriter, list_writers

RUN = RunId("r")
ERRORS = [KeyboardInterrupt, TimeoutError]  # the second is an OSError as well
_CODE = Path(trackboard.spool.__path__[0])
_SEGMENT_BYTES = 480  # a few records


class Training:
    """A writer, and what it has acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer = SpoolWriter(folder, segment_bytes=_SEGMENT_BYTES)
        self.acknowledged: list[float] = []
        self.tried: list[float] = []
        self._series = self.writer.series(RUN, "n")
        self._next = 0

    def log(self, series: SeriesRef | None = None) -> None:
        self._next += 1
        self.tried.append(self._next)
        self.writer.append_float(series or self._series, 0, 0, self._next)
        self.acknowledged.append(self._next)

    def begin(self) -> None:
        self.log()

    def go_on(self) -> None:
        for _ in range(3):
            self.log()

    def rotate(self) -> None:
        for _ in range(_SEGMENT_BYTES // 60):
            self.log()

    def describe(self) -> None:
        self.writer.append_event(Tagged(RUN, "key", "value"))
        self.writer.append_event(TextLogged(RUN, "text", "value", None, 0.0))

    def look(self) -> None:
        if self.writer._segment is not None:
            self.writer._segment.looked_at_s = 0.0
        self.log()

    def sync(self) -> None:
        self.writer.sync()

    def close(self) -> None:
        self.writer.close()

    def check(self) -> None:
        """Log in peace, then read everything."""
        self.rotate()
        self.writer.sync()
        assert self.writer.lost_count == 0
        assert not self.writer.is_behind
        self.writer.close()
        contents = self.read()
        stored = [value for content in contents for value in content.of("n")]
        assert len(stored) == len(set(stored)), "something is stored twice"
        assert set(self.acknowledged) <= set(stored) <= set(self.tried)
        for content in contents:
            assert content.of("n") == sorted(content.of("n"))
            ended = [event["k"] for event in content.events].count("ended")
            assert ended <= 1
            if ended:
                assert content.events[-1]["k"] == "ended"
        assert sum(content.lost for content in contents) == 0

    def read(self) -> list[Content]:
        return [read_spool(self.folder / name) for name in list_writers(self.folder)]


_WORK = [
    ("begin", []),
    ("go_on", ["begin"]),
    ("rotate", ["begin"]),
    ("describe", ["begin"]),
    ("look", ["begin"]),
    ("sync", ["begin", "describe", "rotate"]),
    ("close", ["begin"]),
]


def at_each_line(
    folder: Path, work: str, before: list[str], what: Callable[[Training], object]
) -> Iterator[tuple[Training, BaseException | None]]:
    """Do `work` again and again, and `what` one line later each time, until the lines are used up."""
    for reach in itertools.count(1):
        training = Training(folder / str(reach))
        for step in before:
            getattr(training, step)()
        reached: list[int] = []

        def come_in(training: Training = training, reached: list[int] = reached) -> None:
            reached.append(1)
            sys.settrace(None)
            what(training)

        raised: BaseException | None = None
        sys.settrace(lines_of(_CODE, reach, come_in))
        try:
            getattr(training, work)()
        except (KeyboardInterrupt, TimeoutError) as error:
            raised = error
        finally:
            sys.settrace(None)
        if not reached:
            training.writer.close()
            return
        yield training, raised


@pytest.fixture(autouse=True)
def a_quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _fd: None)


@pytest.mark.parametrize(("work", "before"), _WORK, ids=[work for work, _ in _WORK])
def test_an_exception_out_of_a_signal_handler_at_any_line(
    tmp_path: Path, work: str, before: list[str]
) -> None:
    errors = itertools.cycle(ERRORS)

    def interrupt(_: Training) -> None:
        raise next(errors)

    for training, raised in at_each_line(tmp_path, work, before, interrupt):
        assert raised is not None, "the exception did not come out"
        training.check()


@pytest.mark.parametrize(("work", "before"), _WORK, ids=[work for work, _ in _WORK])
def test_a_signal_handler_that_logs_at_any_line(
    tmp_path: Path, work: str, before: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def log(training: Training) -> None:
        other = training.writer.series(RUN, "other")
        for value in range(5):
            training.writer.append_float(other, 0, 0, value)

    with caplog.at_level(logging.WARNING, "trackboard"):
        for training, _ in at_each_line(tmp_path, work, before, log):
            training.check()
            others = [value for content in training.read() for value in content.of("other")]
            assert others == [0, 1, 2, 3, 4]
    assert caplog.messages == []
