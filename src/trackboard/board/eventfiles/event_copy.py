"""Copies of event files in which some events are changed; all others are copied byte for byte."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorboard.compat.proto import event_pb2

from trackboard.eventfile import encode

_HEAD_BYTES, _TAIL_BYTES = 12, 4
_BLOCK_BYTES = 1 << 20


class Edit(Protocol):
    """A change to events."""

    @property
    def words(self) -> tuple[bytes, ...]:
        """Bytes of which every event that it changes holds one."""
        ...

    def apply(self, event: event_pb2.Event) -> bool:
        """Change an event; returns whether it was changed."""
        ...


def holds_any(stream: io.FileIO, size: int, words: Sequence[bytes]) -> bool:
    """Whether the first `size` bytes of a file hold one of some words."""
    if not words:
        return False
    stream.seek(0)
    overlap = max(map(len, words)) - 1
    before = b""
    while size > 0 and (block := stream.read(min(size, _BLOCK_BYTES))):
        if any(word in before + block for word in words):
            return True
        before = block[-overlap:]
        size -= len(block)
    return False


def copy_edited(path: Path, copy: BinaryIO, size: int, edits: Sequence[Edit]) -> None:
    """Copy the whole records in the first `size` bytes of a file; an event that is left empty is left out."""
    words = [word for edit in edits for word in edit.words]
    with path.open("rb") as stream:
        for record, event in iter_events(stream, size, words):
            if event is None or not sum(edit.apply(event) for edit in edits):
                copy.write(record)
            elif event.summary.value:
                copy.write(encode.frame(event.SerializeToString()))


def iter_events(
    stream: BinaryIO, size: int, words: Sequence[bytes]
) -> Iterator[tuple[bytes, event_pb2.Event | None]]:
    """Records as they are, and as events where they hold one of some words."""
    while size > 0 and len(head := stream.read(_HEAD_BYTES)) == _HEAD_BYTES:
        (length,) = struct.unpack_from("<Q", head)
        body = stream.read(length + _TAIL_BYTES)
        size -= _HEAD_BYTES + len(body)
        is_wanted = any(word in body for word in words)
        yield head + body, parse(body[:-_TAIL_BYTES]) if is_wanted else None


def parse(data: bytes) -> event_pb2.Event | None:
    """Read an event; None for what is damaged."""
    try:
        return event_pb2.Event.FromString(data)
    except DecodeError:
        return None
