"""Parameters in native event files, as an export copies them.

Such files are copied byte for byte, but for what would spoil the table of all runs: one
`_hparams_/experiment` tag decides its columns for everybody, and of two rows of one run TensorBoard shows
the one that it reads first. The live view leaves out the same.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorboard.compat.proto import event_pb2
from tensorboard.data import provider as tb
from tensorboard.plugins.hparams import metadata

from trackboard.eventfile import encode, read

EXPERIMENT = metadata.EXPERIMENT_TAG
ROW = (metadata.SESSION_START_INFO_TAG, metadata.SESSION_END_INFO_TAG)
_WORD = b"_hparams_/"
_HEAD_BYTES, _TAIL_BYTES = 12, 4
_BLOCK_BYTES = 1 << 20


def are_in(stream: io.FileIO, size: int) -> bool:
    """Whether the first `size` bytes of a file may hold parameters."""
    stream.seek(0)
    before = b""
    while size > 0 and (block := stream.read(min(size, _BLOCK_BYTES))):
        if _WORD in before + block:
            return True
        before = block[-len(_WORD) :]
        size -= len(block)
    return False


def read_row(path: Path) -> dict[str, tb.TensorTimeSeries]:
    """What a file says of its run's parameters, by tag: the first of each, as TensorBoard has it."""
    found: dict[str, tb.TensorTimeSeries] = {}
    try:
        stream = io.FileIO(path)
    except OSError:  # who copies it says so
        return {}
    with stream:
        size = read.measure(stream).end
        if not are_in(stream, size):
            return {}
    with path.open("rb") as records:
        for _, event in _iter_events(records, size):
            if event is None:
                continue
            for value in event.summary.value:
                if value.tag in ROW and value.tag not in found:
                    found[value.tag] = tb.TensorTimeSeries(
                        max_step=event.step,
                        max_wall_time=event.wall_time,
                        plugin_content=value.metadata.plugin_data.content,
                        description="",
                        display_name="",
                    )
    return found


def copy_without(path: Path, copy: BinaryIO, size: int, tags: Collection[str]) -> frozenset[str]:
    """Copy the whole records in the first `size` bytes of a file, without the values of some tags.

    Returns:
        Those of the tags that were met.
    """
    met: set[str] = set()
    with path.open("rb") as stream:
        for record, event in _iter_events(stream, size):
            values = list(event.summary.value) if event else []
            kept = [value for value in values if value.tag not in tags]
            met.update(value.tag for value in values if value.tag in tags)
            if event is None or len(kept) == len(values):
                copy.write(record)
            elif kept:
                del event.summary.value[:]
                event.summary.value.extend(kept)
                copy.write(encode.frame(event.SerializeToString()))
    return frozenset(met)


def _iter_events(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, event_pb2.Event | None]]:
    """Records as they are, and as events where they may hold parameters."""
    while size > 0 and len(head := stream.read(_HEAD_BYTES)) == _HEAD_BYTES:
        (length,) = struct.unpack_from("<Q", head)
        body = stream.read(length + _TAIL_BYTES)
        size -= _HEAD_BYTES + len(body)
        yield head + body, _parse(body[:-_TAIL_BYTES]) if _WORD in body else None


def _parse(data: bytes) -> event_pb2.Event | None:
    try:
        return event_pb2.Event.FromString(data)
    except DecodeError:  # damaged: it is copied as it is
        return None
