"""Parameters in native event files, as an export copies them.

Such files are copied byte for byte, but for what would spoil the table of all runs: one
`_hparams_/experiment` tag decides its columns for everybody, so all of them become the same, merged; and of
two rows of one run TensorBoard shows the one that it reads first. The live view does the same.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tensorboard.compat.proto import event_pb2
from tensorboard.data import provider as tb
from tensorboard.plugins.hparams import metadata

from trackboard.board.eventfiles.event_copy import holds_any, iter_events
from trackboard.board.series.declarations import DECLARATION
from trackboard.eventfile import read

ROW = (metadata.SESSION_START_INFO_TAG, metadata.SESSION_END_INFO_TAG)
_MARKS = (*ROW, DECLARATION)
_WORDS = (b"_hparams_/",)


def read_marks(path: Path) -> dict[str, tb.TensorTimeSeries]:
    """What a file says of its run's parameters, by tag: the first of each, as TensorBoard has it."""
    found: dict[str, tb.TensorTimeSeries] = {}
    try:
        stream = io.FileIO(path)
    except OSError:  # who copies it says so
        return {}
    with stream:
        size = read.measure(stream).end
        if not holds_any(stream, size, _WORDS):
            return {}
    with path.open("rb") as records:
        for _, event in iter_events(records, size, _WORDS):
            if event is None:
                continue
            for value in event.summary.value:
                if value.tag in _MARKS and value.tag not in found:
                    found[value.tag] = tb.TensorTimeSeries(
                        max_step=event.step,
                        max_wall_time=event.wall_time,
                        plugin_content=value.metadata.plugin_data.content,
                        description="",
                        display_name="",
                    )
    return found


@dataclass(frozen=True)
class MarksEdit:
    """Puts one declaration in the place of each, and leaves out rows that are elsewhere."""

    declaration: bytes
    without: Collection[str]  # tags
    words: ClassVar[tuple[bytes, ...]] = _WORDS

    def apply(self, event: event_pb2.Event) -> bool:
        """Change an event; returns whether it was changed."""
        values = list(event.summary.value)
        kept = [value for value in values if value.tag not in self.without]
        is_changed = len(kept) < len(values)
        for value in kept:
            plugin = value.metadata.plugin_data
            if value.tag == DECLARATION and plugin.content != self.declaration:
                plugin.content = self.declaration
                is_changed = True
        if is_changed:
            del event.summary.value[:]
            event.summary.value.extend(kept)
        return is_changed
