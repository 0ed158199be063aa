"""What the event files of one run hold: numbers, texts, images and sounds as values of ours, and all else.

All else (histograms, graphs, PR curves, meshes, ...) stays as it is, in event files with just those records.
TensorBoard shows them natively. TensorFlow is not needed, nor imported.
"""

from __future__ import annotations

import math
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.util import tensor_util

from trackboard.eventfile import encode
from trackboard.eventfile.read import iter_blocks
from trackboard.model import ArtifactKind, RunId, RunState, TextLogged, Value, ValueKind
from trackboard.ports import SeriesPoints

_FLOAT = struct.Struct("<f")
_DT_FLOAT = 1
_HEAD_BYTES, _TAIL_BYTES = 12, 4
_ONE_PART = 2  # the strings before the images of a tensor: width and height
_ENDS = {api_pb2.STATUS_FAILURE: RunState.FAILED}


class LoggedFile(NamedTuple):
    """An image or a sound."""

    name: str
    kind: ArtifactKind
    step: int
    time_s: float
    data: bytes


@dataclass
class _Column:
    """The numbers of one tag."""

    steps: list[int] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class EventValues:
    """What was read of one run's event files, in the order of files and records."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str, int, float]] = []  # name, text, step, time
        self.files: list[LoggedFile] = []
        self.parameters: dict[str, Value] = {}
        self.state = RunState.COMPLETED
        self.first_s = math.inf
        self.last_s = -math.inf
        self.left_out: list[str] = []
        self._columns: dict[str, _Column] = defaultdict(_Column)
        self._plugins: dict[str, str] = {}

    def read(self, path: Path) -> list[bytes]:
        """Read one more file.

        Returns:
            The records of an event file with all that is no value of ours; none where there is nothing.
        """
        others: list[bytes] = []
        for data in self._iter_records(path):
            try:
                event = event_pb2.Event.FromString(data)
            except Exception as error:  # noqa: BLE001 - protobuf's own, of either implementation
                self.left_out.append(f"{path.name}: a record is no event ({error})")
                continue
            kept = self._take(event, data)
            if kept:
                others.append(encode.frame(kept))
        return [encode.header(self.first_s), *others] if others else []

    def list_points(self, run: RunId) -> list[SeriesPoints]:
        """The numbers of each tag, in the order of their times: several writers may have been at it."""
        return [_series(run, name, column) for name, column in self._columns.items()]

    def list_texts(self, run: RunId) -> list[TextLogged]:
        """The texts, in the order of their times."""
        ordered = sorted(self.texts, key=lambda each: each[3])
        return [TextLogged(run, name, text, step, at) for name, text, step, at in ordered]

    def _iter_records(self, path: Path) -> Iterator[bytes]:
        with path.open("rb", buffering=0) as stream:
            for block in iter_blocks(stream):
                view = block.data
                for begin, end in zip(block.bounds, block.bounds[1:], strict=False):
                    if end <= len(view):
                        yield view[begin + _HEAD_BYTES : end - _TAIL_BYTES]
                    else:  # it reaches beyond what was read at once
                        stream.seek(block.offset + begin + _HEAD_BYTES)
                        yield _read_exactly(stream, end - begin - _HEAD_BYTES - _TAIL_BYTES)
                if block.is_damaged:
                    self.left_out.append(f"{path.name}: what follows byte {block.end:,} is damaged")

    def _take(self, event: Any, data: bytes) -> bytes:
        """Take what is a value of ours; returns the rest as an event, or nothing."""
        time_s, step = event.wall_time, event.step
        if math.isfinite(time_s) and time_s > 0:
            self.first_s, self.last_s = min(self.first_s, time_s), max(self.last_s, time_s)
        what = event.WhichOneof("what")
        if what in ("graph_def", "meta_graph_def", "tagged_run_metadata"):
            return data
        if what != "summary":
            return b""
        values = event.summary.value
        left = [value for value in values if not self._take_value(value, step, time_s)]
        if not left:
            return b""
        if len(left) == len(values):
            return data
        rest = event_pb2.Event(wall_time=time_s, step=step)
        rest.summary.value.extend(left)
        return bytes(rest.SerializeToString())

    def _take_value(self, value: Any, step: int, time_s: float) -> bool:
        """Take one value; False: it is none of ours."""
        kind, tag = value.WhichOneof("value"), value.tag
        if value.HasField("metadata"):
            self._plugins.setdefault(tag, value.metadata.plugin_data.plugin_name)
        if kind == "simple_value":
            self._add(tag, step, time_s, value.simple_value)
            return True
        plugin = self._plugins.get(tag, "")
        if kind == "tensor" and plugin == "scalars":
            return self._take_scalar(tag, step, time_s, value.tensor)
        if kind == "image":
            return self._add_file(
                tag, ArtifactKind.IMAGE, step, time_s, value.image.encoded_image_string
            )
        if kind == "audio":
            return self._add_file(
                tag, ArtifactKind.AUDIO, step, time_s, value.audio.encoded_audio_string
            )
        if kind == "tensor" and plugin in ("images", "audio", "text"):
            return self._take_strings(tag, plugin, step, time_s, value.tensor)
        if plugin == hparams.PLUGIN_NAME:
            return self._take_hparams(tag, value.metadata.plugin_data.content)
        return False

    def _add(self, tag: str, step: int, time_s: float, value: float) -> None:
        column = self._columns[tag]
        column.steps.append(step)
        column.times_s.append(time_s)
        column.values.append(value)

    def _take_scalar(self, tag: str, step: int, time_s: float, tensor: Any) -> bool:
        if tensor.dtype == _DT_FLOAT and len(tensor.tensor_content) == _FLOAT.size:
            self._add(tag, step, time_s, _FLOAT.unpack(tensor.tensor_content)[0])
            return True
        if tensor.dtype == _DT_FLOAT and len(tensor.float_val) == 1:
            self._add(tag, step, time_s, tensor.float_val[0])
            return True
        array = _array(tensor)
        if array is None or array.size != 1 or array.dtype.kind not in "fiub":
            return False
        self._add(tag, step, time_s, float(array.item()))
        return True

    def _take_strings(self, tag: str, plugin: str, step: int, time_s: float, tensor: Any) -> bool:
        array = _array(tensor)
        if array is None or array.dtype.kind not in "OS":
            return False
        parts = [_bytes(each) for each in array.reshape(-1).tolist()]
        if plugin == "text":
            if array.ndim > 1:  # a table, which TensorBoard draws
                return False
            text = "\n\n".join(part.decode("utf-8", "replace") for part in parts)
            self.texts.append((tag, text, step, time_s))
            return True
        if plugin == "images":
            kind, files = ArtifactKind.IMAGE, parts[_ONE_PART:]
        else:
            kind, files = ArtifactKind.AUDIO, parts[::2] if array.ndim > 1 else parts
        if not all(_is_shown(kind, part) for part in files):
            return False
        for part in files:
            self._add_file(tag, kind, step, time_s, part)
        return True

    def _add_file(
        self, tag: str, kind: ArtifactKind, step: int, time_s: float, data: bytes
    ) -> bool:
        if not _is_shown(kind, data):
            return False
        self.files.append(LoggedFile(tag, kind, step, time_s, data))
        return True

    def _take_hparams(self, tag: str, content: bytes) -> bool:
        """Take parameters and how a session ended; what experiments declare stays as it is."""
        if tag not in (hparams.SESSION_START_INFO_TAG, hparams.SESSION_END_INFO_TAG):
            return False
        try:
            told = plugin_data_pb2.HParamsPluginData.FromString(content)
        except Exception:  # noqa: BLE001 - protobuf's own, of either implementation
            return False
        if tag == hparams.SESSION_END_INFO_TAG:
            self.state = _ENDS.get(told.session_end_info.status, RunState.COMPLETED)
            return True
        for name, value in told.session_start_info.hparams.items():
            which = value.WhichOneof("kind")
            if which in ("number_value", "string_value", "bool_value"):
                self.parameters[name] = getattr(value, which)
        return True


def _series(run: RunId, name: str, column: _Column) -> SeriesPoints:
    times_s = np.array(column.times_s, np.float64)
    order = np.argsort(times_s, kind="stable")
    return SeriesPoints(
        run=run,
        name=name,
        kind=ValueKind.FLOAT,
        steps=np.array(column.steps, np.int64)[order],
        has_step=np.ones(len(order), np.bool_),
        times_s=times_s[order],
        values=np.array(column.values, np.float64)[order],
    )


def _array(tensor: Any) -> Any:
    try:
        return tensor_util.make_ndarray(tensor)
    except (TypeError, ValueError):  # a kind that TensorBoard does not know, or damaged
        return None


def _bytes(part: object) -> bytes:
    return part if isinstance(part, bytes) else str(part).encode("utf-8", "replace")


def _is_shown(kind: ArtifactKind, data: bytes) -> bool:
    """Whether a file is one that is a value here: any image, and of sounds WAV files."""
    return kind is ArtifactKind.IMAGE or (data[:4] == b"RIFF" and data[8:12] == b"WAVE")


def _read_exactly(stream: Any, count: int) -> bytes:
    pieces = []
    while count > 0 and (piece := stream.read(count)):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
