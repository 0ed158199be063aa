"""Which dashboards the values of each tag in a run's event files are for: its kinds.

A tag has one, as TensorBoard sees it: the first value's. What is of another kind it does not show, nor
what else was logged at the same steps. A kind is called like the plugin it is for; scalars, images, sounds
and histograms are that also in their older form, without a plugin's name.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trackboard.board.eventfiles.event_copy import parse
from trackboard.eventfile import read

_OLDER = {
    "simple_value": "scalars",
    "image": "images",
    "audio": "audio",
    "histo": "histograms",
}
_STRINGS = ("text", "images", "audio")  # kinds whose tensors hold strings
_DT_STRING = 7
_HEAD_BYTES, _TAIL_BYTES = 12, 4
_TIME, _STEP, _SUMMARY, _NESTED, _SIMPLE_VALUE, _TENSOR = 0x09, 0x10, 0x2A, 0x0A, 0x15, 0x42
_TIME_BYTES = 9
_SHORT_BYTES = 130  # lengths are one byte each
_STEP_AT = _HEAD_BYTES + _TIME_BYTES
_LEAST_BYTES = _STEP_AT + 11 + 4 + _TAIL_BYTES
_WEIGHTS = (
    np.random.default_rng(20).integers(0, 2**63, _SHORT_BYTES // 8 + 1, dtype=np.uint64) * 2 + 1
)

Key = bytes | tuple[bytes, bytes]


class TagKinds:
    """The kinds of one run's tags, in the order met. Files are read on from where the last look ended.

    Args:
        known: What is known beforehand.
    """

    def __init__(self, known: Mapping[str, Sequence[str]] | None = None) -> None:
        self.by_tag: dict[str, tuple[str, ...]] = {
            tag: tuple(kinds) for tag, kinds in (known or {}).items()
        }
        self._ends: dict[Path, int] = {}

    @property
    def mixed(self) -> dict[str, tuple[str, ...]]:
        """The tags that are of more than one kind."""
        return {tag: kinds for tag, kinds in self.by_tag.items() if len(kinds) > 1}

    def end(self, path: Path) -> int:
        """Up to where a file was read."""
        return self._ends.get(path, 0)

    def read_on(self, path: Path, may_go_on: Callable[[], bool] = lambda: True) -> None:
        """Read what was added to a file; one that cannot be read is left for later.

        Args:
            path: The file.
            may_go_on: Asked now and then.
        """
        try:
            stream = io.FileIO(path)
        except OSError:
            return
        seen: set[Key] = set()  # what records of a value begin and end with
        with stream:
            for block in read.iter_blocks(stream, self.end(path)):
                if not may_go_on():
                    break
                self._read_block(stream, block, seen)
                self._ends[path] = block.end

    def _read_block(self, stream: io.FileIO, block: read.Block, seen: set[Key]) -> None:
        for number in _pick(block):
            after = block.bounds[number + 1]
            begin, end = block.bounds[number] + _HEAD_BYTES, after - _TAIL_BYTES
            key = _find_key(block.data, begin, end)
            if key is not None and key in seen:
                continue
            data = block.data[begin:end]
            if after > len(block.data):
                data = os.pread(stream.fileno(), end - begin, block.offset + begin)
            event = parse(data)
            values = event.summary.value if event else ()
            for value in values:
                self._add(value.tag, find_kind(value, self.by_tag.get(value.tag, ())))
            if key is not None and len(values) == 1:
                seen.add(key)

    def _add(self, tag: str, kind: str) -> None:
        known = self.by_tag.get(tag, ())
        if kind and kind not in known:
            self.by_tag[tag] = (*known, kind)


def find_kind(value: Any, known: Sequence[str]) -> str:
    """What kind a value is of; empty: nobody can tell.

    Args:
        value: A `Summary.Value`.
        known: The kinds of its tag that were met: TensorFlow 1 names the plugin once a tag.
    """
    form = value.WhichOneof("value")
    if form in _OLDER:
        return _OLDER[form]
    plugin: str = value.metadata.plugin_data.plugin_name
    if plugin or form != "tensor":
        return plugin
    is_string = value.tensor.dtype == _DT_STRING
    fitting = [kind for kind in known if (kind in _STRINGS) is is_string]
    fitting.sort(key=lambda kind: kind in _OLDER.values())  # of those there are other forms
    if fitting:
        return fitting[0]
    return "text" if is_string and known else ""


def label(value: Any, kind: str) -> None:
    """Have a value of a kind say so itself."""
    if value.WhichOneof("value") == "tensor" and not value.metadata.plugin_data.plugin_name:
        value.metadata.plugin_data.plugin_name = kind


def _pick(block: read.Block) -> list[int]:
    """The records to look at: of equal ones one, where scalars differ in time, step and number only.

    Equal is what has one hash of 64 bits, without those parts.
    """
    bounds = np.array(block.bounds)
    sizes = np.diff(bounds)
    is_short = (sizes >= _LEAST_BYTES) & (sizes < _SHORT_BYTES) & (bounds[1:] <= len(block.data))
    is_picked = ~is_short
    content = np.frombuffer(block.data, dtype=np.uint8)
    for size in np.unique(sizes[is_short]).tolist():
        (which,) = np.nonzero(is_short & (sizes == size))
        rows = np.zeros((len(which), -(-size // 8) * 8), dtype=np.uint8)
        rows[:, :size] = content[bounds[which][:, None] + np.arange(size)]
        value = size - _TAIL_BYTES - 4
        is_scalar = (
            (rows[:, _HEAD_BYTES] == _TIME)
            & (rows[:, _STEP_AT] == _STEP)
            & (rows[:, value - 1] == _SIMPLE_VALUE)
        )
        more = rows[:, _STEP_AT + 1 : _STEP_AT + 11] >= 0x80  # of the step's digits
        digits = np.cumprod(more, axis=1).sum(axis=1) + 1
        rows[:, _HEAD_BYTES:_STEP_AT] = 0
        rows[:, value:] = 0
        locations = np.arange(rows.shape[1]) - _STEP_AT
        rows[(locations > 0) & (locations <= digits[:, None])] = 0
        rows[:, 0] = digits  # instead of the length, which is one and the same
        hashes = (rows.view("<u8") * _WEIGHTS[: rows.shape[1] // 8]).sum(axis=1)
        _, first = np.unique(hashes[is_scalar], return_index=True)
        is_picked[which[~is_scalar]] = True
        is_picked[which[is_scalar][first]] = True
    return np.flatnonzero(is_picked).tolist()


def _find_key(data: bytes, begin: int, end: int) -> Key | None:
    """What an event of one short value has in common with all others of its tag and kind; None: look into it.

    Events of a scalar, of which there are millions, differ in time, step and number only.
    """
    at = begin + _TIME_BYTES
    if not at < end <= min(at + _SHORT_BYTES, len(data)) or data[begin] != _TIME:
        return None
    if data[at] == _STEP:
        at += 1
        while at < end and data[at] >= 0x80:
            at += 1
        at += 1
    if (
        end - at < 8
        or data[at] != _SUMMARY
        or data[at + 1] != end - at - 2
        or data[at + 2] != _NESTED
        or data[at + 3] != end - at - 4
        or data[at + 4] != _NESTED
    ):
        return None
    form = at + 6 + data[at + 5]
    if form + 2 > end:
        return None
    if data[form] == _SIMPLE_VALUE and form + 5 == end:
        return data[at : form + 1]
    if data[form] == _TENSOR:
        return data[at : form + 2], data[form + 2 + data[form + 1] : end]
    return None
