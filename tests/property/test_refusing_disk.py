"""A disk refuses some calls by turns, in any combination, and works again: what is not stored is counted."""

import errno
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.spools import Content, read_spool

from trackboard.model import RunId, Tagged
from trackboard.spool import SpoolWriter, list_writers

RUN = RunId("r")
CALLS = ["write", "half a write", "truncate", "unlink", "sync", "mkdir", "rename", "open", "look"]
_ERRORS = [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EMFILE]
_SEGMENT_BYTES = 500

Faults = frozenset[str]


class Disk:
    """The calls of the operating system that the writer makes, some of which fail."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.faults: Faults = frozenset()
        self.error = errno.EIO
        self._write = os.write
        for module in ("writer", "segment"):
            patch.setattr(f"trackboard.spool.{module}._write", self.write)
        for call, name in (
            ("truncate", "ftruncate"),
            ("unlink", "unlink"),
            ("sync", "fsync"),
            ("mkdir", "mkdir"),
            ("rename", "rename"),
            ("open", "open"),
            ("look", "stat"),
            ("look", "fstat"),
        ):
            patch.setattr(os, name, self._refusing(call, getattr(os, name)))

    def _refusing(self, call: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def maybe(*arguments: Any, **options: Any) -> Any:
            self.refuse(call)
            return real(*arguments, **options)

        return maybe

    def refuse(self, call: str) -> None:
        if call in self.faults:
            raise OSError(self.error, os.strerror(self.error))

    def write(self, fd: int, record: bytes) -> int:
        self.refuse("write")
        if "half a write" in self.faults:
            return self._write(fd, record[: len(record) // 2])
        return self._write(fd, record)

    @contextmanager
    def failing(self, faults: Faults, error: int) -> Iterator[None]:
        self.faults, self.error = faults, error
        try:
            yield
        finally:
            self.faults = frozenset()


_STEPS = st.tuples(
    st.frozensets(st.sampled_from(CALLS), max_size=4),
    st.sampled_from(_ERRORS),
    st.sampled_from(["log", "log", "log many", "tag", "sync", "look", "close"]),
)


def do(writer: SpoolWriter, step: str, log: Callable[[], None], tag: Callable[[], None]) -> None:
    if step == "sync":
        writer.sync()
    elif step == "tag":
        tag()
    elif step == "close":
        writer.close()
    else:
        if step == "look" and writer._segment is not None:
            writer._segment.looked_at_s = 0.0
        for _ in range(30 if step == "log many" else 2):
            log()


@settings(deadline=None, max_examples=60)
@given(steps=st.lists(_STEPS, min_size=1, max_size=8), retry_s=st.sampled_from([0.0, 1000.0]))
def test_stored_and_counted_is_logged(steps: list[tuple[Faults, int, str]], retry_s: float) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.getLogger("trackboard"), "disabled", True)
        disk = Disk(patch)
        writer = SpoolWriter(
            Path(folder) / "w" / "spool", segment_bytes=_SEGMENT_BYTES, retry_s=retry_s
        )
        series = writer.series(RUN, "n")
        logged = tags = given_up = 0

        def log() -> None:
            nonlocal logged
            logged += 1
            writer.append_float(series, 0, 0, logged)

        def tag() -> None:
            nonlocal tags
            tags += 1
            writer.append_event(Tagged(RUN, "key", str(tags)))

        for faults, error, step in steps:
            waits = writer.lost_count + writer._backlog.kept_count
            before = count_stored(folder)
            with disk.failing(faults, error):
                do(writer, step, log, tag)
            if step == "close":  # the one place where what waits is given up, and said
                given_up += waits - (count_stored(folder) - before)
        writer.sync()
        log()
        writer.sync()
        assert not writer.is_behind
        assert writer.lost_count == 0
        contents = [read_spool(path) for path in spools(folder)]
        check(contents, logged, tags, given_up)
        writer.close()


def spools(folder: str) -> list[Path]:
    spool = Path(folder) / "w" / "spool"
    return [spool / name for name in list_writers(spool)]


def count_stored(folder: str) -> int:
    """Points, tags and what is counted as lost."""
    contents = [read_spool(path) for path in spools(folder)]
    return sum(len(c.values) + c.lost + len(tags_of(c)) for c in contents)


def tags_of(content: Content) -> list[int]:
    return [int(event["value"]) for event in content.events if event["k"] == "tag"]


def check(contents: list[Content], logged: int, tags: int, given_up: int) -> None:
    values = [value for content in contents for value in content.of("n")]
    said = [value for content in contents for value in tags_of(content)]
    assert len(values) == len(set(values))
    assert logged in values
    for content in contents:
        assert content.of("n") == sorted(content.of("n"))
        assert tags_of(content) == sorted(set(tags_of(content)))
    lost = sum(content.lost for content in contents)
    assert len(values) + len(said) + lost + given_up == logged + tags
