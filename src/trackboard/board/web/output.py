"""What a board's process says on its standard error: a bounded amount, and nothing waits for its reader.

A board answers for weeks, and whoever asks nonsense makes it say so. So each kind of message is written
once, all of it together has a size, and what a pipe or a terminal does not take at once is left out.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import select
import sys
import threading
from collections.abc import Iterator

MOST_BYTES = 1 << 20  # of a process, however long it runs
MOST_KINDS = 200
_MESSAGE_CHARACTERS = 8_000  # with its stack trace

Kind = tuple[object, ...]


@contextlib.contextmanager
def bounded_output() -> Iterator[None]:
    """Bound what this process says while a block runs, where `sys.stderr` has a descriptor."""
    real = sys.stderr
    try:
        descriptor = real.fileno()
    except (
        AttributeError,
        OSError,
        ValueError,
    ):  # none, or somebody's own object: not a log of ours
        yield
        return
    stream = BoundedStream(descriptor)
    handler = FirstOfKind(stream)
    root = logging.getLogger()
    root.addHandler(handler)
    sys.stderr = stream
    try:
        yield
    finally:
        sys.stderr = real
        root.removeHandler(handler)


class BoundedStream(io.TextIOBase):
    """Writes to a descriptor what it takes at once, up to a number of bytes.

    Args:
        descriptor: A file, a pipe or a terminal; it stays open.
        most_bytes: How much is written in all.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, descriptor: int, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._room_bytes = most_bytes
        self._skipped = 0  # writes that were left out since the last one
        self._lock = threading.Lock()

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def fileno(self) -> int:
        """The descriptor, for who writes to that directly."""
        return self._descriptor

    def write(self, text: str) -> int:
        """Write a text, or as much of it as goes out without waiting."""
        data = text.encode(self.encoding, self.errors)
        with self._lock:
            if self._skipped and self._write(
                f"({self._skipped} messages were left out)\n".encode()
            ):
                self._skipped = 0
            if len(data) > self._room_bytes:
                self._write(b"(no more is written here)\n" if self._room_bytes else b"")
                self._room_bytes = 0
            elif self._write(data):
                self._room_bytes -= len(data)
            else:
                self._skipped += 1
        return len(text)

    def _write(self, data: bytes) -> bool:
        """Whether all of it went out; a pipe that is ready takes `PIPE_BUF` bytes."""
        try:
            while data:
                _, ready, _ = select.select([], [self._descriptor], [], 0)
                if not ready:
                    return False
                written = os.write(self._descriptor, data[: select.PIPE_BUF])
                data = data[written:]
        except (OSError, ValueError):  # nobody is there any more
            return False
        return True


class FirstOfKind(logging.Handler):
    """Writes the first message of each kind: of a place in the code, and of an error's."""

    def __init__(self, stream: BoundedStream) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self._stream = stream
        self._seen: dict[Kind, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message, or that one like it came again, or nothing."""
        kind = _kind_of(record)
        before = self._seen.get(kind, 0)
        if before > 1 or (not before and len(self._seen) >= MOST_KINDS):
            return
        self._seen[kind] = before + 1
        if before:
            source = f"{record.name}, line {record.lineno}"
            self._stream.write(
                f"(the message of {source} came again, and is not written any more)\n"
            )
        else:
            self._stream.write(f"{self.format(record)[:_MESSAGE_CHARACTERS]}\n")


def _kind_of(record: logging.LogRecord) -> Kind:
    where = (record.pathname, record.lineno)
    if not record.exc_info or record.exc_info[2] is None:
        return where
    trace = record.exc_info[2]
    while trace.tb_next is not None:
        trace = trace.tb_next
    return (*where, record.exc_info[0], trace.tb_frame.f_code.co_filename, trace.tb_lineno)
